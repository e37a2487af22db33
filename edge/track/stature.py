"""How tall each class stands in the picture, learnt from whole boxes, so that a cut box can be placed by its top.

Below a horizon at row v_h, a point at height h above flat ground and one on the ground beneath it lie at rows in the
fixed ratio (v_top - v_h) / (v_ground - v_h) = 1 - h / H, with H the height of the camera. The top of a box is the far
end of the vehicle, so the row of that end's ground point follows from the top, once the ratio of the class is known.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.words import CLASSES
from nutgiao.models.jit import kernel

_SAMPLES = 128
_NEEDED = 24
_EVERY = 16


class Stature:
    """Running median of h / H per class."""

    def __init__(self) -> None:
        self.share = np.full(len(CLASSES), np.nan)
        self._samples = np.zeros((len(CLASSES), _SAMPLES))
        self._count = np.zeros(len(CLASSES), np.int64)

    def learn(self, classes: NDArray[np.int8], shares: NDArray[np.float64]) -> None:
        """Takes in the shares of whole boxes.

        Args:
            classes: ``(n,)`` class codes.
            shares: ``(n,)`` h / H as each box shows it; NaN is skipped.
        """
        learn(classes, shares, self._samples, self._count, self.share)


@kernel("void(i1[::1], f8[::1], f8[:, ::1], i8[::1], f8[::1])")
def learn(
    classes: NDArray[np.int8],
    shares: NDArray[np.float64],
    samples: NDArray[np.float64],
    count: NDArray[np.int64],
    share: NDArray[np.float64],
) -> None:
    """Keeps samples and, every few of them, renews the median of their class.

    Args:
        classes: ``(n,)`` class codes.
        shares: ``(n,)``; NaN is skipped.
        samples: ``(classes, samples)`` the last ones of each class, in place.
        count: ``(classes,)`` how many there ever were, in place.
        share: ``(classes,)`` medians, in place.
    """
    for i in range(len(classes)):
        code = classes[i]
        if not 0.0 < shares[i] < 0.9:  # false for NaN
            continue
        samples[code, count[code] % _SAMPLES] = shares[i]
        count[code] += 1
        if count[code] >= _NEEDED and count[code] % _EVERY == 0:
            share[code] = np.median(samples[code, : min(count[code], _SAMPLES)])
