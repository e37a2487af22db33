"""Change and clearance intervals: worked examples of textbooks and manuals, floors, and what slow classes ask for."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgiao.configs.consistency import AMBER_FLOOR_S as FLOOR_OF_SITE_FILES
from nutgiao.models.contracts.intergreen import (
    ALL_RED_FLOOR_S,
    AMBER_CEILING_S,
    AMBER_FLOOR_S,
    CLEARING,
    ChangePeriod,
    Clearing,
    change_period,
    clearance_of_classes_s,
    red_clearance_s,
    walk_clearance_s,
    whole_s,
    yellow_s,
)
from nutgiao.models.contracts.words import VehicleClass

MPH, FT = 0.44704, 0.3048
CAR = VehicleClass.CAR


@pytest.mark.parametrize(
    ("mph", "seconds"), [(30, 3.2), (35, 3.6), (40, 3.9), (45, 4.3), (50, 4.7), (55, 5.0), (60, 5.4)]
)
def test_yellow_is_that_of_the_signal_timing_manual(mph: float, seconds: float) -> None:
    """FHWA Traffic Signal Timing Manual (2008), chapter 5: 1 s, 10 ft/s², level road."""
    assert yellow_s(mph * MPH) == pytest.approx(seconds, abs=0.051)


@pytest.mark.parametrize(
    ("mph", "width_ft", "seconds"), [(35, 30, 1.0), (35, 50, 1.4), (35, 70, 1.8), (35, 110, 2.5), (45, 90, 1.7)]
)
def test_red_clearance_is_that_of_the_signal_timing_manual(mph: float, width_ft: float, seconds: float) -> None:
    """The same manual: a vehicle of 20 ft."""
    assert red_clearance_s(width_ft * FT, 20 * FT, mph * MPH) == pytest.approx(seconds, abs=0.051)


def test_the_worked_example_on_a_slope() -> None:
    """Roess, Prassas, McShane, Traffic Engineering: 40 mph ± 5 mph, 4 % upgrade, 60 ft, vehicles of 16 ft."""
    assert yellow_s(45 * MPH, grade=0.04) == pytest.approx(3.93, abs=0.02)
    assert red_clearance_s(60 * FT, 16 * FT, 35 * MPH) == pytest.approx(1.477, abs=0.01)


def test_a_bicycle_asks_for_more_than_a_car_and_a_motorcycle_for_something_between() -> None:
    """20 m of path at 50 km/h by hand: (20 + 6.1) / 13.89, (20 + 2) / 6.94 and (20 + 2) / 4."""
    speed = 50 / 3.6
    alone = {name: clearance_of_classes_s(20.0, speed, {name: how}) for name, how in CLEARING.items()}
    assert alone[CAR] == pytest.approx(1.88, abs=0.01)
    assert alone[VehicleClass.MOTORCYCLE] == pytest.approx(3.17, abs=0.01)
    assert alone[VehicleClass.BICYCLE] == 5.5
    assert clearance_of_classes_s(20.0, speed, CLEARING) == 5.5


def test_a_change_period_in_whole_seconds() -> None:
    # 50 km/h: 1 + 13.89 / 6.1 = 3.28 → 4 s; 14 m: the car needs 1.45 → 2 s, the bicycle 4 s
    cars = {CAR: CLEARING[CAR]}
    assert change_period(14.0, 50 / 3.6, classes=cars) == ChangePeriod(4, 2)
    assert change_period(14.0, 50 / 3.6) == ChangePeriod(4, 4)
    assert change_period(14.0, 50 / 3.6).intergreen_s == 8
    # a turn at 5 m/s: (14 + 6.1) / 5 = 4.02 → 5 s; its amber is that of the approach
    assert change_period(14.0, 50 / 3.6, clearing_mps=5.0, classes=cars) == ChangePeriod(4, 5)


def test_nobody_clears_faster_than_the_approach() -> None:
    assert clearance_of_classes_s(10.0, 3.0, {VehicleClass.BICYCLE: Clearing(2.0, 4.0)}) == 4.0


def test_floors_and_the_ceiling_of_amber() -> None:
    assert change_period(0.5, 5.0, classes={CAR: Clearing(0.5)}) == ChangePeriod(AMBER_FLOOR_S, ALL_RED_FLOOR_S)
    # 110 km/h, 6 % downhill: 1 + 30.6 / 4.92 = 7.2 → 8 s, of which two are shown as all-red
    steep = change_period(20.0, 110 / 3.6, grade=-0.06, classes={CAR: CLEARING[CAR]})
    assert steep == ChangePeriod(AMBER_CEILING_S, 1 + 2)
    assert AMBER_FLOOR_S == FLOOR_OF_SITE_FILES


def test_downhill_takes_longer_to_stop() -> None:
    assert yellow_s(13.9, grade=-0.05) > yellow_s(13.9) > yellow_s(13.9, grade=0.05)


@pytest.mark.parametrize(("width_m", "seconds"), [(12.0, 10), (12.1, 11), (7.2, 6), (0.0, 0)])
def test_people_walk_at_a_metre_twenty(width_m: float, seconds: int) -> None:
    assert walk_clearance_s(width_m) == seconds


def test_slower_walkers_get_longer() -> None:
    assert walk_clearance_s(12.0, 1.0) == 12


@given(st.floats(0, 80), st.floats(2, 30), st.floats(-0.1, 0.1), st.sets(st.sampled_from(list(CLEARING)), min_size=1))
def test_whole_seconds_are_never_short_and_never_a_second_more_than_needed(
    path_m: float, speed_mps: float, grade: float, names: set[VehicleClass]
) -> None:
    classes = {name: CLEARING[name] for name in names}
    period = change_period(path_m, speed_mps, grade=grade, classes=classes)
    needed = clearance_of_classes_s(path_m, speed_mps, classes)
    yellow = yellow_s(speed_mps, grade=grade)
    assert AMBER_FLOOR_S <= period.amber_s <= AMBER_CEILING_S
    assert period.all_red_s >= ALL_RED_FLOOR_S
    assert period.intergreen_s >= needed + yellow - 1e-6
    assert period.intergreen_s <= max(math.ceil(yellow), AMBER_FLOOR_S) + max(math.ceil(needed), ALL_RED_FLOOR_S)


@given(st.integers(1, 600), st.integers(1, 50))
def test_a_sum_of_floats_does_not_cost_a_second(seconds: int, parts: int) -> None:
    assert whole_s(sum([seconds / parts] * parts)) == seconds


@pytest.mark.parametrize("speed", [0.0, -1.0, float("nan")])
def test_without_a_speed_there_is_no_interval(speed: float) -> None:
    for ask in (lambda: yellow_s(speed), lambda: red_clearance_s(10.0, 5.0, speed), lambda: walk_clearance_s(9, speed)):
        with pytest.raises(ValueError, match="speed"):
            ask()


def test_what_cannot_be_is_told() -> None:
    with pytest.raises(ValueError, match="braking"):
        yellow_s(10.0, grade=-0.4)
    with pytest.raises(ValueError, match="path"):
        red_clearance_s(-1.0, 5.0, 10.0)
    with pytest.raises(ValueError, match="nobody"):
        clearance_of_classes_s(10.0, 10.0, {})
