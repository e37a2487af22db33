"""People on foot count in a search if one asks for it, and what they wait is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from nutgiao.cli.optimize_files import summary_body
from nutgiao.cli.optimize_problem import Problem, Wishes, pose
from nutgiao.cli.optimize_run import Budget, optimise
from nutgiao.models.contracts.errors import ConfigError
from nutgiao.optimizer.search.moves import Plan, batch
from nutgiao.simulation.scenario import Scenario
from tests.support.plan_spaces import busy_street, street_with_crossings

BUDGET = Budget(runs=400, search_s=1e9, passes=1, train_seeds=(101,), report_seeds=(1, 2))


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    """A street with crossings."""
    return street_with_crossings(tmp_path_factory.mktemp("on-foot"))


def posed(street: Scenario, folder: Path, **wishes: float) -> Problem:
    return pose(street, Wishes(samples=1, **wishes), folder)  # type: ignore[arg-type]


def test_their_wait_is_part_of_the_cost(street: Scenario, tmp_path: Path) -> None:
    plain, kind = posed(street, tmp_path), posed(street, tmp_path, walker=3.0)
    assert kind.judge.aim.walkers is not None
    plan = batch([Plan(kind.space.shipped_stage_s, kind.space.shipped_offset_s)])
    wait_s = kind.judge.aim.walkers.wait_s(plan[0])
    assert len(kind.judge.aim.walkers.crossings) == 4
    assert kind.judge.costs(*plan) - plain.judge.costs(*plan) == pytest.approx(3.0 * wait_s)


def test_who_asks_for_shorter_waits_gets_them(street: Scenario, tmp_path: Path) -> None:
    waits = []
    for weight in (0.0, 20.0):
        problem = posed(street, tmp_path, walker=weight)
        found = optimise(problem, BUDGET)
        told = summary_body(problem, BUDGET, found)["walkers_wait_s"]
        chosen = found.bench.plans[found.name]
        assert problem.judge.aim.walkers is not None
        waits.append(float(problem.judge.aim.walkers.wait_s(batch([chosen])[0])[0]))
        if found.verdict.proposed:
            assert told["plan"] == pytest.approx(waits[-1])
    assert waits[1] < waits[0]


def test_without_a_crossing_the_wish_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--walkers.*no light has a crossing"):
        posed(busy_street(tmp_path), tmp_path, walker=1.0)
