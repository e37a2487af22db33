"""Looks at one seven-segment digit in the picture: how well each of 0 to 9 fits, down to strokes of one pixel.

Each digit is drawn, blurred as a lens does and compared by normalised correlation, at places of a pixel each way since
a mast sways. So small a digit cannot be read stroke by stroke: in the Giang Vo clip a tens digit is 4 x 9 pixels.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Box = tuple[int, int, int, int]

_STROKES = {
    "a": ((0.0, 0.0), (1.0, 0.0)), "b": ((1.0, 0.0), (1.0, 0.5)), "c": ((1.0, 0.5), (1.0, 1.0)),
    "d": ((0.0, 1.0), (1.0, 1.0)), "e": ((0.0, 0.5), (0.0, 1.0)), "f": ((0.0, 0.0), (0.0, 0.5)),
    "g": ((0.0, 0.5), (1.0, 0.5)),
}  # fmt: skip
"""Ends of each segment in a digit one wide and one high; the letters are those of every data sheet."""
_DIGITS = ("abcdef", "bc", "abged", "abgcd", "fgbc", "afgcd", "afgedc", "abc", "abcdefg", "abcdfg")

WIDE_PX = 10
"""Larger digits are looked at in this width: no more is needed, and it keeps a reading below 1 ms."""
LIT_STD = 20.0
"""Standard deviation of brightness in the box of a digit that is lit; dark ones of Giang Vo have 10, lit ones 64."""
_THICK, _SLANTS, _BLUR_PX, _FINE = (0.2, 0.3), (0.0, 0.12), 0.5, 16
"""Strokes over the width, lean over the width, blur, and how much finer than the picture a digit is drawn."""


class Digit:
    """One place of a display.

    Args:
        box: left, top, right, bottom of its strokes, pixels: an 8 would fill it.
    """

    def __init__(self, box: Box) -> None:
        left, top, right, bottom = box
        self._box = box
        shrink = min(1.0, WIDE_PX / (right - left))
        self._size = (max(3, round((right - left) * shrink)), max(5, round((bottom - top) * shrink)))
        self._margin = max(1, round(1 / shrink))
        drawn = [
            [_drawn(strokes, self._size, thick, slant) for strokes in _DIGITS] for thick in _THICK for slant in _SLANTS
        ]
        self._looks = _normal(np.array(drawn, np.float32).reshape(len(drawn) * 10, -1))

    def fits(self, image: NDArray[np.uint8]) -> NDArray[np.float32] | None:
        """How well each digit fits.

        Args:
            image: ``(h, w, 3)`` uint8 BGR.

        Returns:
            ``(10,)`` correlation, -1..1; None if the place is dark or not in the picture.
        """
        left, top, right, bottom = self._box
        m = self._margin
        patch = image[max(top - m, 0) : bottom + m, max(left - m, 0) : right + m]
        if patch.shape[:2] != (bottom - top + 2 * m, right - left + 2 * m):
            return None
        wide, high = self._size
        bright = cv2.resize(patch.max(axis=2), (wide + 2, high + 2), interpolation=cv2.INTER_AREA).astype(np.float32)
        if float(bright[1:-1, 1:-1].std()) < LIT_STD:
            return None
        places = np.lib.stride_tricks.sliding_window_view(bright, (high, wide)).reshape(9, -1)
        found = (_normal(places) @ self._looks.T).reshape(9, -1, 10)
        best: NDArray[np.float32] = found.max(axis=(0, 1))
        return best


def _drawn(strokes: str, size: tuple[int, int], thick: float, slant: float) -> NDArray[np.float32]:
    """A digit as a lens of this sharpness shows it, ``(high, wide)``."""
    wide, high = size[0] * _FINE, size[1] * _FINE
    width = thick * wide
    image = np.zeros((high, wide), np.float32)
    for name in strokes:
        ends = [
            (round(width / 2 + x * (wide - width) + slant * wide * (0.5 - y)), round(width / 2 + y * (high - width)))
            for x, y in _STROKES[name]
        ]
        cv2.line(image, ends[0], ends[1], 1.0, max(1, round(width)))
    blurred = cv2.GaussianBlur(image, (0, 0), _BLUR_PX * _FINE)
    return np.asarray(cv2.resize(blurred, size, interpolation=cv2.INTER_AREA), np.float32)


def _normal(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows without their mean, of length one."""
    centred = rows - rows.mean(axis=1, keepdims=True)
    length: NDArray[np.float32] = np.linalg.norm(centred, axis=1, keepdims=True)
    return np.asarray(centred / np.maximum(length, 1e-6), np.float32)
