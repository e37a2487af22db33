"""How far a camera's map to the ground can be trusted: its error in metres everywhere, carried from its pairs.

The map is fitted by `fit_homography`. Its error is that fit's own derivative by every number that went in, times the
standard error of that number. So it holds for the very map that the street is measured with, whatever the pairs are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.site import CalibrationNote
from nutgiao.models.vision.homography import Homography, fit_homography, fit_map, inverse_map

Floats = NDArray[np.float64]

PRIOR_WEIGHT = 6.0
"""Stated noise counts as much as so many observed residuals, for four pairs leave none and six leave four."""


@dataclass(frozen=True, slots=True)
class PairNoise:
    """Standard errors of what a map is fitted on.

    Attributes:
        px: of a clicked pixel, along the row and along the column.
        m: of a measured place on the ground, along x and along y.
        scale_share: of all lengths together: the tape, paint that is not to the rule, a mean size of vehicles.
    """

    px: float = 1.5
    m: float = 0.05
    scale_share: float = 0.005


USUAL_NOISE = PairNoise()
"""A careful click on a still, a tape on the road."""


def noted_noise(note: CalibrationNote) -> PairNoise:
    """Standard errors as a site file notes them."""
    return PairNoise(note.pair_px, note.pair_m, note.scale_share)


@dataclass(frozen=True, slots=True)
class Calibration:
    """A map and its error.

    Attributes:
        homography: the map.
        covariance: ``(9, 9)`` of the nine numbers of `Homography.to_ground`, row by row.
        freedom: degrees of freedom behind the covariance.
    """

    homography: Homography
    covariance: Floats
    freedom: float

    def place_covariance(self, uv_px: Floats) -> Floats:
        """Error of a ground point that the map alone makes, the pixel taken as exact.

        Args:
            uv_px: ``(n, 2)`` pixels.

        Returns:
            ``(n, 2, 2)`` square metres; NaN on and beyond the horizon.
        """
        slope = map_derivative(self.homography.to_ground, uv_px)
        return np.asarray(slope @ self.covariance @ slope.transpose(0, 2, 1))

    def place_sd_m(self, uv_px: Floats) -> Floats:
        """The same as one number per pixel: ``(n,)`` root mean square distance in metres."""
        variance = np.trace(self.place_covariance(uv_px), axis1=1, axis2=2)
        return np.asarray(np.sqrt(np.maximum(variance, 0.0)))  # rounding leaves less than nothing at an anchor


def map_derivative(to_ground: Floats, uv_px: Floats) -> Floats:
    """How ground points move with the nine numbers of the map.

    Args:
        to_ground: ``(3, 3)``.
        uv_px: ``(n, 2)`` pixels.

    Returns:
        ``(n, 2, 9)`` metres; NaN on and beyond the horizon.
    """
    rays = np.column_stack([uv_px, np.ones(len(uv_px))])
    w = rays @ to_ground[2]
    w = np.where(w > 1e-9, w, np.nan)[:, None]
    ground = rays @ to_ground[:2].T / w
    slope = np.zeros((len(rays), 2, 9))
    slope[:, 0, 0:3] = slope[:, 1, 3:6] = rays / w
    slope[:, :, 6:9] = -ground[:, :, None] * (rays / w)[:, None, :]
    return slope


def calibrate(pairs: Floats, noise: PairNoise = USUAL_NOISE) -> Calibration:
    """Fits the map and tells its error.

    The stated noise is a prior: residuals that are larger or smaller than it says scale it.

    Args:
        pairs: ``(n, 4)`` with n >= 4: u, v in pixels and x, y in metres.
        noise: standard errors of the pairs.

    Returns:
        The map with its error.

    Raises:
        ContractError: if the pairs fix no map.
    """
    pairs = np.asarray(pairs, np.float64)
    homography = fit_homography(pairs)
    left = 2.0 * len(pairs) - 8.0
    factor = (PRIOR_WEIGHT + misfit(homography, pairs, noise)) / (PRIOR_WEIGHT + left)
    steps = np.concatenate([np.full(2, noise.px), np.full(2, noise.m)])
    covariance = np.zeros((9, 9))
    for i in range(len(pairs)):
        for k, sd in enumerate(steps):
            # Half a standard error to both sides: small against the curvature of the fit, large against rounding.
            shift = np.zeros_like(pairs)
            shift[i, k] = 0.5 * sd
            slope = (fit_map(pairs + shift) - fit_map(pairs - shift)).ravel()
            covariance += np.outer(slope, slope)
    calibration = Calibration(homography, factor * covariance, PRIOR_WEIGHT + left)
    return with_scale_error(calibration, noise.scale_share, pairs[:, 2:].mean(axis=0))


def with_scale_error(calibration: Calibration, share: float, about_m: Floats) -> Calibration:
    """The same with an error that stretches all lengths together.

    Args:
        calibration: as fitted.
        share: standard error of the stretch.
        about_m: ``(2,)`` the point that stays.
    """
    stretch = np.array([[1.0, 0.0, -about_m[0]], [0.0, 1.0, -about_m[1]], [0.0, 0.0, 0.0]])
    slope = share * (stretch @ calibration.homography.to_ground).ravel()
    return replace(calibration, covariance=calibration.covariance + np.outer(slope, slope))


def misfit(homography: Homography, pairs: Floats, noise: PairNoise) -> float:
    """Sum of squared residuals in the picture, each over what its noise explains (chi square)."""
    return float(np.sum(misfits(homography, pairs, noise)))


def misfits(homography: Homography, pairs: Floats, noise: PairNoise) -> Floats:
    """The same for each pair: ``(n,)``; infinite for one beyond the horizon."""
    off_px = homography.image(pairs[:, 2:]) - pairs[:, :2]
    px_per_m = np.linalg.inv(homography.jacobian(pairs[:, :2]))
    spread = noise.m**2 * px_per_m @ px_per_m.transpose(0, 2, 1) + noise.px**2 * np.eye(2)
    each = np.einsum("ni,nij,nj->n", off_px, np.linalg.inv(spread), off_px)
    return np.asarray(np.nan_to_num(each, nan=np.inf))


def with_map(to_ground: Floats, ahead_m: Floats, rms_m: float, left_out_m: float) -> Homography:
    """A map that was found in another way than from pairs.

    Args:
        to_ground: ``(3, 3)``.
        ahead_m: ``(n, 2)`` ground points that the camera sees.
        rms_m: error of what it was fitted on.
        left_out_m: the same, each left out of its own fit.
    """
    return Homography(np.ascontiguousarray(to_ground), inverse_map(to_ground, ahead_m), rms_m, left_out_m)
