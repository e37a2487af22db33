"""How deep a point lies in a polygon on the ground, and along which side: what every rule on zones asks first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.jit import kernel

Floats = NDArray[np.float64]


def flat(polygons: Sequence[Sequence[tuple[float, float]]]) -> tuple[Floats, NDArray[np.int64]]:
    """Polygons one behind the other, as the kernels take them.

    Args:
        polygons: corners of each in turn.

    Returns:
        ``(corners, 2)`` and ``(polygons + 1,)`` where each begins.
    """
    starts = np.cumsum([0, *(len(one) for one in polygons)], dtype=np.int64)
    return np.array([corner for one in polygons for corner in one], np.float64).reshape(-1, 2), starts


@kernel("UniTuple(f8, 3)(f8, f8, f8[:, ::1], i8, i8)", lean=True)
def depth_in(x: float, y: float, corners: Floats, begin: int, end: int) -> tuple[float, float, float]:
    """Distance of a point to the outline, and the direction of the side that is nearest.

    A point is inside if a ray from it meets an odd number of sides; each side takes its lower end and not its upper
    one, so that a ray through a corner counts once (source: Franklin, PNPOLY, 1970).

    Args:
        x: of the point, metres.
        y: of the point, metres.
        corners: ``(c, 2)`` of all polygons.
        begin: first corner of this one.
        end: behind its last corner.

    Returns:
        Metres to the outline, positive inside, and the unit vector of the nearest side.
    """
    inside = False
    least, along_x, along_y = np.inf, 0.0, 0.0
    ax, ay = corners[end - 1, 0], corners[end - 1, 1]
    for c in range(begin, end):
        bx, by = corners[c, 0], corners[c, 1]
        if (ay > y) != (by > y) and x < ax + (bx - ax) * (y - ay) / (by - ay):
            inside = not inside
        dx, dy = bx - ax, by - ay
        length2 = dx * dx + dy * dy
        share = 0.0
        if length2 > 0.0:
            share = min(1.0, max(0.0, ((x - ax) * dx + (y - ay) * dy) / length2))
        off = np.hypot(x - ax - share * dx, y - ay - share * dy)
        if off < least and length2 > 0.0:
            length = np.sqrt(length2)
            least, along_x, along_y = off, dx / length, dy / length
        ax, ay = bx, by
    return least if inside else -least, along_x, along_y


@kernel("void(f8[:, ::1], f8[:, ::1], i8[::1], f8[::1], i8[::1], f8[:, ::1])", lean=True)
def deepest(
    points_m: Floats,
    corners: Floats,
    starts: NDArray[np.int64],
    depth_m: Floats,
    which: NDArray[np.int64],
    along: Floats,
) -> None:
    """In which of several polygons each point lies deepest.

    Args:
        points_m: ``(n, 2)``; NaN lies in none.
        corners: of `flat`.
        starts: of `flat`.
        depth_m: ``(n,)`` output: metres inside, negative where it is in none; minus infinity without polygons.
        which: ``(n,)`` output: index of that polygon.
        along: ``(n, 2)`` output: direction of its nearest side.
    """
    for i in range(len(points_m)):
        depth_m[i], which[i], along[i, 0], along[i, 1] = -np.inf, 0, 0.0, 0.0
        for k in range(len(starts) - 1):
            depth, along_x, along_y = depth_in(points_m[i, 0], points_m[i, 1], corners, starts[k], starts[k + 1])
            if depth > depth_m[i]:
                depth_m[i], which[i], along[i, 0], along[i, 1] = depth, k, along_x, along_y
