"""Kernel that places detected boxes on the ground, each with how sure its place is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.jit import kernel

Floats = NDArray[np.float64]

_CUT_NOISE = 2.0
_STATURE_SPREAD = 0.06  # riders differ by so much, as a share of their height


@kernel("void(f4[:, ::1], i1[::1], b1[::1], f8[::1], f8[::1], f8[:, ::1], f8, f8, f8[:, ::1], f8[:, ::1], f8[::1])")
def observe(
    boxes_px: NDArray[np.float32],
    classes: NDArray[np.int8],
    cut: NDArray[np.bool_],
    stature: Floats,
    length_by_code_m: Floats,
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
        classes: ``(n,)`` class codes.
        cut: ``(n,)`` the bottom is hidden.
        stature: ``(classes,)`` height over camera height of each class, NaN if not known yet.
        length_by_code_m: ``(classes,)`` typical length of each class.
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
        step_m, length_m, share = 0.0, length_by_code_m[classes[i]], stature[classes[i]]
        if cut[i]:
            sigma_u *= _CUT_NOISE
            if np.isnan(share):
                sigma_v *= 2.0 * _CUT_NOISE
            else:
                v = horizon + (top - horizon) / (1.0 - share)
                spread = (v - horizon) * share * _STATURE_SPREAD
                sigma_v = np.sqrt(sigma_v * sigma_v + spread * spread) / (1.0 - share)
                step_m = length_m
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
            far = (v - horizon) * distance / (distance + length_m)
            stature_seen[i] = 1.0 - (top - horizon) / far
