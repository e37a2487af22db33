"""Detections of one frame as a struct of arrays, in pixels: the same for a neural network and for a virtual camera."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Detections:
    """Boxes found in one frame.

    Attributes:
        boxes_px: ``(n, 4)`` float32, left, top, right, bottom in pixels of the full frame.
        scores: ``(n,)`` float32 in 0..1.
        classes: ``(n,)`` int8, index into `nutgiao.models.contracts.words.CLASSES`.
    """

    boxes_px: NDArray[np.float32]
    scores: NDArray[np.float32]
    classes: NDArray[np.int8]

    def __post_init__(self) -> None:
        """Checks that the three arrays agree.

        Raises:
            ValueError: if shapes do not agree.
        """
        n = len(self.scores)
        if self.boxes_px.shape != (n, 4) or self.classes.shape != (n,):
            raise ValueError(f"boxes {self.boxes_px.shape}, scores {self.scores.shape}, classes {self.classes.shape}")

    def __len__(self) -> int:
        return len(self.scores)

    @staticmethod
    def empty() -> Detections:
        """No detections at all."""
        return Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int8))

    def select(self, keep: NDArray[np.bool_] | NDArray[np.intp]) -> Detections:
        """Keeps some of the detections.

        Args:
            keep: ``(n,)`` mask, or indices in the order wanted.

        Returns:
            The chosen detections.
        """
        return Detections(self.boxes_px[keep], self.scores[keep], self.classes[keep])


@dataclass(frozen=True, slots=True)
class DetectedFrame:
    """What one camera saw at one instant.

    Attributes:
        camera: id of the camera in the site file.
        time_s: capture time, seconds since the epoch (virtual time under a virtual clock).
        index: number of the frame since the source was opened; gaps are dropped frames.
        detections: the boxes.
        image: ``(h, w, 3)`` uint8 BGR picture, or None where there are no pixels (virtual camera).
        sighted: everything in which somebody may be recognised, boxes that are too weak to be counted included; None
            where that is no more than `detections`.
    """

    camera: str
    time_s: float
    index: int
    detections: Detections
    image: NDArray[np.uint8] | None = None
    sighted: Detections | None = None
