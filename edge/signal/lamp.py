"""Reads a lamp in the picture, for the places where no controller tells what it shows."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.site import LampBox
from nutgiao.models.contracts.words import Indication

CONFIRM = 2
"""A change is believed when so many readings in a row agree: one frame of a passing red shirt is not a red lamp."""

LIT_MIN = 0.06
"""Share of a box that has to glow in the lamp's colour; measured figures stand in the site file's comment."""

LIT_SURE = 0.15
"""Share of a box at which the reading is sure."""

SATURATION_MIN = 90
VALUE_MIN = 100

# OpenCV's hue is 0..179. LED greens look cyan to most cameras; lamps that are too bright for the camera turn orange.
RED_HUES = ((0, 12), (165, 179))
AMBER_HUES = ((13, 32),)
GREEN_HUES = ((40, 105),)


@dataclass(frozen=True, slots=True)
class LampReading:
    """What a lamp shows.

    Attributes:
        group: signal group.
        indication: RED, GREEN, AMBER, or UNKNOWN when nothing glows or two lamps contradict each other.
        confidence: 0..1 that the indication is right, judged by how much of the box glows; 0 for UNKNOWN.
    """

    group: str
    indication: Indication
    confidence: float


class LampReader:
    """Reads one signal head by the boxes that the site file gives, frame after frame.

    A dark head is UNKNOWN and not amber: the amber lamp may be dirty, hidden or out of sight, and a rule that needs
    the lamp has to stop there.

    Args:
        lamp: where the lamps are, in pixels of the picture that the site was calibrated on.
        scale: width and height of the pictures to come over those of the calibrated one.
    """

    def __init__(self, lamp: LampBox, scale: tuple[float, float] = (1.0, 1.0)) -> None:
        self.group = lamp.signal_group
        self._boxes = [
            (indication, _scaled(box, scale), hues)
            for indication, box, hues in (
                (Indication.RED, lamp.red_px, RED_HUES),
                (Indication.AMBER, lamp.amber_px, AMBER_HUES),
                (Indication.GREEN, lamp.green_px, GREEN_HUES),
            )
            if box is not None
        ]
        self._believed = LampReading(self.group, Indication.UNKNOWN, 0.0)
        self._candidate: Indication | None = None
        self._agreed = 0

    def read(self, image: NDArray[np.uint8]) -> LampReading:
        """Reads the lamp in the next frame.

        Args:
            image: ``(h, w, 3)`` uint8 BGR.

        Returns:
            What is believed now: the first reading at once, a change when `CONFIRM` readings agree.
        """
        seen = self.look(image)
        first = self._candidate is None
        self._agreed = self._agreed + 1 if seen.indication is self._candidate else 1
        self._candidate = seen.indication
        if first or self._agreed >= CONFIRM or seen.indication is self._believed.indication:
            self._believed = seen
        return self._believed

    def look(self, image: NDArray[np.uint8]) -> LampReading:
        """Reads one frame alone, without memory."""
        lit = {indication: _lit_share(image, box, hues) for indication, box, hues in self._boxes}
        glowing = [indication for indication, share in lit.items() if share >= LIT_MIN]
        if len(glowing) != 1:  # dark, or red and green at once: a reflection, a wrong box
            return LampReading(self.group, Indication.UNKNOWN, 0.0)
        return LampReading(self.group, glowing[0], min(1.0, lit[glowing[0]] / LIT_SURE))


def _scaled(box: tuple[int, int, int, int], scale: tuple[float, float]) -> tuple[int, int, int, int]:
    x, y = scale
    return (round(box[0] * x), round(box[1] * y), round(box[2] * x), round(box[3] * y))


def _lit_share(image: NDArray[np.uint8], box: tuple[int, int, int, int], hues: tuple[tuple[int, int], ...]) -> float:
    """Share of a box's pixels that glow in one of the hues."""
    left, top, right, bottom = box
    patch = image[max(top, 0) : bottom, max(left, 0) : right]
    if patch.size == 0:
        return 0.0
    hue, saturation, value = cv2.split(cv2.cvtColor(patch, cv2.COLOR_BGR2HSV))
    coloured = np.zeros(hue.shape, np.bool_)
    for low, high in hues:
        coloured |= (hue >= low) & (hue <= high)
    return float(np.mean(coloured & (saturation >= SATURATION_MIN) & (value >= VALUE_MIN)))
