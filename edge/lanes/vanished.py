"""Road users who were seen to come and then were lost: they cannot vanish, so they are believed to stand behind others.

A camera sees a queue from one end, and a bus hides 30 m of it. Who drives into such a shadow is lost by the tracker
after two seconds; here it rolls on to the back of the queue and stands there until the queue moves, its time is over,
or somebody new appears where it should be.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.lanes.flow import HITS, LANE, LENGTH, SPEED, UNITS, WIDTH, X_M, X
from nutgiao.edge.lanes.flow import LENGTH_M as ROW_LENGTH
from nutgiao.models.jit import inlined, kernel

Floats = NDArray[np.float64]

AT_M, MPS, LENGTH_M, WIDTH_M, MCU, ON_LANE, AGE_S, STANDS = range(8)
"""Columns of the table of the vanished."""
VALUES, CAPACITY = 8, 64

_LEAST_HITS = 6.0  # a younger track may have been nobody
_LEAST_MPS = 0.7  # who stood and is lost was not there: the tracker keeps those who are hidden where they stand
BEFORE_END_M = 6.0  # who is lost nearer to the end of view has not come yet,
_FROM_M = 2.0  # who is lost nearer to the line has crossed it
_SAME_M, _OTHER_LANE_M = 10.0, 3.0  # so near somebody new is the lost one; another lane counts for so many metres
_ROLL_MPS, _CREEP_MPS = 3.0, 1.0
_CLOSE_M, _BEHIND_M, _SLACK_M = 8.0, 0.5, 1.5  # rolls up to _CLOSE_M behind the queue; stands _BEHIND_M behind
_KEPT_S = 90.0


@inlined
def _put(table: Floats, to: int, row: int) -> None:
    """Copies a row; as a loop, because assigning one slice to another makes an array."""
    for c in range(table.shape[1]):
        table[to, c] = table[row, c]


@kernel("i8(f8, i8, f8[:, ::1], i8)", lean=True)
def _let_go(x_m: float, lane: int, table: Floats, count: int) -> int:
    """Takes the nearest of the vanished out, if one is near enough to be the newcomer."""
    best, nearest = -1, _SAME_M
    for k in range(count):
        distance = np.abs(table[k, AT_M] - x_m)
        if table[k, ON_LANE] != lane:
            distance += _OTHER_LANE_M
        if distance < nearest or (best >= 0 and distance == nearest and table[k, AT_M] < table[best, AT_M]):
            best, nearest = k, distance
    if best < 0:
        return count
    _put(table, best, count - 1)
    return count - 1


@kernel("void(f8[:, ::1], i8)", lean=True)
def _sort(table: Floats, count: int) -> None:
    """Nearest to the line first."""
    for k in range(1, count):
        place = k
        while place > 0 and table[place - 1, AT_M] > table[place, AT_M]:
            for c in range(table.shape[1]):
                table[place - 1, c], table[place, c] = table[place, c], table[place - 1, c]
            place -= 1


@kernel("f8(f8, f8, f8[::1], f8[::1], i8[::1], b1[::1], f8[:, ::1], i8)", lean=True)
def _rear_ahead(
    at_m: float,
    on_lane: float,
    x_m: Floats,
    length_m: Floats,
    lane: NDArray[np.int64],
    queued: NDArray[np.bool_],
    table: Floats,
    count: int,
) -> float:
    """Rear of the last who stands ahead in this lane; minus infinity if nobody does."""
    rear = -np.inf
    for i in range(len(x_m)):
        if queued[i] and lane[i] == on_lane and x_m[i] < at_m + 1.0:
            rear = max(rear, x_m[i] + length_m[i])
    for k in range(count):
        if table[k, STANDS] and table[k, ON_LANE] == on_lane:
            rear = max(rear, table[k, AT_M] + table[k, LENGTH_M])
    return rear


@kernel("i8(f8, f8, f8[:, ::1], i8, f8[:, ::1], i8[::1], b1[:, ::1], f8[:, ::1], i8)", lean=True)
def hold(
    dt_s: float,
    far_m: float,
    gone: Floats,
    tracks: int,
    figures: Floats,
    lane: NDArray[np.int64],
    flags: NDArray[np.bool_],
    table: Floats,
    count: int,
) -> int:
    """Takes in who was lost in this frame, lets go of who was found, and moves the others on.

    Args:
        dt_s: since the frame before.
        far_m: end of the view.
        gone: ``(k, 13)`` what was known of tracks that have ended.
        tracks: how many tracks are there.
        figures: ``(7, capacity)`` theirs, of `nutgiao.edge.lanes.flow.take_in`.
        lane: ``(capacity,)`` the same.
        flags: ``(3, capacity)`` the same.
        table: ``(CAPACITY, 8)`` the vanished, nearest to the line first; brought up to this frame.
        count: how many there are.

    Returns:
        How many there are now.
    """
    for i in range(len(gone)):
        g = gone[i]
        if (
            count < len(table)
            and _FROM_M < g[X] < far_m - BEFORE_END_M
            and g[HITS] >= _LEAST_HITS
            and g[SPEED] > _LEAST_MPS
        ):
            t = table[count]
            t[AT_M], t[MPS], t[LENGTH_M], t[WIDTH_M], t[MCU] = g[X], g[SPEED], g[LENGTH], g[WIDTH], g[UNITS]
            t[ON_LANE], t[AGE_S], t[STANDS] = g[LANE], 0.0, 0.0
            count += 1
    if count == 0:
        return 0
    x_m, length_m, queued = figures[X_M, :tracks], figures[ROW_LENGTH, :tracks], flags[0]
    for i in range(tracks):
        if flags[2, i]:
            count = _let_go(x_m[i], lane[i], table, count)
    _sort(table, count)
    kept = 0
    for k in range(count):
        g = table[k]
        rear = _rear_ahead(g[AT_M], g[ON_LANE], x_m, length_m, lane, queued, table, kept)
        if rear > -np.inf and g[AT_M] - rear < _CLOSE_M:
            g[AT_M] = max(g[AT_M] - max(g[MPS], _CREEP_MPS) * dt_s, min(rear + _BEHIND_M, g[AT_M]))
            if g[AT_M] <= rear + _SLACK_M:
                g[MPS] = 0.0
        else:  # nobody stands ahead: the queue has moved on, and so has the hidden one
            g[MPS] = max(g[MPS], _ROLL_MPS)
            g[AT_M] -= g[MPS] * dt_s
        g[STANDS] = g[MPS] == 0.0
        g[AGE_S] += dt_s
        if g[AT_M] >= 0.0 and g[AGE_S] <= _KEPT_S:
            _put(table, kept, k)
            kept += 1
    return kept
