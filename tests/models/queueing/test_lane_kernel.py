"""The lane kernel adds up as the plain words say, and nobody gets lost."""

from __future__ import annotations

import dataclasses

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from nutgiao.models.queueing.lane_kernel import BACK_M, COLUMNS, PRESENT, QUEUE_VEH, REACH_M, SURE_M, lane_sums
from tests.support.reference import lane_kernel as plain
from tests.support.reference.lane_kernel import Vehicle

NEAR_M, FAR_M, LANES = -8.0, 60.0, 3

vehicle = st.builds(
    Vehicle,
    x_m=st.floats(-12.0, 70.0),
    length_m=st.sampled_from([1.9, 4.4, 11.0]),
    width_m=st.sampled_from([0.7, 1.8]),
    mcu=st.sampled_from([1.0, 3.4]),
    speed_mps=st.floats(-2.0, 15.0),
    unseen_s=st.sampled_from([0.0, 0.0, 0.5, 4.0]),
    slow_s=st.sampled_from([0.0, 1.5, 8.0]),
    lane=st.integers(-1, LANES - 1),
    queued=st.booleans(),
    coming=st.booleans(),
)


def sums(vehicles: list[Vehicle]) -> np.ndarray:
    """Runs the kernel on arrays that are longer than needed, with rubbish behind."""
    n, room = len(vehicles), len(vehicles) + 3
    names = ("x_m", "length_m", "width_m", "mcu", "speed_mps", "unseen_s", "slow_s")
    floats = [np.full(room, 7.0) for _ in names]
    lane, queued, coming = np.zeros(room, np.int64), np.ones(room, np.bool_), np.ones(room, np.bool_)
    for i, v in enumerate(vehicles):
        for column, name in zip(floats, names, strict=True):
            column[i] = getattr(v, name)
        lane[i], queued[i], coming[i] = v.lane, v.queued, v.coming
    out = np.full((LANES, COLUMNS), np.nan)
    lane_sums(n, *floats, lane, queued, coming, NEAR_M, FAR_M, np.zeros(room, np.int64), out)
    for i, v in enumerate(vehicles):
        v.queued = bool(queued[i])
    return out


def stands(x_m: float, speed_mps: float = 0.0, **other: float) -> Vehicle:
    values = {"length_m": 4.4, "width_m": 1.8, "mcu": 3.4, "unseen_s": 0.0, "slow_s": 8.0, "lane": 0, "coming": False}
    return Vehicle(**(values | {"x_m": x_m, "speed_mps": speed_mps, "queued": speed_mps < 1.0} | other))  # type: ignore[arg-type]


@settings(max_examples=200)
@given(vehicles=st.lists(vehicle, max_size=25, unique_by=lambda v: v.x_m))
def test_kernel_says_what_plain_words_say(vehicles: list[Vehicle]) -> None:
    others = [dataclasses.replace(v) for v in vehicles]
    out = sums(vehicles)
    for k in range(LANES):
        expected = dataclasses.astuple(plain.lane_sums(others, k, NEAR_M, FAR_M))
        assert np.allclose(out[k], expected, rtol=0.0, atol=1e-9)
    assert [v.queued for v in vehicles] == [v.queued for v in others]


@given(vehicles=st.lists(vehicle, max_size=25))
def test_every_vehicle_on_a_lane_is_counted_once_and_the_back_holds_all_who_are_seen(vehicles: list[Vehicle]) -> None:
    out = sums(vehicles)
    inside = [v for v in vehicles if v.lane >= 0 and NEAR_M < v.x_m <= FAR_M]
    assert out[:, PRESENT].sum() == len(inside)
    assert (out[:, QUEUE_VEH] <= out[:, PRESENT]).all()
    assert (out[:, SURE_M] <= out[:, BACK_M]).all()
    assert (out[:, BACK_M] <= out[:, REACH_M]).all()
    assert (out[:, BACK_M] >= 0.0).all()


def test_a_discharging_queue_is_held_together_by_those_who_already_move() -> None:
    head, middle, tail = stands(2.0), stands(18.0, 4.0), stands(33.0, slow_s=2.0)
    assert sums([head, middle, tail])[0, BACK_M] == 37.4
    assert sums([head, tail])[0, BACK_M] == 6.4


def test_who_has_stood_for_long_stands_behind_somebody_whom_a_bus_may_hide() -> None:
    assert sums([stands(2.0), stands(33.0, slow_s=8.0)])[0, BACK_M] == 37.4


def test_a_queue_is_one_of_the_stop_line() -> None:
    assert sums([stands(45.0), stands(51.0)])[0, BACK_M] == 0.0


def test_a_far_track_whose_first_speed_is_a_guess_does_not_make_a_queue_long() -> None:
    dense = [stands(2.0), stands(8.0)] + [stands(x, 7.0) for x in (18.0, 30.0, 42.0)]
    assert sums([*dense, stands(50.0, slow_s=0.5)])[0, BACK_M] == 12.4
    assert sums([*dense, stands(50.0, slow_s=1.5)])[0, BACK_M] == 54.4
