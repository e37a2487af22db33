"""Pairs by overlap are those that one assignment over all boxes would find, though only neighbours are compared."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from nutgiao.edge.track.overlaps import pair_boxes, seen_twice
from nutgiao.models.vision.assignment import assign

SHAPE_COST, SCORE_COST = 0.1, 0.3


def crowd(random: np.random.Generator, n: int, spread_px: float) -> np.ndarray:
    """Boxes as left, top, right, bottom."""
    corner, size = random.uniform(0, spread_px, (n, 2)), random.uniform(10, 60, (n, 2))
    return np.hstack([corner, corner + size])


def shares(one: np.ndarray, two: np.ndarray, margin: float) -> np.ndarray:
    """Intersection over union of each with each, written out."""
    found = np.zeros((len(one), len(two)))
    for i, a in enumerate(one):
        for j, b in enumerate(two):
            a_size, b_size = a[2:] - a[:2], b[2:] - b[:2]
            low = np.maximum(a[:2] - margin * a_size, b[:2] - margin * b_size)
            common = np.prod(np.maximum(0, np.minimum(a[2:] + margin * a_size, b[2:] + margin * b_size) - low))
            both = np.prod((1 + 2 * margin) * a_size) + np.prod((1 + 2 * margin) * b_size)
            found[i, j] = common / (both - common)
    return found


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(0, 14),
    m=st.integers(0, 14),
    margin=st.sampled_from([0.0, 0.2]),
    spread_px=st.sampled_from([60.0, 200.0, 900.0]),
)
def test_pairs_are_worth_as_much_as_those_of_one_assignment(
    seed: int, n: int, m: int, margin: float, spread_px: float
) -> None:
    random = np.random.default_rng(seed)
    old, new, scores = crowd(random, n, spread_px), crowd(random, m, spread_px), random.uniform(0, 1, m)
    scores = scores.astype(np.float32)
    tracks = np.zeros((n, 4, 2))
    tracks[:, :2, 0], tracks[:, 2:, 0] = (old[:, :2] + old[:, 2:]) / 2, old[:, 2:] - old[:, :2]
    rows, columns = np.flatnonzero(random.random(n) < 0.8), np.flatnonzero(random.random(m) < 0.8)
    shape = np.abs(np.log((old[:, 2:] - old[:, :2])[:, None] / (new[:, 2:] - new[:, :2])[None])).sum(axis=2)
    share = shares(old, new, margin)
    worth = np.where(share > 0.05, share - SHAPE_COST * shape - SCORE_COST * (1.0 - scores), 0.0)
    asked = worth[np.ix_(rows, columns)]
    expected = assign(np.where(asked > 0, 1.0 - asked, np.inf), 1.0)
    best = sum(asked[r, c] for r, c in enumerate(expected) if c >= 0)

    column_of = np.full(n, -1)
    order = columns[np.argsort(new[columns, 0])]
    pair_boxes(rows, len(rows), order, len(order), tracks, new, scores, margin, 0.05, column_of)
    paired = np.flatnonzero(column_of >= 0)
    assert set(paired) <= set(rows)
    assert set(column_of[paired]) <= set(columns)
    assert len(set(column_of[paired])) == len(paired)
    assert (worth[paired, column_of[paired]] > 0).all()
    assert np.isclose(worth[paired, column_of[paired]].sum(), best)


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(0, 12))
def test_a_box_over_one_that_a_track_has_shows_the_same_road_user(seed: int, n: int) -> None:
    random = np.random.default_rng(seed)
    boxes, known = crowd(random, n, 40.0), random.random(n) < 0.5
    twice = np.ones(n, np.bool_)
    seen_twice(boxes, np.argsort(boxes[:, 0]), 0.5, known, twice)
    same = shares(boxes, boxes, 0.0) > 0.5
    assert twice.tolist() == [not known[i] and bool((same[i] & known).any()) for i in range(n)]
