"""Stopping and parking: who stands of his own will, and who is held by the road."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nutgiao.edge.perception import Perception
from nutgiao.edge.violation.standing import ParkingSettings, StandingSettings, parking_rule, stopping_rule
from nutgiao.models.contracts.hours import Hours
from nutgiao.models.contracts.site_rules import RuleSetting
from nutgiao.models.contracts.words import Indication, VehicleClass, ViolationKind, ZoneKind
from tests.support.scenes import GREEN, RED, START_S, Vehicle, brake, drive, start, watch
from tests.support.scenes import Scene as CameraScene
from tests.support.zone_scenes import Actor, Lamps, Street, always_green, post_of, site_with, zone

CAR, MOTORCYCLE, BUS = VehicleClass.CAR, VehicleClass.MOTORCYCLE, VehicleClass.BUS
KERB = zone(ZoneKind.NO_STOPPING, (0.0, 60.0), (0.0, 3.0))


def told(actors, seconds, lamps: Lamps = always_green, where=KERB, seed: int = 1):  # type: ignore[no-untyped-def]
    street = Street(site_with(where), seed=seed)
    if where.kind is ZoneKind.NO_PARKING:
        return street.run(parking_rule(post_of(street.site), ParkingSettings()), actors, seconds, lamps)  # type: ignore[arg-type]
    return street.run(stopping_rule(post_of(street.site), StandingSettings()), actors, seconds, lamps)  # type: ignore[arg-type]


def halts(x_m: float, from_s: float, until_s: float = 1e9, y_m: float = 1.5):  # type: ignore[no-untyped-def]
    """Comes, stands there and drives on."""
    comes, goes = brake(8.0, x_m, from_s), start(x_m, until_s)
    return lambda t: (comes(t) if t < until_s else goes(t), y_m) if t >= 0.0 else None


def passes(every_s: float = 4.0, y_m: float = 5.0, count: int = 40) -> list[Actor]:
    return [
        Actor(lambda t, k=k: (8.0 * (every_s * k + 8.0 - t), y_m) if abs(every_s * k + 4.0 - t) < 4.0 else None)
        for k in range(count)
    ]


def test_a_car_that_halts_at_the_kerb_in_mid_block_is_told_once() -> None:
    (violation,) = told([Actor(halts(35.0, 8.0))], 90.0)
    assert (violation.kind, violation.zone, violation.approach) == (ViolationKind.STOPPING, "z", "west")
    assert violation.occurred_s - START_S == pytest.approx(8.0, abs=1.0)
    assert 30.0 <= violation.numbers["counted_s"] < 32.0
    assert violation.confidence > 0.95


def test_who_lets_somebody_out_for_twenty_seconds_is_not_told() -> None:
    assert told([Actor(halts(35.0, 8.0, 28.0))], 60.0) == []


def test_a_parked_car_that_a_bus_hides_for_some_seconds_is_one_parked_car() -> None:
    (violation,) = told([Actor(halts(35.0, 8.0), lost=[(20.0, 30.0), (60.0, 85.0)])], 140.0)
    assert violation.numbers["standing_s"] > violation.numbers["counted_s"] + 5.0


def test_a_told_car_that_is_lost_for_minutes_is_not_told_again() -> None:
    assert len(told([Actor(halts(35.0, 8.0), lost=[(50.0, 200.0)])], 300.0)) == 1


def test_another_car_that_halts_in_the_same_place_later_is_told_for_itself() -> None:
    first, second = Actor(halts(35.0, 8.0, 50.0)), Actor(lambda t: halts(35.0, 140.0)(t) if t > 125.0 else None)
    assert len(told([first, second], 230.0)) == 2


def test_two_short_halts_one_after_the_other_are_not_one_long_one() -> None:
    cars = [
        Actor(lambda t, k=k: halts(35.0, 10.0 + 30.0 * k, 31.0 + 30.0 * k)(t) if 1.0 < t - 30.0 * k < 45.0 else None)
        for k in range(6)
    ]
    assert told(cars, 220.0) == []


def queue(count: int, lanes: int = 3, kind: VehicleClass = CAR, gap_m: float = 6.5) -> list[Actor]:
    return [
        Actor(halts(3.5 + gap_m * (k // lanes), 4.0 + k // lanes, y_m=1.5 + 3.0 * (k % lanes)), kind)
        for k in range(count)
    ]


@pytest.mark.parametrize("lamp", [RED, GREEN, Indication.UNKNOWN, Indication.DARK])
def test_a_standing_queue_is_no_stopping_whatever_the_lamp_shows(lamp: Indication) -> None:
    everywhere = zone(ZoneKind.NO_STOPPING, (0.0, 60.0), (0.0, 9.0))
    assert told(queue(15), 120.0, lambda t: {"g": lamp}, everywhere) == []


def test_a_car_at_the_line_that_waits_at_green_for_a_blocked_junction_is_not_told() -> None:
    assert told([Actor(halts(5.0, 6.0))], 200.0) == []


def test_a_car_that_stays_at_the_line_while_others_drive_off_beside_it_is_told() -> None:
    assert len(told([Actor(halts(5.0, 6.0)), *passes()], 120.0)) == 1


def test_the_second_of_two_parked_cars_is_told_only_after_a_long_while() -> None:
    cars = [Actor(halts(30.0, 8.0)), Actor(halts(37.0, 10.0))]
    assert [v.number for v in told(cars, 150.0)] == [0]
    assert [v.number for v in told(cars, 260.0)] == [0, 1]


def test_in_the_lane_behind_a_parked_car_nobody_is_told_who_waits_to_pull_out() -> None:
    blocked = [Actor(halts(30.0, 8.0)), *(Actor(halts(37.0 + 7.0 * k, 12.0, 100.0)) for k in range(2))]
    assert [v.number for v in told(blocked, 110.0)] == [0]


def test_a_bus_may_stop_at_a_bus_stop_and_a_car_may_not() -> None:
    stop = zone(ZoneKind.BUS_STOP, (20.0, 50.0), (0.0, 3.0))
    assert told([Actor(halts(35.0, 8.0), BUS)], 90.0, where=stop) == []
    assert len(told([Actor(halts(35.0, 8.0))], 90.0, where=stop)) == 1


def test_outside_the_hours_of_the_sign_and_for_classes_that_it_does_not_mean_nobody_is_told() -> None:
    car = Actor(halts(35.0, 8.0))
    local = (START_S / 3600.0 + 7.0) % 24.0
    now = f"{int(local):02}:00", f"{(int(local) + 1) % 24:02}:00"
    for hours, count in ((Hours(start=now[0], end=now[1]), 1), (Hours(start=now[1], end=now[0]), 0)):
        where = zone(ZoneKind.NO_STOPPING, (0.0, 60.0), (0.0, 3.0), hours=(hours,))
        assert len(told([car], 70.0, where=where)) == count
    bikes = zone(ZoneKind.NO_STOPPING, (0.0, 60.0), (0.0, 3.0), classes=(MOTORCYCLE,))
    assert told([car], 70.0, where=bikes) == []


def test_parking_takes_three_minutes() -> None:
    ban = zone(ZoneKind.NO_PARKING, (0.0, 60.0), (0.0, 3.0))
    assert told([Actor(halts(35.0, 8.0, 180.0))], 230.0, where=ban) == []
    (violation,) = told([Actor(halts(35.0, 8.0))], 230.0, where=ban)
    assert violation.kind is ViolationKind.PARKING


def test_off_every_approach_an_unseen_red_may_hold_a_car_and_only_three_minutes_tell() -> None:
    beyond = zone(ZoneKind.NO_STOPPING, (-14.0, -2.0), (0.0, 3.0))
    away = Actor(lambda t: (-8.0, 1.5))
    assert told([away], 170.0, where=beyond) == []
    assert len(told([away], 200.0, where=beyond)) == 1


def test_at_the_edge_of_a_zone_the_doubt_is_the_drivers() -> None:
    assert told([Actor(halts(35.0, 8.0, y_m=3.0))], 120.0) == []
    assert told([Actor(halts(35.0, 8.0, y_m=2.9))], 120.0) == []


def test_pictures_of_how_a_car_came_to_stand_are_kept_before_it_is_certain() -> None:
    street = Street(site_with(KERB))
    rule = stopping_rule(post_of(street.site), StandingSettings())
    told = [one for scene, trace in street.scenes([Actor(halts(35.0, 8.0))], 90.0) for one in rule.step(scene, trace)]  # type: ignore[union-attr]
    assert [one.final for one in told] == [False, True]
    assert told[0].occurred_s == told[1].occurred_s == told[1].moments[0]
    assert told[0].moments[2] - told[0].occurred_s < 12.0  # the ring still has it


def test_through_the_camera_a_halting_car_is_one_violation_with_pictures_from_when_it_came() -> None:
    asked = msgspec.structs.replace(site_with(KERB), rules=(RuleSetting(kind="stopping"),))
    perception = Perception(asked, "j1", "b1")
    car = Vehicle(brake(8.0, 28.0, 10.0), 1.5, CAR)
    others = [Vehicle(drive(8.0, 6.0 + 5.0 * k), 5.0, CAR) for k in range(10)]
    (violation,) = watch(perception, CameraScene([car, *others], miss_share=0.05), 55).violations
    assert (violation.kind, violation.zone, violation.vehicle_class) == (ViolationKind.STOPPING, "z", CAR)
    assert violation.occurred_s - START_S == pytest.approx(10.0, abs=2.0)
    before, _, beyond = perception.case(violation).stills
    assert before.frame.time_s - START_S == pytest.approx(10.0, abs=2.5)
    assert beyond.frame.time_s - before.frame.time_s > 25.0
    assert before.box_px is not None
    assert beyond.box_px is not None


@settings(max_examples=8, deadline=None)
@given(
    st.floats(18.0, 50.0),
    st.floats(1.2, 1.8),
    st.sampled_from([CAR, MOTORCYCLE]),
    st.floats(20.0, 60.0),
    st.floats(0.5, 12.0),
    st.integers(0, 1000),
)
def test_who_halts_for_long_is_told_exactly_once_wherever_the_track_breaks(
    x: float, y: float, kind: VehicleClass, at: float, gap_s: float, seed: int
) -> None:
    assert len(told([Actor(halts(x, 8.0, y_m=y), kind, [(at, at + gap_s)])], 90.0, seed=seed)) == 1


@settings(max_examples=12, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(2.0, 50.0), st.floats(0.5, 8.5), st.floats(6.0, 40.0), st.floats(1.0, 25.0),
            st.sampled_from([CAR, MOTORCYCLE, BUS]), st.booleans(),
        ),
        max_size=8,
    ),
    st.integers(0, 1000),
)  # fmt: skip
def test_short_halts_in_any_traffic_are_never_told(rows, seed: int) -> None:  # type: ignore[no-untyped-def]
    """Halts of up to 25 s anywhere, and tracks that break."""
    everywhere = zone(ZoneKind.NO_STOPPING, (0.0, 60.0), (0.0, 9.0))
    actors = [
        Actor(halts(x, at, at + long, y), kind, [(at + 3.0, at + 6.0)] if broken else ())
        for x, y, at, long, kind, broken in rows
    ]
    assert told(actors, 80.0, where=everywhere, seed=seed) == []
