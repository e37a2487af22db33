"""The frame of an approach: x upstream from the stop line to a front, y from the kerb, and which lane that is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.site import Approach
from nutgiao.models.queueing.mcu import LENGTH_BY_CODE_M, WIDTH_BY_CODE_M

Floats = NDArray[np.float64]

_LANE_HYSTERESIS_M = 0.35  # a rider between two lanes stays in the one that was taken first
_KERB_MARGIN_M = 0.6  # box noise and riders who hug the kerb


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

    def front(self, ground_m: Floats, towards_camera: Floats, classes: NDArray[np.int8]) -> tuple[Floats, Floats]:
        """Place of the middle of the front bumper, from the seen bottom centre of the box.

        The bottom of a box is the corner nearest to the camera, the middle of a box the ray through its middle.
        So the seen point lies from the middle towards the camera by the support of the footprint in that direction: a
        camera ahead of the traffic sees the front (no correction), one behind it the rear (one length).

        Args:
            ground_m: ``(n, 2)`` seen points.
            towards_camera: ``(n, 2)`` unit vectors to the camera's foot.
            classes: ``(n,)`` class codes; length and width are typical ones of the class.

        Returns:
            ``(n,)`` x and ``(n,)`` y of the front's middle.
        """
        x, y = self.place(ground_m)
        along, across = towards_camera @ self.way, towards_camera @ self.left
        half_length, half_width = 0.5 * LENGTH_BY_CODE_M[classes], 0.5 * WIDTH_BY_CODE_M[classes]
        support = np.abs(along) * half_length + np.abs(across) * half_width
        return x + along * support - half_length, y - across * support

    def on_carriageway(self, y_m: Floats) -> NDArray[np.bool_]:
        """``(n,)`` between kerb and centre line, with a margin for box noise."""
        return np.asarray((y_m > -_KERB_MARGIN_M) & (y_m < self.width_m + _KERB_MARGIN_M))

    def lane_of(self, y_m: Floats, before: NDArray[np.int64]) -> NDArray[np.int64]:
        """Lane of each position, with hysteresis.

        Args:
            y_m: ``(n,)`` from the kerb.
            before: ``(n,)`` index of the lane so far, -1 for none.

        Returns:
            ``(n,)`` index of the lane from the kerb; positions beside the carriageway get the nearest lane.
        """
        last = len(self.edges_m) - 2
        now = np.clip(np.searchsorted(self.edges_m, y_m, side="right") - 1, 0, last)
        kept = np.clip(before, 0, last)
        stays = (
            (before >= 0)
            & (y_m > self.edges_m[kept] - _LANE_HYSTERESIS_M)
            & (y_m < self.edges_m[kept + 1] + _LANE_HYSTERESIS_M)
        )
        return np.where(stays, kept, now).astype(np.int64)
