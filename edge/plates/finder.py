"""Finds lines of text with PP-OCRv6's small detector and cuts them out upright."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.plates.session import single_thread
from nutgiao.models.vision.plates.layout import TextLine

# Post-processing of "differentiable binarization" (Liao et al., AAAI 2020, section 3.4): threshold, outline, grow by
# area * ratio / perimeter. The numbers are PaddleOCR's for this model.
TEXT_MIN = 0.3
SCORE_MIN = 0.5
GROW_RATIO = 1.6

STRIDE_PX = 32
"""Sides of the network's input are multiples of it."""

SMALLEST_PX = 3
"""Outlines narrower than this, in input pixels, are noise."""

MOST_LINES = 200


class TextFinder:
    """PP-OCRv6 small detector.

    Args:
        path: the checked ONNX file.

    Raises:
        ModelUnavailable: if the file cannot be loaded.
    """

    def __init__(self, path: Path) -> None:
        self._session = single_thread(path)
        self._input = self._session.get_inputs()[0].name

    def lines(self, image: NDArray[np.uint8], side_px: int) -> list[TextLine]:
        """Lines of text in a picture.

        Args:
            image: BGR, shape (height, width, 3).
            side_px: longer side of what the network is given; text of less than about 8 px there is not found.

        Returns:
            The lines, by their top.
        """
        height, width = image.shape[:2]
        scale = side_px / max(height, width)
        size = [max(STRIDE_PX, round(side * scale / STRIDE_PX) * STRIDE_PX) for side in (width, height)]
        # PaddleOCR's small models take -1..1 here
        blob = cv2.resize(image, size).astype(np.float32) / 127.5 - 1.0
        [output] = self._session.run(None, {self._input: blob.transpose(2, 0, 1)[None]})
        likelihood = np.asarray(output[0, 0], np.float32)
        zoom = np.array([width / size[0], height / size[1]])
        outlines, _ = cv2.findContours(
            (likelihood > TEXT_MIN).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
        )
        outlines = sorted(outlines, key=len, reverse=True)[:MOST_LINES]
        found = [line for outline in outlines if (line := _line(outline, likelihood, zoom)) is not None]
        return sorted(found, key=lambda line: line.y_px)


def _line(outline: NDArray[Any], likelihood: NDArray[np.float32], zoom: NDArray[np.float64]) -> TextLine | None:
    (x, y), (width, height), angle = cv2.minAreaRect(outline)
    if min(width, height) < SMALLEST_PX:
        return None
    left, top, across, down = cv2.boundingRect(outline)
    inside = np.zeros((down, across), np.uint8)
    cv2.drawContours(inside, [outline], -1, 1, -1, offset=(-left, -top))
    score = float(likelihood[top : top + down, left : left + across][inside > 0].mean())
    if score < SCORE_MIN:
        return None
    grow = width * height * GROW_RATIO / (width + height)  # on both sides together
    box = ((x, y), (width + grow, height + grow), angle)
    # back to the picture by the corners: the two scales differ, so that angles change
    (x, y), (width, height), angle = cv2.minAreaRect((cv2.boxPoints(box) * zoom).astype(np.float32))
    if width < height:
        width, height, angle = height, width, angle + 90
    angle = (angle + 90) % 180 - 90
    return TextLine(float(x), float(y), float(width), float(height), float(angle), score)


def cut_line(
    image: NDArray[np.uint8], line: TextLine, taller: float = 1.0, turned_deg: float = 0.0
) -> NDArray[np.uint8]:
    """A line cut out upright.

    Args:
        image: the picture it lies in.
        line: where.
        taller: factor on its height.
        turned_deg: added to its angle.

    Returns:
        BGR picture of the line.
    """
    width, height = max(4, round(line.width_px)), max(4, round(line.height_px * taller))
    turn = cv2.getRotationMatrix2D((line.x_px, line.y_px), line.angle_deg + turned_deg, 1.0)
    turn[0, 2] += width / 2 - line.x_px
    turn[1, 2] += height / 2 - line.y_px
    return np.asarray(
        cv2.warpAffine(image, turn, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )
