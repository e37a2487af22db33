"""`nutgiao central`: the control centre for real junctions."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from nutgiao.cli.arguments import add_mode
from nutgiao.models.contracts.words import ControlMode

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the subcommand."""
    parser = subparsers.add_parser(
        "central",
        help="run the control centre: ingest, plans, review and page",
        description="Runs the control centre until SIGTERM or Ctrl-C. Its page is on loopback only. A bearer token for "
        "changes and evidence may stand in NUTGIAO_TOKEN.",
    )
    parser.add_argument("--site", required=True, action="append", help="site file or shipped name; once per junction")
    parser.add_argument("--broker", required=True, help="mqtt://[user:password@]host[:port], mqtts:// for TLS")
    parser.add_argument("--city", default="city", help="name of the city in the topics (default: %(default)s)")
    parser.add_argument("--data", type=Path, required=True, help="folder for the store, evidence and the signing key")
    parser.add_argument("--port", type=int, default=8765, help="port of the page on loopback (default: %(default)s)")
    parser.add_argument("--cases", type=Path, metavar="FILE", help="how cases are handled (default: Viet Nam's rules)")
    add_mode(parser, "boxes that run with --adaptive")
    parser.add_argument("--log", default="info", choices=["debug", "info", "warning", "error"], help="how much to tell")


def run(args: argparse.Namespace) -> int:
    """Runs the centre.

    Raises:
        NutgiaoError: with what to do about it.
    """
    print(
        "getting the planner's kernels ready: up to a minute, unless NUMBA_CACHE_DIR names a folder to keep them in",
        flush=True,
    )
    from nutgiao.central.app import CentreOptions, run_central
    from nutgiao.configs.cases import load_case_rules
    from nutgiao.configs.loader import load_site
    from nutgiao.models.contracts.broker_url import parse_broker_url

    logging.basicConfig(level=args.log.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())

    def ready(url: str, key: Ed25519PrivateKey) -> None:
        public = key.public_key().public_bytes_raw().hex()
        print(f"page {url}\nstart each box with --centre-key {public}", flush=True)

    options = CentreOptions(
        sites=tuple(load_site(name) for name in args.site),
        city=args.city,
        broker=parse_broker_url(args.broker),
        data=args.data,
        port=args.port,
        rules=load_case_rules(args.cases),
        token=os.environ.get("NUTGIAO_TOKEN", ""),
        mode=ControlMode(args.mode),
    )
    run_central(options, stop, ready)
    return 0
