"""Kernel that closes a second: from everyone on the lanes to the figures of the lane states."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.lanes.flow import (
    ARRIVED_MCU,
    DEPARTED_M2,
    DEPARTED_MCU,
    DEPARTED_VEH,
    LENGTH_M,
    MCU,
    SLOW_S,
    SPEED_MPS,
    UNSEEN_S,
    WIDTH_M,
    X_M,
)
from nutgiao.edge.lanes.vanished import AGE_S, AT_M, MPS, ON_LANE, STANDS
from nutgiao.edge.lanes.vanished import LENGTH_M as TABLE_LENGTH_M
from nutgiao.edge.lanes.vanished import MCU as TABLE_MCU
from nutgiao.edge.lanes.vanished import WIDTH_M as TABLE_WIDTH_M
from nutgiao.models.jit import kernel
from nutgiao.models.queueing import lane_kernel as col
from nutgiao.models.queueing.back_of_queue import BACK, HIGH, LOW, backs_of_queue
from nutgiao.models.queueing.hidden_tail import HIDDEN, REACHES_M, follow_tails
from nutgiao.models.queueing.lane_kernel import BELIEVED_S, lane_sums

Floats = NDArray[np.float64]

SPILLBACK_M = 10.0
"""A queue whose back is this near the junction upstream reaches it."""

(
    QUEUE_VEH, QUEUE_MCU, AHEAD_VEH, BACK_M, LOW_M, HIGH_M, LEFT_VEH, LEFT_MCU, CAME_MCU, OCCUPANCY, MEAN_MPS, BEYOND,
    SPILLS,
) = range(13)  # fmt: skip
"""Columns of the answer."""
ANSWERS = 13


@kernel("f8(f8, f8)", lean=True)
def _round(value: float, steps: float) -> float:
    """To the nearest of so many steps per unit; what is told in JSON needs no more digits."""
    return float(np.floor(value * steps + 0.5) / steps)


@kernel(
    "f8(f8, f8, i8, i8, f8[:, ::1], f8[:, ::1], i8[::1], b1[:, ::1], i8[::1], i8, f8, f8, f8, f8[::1], f8[:, ::1],"
    " f8[:, ::1], f8[:, ::1], f8[:, :, ::1], f8[::1], f8[:, ::1], f8[:, ::1])",
    lean=True,
)
def close_second(
    time_s: float,
    dt_s: float,
    count: int,
    hidden: int,
    table: Floats,
    figures: Floats,
    lane: NDArray[np.int64],
    flags: NDArray[np.bool_],
    order: NDArray[np.int64],
    lost: int,
    near_m: float,
    far_m: float,
    length_m: float,
    width_m: Floats,
    counts: Floats,
    sums: Floats,
    state: Floats,
    history: Floats,
    departed_m: Floats,
    backs: Floats,
    answer: Floats,
) -> float:
    """Sums up who is on the lanes, follows the tails behind the view, and writes the figures down, rounded.

    Args:
        time_s: now.
        dt_s: since the last call.
        count: tracks in the last frame.
        hidden: how many have vanished and are believed there.
        table: ``(CAPACITY, 8)`` those.
        figures: ``(7, capacity)`` of `nutgiao.edge.lanes.flow.take_in`; the vanished are added behind the tracks.
        lane: ``(capacity,)`` the same.
        flags: ``(3, capacity)`` the same.
        order: ``(capacity,)`` scratch.
        lost: tracks that ended in mid-view in the last seconds.
        near_m: end of the conflict area, beyond the line and so negative.
        far_m: end of the view.
        length_m: from the line to the junction upstream.
        width_m: ``(lanes,)``.
        counts: ``(lanes, 4)`` of `take_in`.
        sums: ``(lanes, 11)`` scratch.
        state: ``(lanes, 9)`` of the tails.
        history: ``(lanes, 3, HISTORY)`` of the tails.
        departed_m: ``(lanes,)`` scratch.
        backs: ``(lanes, 3)`` scratch.
        answer: ``(lanes, 13)`` output, columns as named above; the mean speed is NaN where nobody is.

    Returns:
        Share of the road users believed to be there that were really seen.
    """
    seen = 0
    for i in range(count):
        seen += figures[UNSEEN_S, i] == 0.0
    quality = seen / (count + lost) if count + lost > 0 else 1.0
    for g in range(hidden):
        i, row = count + g, table[g]
        figures[X_M, i], figures[SPEED_MPS, i] = row[AT_M], row[MPS]
        figures[LENGTH_M, i], figures[WIDTH_M, i] = row[TABLE_LENGTH_M], row[TABLE_WIDTH_M]
        figures[MCU, i], figures[UNSEEN_S, i] = row[TABLE_MCU], row[AGE_S] + BELIEVED_S + 0.5
        figures[SLOW_S, i] = row[AGE_S] if row[STANDS] else 0.0
        lane[i], flags[0, i], flags[1, i] = int(row[ON_LANE]), row[STANDS] > 0.0, False
    lane_sums(
        count + hidden,
        figures[X_M],
        figures[LENGTH_M],
        figures[WIDTH_M],
        figures[MCU],
        figures[SPEED_MPS],
        figures[UNSEEN_S],
        figures[SLOW_S],
        lane,
        flags[0],
        flags[1],
        near_m,
        far_m + REACHES_M,
        order,
        sums,
    )
    for k in range(len(sums)):
        departed_m[k] = counts[k, DEPARTED_M2] / width_m[k]
    follow_tails(time_s, dt_s, sums, departed_m, far_m, state, history)
    backs_of_queue(time_s, sums, state, history, far_m, length_m, quality, backs)
    for k in range(len(sums)):
        a, s = answer[k], sums[k]
        a[QUEUE_VEH], a[QUEUE_MCU], a[AHEAD_VEH] = s[col.QUEUE_VEH], _round(s[col.QUEUE_MCU], 100.0), s[col.AHEAD_VEH]
        a[BACK_M] = _round(backs[k, BACK], 10.0)
        a[LOW_M], a[HIGH_M] = _round(backs[k, LOW], 10.0), _round(backs[k, HIGH], 10.0)
        a[LEFT_VEH], a[LEFT_MCU] = counts[k, DEPARTED_VEH], _round(counts[k, DEPARTED_MCU], 100.0)
        a[CAME_MCU] = _round(counts[k, ARRIVED_MCU], 100.0)
        a[OCCUPANCY] = _round(min(1.0, s[col.COVERED_M2] / (width_m[k] * far_m)), 1000.0)
        a[MEAN_MPS] = _round(s[col.SPEED_SUM] / s[col.PRESENT], 100.0) if s[col.PRESENT] else np.nan
        a[BEYOND] = state[k, HIDDEN] > 0.0 or s[col.BACK_M] >= far_m - REACHES_M
        a[SPILLS] = backs[k, BACK] >= length_m - SPILLBACK_M
    counts[:] = 0.0
    return quality
