"""What SUMO says of the kernel's favourites goes back into the kernel, whose errors a search finds first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from nutgiao.cli.optimize_problem import Problem
from nutgiao.cli.optimize_select import SHIPPED, Bench
from nutgiao.models.queueing.network.physics import Settings
from nutgiao.optimizer.search.judge import Judge
from nutgiao.optimizer.search.moves import Plan, batch
from nutgiao.optimizer.search.steps import Scored
from nutgiao.simulation.demand_samples import samples
from nutgiao.simulation.learn import Heard, learn

LEAST_PLANS = 4
EVALUATIONS = 250
"""Sets of parameters that are tried."""


def observed(bench: Bench, seeds: Sequence[int]) -> Heard:
    """What SUMO said so far of the plans that it ran on any of the seeds."""
    stages, offsets, delays = [], [], []
    space = bench.problem.space
    shipped = Plan(space.shipped_stage_s, space.shipped_offset_s)
    for name, trials in bench.trials.items():
        known = [trials[seed].delay_s for seed in seeds if seed in trials]
        if known and (name != SHIPPED or bench.problem.as_shipped):
            plan = shipped if name == SHIPPED else bench.plans[name]
            stages.append(plan.stage_s)
            offsets.append(plan.offset_s)
            delays.append(float(np.mean(known)))
    return Heard(np.array(stages), np.array(offsets), np.array(delays))


def learned(problem: Problem, seen: Heard, seed: int) -> tuple[Problem, Settings]:
    """The problem on a kernel whose free parameters come closest to what SUMO said.

    Args:
        problem: on the kernel as measured.
        seen: SUMO's answers; with fewer than four plans the kernel stays as it is.
        seed: of the fit.
    """
    if len(seen.delay_s) < LEAST_PLANS:
        return problem, Settings()
    settings = learn(problem.queue, seen, seed, EVALUATIONS)
    wishes = problem.wishes
    models, _ = samples(problem.queue, wishes.samples, wishes.jitter_s, 1000 * wishes.seed, settings)
    judge = Judge(
        [(model, [wishes.seed * 100 + k]) for k, model in enumerate(models)], problem.judge.aim, wishes.workers
    )
    return replace(problem, judge=judge), settings


def rescored(pool: Sequence[Scored], judge: Judge) -> list[Scored]:
    """The same plans with what they cost now, the best one first."""
    if not pool:
        return []
    costs = judge.costs(*batch([plan for _, plan in pool])).tolist()
    return sorted(zip(costs, [plan for _, plan in pool], strict=True), key=lambda one: one[0])
