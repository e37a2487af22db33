from __future__ import annotations

import numpy as np
import pytest

from nutgiao.cli.optimize_order import Arranger, arranger
from nutgiao.cli.optimize_problem import Wishes, pose
from nutgiao.optimizer.search.moves import Plan, batch
from nutgiao.optimizer.search.orders import Choice, carried, choose
from tests.support.plan_spaces import NEEDLESS_STAGE, street_with_needless_stages


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Arranger:
    folder = tmp_path_factory.mktemp("street")
    wishes = Wishes(samples=2, free_order=True, amber_s=3)
    return arranger(pose(street_with_needless_stages(folder), wishes, folder / "cache"))


def first(street: Arranger) -> Choice:
    _, setting = street.posed(street.shipped)
    plan = Plan(setting.space.shipped_stage_s, setting.space.shipped_offset_s)
    return Choice(float(setting.judge.costs(*batch([plan]))[0]), setting, plan)


def test_stages_that_serve_nobody_are_left_out(street: Arranger) -> None:
    start = first(street)
    *_, best = choose(lambda o: street.posed(o)[1], street.options, start, street.kinds, np.random.default_rng(1))
    assert best.setting.orders == ((0, 2),)
    assert best.cost_s < 0.7 * start.cost_s
    assert best.setting.space.faults(best.plan.stage_s, best.plan.offset_s) == []
    again = float(best.setting.judge.costs(*batch([best.plan]))[0])
    assert again == pytest.approx(best.cost_s)


def test_the_same_seed_gives_the_same_orders_and_greens(street: Arranger) -> None:
    found = []
    for _ in range(2):
        *_, best = choose(
            lambda o: street.posed(o)[1], street.options, first(street), street.kinds, np.random.default_rng(3)
        )
        found.append((best.cost_s, best.plan.key))
    assert found[0] == found[1]


def test_greens_go_over_to_another_order_and_its_first_common_stage_begins_when_it_did(street: Arranger) -> None:
    start = first(street)
    greens = [green_s for _, green_s in NEEDLESS_STAGE]
    _, other = street.posed(((1, 2, 0, 3),))
    made = carried(start.setting, Plan(start.plan.stage_s, np.array([7.0])), other)
    assert made.stage_s[other.state_of >= 0].tolist() == [greens[k] for k in (1, 2, 0, 3)]
    began_s = 7.0 + greens[0] + 3.0  # stage 1 follows stage 0 and its amber
    assert made.offset_s[0] == began_s % made.stage_s.sum()
