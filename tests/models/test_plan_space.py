from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgiao.models.contracts.errors import ContractError
from nutgiao.models.plan_space import PlanSpace, whole_seconds

SPACE = PlanSpace(
    lights=("A", "B"),
    stage_ptr=np.array([0, 4, 6]),
    shipped_stage_s=np.array([30.0, 3.0, 20.0, 4.0, 40.0, 5.0]),
    shipped_offset_s=np.zeros(2),
    green=np.array([True, False, True, False, True, False]),
    least_s=np.array([5.0, 3.0, 5.0, 4.0, 5.0, 5.0]),
    most_s=np.array([60.0, 3.0, 60.0, 4.0, 60.0, 5.0]),
)


@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 40), st.floats(0, 1)), min_size=1, max_size=6),
    st.floats(0, 1),
)
def test_greens_in_whole_seconds_fill_the_cycle_and_keep_their_bounds(
    parts: list[tuple[int, int, float]], share: float
) -> None:
    least = np.array([float(low) for low, _, _ in parts])
    most = np.array([float(low + room) for low, room, _ in parts])
    total = round(least.sum() + share * (most.sum() - least.sum()))
    wanted = least + np.array([x for _, _, x in parts]) * (most - least)
    found = whole_seconds(wanted, total, least, most)
    assert found.sum() == total
    assert np.all((least <= found) & (found <= most) & (found == np.rint(found)))


def test_the_shipped_plan_is_allowed() -> None:
    assert SPACE.faults(SPACE.shipped_stage_s, SPACE.shipped_offset_s) == []


@pytest.mark.parametrize(
    ("stage", "length_s", "said"),
    [
        (1, 2.0, "A, stage 2: 2 s, but it is kept at 3 s"),
        (0, 4.0, "A, stage 1: 4 s is outside 5 to 60 s"),
        (4, 40.5, "B, stage 1: 40.5 s is not whole"),
    ],
)
def test_what_a_plan_breaks_is_named(stage: int, length_s: float, said: str) -> None:
    plan = SPACE.shipped_stage_s.copy()
    plan[stage] = length_s
    assert said in SPACE.faults(plan, SPACE.shipped_offset_s)


def test_an_offset_lies_within_the_cycle_and_a_common_cycle_is_one() -> None:
    late = np.array([57.0, 0.0])
    assert SPACE.faults(SPACE.shipped_stage_s, late) == ["A: offset 57 s is outside its cycle"]
    one = replace(SPACE, common_cycle=True)
    assert one.faults(SPACE.shipped_stage_s, SPACE.shipped_offset_s) == ["the lights' cycles differ"]


def test_a_light_that_needs_more_than_the_longest_cycle_has_its_shortest_one() -> None:
    assert replace(SPACE, most_cycle_s=12.0, least_cycle_s=10.0).cycle_bounds_s(0) == (17.0, 17.0)


def test_arrays_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ContractError, match="each of 6 stages"):
        replace(SPACE, least_s=np.ones(3))
    with pytest.raises(ContractError, match="shortest length is above its longest"):
        replace(SPACE, least_s=SPACE.most_s + 1)
