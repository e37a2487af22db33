"""Lanes that do not flicker, and the instant at which a front passes the line."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgiao.edge.lanes.membership import interpolate, lane_of

EDGES_M = np.array([0.0, 3.0, 6.0, 9.0])


def test_a_rider_between_two_lanes_stays_in_the_first_one() -> None:
    lanes = [-1]
    for y in (2.8, 3.2, 2.9, 3.3, 3.5, 2.9, 2.5):
        lanes.append(lane_of(y, lanes[-1], EDGES_M))
    assert lanes[1:] == [0, 0, 0, 0, 1, 1, 0]


@given(y=st.floats(-5.0, 14.0))
def test_a_newcomer_gets_the_lane_he_is_in_and_beside_the_road_the_nearest(y: float) -> None:
    assert lane_of(y, -1, EDGES_M) == min(max(int(y // 3.0), 0), 2)


@given(x=st.floats(0.0, 6.0), v=st.floats(2.0, 15.0))
def test_at_constant_speed_the_line_is_passed_after_the_way_to_it(x: float, v: float) -> None:
    dt = (x + 1.0) / v
    time_s, speed_mps = interpolate(100.0, x, v, 100.0 + dt, -1.0, v)
    assert time_s == pytest.approx(100.0 + x / v, abs=1e-6)
    assert speed_mps == pytest.approx(v)
