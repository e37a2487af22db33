"""What a new track's velocity probably is, before a second look: at 2 frames per second everything hangs on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.site import Approach
from nutgiao.models.jit import kernel

Floats = NDArray[np.float64]


class VelocityPrior(Protocol):
    """What is known of velocities by place."""

    def __call__(self, ground_m: Floats) -> tuple[Floats, Floats, Floats]:
        """From ``(n, 2)`` ground points to ``(n, 2)`` mean velocity, pointing, and variance along and across."""

    def on_approach(self, ground_m: Floats) -> NDArray[np.bool_]:
        """``(n,)`` whether ``(n, 2)`` points lie where vehicles keep their direction; elsewhere they turn."""


_MEAN_SHARE = 0.35  # of the speed limit: a street with a red light in it
_SIGMA_ALONG_SHARE = 0.35
_SIGMA_ACROSS_MPS = 0.6
_SIGMA_ELSEWHERE_MPS = 4.0  # off every approach: turning and crossing traffic
_SIDE_MARGIN_M = 1.0


@dataclass(frozen=True, slots=True)
class ApproachPrior:
    """Traffic on an approach goes its way, slow or fast, but hardly sideways.

    Attributes:
        origin_m: ``(k, 2)`` of k approaches.
        pointing: ``(k, 2)`` unit vector of travel.
        width_m: ``(k,)``.
        limit_mps: ``(k,)`` speed limit.
    """

    origin_m: Floats
    pointing: Floats
    width_m: Floats
    limit_mps: Floats

    @staticmethod
    def of(approaches: Sequence[Approach]) -> ApproachPrior:
        """The prior of these approaches."""
        heading = np.radians([a.heading_deg for a in approaches])
        return ApproachPrior(
            np.array([a.origin_m for a in approaches], np.float64).reshape(-1, 2),
            np.column_stack([np.sin(heading), np.cos(heading)]),
            np.array([a.width_m for a in approaches]),
            np.array([a.speed_limit_mps for a in approaches]),
        )

    def __call__(self, ground_m: Floats) -> tuple[Floats, Floats, Floats]:
        """Mean velocity, pointing and variance for new tracks at these points.

        Args:
            ground_m: ``(n, 2)``.

        Returns:
            ``(n, 2)`` mean velocity, ``(n, 2)`` pointing, ``(n, 2)`` variance along and across it.
        """
        n = len(ground_m)
        mean, pointing = np.zeros((n, 2)), np.tile([0.0, 1.0], (n, 1))
        variance = np.full((n, 2), _SIGMA_ELSEWHERE_MPS**2)
        for origin, way, width, limit in zip(self.origin_m, self.pointing, self.width_m, self.limit_mps, strict=True):
            here = np.zeros(n, np.bool_)
            before(ground_m, origin, way, width, here)
            mean[here] = _MEAN_SHARE * limit * way
            pointing[here] = way
            variance[here] = (_SIGMA_ALONG_SHARE * limit) ** 2, _SIGMA_ACROSS_MPS**2
        return mean, pointing, variance

    def on_approach(self, ground_m: Floats) -> NDArray[np.bool_]:
        """Whether points lie upstream of the line of an approach, between its kerb and its centre.

        Args:
            ground_m: ``(n, 2)``.

        Returns:
            ``(n,)``.
        """
        found = np.zeros(len(ground_m), np.bool_)
        for origin, way, width in zip(self.origin_m, self.pointing, self.width_m, strict=True):
            before(ground_m, origin, way, width, found)
        return found


@kernel("void(f8[:, ::1], f8[::1], f8[::1], f8, b1[::1])")
def before(ground_m: Floats, origin_m: Floats, way: Floats, width_m: float, found: NDArray[np.bool_]) -> None:
    """Marks points upstream of the line of an approach, between its kerb and its centre.

    Args:
        ground_m: ``(n, 2)``.
        origin_m: ``(2,)`` where the line meets the kerb.
        way: ``(2,)`` unit vector of travel.
        width_m: of the carriageway.
        found: ``(n,)`` in and out: others stay as they are.
    """
    for i in range(len(ground_m)):
        dx, dy = ground_m[i, 0] - origin_m[0], ground_m[i, 1] - origin_m[1]
        side = dy * way[0] - dx * way[1]  # to the left of travel, from the kerb
        if dx * way[0] + dy * way[1] < 0.0 and -_SIDE_MARGIN_M < side < width_m + _SIDE_MARGIN_M:
            found[i] = True
