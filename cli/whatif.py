"""`nutgiao whatif`: compares a changed SUMO scenario with the unchanged one on paired seeds."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nutgiao.cli.arguments import SCHEDULER_HELP, count, opened_pool, seeds, writable

if TYPE_CHECKING:
    from nutgiao.cli.whatif_run import Study


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the subcommand."""
    from nutgiao.simulation.changes import HELP

    parser = subparsers.add_parser(
        "whatif",
        help="compare a changed SUMO scenario with the unchanged one",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Runs a SUMO scenario with and without changes on the same seeds and says what differs, who\n"
        "loses, and whether that is more than chance. Results of runs are kept: the same command makes no\n"
        "run twice and goes on where it was stopped.",
        epilog="changes:\n" + "".join(f"  {line}\n" for line in HELP.splitlines()),
    )
    parser.add_argument("scenario", type=Path, help="a .sumocfg")
    parser.add_argument(
        "--change",
        action=_ChangeAction,
        required=True,
        metavar="KIND=VALUE",
        help="what is different; may be given several times; 'help' lists all kinds with examples",
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for summary.json, report.html, tls.add.xml")
    parser.add_argument(
        "--seeds", type=seeds, default="10", help="how many SUMO seeds, or which: 10, 1-5 or 1,2,7 (10)"
    )
    parser.add_argument("--begin", type=float, help="start in seconds, instead of the file's")
    parser.add_argument("--end", type=float, help="end in seconds, instead of the file's")
    parser.add_argument(
        "--workers", type=count, default=os.cpu_count() or 1, help="processes at once (default: all cores)"
    )
    parser.add_argument("--scheduler", metavar="ADDRESS", help=SCHEDULER_HELP)
    parser.add_argument("--cache", type=Path, help="folder for results of SUMO runs (default: OUT/cache)")


class _ChangeAction(argparse.Action):
    """Collects changes; ``help`` lists them and ends."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, _option: str | None = None
    ) -> None:
        from nutgiao.simulation.changes import HELP

        if values == "help":
            print(HELP, end="")
            parser.exit()
        setattr(namespace, self.dest, [*(getattr(namespace, self.dest) or []), values])


def run(args: argparse.Namespace) -> int:
    """Compares and writes the files.

    Returns:
        0, or 1 if runs failed or a file could not be written.

    Raises:
        ConfigError: if the scenario, the folder, a change or the scheduler is wrong.
        SimulationFailed: if SUMO refuses the scenario.
    """
    from rich.console import Console

    from nutgiao.cli.whatif_run import study, summary_body
    from nutgiao.simulation.changes import parse_changes
    from nutgiao.simulation.run_cache import RunCache
    from nutgiao.simulation.setup_runs import Runs
    from nutgiao.simulation.sumocfg import read_scenario
    from nutgiao.simulation.variant import make_pair

    changes = parse_changes(args.change)
    scenario = read_scenario(args.scenario, args.begin, args.end)
    folder = writable(args.out).resolve()
    pair = make_pair(scenario, changes, folder / "changed")
    console = Console()
    messages: list[str] = []

    def note(text: str) -> None:
        messages.append(text)
        console.print(f"note: {text}", soft_wrap=True, markup=False)

    cache = RunCache((args.cache or folder / "cache").resolve(), note)
    both = (pair.base.scenario, pair.changed.scenario)
    files = sorted({path for one in both for path in (one.net, *one.routes, *one.additional)})
    for text in pair.notes:
        console.print(f"note: {text}", soft_wrap=True, markup=False)
    with opened_pool(args.workers, args.scheduler, files, folder) as pool, console.status("SUMO") as status:
        runs = Runs(pool, cache)
        runs.on_run = lambda: status.update(f"SUMO run {runs.made} of about {2 * len(args.seeds) + 3}")
        found = study(pair, changes, args.seeds, runs, time.monotonic)
    found.messages = messages
    body = summary_body(found)
    tell(console, body, ("unchanged", "changed"))
    written = _write(folder, found, body, console)
    return 0 if written and not found.runs.problems else 1


def _write(folder: Path, found: Study, body: dict[str, Any], console: Any) -> bool:
    from nutgiao.cli.optimize_files import json_text
    from nutgiao.cli.whatif_report import page

    bodies = {"summary.json": json_text(body), "report.html": page(found, body)}
    if found.pair.tls:
        bodies["tls.add.xml"] = found.pair.tls.read_text(encoding="utf-8")
    return write_bodies(folder, bodies, console)


def write_bodies(folder: Path, bodies: Mapping[str, str], console: Any) -> bool:
    """Writes files; if there is no room, that is told, and the results are on the console already.

    Args:
        folder: for them.
        bodies: name to text.
        console: to tell.

    Returns:
        Whether all are there.
    """
    written = []
    for name, text in bodies.items():
        try:
            (folder / name).write_text(text, encoding="utf-8")
            written.append(name)
        except OSError as error:
            console.print(
                f"cannot write {folder / name}: {error.strerror or error}. Make room or name another --out and give "
                "the command again: results of SUMO runs that could be kept are not made again.",
                soft_wrap=True,
                markup=False,
                highlight=False,
            )
    console.print(f"in {folder}: {', '.join(written) or 'nothing'}", soft_wrap=True, markup=False, highlight=False)
    return len(written) == len(bodies)


def tell(console: Any, body: dict[str, Any], names: tuple[str, str]) -> None:
    """Prints the figures of both sides, who loses, what failed, and the verdict.

    Args:
        console: to print to.
        body: of the summary.
        names: of both sides, keys of the summary.
    """

    def say(text: str) -> None:
        console.print(text, soft_wrap=True, markup=False, highlight=False)

    for name in names:
        one = body[name]
        if one["delay_s"]:
            d, p = one["delay_s"], one["person_delay_s"]
            spread = "" if d["low"] is None else f" ({d['low']:.1f} to {d['high']:.1f})"
            say(f"{name:>10}: {d['mean']:.1f} s{spread} a vehicle, {p['mean']:.1f} s a person, "
                f"{one['stops']['mean']:.2f} stops, {one['arrived']:.0f} of {one['scheduled']} arrived, "
                f"{one['collisions']} collisions, {one['emergency_brakings']} emergency brakings")  # fmt: skip
    for kind, title in (("edges", "edge"), ("classes", "class"), ("lines", "line")):
        for one in body["losers"][kind][:3]:
            more_s, vehicles = one["worse_s"]["mean"], one["vehicles"]
            say(f"     loses: {title} {one['name']}, {more_s:.1f} s more for each of {vehicles:.0f} vehicles")
    for text in body["failed_runs"]:
        say(f"    failed: {text}")
    say(body["verdict"])
