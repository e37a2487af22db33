"""What glows in one picture of a signal head: which lamp is lit, and whether it is a lamp at all that glows there.

A lamp is a spot: it glows in its colour, what lies round it does not, and the other lamps of the head are dark. A bus
in front of the head, a headlight, the low sun in every lens or a camera that looks past the head fail in one of these.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.site_lamps import LampBox
from nutgiao.models.contracts.words import Indication

Box = tuple[int, int, int, int]

LIT_MIN = 0.06
"""Share of a box that has to glow in the lamp's colour; lit lamps of Giang Vo have 0.15, those of Hang Giay 0.57."""
LIT_SURE = 0.15
"""Share of a box at which the reading is sure."""
STRAY_MAX = 0.4
"""So much of what glows in the box, as a share, may glow in the frame round it or in the box of another lamp."""
FRAME_SHARE = 0.4
"""Width of that frame over the box's own."""
SATURATION_MIN = 90
VALUE_MIN = 95
GLARE_MIN = 230
"""What is brighter than this in the box of another lamp is glare, whatever its colour."""

# OpenCV's hue is 0..179. LED greens look cyan to most cameras, leaves have 30-58; a lamp that is too bright for the
# camera turns orange.
HUES: dict[Indication, tuple[tuple[int, int], ...]] = {
    Indication.RED: ((0, 12), (160, 179)),
    Indication.AMBER: ((13, 32),),
    Indication.GREEN: ((60, 105),),
}


@dataclass(frozen=True, slots=True)
class Look:
    """What one picture of a head shows.

    Attributes:
        indication: RED, AMBER, GREEN, or UNKNOWN.
        confidence: 0..1 that the indication is right, by how much glows and how alone it is; 0 for UNKNOWN.
        dark: nothing glows in any lamp, so that a flashing lamp may be in its pause.
    """

    indication: Indication
    confidence: float
    dark: bool = False


class Head:
    """The boxes of one signal head.

    Args:
        lamp: where the lamps are, in pixels of the picture that the site was calibrated on.
        scale: width and height of the pictures to come over those of the calibrated one.
    """

    def __init__(self, lamp: LampBox, scale: tuple[float, float] = (1.0, 1.0)) -> None:
        self._boxes = {name: scaled(box, scale) for name, box in lamp.boxes_px.items()}

    def look(self, image: NDArray[np.uint8]) -> Look:
        """Reads one picture alone, without memory.

        Args:
            image: ``(h, w, 3)`` uint8 BGR.

        Returns:
            What glows; UNKNOWN if nothing does, if two lamps do, or if it glows round the lamp as well.
        """
        seen = {name: _seen(image, box, HUES[name]) for name, box in self._boxes.items()}
        glowing = [name for name, one in seen.items() if one[0] >= LIT_MIN]
        if len(glowing) != 1:
            return Look(Indication.UNKNOWN, 0.0, dark=not glowing and all(one[2] < LIT_MIN for one in seen.values()))
        name = glowing[0]
        lit, frame, _ = seen[name]
        stray = max([frame, *(any_colour for other, (_, _, any_colour) in seen.items() if other is not name)])
        alone = 1.0 - stray / (STRAY_MAX * lit)
        if alone <= 0.0:
            return Look(Indication.UNKNOWN, 0.0)
        return Look(name, round(min(1.0, lit / LIT_SURE) * min(1.0, 2.0 * alone), 3))


def scaled(box: Box, scale: tuple[float, float]) -> Box:
    """A box of the calibrated picture in one of another size.

    Args:
        box: left, top, right, bottom.
        scale: width and height over those of the calibrated picture.
    """
    x, y = scale
    return (round(box[0] * x), round(box[1] * y), round(box[2] * x), round(box[3] * y))


def _seen(image: NDArray[np.uint8], box: Box, hues: tuple[tuple[int, int], ...]) -> tuple[float, float, float]:
    """Shares of a box that glow in the hues, of the frame round it that do, and of the box that glow in any colour."""
    left, top, right, bottom = box
    wide, high = (max(2, round(FRAME_SHARE * side)) for side in (right - left, bottom - top))
    x, y = max(left - wide, 0), max(top - high, 0)
    patch = image[y : max(bottom + high, 0), x : max(right + wide, 0)]
    inner = (slice(max(top, 0) - y, max(bottom - y, 0)), slice(max(left, 0) - x, max(right - x, 0)))
    if patch.shape[0] < 3 or patch.shape[1] < 3 or patch[inner].size == 0:
        return 0.0, 0.0, 0.0
    hue, saturation, value = cv2.split(cv2.cvtColor(cv2.medianBlur(patch, 3), cv2.COLOR_BGR2HSV))
    bright = (saturation >= SATURATION_MIN) & (value >= VALUE_MIN)
    glow = np.zeros(hue.shape, np.bool_)
    for low, high_hue in hues:
        glow |= (hue >= low) & (hue <= high_hue)
    glow &= bright
    within = glow[inner]
    outside = glow.size - within.size
    frame = float(glow.sum() - within.sum()) / outside if outside else 0.0
    return float(within.mean()), frame, float((bright | (value >= GLARE_MIN))[inner].mean())
