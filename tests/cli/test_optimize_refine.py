from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np

from nutgiao.cli.optimize_problem import Wishes, pose
from nutgiao.cli.optimize_refine import refine
from nutgiao.cli.optimize_select import Bench
from nutgiao.optimizer.search.moves import Plan
from nutgiao.simulation.verify import Workers
from tests.support.plan_spaces import busy_street


def test_refinement_in_sumo_finds_a_better_plan_and_keeps_to_its_runs(tmp_path: Path) -> None:
    problem = pose(busy_street(tmp_path), Wishes(samples=1), tmp_path / "cache")
    told: list[float] = []
    with Workers(1) as workers:
        bench = Bench(problem, workers)
        bench.plans["start"] = Plan(problem.space.shipped_stage_s, problem.space.shipped_offset_s)
        random = np.random.default_rng(1)
        best = refine(bench, "start", (101, 102), 24, random, lambda _name, delay_s: told.append(delay_s))
    assert bench.score_s(best, (101, 102)) < 0.9 * bench.score_s("start", (101, 102))
    assert told == sorted(told, reverse=True)
    assert bench.runs <= 24 + 2 + 8  # the round that has begun is brought to its end
    plan = bench.plans[best]
    assert problem.space.faults(plan.stage_s, plan.offset_s) == []


def test_a_start_that_jams_is_left_for_a_plan_that_does_not(tmp_path: Path) -> None:
    problem = pose(busy_street(tmp_path), Wishes(samples=1), tmp_path / "cache")
    seeds = (101, 102, 103)
    with Workers(1) as workers:
        bench = Bench(problem, workers)
        bench.plans["start"] = Plan(problem.space.shipped_stage_s, problem.space.shipped_offset_s)
        bench.run(["start"], seeds)
        jam = bench.trials["start"][102]
        bench.trials["start"][102] = replace(jam, delay_s=10 * jam.delay_s)
        assert bench.score_s("start", seeds) == float("inf")
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # nothing that is no number may guide the search
            best = refine(bench, "start", seeds, 20, np.random.default_rng(1))
    assert bench.score_s(best, seeds) < jam.delay_s * 1.2
