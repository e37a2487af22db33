"""The rules as a traffic officer would put them, through the camera: pixels with noise, two frames a second."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from nutgiao.edge.perception import Perception, PerceptionSettings
from nutgiao.edge.violation.rule import Violation, groups_to_obey
from nutgiao.models.contracts.site import Lane, Site
from nutgiao.models.contracts.words import Indication, Turn, VehicleClass, ViolationKind
from tests.support.scenes import (
    AMBER,
    GREEN,
    RED,
    START_S,
    UNKNOWN,
    Scene,
    Vehicle,
    approach,
    brake,
    drive,
    site,
    stand,
    start,
    watch,
)

CAR, MOTORCYCLE = VehicleClass.CAR, VehicleClass.MOTORCYCLE
Lamp = Callable[[int], Indication | None]


def red_from(second: int, until: int = 10_000) -> Lamp:
    """Green, three seconds of amber, red from that second on."""
    return lambda t: RED if second <= t < until else AMBER if second - 3 <= t < second else GREEN


def told(vehicles: list[Vehicle], lamp: Lamp, seconds: int = 40, where: Site | None = None) -> list[Violation]:
    return watch(Perception(where or site(), "j1", "b1"), Scene(vehicles), seconds, lamp).violations


# red light


def test_a_rider_who_crosses_one_second_into_red_and_goes_on_is_reported() -> None:
    (violation,) = told([Vehicle(drive(8.0, 11.0))], red_from(10))
    assert violation.kind is ViolationKind.RED_LIGHT
    assert violation.vehicle_class is MOTORCYCLE
    assert violation.occurred_s - START_S == pytest.approx(11.0, abs=0.1)
    assert violation.numbers["red_age_s"] == pytest.approx(1.0, abs=0.1)
    assert violation.numbers["speed_mps"] == pytest.approx(8.0, abs=1.0)
    assert violation.confidence > 0.9
    before, at, beyond = violation.moments
    assert before < at == violation.occurred_s < beyond


def test_a_rider_who_crosses_on_amber_is_not_reported() -> None:
    assert told([Vehicle(drive(8.0, 9.5))], red_from(10)) == []


def test_a_rider_who_crosses_in_the_grace_of_the_red_is_not_reported() -> None:
    assert told([Vehicle(drive(8.0, 10.2))], red_from(10)) == []


def test_everyone_who_drives_on_green_is_left_alone() -> None:
    assert told([Vehicle(drive(8.0, 8.0 + k), 1.5 + 3 * (k % 3)) for k in range(12)], lambda t: GREEN) == []


def test_unknown_lamp_stops_the_rule() -> None:
    assert told([Vehicle(drive(8.0, 11.0))], lambda t: UNKNOWN) == []
    assert told([Vehicle(drive(8.0, 11.0))], lambda t: None) == []


def test_a_lamp_that_falls_silent_stops_the_rule() -> None:
    assert told([Vehicle(drive(8.0, 14.0))], lambda t: red_from(5)(t) if t < 10 else None) == []


def test_a_vehicle_that_stood_beyond_the_line_when_red_began_is_exempt() -> None:
    # held up by the junction on green, it clears it on red
    def where(t: float) -> float:
        return max(-4.0, (9.0 - t) * 6.0) if t < 20 else -4.0 - 3.0 * (t - 20)

    assert told([Vehicle(where, 4.5, CAR)], red_from(15)) == []


@pytest.mark.parametrize(("first_seen_s", "reports"), [(10.2, 0), (6.0, 1)])
def test_who_was_seen_only_a_moment_before_the_line_is_not_told(first_seen_s: float, reports: int) -> None:
    """A young track at the line may have hopped from somebody else: in SUMO such ones were told wrongly."""
    way = drive(6.5, 11.2)
    assert len(told([Vehicle(lambda t: way(t) if t >= first_seen_s else None)], red_from(3))) == reports


def test_who_starts_before_green_is_reported() -> None:
    riders = [Vehicle(start(1.0, 12.0, 2.0)), Vehicle(stand(4.0), 5.0)]
    (violation,) = told(riders, red_from(3, until=22))
    assert violation.kind is ViolationKind.RED_LIGHT
    assert violation.numbers["red_age_s"] == pytest.approx(10.0, abs=0.5)


def test_who_starts_with_the_green_is_not() -> None:
    assert told([Vehicle(start(1.0 + 3 * k, 20.0 + k), 4.5) for k in range(4)], red_from(3, until=20)) == []


def test_a_standing_queue_at_the_line_never_triggers() -> None:
    crowd = [Vehicle(stand(0.2 + 2.4 * (k // 6)), 0.8 + 1.45 * (k % 6)) for k in range(30)]
    assert told(crowd, red_from(5), seconds=120) == []


def test_who_turns_back_after_the_line_has_not_run_it() -> None:
    assert told([Vehicle(lambda t: max(-2.5, (12.0 - t) * 5.0), 4.5)], red_from(10), seconds=20) == []


# stop line


def test_a_car_that_stands_over_the_line_on_red_is_reported_once_the_red_is_over() -> None:
    car = Vehicle(brake(8.0, -2.5, 14.0), 4.5, CAR)
    assert told([car], red_from(10), seconds=30) == []  # it may still run the red
    (violation,) = told([car], red_from(10, until=30), seconds=40)
    assert violation.kind is ViolationKind.STOP_LINE
    assert violation.numbers["beyond_line_m"] == pytest.approx(2.5, abs=0.4)
    assert violation.numbers["tolerance_m"] == 1.0


def test_the_crowd_ahead_of_the_line_is_none() -> None:
    crowd = [Vehicle(brake(7.0, -2.0, 13.0 + 0.3 * k), 0.8 + 1.45 * k) for k in range(6)]
    assert told(crowd, red_from(9, until=30)) == []


def test_a_rider_beyond_the_crowd_is_one() -> None:
    (violation,) = told([Vehicle(brake(7.0, -5.0, 14.0))], red_from(9, until=30))
    assert (violation.kind, violation.numbers["tolerance_m"]) == (ViolationKind.STOP_LINE, 3.0)


def test_who_goes_on_into_the_junction_has_run_the_red_and_nothing_less() -> None:
    halting = brake(7.0, -5.0, 14.0)
    rider = Vehicle(lambda t: halting(t) if t < 20 else start(-5.0, 20.0, 2.0)(t))
    assert [v.kind for v in told([rider], red_from(9, until=30))] == [ViolationKind.RED_LIGHT]


def test_a_car_held_up_beyond_the_line_since_green_is_none() -> None:
    assert told([Vehicle(brake(8.0, -3.0, 6.0), 4.5, CAR)], red_from(12, until=30)) == []


def test_who_turns_up_in_the_place_of_one_that_was_told_of_and_is_lost_is_not_told_of() -> None:
    first = brake(7.0, -5.0, 14.0)
    lost = Vehicle(lambda t: first(t) if t < 20 else None)
    found_again = Vehicle(brake(7.0, -5.0, 24.0))  # another number, which crossed the line on this red
    (violation,) = told([lost, found_again], red_from(9, until=40), seconds=50)
    assert violation.occurred_s - START_S < 18.0


def test_two_who_stand_over_the_line_side_by_side_are_both_reported() -> None:
    riders = [Vehicle(brake(7.0, -5.0, 14.0), 2.0), Vehicle(brake(7.0, -5.0, 20.0), 3.5)]
    found = told(riders, red_from(9, until=40), seconds=50)
    assert [violation.kind for violation in found] == [ViolationKind.STOP_LINE] * 2


def test_a_short_stop_is_none() -> None:
    halting = brake(7.0, -5.0, 14.0)
    rider = Vehicle(lambda t: halting(t) if t < 15 else start(-5.0, 15.0, 2.0)(t))
    assert told([rider], red_from(8, until=15)) == []


# wrong way


def test_a_rider_against_the_traffic_is_reported_once() -> None:
    rider = Vehicle(lambda t: -10.0 + 4.0 * t, 0.8, wrong_way=True)
    (violation,) = told([rider, *(Vehicle(drive(8.0, 5.0 + 2 * k), 4.5) for k in range(5))], lambda t: GREEN, 25)
    assert violation.kind is ViolationKind.WRONG_WAY
    assert violation.numbers["speed_mps"] == pytest.approx(4.0, abs=1.0)
    assert violation.numbers["upstream_m"] >= 8.0


def test_a_wrong_way_rider_who_is_lost_for_a_while_is_told_of_once() -> None:
    rider = Vehicle(lambda t: None if 9.0 <= t <= 13.0 else -10.0 + 4.0 * t, 0.8, wrong_way=True)
    assert [violation.kind for violation in told([rider], lambda t: GREEN, 30)] == [ViolationKind.WRONG_WAY]


def test_two_riders_who_follow_each_other_the_wrong_way_are_two() -> None:
    riders = [Vehicle(lambda t, k=k: -10.0 + 4.0 * (t - k), 0.8, wrong_way=True) for k in (0.0, 6.0)]
    assert len(told(riders, lambda t: GREEN, 35)) == 2


def test_traffic_of_the_other_direction_beyond_the_centre_line_is_none() -> None:
    oncoming = [Vehicle(lambda t, k=k: -12.0 + 8.0 * (t - k), 10.2, CAR, wrong_way=True) for k in range(6)]
    assert told(oncoming, lambda t: GREEN, 25) == []


def test_rolling_back_a_little_is_none() -> None:
    assert told([Vehicle(lambda t: min(9.0, 4.0 + max(0.0, t - 5.0) * 1.0), 4.5, CAR)], lambda t: GREEN, 25) == []


# which lamp


def left_arrow_site() -> Site:
    lanes = (
        Lane(id="lane_1", width_m=3.0, turns=(Turn.THROUGH, Turn.RIGHT)),
        Lane(id="lane_2", width_m=3.0, turns=(Turn.THROUGH,)),
        Lane(id="lane_3", width_m=3.0, turns=(Turn.LEFT,)),
    )
    return site(approach(lanes=lanes, left_signal_group="g_left"))


@pytest.mark.parametrize(
    ("lane", "y_m", "who", "groups"),
    [
        (0, 1.5, CAR, ("g",)),
        (2, 7.5, CAR, ("g_left",)),
        (1, 4.0, MOTORCYCLE, ("g",)),
        (1, 5.8, MOTORCYCLE, ("g", "g_left")),  # between the lanes: the doubt is the rider's
        (2, 7.5, MOTORCYCLE, ("g", "g_left")),
    ],
)
def test_who_obeys_which_lamp(lane: int, y_m: float, who: VehicleClass, groups: tuple[str, ...]) -> None:
    assert groups_to_obey(left_arrow_site().approaches[0], lane, y_m, who) == groups


def test_a_left_turner_with_a_green_arrow_is_left_alone_while_the_rest_has_red() -> None:
    perception, scene = Perception(left_arrow_site(), "j1", "b1"), Scene([Vehicle(drive(7.0, 12.0), 7.5, CAR)])
    for t in range(20):
        perception.on_signal(START_S + t, {"g": RED, "g_left": GREEN})
    assert watch(perception, scene, 20, lambda t: None).violations == []


# what a violation leaves behind


def test_where_nobody_makes_evidence_nothing_is_kept_of_a_violation() -> None:
    scene = Scene([Vehicle(drive(8.0, 11.0))])
    mind = Perception(site(), "j1", "b1", settings=PerceptionSettings(cases=False))
    (violation,) = watch(mind, scene, 40, red_from(10)).violations
    assert mind.whole(violation, START_S + 40.0)
    with pytest.raises(KeyError):
        mind.case(violation)
