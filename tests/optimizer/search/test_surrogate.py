from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nutgiao.models.plan_space import PlanSpace
from nutgiao.optimizer.search.moves import Plan, repaired
from nutgiao.optimizer.search.surrogate import Surrogate, features
from tests.support.plan_spaces import spaces

SPACE = PlanSpace(
    lights=("one", "two"),
    stage_ptr=np.array([0, 4, 8]),
    shipped_stage_s=np.array([30.0, 3.0, 30.0, 3.0] * 2),
    shipped_offset_s=np.zeros(2),
    green=np.array([True, False] * 4),
    least_s=np.array([5.0, 3.0] * 4),
    most_s=np.array([90.0, 3.0] * 4),
)


def by_chance(random: np.random.Generator, count: int) -> list[Plan]:
    greens = np.rint(random.normal(30.0, 6.0, (count, 8)))
    offsets = np.rint(random.normal(0.0, 8.0, (count, 2)))
    return [repaired(SPACE, Plan(stage_s, offset_s)) for stage_s, offset_s in zip(greens, offsets, strict=True)]


def test_it_tells_good_plans_from_bad_ones_after_a_hundred_runs() -> None:
    random = np.random.default_rng(1)
    plans = by_chance(random, 150)
    truth = np.array([0.05 * (p.stage_s[0] - 34) ** 2 - 0.1 * p.stage_s[6] for p in plans])
    truth -= truth.mean()
    seen = truth[:100] + random.normal(0.0, 0.2, 100)
    surrogate = Surrogate.fit(SPACE, plans[:100], seen, np.full(100, 0.2), 60.0)
    guess, doubt = surrogate.guess(plans[100:])
    assert np.corrcoef(guess, truth[100:])[0, 1] > 0.8
    assert (doubt > 0).all()


def test_far_from_all_that_was_run_it_adds_nothing_to_the_kernel() -> None:
    plans = by_chance(np.random.default_rng(2), 40)
    surrogate = Surrogate.fit(SPACE, plans, np.full(40, 2.0), np.full(40, 0.1), 60.0)
    far = [replace(plans[0], stage_s=np.array([90.0, 3.0, 90.0, 3.0] * 2))]
    near_doubt, far_doubt = surrogate.guess(plans[:1])[1][0], surrogate.guess(far)[1][0]
    assert near_doubt < far_doubt


@given(spaces(), st.integers(0, 2**31))
def test_an_offset_a_cycle_later_is_the_same_offset(space: PlanSpace, seed: int) -> None:
    random = np.random.default_rng(seed)
    offset_s = random.integers(0, 200, len(space.lights)).astype(float)
    plan = repaired(space, Plan(space.shipped_stage_s, offset_s))
    later = Plan(plan.stage_s, plan.offset_s + space.cycles_s(plan.stage_s))
    for a, b in zip(features(space, [plan]), features(space, [later]), strict=True):
        assert np.allclose(a, b)
