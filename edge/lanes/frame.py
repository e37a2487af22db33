"""Kernel that takes one frame in: who is there, who was lost, and who of the vanished is still believed there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.lanes.flow import X, take_in
from nutgiao.edge.lanes.vanished import BEFORE_END_M, hold
from nutgiao.models.jit import kernel

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@kernel(
    "UniTuple(i8, 3)(f8, f8, f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], i8[::1], i1[::1], i8[::1],"
    " f8, f8[:, ::1], b1[::1], f8[:, ::1], f8[:, ::1], f8[:, ::1], f8[:, ::1], i8[::1], b1[:, ::1], b1[::1],"
    " f8[:, ::1], i8)",
    lean=True,
)
def take_frame(
    time_s: float,
    dt_s: float,
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
    gone: Floats,
    counts: Floats,
    figures: Floats,
    lane: NDArray[np.int64],
    flags: Bools,
    departs: Bools,
    table: Floats,
    hidden: int,
) -> tuple[int, int, int]:
    """Both kernels of a frame in one call from Python, which costs as much as their work.

    Args:
        time_s: capture time.
        dt_s: since the frame before.
        x_m: as the next ones, of `nutgiao.edge.lanes.flow.take_in`.
        speed_mps: see there.
        sideways_mps: see there.
        sd_m: see there.
        unseen_s: see there.
        born_x_m: see there.
        crossed_s: see there.
        lanes: see there.
        classes: see there.
        hits: see there.
        far_m: see there.
        by_class: see there.
        owed: see there.
        memory: see there.
        gone: ``(k, 13)`` what was known of tracks that have ended.
        counts: see `take_in`.
        figures: see there.
        lane: see there.
        flags: see there.
        departs: see there.
        table: ``(CAPACITY, 8)`` the vanished, of `nutgiao.edge.lanes.vanished.hold`.
        hidden: how many there are.

    Returns:
        How many depart, how many vanished there are now, and how many tracks ended in mid-view.
    """
    told = take_in(
        time_s, x_m, speed_mps, sideways_mps, sd_m, unseen_s, born_x_m, crossed_s, lanes, classes, hits, far_m,
        by_class, owed, memory, counts, figures, lane, flags, departs,
    )  # fmt: skip
    lost = 0
    for i in range(len(gone)):
        lost += 0.0 < gone[i, X] < far_m - BEFORE_END_M
    return told, hold(dt_s, far_m, gone, len(x_m), figures, lane, flags, table, hidden), lost
