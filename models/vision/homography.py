"""The map between a camera's picture and the ground, fitted from measured pairs, with the error it makes in metres.

A flat ground and a straight-line camera are assumed: eight numbers then carry every pixel to the ground and back. The
derivative that carries a pixel also carries its error, so a box seen far away is a weak measurement by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.errors import ContractError

Floats = NDArray[np.float64]

_MIN_PAIRS = 4
_DEGENERATE = 1e-6  # second smallest over largest singular value of the normalised system: below, pairs fix no map
_MAX_CONDITION = 1e8  # of the normalised map: above, it folds the picture to a line


@dataclass(frozen=True, slots=True)
class Homography:
    """A fitted map.

    Attributes:
        to_ground: ``(3, 3)`` pixels to metres, in homogeneous coordinates.
        to_image: ``(3, 3)`` its inverse.
        rms_m: root mean square error of the pairs on the ground, metres; 0 for four pairs, which always fit.
        leave_one_out_m: the same with each pair left out of its own fit, metres; NaN below six pairs.
    """

    to_ground: Floats
    to_image: Floats
    rms_m: float
    leave_one_out_m: float

    def ground(self, uv_px: Floats) -> Floats:
        """Projects pixels to the ground.

        Args:
            uv_px: ``(n, 2)`` pixels.

        Returns:
            ``(n, 2)`` metres; NaN on and beyond the horizon.
        """
        return _project(self.to_ground, uv_px)

    def image(self, xy_m: Floats) -> Floats:
        """Projects points of the ground into the picture.

        Args:
            xy_m: ``(n, 2)`` metres.

        Returns:
            ``(n, 2)`` pixels; NaN for points behind the camera.
        """
        return _project(self.to_image, xy_m)

    def jacobian(self, uv_px: Floats) -> Floats:
        """How the ground point moves with the pixel.

        Args:
            uv_px: ``(n, 2)`` pixels.

        Returns:
            ``(n, 2, 2)`` metres per pixel: row is x, y; column is u, v.
        """
        ground = self.ground(uv_px)
        h = self.to_ground
        w = uv_px @ h[2, :2] + h[2, 2]
        return np.asarray((h[:2, :2][None, :, :] - ground[:, :, None] * h[2, :2][None, None, :]) / w[:, None, None])

    def ground_covariance(self, uv_px: Floats, sigma_u_px: Floats, sigma_v_px: Floats) -> Floats:
        """Carries the error of a pixel to the ground, to first order.

        Args:
            uv_px: ``(n, 2)`` pixels.
            sigma_u_px: ``(n,)`` standard error along the row.
            sigma_v_px: ``(n,)`` standard error along the column.

        Returns:
            ``(n, 2, 2)`` covariance, square metres.
        """
        scaled = self.jacobian(uv_px) * np.stack([sigma_u_px, sigma_v_px], axis=-1)[:, None, :]
        return scaled @ scaled.transpose(0, 2, 1)

    def towards_camera(self, uv_px: Floats) -> Floats:
        """Direction on the ground that leads to the camera, for a camera without roll.

        All columns of the picture meet in one point of the ground, height times tan(pitch) behind the mast's foot, and
        down the picture is nearer. For a mast of 8 m and cars 30 m away that is within two degrees of the foot itself.

        Args:
            uv_px: ``(n, 2)`` pixels.

        Returns:
            ``(n, 2)`` unit vectors.
        """
        down = self.jacobian(uv_px)[:, :, 1]
        return np.asarray(down / np.linalg.norm(down, axis=1, keepdims=True))


def fit_homography(pairs: Floats) -> Homography:
    """Fits the map by the normalised direct linear transform (Hartley and Zisserman, algorithm 4.2).

    Args:
        pairs: ``(n, 4)`` with n >= 4: u, v in pixels and x, y in metres of the same point on the ground.

    Returns:
        The map and its errors.

    Raises:
        ContractError: if there are fewer than four pairs, or they fix no map (three of four on a line, doubles, a
            horizon that runs between them).
    """
    pairs = np.asarray(pairs, np.float64)
    if pairs.ndim != 2 or pairs.shape[1] != 4 or len(pairs) < _MIN_PAIRS or not np.isfinite(pairs).all():
        raise ContractError(
            f"ground_pairs: {_MIN_PAIRS} or more rows of u, v, x, y are needed, got shape {pairs.shape}"
        )
    to_ground = fit_map(pairs)
    errors = _project(to_ground, pairs[:, :2]) - pairs[:, 2:]
    n = len(pairs)
    left_out = np.full(n, np.nan)
    if n >= _MIN_PAIRS + 2:
        for i in range(n):
            try:
                others = fit_map(np.delete(pairs, i, axis=0))
            except ContractError:  # the fit hangs on this one pair: its own error cannot be told
                continue
            left_out[i] = float(np.sum((_project(others, pairs[i : i + 1, :2]) - pairs[i, 2:]) ** 2))
    known = left_out[np.isfinite(left_out)]
    return Homography(
        to_ground=to_ground,
        to_image=inverse_map(to_ground, pairs[:, 2:]),
        rms_m=float(np.sqrt(np.mean(np.sum(errors**2, axis=1)))),
        leave_one_out_m=float(np.sqrt(known.mean())) if len(known) else float("nan"),
    )


def inverse_map(to_ground: Floats, ground_m: Floats) -> Floats:
    """The way back: ``(3, 3)`` metres to pixels, third coordinate positive at these ``(n, 2)`` points ahead of it."""
    return np.ascontiguousarray(_oriented(np.asarray(np.linalg.inv(to_ground), np.float64), ground_m))


def fit_map(pairs: Floats) -> Floats:
    """The map alone: ``(3, 3)`` pixels to metres, the third coordinate positive ahead of the camera.

    Args:
        pairs: ``(n, 4)`` with n >= 4, as `fit_homography` takes them.

    Raises:
        ContractError: if the pairs fix no map.
    """
    image, t_image = _normalised(pairs[:, :2])
    ground, t_ground = _normalised(pairs[:, 2:])
    n = len(pairs)
    a = np.zeros((2 * n, 9))
    ones = np.column_stack([image, np.ones(n)])
    a[0::2, 0:3] = ones
    a[1::2, 3:6] = ones
    a[0::2, 6:9] = -ground[:, :1] * ones
    a[1::2, 6:9] = -ground[:, 1:] * ones
    _, singular, vt = np.linalg.svd(a)
    h = vt[8].reshape(3, 3)
    if singular[7] < _DEGENERATE * singular[0] or np.linalg.cond(h) > _MAX_CONDITION:
        raise ContractError(
            "ground_pairs: the points lie on a line or coincide, so they fix no ground plane; "
            "spread them over the picture, no three of four on one line"
        )
    return np.ascontiguousarray(_oriented(np.linalg.inv(t_ground) @ h @ t_image, pairs[:, :2]))


def _normalised(points: Floats) -> tuple[Floats, Floats]:
    """Centres points and scales them to a mean distance of sqrt(2); returns them and the 3x3 that did it."""
    centre = points.mean(axis=0)
    spread = float(np.mean(np.linalg.norm(points - centre, axis=1)))
    if spread == 0.0:
        raise ContractError("ground_pairs: all points are the same point")
    scale = np.sqrt(2.0) / spread
    t = np.array([[scale, 0.0, -scale * centre[0]], [0.0, scale, -scale * centre[1]], [0.0, 0.0, 1.0]])
    return (points - centre) * scale, t


def _oriented(h: Floats, points: Floats) -> Floats:
    """Scales the map so that the third coordinate of the points is positive, near 1."""
    w = points @ h[2, :2] + h[2, 2]
    if (w > 0).any() and (w < 0).any():
        raise ContractError("ground_pairs: the horizon would run between the points; a pair must be mistyped")
    return np.asarray(h / np.median(w))


def _project(h: Floats, points: Floats) -> Floats:
    """Applies a map to ``(n, 2)`` points; NaN where the third coordinate is not positive."""
    points = np.asarray(points, np.float64)
    w = points @ h[2, :2] + h[2, 2]
    w = np.where(w > 1e-9, w, np.nan)
    return np.asarray((points @ h[:2, :2].T + h[:2, 2]) / w[:, None])
