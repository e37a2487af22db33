"""The lane kernel once more in NumPy, vectorised over lanes: the first vehicles of all lanes, then the second ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.queueing import lane_kernel as col

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def lane_sums_numpy(
    x_m: Floats,
    length_m: Floats,
    width_m: Floats,
    mcu: Floats,
    speed_mps: Floats,
    unseen_s: Floats,
    slow_s: Floats,
    lane: NDArray[np.int64],
    queued: Bools,
    coming: Bools,
    near_m: float,
    far_m: float,
    lanes: int,
) -> Floats:
    """As `nutgiao.models.queueing.lane_kernel.lane_sums`; returns the sums."""
    order = np.lexsort((x_m, lane))
    order = order[(lane[order] >= 0) & (x_m[order] > near_m) & (x_m[order] <= far_m)]
    first = np.searchsorted(lane[order], np.arange(lanes))
    rank = np.arange(len(order)) - first[lane[order]]
    back, sure, reach = np.zeros(lanes), np.zeros(lanes), np.zeros(lanes)
    for r in range(int(rank.max(initial=-1)) + 1):
        i = order[rank == r]
        k = lane[i]
        behind, x = x_m[i] - back[k], x_m[i]
        joins = coming[i] & (speed_mps[i] > 0.0) & (speed_mps[i] < col.JOINING_MPS) & (back[k] > 0.0)
        believed = (unseen_s[i] > col.BELIEVED_S) & (back[k] > 0.0) & (behind < col.MAX_GAP_M)
        x = np.where(believed, np.minimum(x, back[k] + col.CLOSED_UP_M), x)
        queued[i] |= joins & (x - back[k] > -2.0) & (x - back[k] < col.JOINING_M)
        rear, waits = x + length_m[i], queued[i]
        shadowed = waits & (slow_s[i] >= col.SHADOW_S) & (unseen_s[i] == 0.0)
        near = x - reach[k] <= np.where(shadowed, col.SHADOW_M, col.MAX_GAP_M)
        counts = near & waits & ((x - back[k] <= col.APART_M) | (slow_s[i] >= col.APART_S))
        reach[k] = np.where(near, np.maximum(reach[k], rear), reach[k])
        seen = counts & (unseen_s[i] == 0.0)
        sure[k] = np.where(seen, np.maximum(sure[k], rear), sure[k])
        back[k] = np.where(counts, np.maximum(back[k], rear), back[k])
    k, waits = lane[order], queued[order]
    end = x_m[order] > far_m - col.END_OF_VIEW_M
    weights = {
        col.QUEUE_VEH: waits, col.QUEUE_MCU: waits * mcu[order], col.AHEAD_VEH: waits & (x_m[order] < 0.0),
        col.COVERED_M2: (length_m * width_m)[order], col.SPEED_SUM: speed_mps[order], col.PRESENT: np.ones(len(k)),
        col.END_SPEED: end * speed_mps[order], col.END_VEH: end,
    }  # fmt: skip
    out = np.zeros((lanes, col.COLUMNS))
    for column, weight in weights.items():
        out[:, column] = np.bincount(k, weight, lanes)
    out[:, col.BACK_M], out[:, col.SURE_M], out[:, col.REACH_M] = back, sure, reach
    return out
