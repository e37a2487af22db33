"""The frame of an approach: x upstream from the stop line to a front, y from the kerb, and which lane that is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.site import Approach
from nutgiao.models.jit import kernel

Floats = NDArray[np.float64]

KERB_MARGIN_M = 0.6  # box noise and riders who hug the kerb


class ApproachFrame:
    """Geometry of one approach.

    Args:
        approach: as the site file describes it.
    """

    def __init__(self, approach: Approach) -> None:
        heading = np.radians(approach.heading_deg)
        self.way = np.array([np.sin(heading), np.cos(heading)])
        self.left = np.array([-self.way[1], self.way[0]])
        self.origin = np.array(approach.origin_m, np.float64)
        self.edges_m = np.concatenate([[0.0], np.cumsum([lane.width_m for lane in approach.lanes])])

    @property
    def width_m(self) -> float:
        """Width of all lanes together."""
        return float(self.edges_m[-1])

    def place(self, ground_m: Floats) -> tuple[Floats, Floats]:
        """From the ground plane into the frame.

        Args:
            ground_m: ``(n, 2)`` metres.

        Returns:
            ``(n,)`` x upstream of the line and ``(n,)`` y from the kerb, metres.
        """
        offset = ground_m - self.origin
        return -(offset @ self.way), offset @ self.left

    def ground(self, x_m: Floats, y_m: Floats) -> Floats:
        """From the frame back to the ground plane: ``(n, 2)`` metres."""
        return np.asarray(self.origin - x_m[:, None] * self.way + y_m[:, None] * self.left)

    def on_carriageway(self, y_m: Floats) -> NDArray[np.bool_]:
        """``(n,)`` between kerb and centre line, with a margin for box noise."""
        return np.asarray((y_m > -KERB_MARGIN_M) & (y_m < self.width_m + KERB_MARGIN_M))


@kernel("void(f8[:, ::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[:, ::1], f8[:, ::1], f8[::1], f8[::1])")
def fronts(
    ground_m: Floats,
    length_m: Floats,
    width_m: Floats,
    origin: Floats,
    way: Floats,
    to_ground: Floats,
    to_image: Floats,
    x_m: Floats,
    y_m: Floats,
) -> None:
    """Places of the middle of the front bumpers, from the seen bottom centres of the boxes.

    The bottom of a box is the corner nearest to the camera, the middle of a box the ray through its middle.
    So the seen point lies from the middle towards the camera by the support of the footprint in that direction: a
    camera ahead of the traffic sees the front (no correction), one behind it the rear (one length). Which direction
    that is, `Homography.towards_camera` tells; written for a point of the ground, its third coordinate cancels.

    Args:
        ground_m: ``(n, 2)`` seen points.
        length_m: ``(n,)`` typical length of the class.
        width_m: ``(n,)`` typical width.
        origin: ``(2,)`` of the frame.
        way: ``(2,)`` unit vector of travel.
        to_ground: ``(3, 3)`` the camera's map.
        to_image: ``(3, 3)`` its inverse.
        x_m: ``(n,)`` output: upstream of the line; NaN behind the camera.
        y_m: ``(n,)`` output: from the kerb; NaN behind the camera.
    """
    for i in range(len(ground_m)):
        gx, gy = ground_m[i, 0], ground_m[i, 1]
        if not to_image[2, 0] * gx + to_image[2, 1] * gy + to_image[2, 2] > 1e-9:
            x_m[i] = y_m[i] = np.nan
            continue
        dx, dy = to_ground[0, 1] - gx * to_ground[2, 1], to_ground[1, 1] - gy * to_ground[2, 1]
        distance = np.sqrt(dx * dx + dy * dy)
        along, across = (dx * way[0] + dy * way[1]) / distance, (dy * way[0] - dx * way[1]) / distance
        half_length, half_width = 0.5 * length_m[i], 0.5 * width_m[i]
        support = np.abs(along) * half_length + np.abs(across) * half_width
        gx, gy = gx - origin[0], gy - origin[1]
        x_m[i] = along * support - half_length - (gx * way[0] + gy * way[1])
        y_m[i] = gy * way[0] - gx * way[1] - across * support
