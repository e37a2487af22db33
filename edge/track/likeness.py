"""Kernels that judge a pair by its boxes in the picture: whether a detection is as wide and high as expected.

On the ground, two riders who stand one behind the other share a lower edge when the nearer one hides the wheels of the
other: their places are the same, and only the boxes tell them apart.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.track.occlusion import follow_box
from nutgiao.models.jit import kernel

Floats = NDArray[np.float64]
Boxes = NDArray[np.float32]
Bools = NDArray[np.bool_]


@kernel("void(f8[:, ::1], f8[:, :, ::1], f8[:, ::1], f8[:, ::1], f4[:, ::1], f8[:, ::1], b1[::1])")
def foresee(
    state: Floats,
    covariance: Floats,
    to_ground: Floats,
    to_image: Floats,
    boxes_px: Boxes,
    foot_px: Floats,
    sure: Bools,
) -> None:
    """Moves the last box of each track to where the ground filter expects it, in place.

    Args:
        state: ``(n, 4)`` predicted x, y, vx, vy.
        covariance: ``(n, 4, 4)`` predicted.
        to_ground: ``(3, 3)`` the camera's map.
        to_image: ``(3, 3)`` its inverse.
        boxes_px: ``(n, 4)`` last boxes, a copy.
        foot_px: ``(n, 2)`` middles of their lower edges, a copy.
        sure: ``(n,)`` output: the expected place has a standard error smaller than the box, across and down. Of others
            nobody knows how far from the camera they are by now, so nobody knows how large either.
    """
    h = to_image
    for i in range(len(state)):
        follow_box(state[i], to_ground, to_image, boxes_px[i], foot_px[i])
        u, v = foot_px[i, 0], foot_px[i, 1]
        w = h[2, 0] * state[i, 0] + h[2, 1] * state[i, 1] + h[2, 2]
        sure[i] = False
        if w <= 1e-9:  # behind the camera
            continue
        ux, uy = (h[0, 0] - u * h[2, 0]) / w, (h[0, 1] - u * h[2, 1]) / w
        vx, vy = (h[1, 0] - v * h[2, 0]) / w, (h[1, 1] - v * h[2, 1]) / w
        p = covariance[i]
        across = ux * ux * p[0, 0] + 2.0 * ux * uy * p[0, 1] + uy * uy * p[1, 1]
        down = vx * vx * p[0, 0] + 2.0 * vx * vy * p[0, 1] + vy * vy * p[1, 1]
        wide, high = boxes_px[i, 2] - boxes_px[i, 0], boxes_px[i, 3] - boxes_px[i, 1]
        sure[i] = across < wide * wide and down < high * high


@kernel("void(f8[:, ::1], f4[:, ::1], b1[::1], b1[::1], f4[:, ::1], b1[::1], f8, f8, f8, f8, f8, f8[:, ::1])")
def liken(
    state: Floats,
    expected_px: Boxes,
    sure: Bools,
    was_cut: Bools,
    boxes_px: Boxes,
    cut: Bools,
    noise_px: float,
    shape: float,
    slow_shape: float,
    slow_mps: float,
    slow_cost: float,
    cost: Floats,
) -> None:
    """Adds to the cost of each possible pair what its boxes say, in place.

    Width and height are log-normal about the expected ones: each adds the square of the logarithm of the ratio over
    its variance, that of a difference of two edges on both boxes and a share for what a detector makes of the same
    road user in two pictures. The height of a box that a nearer one cuts says nothing.

    Args:
        state: ``(n, 4)`` predicted.
        expected_px: ``(n, 4)`` from `foresee`.
        sure: ``(n,)`` from `foresee`; the shape of others is not judged.
        was_cut: ``(n,)`` the last box of the track was cut at its bottom.
        boxes_px: ``(m, 4)`` detected.
        cut: ``(m,)`` cut at its bottom.
        noise_px: standard error of a box edge, pixels.
        shape: see `TrackerSettings`, as are the next three.
        slow_shape: there.
        slow_mps: there.
        slow_cost: there.
        cost: ``(n, m)``; ``inf`` stays.
    """
    for i in range(len(state)):
        slow = np.hypot(state[i, 2], state[i, 3]) < slow_mps
        crowd, share = (slow_cost, slow_shape) if slow else (0.0, shape)
        for j in range(len(boxes_px)):
            if cost[i, j] == np.inf:
                continue
            cost[i, j] += crowd
            if not sure[i]:
                continue
            for a in range(2):
                if a == 1 and (cut[j] or was_cut[i]):
                    continue
                expected = max(np.float64(expected_px[i, a + 2]) - expected_px[i, a], 1.0)
                off = np.log(max(np.float64(boxes_px[j, a + 2]) - boxes_px[j, a], 1.0) / expected)
                edges = noise_px / expected
                cost[i, j] += off * off / (2.0 * edges * edges + share * share)
