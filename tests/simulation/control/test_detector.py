"""The camera's detector: misses as often and as long as promised, and bodies hidden by tall ones."""

from __future__ import annotations

import numpy as np
import pytest

from nutgiao.simulation.control.detector import CameraFigures, Detector
from nutgiao.simulation.control.world import Body
from tests.support.watched_streets import SHARP


def body(token: str, length_m: float = 5.0, height_m: float = 1.5, speed_mps: float = 0.0) -> Body:
    return Body(token, 0, 0.0, speed_mps, length_m, height_m)


@pytest.mark.parametrize("distance_m", [0.0, 60.0, 90.0])
def test_a_free_body_is_missed_as_often_as_promised_and_in_streaks(distance_m: float) -> None:
    figures = CameraFigures(near_miss=0.05, far_miss=0.3, miss_s=3.0)
    detector, one = Detector(figures, np.random.default_rng(2)), body("a")
    seen = np.array([bool(detector.find([(0, [(distance_m, one)])])) for _ in range(20_000)])
    assert np.mean(~seen) == pytest.approx(figures.miss(distance_m), rel=0.15)
    starts = np.count_nonzero(seen[:-1] & ~seen[1:])
    assert np.count_nonzero(~seen) / starts == pytest.approx(3.0, rel=0.1)


def test_more_is_missed_farther_away() -> None:
    figures = CameraFigures()
    assert figures.miss(0.0) < figures.miss(50.0) < figures.miss(90.0) == figures.far_miss


def seen_share(ahead: Body, gap_m: float, ahead_m: float = 40.0) -> float:
    detector, behind = Detector(SHARP, np.random.default_rng(3)), body("behind")
    place_m = ahead_m + ahead.length_m + gap_m
    looks = [detector.find([(0, [(place_m, behind), (ahead_m, ahead)])]) for _ in range(400)]
    return float(np.mean([(0, "behind") in found for found in looks]))


def test_a_bus_hides_the_car_right_behind_it_and_not_one_far_behind() -> None:
    bus = body("bus", 12.0, 3.4)
    assert seen_share(bus, 2.5) == 0.0
    assert seen_share(bus, 60.0) == 1.0


def test_a_car_hides_no_car_near_the_line_but_in_the_far_part_of_a_dense_queue() -> None:
    assert seen_share(body("car"), 2.5, 5.0) > 0.95
    assert seen_share(body("car"), 2.5, 80.0) < 0.7


def test_a_motorcycle_beside_another_is_seen_as_well() -> None:
    detector = Detector(SHARP, np.random.default_rng(4))
    pair = [(3.0, body("one", 2.2)), (3.2, body("other", 2.2))]
    assert len(detector.find([(0, pair)])) == 2


def test_distances_are_noisier_farther_away() -> None:
    detector = Detector(SHARP, np.random.default_rng(5))

    def spread_m(distance_m: float) -> float:
        one = body("a")
        return float(np.std([detector.find([(0, [(distance_m, one)])])[0, "a"].distance_m for _ in range(2000)]))

    assert spread_m(5.0) == pytest.approx(SHARP.position_noise_m(5.0), rel=0.1)
    assert spread_m(85.0) > 3.0 * spread_m(5.0)
