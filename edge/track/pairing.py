"""Kernels about pairs: which detections are on offer, what each pairing costs, and what a track takes over."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.track.occlusion import follow_box
from nutgiao.models.jit import kernel

Floats = NDArray[np.float64]

NONE, WEAK, STRONG = range(3)
"""Grades of a detection: to be left alone, to keep a track alive, to start and confirm one."""


@kernel("void(f4[::1], f8[:, ::1], b1[::1], f8, f8, i1[::1])")
def grade(
    scores: NDArray[np.float32],
    ground_m: Floats,
    whole: NDArray[np.bool_],
    low_score: float,
    high_score: float,
    grades: NDArray[np.int8],
) -> None:
    """Grades detections by their score; those that the rim cuts and those beyond the horizon are left alone.

    Args:
        scores: ``(n,)``.
        ground_m: ``(n, 2)``; NaN beyond the horizon.
        whole: ``(n,)`` not cut by the rim.
        low_score: weak from here up.
        high_score: strong from here up.
        grades: ``(n,)`` output.
    """
    low, high = np.float32(low_score), np.float32(high_score)
    for i in range(len(scores)):
        grades[i] = NONE
        if np.isfinite(ground_m[i, 0]) and whole[i]:
            grades[i] = STRONG if scores[i] >= high else WEAK if scores[i] >= low else NONE


@kernel(
    "i8(f8[:, ::1], f8[:, :, ::1], i1[::1], i8[::1], f8[:, ::1], f8[:, ::1], i1[::1], i1[::1], i8, f8, f8, f8[:, ::1])"
)
def pairing_cost(
    state: Floats,
    covariance: Floats,
    kinds: NDArray[np.int8],
    misses: NDArray[np.int64],
    ground_m: Floats,
    ground_covariance: Floats,
    detected: NDArray[np.int8],
    grades: NDArray[np.int8],
    offered: int,
    gate: float,
    other_kind_cost: float,
    cost: Floats,
) -> int:
    """Minus twice the log-likelihood of each pairing, without its constant; ``inf`` outside the gate.

    The logarithm of the determinant keeps a new track, which fits anything loosely, from taking the detection that an
    old track fits closely.

    Args:
        state: ``(n, 4)`` predicted.
        covariance: ``(n, 4, 4)`` predicted.
        kinds: ``(n,)`` size group of the track.
        misses: ``(n,)`` frames without detection, this one included; 0 has had its detection and pairs with nothing.
        ground_m: ``(m, 2)``.
        ground_covariance: ``(m, 3)`` xx, xy, yy.
        detected: ``(m,)`` size group of the detection.
        grades: ``(m,)``.
        offered: detections of other grades pair with nothing.
        gate: largest squared Mahalanobis distance.
        other_kind_cost: added where the groups differ.
        cost: ``(n, m)`` output.

    Returns:
        How many pairings are possible.
    """
    possible = 0
    for i in range(len(state)):
        for j in range(len(ground_m)):
            cost[i, j] = np.inf
            if misses[i] == 0 or grades[j] != offered:
                continue
            dx, dy = ground_m[j, 0] - state[i, 0], ground_m[j, 1] - state[i, 1]
            sxx = covariance[i, 0, 0] + ground_covariance[j, 0]
            sxy = covariance[i, 0, 1] + ground_covariance[j, 1]
            syy = covariance[i, 1, 1] + ground_covariance[j, 2]
            if not (dx * dx <= gate * sxx and dy * dy <= gate * syy):  # false for NaN
                continue
            det = sxx * syy - sxy * sxy
            distance = (dx * dx * syy - 2.0 * dx * dy * sxy + dy * dy * sxx) / det
            if distance <= gate:
                cost[i, j] = distance + np.log(det)
                possible += 1
                if kinds[i] != detected[j]:
                    cost[i, j] += other_kind_cost
    return possible


@kernel(
    "i8(f8[:, ::1], f8[:, ::1], f8[:, ::1], f4[:, ::1], f8[:, ::1], i1[::1], i8[::1],"
    " f4[:, ::1], i1[::1], i1[::1], i8, f8, f8[:, ::1])"
)
def overlap_cost(
    state: Floats,
    to_ground: Floats,
    to_image: Floats,
    track_boxes_px: NDArray[np.float32],
    foot_px: Floats,
    kinds: NDArray[np.int8],
    misses: NDArray[np.int64],
    boxes_px: NDArray[np.float32],
    detected: NDArray[np.int8],
    grades: NDArray[np.int8],
    offered: int,
    least: float,
    cost: Floats,
) -> int:
    """One minus the overlap (intersection over union) of a track's expected box with each detection.

    Args:
        state: ``(n, 4)`` predicted.
        to_ground: ``(3, 3)`` the camera's map.
        to_image: ``(3, 3)`` its inverse.
        track_boxes_px: ``(n, 4)`` last box; it is moved with the place and grows with nearness.
        foot_px: ``(n, 2)`` middle of its lower edge.
        kinds: ``(n,)`` size group of the track; it pairs with its own only.
        misses: ``(n,)`` frames without detection, this one included; 0 pairs with nothing.
        boxes_px: ``(m, 4)`` detected.
        detected: ``(m,)`` size group of the detection.
        grades: ``(m,)``.
        offered: detections of other grades pair with nothing.
        least: smallest overlap.
        cost: ``(n, m)`` output, ``inf`` where the overlap is smaller.

    Returns:
        How many pairings are possible.
    """
    possible = 0
    box, foot = np.empty(4, np.float32), np.empty(2)
    for i in range(len(state)):
        cost[i, :] = np.inf
        if misses[i] == 0:
            continue
        box[:], foot[:] = track_boxes_px[i], foot_px[i]
        follow_box(state[i], to_ground, to_image, box, foot)
        for j in range(len(boxes_px)):
            if grades[j] != offered or kinds[i] != detected[j]:
                continue
            across = min(box[2], boxes_px[j, 2]) - max(box[0], boxes_px[j, 0])
            down = min(box[3], boxes_px[j, 3]) - max(box[1], boxes_px[j, 1])
            if across <= 0.0 or down <= 0.0:
                continue
            both = across * down
            one = (box[2] - box[0]) * (box[3] - box[1])
            other = (boxes_px[j, 2] - boxes_px[j, 0]) * (boxes_px[j, 3] - boxes_px[j, 1])
            overlap = both / (one + other - both)
            if overlap >= least:
                cost[i, j] = 1.0 - overlap
                possible += 1
    return possible


@kernel(
    "void(i8[::1], f8, f4[:, ::1], f4[::1], i1[::1], i1[::1],"
    " f4[:, ::1], f8[:, ::1], f4[::1], f8[:, ::1], i1[::1], i8[::1], i8[::1], f8[::1])"
)
def renew(
    taken: NDArray[np.int64],
    time_s: float,
    boxes_px: NDArray[np.float32],
    scores: NDArray[np.float32],
    detected: NDArray[np.int8],
    grades: NDArray[np.int8],
    track_boxes_px: NDArray[np.float32],
    foot_px: Floats,
    track_scores: NDArray[np.float32],
    votes: Floats,
    classes: NDArray[np.int8],
    hits: NDArray[np.int64],
    misses: NDArray[np.int64],
    seen_s: Floats,
) -> None:
    """Notes with each track what its detection looked like, in place, and takes the detection off the offer.

    Args:
        taken: ``(n,)`` detection of each track, -1 for none.
        time_s: capture time.
        boxes_px: ``(m, 4)`` detected.
        scores: ``(m,)``.
        detected: ``(m,)`` class codes.
        grades: ``(m,)``; none from now on for those taken.
        track_boxes_px: ``(n, 4)`` this and the following are the columns of the pool.
        foot_px: ``(n, 2)``.
        track_scores: ``(n,)``.
        votes: ``(n, classes)``.
        classes: ``(n,)``.
        hits: ``(n,)``.
        misses: ``(n,)``.
        seen_s: ``(n,)``.
    """
    for i in range(len(taken)):
        j = taken[i]
        if j < 0:
            continue
        track_boxes_px[i, :] = boxes_px[j, :]
        foot_px[i, 0], foot_px[i, 1] = 0.5 * (boxes_px[j, 0] + boxes_px[j, 2]), boxes_px[j, 3]
        track_scores[i] = scores[j]
        votes[i, detected[j]] += scores[j]
        classes[i] = np.argmax(votes[i])
        hits[i] += 1
        misses[i] = 0
        seen_s[i] = time_s
        grades[j] = NONE
