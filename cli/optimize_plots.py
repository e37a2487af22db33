"""Queues and trajectories of the shipped programs against a plan, for the report of an optimisation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from nutgiao.cli.charts import queue_section, way_section, window_s
from nutgiao.cli.optimize_select import SHIPPED
from nutgiao.simulation.setup_runs import Runs
from nutgiao.simulation.signal_programs import controlled_lanes
from nutgiao.simulation.variant import Setup

if TYPE_CHECKING:
    from nutgiao.cli.optimize_problem import Problem
    from nutgiao.cli.optimize_run import Budget, Finding
    from nutgiao.simulation.pools import Pool


def plots(problem: Problem, budget: Budget, finding: Finding, tls: Path, pool: Pool) -> str:
    """Both plots as HTML; trajectories only if a plan is proposed. Needs three more runs of SUMO.

    Args:
        problem: what was optimised.
        budget: for the report seeds.
        finding: with its runs.
        tls: additional file with the programs of the plan.
        pool: where SUMO runs.
    """
    seeds = budget.report_seeds
    trials = finding.bench.trials
    before, after = (
        [trials[name][seed] for seed in seeds if seed in trials.get(name, {})] for name in (SHIPPED, finding.name)
    )
    scenario = problem.scenario
    approaches = sorted({lane.rpartition("_")[0] for lane in controlled_lanes(scenario)})
    names = ("as shipped", "plan")
    parts = [queue_section(before, [] if finding.name == SHIPPED else after, approaches, scenario.begin_s, names)]
    if finding.verdict.proposed:
        runs = Runs(pool)
        shipped = Setup(scenario)
        planned = Setup(replace(scenario, additional=(*scenario.additional, tls.resolve())))
        corridor = runs.corridor(shipped, seeds[0])
        if corridor is not None:
            begin_s = window_s(before, scenario.begin_s)
            tracks = runs.tracks(dict(zip(names, (shipped, planned), strict=True)), seeds[0], corridor, begin_s)
            parts.append(way_section(corridor, tracks, seeds[0]))
    return "\n".join(parts)
