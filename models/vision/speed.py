"""A speed with the interval that holds the true one in 95 of 100 cases, noise of boxes and of the map included.

The noise of boxes averages out over the frames of a track; the error of the map does not, for it is the same in every
frame and for every vehicle that passes there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.queueing.saturation_belief import student_t
from nutgiao.models.vision.calibration import Calibration, map_derivative

Floats = NDArray[np.float64]

LEVEL = 0.95

ACCELERATION_MPS2 = 1.5
"""Standard deviation of what road users brake and accelerate with near a stop line, where it is not seen."""

JERK_MPS3 = 1.3
"""The same of how their acceleration changes: with it the intervals hold for SUMO's starting queues."""

_BOX_WEIGHT = 20.0  # the stated noise of box edges counts as much as so many observed residuals
_LEAST_FREEDOM = 6.0
_LOOK_S = 0.5
_LEAST_FRAMES = 3


@dataclass(frozen=True, slots=True)
class SpeedInterval:
    """A measured speed.

    Attributes:
        speed_mps: best estimate.
        low_mps: lower end of the 95 % interval, never negative.
        high_mps: upper end.
        sd_mps: standard error.
        map_sd_mps: the part of it that the calibration makes, common to all vehicles that pass there.
    """

    speed_mps: float
    low_mps: float
    high_mps: float
    sd_mps: float
    map_sd_mps: float


def speed_interval(
    time_s: Floats, feet_px: Floats, sd_px: Floats, calibration: Calibration, at_s: float
) -> SpeedInterval | None:
    """Speed of one road user at an instant, from where its box stood in the frames around it.

    A path is fitted by generalised least squares whose acceleration changes evenly; both are believed to be small.

    Args:
        time_s: ``(n,)`` capture times, ascending.
        feet_px: ``(n, 2)`` middle of the lower edge of its box.
        sd_px: ``(n, 2)`` standard errors of these, along the row and along the column.
        calibration: the camera's map with its error.
        at_s: the instant.

    Returns:
        The speed, or None for fewer than three frames with a place on the ground.
    """
    homography = calibration.homography
    ground = homography.ground(feet_px)
    seen = np.isfinite(ground).all(axis=1)
    if np.count_nonzero(seen) < _LEAST_FRAMES:
        return None
    time_s, feet_px, sd_px, ground = time_s[seen], feet_px[seen], sd_px[seen], ground[seen]
    weights = np.linalg.inv(homography.ground_covariance(feet_px, sd_px[:, 0], sd_px[:, 1]))
    since = time_s - at_s
    # Parameters: place, velocity, acceleration, jerk, x and y each. (n, 2, 8)
    powers = np.stack([np.ones_like(since), since, since**2 / 2.0, since**3 / 6.0], axis=1)
    design = np.einsum("nk,ij->nikj", powers, np.eye(2)).reshape(len(since), 2, 8)
    weighted = np.einsum("nip,nij->npj", design, weights)
    normal = np.einsum("npj,njq->pq", weighted, design)
    belief = np.repeat([0.0, 0.0, 1.0 / ACCELERATION_MPS2**2, 1.0 / JERK_MPS3**2], 2)
    normal += np.diag(belief)
    inverse = np.linalg.inv(normal)
    take = inverse @ weighted  # (n, 8, 2): how the parameters hang on each place
    path = np.einsum("npj,nj->p", take, ground - ground.mean(axis=0))
    off = ground - ground.mean(axis=0) - design @ path
    misfit = float(np.einsum("ni,nij,nj->", off, weights, off) + belief @ path**2)
    freedom = _BOX_WEIGHT + 2.0 * len(since) - 4.0
    velocity, speed = path[2:4], float(np.hypot(*path[2:4]))
    way = velocity / speed if speed > 1e-6 else np.array([1.0, 0.0])
    boxes = (_BOX_WEIGHT + misfit) / freedom * float(way @ inverse[2:4, 2:4] @ way)
    slope = np.einsum("j,njk,nkm->m", way, take[:, 2:4], map_derivative(homography.to_ground, feet_px))
    return _interval(speed, boxes, freedom, float(slope @ calibration.covariance @ slope), calibration.freedom)


def map_speed_sd(calibration: Calibration, ground_m: Floats, velocity_mps: Floats) -> Floats:
    """Standard error that the calibration puts on speeds.

    Args:
        calibration: the camera's map with its error.
        ground_m: ``(n, 2)`` places.
        velocity_mps: ``(n, 2)`` velocities there.

    Returns:
        ``(n,)`` metres per second; NaN where the camera does not see.
    """
    homography = calibration.homography
    ahead, behind = (homography.image(ground_m + sign * _LOOK_S * velocity_mps) for sign in (0.5, -0.5))
    slope = map_derivative(homography.to_ground, ahead) - map_derivative(homography.to_ground, behind)
    way = velocity_mps / np.maximum(np.hypot(*velocity_mps.T), 1e-6)[:, None]
    along = np.einsum("ni,nim->nm", way, slope) / _LOOK_S
    return np.asarray(np.sqrt(np.einsum("nm,mk,nk->n", along, calibration.covariance, along)))


def _interval(speed: float, boxes: float, boxes_freedom: float, calibrated: float, freedom: float) -> SpeedInterval:
    """Puts both errors together; degrees of freedom by Welch and Satterthwaite."""
    whole = boxes + calibrated
    shared = whole**2 / max(boxes**2 / boxes_freedom + calibrated**2 / freedom, 1e-30)
    sd = float(np.sqrt(whole))
    half = student_t(max(shared, _LEAST_FREEDOM), LEVEL) * sd
    return SpeedInterval(speed, max(0.0, speed - half), speed + half, sd, float(np.sqrt(calibrated)))
