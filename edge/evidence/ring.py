"""The last seconds of a camera, kept small for evidence: reduced pictures and what was seen in them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.lanes.placed import PlacedTracks
from nutgiao.models.vision.detections import DetectedFrame

STILL_WIDTH_PX = 640


@dataclass(frozen=True, slots=True)
class RingFrame:
    """One kept frame.

    Attributes:
        time_s: capture time.
        index: number of the frame.
        boxes_px: ``(n, 4)`` all detected boxes, pixels of the full frame.
        image: ``(h, 640, 3)`` reduced BGR picture, None where the camera has no pixels.
        placed: tracks of each approach of the camera.
    """

    time_s: float
    index: int
    boxes_px: NDArray[np.float32]
    image: NDArray[np.uint8] | None
    placed: tuple[PlacedTracks, ...]


class FrameRing:
    """Frames of the last seconds, thinned to a rate that evidence needs.

    Args:
        seconds: how long a frame is kept.
        pictures_hz: at most so many pictures a second; tracks are kept of every frame.
    """

    def __init__(self, seconds: float = 12.0, pictures_hz: float = 5.0) -> None:
        self._seconds, self._period_s = seconds, 1.0 / pictures_hz
        self._frames: deque[RingFrame] = deque()
        self._next_picture_s = -np.inf

    def add(self, frame: DetectedFrame, placed: tuple[PlacedTracks, ...]) -> None:
        """Keeps a frame and drops the oldest."""
        image: NDArray[np.uint8] | None = None
        if frame.image is not None and frame.time_s >= self._next_picture_s:
            height, width = frame.image.shape[:2]
            size = (STILL_WIDTH_PX, round(height * STILL_WIDTH_PX / width))
            image = np.asarray(cv2.resize(frame.image, size, interpolation=cv2.INTER_AREA), np.uint8)
            self._next_picture_s = frame.time_s + 0.9 * self._period_s
        self._frames.append(RingFrame(frame.time_s, frame.index, frame.detections.boxes_px, image, placed))
        while self._frames[0].time_s < frame.time_s - self._seconds:
            self._frames.popleft()

    def frames(self) -> tuple[RingFrame, ...]:
        """All kept frames, oldest first."""
        return tuple(self._frames)

    def nearest(self, time_s: float) -> RingFrame:
        """The frame nearest in time, among those with a picture if the camera has pictures at all.

        Raises:
            LookupError: if the ring is empty.
        """
        if not self._frames:
            raise LookupError("no frame was kept yet")
        with_picture = [frame for frame in self._frames if frame.image is not None]
        return min(with_picture or self._frames, key=lambda frame: abs(frame.time_s - time_s))
