"""Kernels of the tracker: constant-velocity Kalman filters side by side.

State of a track: x, y in metres, vx, vy in metres per second. The process noise is white acceleration, larger along the
way the vehicle points than across it but for places where vehicles turn, and much smaller while it stands: a standing
queue must not swap places under box jitter.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.jit import kernel

Floats = NDArray[np.float64]

# Spectral density of the acceleration noise, m^2/s^3. 4.0 along the way lets the speed change by 1.4 m/s in half a
# second (one standard error), about what a motorcycle does when a queue starts; standing, 0.25 still lets it start.
_Q_ALONG = 4.0
_Q_ALONG_STANDING = 0.25
_Q_ACROSS = 0.4
_Q_TURNING = 4.0  # across, where vehicles turn: 5 m/s on an arc of 8 m is 3 m/s^2
_Q_ACROSS_STANDING = 0.02
_STANDING_MPS, _FULL_Q_MPS = 0.5, 2.0
_HELD_MPS = 1.0
_HELD_VARIANCE = 0.05  # m^2/s that a hidden standing vehicle's place becomes uncertain
_HELD_SPEED_VARIANCE = 0.25
_SLOWING_S = 2.0
_LOOK_AHEAD_M = 20.0
_STANDING_GAP_M = 0.5
_REACTION_S = 1.0
_TURNING_MPS = 1.5  # above this the way a vehicle points is where it goes


@kernel("void(f8, b1[::1], f8[:, ::1], f8[:, :, ::1], f8[:, ::1], i8[::1])")
def predict(
    dt_s: float,
    turning: NDArray[np.bool_],
    state: Floats,
    covariance: Floats,
    pointing: Floats,
    misses: NDArray[np.int64],
) -> None:
    """Moves all tracks ahead in time, in place.

    Args:
        dt_s: seconds since the last frame.
        turning: ``(n,)`` whether each is where vehicles turn.
        state: ``(n, 4)`` x, y, vx, vy.
        covariance: ``(n, 4, 4)``.
        pointing: ``(n, 2)`` unit vector of the way each vehicle points; updated for those that drive.
        misses: ``(n,)`` frames in a row without detection; a standing vehicle that is hidden stays where it is.
    """
    for i in range(len(state)):
        p = covariance[i]
        vx, vy = state[i, 2], state[i, 3]
        speed = np.sqrt(vx * vx + vy * vy)
        if misses[i] > 1 and speed < _HELD_MPS:
            for a in range(2):
                state[i, a + 2] = 0.0
                for b in range(2):
                    p[a, b + 2] = p[a + 2, b] = p[a + 2, b + 2] = 0.0
                p[a, a] += _HELD_VARIANCE * dt_s
                p[a + 2, a + 2] = _HELD_SPEED_VARIANCE
            continue
        if misses[i] > 1:
            slow = np.exp(-dt_s / _SLOWING_S)  # who is lost from sight for long has probably joined a queue
            vx, vy = slow * vx, slow * vy
            state[i, 2], state[i, 3] = vx, vy
        if speed > _TURNING_MPS:
            pointing[i, 0], pointing[i, 1] = vx / speed, vy / speed
        px, py = pointing[i, 0], pointing[i, 1]
        share = min(1.0, max(0.0, (speed - _STANDING_MPS) / (_FULL_Q_MPS - _STANDING_MPS)))
        along = _Q_ALONG_STANDING + share * (_Q_ALONG - _Q_ALONG_STANDING)
        across = _Q_ACROSS_STANDING + share * ((_Q_TURNING if turning[i] else _Q_ACROSS) - _Q_ACROSS_STANDING)
        q = (
            along * px * px + across * py * py,
            (along - across) * px * py,
            along * py * py + across * px * px,
        )
        state[i, 0] += dt_s * vx
        state[i, 1] += dt_s * vy
        # P <- F P F', F = [[I, dt I], [0, I]]
        for a in range(2):
            for b in range(4):
                p[a, b] += dt_s * p[a + 2, b]
        for a in range(4):
            for b in range(2):
                p[a, b] += dt_s * p[a, b + 2]
        for a in range(2):
            for b in range(2):
                noise = q[a + b]
                p[a, b] += noise * dt_s**3 / 3.0
                p[a, b + 2] += noise * dt_s**2 / 2.0
                p[a + 2, b] += noise * dt_s**2 / 2.0
                p[a + 2, b + 2] += noise * dt_s


@kernel("void(f8[:, ::1], f8[:, ::1], i8[::1], f8[::1], f8[::1])")
def restrain(state: Floats, pointing: Floats, misses: NDArray[np.int64], length_m: Floats, width_m: Floats) -> None:
    """Keeps vehicles that are out of sight from driving through the one ahead, in place, before they are moved.

    Who brakes behind a queue is hidden by it at that very moment; at constant speed the filter would carry the vehicle
    through the queue into the junction.

    Args:
        state: ``(n, 4)``.
        pointing: ``(n, 2)``.
        misses: ``(n,)`` frames in a row without detection; others are not touched.
        length_m: ``(n,)``.
        width_m: ``(n,)``.
    """
    for i in range(len(state)):
        px, py = pointing[i, 0], pointing[i, 1]
        speed = state[i, 2] * px + state[i, 3] * py
        if misses[i] == 0 or speed <= 0.0:
            continue
        allowed = speed
        for j in range(len(state)):
            dx, dy = state[j, 0] - state[i, 0], state[j, 1] - state[i, 1]
            along, across = dx * px + dy * py, np.abs(dx * py - dy * px)
            if j == i or along <= 0.0 or along > _LOOK_AHEAD_M or across > 0.5 * (width_m[i] + width_m[j]):
                continue
            gap = along - 0.5 * (length_m[i] + length_m[j]) - _STANDING_GAP_M
            allowed = min(allowed, max(0.0, state[j, 2] * px + state[j, 3] * py + gap / _REACTION_S))
        if allowed < speed:
            state[i, 2] *= allowed / speed
            state[i, 3] *= allowed / speed


@kernel("void(i8[::1], f8[:, ::1], f8[:, ::1], f8[:, ::1], f8[:, :, ::1])")
def correct(
    column_of: NDArray[np.int64], ground_m: Floats, ground_covariance: Floats, state: Floats, covariance: Floats
) -> None:
    """Kalman update of each track by its detection, in place (Joseph form is not needed at these condition numbers).

    Args:
        column_of: ``(n,)`` detection of each track, -1 for none.
        ground_m: ``(m, 2)``.
        ground_covariance: ``(m, 3)``.
        state: ``(n, 4)``.
        covariance: ``(n, 4, 4)``; kept symmetric.
    """
    gain = np.empty((4, 2))
    old = np.empty((2, 4))
    for i in range(len(state)):
        j = column_of[i]
        if j < 0:
            continue
        p = covariance[i]
        sxx, sxy = p[0, 0] + ground_covariance[j, 0], p[0, 1] + ground_covariance[j, 1]
        syy = p[1, 1] + ground_covariance[j, 2]
        det = sxx * syy - sxy * sxy
        dx, dy = ground_m[j, 0] - state[i, 0], ground_m[j, 1] - state[i, 1]
        for a in range(4):
            gain[a, 0] = (p[a, 0] * syy - p[a, 1] * sxy) / det
            gain[a, 1] = (p[a, 1] * sxx - p[a, 0] * sxy) / det
            state[i, a] += gain[a, 0] * dx + gain[a, 1] * dy
        for b in range(4):
            old[0, b], old[1, b] = p[0, b], p[1, b]
        for a in range(4):
            for b in range(4):
                p[a, b] -= gain[a, 0] * old[0, b] + gain[a, 1] * old[1, b]
        for a in range(4):
            for b in range(a):
                p[a, b] = p[b, a] = 0.5 * (p[a, b] + p[b, a])
