"""What a map looks like in the picture: a grid of metres, lanes, and how far places can be trusted."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.lanes.geometry import ApproachFrame
from nutgiao.models.contracts.site import Approach, Camera
from nutgiao.models.vision.calibration import Calibration
from nutgiao.models.vision.homography import Homography

Floats = NDArray[np.float64]

_STEPS_M = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
_LINES = 14
_POINTS = 40
_BEYOND = 3.0  # pieces of a line that are this many pictures away from the middle are not drawn
TRUSTED_M = 2.0
"""Beyond this standard error a place is good for nothing, and is not shown."""


def grid(homography: Homography, ground_m: Floats, picture_px: tuple[int, int]) -> tuple[float, list[dict[str, Any]]]:
    """Lines of whole metres on the ground around what was measured.

    Args:
        homography: the map.
        ground_m: ``(n, 2)`` measured places.
        picture_px: width and height.

    Returns:
        The step in metres, and lines: "axis" x or y, "at" in metres, "points" in pixels.
    """
    low, high = ground_m.min(axis=0), ground_m.max(axis=0)
    margin = 0.3 * float((high - low).max())
    low, high = low - margin, high + margin
    step = next((step for step in _STEPS_M if (high - low).max() / step <= _LINES), _STEPS_M[-1])
    lines: list[dict[str, Any]] = []
    for axis in (0, 1):
        for at in np.arange(np.ceil(low[axis] / step), high[axis] / step + 1e-9) * step:
            points = np.empty((_POINTS, 2))
            points[:, axis], points[:, 1 - axis] = at, np.linspace(low[1 - axis], high[1 - axis], _POINTS)
            for piece in pieces(homography.image(points), picture_px):
                lines.append({"axis": "xy"[axis], "at": float(at), "points": piece})
    return step, lines


def pieces(points_px: Floats, picture_px: tuple[int, int]) -> list[list[list[float]]]:
    """A line in the picture as runs of points that are not behind the camera nor far outside."""
    far = np.abs(points_px - np.array(picture_px) / 2.0) > _BEYOND * np.array(picture_px)
    good = np.asarray(np.isfinite(points_px).all(axis=1) & ~far.any(axis=1))
    runs: list[list[list[float]]] = []
    open_run = False
    for point, fine in zip(points_px.round(1).tolist(), good.tolist(), strict=True):
        if fine and not open_run:
            runs.append([])
        open_run = fine
        if fine:
            runs[-1].append(point)
    return [run for run in runs if len(run) > 1]


def lanes(homography: Homography, approach: Approach, camera: Camera) -> dict[str, Any]:
    """Lanes and stop line of an approach in the picture.

    Returns:
        "line": points of the stop line; "lanes": for each lane its id and runs of points along its two borders.
    """
    frame, picture = ApproachFrame(approach), (camera.width_px, camera.height_px)
    across = np.linspace(0.0, frame.width_m, 9)
    line = homography.image(frame.ground(np.zeros(9), across))
    along = np.linspace(0.0, camera.view_m[1], _POINTS)
    borders = [pieces(homography.image(frame.ground(along, np.full(_POINTS, edge))), picture) for edge in frame.edges_m]
    named = [{"id": lane.id, "borders": borders[k] + borders[k + 1]} for k, lane in enumerate(approach.lanes)]
    return {"id": approach.id, "line": pieces(line, picture), "lanes": named}


def trust(calibration: Calibration, picture_px: tuple[int, int]) -> list[dict[str, float]]:
    """Standard error of places over the picture, on a grid of pixels, where there is ground.

    Returns:
        "u", "v" and "sd_m".
    """
    u, v = np.meshgrid(np.linspace(0.06, 0.94, 9) * picture_px[0], np.linspace(0.06, 0.96, 10) * picture_px[1])
    uv = np.column_stack([u.ravel(), v.ravel()])
    with np.errstate(invalid="ignore"):
        sd = calibration.place_sd_m(uv)
    known = np.isfinite(sd) & (sd <= TRUSTED_M)
    return [
        {"u": round(float(a), 1), "v": round(float(b), 1), "sd_m": round(float(error), 3)}
        for (a, b), error in zip(uv[known], sd[known], strict=True)
    ]


def approach_from_borders(ground_m: Floats) -> dict[str, Any]:
    """Origin, heading and lanes of an approach whose lane borders were clicked along its stop line.

    Args:
        ground_m: ``(n, 2)`` the borders on the ground, from the kerb to the centre of the road.

    Returns:
        "origin_m", "heading_deg" and "widths_m". Left of the direction of travel lies the centre of the road.
    """
    across = ground_m[-1] - ground_m[0]
    heading = float(np.degrees(np.arctan2(across[1], -across[0]))) % 360.0
    way = np.array([np.sin(np.radians(heading)), np.cos(np.radians(heading))])
    left = np.array([-way[1], way[0]])
    return {
        "origin_m": [round(float(one), 2) for one in ground_m[0]],
        "heading_deg": round(heading, 1) % 360.0,
        "widths_m": [round(float(width), 2) for width in np.diff(ground_m @ left)],
    }
