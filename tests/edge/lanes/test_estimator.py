"""Queues, departures and arrivals as a counter at the roadside would write them down."""

from __future__ import annotations

import pytest

from nutgiao.edge.perception import Perception
from nutgiao.models.contracts.words import VehicleClass
from nutgiao.models.vision.detections import DetectedFrame, Detections
from tests.support.scenes import GREEN, RED, START_S, Scene, Vehicle, Watched, brake, drive, site, stand, start, watch

CAR, BUS, BICYCLE = VehicleClass.CAR, VehicleClass.BUS, VehicleClass.BICYCLE


def seen(vehicles: list[Vehicle], seconds: int, **scene: float) -> Watched:
    return watch(Perception(site(), "j1", "b1"), Scene(vehicles, **scene), seconds)  # type: ignore[arg-type]


def test_an_empty_street_is_an_answer_and_a_good_one() -> None:
    states = seen([], 5).seconds[-1].lane_states
    assert [state.lane for state in states] == ["lane_1", "lane_2", "lane_3"]
    assert all(s.queue_veh == 0 and s.back_of_queue_m == 0 and s.speed_mps is None and s.quality == 1 for s in states)


def test_no_frame_is_no_answer() -> None:
    perception = Perception(site(), "j1", "b1")
    assert {state.quality for state in perception.second(START_S).lane_states} == {0.0}


def test_a_queue_is_counted_in_vehicles_and_motorcycle_units_with_those_ahead_of_the_line() -> None:
    lane_1 = [Vehicle(stand(x), 1.5) for x in (-2.0, 1.0, 4.0, 7.0)]
    lane_2 = [Vehicle(stand(1.0), 4.5, CAR), Vehicle(stand(7.0), 4.5, BUS), Vehicle(drive(10.0, 14.0), 4.6, CAR)]
    first, second, third = seen(lane_1 + lane_2, 10).seconds[-1].lane_states
    assert (first.queue_veh, first.ahead_veh, first.queue_mcu) == (4, 1, 4.0)
    assert first.back_of_queue_m == pytest.approx(8.9, abs=0.5)
    assert (second.queue_veh, second.queue_mcu) == (2, pytest.approx(13.9))
    assert second.back_of_queue_m == pytest.approx(18.0, abs=0.8)
    assert third.queue_veh == 0
    assert second.occupancy > first.occupancy > third.occupancy == 0


def test_a_queue_to_the_end_of_view_says_so() -> None:
    queue = [Vehicle(stand(1.0 + 6.0 * k), 4.5, CAR) for k in range(11)]
    states = seen(queue, 10).seconds[-1].lane_states
    assert [state.beyond_view for state in states] == [False, True, False]


@pytest.mark.slow
def test_jitter_of_a_standing_queue_is_no_departure() -> None:
    # a front exactly on the line, for a thousand frames
    crowd = [Vehicle(stand(0.0 + 2.4 * (k // 6)), 0.8 + 1.45 * (k % 6)) for k in range(60)]
    watched = seen(crowd, 500, miss_share=0.05)
    assert watched.crossings == []
    assert sum(state.arrivals_mcu for second in watched.seconds[10:] for state in second.lane_states) == 0


@pytest.mark.parametrize("miss_share", [0.0, 0.05])
def test_a_released_queue_departs_once_each(miss_share: float) -> None:
    queue = [
        Vehicle(
            start(0.5 + 3.0 * (k // 4), 5.0 + 0.8 * (k // 4)),
            1.0 + 2.2 * (k % 4),
            BICYCLE if k % 7 == 3 else VehicleClass.MOTORCYCLE,
        )
        for k in range(34)
    ]
    watched = seen(queue, 35, miss_share=miss_share)
    assert len(watched.crossings) == 34
    assert len({crossing.track for crossing in watched.crossings}) == 34
    states = [state for second in watched.seconds for state in second.lane_states]
    assert sum(state.departures_veh for state in states) == 34
    assert sum(state.departures_mcu for state in states) == pytest.approx(
        29 + 5 * 1.4, abs=0.5
    )  # a bicycle may be taken for its neighbour


def test_the_instant_of_a_departure_lies_between_the_frames() -> None:
    for crosses_s in (6.0, 6.2, 6.35):
        (crossing,) = seen([Vehicle(drive(9.0, crosses_s), 4.5, CAR)], 12).crossings
        assert crossing.time_s - START_S == pytest.approx(crosses_s, abs=0.1)
        assert crossing.speed_mps == pytest.approx(9.0, abs=1.5)
        assert (crossing.lane, crossing.vehicle_class) == ("lane_2", CAR)


def test_arrivals_and_departures_add_up() -> None:
    riders = [Vehicle(drive(8.0, 8.0 + 1.3 * k), 1.5 + 3.0 * (k % 3)) for k in range(20)]
    watched = seen(riders, 45)
    states = [state for second in watched.seconds for state in second.lane_states]
    assert sum(state.arrivals_mcu for state in states) == sum(state.departures_mcu for state in states) == 20
    assert all(state.queue_veh == 0 for state in watched.seconds[-1].lane_states)


def test_when_everything_is_covered_the_queue_is_kept_for_a_moment_and_the_quality_falls() -> None:
    perception, scene = Perception(site(), "j1", "b1"), Scene([Vehicle(stand(3.0 + 3 * k), 4.5) for k in range(8)])
    before = watch(perception, scene, 8).seconds[-1].lane_states[1]
    covered = []
    for k in range(1, 10):
        perception.on_frame(DetectedFrame("cam", START_S + 7.0 + k / 2, 100 + k, Detections.empty()))
        covered.append(perception.second(START_S + 7.0 + k / 2).lane_states[1])
    assert (before.queue_veh, before.quality) == (8, 1.0)
    assert (covered[0].queue_veh, covered[0].quality) == (8, 0.0)
    assert (covered[-1].queue_veh, covered[-1].quality) == (0, 0.0)


def test_who_brakes_behind_a_queue_joins_it() -> None:
    riders = [Vehicle(brake(8.0, 1.0 + 3.0 * k, 8.0 + 2.0 * k), 4.5) for k in range(5)]
    watched = watch(Perception(site(), "j1", "b1"), Scene(riders), 24, lambda t: RED if t else GREEN)
    queue = [second.lane_states[1].queue_veh for second in watched.seconds]
    assert queue[-1] == 5
    assert queue == sorted(queue)
