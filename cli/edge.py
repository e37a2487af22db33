"""`nutgiao edge`: runs the process of one junction, beside a road or in a simulated street."""

from __future__ import annotations

import argparse
import logging
import os
from pathlib import Path


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the subcommand."""
    parser = subparsers.add_parser(
        "edge",
        help="run one junction's box: cameras to lane states, violations and evidence; guards the signal plan",
        description="Runs one junction's box until SIGTERM or Ctrl-C; what could not be sent waits on disk.",
    )
    parser.add_argument("--site", required=True, help="site file, or the name of a shipped site")
    parser.add_argument("--broker", required=True, help="mqtt://[user:password@]host[:port], mqtts:// for TLS")
    parser.add_argument("--city", default="city", help="name of the city in the topics (default: %(default)s)")
    parser.add_argument("--data", type=Path, required=True, help="folder for outbox, key and evidence")
    parser.add_argument(
        "--centre-key", default="", help="the centre's Ed25519 public key, hexadecimal; without it no plan is accepted"
    )
    parser.add_argument("--upload", default="", help="address of the centre for evidence, such as http://centre:8080")
    parser.add_argument(
        "--street",
        default="",
        metavar="HOST:PORT",
        help="a simulated street instead of the real drivers; its secret in NUTGIAO_STREET_KEY",
    )
    parser.add_argument(
        "--adaptive",
        action="store_true",
        help="let the box choose stages second by second from what it sees: within a plan of the centre whose mode "
        "asks for it, and alone when neither a plan nor the clock can be relied on (default: plans only)",
    )
    parser.add_argument("--model", help="weights for real cameras: a name from 'nutgiao models list' or an ONNX file")
    parser.add_argument("--boot", default="", help="id of this run (default: a random one)")
    parser.add_argument(
        "--log", default="warning", choices=["debug", "info", "warning", "error"], help="how much to tell"
    )


def run(args: argparse.Namespace) -> int:
    """Runs the node.

    Raises:
        NutgiaoError: if the site, broker address or street is wrong.
    """
    from nutgiao.cli.edge_priority import PriorityChooser
    from nutgiao.cli.models import open_store, weights_file
    from nutgiao.configs.loader import load_site
    from nutgiao.edge.app import EdgeOptions, run_edge
    from nutgiao.edge.violation.registry import rule_problems
    from nutgiao.models.contracts.broker_url import parse_broker_url
    from nutgiao.models.contracts.errors import ContractError

    logging.basicConfig(level=args.log.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    street = None
    if args.street:
        host, _, port = args.street.rpartition(":")
        if not host or not port.isdigit():
            raise ContractError(f"--street {args.street!r}: write HOST:PORT")
        street = (host, int(port))
    run_edge(
        EdgeOptions(
            site=load_site(args.site, also=rule_problems),
            broker=parse_broker_url(args.broker),
            city=args.city,
            data=args.data,
            centre_key=args.centre_key,
            upload=args.upload,
            street=street,
            street_key=os.environ.get("NUTGIAO_STREET_KEY", "").encode(),
            boot=args.boot,
            store=open_store(),
            weights=None if street else weights_file(args.model),
            chooser=PriorityChooser if args.adaptive else None,
        )
    )
    return 0
