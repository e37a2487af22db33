"""`nutgiao optimize`: better timings for any SUMO scenario with fixed-time lights, verified in SUMO."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from nutgiao.cli.arguments import SCHEDULER_HELP, count, natural, opened_pool, seed_list, writable

if TYPE_CHECKING:
    from nutgiao.cli.optimize_problem import Problem, Wishes
    from nutgiao.cli.optimize_run import Budget, Finding, Watch
    from nutgiao.simulation.pools import Pool

CHECKPOINT = "checkpoint.json"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the subcommand."""
    parser = subparsers.add_parser(
        "optimize",
        help="find better timings for a SUMO scenario and verify them in SUMO",
        description="Searches cycle, splits and offsets of all fixed-time lights on the queue kernel, lets SUMO choose "
        "among the best, and proposes a plan only if it is better than the shipped one on seeds that the search never "
        "used. Stages, their order, amber and all-red stay as shipped unless --free-order is given. Ctrl-C goes on "
        "with the best so far; the same command continues an interrupted search. Exit code 0: a plan is proposed; "
        "1: the shipped one is kept.",
    )
    parser.add_argument("scenario", type=Path, help="a .sumocfg")
    parser.add_argument(
        "--out", type=Path, required=True, help="folder for plan.json, tls.add.xml, summary.json, report.html"
    )
    parser.add_argument("--begin", type=float, help="start in seconds, instead of the file's")
    parser.add_argument("--end", type=float, help="end in seconds, instead of the file's")
    parser.add_argument("--search-s", type=_positive, default=120.0, help="seconds of search (default 120)")
    parser.add_argument("--runs", type=count, help="kernel runs instead of seconds: the same plan on any machine")
    parser.add_argument(
        "--refine", type=natural, default=0, metavar="N", help="SUMO runs to improve the best plan with"
    )
    parser.add_argument(
        "--passes", type=count, default=2, help="searches; the kernel learns from SUMO between them (2)"
    )
    parser.add_argument("--train-seeds", type=seed_list, default="101-105", help="SUMO seeds for the choice (101-105)")
    parser.add_argument("--report-seeds", type=seed_list, default="1-5", help="SUMO seeds for the verdict (1-5)")
    parser.add_argument(
        "--start", type=Path, metavar="PLAN", help="begin with this plan.json of an earlier search; its order stays"
    )
    parser.add_argument("--seed", type=count, default=1, help="of the search (default 1)")
    parser.add_argument("--workers", type=count, default=os.cpu_count() or 1, help="cores (default: all)")
    parser.add_argument("--scheduler", metavar="ADDRESS", help=SCHEDULER_HELP)
    parser.add_argument(
        "--fresh", action="store_true", help="begin anew, whatever an earlier search left in the folder"
    )
    bounds = parser.add_argument_group("what is allowed")
    bounds.add_argument(
        "--min-green", type=count, default=5, metavar="S", help="shortest green; a shorter shipped one may stay"
    )
    bounds.add_argument("--max-green", type=count, default=120, metavar="S", help="longest green")
    bounds.add_argument("--min-cycle", type=count, default=20, metavar="S", help="shortest cycle")
    bounds.add_argument("--max-cycle", type=count, default=180, metavar="S", help="longest cycle")
    bounds.add_argument("--common-cycle", action="store_true", help="one cycle for all lights")
    bounds.add_argument(
        "--free-order", action="store_true", help="the order of the stages may change, and needless ones be left out"
    )
    bounds.add_argument(
        "--amber-s", type=count, metavar="S", help="amber with --free-order (3, or the shipped one if that is shorter)"
    )
    bounds.add_argument("--all-red-s", type=natural, metavar="S", help="all-red with --free-order (0)")
    aims = parser.add_argument_group("what counts")
    aims.add_argument("--persons", action="store_true", help="delay of persons instead of vehicles")
    aims.add_argument("--stop-s", type=_share, default=0.0, metavar="S", help="seconds of delay that a stop counts as")
    aims.add_argument(
        "--worst-approach", type=_share, default=0.0, metavar="W", help="weight of the approach that fares worst"
    )
    aims.add_argument(
        "--walkers",
        type=_share,
        default=0.0,
        metavar="W",
        help="weight of the mean wait on foot at crossings",
    )
    aims.add_argument(
        "--risk", type=_share, default=0.25, metavar="W", help="weight of the worst sample over the mean (0.25)"
    )
    aims.add_argument("--samples", type=count, default=4, help="samples of the demand (default 4)")
    aims.add_argument("--jitter", type=_share, default=15.0, metavar="S", help="by how much departures move in them")


def run(args: argparse.Namespace) -> int:
    """Optimises and writes the files.

    Returns:
        0 if a plan is proposed, 1 if the shipped one is kept.

    Raises:
        ConfigError: if the scenario, the folder, a bound or the checkpoint is wrong.
        SimulationFailed: if SUMO refuses the scenario.
    """
    from rich.console import Console
    from rich.markup import escape

    from nutgiao.cli.optimize_problem import pose
    from nutgiao.cli.optimize_run import Budget, optimise
    from nutgiao.models.contracts.errors import ConfigError
    from nutgiao.simulation.contradictions import warnings_of
    from nutgiao.simulation.run_cache import RunCache
    from nutgiao.simulation.sumocfg import read_scenario
    from nutgiao.simulation.variant import absolute
    from nutgiao.simulation.verify import Workers

    if set(args.train_seeds) & set(args.report_seeds):
        problem_text = "a seed that chooses a plan cannot judge it."
        raise ConfigError("command line", None, "--report-seeds", problem_text, "Give other seeds.")
    if not args.free_order and (args.amber_s, args.all_red_s) != (None, None):
        problem_text = "change intervals stay as shipped as long as the order of the stages does."
        raise ConfigError("command line", None, "--amber-s, --all-red-s", problem_text, "Give --free-order, too.")
    folder = writable(args.out)
    console = Console()
    scenario = absolute(read_scenario(args.scenario, args.begin, args.end))
    problem = pose(scenario, _wishes(args), folder / "cache")
    checkpoint = folder / CHECKPOINT
    if args.fresh:
        for old in folder.glob(f"{checkpoint.stem}-*{checkpoint.suffix}"):
            old.unlink()
    budget = Budget(
        runs=args.runs or 1_000_000_000,
        search_s=1e9 if args.runs else args.search_s,
        passes=args.passes,
        refine_runs=args.refine,
        train_seeds=args.train_seeds,
        report_seeds=args.report_seeds,
    )
    for text in warnings_of(scenario):
        console.print(f"[yellow]warning[/] {escape(text)}", highlight=False)
    lights, stages = len(problem.space.lights), int(problem.space.green.sum())
    console.print(f"{scenario.name}: {lights} lights with {stages} greens, {len(problem.queue.vehicles)} vehicles")
    files = (scenario.net, *scenario.routes, *scenario.additional)
    with opened_pool(args.workers, args.scheduler, files, folder) as pool:
        cache = RunCache(folder / "cache" / "runs", console.print)
        with _Bar(console) as bar:
            finding = optimise(problem, budget, bar.watch(), checkpoint, workers=Workers(pool=pool, cache=cache))
        write_files(folder, finding.problem, budget, finding, pool)
    _tell(console, problem, budget, finding)
    console.print(f"in {folder}: plan.json, tls.add.xml, summary.json, report.html")
    return 0 if finding.verdict.proposed else 1


def write_files(folder: Path, problem: Problem, budget: Budget, finding: Finding, pool: Pool) -> None:
    """Writes the four files of a finding."""
    from nutgiao.cli.optimize_files import plan_body, summary_body, write_json
    from nutgiao.cli.optimize_plots import plots
    from nutgiao.cli.optimize_report import page
    from nutgiao.simulation.tls_file import write_tls

    proposed = finding.verdict.proposed
    plan, summary = plan_body(problem, finding.plan, proposed=proposed), summary_body(problem, budget, finding)
    programs = problem.signal_programs(finding.plan) if proposed else problem.programs
    write_json(folder / "plan.json", plan)
    write_json(folder / "summary.json", summary)
    tls = write_tls(folder / "tls.add.xml", programs)
    drawn = plots(problem, budget, finding, tls, pool)
    (folder / "report.html").write_text(page(plan, summary, drawn), encoding="utf-8")


class _Bar:
    """A progress bar for search and SUMO runs."""

    def __init__(self, console: object) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
        )
        self._progress = Progress(*columns, console=console, transient=True)  # type: ignore[arg-type]
        self._task = self._progress.add_task("reading", total=None, note="")

    def __enter__(self) -> _Bar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def watch(self) -> Watch:
        """What the optimisation tells the bar."""
        from nutgiao.cli.optimize_run import Watch
        from nutgiao.optimizer.search.search import Progress as Step

        def on_search(step: Step, share: float) -> None:
            note = f"{step.cost_s:.1f} s after {step.runs:,} runs ({step.step})"
            self._progress.update(self._task, total=1.0, completed=share, note=note)

        def on_stage(name: str) -> None:
            self._progress.update(self._task, description=name, total=None, completed=0, note="")

        def on_run(number: int) -> None:
            self._progress.update(self._task, note=f"SUMO run {number}")

        return Watch(on_search, on_stage, on_run)


def _tell(console: object, problem: Problem, budget: Budget, finding: Finding) -> None:
    from nutgiao.cli.optimize_files import summary_body

    body = summary_body(problem, budget, finding)
    say = console.print  # type: ignore[attr-defined]
    for name, key in (("shipped", "shipped"), ("plan", "plan")):
        figures = body[key]
        if figures["delay_s"]:
            d = figures["delay_s"]
            spread = "" if d["low"] is None else f" ({d['low']:.1f} to {d['high']:.1f})"
            say(f"{name:>8}: {d['mean']:.1f} s{spread} a vehicle, worst seed {figures['worst_seed_delay_s']:.1f} s, "
                f"{figures['stops']['mean']:.2f} stops, {figures['collisions']} collisions")  # fmt: skip
    gain = body["gain_s"]
    if gain["low"] is not None:
        say(f"    gain: {gain['mean']:.1f} s ({gain['low']:.1f} to {gain['high']:.1f}) on {gain['pairs']} paired seeds")
    if body["walkers_wait_s"]:
        wait = body["walkers_wait_s"]
        say(f" on foot: {wait['plan']:.1f} s of waiting at crossings, {wait['shipped']:.1f} s as shipped")
    for one in body["losers"][:5]:
        more_s = one["worse_s"]["mean"]
        say(f"   loses: edge {one['edge']}, {more_s:.1f} s more for each of {one['vehicles']:.0f} vehicles")
    for text in body["failed_runs"]:
        say(f"  failed: {text}")
    say(("proposed: " if finding.verdict.proposed else "shipped plan kept: ") + finding.verdict.why)


def _wishes(args: argparse.Namespace) -> Wishes:
    from nutgiao.cli.optimize_problem import Wishes
    from nutgiao.cli.optimize_start import read_start
    from nutgiao.simulation.plan_space import Limits

    limits = Limits(args.min_green, args.max_green, args.min_cycle, args.max_cycle, args.common_cycle)
    return Wishes(
        limits,
        args.persons,
        args.stop_s,
        args.worst_approach,
        args.risk,
        args.samples,
        args.jitter,
        args.seed,
        args.workers,
        args.free_order,
        args.amber_s,
        args.all_red_s or 0,
        args.walkers,
        read_start(args.start) if args.start else None,
    )


def _positive(text: str) -> float:
    value = float(text)
    if not 0.0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def _share(text: str) -> float:
    value = float(text)
    if not 0.0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is below 0")
    return value
