"""Kernel that says of each track in a frame whether it joins the queue, leaves it, arrives or departs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.jit import kernel

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

JOIN_MPS = 5 / 3.6
LEAVE_MPS = 7 / 3.6
"""Slower than the one joins the queue, faster than the other leaves it."""

_DEPART_M = 1.0  # a departure is told when the front is this far over the line and moving,
_DEPART_STANDING_M = 2.5  # or this far over in any case: further than a standing front jitters
_CAME_M = 4.0  # after so much way: a new track drives until it is known to stand, up to the next row of the queue
_NEW_SHARE = 0.5  # an arrival appears in the farther half of the view, or moving
_MIDDLE_SHARE = 0.75  # who is first seen nearer than this was there before

KNOWN, QUEUED, STOOD, SINCE_S, DEPARTED, WAITED, X, SPEED, LENGTH, WIDTH, UNITS, LANE, HITS = range(13)
"""Columns of the memory: what is remembered of a track, and, from X on, what it was when it was last there."""

X_M, SPEED_MPS, LENGTH_M, WIDTH_M, MCU, UNSEEN_S, SLOW_S = range(7)
"""Rows of the figures of everyone on the lanes."""

ARRIVED_MCU, DEPARTED_M2, DEPARTED_MCU, DEPARTED_VEH = range(4)
"""Columns of the counts of a second."""


@kernel(
    "i8(f8, f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], i8[::1], i1[::1], i8[::1], f8, f8[:, ::1],"
    " b1[::1], f8[:, ::1], f8[:, ::1], f8[:, ::1], i8[::1], b1[:, ::1], b1[::1])",
    lean=True,
)
def take_in(
    time_s: float,
    x_m: Floats,
    speed_mps: Floats,
    sideways_mps: Floats,
    sd_m: Floats,
    unseen_s: Floats,
    born_x_m: Floats,
    crossed_s: Floats,
    lanes: NDArray[np.int64],
    classes: NDArray[np.int8],
    hits: NDArray[np.int64],
    far_m: float,
    by_class: Floats,
    owed: Bools,
    memory: Floats,
    counts: Floats,
    figures: Floats,
    lane: NDArray[np.int64],
    flags: Bools,
    departs: Bools,
) -> int:
    """Takes one frame in.

    Args:
        time_s: capture time.
        x_m: ``(n,)`` front.
        speed_mps: ``(n,)`` along the approach.
        sideways_mps: ``(n,)``.
        sd_m: ``(n,)`` standard error of x.
        unseen_s: ``(n,)`` seconds since the last detection.
        born_x_m: ``(n,)`` x of the first detection.
        crossed_s: ``(n,)`` instant of the crossing, NaN before it.
        lanes: ``(n,)``.
        classes: ``(n,)`` codes.
        hits: ``(n,)`` detections so far.
        far_m: farthest x that the camera sees well.
        by_class: ``(4, classes)`` length, width, motorcycle-equivalent units and area in a queue.
        owed: ``(lanes,)`` who comes into view waited there before the running green began.
        memory: ``(n, 13)`` what was known before; brought up to this frame.
        counts: ``(lanes, 4)`` arrivals and departures are added here.
        figures: ``(7, capacity)`` output, rows as named above.
        lane: ``(capacity,)`` output.
        flags: ``(3, capacity)`` output: stands in the queue; has never stood; new in mid-view.
        departs: ``(capacity,)`` output: departs now.

    Returns:
        How many depart.
    """
    left = 0
    for i in range(len(x_m)):
        m, x, speed, k, code = memory[i], x_m[i], speed_mps[i], lanes[i], classes[i]
        pace = np.abs(speed)
        if x < 0.0:  # a turning vehicle in the junction moves sideways and is no queue
            pace = np.hypot(speed, sideways_mps[i])
        queued = pace < (LEAVE_MPS if m[QUEUED] else JOIN_MPS)
        new = not m[KNOWN]
        if new:
            m[WAITED] = owed[k]
        # new and from upstream; who is found again in a standing queue is no arrival
        if new and born_x_m[i] > 0.0 and (born_x_m[i] > _NEW_SHARE * far_m or speed > LEAVE_MPS):
            counts[k, ARRIVED_MCU] += by_class[2, code]
        beyond = -x
        if unseen_s[i] > 0.0:  # a front that is only predicted must be over by its own uncertainty too
            beyond -= 2.0 * sd_m[i]
        over = (beyond > _DEPART_M and speed > JOIN_MPS) or beyond > _DEPART_STANDING_M
        came = born_x_m[i] - x > _CAME_M
        departs[i] = over and came and not m[DEPARTED] and not np.isnan(crossed_s[i])
        if departs[i]:
            m[DEPARTED] = 1.0
            left += 1
            counts[k, DEPARTED_MCU] += by_class[2, code]
            counts[k, DEPARTED_VEH] += 1.0
            counts[k, DEPARTED_M2] += by_class[3, code]
        if queued and not m[QUEUED]:
            m[SINCE_S] = time_s
        m[KNOWN], m[QUEUED], m[X], m[SPEED] = 1.0, queued, x, speed
        m[STOOD] = max(m[STOOD], m[QUEUED])
        m[LENGTH], m[WIDTH], m[UNITS] = by_class[0, code], by_class[1, code], by_class[2, code]
        m[LANE], m[HITS] = k, hits[i]
        figures[X_M, i], figures[SPEED_MPS, i] = x, speed
        figures[LENGTH_M, i], figures[WIDTH_M, i], figures[MCU, i] = m[LENGTH], m[WIDTH], m[UNITS]
        figures[UNSEEN_S, i], figures[SLOW_S, i] = unseen_s[i], time_s - m[SINCE_S] if queued else 0.0
        lane[i] = k
        flags[0, i], flags[1, i] = queued, not m[STOOD]
        flags[2, i] = new and born_x_m[i] < _MIDDLE_SHARE * far_m
    return left
