"""The optimisation as a whole: search on the kernel, choice and refinement in SUMO, verdict on fresh seeds."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np

from nutgiao.cli.optimize_files import Checkpoint, read_checkpoint, write_checkpoint
from nutgiao.cli.optimize_learn import learned, observed, rescored
from nutgiao.cli.optimize_order import arranger, reordered
from nutgiao.cli.optimize_problem import Problem
from nutgiao.cli.optimize_refine import refine
from nutgiao.cli.optimize_select import HALVING, SHIPPED, START, Bench, Verdict, select, verdict
from nutgiao.cli.optimize_start import begun
from nutgiao.models.contracts.errors import SimulationFailed
from nutgiao.models.intervals import Interval
from nutgiao.optimizer.search.judge import Judge
from nutgiao.optimizer.search.moves import Plan, batch
from nutgiao.optimizer.search.search import Progress, Search, Standings
from nutgiao.optimizer.search.steps import Scored
from nutgiao.simulation.trial import run_trial
from nutgiao.simulation.verify import Workers

COMMON, FREE = 0, 1
_COMMON_SHARE = 0.4
"""Of the budget, for one cycle at all lights; the other search starts from what that one found."""


_ORDER_SHARE = 0.5
"""Of what a search may take, for the choice of the stages' order before it."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be spent.

    Attributes:
        runs: kernel runs; the same number gives the same plan anywhere.
        search_s: seconds of search; whichever ends first.
        passes: searches; before each but the first, the kernel learns what SUMO said of the favourites of the last.
        refine_runs: SUMO runs for small changes of the best plan.
        train_seeds: SUMO's seeds by which plans are chosen.
        report_seeds: SUMO's seeds of the verdict; the choice never uses them.
    """

    runs: int = 1_000_000
    search_s: float = 120.0
    passes: int = 2
    refine_runs: int = 0
    train_seeds: tuple[int, ...] = (101, 102, 103, 104, 105)
    report_seeds: tuple[int, ...] = (1, 2, 3, 4, 5)


@dataclass(slots=True)
class Watch:
    """Who is told how it goes.

    Attributes:
        on_search: with the share of the budget that is spent.
        on_stage: with the name of what begins now.
        on_run: after each SUMO run, with its number.
    """

    on_search: Callable[[Progress, float], None] = lambda _progress, _share: None
    on_stage: Callable[[str], None] = lambda _name: None
    on_run: Callable[[int], None] = lambda _number: None


@dataclass(slots=True)
class Finding:
    """What came out.

    Attributes:
        plan: the best plan; the shipped one if nothing may be proposed.
        name: what the candidate was called.
        verdict: whether it is proposed.
        bench: every SUMO run.
        problem: whose plan it is; with ``free_order`` one with other stages than the shipped program.
        pool: the kernel's favourites.
        kernel_runs: spent.
        interrupted: the search was stopped by the user.
        wall_s: seconds by the clock.
        cpu_s: seconds of this process; SUMO's are in ``bench``.
    """

    plan: Plan
    name: str
    verdict: Verdict
    bench: Bench
    problem: Problem
    pool: list[Scored] = field(default_factory=list)
    kernel_runs: int = 0
    interrupted: bool = False
    wall_s: float = 0.0
    cpu_s: float = 0.0


def search(
    problem: Problem,
    budget: Budget,
    watch: Watch,
    checkpoint: Path | None,
    clock: Callable[[], float],
    pool: Sequence[Scored] = (),
) -> tuple[list[Scored], int, bool]:
    """Searches on the kernel; first with one cycle for all lights if there are several, then with free ones.

    Args:
        problem: what to optimise.
        budget: runs and seconds of this search.
        watch: is told how it goes.
        checkpoint: file by which an interrupted search goes on.
        clock: seconds.
        pool: plans of a search before; this one then begins with free cycles.

    Returns:
        Pool, kernel runs, and whether the user stopped it.
    """
    known = read_checkpoint(checkpoint, problem) if checkpoint else None
    part = COMMON if problem.wishes.limits.common_cycle or (len(problem.space.lights) > 1 and not pool) else FREE
    state = known or Checkpoint(part, Standings(0, 0, list(pool)), 0.0)
    began_s = clock() - state.spent_s
    last = FREE if not problem.wishes.limits.common_cycle else COMMON
    try:
        while state.part <= last:
            share = _COMMON_SHARE if state.part == COMMON and last == FREE else 1.0
            space = replace(problem.space, common_cycle=state.part == COMMON)
            judge = Judge(problem.judge.samples, problem.judge.aim, problem.judge.workers)
            one = Search(space, judge, problem.wishes.seed + state.part, state.standings)
            seen = state.standings.round

            def late(limit_s: float = share * budget.search_s) -> bool:
                return clock() - began_s >= limit_s

            for progress in one.rounds(round(share * budget.runs), late):
                spent = max(progress.runs / budget.runs, (clock() - began_s) / budget.search_s)
                watch.on_search(progress, min(1.0, spent))
                if one.standings.round != seen and checkpoint:
                    seen = one.standings.round
                    state.spent_s = clock() - began_s
                    write_checkpoint(checkpoint, problem, state)
            standings = one.standings
            if state.part < last:  # what is common is also free: that search goes on from it
                state = Checkpoint(state.part + 1, Standings(0, standings.runs, list(standings.pool)), 0.0)
            else:
                state = Checkpoint(state.part + 1, standings, 0.0)
            state.spent_s = clock() - began_s
            if checkpoint:
                write_checkpoint(checkpoint, problem, state)
    except KeyboardInterrupt:
        if not state.standings.pool:
            raise
        return state.standings.pool, state.standings.runs, True
    return state.standings.pool, state.standings.runs, False


def optimise(
    problem: Problem,
    budget: Budget,
    watch: Watch | None = None,
    checkpoint: Path | None = None,
    clock: Callable[[], float] = time.monotonic,
    pool: Sequence[Scored] | None = None,
    workers: Workers | None = None,
) -> Finding:
    """Finds a plan and says whether it is better than the shipped one.

    Args:
        problem: what to optimise.
        budget: what may be spent.
        watch: is told how it goes.
        checkpoint: file by which an interrupted search goes on.
        clock: seconds.
        pool: plans to choose from instead of a search.
        workers: that run SUMO, instead of processes of this machine.

    Raises:
        SimulationFailed: if no SUMO run of the shipped plan comes to its end.
    """
    count = problem.wishes.workers
    with workers or Workers(count) as processes:
        bench = Bench(problem, processes, quick=processes.running(partial(run_trial, edges=False)))
        return _optimise(bench, problem, budget, watch or Watch(), checkpoint, clock, pool)


def _optimise(
    bench: Bench,
    problem: Problem,
    budget: Budget,
    watch: Watch,
    checkpoint: Path | None,
    clock: Callable[[], float],
    pool: Sequence[Scored] | None,
) -> Finding:
    began_s, cpu_s = clock(), time.process_time()
    start = None if problem.wishes.start is None else begun(problem, problem.wishes.start)
    bench.on_run = lambda _answer: watch.on_run(bench.runs + 1)
    watch.on_stage("shipped plan in SUMO")
    bench.run([SHIPPED], budget.report_seeds[:1], by_edge=True)
    if not bench.trials[SHIPPED]:
        raise SimulationFailed(f"the shipped plan does not run: {bench.problems[0]}")
    seeds = budget.train_seeds
    runs, interrupted = 0, False
    if pool is None:
        pool, runs, interrupted = _passes(problem, budget, watch, checkpoint, clock, bench, start)
    watch.on_stage("candidates in SUMO")
    cuts = [(plans, min(used, len(seeds))) for plans, used in HALVING]
    names = select(bench, pool, seeds, cuts)
    if names and budget.refine_runs and not interrupted:
        watch.on_stage("refinement in SUMO")
        random = np.random.default_rng((problem.wishes.seed, 7))
        names = [refine(bench, names[0], seeds, budget.refine_runs, random)]
    shipped = Plan(problem.space.shipped_stage_s, problem.space.shipped_offset_s)
    if not names:
        why = "every candidate jams, collides or fails in SUMO"
        nothing = Verdict(False, why, Interval(0.0, float("inf"), 0))
        bench.run([SHIPPED], budget.report_seeds, by_edge=True)
        found = Finding(shipped, SHIPPED, nothing, bench, problem)
    else:
        watch.on_stage("verdict in SUMO on fresh seeds")
        judged = verdict(bench, names[0], budget.report_seeds)
        plan, whose = (bench.plans[names[0]], bench.problem) if judged.proposed else (shipped, problem)
        found = Finding(plan, names[0], judged, bench, whose)
    found.pool, found.kernel_runs, found.interrupted = list(pool), runs, interrupted
    found.wall_s, found.cpu_s = clock() - began_s, time.process_time() - cpu_s
    return found


def _passes(
    problem: Problem,
    budget: Budget,
    watch: Watch,
    checkpoint: Path | None,
    clock: Callable[[], float],
    bench: Bench,
    start: tuple[Problem, Plan] | None,
) -> tuple[list[Scored], int, bool]:
    """Searches, lets SUMO judge the favourites, teaches the kernel, and searches again; as `search`."""
    pool: list[Scored] = []
    made = arranger(problem) if problem.wishes.free_order and start is None else None
    if start:
        problem, plan = start
        bench.turn_to(problem)
        bench.plans[START] = plan
        pool = [(float(problem.judge.costs(*batch([plan]))[0]), plan)]
    if made:
        problem, _ = made.posed(made.shipped)
        bench.turn_to(problem)
    runs, now = 0, problem
    part = replace(budget, runs=max(1, budget.runs // budget.passes), search_s=budget.search_s / budget.passes)
    for number in range(budget.passes):
        if made and number == budget.passes - 1:
            watch.on_stage("order of the stages on the queue kernel")
            file = checkpoint.with_stem(f"{checkpoint.stem}-order") if checkpoint else None
            end_s = clock() + _ORDER_SHARE * part.search_s

            def enough(runs_so_far: int, end_s: float = end_s) -> bool:
                return runs_so_far >= _ORDER_SHARE * part.runs or clock() >= end_s

            problem, first, spent = reordered(made.on(now.judge), pool[0][1] if pool else None, enough, file)
            runs, pool, now = runs + spent, [first], problem
            bench.turn_to(problem)
        watch.on_stage(f"search {number + 1} on the queue kernel")
        file = checkpoint.with_stem(f"{checkpoint.stem}-{number + 1}") if checkpoint else None
        pool, spent, interrupted = search(now, part, watch, file, clock, pool)
        runs += spent
        if interrupted or number == budget.passes - 1:
            return pool, runs, interrupted
        watch.on_stage("favourites in SUMO")
        bench.run([SHIPPED], budget.train_seeds[:1])
        select(bench, pool, budget.train_seeds, HALVING[:1])
        watch.on_stage("the kernel learns from SUMO")
        now, _ = learned(problem, observed(bench, budget.train_seeds[:1]), problem.wishes.seed)
        runs += len(pool) * len(problem.judge.samples)
        pool = rescored(pool, now.judge)
        bench.problem = now  # the refinement asks the kernel, too
    return pool, runs, False
