"""Kernels that pair boxes by how much they overlap in the picture.

Detections come sorted by their left edge, so each box is compared with its neighbours only; and a crowd falls into
groups that share no pair, each of which is an assignment of its own. The result is that of one assignment over all, but
the cost grows with the number of boxes and not with its square or cube.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.jit import kernel
from nutgiao.models.vision.assignment import assign_kernel

Floats = NDArray[np.float64]
Wholes = NDArray[np.int64]

_SHAPE_COST = 0.1  # per factor of e in width or height
_SCORE_COST = 0.3  # of a detection with score 0


@kernel("i8(f8[:, ::1], i8[::1], i8, f8)")
def first_from(boxes_px: Floats, order: Wholes, n: int, least_px: float) -> int:
    """Where in the order the boxes begin whose left edge is not left of a column of the picture.

    Args:
        boxes_px: ``(m, 4)`` left, top, right, bottom.
        order: ``(>= n,)`` boxes by their left edge.
        n: how many of the order count.
        least_px: the column.
    """
    low, high = 0, n
    while low < high:
        middle = (low + high) // 2
        if boxes_px[order[middle], 0] < least_px:
            low = middle + 1
        else:
            high = middle
    return low


@kernel("i8(i8[::1], i8)")
def group_of(parent: Wholes, member: int) -> int:
    """The representative of a member's group; paths are halved on the way.

    Args:
        parent: ``(m,)`` of each member another of its group, in the end the representative itself.
        member: whose.
    """
    while parent[member] != member:
        parent[member] = parent[parent[member]]
        member = parent[member]
    return member


@kernel("void(f8[:, ::1], i8[::1], f8, b1[::1], b1[::1])")
def seen_twice(
    boxes_px: Floats, order: Wholes, same: float, known: NDArray[np.bool_], twice: NDArray[np.bool_]
) -> None:
    """Which boxes nobody has, but show a road user that another box shows whom somebody has.

    Args:
        boxes_px: ``(m, 4)`` left, top, right, bottom.
        order: ``(m,)`` boxes by their left edge.
        same: boxes whose intersection over union is greater show the same road user.
        known: ``(m,)`` detections that a track has.
        twice: ``(m,)`` output.
    """
    m = len(order)
    twice[:] = False
    for a in range(m):
        i = order[a]
        for b in range(a + 1, m):
            j = order[b]
            if boxes_px[j, 0] >= boxes_px[i, 2]:
                break
            if known[i] == known[j]:
                continue
            across = min(boxes_px[i, 2], boxes_px[j, 2]) - boxes_px[j, 0]
            down = min(boxes_px[i, 3], boxes_px[j, 3]) - max(boxes_px[i, 1], boxes_px[j, 1])
            if down <= 0.0:
                continue
            common = across * down
            area = (boxes_px[i, 2] - boxes_px[i, 0]) * (boxes_px[i, 3] - boxes_px[i, 1])
            area += (boxes_px[j, 2] - boxes_px[j, 0]) * (boxes_px[j, 3] - boxes_px[j, 1])
            if common > same * (area - common):
                twice[j if known[i] else i] = True


@kernel("void(i8[::1], i8, i8[::1], i8, f8[:, :, ::1], f8[:, ::1], f4[::1], f8, f8, i8[::1])")
def pair_boxes(  # noqa: PLR0912, PLR0915 - pairs, groups, assignments: one thing after the other
    rows: Wholes,
    n: int,
    columns: Wholes,
    m: int,
    tracks: Floats,
    boxes_px: Floats,
    scores: NDArray[np.float32],
    margin: float,
    least: float,
    column_of: Wholes,
) -> None:
    """Gives tracks their detections so that the worth of all pairs together is the greatest, in place.

    A pair is worth its overlap (intersection over union of both boxes, each made wider and higher by a margin on every
    side: Yang et al. 2023, C-BIoU), less what the shapes differ and less what the detection's score lacks: a detection
    that is hardly believed must fit the better. A pair that is worth nothing is none.

    Args:
        rows: ``(>= n,)`` tracks that wait.
        n: how many.
        columns: ``(>= m,)`` detections on offer, by their left edge.
        m: how many.
        tracks: ``(tracks, 4, 2)``, see `nutgiao.edge.track.boxes`.
        boxes_px: ``(detections, 4)`` left, top, right, bottom.
        scores: ``(detections,)``.
        margin: share of its width and height that each side of a box is moved outwards.
        least: smallest overlap of a pair.
        column_of: ``(tracks,)`` output: detection of each track; those that get none keep what stands there.
    """
    widest = 0.0
    for b in range(m):
        widest = max(widest, boxes_px[columns[b], 2] - boxes_px[columns[b], 0])
    stretch = (1.0 + 2.0 * margin) ** 2
    # pairs row by row: those of row a stand at starts[a] up to starts[a + 1]
    starts, of_column, parent = np.zeros(n + 1, np.int64), np.zeros(m, np.int64), np.arange(m)
    column, worth = np.empty(n * m, np.int64), np.empty(n * m)
    k = 0
    for a in range(n):
        i = rows[a]
        wide, high = tracks[i, 2, 0], tracks[i, 3, 0]
        left, right = tracks[i, 0, 0] - (0.5 + margin) * wide, tracks[i, 0, 0] + (0.5 + margin) * wide
        top, bottom = tracks[i, 1, 0] - (0.5 + margin) * high, tracks[i, 1, 0] + (0.5 + margin) * high
        for b in range(first_from(boxes_px, columns, m, left - (1.0 + margin) * widest), m):
            j = columns[b]
            if boxes_px[j, 0] > right + margin * widest:
                break
            w, h = boxes_px[j, 2] - boxes_px[j, 0], boxes_px[j, 3] - boxes_px[j, 1]
            down = min(bottom, boxes_px[j, 3] + margin * h) - max(top, boxes_px[j, 1] - margin * h)
            across = min(right, boxes_px[j, 2] + margin * w) - max(left, boxes_px[j, 0] - margin * w)
            if down <= 0.0 or across <= 0.0:
                continue
            common = across * down
            share = common / (stretch * (wide * high + w * h) - common)
            if share <= least:
                continue
            share -= _SHAPE_COST * (np.abs(np.log(w / wide)) + np.abs(np.log(h / high)))
            share -= _SCORE_COST * (1.0 - scores[j])
            if share <= 0.0:
                continue
            if k > starts[a]:
                parent[group_of(parent, b)] = group_of(parent, column[k - 1])
            column[k], worth[k] = b, share
            of_column[b] += 1
            k += 1
        starts[a + 1] = k

    # rows of each group, in a chain
    first, next_row = np.full(m, -1, np.int64), np.empty(n, np.int64)
    for a in range(n - 1, -1, -1):
        if starts[a] == starts[a + 1]:
            continue
        b = column[starts[a]]
        if starts[a + 1] == starts[a] + 1 and of_column[b] == 1:
            column_of[rows[a]] = columns[b]
            continue
        group = group_of(parent, b)
        next_row[a] = first[group]
        first[group] = a
    place, index, members = np.empty(m, np.int64), np.empty(m, np.int64), np.empty(n, np.int64)
    for group in range(m):
        if first[group] < 0:
            continue
        height, width, a = 0, 0, first[group]
        while a >= 0:
            members[height] = a
            height += 1
            for e in range(starts[a], starts[a + 1]):
                if of_column[column[e]] > 0:  # each column once
                    of_column[column[e]] = 0
                    place[width] = column[e]
                    width += 1
            a = next_row[a]
        cost, taken = np.full((height, width), np.inf), np.empty(height, np.int64)
        for c in range(width):
            index[place[c]] = c
        for r in range(height):
            for e in range(starts[members[r]], starts[members[r] + 1]):
                cost[r, index[column[e]]] = 1.0 - worth[e]
        assign_kernel(cost, 1.0, taken)
        for r in range(height):
            if taken[r] >= 0:
                column_of[rows[members[r]]] = columns[place[taken[r]]]
