"""Kernels that count how long somebody has stood with nothing on the road that explains it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.violation.zones import PEDESTRIAN
from nutgiao.models.jit import kernel

Floats = NDArray[np.float64]

LAST_S, SINCE, AT_X, AT_Y, AWAY, FREE, BEHIND, TOLD, ASKED, FLOW, CODE = range(11)
"""Columns of the memory."""

_STARTS_MPS = 1.0
_BESIDE_M = 6.0  # two lanes
_SAME_LANE_M = 1.8  # apart sideways


@kernel(
    "Tuple((b1, b1, b1))(i8, b1, f8[:, ::1], f8[::1], i1[::1], i8[::1], f8[::1], f8[::1], f8[::1], f8, f8, f8[:, ::1])",
    lean=True,
)
def holders(
    i: int,
    here: bool,
    middle_m: Floats,
    speed_mps: Floats,
    classes: NDArray[np.int8],
    approach: NDArray[np.int64],
    x_m: Floats,
    y_m: Floats,
    length_m: Floats,
    gap_m: float,
    flow_mps: float,
    memory: Floats,
) -> tuple[bool, bool, bool]:
    """Whether others explain that somebody stands.

    Args:
        i: row of who stands.
        here: upstream of the line of an approach: others hold who stand ahead in the lane; elsewhere all round.
        middle_m: ``(n, 2)`` middles of the footprints.
        speed_mps: ``(n,)`` over the ground.
        classes: ``(n,)``.
        approach: ``(n,)`` index of its approach, -1 off all.
        x_m: ``(n,)`` front upstream of the line of its approach.
        y_m: ``(n,)`` from its kerb.
        length_m: ``(classes,)`` typical lengths.
        gap_m: see `nutgiao.edge.violation.standing.StandingSettings`, as is the next.
        flow_mps: there.
        memory: ``(n, 11)``; who was told of is marked.

    Returns:
        Others hold it; all of them were told of; traffic flows past it.
    """
    held, by_told, flow = False, True, False
    for j in range(len(speed_mps)):
        if j == i or classes[j] == PEDESTRIAN:
            continue
        off_m = np.hypot(middle_m[j, 0] - middle_m[i, 0], middle_m[j, 1] - middle_m[i, 1])
        if speed_mps[j] >= flow_mps:
            flow = flow or off_m < _BESIDE_M
            continue
        if here:
            ahead_m = x_m[i] - x_m[j] if approach[j] == approach[i] else -1.0
            holds = 0.0 < ahead_m < gap_m + length_m[classes[j]] and np.abs(y_m[j] - y_m[i]) < _SAME_LANE_M
        else:
            holds = off_m < gap_m
        if holds:
            held = True
            by_told = by_told and memory[j, TOLD] > 0.0
    return held, by_told, flow


@kernel(
    "void(f8, f8[:, ::1], f8[::1], f8[::1], f8[::1], i1[::1], b1[::1], i8[::1], f8[::1], f8[::1], b1[::1], f8[::1],"
    " f8, f8, f8, f8, f8, f8, f8, f8, f8, f8, f8[:, ::1], b1[::1])",
    lean=True,
)
def stand(
    time_s: float,
    middle_m: Floats,
    sd_m: Floats,
    speed_mps: Floats,
    unseen_s: Floats,
    classes: NDArray[np.int8],
    meant: NDArray[np.bool_],
    approach: NDArray[np.int64],
    x_m: Floats,
    y_m: Floats,
    long_green: NDArray[np.bool_],
    length_m: Floats,
    standing_s: float,
    off_approach_s: float,
    behind_s: float,
    line_m: float,
    gap_m: float,
    flow_mps: float,
    flow_s: float,
    within_m: float,
    away_s: float,
    max_unseen_s: float,
    memory: Floats,
    long_enough: NDArray[np.bool_],
) -> None:
    """Counts for each track how long it has stood where it may not, with nothing on the road that explains it.

    Args:
        time_s: capture time.
        middle_m: ``(n, 2)`` middles of the footprints.
        sd_m: ``(n,)`` standard errors of the places.
        speed_mps: ``(n,)`` over the ground.
        unseen_s: ``(n,)`` since the last detection.
        classes: ``(n,)``.
        meant: ``(n,)`` in a zone that bans it now.
        approach: ``(n,)`` index of its approach, -1 off all.
        x_m: ``(n,)`` front upstream of the line of its approach.
        y_m: ``(n,)`` from its kerb.
        long_green: ``(approaches,)`` the lamp has been green for long enough.
        length_m: ``(classes,)`` typical lengths.
        standing_s: see `nutgiao.edge.violation.standing.StandingSettings`, as are the next nine.
        off_approach_s: there.
        behind_s: there.
        line_m: there.
        gap_m: there.
        flow_mps: there.
        flow_s: there.
        within_m: there.
        away_s: there.
        max_unseen_s: there.
        memory: ``(n, 11)`` what was known before; brought up to this frame.
        long_enough: ``(n,)`` output: has counted for long enough and was not told.
    """
    n = len(sd_m)
    for i in range(n):
        long_enough[i] = False
        m = memory[i]
        dt_s = min(time_s - m[LAST_S], max_unseen_s) if m[LAST_S] == m[LAST_S] else 0.0
        m[LAST_S], m[CODE] = time_s, classes[i]
        if classes[i] == PEDESTRIAN:
            continue
        if np.isnan(m[SINCE]):
            if meant[i] and speed_mps[i] < _STARTS_MPS and unseen_s[i] == 0.0:
                m[SINCE], m[AT_X], m[AT_Y], m[AWAY] = time_s, middle_m[i, 0], middle_m[i, 1], np.nan
                m[FREE], m[BEHIND], m[TOLD], m[ASKED], m[FLOW] = 0.0, 0.0, 0.0, 0.0, -np.inf
            continue
        if np.hypot(middle_m[i, 0] - m[AT_X], middle_m[i, 1] - m[AT_Y]) > max(within_m, 2.0 * sd_m[i]):
            if np.isnan(m[AWAY]):
                m[AWAY] = time_s
            elif time_s - m[AWAY] >= away_s and unseen_s[i] == 0.0:
                m[SINCE] = np.nan
            continue
        m[AWAY] = np.nan
        if not meant[i] or unseen_s[i] > max_unseen_s:
            continue
        here = approach[i] >= 0 and x_m[i] > 0.0
        held, held_by_told, flow = holders(
            i, here, middle_m, speed_mps, classes, approach, x_m, y_m, length_m, gap_m, flow_mps, memory
        )
        if flow:
            m[FLOW] = time_s
        flows = time_s - m[FLOW] <= flow_s
        lamp = here and x_m[i] < line_m and not (long_green[approach[i]] and flows)
        held = held and (here or not flows)
        if held and held_by_told and not lamp:
            m[BEHIND] += dt_s
        elif not held and not lamp:
            m[FREE] += dt_s
        need_s = standing_s if here else max(standing_s, off_approach_s)
        long_enough[i] = m[TOLD] == 0.0 and (m[FREE] >= need_s or m[BEHIND] >= max(need_s, behind_s))
