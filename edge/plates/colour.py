"""The background colour of a plate, by hue and saturation of the part that is not letters."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.plates import PlateColour

# Own bounds in OpenCV's units (hue 0..179 in steps of 2 degrees, saturation and value 0..255), set by eye on
# Hanoi pictures; between them the answer is "unknown", because a warm lamp makes a white plate yellowish.
WHITE_MOST_SATURATION = 60
COLOUR_LEAST_SATURATION = 100
DARKEST_VALUE = 60
HUES = {PlateColour.YELLOW: (15, 35), PlateColour.BLUE: (95, 130)}
RED_BELOW, RED_ABOVE = 10, 170


def plate_colour(plate: NDArray[np.uint8]) -> PlateColour:
    """Background of a plate.

    Args:
        plate: BGR picture of its text, with little around it.

    Returns:
        The colour; unknown if it is dark or between two.
    """
    height, width = plate.shape[:2]
    if min(height, width) < 4:
        return PlateColour.UNKNOWN
    inner = plate[height // 10 : height - height // 10, width // 20 : width - width // 20]
    grey = cv2.cvtColor(inner, cv2.COLOR_BGR2GRAY)
    _, bright = cv2.threshold(grey, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    # letters cover less than half of a plate, be they the brighter part or the darker one
    background = bright > 0 if 2 * int(bright.sum()) >= bright.size else bright == 0
    hue, saturation, value = np.median(cv2.cvtColor(inner, cv2.COLOR_BGR2HSV)[background], axis=0)
    if value < DARKEST_VALUE:
        return PlateColour.UNKNOWN
    if saturation <= WHITE_MOST_SATURATION:
        return PlateColour.WHITE
    if saturation < COLOUR_LEAST_SATURATION:
        return PlateColour.UNKNOWN
    if hue <= RED_BELOW or hue >= RED_ABOVE:
        return PlateColour.RED
    return next((name for name, (low, high) in HUES.items() if low <= hue <= high), PlateColour.UNKNOWN)
