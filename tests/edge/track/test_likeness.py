"""Who shares a place on the ground is told apart by the size of the boxes; where nobody knows the size, by nothing."""

from __future__ import annotations

import numpy as np
import pytest

from nutgiao.edge.track.likeness import foresee, liken
from nutgiao.edge.track.tracker import Tracker
from nutgiao.models.contracts.words import VehicleClass
from nutgiao.models.vision.detections import Detections
from nutgiao.models.vision.homography import fit_homography
from tests.support.scenes import START_S, Pinhole, approach, to_ground

RIDER = VehicleClass.MOTORCYCLE
NOISE_PX, SHAPE, SLOW_SHAPE, SLOW_MPS, SLOW_COST = 2.0, 0.2, 0.12, 2.5, 8.0


def eye() -> Tracker:
    leg = approach()
    camera = Pinhole().camera(leg)
    homography = fit_homography(np.array(camera.ground_pairs))

    def nobody_knows(ground_m: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        n = len(ground_m)
        return np.zeros((n, 2)), np.tile([0.5, 0.8660254], (n, 1)), np.full((n, 2), 4.0)

    return Tracker("j1-cam-b1", homography, (camera.width_px, camera.height_px), nobody_knows)


def cost_of(speed_mps: float, sure: bool, cut: bool, was_cut: bool, box: list[float]) -> float:
    """What the picture adds to a pair whose expected box is 40 wide and 80 high."""
    state, cost = np.array([[0.0, 0.0, speed_mps, 0.0]]), np.zeros((1, 1))
    expected, detected = np.array([[0, 0, 40, 80]], np.float32), np.array([box], np.float32)
    flags = np.array([sure]), np.array([was_cut]), detected, np.array([cut])
    liken(state, expected, *flags, NOISE_PX, SHAPE, SLOW_SHAPE, SLOW_MPS, SLOW_COST, cost)
    return float(cost[0, 0])


def test_a_box_of_another_size_costs_and_one_of_the_same_size_does_not() -> None:
    assert cost_of(9.0, True, False, False, [300, 300, 340, 380]) == 0.0
    variance = 2 * (2.0 / 80) ** 2 + 0.2**2
    assert cost_of(9.0, True, False, False, [0, 40, 40, 80]) == pytest.approx(np.log(2) ** 2 / variance)


@pytest.mark.parametrize(("cut", "was_cut"), [(True, False), (False, True)])
def test_the_height_of_a_box_that_a_nearer_one_cuts_says_nothing(cut: bool, was_cut: bool) -> None:
    assert cost_of(9.0, True, cut, was_cut, [0, 0, 40, 30]) == 0.0
    assert cost_of(9.0, True, cut, was_cut, [0, 0, 20, 80]) > 10.0


def test_where_nobody_knows_how_near_a_vehicle_is_by_now_its_size_says_nothing() -> None:
    assert cost_of(9.0, False, False, False, [0, 0, 10, 10]) == 0.0


def test_in_a_crowd_that_stands_or_rolls_a_stranger_is_near_and_every_pair_costs_more() -> None:
    assert cost_of(1.0, True, False, False, [0, 0, 40, 80]) == SLOW_COST


def test_an_impossible_pair_stays_impossible() -> None:
    cost, box = np.full((1, 1), np.inf), np.array([[0, 0, 40, 80]], np.float32)
    flags = np.array([True]), np.array([False]), box, np.array([False])
    liken(np.zeros((1, 4)), box, *flags, NOISE_PX, SHAPE, SLOW_SHAPE, SLOW_MPS, SLOW_COST, cost)
    assert np.isposinf(cost).all()


def test_the_expected_box_is_where_the_camera_would_see_the_vehicle_and_unsure_is_said() -> None:
    leg, camera = approach(), Pinhole()
    homography = fit_homography(np.array(camera.camera(leg).ground_pairs))
    far, near = (camera.box(x, 4.5, RIDER).astype(np.float32) for x in (30.0, 15.0))
    place = to_ground(leg, np.array([15.0]), np.array([4.5]))
    state = np.hstack([np.vstack([place, place]), np.zeros((2, 2))])
    covariance = np.stack([np.eye(4) * 0.01, np.eye(4) * 400.0])
    boxes, sure = np.stack([far, far]), np.empty(2, np.bool_)
    foot = np.column_stack([0.5 * (boxes[:, 0] + boxes[:, 2]), boxes[:, 3]]).astype(np.float64)
    foresee(state, covariance, homography.to_ground, homography.to_image, boxes, foot, sure)
    assert sure.tolist() == [True, False]
    assert boxes[0] == pytest.approx(near, abs=3.0)  # nearer and larger; the top of a body grows by a little more


def test_a_rider_seen_again_behind_another_keeps_the_identity_that_the_other_never_had() -> None:
    # Two who stand one before the other, both boxes end at the same row: the near one is missed now and then, and for
    # a while the far one, too. What is left is of the wrong height for whoever is missing.
    tracker, shown = eye(), {}
    tall = Pinhole().box(12.0, 4.5, RIDER)
    low = tall + np.array([1.0, 0.45 * (tall[3] - tall[1]), 1.0, 0.0])
    for k in range(40):
        seen = [tall] if k % 10 < 5 else [low]
        found = Detections(np.array(seen, np.float32), np.full(1, 0.9, np.float32), np.zeros(1, np.int8))
        tracks = tracker.step(START_S + k / 6.0, found)
        for i in np.flatnonzero(tracks.unseen_s == 0.0):
            shown.setdefault(tracks.ids[i], set()).add(k % 10 < 5)
    assert len(shown) == 2
    assert all(len(looks) == 1 for looks in shown.values())
