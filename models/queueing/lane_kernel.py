"""Kernel that sums road users up to queues, lane by lane, in one walk from the stop line upstream."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.jit import kernel

QUEUE_VEH, QUEUE_MCU, AHEAD_VEH, BACK_M, COVERED_M2, SPEED_SUM, PRESENT = range(7)
"""Columns of the output."""


@kernel("void(f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], i8[::1], b1[::1], f8, f8[:, ::1])")
def lane_sums(
    x_m: NDArray[np.float64],
    length_m: NDArray[np.float64],
    width_m: NDArray[np.float64],
    mcu: NDArray[np.float64],
    speed_mps: NDArray[np.float64],
    lane: NDArray[np.int64],
    queued: NDArray[np.bool_],
    max_gap_m: float,
    out: NDArray[np.float64],
) -> None:
    """Sums each lane up.

    The back of the queue is the rear of the last queued vehicle that is connected to the first queued one by gaps below
    ``max_gap_m``, from bumper to bumper; moving vehicles between them connect too, as they do while a queue discharges.

    Args:
        x_m: ``(n,)`` front of each vehicle, metres upstream of the line, **ascending**.
        length_m: ``(n,)``.
        width_m: ``(n,)``.
        mcu: ``(n,)`` motorcycle-equivalent units.
        speed_mps: ``(n,)``.
        lane: ``(n,)`` index of the lane, -1 for none.
        queued: ``(n,)``.
        max_gap_m: largest gap within a queue.
        out: ``(lanes, 7)`` output, columns as named above.
    """
    out[:] = 0.0
    rear = np.full(len(out), np.nan)  # rear of the chain so far; NaN before the first queued vehicle
    broken = np.zeros(len(out), np.bool_)
    for i in range(len(x_m)):
        k = lane[i]
        if k < 0:
            continue
        out[k, PRESENT] += 1.0
        out[k, SPEED_SUM] += speed_mps[i]
        out[k, COVERED_M2] += length_m[i] * width_m[i]
        if queued[i]:
            out[k, QUEUE_VEH] += 1.0
            out[k, QUEUE_MCU] += mcu[i]
            if x_m[i] < 0.0:
                out[k, AHEAD_VEH] += 1.0
            if np.isnan(rear[k]):
                rear[k] = x_m[i]
        if np.isnan(rear[k]) or broken[k]:
            continue
        if x_m[i] - rear[k] > max_gap_m:
            broken[k] = True
            continue
        rear[k] = max(rear[k], x_m[i] + length_m[i])
        if queued[i]:
            out[k, BACK_M] = max(out[k, BACK_M], x_m[i] + length_m[i])
