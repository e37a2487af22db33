"""Tracks in the frame of their approach, as one frame shows them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PlacedTracks:
    """Confirmed tracks of one approach in one frame; pedestrians are left out.

    Attributes:
        time_s: capture time.
        ids: ``n`` ids.
        numbers: ``(n,)`` number of each within its camera, ascending.
        x_m: ``(n,)`` front bumper, metres upstream of the stop line; negative beyond it.
        y_m: ``(n,)`` from the kerb.
        speed_mps: ``(n,)`` along the way of the approach; negative is the wrong way.
        sideways_mps: ``(n,)`` to the left.
        sd_m: ``(n,)`` standard error of x.
        lanes: ``(n,)`` int64, index of the lane from the kerb.
        classes: ``(n,)`` int8, index into CLASSES.
        hits: ``(n,)`` detections so far.
        unseen_s: ``(n,)`` seconds since the last one.
        born_x_m: ``(n,)`` x of the first detection.
        crossed_s: ``(n,)`` when the front last crossed the line downstream, interpolated; NaN if it was not seen to.
        crossed_mps: ``(n,)`` speed then.
        crossed_sd_s: ``(n,)`` standard error of that time.
        crossed_unseen_s: ``(n,)`` for how long the track had coasted then.
        boxes_px: ``(n, 4)``.
        scores: ``(n,)`` of the last detection.
    """

    time_s: float
    ids: tuple[str, ...]
    numbers: NDArray[np.int64]
    x_m: Floats
    y_m: Floats
    speed_mps: Floats
    sideways_mps: Floats
    sd_m: Floats
    lanes: NDArray[np.int64]
    classes: NDArray[np.int8]
    hits: NDArray[np.int64]
    unseen_s: Floats
    born_x_m: Floats
    crossed_s: Floats
    crossed_mps: Floats
    crossed_sd_s: Floats
    crossed_unseen_s: Floats
    boxes_px: NDArray[np.float32]
    scores: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.numbers)
