"""Kernels of the tracker: boxes to the ground, constant-velocity Kalman filters side by side, and what a pairing costs.

State of a track: x, y in metres, vx, vy in metres per second. The process noise is white acceleration, larger along the
way the vehicle points than across it, and much smaller while it stands: a standing queue must not swap places under box
jitter.
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
_Q_ACROSS_STANDING = 0.02
_STANDING_MPS, _FULL_Q_MPS = 0.5, 2.0
_HELD_MPS = 1.0
_HELD_VARIANCE = 0.05  # m^2/s that a hidden standing vehicle's place becomes uncertain
_HELD_SPEED_VARIANCE = 0.25
_SLOWING_S = 2.0
_LOOK_AHEAD_M = 20.0
_STANDING_GAP_M = 0.5
_REACTION_S = 1.0
_CUT_NOISE = 2.0
_STATURE_SPREAD = 0.06  # riders differ by so much, as a share of their height
_TURNING_MPS = 1.5  # above this the way a vehicle points is where it goes


@kernel("void(f4[:,::1], b1[::1], f8[::1], f8[::1], f8[:,::1], f8, f8, f8[:,::1], f8[:,::1], f8[::1])")
def observe(
    boxes_px: NDArray[np.float32],
    cut: NDArray[np.bool_],
    stature: Floats,
    length_m: Floats,
    to_ground: Floats,
    noise_px: float,
    noise_share: float,
    ground_m: Floats,
    covariance: Floats,
    stature_seen: Floats,
) -> None:
    """Nearest ground point of each box, with its covariance through the derivative of the map.

    A whole box stands on its bottom edge. A cut one hangs from its top edge: the row beneath the top of the far end
    follows from the stature, and the near end is one length closer to the camera.

    Args:
        boxes_px: ``(n, 4)`` left, top, right, bottom.
        cut: ``(n,)`` the bottom is hidden.
        stature: ``(n,)`` height over camera height of the class, NaN if not known yet.
        length_m: ``(n,)`` typical length of the class.
        to_ground: ``(3, 3)`` homography, third coordinate positive in front of the camera.
        noise_px: standard error of a box edge that does not depend on size, pixels.
        noise_share: standard error of a box edge as a share of the box's size, added to it.
        ground_m: ``(n, 2)`` output, metres; NaN beyond the horizon.
        covariance: ``(n, 3)`` output: xx, xy, yy in square metres.
        stature_seen: ``(n,)`` output: what a whole box says about its stature; NaN for a cut one.
    """
    h = to_ground
    for i in range(len(boxes_px)):
        ground_m[i, :] = np.nan
        covariance[i, :] = np.nan
        stature_seen[i] = np.nan
        u = 0.5 * (boxes_px[i, 0] + boxes_px[i, 2])
        top, v = np.float64(boxes_px[i, 1]), np.float64(boxes_px[i, 3])
        horizon = -(h[2, 0] * u + h[2, 2]) / h[2, 1]
        # standard errors; the centre is the mean of two edges
        sigma_u = 0.7 * (noise_px + noise_share * (boxes_px[i, 2] - boxes_px[i, 0]))
        sigma_v = noise_px + noise_share * (boxes_px[i, 3] - boxes_px[i, 1])
        step_m = 0.0
        if cut[i]:
            sigma_u *= _CUT_NOISE
            if np.isnan(stature[i]):
                sigma_v *= 2.0 * _CUT_NOISE
            else:
                v = horizon + (top - horizon) / (1.0 - stature[i])
                spread = (v - horizon) * stature[i] * _STATURE_SPREAD
                sigma_v = np.sqrt(sigma_v * sigma_v + spread * spread) / (1.0 - stature[i])
                step_m = length_m[i]
        w = h[2, 0] * u + h[2, 1] * v + h[2, 2]
        if w <= 1e-9:
            continue
        x = (h[0, 0] * u + h[0, 1] * v + h[0, 2]) / w
        y = (h[1, 0] * u + h[1, 1] * v + h[1, 2]) / w
        xu, xv = (h[0, 0] - x * h[2, 0]) / w, (h[0, 1] - x * h[2, 1]) / w
        yu, yv = (h[1, 0] - y * h[2, 0]) / w, (h[1, 1] - y * h[2, 1]) / w
        var_u, var_v = sigma_u * sigma_u, sigma_v * sigma_v
        covariance[i, 0] = xu * xu * var_u + xv * xv * var_v
        covariance[i, 1] = xu * yu * var_u + xv * yv * var_v
        covariance[i, 2] = yu * yu * var_u + yv * yv * var_v
        nearer = np.sqrt(xv * xv + yv * yv)  # down the picture is towards the camera
        ground_m[i, 0] = x + step_m * xv / nearer
        ground_m[i, 1] = y + step_m * yv / nearer
        if not cut[i]:
            # rows below the horizon shrink with distance: v - horizon = c / d, and dd/dv = -d / (v - horizon)
            distance = nearer * (v - horizon)
            far = (v - horizon) * distance / (distance + length_m[i])
            stature_seen[i] = 1.0 - (top - horizon) / far


@kernel("void(f8, f8[:, ::1], f8[:, :, ::1], f8[:, ::1], i8[::1])")
def predict(dt_s: float, state: Floats, covariance: Floats, pointing: Floats, misses: NDArray[np.int64]) -> None:
    """Moves all tracks ahead in time, in place.

    Args:
        dt_s: seconds since the last frame.
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
        across = _Q_ACROSS_STANDING + share * (_Q_ACROSS - _Q_ACROSS_STANDING)
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


@kernel("void(f8[:, ::1], f8[:, :, ::1], i1[::1], f8[:, ::1], f8[:, ::1], i1[::1], f8, f8, f8[:, ::1])")
def pairing_cost(
    state: Floats,
    covariance: Floats,
    kind: NDArray[np.int8],
    ground_m: Floats,
    ground_covariance: Floats,
    detected_kind: NDArray[np.int8],
    gate: float,
    other_kind_cost: float,
    cost: Floats,
) -> None:
    """Minus twice the log-likelihood of each pairing, without its constant; ``inf`` outside the gate.

    The logarithm of the determinant keeps a new track, which fits anything loosely, from taking the detection that an
    old track fits closely.

    Args:
        state: ``(n, 4)`` predicted.
        covariance: ``(n, 4, 4)`` predicted.
        kind: ``(n,)`` size group of the track.
        ground_m: ``(m, 2)``; NaN rows pair with nothing.
        ground_covariance: ``(m, 3)``.
        detected_kind: ``(m,)`` size group of the detection.
        gate: largest squared Mahalanobis distance.
        other_kind_cost: added where the groups differ.
        cost: ``(n, m)`` output.
    """
    for i in range(len(state)):
        for j in range(len(ground_m)):
            cost[i, j] = np.inf
            dx, dy = ground_m[j, 0] - state[i, 0], ground_m[j, 1] - state[i, 1]
            sxx = covariance[i, 0, 0] + ground_covariance[j, 0]
            sxy = covariance[i, 0, 1] + ground_covariance[j, 1]
            syy = covariance[i, 1, 1] + ground_covariance[j, 2]
            if not (dx * dx <= gate * sxx and dy * dy <= gate * syy):  # false for NaN
                continue
            det = sxx * syy - sxy * sxy
            distance = (dx * dx * syy - 2.0 * dx * dy * sxy + dy * dy * sxx) / det
            if distance <= gate:
                cost[i, j] = distance + np.log(det)
                if kind[i] != detected_kind[j]:
                    cost[i, j] += other_kind_cost


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
