"""How good the optimiser's plans are on the RESCO scenarios, beside SUMO's own tools: ``make bench-plans``.

The kept plans of ``benchmarks/results/plans`` are verified; ``SEARCH=1`` searches anew and keeps what it finds. Quick
by default; ``FULL=1`` runs every seed. ``SEARCH=on`` begins at the kept plans. ``NAMES="cologne1 grid4x4"`` takes some
scenarios only.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from dataclasses import dataclass, replace
from math import nan
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import Progress
from rich.table import Table

from benchmarks import plan_rivals as rivals
from benchmarks.plan_free import check, keep_free, kept_free, rule_of
from benchmarks.reference import cache_folder, frozen
from benchmarks.resco import NAMES, REPO, fetch
from benchmarks.result import Result, only_help, target
from benchmarks.result import console as wide_console
from nutgiao.cli.optimize_files import plan_of
from nutgiao.cli.optimize_problem import Problem, Wishes, pose
from nutgiao.cli.optimize_run import Budget, Watch, optimise
from nutgiao.models.intervals import interval
from nutgiao.optimizer.search.moves import Plan
from nutgiao.simulation.plan_space import plan_space
from nutgiao.simulation.run_cache import RunCache
from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.signal_programs import SignalProgram, shipped_programs
from nutgiao.simulation.trial import Trial, jammed_seeds
from nutgiao.simulation.verify import Job, Workers, trials_by_plan

OURS, OURS_FREE = "nutgiao", "nutgiao, free order"

KEPT = REPO / "benchmarks" / "results" / "plans"

TARGETS_S = {
    "cologne1": 34.0, "cologne3": 28.0, "cologne8": 32.0, "ingolstadt1": 21.0, "ingolstadt7": 42.0,
    "ingolstadt21": 90.0, "grid4x4": 62.0, "arterial4x4": 720.0,
}  # fmt: skip
"""Mean true delay that is asked for, with shipped change intervals and stage order, seconds a vehicle."""

FREE_TARGETS_S = {
    "cologne1": 21.0, "cologne3": 26.0, "cologne8": 31.0, "ingolstadt1": 17.0, "ingolstadt7": 40.0,
    "ingolstadt21": 80.0, "grid4x4": 50.0, "arterial4x4": 650.0,
}  # fmt: skip
"""The same with a free order of the stages and the benchmark's change interval (`plan_free.rule_of`)."""

TRAIN_SEEDS, REPORT_SEEDS = tuple(range(101, 106)), tuple(range(1, 11))
QUICK_SEEDS = {"ingolstadt21": 2, "arterial4x4": 3, "ingolstadt7": 4}
QUICK_OTHERS = 5

SEARCH_S = {"ingolstadt21": 1200.0, "arterial4x4": 900.0, "ingolstadt7": 600.0, "grid4x4": 600.0}
"""Seconds of a new search; the others have `SEARCH_OTHERS_S`."""
SEARCH_OTHERS_S = 180.0
REFINE_RUNS = {"ingolstadt21": 30, "arterial4x4": 80, "ingolstadt7": 100, "grid4x4": 150}
REFINE_OTHERS = 200

RISK = {"ingolstadt21": 0.5, "ingolstadt7": 0.5}
"""These can jam in SUMO: plans with slack are preferred."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A plan that was found, and what it took.

    Attributes:
        plan: of the shipped stages.
        spent: kernel runs, SUMO runs, wall and CPU seconds, seeds.
    """

    plan: Plan
    spent: dict[str, Any]


def wishes_of(name: str, workers: int) -> Wishes:
    """What is asked for in a scenario."""
    return Wishes(samples=3, risk=RISK.get(name, 0.25), workers=workers)


def search_anew(name: str, watch: Watch, workers: int, free_order: bool = False, go_on: bool = False) -> None:
    """Searches a plan and keeps it.

    Args:
        name: of the scenario.
        watch: is told how it goes.
        workers: cores.
        free_order: the stages may come in another order, with the benchmark's change interval.
        go_on: begins at the kept plan, if there is one.
    """
    cache = cache_folder()
    row = OURS_FREE if free_order else OURS
    start = own_programs(name, fetch(name)).get(row) if go_on else None
    wishes = replace(wishes_of(name, workers), start=start)
    if free_order:
        wishes = replace(wishes, free_order=True, amber_s=rule_of(name).amber_s)
    problem: Problem = pose(fetch(name), wishes, None, frozen=frozen(name, cache))
    budget = Budget(
        search_s=SEARCH_S.get(name, SEARCH_OTHERS_S),
        passes=3,
        refine_runs=REFINE_RUNS.get(name, REFINE_OTHERS),
        train_seeds=TRAIN_SEEDS,
        report_seeds=(201, 202, 203),  # of the search's own verdict; the report's are not touched here
    )
    found = optimise(problem, budget, watch)
    spent = {
        "kernel_runs": found.kernel_runs, "sumo_runs": found.bench.runs, "wall_s": round(found.wall_s, 1),
        "cpu_s": round(found.cpu_s + found.bench.cpu_s, 1), "search_seed": problem.wishes.seed,
        "train_seeds": list(TRAIN_SEEDS), "verdict": found.verdict.why, "began_at_kept": bool(start),
    }  # fmt: skip
    plan = found.bench.plans.get(found.name, found.plan)
    if free_order:
        keep_free(name, found.bench.problem.signal_programs(plan), spent)
    else:
        keep(name, plan, spent)


def keep(name: str, plan: Plan, spent: dict[str, Any]) -> Kept:
    """Writes a plan to the folder of kept ones."""
    KEPT.mkdir(parents=True, exist_ok=True)
    body = {"scenario": name, **spent, "offset_s": plan.offset_s.tolist(), "stage_s": plan.stage_s.tolist()}
    (KEPT / f"{name}.json").write_text(json.dumps(body) + "\n")
    return Kept(plan, spent)


def kept(name: str) -> Kept | None:
    """The kept plan of a scenario."""
    path = KEPT / f"{name}.json"
    if not path.exists():
        return None
    body = json.loads(path.read_text())
    return Kept(plan_of(body), {key: value for key, value in body.items() if key not in {"stage_s", "offset_s"}})


def programs_of(programs: list[SignalProgram], plan: Plan) -> tuple[SignalProgram, ...]:
    """A plan of shipped stages as SUMO's programs.

    Raises:
        ValueError: if a change interval was touched.
    """
    space = plan_space(programs, Wishes().limits)
    faults = space.faults(plan.stage_s, plan.offset_s)
    if faults:
        raise ValueError(f"the kept plan is not allowed: {'; '.join(faults[:3])}")
    made = []
    for light, program in enumerate(programs):
        stages = tuple(plan.stage_s[space.stages_of(light)].tolist())
        made.append(replace(program, offset_s=float(plan.offset_s[light]), durations_s=stages))
    return tuple(made)


def jobs_of(name: str, scenario: Scenario, seeds: tuple[int, ...], folder: Path, workers: int) -> list[Job]:
    """All runs of a scenario; a tool that gives up has none, and it is said."""
    programs = shipped_programs(scenario)
    routes = frozen(name, cache_folder())
    extras: dict[str, tuple[Path, ...]] = {
        "shipped": (), "SUMO actuated 5/50": (rivals.actuated(programs, folder / "actuated.add.xml"),),
    }  # fmt: skip
    own_s, free_s = rivals.shipped_amber_s(programs), rule_of(name).amber_s
    try:
        webster = rivals.cycle_adaptation(routes, own_s, folder / "webster.add.xml")
        extras["tlsCycleAdaptation"] = (webster,)
        offsets = rivals.coordinated(routes, folder / "offsets.add.xml", webster)
        extras["tlsCycleAdaptation + tlsCoordinator"] = (webster, offsets)
        if free_s != own_s:
            short = rivals.cycle_adaptation(routes, free_s, folder / "webster-short.add.xml")
            extras[f"tlsCycleAdaptation, {free_s} s yellow"] = (short,)
        best = rivals.tuned(scenario, routes, free_s, folder, TRAIN_SEEDS[:2], workers)
        if best:
            extras[f"tlsCycleAdaptation, {free_s} s yellow, best of {len(rivals.CYCLES_S)} cycles"] = (best[0],)
    except rivals.ToolFailed as error:
        print(f"{name}: {error}")
    jobs = [Job(row, (), seed, extra) for row, extra in extras.items() for seed in seeds]
    for row, one in own_programs(name, scenario).items():
        jobs += [Job(row, one, seed) for seed in seeds]
    return jobs


def own_programs(name: str, scenario: Scenario) -> dict[str, tuple[SignalProgram, ...]]:
    """The kept plans of a scenario, with shipped and with free order."""
    found: dict[str, tuple[SignalProgram, ...]] = {}
    if (own := kept(name)) is not None:
        found[OURS] = programs_of(shipped_programs(scenario), own.plan)
    if (free := kept_free(name)) is not None:
        check(name, scenario, free.programs)
        found[OURS_FREE] = free.programs
    return found


def row_of(name: str, row: str, trials: dict[int, Trial], scheduled: int) -> dict[str, Any]:
    """Figures of one plan."""
    delays = [one.delay_s for one in trials.values()]
    mean = interval(delays)
    return {
        "scenario": name, "plan": row, "seeds": len(trials), "seeds asked": scheduled, "delay_s": mean.mean,
        "half_s": mean.half, "worst_s": max(delays), "collisions": sum(one.collisions for one in trials.values()),
        "gridlocked": len(jammed_seeds(trials.values())),
        "stops": float(np.mean([one.stops for one in trials.values()])),
    }  # fmt: skip


def main() -> int:
    """Runs the benchmark."""
    full, anew = os.environ.get("FULL") == "1", os.environ.get("SEARCH", "")
    workers = int(os.environ.get("WORKERS", os.cpu_count() or 1))
    chosen = os.environ.get("NAMES", " ".join(NAMES)).split()
    result, console = Result("plans", full and set(chosen) == set(NAMES)), wide_console()
    with Progress(console=console, transient=True) as bar, tempfile.TemporaryDirectory() as folder:
        for name in chosen:
            task = bar.add_task(name, total=None)
            if anew:
                watch = Watch(on_stage=lambda what, t=task, n=name: bar.update(t, description=f"{n}: {what}"))  # type: ignore[misc]
                for free_order in (False, True):
                    search_anew(name, watch, workers, free_order, go_on=anew == "on")
            seeds = REPORT_SEEDS if full else REPORT_SEEDS[: QUICK_SEEDS.get(name, QUICK_OTHERS)]
            place = Path(folder) / name
            place.mkdir()
            scenario = fetch(name)
            jobs = jobs_of(name, scenario, seeds, place, workers)
            bar.update(task, description=f"{name}: SUMO", total=len(jobs))
            kept_runs = RunCache(cache_folder() / "plan-runs", console.print)  # a stopped benchmark goes on
            with Workers(workers, rivals.QUICK_RUN, cache=kept_runs) as pool:
                answers = pool.run(scenario, jobs, lambda _one, t=task: bar.advance(t))  # type: ignore[misc]
            for answer in answers:
                if answer.problem:
                    console.print(answer.problem)
            by_plan = trials_by_plan(answers)
            spent = {row: one.spent for row, one in ((OURS, kept(name)), (OURS_FREE, kept_free(name))) if one}
            result.rows += [
                row_of(name, row, trials, len(seeds)) | spent.get(row, {}) for row, trials in by_plan.items()
            ]
            shipped = float(np.mean([one.delay_s for one in by_plan["shipped"].values()]))
            for row, asked in ((OURS, TARGETS_S), (OURS_FREE, FREE_TARGETS_S)):
                ours = by_plan.get(row, {})
                value = float(np.mean([one.delay_s for one in ours.values()])) if len(ours) == len(seeds) else nan
                bad = sum(one.collisions for one in ours.values()) + len(jammed_seeds(ours.values())) if ours else nan
                what = name if row == OURS else f"{name}, free order"
                result.targets += [
                    target(f"{what}: delay", value, "<=", asked[name], "s", f"shipped {shipped:.1f} s"),
                    target(f"{what}: collisions and jams", bad, "<=", 0, "", "none"),
                ]
            bar.remove_task(task)
    result.seeds = {"training": list(TRAIN_SEEDS), "report": list(REPORT_SEEDS)}
    console.print(_table(result.rows))
    result.finish(console)
    return 0


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table(title="True delay in SUMO, s a vehicle, seeds that no search used")
    for head in (
        "scenario",
        "plan",
        "seeds",
        "delay",
        "95 %",
        "worst",
        "coll.",
        "jams",
        "kernel runs",
        "SUMO runs",
        "wall s",
        "CPU s",
    ):
        table.add_column(head, justify="left" if head in {"scenario", "plan"} else "right")
    for r in rows:
        table.add_row(
            r["scenario"], r["plan"], str(r["seeds"]), f"{r['delay_s']:.1f}", f"± {r['half_s']:.1f}",
            f"{r['worst_s']:.1f}", str(r["collisions"]), str(r["gridlocked"]),
            f"{r['kernel_runs']:,}" if "kernel_runs" in r else "",
            *(str(r.get(key, "")) for key in ("sumo_runs", "wall_s", "cpu_s")),
        )  # fmt: skip
    return table


if __name__ == "__main__":
    only_help(__doc__)
    sys.exit(main())
