"""The wait of people on foot: theory, and a clock that asks every second."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgiao.models.plan_space import PlanSpace
from nutgiao.optimizer.search.walkers import Walkers, crossing


def space_of(counts: list[int]) -> PlanSpace:
    stages = sum(counts)
    ones = np.ones(stages)
    return PlanSpace(
        lights=tuple(f"light {k}" for k in range(len(counts))),
        stage_ptr=np.cumsum([0, *counts]),
        shipped_stage_s=10 * ones,
        shipped_offset_s=np.zeros(len(counts)),
        green=ones.astype(bool),
        least_s=ones,
        most_s=90 * ones,
    )


def by_the_clock(walk: list[bool], lengths: list[int]) -> float:
    """Mean wait of those who come in the middle of each second of the cycle."""
    seconds = [flag for flag, length in zip(walk, lengths, strict=True) for _ in range(length)]
    waits = []
    for now in range(len(seconds)):
        ahead = next(k for k in range(len(seconds)) if seconds[(now + k) % len(seconds)])
        waits.append(max(0.0, ahead - 0.5))
    return float(np.mean(waits))


def test_half_a_red_for_the_share_that_comes_in_it() -> None:
    space = space_of([2])
    one = crossing(space, 0, [True, False])
    assert one is not None
    assert Walkers(space, (one,)).wait_s(np.array([[20.0, 60.0]])) == pytest.approx(60.0**2 / (2 * 80.0))


@given(st.data())
def test_every_second_of_the_clock_agrees(data: st.DataObject) -> None:
    walk = data.draw(st.lists(st.booleans(), min_size=2, max_size=7).filter(lambda row: len(set(row)) == 2))
    lengths = data.draw(st.lists(st.integers(1, 40), min_size=len(walk), max_size=len(walk)))
    space = space_of([3, len(walk)])
    one = crossing(space, 1, walk)
    assert one is not None
    row = np.array([[5.0, 5.0, 5.0, *map(float, lengths)]])
    assert Walkers(space, (one,)).wait_s(row)[0] == pytest.approx(by_the_clock(walk, lengths))


def test_who_may_always_start_waits_for_nothing() -> None:
    space = space_of([3])
    assert crossing(space, 0, [True, True, True]) is None
    assert Walkers(space, ()).wait_s(np.ones((2, 3))).tolist() == [0.0, 0.0]


def test_shorter_cycles_are_shorter_waits() -> None:
    space = space_of([2])
    one = crossing(space, 0, [True, False])
    assert one is not None
    long, short = Walkers(space, (one,)).wait_s(np.array([[30.0, 90.0], [15.0, 45.0]]))
    assert short == pytest.approx(long / 2)
