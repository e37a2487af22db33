from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from nutgiao.models.contracts.errors import ContractError
from nutgiao.models.plan_space import PlanSpace
from nutgiao.models.queueing.network.model import Outcome
from nutgiao.optimizer.search.judge import Aim, Judge
from nutgiao.optimizer.search.moves import Plan, batch
from nutgiao.optimizer.search.search import Search, Standings
from nutgiao.optimizer.search.starts import flow_ratios, starts
from nutgiao.simulation.demand_samples import samples
from nutgiao.simulation.plan_space import Limits, plan_space
from nutgiao.simulation.queue_model import read_queue_scenario
from tests.support.plan_spaces import busy_street


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> tuple[PlanSpace, Judge]:
    queue = read_queue_scenario(busy_street(tmp_path_factory.mktemp("busy")))
    models, groups = samples(queue, 2, 10.0, 7)
    aim = Aim(groups.members, np.ones(len(groups.members)), groups.approach)
    return plan_space(queue.street.programs, Limits()), Judge([(model, [1]) for model in models], aim)


def found(street: tuple[PlanSpace, Judge], runs: int, standings: Standings | None = None) -> Standings:
    space, judge = street
    search = Search(space, judge, 1, standings)
    for _ in search.rounds(runs):
        pass
    return search.standings


def test_the_busy_road_gets_more_green_and_everybody_waits_less(street: tuple[PlanSpace, Judge]) -> None:
    space, judge = street
    cost, plan = found(street, 1500).pool[0]
    shipped = judge.costs(*batch([Plan(space.shipped_stage_s, space.shipped_offset_s)]))[0]
    north, west = plan.stage_s[0], plan.stage_s[2]
    assert space.faults(plan.stage_s, plan.offset_s) == []
    assert west > 1.5 * north
    assert cost < 0.7 * shipped


def test_the_same_seed_and_runs_give_the_same_plans(street: tuple[PlanSpace, Judge]) -> None:
    one, two = found(street, 800), found(street, 800)
    assert [cost for cost, _ in one.pool] == [cost for cost, _ in two.pool]
    assert one.pool[0][1].key == two.pool[0][1].key


def test_a_search_that_is_continued_ends_where_one_without_a_stop_does(street: tuple[PlanSpace, Judge]) -> None:
    space, judge = street
    search = Search(space, judge, 1)
    for progress in search.rounds(10**9):
        if progress.round == 2:
            break  # in the middle of a round: what it had is lost, the rounds before are not
    whole = Standings(search.standings.round, search.standings.runs, list(search.standings.pool))
    target = Search(space, judge, 1)
    for progress in target.rounds(10**9):
        if progress.round == 4:
            break
    continued = Search(space, judge, 1, whole)
    for progress in continued.rounds(10**9):
        if progress.round == 4:
            break
    assert [cost for cost, _ in continued.standings.pool] == [cost for cost, _ in target.standings.pool]


def test_the_best_so_far_never_gets_worse(street: tuple[PlanSpace, Judge]) -> None:
    space, judge = street
    costs = [progress.cost_s for progress in Search(space, judge, 3).rounds(800)]
    assert all(after <= before for before, after in pairwise(costs))


def test_the_shipped_plan_is_the_first_start(street: tuple[PlanSpace, Judge]) -> None:
    space, judge = street
    plans = starts(space, judge.samples[0][0], np.random.default_rng(1))
    assert np.array_equal(plans[0].stage_s, space.shipped_stage_s)
    assert all(space.faults(plan.stage_s, plan.offset_s) == [] for plan in plans)


def test_webster_sees_which_road_is_busy(street: tuple[PlanSpace, Judge]) -> None:
    space, judge = street
    north, _, west, _ = flow_ratios(space, judge.samples[0][0])
    assert west == pytest.approx(0.25 * 2.0, rel=0.01)  # a vehicle every 4 s, headway 2 s
    assert north == pytest.approx(0.05 * 2.0, rel=0.01)


def outcome(*groups: float, stops: float = 0.0) -> Outcome:
    delay = np.array([[groups]])
    return Outcome(delay.mean(-1), np.full((1, 1), stops), np.zeros((1, 1), np.int64), delay)


def test_persons_stops_and_the_worst_approach_count_as_asked() -> None:
    cars_and_bus = Aim(np.array([90, 10]), np.array([1.0, 30.0]), np.array([0, 1]))
    assert cars_and_bus.cost_s(outcome(10.0, 40.0))[0, 0] == pytest.approx((90 * 10 + 300 * 40) / 390)
    stops = Aim(np.array([50, 50]), np.ones(2), np.array([0, 1]), stop_s=8.0)
    assert stops.cost_s(outcome(10.0, 20.0, stops=0.5))[0, 0] == pytest.approx(15 + 4)
    side = Aim(np.array([50, 50]), np.ones(2), np.array([0, 1]), worst_approach=0.5)
    assert side.cost_s(outcome(10.0, 20.0))[0, 0] == pytest.approx(15 + 10)


def test_a_judge_needs_a_sample(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="give at least one"):
        Judge([], Aim(np.ones(1, np.int64), np.ones(1), np.zeros(1, np.int64)))
