"""Behind the view: the kernel agrees with its plain twin, and both with the theory of shock waves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nutgiao.models.queueing.hidden_tail import (
    ARRIVED_M,
    END_MPS,
    FLOWED_M,
    FREE_FLOW_MPS,
    HEAD,
    HIDDEN,
    HISTORY,
    RATE_MPS,
    STATES,
    WAVE_MPS,
    back_behind_view,
    follow_tails,
    shock_mps,
)
from nutgiao.models.queueing.lane_kernel import BACK_M, COLUMNS, END_SPEED, END_VEH, REACH_M
from tests.support.reference import hidden_tail as plain

FAR_M = 40.0


class Lanes:
    """Kernel state of some lanes, and what is seen of them."""

    def __init__(self, lanes: int = 1, rate_mps: float = 0.0) -> None:
        self.state, self.history = np.zeros((lanes, STATES)), np.zeros((lanes, 3, HISTORY))
        self.state[:, RATE_MPS] = rate_mps
        self.now_s = 0.0

    def second(self, seen: list[tuple[float, float, float, int]], departed_m: list[float] | None = None) -> None:
        """``seen``: back, reach, mean speed at the end of the view, vehicles there."""
        sums = np.zeros((len(seen), COLUMNS))
        for k, (back, reach, speed, count) in enumerate(seen):
            sums[k, [BACK_M, REACH_M, END_SPEED, END_VEH]] = back, reach, speed * count, count
        self.now_s += 1.0
        left = np.array(departed_m or [0.0] * len(seen))
        follow_tails(self.now_s, 1.0, sums, left, FAR_M, self.state, self.history)

    def back_m(self, k: int = 0) -> float:
        s = self.state[k]
        return back_behind_view(self.now_s, s[ARRIVED_M], self.history[k], int(s[HEAD]))


STANDING, MOVING, EMPTY = (40.0, 44.0, 0.0, 5), (0.0, 44.0, 8.0, 5), (0.0, 0.0, 0.0, 0)

seen = st.tuples(
    st.one_of(st.just(0.0), st.floats(0.0, 46.0)), st.floats(0.0, 12.0), st.floats(-1.0, 12.0), st.integers(0, 6)
).map(lambda t: (t[0], t[0] + t[1], t[2], t[3]))
second = st.tuples(st.integers(1, 12), st.tuples(seen, seen), st.tuples(st.floats(0.0, 6.0), st.floats(0.0, 6.0)))


@settings(max_examples=60)
@given(runs=st.lists(second, min_size=1, max_size=20))
def test_kernel_follows_the_plain_twin(runs: list) -> None:  # type: ignore[type-arg]
    lanes, twins = Lanes(2), [plain.Tail(), plain.Tail()]
    for seconds, sight, left in runs:
        for _ in range(seconds):
            lanes.second(list(sight), list(left))
            for k, twin in enumerate(twins):
                back, reach, speed, count = sight[k]
                total = speed * count
                plain.follow(
                    twin, lanes.now_s, 1.0, FAR_M, back, reach, total, count, left[k], beside_m=sight[1 - k][0]
                )
                s = lanes.state[k]
                assert bool(s[HIDDEN]) == twin.hidden
                assert s[RATE_MPS] == pytest.approx(twin.rate_mps, abs=1e-9)
                if twin.hidden:
                    assert s[FLOWED_M] == pytest.approx(twin.flowed_m, abs=1e-9)
                    assert s[ARRIVED_M] == pytest.approx(twin.arrived_m, abs=1e-9)
                    expected = plain.back_behind_view(lanes.now_s, twin.arrived_m, twin.past)
                    assert lanes.back_m(k) == pytest.approx(expected, abs=1e-6)


@given(rate_mps=st.floats(0.05, 1.5), seconds=st.integers(10, 60))
def test_on_red_the_tail_grows_at_the_speed_of_the_shock_wave(rate_mps: float, seconds: int) -> None:
    lanes = Lanes(rate_mps=rate_mps)
    lanes.second([STANDING])
    lanes.second([STANDING])
    lanes.state[0, RATE_MPS] = rate_mps
    lanes.second([STANDING])
    before = lanes.back_m()
    for _ in range(seconds):
        lanes.second([STANDING])
    # Lighthill and Whitham: the shock between flow q at density q/v and a standing queue moves at q / (k_jam - q/v)
    expected = rate_mps / (1.0 - rate_mps / FREE_FLOW_MPS)
    assert (lanes.back_m() - before) / seconds == pytest.approx(expected, rel=1e-6)
    assert shock_mps(rate_mps) == pytest.approx(expected)


@given(rate_mps=st.floats(0.1, 1.0), red_s=st.integers(20, 60))
def test_the_discharge_wave_meets_the_tail_when_theory_says(rate_mps: float, red_s: int) -> None:
    lanes = Lanes()
    for _ in range(2):
        lanes.second([STANDING])
    for _ in range(red_s):
        lanes.state[0, RATE_MPS] = rate_mps
        lanes.second([STANDING])
    tail_m, shock = lanes.back_m(), shock_mps(rate_mps)
    expected_s = tail_m / (WAVE_MPS - shock)  # the tail runs away at the speed of the shock
    green_s = 0
    while lanes.back_m() >= 0.0:
        lanes.state[0, RATE_MPS] = rate_mps
        lanes.second([MOVING])
        green_s += 1
    assert green_s == pytest.approx(expected_s, abs=2.0)  # steps of a second


def test_a_lane_that_nobody_has_seen_grow_out_of_view_has_no_tail() -> None:
    lanes = Lanes(rate_mps=0.5)
    for sight in ((20.0, 24.0, 6.0, 1), MOVING, EMPTY, STANDING):
        lanes.second([sight])
        assert lanes.state[0, HIDDEN] == 0.0


def test_when_the_tail_has_come_into_view_it_is_forgotten_and_the_rate_learnt() -> None:
    lanes = Lanes(rate_mps=0.3)
    for _ in range(32):
        lanes.second([STANDING])
    assert lanes.state[0, HIDDEN] == 1.0
    for _ in range(20):
        lanes.second([MOVING], [2.0])
    assert lanes.state[0, HIDDEN] == 0.0
    assert 0.3 < lanes.state[0, RATE_MPS] < 1.0
    assert lanes.state[0, END_MPS] == 8.0


def test_a_lane_behind_a_bus_is_as_long_as_the_one_beside_it() -> None:
    lanes = Lanes(2, rate_mps=0.5)
    for _ in range(10):
        lanes.second([(20.0, 20.0, 0.0, 0), STANDING])
    assert lanes.state[:, HIDDEN].tolist() == [1.0, 1.0]
    assert lanes.back_m(0) > 0.0
