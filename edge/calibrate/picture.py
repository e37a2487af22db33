"""The still with a grid of metres, lanes and the error of places drawn into it, for a report or a look over ssh."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.calibrate.street import grid, lanes, trust
from nutgiao.models.contracts.site import Approach, Camera
from nutgiao.models.vision.calibration import Calibration

Image = NDArray[np.uint8]

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_GRID, _AXIS, _LANE, _LINE, _PAIR = (255, 214, 127), (255, 170, 40), (255, 255, 255), (82, 82, 255), (60, 235, 255)
_GOOD, _FAIR, _BAD = (138, 208, 87), (75, 184, 242), (94, 107, 255)
MIN_WIDTH_PX = 1280


def draw_calibration(
    still: Image, camera: Camera, approaches: Sequence[Approach], calibration: Calibration, pairs: NDArray[np.float64]
) -> Image:
    """Draws it.

    Args:
        still: ``(h, w, 3)`` BGR, of any size.
        camera: whose pixels the pairs are in.
        approaches: that it watches.
        calibration: the map and its error.
        pairs: ``(n, 4)`` it was fitted on.

    Returns:
        A new picture, at least `MIN_WIDTH_PX` wide.
    """
    enlarge = max(1.0, MIN_WIDTH_PX / still.shape[1])
    size = (round(still.shape[1] * enlarge), round(still.shape[0] * enlarge))
    canvas = np.asarray(cv2.resize(still, size, interpolation=cv2.INTER_LINEAR), np.uint8)
    scale = np.array([size[0] / camera.width_px, size[1] / camera.height_px])

    def line(points: Sequence[Sequence[float]], colour: tuple[int, int, int], width: int) -> None:
        whole = np.asarray(np.round(np.array(points) * scale), np.int32)
        cv2.polylines(canvas, [whole], False, colour, width, cv2.LINE_AA)

    def words(text: str, at: Sequence[float], colour: tuple[int, int, int]) -> None:
        u, v = (round(one) for one in (np.array(at) * scale).tolist())
        cv2.putText(canvas, text, (u, v), _FONT, 0.45, (0, 0, 0), 3, cv2.LINE_AA)
        cv2.putText(canvas, text, (u, v), _FONT, 0.45, colour, 1, cv2.LINE_AA)

    picture = (camera.width_px, camera.height_px)
    _, rows = grid(calibration.homography, pairs[:, 2:], picture)
    for row in rows:
        line(row["points"], _AXIS if row["at"] == 0.0 else _GRID, 2 if row["at"] == 0.0 else 1)
        inside = [p for p in row["points"] if 0 < p[0] < picture[0] and 12 < p[1] < picture[1]]
        if inside:
            words(f"{row['axis']} {row['at']:g}", inside[0 if row["axis"] == "x" else -1], _GRID)
    for approach in approaches:
        street = lanes(calibration.homography, approach, camera)
        for lane in street["lanes"]:
            for run in lane["borders"]:
                line(run, _LANE, 1)
        for run in street["line"]:
            line(run, _LINE, 3)
    for place in trust(calibration, picture):
        sd = place["sd_m"]
        words(f"{sd:.2f}", (place["u"], place["v"]), _GOOD if sd < 0.25 else _FAIR if sd < 0.7 else _BAD)
    for k, (u, v) in enumerate(pairs[:, :2], start=1):
        at = (round(float(u * scale[0])), round(float(v * scale[1])))
        cv2.drawMarker(canvas, at, _PAIR, cv2.MARKER_CROSS, 16, 2, cv2.LINE_AA)
        words(str(k), (u + 6, v - 5), _PAIR)
    return canvas
