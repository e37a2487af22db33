"""Pairs are the likeliest ones, among those who wait and what is on offer, and each track takes over its detection."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from nutgiao.edge.track.pairing import NONE, STRONG, WEAK, grade, pairing_cost, renew
from nutgiao.models.contracts.words import CLASS_CODE, VehicleClass

CAR, RIDER = CLASS_CODE[VehicleClass.CAR], CLASS_CODE[VehicleClass.MOTORCYCLE]
GATE, OTHER_KIND_COST = 16.0, 6.0


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(0, 6), m=st.integers(0, 6))
def test_a_pairing_costs_what_the_likelihood_written_out_says(seed: int, n: int, m: int) -> None:
    random = np.random.default_rng(seed)
    state, ground = random.uniform(0, 6, (n, 4)), random.uniform(0, 6, (m, 2))
    root = random.normal(size=(n, 4, 4))
    covariance, noise = root @ root.transpose(0, 2, 1), np.tile([0.3, 0.05, 0.4], (m, 1))
    kinds, detected = random.integers(0, 3, n).astype(np.int8), random.integers(0, 3, m).astype(np.int8)
    misses, grades = random.integers(0, 3, n), random.integers(0, 3, m).astype(np.int8)
    expected = np.full((n, m), np.inf)
    for i in np.flatnonzero(misses):
        for j in np.flatnonzero(grades == STRONG):
            spread, off = covariance[i, :2, :2] + [[0.3, 0.05], [0.05, 0.4]], ground[j] - state[i, :2]
            distance = off @ np.linalg.inv(spread) @ off
            if distance <= GATE:
                expected[i, j] = distance + np.log(np.linalg.det(spread)) + OTHER_KIND_COST * (kinds[i] != detected[j])
    cost, offer = np.empty((n, m)), (ground, noise, detected, grades, STRONG)
    possible = pairing_cost(state, covariance, kinds, misses, *offer, GATE, OTHER_KIND_COST, cost)
    assert possible == np.isfinite(expected).sum()
    assert np.allclose(cost, expected)


def test_detections_are_graded_by_score_unless_they_have_no_place() -> None:
    scores = np.array([0.39, 0.4, 0.15, 0.14, 0.9, 0.9], np.float32)
    ground, whole = np.zeros((6, 2)), np.array([True, True, True, True, False, True])
    ground[5] = np.nan
    grades = np.full(6, -1, np.int8)
    grade(scores, ground, whole, 0.15, 0.4, grades)
    assert grades.tolist() == [WEAK, STRONG, WEAK, NONE, NONE, NONE]


def test_a_track_takes_over_what_its_detection_looked_like() -> None:
    boxes, old = np.array([[0, 0, 9, 9], [10, 20, 30, 40]], np.float32), np.zeros((2, 4), np.float32)
    grades, classes = np.array([WEAK, STRONG], np.int8), np.array([RIDER, CAR], np.int8)
    foot, scores, votes = np.zeros((2, 2)), np.zeros(2, np.float32), np.zeros((2, 6))
    votes[0, RIDER], votes[1, CAR] = 0.5, 3.0
    hits, misses, seen_s = np.array([3, 3]), np.array([1, 1]), np.array([4.0, 4.0])
    detected = np.array([RIDER, CAR], np.int8), grades
    pool = (old, foot, scores, votes, classes, hits, misses, seen_s)
    renew(np.array([1, -1]), 5.0, boxes, np.array([0.2, 0.75], np.float32), *detected, *pool)
    assert old.tolist() == [[10, 20, 30, 40], [0, 0, 0, 0]]
    assert foot[0].tolist() == [20.0, 40.0]
    assert classes.tolist() == [CAR, CAR]  # 0.75 for a car outweighs 0.5 for a rider
    assert (hits.tolist(), misses.tolist(), seen_s.tolist()) == ([4, 3], [0, 1], [5.0, 4.0])
    assert grades.tolist() == [WEAK, NONE]
