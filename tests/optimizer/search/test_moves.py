from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from nutgiao.models.plan_space import PlanSpace
from nutgiao.optimizer.search.moves import (
    Plan,
    common_bounds_s,
    jiggled,
    kicked,
    neighbours,
    repaired,
    with_cycle,
    with_one_cycle,
)
from nutgiao.optimizer.search.steps import Coordinates
from tests.support.plan_spaces import spaces


def shipped(space: PlanSpace) -> Plan:
    return repaired(space, Plan(space.shipped_stage_s, space.shipped_offset_s))


def faults(space: PlanSpace, plan: Plan) -> list[str]:
    return space.faults(plan.stage_s, plan.offset_s)


@given(spaces(), st.integers(0, 1000))
def test_a_plan_that_is_thrown_about_stays_allowed(space: PlanSpace, seed: int) -> None:
    random = np.random.default_rng(seed)
    plan = kicked(space, shipped(space), range(len(space.lights)), random)
    assert faults(space, plan) == []


@given(spaces(), st.integers(0, 1000), st.floats(0.5, 20))
def test_a_plan_that_is_jiggled_stays_allowed(space: PlanSpace, seed: int, spread_s: float) -> None:
    plan = jiggled(space, shipped(space), range(len(space.lights)), spread_s, np.random.default_rng(seed))
    assert faults(space, plan) == []


@given(spaces())
def test_every_neighbour_is_allowed_and_another_plan(space: PlanSpace) -> None:
    plan = shipped(space)
    for light in range(len(space.lights)):
        near = neighbours(space, plan, light, (1, 5))
        assert all(faults(space, one) == [] and one.key != plan.key for one in near)
        assert len({one.key for one in near}) == len(near)


@given(spaces(), st.integers(0, 1000))
def test_every_point_of_the_evolution_is_an_allowed_plan(space: PlanSpace, seed: int) -> None:
    place = Coordinates(space, shipped(space), range(len(space.lights)))
    point = np.random.default_rng(seed).normal(0.0, 2.0, place.count)
    assert faults(space, place.plan(point)) == []


@given(spaces(), st.integers(0, 1000))
def test_with_a_common_cycle_neighbours_and_kicks_keep_it(space: PlanSpace, seed: int) -> None:
    assume(any(len(space.greens_of(light)) for light in range(len(space.lights))))
    low, high = common_bounds_s(space)
    fixed = {space.fixed_s(light) % 1 for light in range(len(space.lights)) if len(space.greens_of(light))}
    assume(low <= high and fixed == {0.0})
    one = replace(space, common_cycle=True)
    plan = shipped(one)
    assert faults(one, plan) == []
    assert faults(one, kicked(one, plan, range(len(one.lights)), np.random.default_rng(seed))) == []
    for light in range(len(one.lights)):
        assert all(faults(one, near) == [] for near in neighbours(one, plan, light, (2,)))


@given(spaces(), st.floats(10, 300))
def test_another_cycle_touches_no_other_light(space: PlanSpace, cycle_s: float) -> None:
    plan = shipped(space)
    found = with_cycle(space, plan, 0, cycle_s)
    rest = slice(int(space.stage_ptr[1]), None)
    assert np.array_equal(found.stage_s[rest], plan.stage_s[rest])
    assert np.array_equal(found.offset_s[1:], plan.offset_s[1:])


def test_a_longer_cycle_keeps_the_proportions() -> None:
    space = PlanSpace(
        ("A",), np.array([0, 4]), np.array([30.0, 5.0, 20.0, 5.0]), np.array([30.0]),
        np.array([True, False, True, False]), np.array([5.0, 5.0, 5.0, 5.0]), np.array([90.0, 5.0, 90.0, 5.0]),
    )  # fmt: skip
    plan = with_one_cycle(space, shipped(space), 110.0)
    assert plan.stage_s.sum() == 110.0
    assert (plan.stage_s[0] - 5.0) / (plan.stage_s[2] - 5.0) == pytest.approx(25 / 15, rel=0.05)
    assert plan.offset_s[0] == 55.0  # half a cycle, as before
