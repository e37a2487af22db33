"""Tracks of one camera at one instant as structs of arrays; one not yet believed is another type and has no id."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Tracks:
    """Confirmed tracks, oldest first.

    Attributes:
        time_s: capture time of the frame.
        ids: ``n`` ids, unique for ever: node, camera, boot and number.
        numbers: ``(n,)`` int64, the number alone: unique within this tracker, ascending.
        ground_m: ``(n, 2)`` filtered position of the box's bottom centre on the ground, metres.
        velocity_mps: ``(n, 2)`` filtered velocity.
        covariance: ``(n, 4, 4)`` of position and velocity.
        classes: ``(n,)`` int8, index into CLASSES, by vote over the track.
        boxes_px: ``(n, 4)`` float32, the last detected box; while coasting, moved along with the ground point.
        scores: ``(n,)`` score of the last detection.
        hits: ``(n,)`` int64, detections so far.
        born_s: ``(n,)`` time of the first detection.
        born_m: ``(n, 2)`` ground point of the first detection.
        unseen_s: ``(n,)`` seconds since the last detection; 0 when seen in this frame.
    """

    time_s: float
    ids: tuple[str, ...]
    numbers: NDArray[np.int64]
    ground_m: NDArray[np.float64]
    velocity_mps: NDArray[np.float64]
    covariance: NDArray[np.float64]
    classes: NDArray[np.int8]
    boxes_px: NDArray[np.float32]
    scores: NDArray[np.float32]
    hits: NDArray[np.int64]
    born_s: NDArray[np.float64]
    born_m: NDArray[np.float64]
    unseen_s: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def coasting(self) -> NDArray[np.bool_]:
        """``(n,)`` not seen in this frame: the position is predicted."""
        return self.unseen_s > 0.0


@dataclass(frozen=True, slots=True)
class TentativeTracks:
    """Candidates that a few more detections would confirm; they count for nothing.

    Attributes:
        ground_m: ``(n, 2)`` metres.
        hits: ``(n,)`` detections so far.
    """

    ground_m: NDArray[np.float64]
    hits: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.hits)
