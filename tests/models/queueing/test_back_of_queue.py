"""The back of queue and its interval: as the error model says, and never against what was seen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgiao.models.queueing.back_of_queue import BACK, HIGH, LOW, backs_of_queue
from nutgiao.models.queueing.lane_kernel import BACK_M, COLUMNS, SURE_M
from tests.models.queueing.test_hidden_tail import FAR_M, MOVING, STANDING, Lanes
from tests.support.reference import back_of_queue as plain
from tests.support.reference.hidden_tail import Tail, follow

LENGTH_M = 200.0


def told(lanes: Lanes, seen_m: float, sure_m: float, quality: float) -> np.ndarray:
    sums, out = np.zeros((1, COLUMNS)), np.full((1, 3), np.nan)
    sums[0, [BACK_M, SURE_M]] = seen_m, sure_m
    backs_of_queue(lanes.now_s, sums, lanes.state, lanes.history, FAR_M, LENGTH_M, quality, out)
    return out[0]


@given(
    seen_m=st.floats(0.0, 46.0),
    sure=st.floats(0.0, 1.0),
    quality=st.floats(0.0, 1.0),
    red_s=st.integers(0, 150),
    green_s=st.integers(0, 40),
    left_m=st.floats(0.0, 3.0),
)
def test_estimate_and_interval_are_those_of_the_plain_twin_and_hold_what_is_seen(
    seen_m: float, sure: float, quality: float, red_s: int, green_s: int, left_m: float
) -> None:
    lanes, twin = Lanes(), Tail()
    for sight in [STANDING] * red_s + [MOVING] * green_s:
        lanes.second([sight], [left_m])
        back, reach, speed, count = sight
        follow(twin, lanes.now_s, 1.0, FAR_M, back, reach, speed * count, count, left_m, 0.0)
    answer = told(lanes, seen_m, sure * seen_m, quality)
    expected = plain.back_of_queue(lanes.now_s, seen_m, sure * seen_m, twin, FAR_M, LENGTH_M, quality)
    assert answer == pytest.approx(expected, abs=1e-6)
    assert 0.0 <= answer[LOW] <= answer[BACK] <= answer[HIGH] <= LENGTH_M
    assert answer[BACK] >= seen_m


def test_the_longer_the_tail_is_out_of_view_the_less_is_known() -> None:
    lanes, widths = Lanes(rate_mps=0.6), []
    for _ in range(40):
        lanes.second([STANDING], [0.6])
        answer = told(lanes, 40.0, 40.0, 1.0)
        widths.append(answer[HIGH] - answer[LOW])
    assert widths[39] > widths[20] > widths[4]


def test_misses_widen_the_interval_upwards() -> None:
    clear, misty = told(Lanes(), 15.0, 15.0, 1.0), told(Lanes(), 15.0, 15.0, 0.5)
    assert misty[HIGH] > clear[HIGH]
    assert misty[BACK] == clear[BACK] == 15.0


def test_a_queue_that_ends_near_the_end_of_the_view_may_go_on_behind_it() -> None:
    assert told(Lanes(), FAR_M - 5.0, FAR_M - 5.0, 1.0)[HIGH] > FAR_M


def test_no_queue_is_longer_than_its_street() -> None:
    lanes = Lanes(rate_mps=1.5)
    for _ in range(120):
        lanes.second([STANDING], [3.0])
    assert told(lanes, 40.0, 40.0, 1.0)[[BACK, HIGH]].tolist() == [LENGTH_M, LENGTH_M]
