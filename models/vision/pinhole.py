"""A camera of unknown focal length, height and tilt above flat ground: the model behind marks and vehicle sizes.

The ground plane of this model is that of the road: y runs along it, x to the right of it. Seven numbers say everything:
log focal length, pitch, roll, log height, heading to the road, and the foot of the mast, x and y.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LOG_FOCAL, PITCH, ROLL, LOG_HEIGHT, HEADING, FOOT_X, FOOT_Y = range(7)

_NOWHERE = 1e3  # a residual that cannot be told, for a point above the horizon: far too large to stay
_STEPS = 60
_TRIAL_STEPS = 8


@dataclass(frozen=True, slots=True)
class Belief:
    """What is believed of the seven numbers before anything was measured.

    Attributes:
        mean: ``(7,)``.
        sd: ``(7,)``; 0 holds a number.
    """

    mean: Floats
    sd: Floats


@dataclass(frozen=True, slots=True)
class Solution:
    """The numbers that fit best.

    Attributes:
        numbers: ``(7,)``.
        covariance: ``(7, 7)`` where the residuals are what their standard errors say.
        misfit: sum of squared residuals, without the beliefs.
    """

    numbers: Floats
    covariance: Floats
    misfit: float


def usual_belief(width_px: int, fov_deg: float | None = None, *, foot_known: bool = False) -> Belief:
    """What is usual for a camera on a mast: 3 to 20 m high, 40 to 110 degrees wide, hardly rolled.

    Args:
        width_px: of the picture.
        fov_deg: horizontal field of view where the lens is known, within 3 %.
        foot_known: there are pairs with known places, which tell where the mast stands.
    """
    focal = width_px * (0.5 / np.tan(0.5 * np.radians(fov_deg)) if fov_deg is not None else 1.0)
    mean = np.array([np.log(focal), 0.35, 0.0, np.log(7.0), 0.0, 0.0, 0.0])
    where = 300.0 if foot_known else 0.0
    sd = np.array([0.45 if fov_deg is None else 0.03, 0.35, 0.03, 0.5, 1.0, where, where])
    return Belief(mean, sd)


def usual_pairs(picture_px: tuple[int, int]) -> list[list[float]]:
    """Four pairs of a camera of which nothing is known: what to begin with, and good for no measurement."""
    uv = np.array([[0.2, 0.6], [0.8, 0.6], [0.1, 0.95], [0.9, 0.95]]) * np.array(picture_px)
    rays = np.column_stack([uv, np.ones(4)]) @ to_ground_of(usual_belief(picture_px[0]).mean, picture_px).T
    return np.asarray(np.hstack([uv, rays[:, :2] / rays[:, 2:]]).round(2)).tolist()  # type: ignore[no-any-return]


def to_image_of(numbers: Floats, picture_px: tuple[int, int]) -> Floats:
    """The map from the road's plane to pixels: ``(3, 3)``, third coordinate the depth in metres.

    Source: the pinhole of Hartley and Zisserman, section 6.1, with the middle of the picture as principal point.
    """
    pitch, roll, heading = numbers[PITCH], numbers[ROLL], numbers[HEADING]
    focal, height = np.exp(numbers[LOG_FOCAL]), np.exp(numbers[LOG_HEIGHT])
    lens = np.array([[focal, 0.0, picture_px[0] / 2.0], [0.0, focal, picture_px[1] / 2.0], [0.0, 0.0, 1.0]])
    rolled = np.array([[np.cos(roll), -np.sin(roll), 0.0], [np.sin(roll), np.cos(roll), 0.0], [0.0, 0.0, 1.0]])
    tilted = np.array([
        [1.0, 0.0, 0.0],
        [0.0, -np.sin(pitch), height * np.cos(pitch)],
        [0.0, np.cos(pitch), height * np.sin(pitch)],
    ])  # fmt: skip
    cosine, sine, x, y = np.cos(heading), np.sin(heading), numbers[FOOT_X], numbers[FOOT_Y]
    placed = np.array([
        [cosine, -sine, -cosine * x + sine * y],
        [sine, cosine, -sine * x - cosine * y],
        [0.0, 0.0, 1.0],
    ])  # fmt: skip
    return np.asarray(lens @ rolled @ tilted @ placed)


def to_ground_of(numbers: Floats, picture_px: tuple[int, int]) -> Floats:
    """The map from pixels to the road's plane: ``(3, 3)``, third coordinate positive ahead of the camera."""
    return np.asarray(np.linalg.inv(to_image_of(numbers, picture_px)))


def top_rows(
    numbers: Floats, picture_px: tuple[int, int], foot_px: Floats, height_m: Floats, depth_m: Floats
) -> Floats:
    """Rows in which the tops of bodies appear that stand on the ground.

    Args:
        numbers: ``(7,)`` of the camera.
        picture_px: width and height.
        foot_px: ``(n, 2)`` where the near end of each body touches the ground, pixels.
        height_m: ``(n,)`` height of its top.
        depth_m: ``(n,)`` how much farther from the camera the top is than the near end.

    Returns:
        ``(n,)`` rows; NaN for a foot on or above the horizon.
    """
    focal, height = np.exp(numbers[LOG_FOCAL]), np.exp(numbers[LOG_HEIGHT])
    pitch, roll = numbers[PITCH], numbers[ROLL]
    u, v = (foot_px - np.array(picture_px) / 2.0).T / focal
    right, down = np.cos(roll) * u + np.sin(roll) * v, np.cos(roll) * v - np.sin(roll) * u
    sinking = down * np.cos(pitch) + np.sin(pitch)  # of the ray, per unit of depth
    reach = np.where(sinking > 1e-6, height / np.where(sinking > 1e-6, sinking, 1.0), np.nan)
    ahead, aside = reach * (np.cos(pitch) - down * np.sin(pitch)), reach * right
    distance = np.hypot(ahead, aside)
    ahead, aside = ahead * (1.0 + depth_m / distance), aside * (1.0 + depth_m / distance)
    below = height - height_m
    depth = ahead * np.cos(pitch) + below * np.sin(pitch)
    right, down = aside / depth, (below * np.cos(pitch) - ahead * np.sin(pitch)) / depth
    return np.asarray(picture_px[1] / 2.0 + focal * (np.sin(roll) * right + np.cos(roll) * down))


def solve(
    residuals: Callable[[Floats], Floats], belief: Belief, settle: Callable[[Floats], Floats] = lambda start: start
) -> Solution:
    """Finds the numbers with the least squares, from many starts (Levenberg and Marquardt).

    Args:
        residuals: of the seven numbers, each over its standard error; NaN where one cannot be told.
        belief: counts as one residual for each number.
        settle: moves the foot of a start to where it may be.

    Returns:
        The best of all starts.
    """
    free = np.flatnonzero(belief.sd > 0.0)

    def all_residuals(numbers: Floats) -> Floats:
        told = np.nan_to_num(residuals(numbers), nan=_NOWHERE, posinf=_NOWHERE, neginf=-_NOWHERE)
        return np.concatenate([told, (numbers - belief.mean)[free] / belief.sd[free]])

    starts = []
    for focal in (-0.3, 0.3):
        for pitch in (0.15, 0.45):
            for heading in (-0.5, 0.0, 0.5):
                start = belief.mean.copy()
                start[LOG_FOCAL] += focal if belief.sd[LOG_FOCAL] > 0.1 else 0.0
                start[PITCH], start[HEADING] = pitch, heading
                starts.append(_descend(all_residuals, settle(start), free, _TRIAL_STEPS))
    best = min(starts, key=lambda numbers: float(np.sum(all_residuals(numbers) ** 2)))
    return refine(residuals, belief, best)


def refine(residuals: Callable[[Floats], Floats], belief: Belief, start: Floats) -> Solution:
    """The same from one start that is near."""
    free = np.flatnonzero(belief.sd > 0.0)

    def all_residuals(numbers: Floats) -> Floats:
        told = np.nan_to_num(residuals(numbers), nan=_NOWHERE, posinf=_NOWHERE, neginf=-_NOWHERE)
        return np.concatenate([told, (numbers - belief.mean)[free] / belief.sd[free]])

    numbers = _descend(all_residuals, start, free, _STEPS)
    slope = _slope(all_residuals, numbers, free)
    covariance = np.zeros((7, 7))
    covariance[np.ix_(free, free)] = np.linalg.inv(slope.T @ slope)
    left = all_residuals(numbers)[: -len(free)]
    return Solution(numbers, covariance, float(left @ left))


def _slope(residuals: Callable[[Floats], Floats], numbers: Floats, free: NDArray[np.intp]) -> Floats:
    columns = []
    for k in free:
        step = np.zeros(7)
        step[k] = 1e-5 if k < FOOT_X else 1e-3
        columns.append((residuals(numbers + step) - residuals(numbers - step)) / (2.0 * step[k]))
    return np.stack(columns, axis=1)


def _descend(residuals: Callable[[Floats], Floats], start: Floats, free: NDArray[np.intp], steps: int) -> Floats:
    numbers, damping = start.copy(), 1e-2
    off = residuals(numbers)
    for _ in range(steps):
        slope = _slope(residuals, numbers, free)
        normal = slope.T @ slope
        for _ in range(6):
            trial = numbers.copy()
            damped = normal + damping * np.diag(np.diag(normal) + 1e-9)
            trial[free] -= np.linalg.solve(damped, slope.T @ off)
            tried = residuals(trial)
            if tried @ tried < off @ off:
                break
            damping *= 5.0
        else:
            return numbers
        gained = off @ off - tried @ tried
        numbers, off, damping = trial, tried, max(damping / 5.0, 1e-9)
        if gained < 1e-9 * (1.0 + off @ off):
            break
    return numbers
