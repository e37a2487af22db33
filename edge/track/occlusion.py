"""Kernels that reason about who hides whom: in a dense queue seen from ahead, most boxes have lost their lower edge.

A nearer vehicle stands lower in the picture. A box whose bottom lies on a nearer box is cut there, and its bottom is no
ground point; a track that is not detected where nearer boxes cover its place is hidden, not gone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.jit import kernel

_LOWER_PX = 3.0  # a box that is nearer reaches at least this much further down
_ACROSS, _DOWN = 5, 6  # points at which a box is tested


@kernel("void(f4[:, ::1], b1[::1])")
def cut_bottoms(boxes_px: NDArray[np.float32], cut: NDArray[np.bool_]) -> None:
    """Which boxes stand on a nearer box instead of on the ground.

    Args:
        boxes_px: ``(n, 4)`` left, top, right, bottom.
        cut: ``(n,)`` output: at least two of five points on the bottom edge lie in a nearer box.
    """
    for i in range(len(boxes_px)):
        left, right, bottom = boxes_px[i, 0], boxes_px[i, 2], boxes_px[i, 3]
        inside = 0
        for k in range(_ACROSS):
            u = left + (k + 0.5) / _ACROSS * (right - left)
            for j in range(len(boxes_px)):
                if (
                    boxes_px[j, 3] > bottom + _LOWER_PX
                    and boxes_px[j, 1] < bottom + 1.0
                    and boxes_px[j, 0] < u < boxes_px[j, 2]
                ):
                    inside += 1
                    break
        cut[i] = inside >= 2


@kernel("void(f4[:, ::1], f4[:, ::1], f8, f8, f8[::1])")
def visible_share(
    boxes_px: NDArray[np.float32],
    nearer_px: NDArray[np.float32],
    width_px: float,
    height_px: float,
    share: NDArray[np.float64],
) -> None:
    """How much of each box no nearer box and no rim of the picture hides.

    Args:
        boxes_px: ``(n, 4)`` where undetected vehicles should be.
        nearer_px: ``(m, 4)`` boxes that may hide them; only those that reach further down do.
        width_px: width of the picture.
        height_px: height of the picture.
        share: ``(n,)`` output, 0..1.
    """
    for i in range(len(boxes_px)):
        left, top, right, bottom = boxes_px[i, 0], boxes_px[i, 1], boxes_px[i, 2], boxes_px[i, 3]
        free = 0
        for row in range(_DOWN):
            v = top + (row + 0.5) / _DOWN * (bottom - top)
            for column in range(_ACROSS):
                u = left + (column + 0.5) / _ACROSS * (right - left)
                hidden = u < 0.0 or v < 0.0 or u > width_px or v > height_px
                for j in range(len(nearer_px)):
                    if hidden:
                        break
                    hidden = (
                        nearer_px[j, 3] > bottom + _LOWER_PX
                        and nearer_px[j, 0] < u < nearer_px[j, 2]
                        and nearer_px[j, 1] < v < nearer_px[j, 3]
                    )
                if not hidden:
                    free += 1
        share[i] = free / (_ACROSS * _DOWN)
