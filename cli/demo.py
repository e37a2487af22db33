"""`nutgiao demo`: the main job end to end on a simulated street, with nothing else installed."""

from __future__ import annotations

import argparse
import calendar
import signal
from pathlib import Path

from nutgiao.cli.arguments import add_mode
from nutgiao.models.contracts.words import ControlMode

SITES = ("demo-j1", "demo-j2", "demo-j3")
DAY = (2026, 11, 23)
"""A Monday; only the hour matters to the demand."""
UTC_OFFSET_S = 7 * 3600


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the subcommand."""
    parser = subparsers.add_parser(
        "demo",
        help="a simulated street, its junction boxes, a broker and the control centre, all at once",
        description="Runs a morning peak on a Hanoi-like corridor under the shipped plan and under nutgiao, on the "
        "same seeds; serves the operator's page meanwhile; prints the result and writes summary.json and report.html.",
    )
    parser.add_argument("--once", action="store_true", help="end after the report instead of serving the page")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3], help="random seeds (default: 1 2 3)")
    parser.add_argument("--begin", default="07:00", help="start of the warm-up, HH:MM (default: %(default)s)")
    parser.add_argument("--warm-up", type=float, default=5, metavar="MIN", help="minutes before measuring (default: 5)")
    parser.add_argument("--minutes", type=float, default=20, help="minutes that are measured (default: 20)")
    parser.add_argument("--broker", help="use this broker, mqtt://host:1883, instead of the built-in one")
    parser.add_argument("--port", type=int, default=8765, help="port of the page on loopback (default: %(default)s)")
    add_mode(parser, "boxes")
    parser.add_argument("--out", type=Path, default=Path("out/demo"), help="folder for results (default: %(default)s)")


def run(args: argparse.Namespace) -> int:
    """Runs the demo.

    Raises:
        NutgiaoError: with what to do about it.
    """
    from rich.console import Console

    from nutgiao.configs.cases import load_case_rules
    from nutgiao.configs.loader import load_site
    from nutgiao.models.contracts.errors import ContractError

    console = Console()
    hours, colon, minutes = args.begin.partition(":")
    if not (colon and hours.isdigit() and minutes.isdigit() and int(hours) < 24 and int(minutes) < 60):
        raise ContractError(f"--begin {args.begin!r}: write HH:MM, such as 07:00")
    if args.minutes <= 0 or args.warm_up < 0:
        raise ContractError("--minutes must be more than 0 and --warm-up at least 0")
    if len(set(args.seeds)) != len(args.seeds):
        raise ContractError(f"--seeds {' '.join(map(str, args.seeds))}: each seed once, or it counts twice")
    with console.status("Getting the kernels ready (half a minute the first time)"):
        from nutgiao.central.demo.arm import Period
        from nutgiao.central.demo.demo import DemoOptions, run_demo
    begin_s = int(hours) * 3600 + int(minutes) * 60
    measure_s = begin_s + round(60 * args.warm_up)
    period = Period(
        midnight_s=calendar.timegm((*DAY, 0, 0, 0)) - UTC_OFFSET_S,
        begin_s=begin_s,
        measure_s=measure_s,
        end_s=measure_s + round(60 * args.minutes),
    )
    sites = tuple(load_site(name) for name in SITES)
    options = DemoOptions(
        sites=sites,
        site_files={site.id: name for site, name in zip(sites, SITES, strict=True)},
        seeds=tuple(args.seeds),
        period=period,
        out=args.out,
        broker=args.broker,
        port=args.port,
        once=args.once,
        rules=load_case_rules(),
        mode=ControlMode(args.mode),
    )
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a service manager's stop ends it as Ctrl-C does
    run_demo(options, console)
    return 0
