"""Kernels that follow boxes in the picture: where one is expected, and what is learnt from its detection.

A box is four numbers, middle across, middle down, width and height, each with its speed and a two-by-two covariance
of its own: a constant-velocity Kalman filter per number. All noise is a share of the size of the box, which is the root
of its area, so a filter behaves the same near the camera and far from it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.jit import kernel

Floats = NDArray[np.float64]

SMALLEST_PX = 2.0  # a predicted box never shrinks below this
# Standard errors as shares of the box's size: of a detected middle and a detected width or height; of the unknown speed
# of a new track, per second; and the root of the spectral density of the acceleration noise, per second^1.5.
_PLACE_NOISE, _SIZE_NOISE = 0.02, 0.025
_FIRST_SPEED, _FIRST_GROWTH = 2.0, 0.1
_PLACE_DRIFT, _SIZE_DRIFT = 1.0, 0.1


@kernel("void(f8, f8[:, ::1], f8[:, ::1])")
def expect(dt_s: float, box: Floats, variance: Floats) -> None:
    """Moves one box ahead in time, in place.

    Args:
        dt_s: seconds since the last frame.
        box: ``(4, 2)`` value and speed of middle across, middle down, width, height.
        variance: ``(4, 3)`` of the value, between value and speed, of the speed.
    """
    size = np.sqrt(max(box[2, 0], SMALLEST_PX) * max(box[3, 0], SMALLEST_PX))
    for a in range(4):
        drift = (_PLACE_DRIFT if a < 2 else _SIZE_DRIFT) * size
        q = drift * drift
        box[a, 0] += dt_s * box[a, 1]
        variance[a, 0] += dt_s * (2.0 * variance[a, 1] + dt_s * (variance[a, 2] + q * dt_s / 3.0))
        variance[a, 1] += dt_s * (variance[a, 2] + q * dt_s / 2.0)
        variance[a, 2] += q * dt_s
        if a >= 2 and box[a, 0] < SMALLEST_PX:
            box[a, 0], box[a, 1] = SMALLEST_PX, 0.0


@kernel("void(f4[::1], f8[:, ::1], f8[:, ::1])")
def begin(seen_px: NDArray[np.float32], box: Floats, variance: Floats) -> None:
    """Starts the filter of one box, in place: its place is as good as a detection, its speed is unknown.

    Args:
        seen_px: ``(4,)`` left, top, right, bottom.
        box: ``(4, 2)``.
        variance: ``(4, 3)``.
    """
    left, top, right, bottom = np.float64(seen_px[0]), np.float64(seen_px[1]), seen_px[2], seen_px[3]
    box[:, 1] = 0.0
    box[0, 0], box[1, 0] = 0.5 * (left + right), 0.5 * (top + bottom)
    box[2, 0], box[3, 0] = max(right - left, SMALLEST_PX), max(bottom - top, SMALLEST_PX)
    size = np.sqrt(box[2, 0] * box[3, 0])
    for a in range(4):
        noise, speed = (_PLACE_NOISE, _FIRST_SPEED) if a < 2 else (_SIZE_NOISE, _FIRST_GROWTH)
        variance[a, 0], variance[a, 1], variance[a, 2] = (noise * size) ** 2, 0.0, (speed * size) ** 2


@kernel("void(f8, f4[::1], f4[::1], f8[:, ::1], f8[:, ::1])")
def learn_box(
    hidden_s: float, last_px: NDArray[np.float32], seen_px: NDArray[np.float32], box: Floats, variance: Floats
) -> None:
    """Kalman update of one box by its detection, in place.

    Who is found again after missed frames is believed at once: place, size and their speeds are those of the straight
    line from the last detection to this one, as if it had been followed all the time. That is the observation-centric
    re-update of OC-SORT (Cao et al. 2023) for even motion; what the filter had expected meanwhile is forgotten.

    Args:
        hidden_s: seconds since the last detection if frames were missed meanwhile, otherwise 0.
        last_px: ``(4,)`` the last detection: left, top, right, bottom.
        seen_px: ``(4,)`` left, top, right, bottom.
        box: ``(4, 2)``.
        variance: ``(4, 3)``.
    """
    left, top, right, bottom = np.float64(seen_px[0]), np.float64(seen_px[1]), seen_px[2], seen_px[3]
    seen = (0.5 * (left + right), 0.5 * (top + bottom), right - left, bottom - top)
    if hidden_s > 0.0:
        left, top, right, bottom = np.float64(last_px[0]), np.float64(last_px[1]), last_px[2], last_px[3]
        last = (0.5 * (left + right), 0.5 * (top + bottom), right - left, bottom - top)
        for a in range(4):
            box[a, 0], box[a, 1] = seen[a], (seen[a] - last[a]) / hidden_s
    size = np.sqrt(box[2, 0] * box[3, 0])
    for a in range(4):
        noise = (_PLACE_NOISE if a < 2 else _SIZE_NOISE) * size
        p, c = variance[a, 0], variance[a, 1]
        total = p + noise * noise
        off = seen[a] - box[a, 0]
        box[a, 0] += p / total * off
        box[a, 1] += c / total * off
        variance[a, 0] -= p * p / total
        variance[a, 1] -= p * c / total
        variance[a, 2] -= c * c / total
        if a >= 2:
            box[a, 0] = max(box[a, 0], SMALLEST_PX)
