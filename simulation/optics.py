"""Kernels of the virtual camera: the bodies before it, their boxes in the picture, and what nearer ones hide."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.jit import kernel

GRID_U, GRID_V = 6, 8
"""A box is judged by so many points across and down."""

NEAREST_M, FARTHEST_M = 12.0, 150.0


@kernel("i8(f8[::1], f8[:, ::1], f8[::1], f8[:, ::1], i8[::1], f8[:, ::1])")
def picture_boxes(
    camera: NDArray[np.float64],
    centres: NDArray[np.float64],
    headings: NDArray[np.float64],
    sizes: NDArray[np.float64],
    rows: NDArray[np.int64],
    boxes: NDArray[np.float64],
) -> int:
    """Boxes of the bodies before the camera, nearest first.

    Args:
        camera: ``(10,)`` as made by `nutgiao.simulation.virtual_camera.Pinhole.parameters`.
        centres: ``(n, 2)`` middles of bodies, metres.
        headings: ``(n,)`` degrees clockwise from +y.
        sizes: ``(n, 3)`` length, width, height, metres.
        rows: ``(n,)`` output, row of each body that is seen.
        boxes: ``(n, 4)`` output, left, top, right, bottom in pixels; may lie partly outside the picture.

    Returns:
        How many rows and boxes were written.
    """
    cosine, sine, focal = camera[5], camera[6], camera[7]
    ranges = np.empty(centres.shape[0])
    count = 0
    for i in range(centres.shape[0]):
        dx, dy = centres[i, 0] - camera[0], centres[i, 1] - camera[1]
        ahead = dx * camera[3] + dy * camera[4]
        aside = dx * camera[4] - dy * camera[3]
        if ahead < NEAREST_M or ahead > FARTHEST_M or abs(aside) > 8.0 + 0.32 * ahead:
            continue
        place = count
        while place > 0 and ranges[place - 1] > ahead:
            ranges[place] = ranges[place - 1]
            rows[place] = rows[place - 1]
            place -= 1
        ranges[place] = ahead
        rows[place] = i
        count += 1
    kept = 0
    for k in range(count):
        i = rows[k]
        turn = headings[i] * math.pi / 180.0
        hx, hy = math.sin(turn), math.cos(turn)
        left = top = 1e9
        right = bottom = -1e9
        for corner in range(8):
            along = (0.5 if corner & 1 else -0.5) * sizes[i, 0]
            across = (0.5 if corner & 2 else -0.5) * sizes[i, 1]
            dx = centres[i, 0] + along * hx + across * hy - camera[0]
            dy = centres[i, 1] + along * hy - across * hx - camera[1]
            below = camera[2] - (sizes[i, 2] if corner & 4 else 0.0)
            ahead = dx * camera[3] + dy * camera[4]
            aside = dx * camera[4] - dy * camera[3]
            depth = max(ahead * cosine + below * sine, 1.0)
            u = camera[8] + focal * aside / depth
            v = camera[9] + focal * (below * cosine - ahead * sine) / depth
            left, right = min(left, u), max(right, u)
            top, bottom = min(top, v), max(bottom, v)
        if right > 0.0 and bottom > 0.0 and left < 2.0 * camera[8] and top < 2.0 * camera[9]:
            rows[kept] = i
            boxes[kept, 0], boxes[kept, 1], boxes[kept, 2], boxes[kept, 3] = left, top, right, bottom
            kept += 1
    return kept


@kernel("void(f8[:, ::1], i8, f8, f8, f8, f8[:, ::1], f8[::1])")
def cover(
    boxes: NDArray[np.float64],
    count: int,
    width_px: float,
    height_px: float,
    cut_share: float,
    seen: NDArray[np.float64],
    visible: NDArray[np.float64],
) -> None:
    """What is left of each box when nearer ones and the picture's rim hide parts of it.

    Args:
        boxes: ``(m, 4)`` boxes, nearest body first, pixels.
        count: how many of them are meant.
        width_px: width of the picture.
        height_px: height of the picture.
        cut_share: how far a box shrinks towards its visible part: 0 not at all, 1 wholly.
        seen: ``(m, 4)`` output, boxes cut to what is visible.
        visible: ``(m,)`` output, share of the box that is visible.
    """
    nearer = np.empty(count, np.int64)
    for i in range(count):
        left, top, right, bottom = boxes[i, 0], boxes[i, 1], boxes[i, 2], boxes[i, 3]
        coverers = 0
        for j in range(i):
            if boxes[j, 0] < right and boxes[j, 2] > left and boxes[j, 1] < bottom and boxes[j, 3] > top:
                nearer[coverers] = j
                coverers += 1
        u0, v0, u1, v1 = right, bottom, left, top
        du, dv = (right - left) / GRID_U, (bottom - top) / GRID_V
        free = 0
        for row in range(GRID_V):
            v = top + (row + 0.5) * dv
            for column in range(GRID_U):
                u = left + (column + 0.5) * du
                hidden = u < 0.0 or v < 0.0 or u > width_px or v > height_px
                for c in range(coverers):
                    j = nearer[c]
                    if boxes[j, 0] < u < boxes[j, 2] and boxes[j, 1] < v < boxes[j, 3]:
                        hidden = True
                        break
                if hidden:
                    continue
                free += 1
                u0, u1 = min(u0, u - 0.5 * du), max(u1, u + 0.5 * du)
                v0, v1 = min(v0, v - 0.5 * dv), max(v1, v + 0.5 * dv)
        visible[i] = free / (GRID_U * GRID_V)
        if free == 0:
            u0, v0, u1, v1 = left, top, right, bottom
        seen[i, 0], seen[i, 1] = left + cut_share * (u0 - left), top + cut_share * (v0 - top)
        seen[i, 2], seen[i, 3] = right + cut_share * (u1 - right), bottom + cut_share * (v1 - bottom)


@kernel(
    "i8(f8[:, ::1], f8[:, ::1], f8[::1], i8, i1[::1], f8[:, ::1], f8[:, ::1], f8[::1], f4[:, ::1], f4[::1], i1[::1])"
)
def report(
    seen: NDArray[np.float64],
    whole: NDArray[np.float64],
    visible: NDArray[np.float64],
    count: int,
    classes: NDArray[np.int8],
    normal: NDArray[np.float64],
    uniform: NDArray[np.float64],
    detector: NDArray[np.float64],
    boxes_px: NDArray[np.float32],
    scores: NDArray[np.float32],
    codes: NDArray[np.int8],
) -> int:
    """Turns visible boxes into a detector's answer: noise and misses.

    Args:
        seen: ``(m, 4)`` visible parts of boxes, pixels.
        whole: ``(m, 4)`` whole boxes, pixels.
        visible: ``(m,)`` visible share.
        count: how many are meant.
        classes: ``(count,)`` class as the detector takes it.
        normal: ``(count, 5)`` standard normal draws: four edges and the score.
        uniform: ``(count, 1)`` draws in 0..1 that decide on a miss.
        detector: ``(8,)`` noise of an edge in pixels and as a share of the size, height in pixels seen half the time
            and its slope, visible share seen half the time and its slope, width and height of the picture.
        boxes_px: ``(count, 4)`` output.
        scores: ``(count,)`` output.
        codes: ``(count,)`` output.

    Returns:
        How many were detected.
    """
    kept = 0
    for i in range(count):
        height = whole[i, 3] - whole[i, 1]
        by_height = 1.0 / (1.0 + math.exp((detector[2] - height) / detector[3]))
        by_view = 1.0 / (1.0 + math.exp((detector[4] - visible[i]) / detector[5]))
        chance = 0.985 * by_height * by_view
        if visible[i] <= 0.05 or uniform[i, 0] >= chance:
            continue
        sigma_u = detector[0] + detector[1] * (seen[i, 2] - seen[i, 0])
        sigma_v = detector[0] + detector[1] * (seen[i, 3] - seen[i, 1])
        left = min(max(seen[i, 0] + sigma_u * normal[i, 0], 0.0), detector[6])
        top = min(max(seen[i, 1] + sigma_v * normal[i, 1], 0.0), detector[7])
        right = min(max(seen[i, 2] + sigma_u * normal[i, 2], 0.0), detector[6])
        bottom = min(max(seen[i, 3] + sigma_v * normal[i, 3], 0.0), detector[7])
        if right - left < 3.0 or bottom - top < 3.0:
            continue
        boxes_px[kept, 0], boxes_px[kept, 1], boxes_px[kept, 2], boxes_px[kept, 3] = left, top, right, bottom
        scores[kept] = min(max(0.35 + 0.55 * chance + 0.06 * normal[i, 4], 0.26), 0.98)
        codes[kept] = classes[i]
        kept += 1
    return kept
