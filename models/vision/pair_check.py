"""What is wrong with clicked pairs: which one was clicked or typed wrong, and whether the lens bends straight lines."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.errors import ContractError
from nutgiao.models.vision.calibration import (
    PRIOR_WEIGHT,
    USUAL_NOISE,
    Calibration,
    PairNoise,
    calibrate,
    misfit,
    with_map,
)
from nutgiao.models.vision.homography import Homography, fit_map

Floats = NDArray[np.float64]

CHECKABLE_PAIRS = 6
"""With five pairs the four others fit exactly whichever is left out, so a wrong one cannot be told."""

BEND_PAIRS = 8
_WRONG = 12.0  # F of 2 and 16 degrees of freedom, for ten pairs: 1 in 1,500 honest pairs is called wrong
_BENT = 15.0
_BENDS = np.linspace(-0.3, 0.3, 25)  # share by which the corner of the picture moves; wider lenses are fish-eyes


@dataclass(frozen=True, slots=True)
class PairReport:
    """A calibration from pairs, and what each pair says about it.

    Attributes:
        calibration: the map with its error.
        residual_px: ``(n,)`` how far each pair lies from where the map puts it.
        left_out_px: ``(n,)`` the same with a map fitted without it; NaN below six pairs.
        left_out_m: ``(n,)`` on the ground, metres.
        worst: index of the pair that fits least to the others; None below six pairs.
        wrong: it does not fit at all: clicked or typed wrong.
        bend_px: how far the lens moves the corners of the picture, if the pairs show it; positive is outwards. Else 0.
    """

    calibration: Calibration
    residual_px: Floats
    left_out_px: Floats
    left_out_m: Floats
    worst: int | None
    wrong: bool
    bend_px: float


def report_pairs(pairs: Floats, picture_px: tuple[int, int], noise: PairNoise = USUAL_NOISE) -> PairReport:
    """Fits the map and looks at every pair.

    Args:
        pairs: ``(n, 4)`` with n >= 4: u, v in pixels and x, y in metres.
        picture_px: width and height.
        noise: standard errors of the pairs.

    Returns:
        The map, its error and the suspects.

    Raises:
        ContractError: if the pairs fix no map.
    """
    pairs = np.asarray(pairs, np.float64)
    calibration, n = calibrate(pairs, noise), len(pairs)
    residual = np.hypot(*(calibration.homography.image(pairs[:, 2:]) - pairs[:, :2]).T)
    left_out_px, left_out_m, excess = np.full(n, np.nan), np.full(n, np.nan), np.full(n, -np.inf)
    whole = misfit(calibration.homography, pairs, noise)
    if n >= CHECKABLE_PAIRS:
        for i in range(n):
            others = np.delete(pairs, i, axis=0)
            try:
                fit = _fitted(others)
            except ContractError:  # the map hangs on this one pair: whether it is right cannot be told
                continue
            left_out_px[i] = np.hypot(*(fit.image(pairs[i : i + 1, 2:]) - pairs[i, :2])[0])
            left_out_m[i] = np.hypot(*(fit.ground(pairs[i : i + 1, :2]) - pairs[i, 2:])[0])
            excess[i] = _f(whole, misfit(fit, others, noise), 2.0, 2.0 * n - 10.0)
    worst = int(excess.argmax()) if np.isfinite(excess).any() else None
    wrong = worst is not None and bool(excess[worst] > _WRONG)
    bend = 0.0 if wrong or n < BEND_PAIRS else _bend(pairs, picture_px, noise, whole)
    return PairReport(calibration, residual, left_out_px, left_out_m, worst, wrong, bend)


def _fitted(pairs: Floats) -> Homography:
    """The map alone, without the errors that take n fits more."""
    return with_map(fit_map(pairs), pairs[:, 2:], math.nan, math.nan)


def _f(whole: float, rest: float, parameters: float, freedom: float) -> float:
    """How much better the rest fits than the whole, in units of its own noise (F statistic with the prior's weight)."""
    return (whole - rest) / parameters / ((PRIOR_WEIGHT + rest) / (PRIOR_WEIGHT + freedom))


def _bend(pairs: Floats, picture_px: tuple[int, int], noise: PairNoise, straight: float) -> float:
    """Pixels by which a one-coefficient radial lens moves the corners, 0 if a straight-line camera does as well.

    The model is the first term of Brown's: a point at distance r from the middle is seen at r (1 + k r^2).
    """
    fits = np.array([_misfit_unbent(pairs, picture_px, noise, k) for k in _BENDS])
    best = int(fits.argmin())
    if _f(straight, fits[best], 1.0, 2.0 * len(pairs) - 9.0) < _BENT:
        return 0.0
    return float(-_BENDS[best] * 0.5 * math.hypot(*picture_px))


def _misfit_unbent(pairs: Floats, picture_px: tuple[int, int], noise: PairNoise, k: float) -> float:
    middle = np.array(picture_px) / 2.0
    offset = pairs[:, :2] - middle
    share = np.sum(offset**2, axis=1) / np.sum(middle**2)
    unbent = np.hstack([middle + offset * (1.0 + k * share)[:, None], pairs[:, 2:]])
    try:
        fit = _fitted(unbent)
    except ContractError:
        return math.inf
    return misfit(fit, unbent, noise)
