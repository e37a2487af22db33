"""`nutgiao control`: sets the lights of a SUMO scenario second by second and compares that with the shipped control."""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nutgiao.cli.arguments import SCHEDULER_HELP, clock, count, natural, opened_pool, seeds, writable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nutgiao.cli.control_run import Controlled

INTERRUPTED = 130


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the subcommand."""
    parser = subparsers.add_parser(
        "control",
        help="set the lights of a SUMO scenario second by second and compare that with the shipped control",
        description="Runs a SUMO scenario under a controller that chooses the stage of every light each second, and "
        "under the shipped control, on the same seeds; says what differs, who loses, and whether that is more than "
        "chance. Green stages are the shipped ones and further ones without conflicts, in any order; a light with "
        "fewer than two shipped ones keeps its program. Results of runs are kept: the same command makes no run twice. "
        "Ctrl-C reports on the seeds that are done; "
        "the same command goes on.",
        epilog="`nutgiao control explain OUT --at 08:12:30` tells afterwards why a light did what it did.",
    )
    parser.add_argument("scenario", type=Path, help="a .sumocfg")
    parser.add_argument("--out", type=Path, required=True, help="folder for summary.json and report.html")
    parser.add_argument(
        "--controller", default="horizon", help="horizon, max-pressure, max-wave, actuated or fixed (horizon)"
    )
    parser.add_argument(
        "--mode",
        help="how far the lights may leave their shipped programs: free; cycle: order and cycle stay, greens move; "
        "coordinated: order and cycle stay, and the first stage is green whenever the program shows it (free)",
    )
    parser.add_argument(
        "--detection", default="perfect", help="what the controller sees by: perfect, camera or loops (perfect)"
    )
    parser.add_argument(
        "--priority",
        metavar="WHO",
        help="vehicle classes or types that ask the next light for priority, such as bus,emergency; the same "
        "controller is run without it, too",
    )
    parser.add_argument(
        "--seeds", type=seeds, default="10", help="how many SUMO seeds, or which: 10, 1-5 or 1,2,7 (10)"
    )
    parser.add_argument("--amber-s", type=count, default=3, metavar="S", help="amber of who loses green (3)")
    parser.add_argument(
        "--all-red-s", type=natural, default=0, metavar="S", help="all-red between amber and the next green (0)"
    )
    parser.add_argument("--min-green", type=count, default=5, metavar="S", help="shortest green (5)")
    parser.add_argument(
        "--more-stages",
        type=natural,
        metavar="N",
        help="further green stages a light, in which nobody gives way; 0: the shipped ones only (6 for horizon in mode "
        "free, else 0)",
    )
    parser.add_argument(
        "--explain",
        action="store_true",
        help="keep the log of decisions of every seed, not only of the first; `nutgiao control explain OUT` reads it",
    )
    parser.add_argument("--begin", type=float, help="start in seconds, instead of the file's")
    parser.add_argument("--end", type=float, help="end in seconds, instead of the file's")
    parser.add_argument(
        "--workers", type=count, default=os.cpu_count() or 1, help="processes at once (default: all cores)"
    )
    parser.add_argument("--scheduler", metavar="ADDRESS", help=SCHEDULER_HELP)
    parser.add_argument("--cache", type=Path, help="folder for results of SUMO runs (default: OUT/cache)")


def run(args: argparse.Namespace) -> int:
    """Compares and writes the files.

    Returns:
        0, 1 if runs failed or a file could not be written, 130 after Ctrl-C.

    Raises:
        ConfigError: if the scenario, the folder, the controller, the detection or the scheduler is wrong.
        SimulationFailed: if SUMO refuses the scenario.
    """
    from rich.console import Console

    from nutgiao.cli.control_report import page
    from nutgiao.cli.control_run import Wish, compare, pose
    from nutgiao.cli.control_summary import CONTROLLED, SHIPPED, summary_body
    from nutgiao.cli.optimize_files import json_text
    from nutgiao.cli.whatif import tell, write_bodies
    from nutgiao.simulation.control.decision_log import log_path
    from nutgiao.simulation.run_cache import RunCache
    from nutgiao.simulation.setup_runs import Runs
    from nutgiao.simulation.stage_order import ChangeRule
    from nutgiao.simulation.sumocfg import read_scenario

    wish = Wish(
        args.controller,
        args.detection,
        ChangeRule(args.amber_s, args.all_red_s),
        args.min_green,
        args.more_stages,
        args.mode,
        args.priority,
    )
    scenario = read_scenario(args.scenario, args.begin, args.end)
    folder = writable(args.out).resolve()
    task = pose(scenario, wish, folder / "cache")
    console = Console()
    messages: list[str] = []

    def note(text: str) -> None:
        messages.append(text)
        say(f"note: {text}")

    def say(text: str) -> None:
        console.print(text, soft_wrap=True, markup=False, highlight=False)

    for text in task.notes:
        say(f"note: {text}")
    say(f"{scenario.name}: {len(task.stages)} lights are set by {wish.controller} with {wish.detection} detection")
    logs = {seed: log_path(folder, seed) for seed in (args.seeds if args.explain else args.seeds[:1])}
    cache_folder = (args.cache or folder / "cache").resolve()
    base = task.setup.scenario
    files = (base.net, *base.routes, *base.additional)
    with opened_pool(args.workers, args.scheduler, files, folder) as pool:
        runs = Runs(pool, RunCache(cache_folder, note))
        with _Bar(console, (2 if task.unheard is None else 3) * len(args.seeds), runs):
            found = compare(task, args.seeds, runs, time.monotonic, logs)
    found.messages = messages
    body = summary_body(found)
    tell(console, body, (SHIPPED, CONTROLLED))
    _tell_more(say, found, body)
    written = write_bodies(folder, {"summary.json": json_text(body), "report.html": page(found, body)}, console)
    _tell_log(say, found, logs, args.out)
    if found.stopped:
        say(f"stopped; results of runs are in {cache_folder}, and the same command goes on")
        return INTERRUPTED
    return 0 if written and not runs.problems else 1


def _tell_log(say: Any, found: Controlled, logs: Mapping[int, Path], out: Path) -> None:
    there = [seed for seed, path in logs.items() if path.exists()]
    if not there and found.drives and not found.stopped:
        say(f"note: no log of decisions could be written in {out / 'decisions'}; make room and run it again")
    if there:
        base = found.task.setup.scenario
        at = clock((base.begin_s + base.end_s) / 2)
        say(f"why a light did what it did: nutgiao control explain {out} --at {at} (any second, any light)")


def _tell_more(say: Any, found: Controlled, body: dict[str, Any]) -> None:
    from nutgiao.cli.control_priority import priority_lines

    took = body["decisions"]
    if took:
        say(f"  a choice for a light takes {took['light_p50_ms']:.2f} ms, 99 of 100 less than "
            f"{took['light_p99_ms']:.2f} ms")  # fmt: skip
    if body["priority"] is not None:
        for line in priority_lines(body["priority"]):
            say(f"  {line}")
    if found.refused:
        wishes = sum(found.refused.values())
        say(f"  the guard refused {wishes} wishes")


class _Bar:
    """A progress bar that counts runs."""

    def __init__(self, console: Any, total: int, runs: Any) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("SUMO runs"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._progress = Progress(*columns, console=console, transient=True)
        task = self._progress.add_task("", total=total)
        runs.on_run = lambda: self._progress.update(task, completed=runs.made + runs.kept)

    def __enter__(self) -> _Bar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()
