"""Kernel that sums road users up to queues, lane by lane, in one walk from the stop line upstream."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.jit import kernel

Floats = NDArray[np.float64]

QUEUE_VEH, QUEUE_MCU, AHEAD_VEH, BACK_M, SURE_M, REACH_M, COVERED_M2, SPEED_SUM, PRESENT, END_SPEED, END_VEH = range(11)
"""Columns of the output."""
COLUMNS = 11

MAX_GAP_M = 15.0
"""A queue hangs together from the stop line back by gaps of at most this, from bumper to bumper."""

JOINING_MPS, JOINING_M = 3.0, 6.0
"""Who comes and is slower than this, and closer than this to the back of the queue, stands in a second: filtered speeds
are that late (back of queue 0.8 points of MAPE better on the demo corridor)."""

APART_M, APART_S = 10.0, 1.0
"""Who is slow so far behind all others counts after a while only: far tracks begin with a speed that is a guess."""

SHADOW_M, SHADOW_S = 30.0, 3.0
"""Who has stood for a while stands behind somebody: a bus hides 30 m of the queue behind it."""

BELIEVED_S, CLOSED_UP_M = 1.5, 1.0
"""Who has not been seen for so long is hidden by the one ahead, and so stands right behind."""

END_OF_VIEW_M = 20.0
"""Speeds are taken from the last metres of the view, a dozen vehicles in a queue of two-wheelers."""


@kernel(
    "void(i8, f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], i8[::1], b1[::1], b1[::1], f8, f8,"
    " i8[::1], f8[:, ::1])",
    lean=True,
)
def lane_sums(
    count: int,
    x_m: Floats,
    length_m: Floats,
    width_m: Floats,
    mcu: Floats,
    speed_mps: Floats,
    unseen_s: Floats,
    slow_s: Floats,
    lane: NDArray[np.int64],
    queued: NDArray[np.bool_],
    coming: NDArray[np.bool_],
    near_m: float,
    far_m: float,
    order: NDArray[np.int64],
    out: Floats,
) -> None:
    """Sums each lane up.

    The back of the queue is the rear of the last queued vehicle that is connected to the stop line by gaps of at most
    `MAX_GAP_M`; moving vehicles between them connect too, as they do while a queue discharges.

    Args:
        count: how many vehicles; the arrays may be longer.
        x_m: ``(n,)`` front of each vehicle, metres upstream of the line, in any order; from the oldest track to the
            newest is nearly sorted and fastest.
        length_m: ``(n,)``.
        width_m: ``(n,)``.
        mcu: ``(n,)`` motorcycle-equivalent units.
        speed_mps: ``(n,)`` downstream.
        unseen_s: ``(n,)`` since the last detection; who is unseen for longer than `BELIEVED_S` stands closed up.
        slow_s: ``(n,)`` for how long it has been queued.
        lane: ``(n,)`` index of the lane, -1 for none.
        queued: ``(n,)``; output too: who joins is marked.
        coming: ``(n,)`` has not stood here yet, so that slow means braking and not starting.
        near_m: vehicles up to here are left out, beyond the line and so negative.
        far_m: end of the view; vehicles further upstream are left out.
        order: ``(n,)`` scratch.
        out: ``(lanes, 11)`` output, columns as named above: vehicles and units that queue, those of them ahead of the
            line, back of queue, the same by vehicles seen now, how far vehicles hang together at all, covered area,
            sum of speeds and number of vehicles, the same for the end of the view.
    """
    kept = 0
    for i in range(count):
        if lane[i] < 0 or x_m[i] <= near_m or x_m[i] > far_m:
            continue
        place = kept
        while place > 0 and x_m[order[place - 1]] > x_m[i]:
            order[place] = order[place - 1]
            place -= 1
        order[place] = i
        kept += 1
    out[:] = 0.0
    for position in range(kept):
        i = order[position]
        k = lane[i]
        x, speed = x_m[i], speed_mps[i]
        back = out[k, BACK_M]
        if unseen_s[i] > BELIEVED_S and back > 0.0 and x - back < MAX_GAP_M:
            x = min(x, back + CLOSED_UP_M)
        rear = x + length_m[i]
        if coming[i] and 0.0 < speed < JOINING_MPS and back > 0.0 and -2.0 < x - back < JOINING_M:
            queued[i] = True
        out[k, PRESENT] += 1.0
        out[k, SPEED_SUM] += speed
        out[k, COVERED_M2] += length_m[i] * width_m[i]
        if x_m[i] > far_m - END_OF_VIEW_M:
            out[k, END_VEH] += 1.0
            out[k, END_SPEED] += speed
        if queued[i]:
            out[k, QUEUE_VEH] += 1.0
            out[k, QUEUE_MCU] += mcu[i]
            if x_m[i] < 0.0:
                out[k, AHEAD_VEH] += 1.0
        # who is further away than the gap leaves the reach where it is, and so do all behind
        gap = SHADOW_M if queued[i] and slow_s[i] >= SHADOW_S and unseen_s[i] == 0.0 else MAX_GAP_M
        if x - out[k, REACH_M] > gap:
            continue
        out[k, REACH_M] = max(out[k, REACH_M], rear)
        if queued[i] and (x - back <= APART_M or slow_s[i] >= APART_S):
            out[k, BACK_M] = max(back, rear)
            if unseen_s[i] == 0.0:
                out[k, SURE_M] = max(out[k, SURE_M], rear)
