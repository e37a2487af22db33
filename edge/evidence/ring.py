"""The last seconds of a camera, kept for evidence: pictures as JPEG, never decoded unless a case wants them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.lanes.placed import PlacedTracks
from nutgiao.edge.track.tracks import Tracks
from nutgiao.models.vision.detections import DetectedFrame, Detections

PICTURES_HZ = 5.0
"""Pictures kept per second: a rider at 10 m/s moves 2 m from one to the next, about the length of a motorcycle."""

WIDTH_PX = 1280
"""Wider pictures are made so wide: a plate of 190 mm in a view 15 m wide then has 16 pixels, at the line far more."""

QUALITY = 85
"""Of the JPEG: above it files grow faster than what can be read in them."""

LIMIT_BYTES = 48 * 1024 * 1024
"""Of pictures in one ring: the oldest ones go first. Twelve seconds at five of 250 kB are 15 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class RingFrame:
    """One kept frame.

    Attributes:
        time_s: capture time.
        index: number of the frame.
        detections: road users, pixels of the calibrated picture.
        sighted: everything in which somebody may be recognised.
        tracks: confirmed tracks, those not seen in this frame included.
        placed: tracks of each approach of the camera.
        jpeg: the picture; None where the camera has no pixels, or where it was not kept of this frame.
    """

    time_s: float
    index: int
    detections: Detections
    sighted: Detections
    tracks: Tracks
    placed: tuple[PlacedTracks, ...]
    jpeg: bytes | None

    def picture(self) -> NDArray[np.uint8] | None:
        """The picture, ``(h, w, 3)`` BGR, decoded anew; None without one."""
        if self.jpeg is None:
            return None
        return np.asarray(cv2.imdecode(np.frombuffer(self.jpeg, np.uint8), cv2.IMREAD_COLOR), np.uint8)

    def box_of(self, number: int) -> NDArray[np.float64] | None:
        """``(4,)`` box of a track, pixels of the calibrated picture; None if it was not known then."""
        i = int(np.searchsorted(self.tracks.numbers, number))
        if i < len(self.tracks) and self.tracks.numbers[i] == number:
            return np.asarray(self.tracks.boxes_px[i], np.float64)
        return None


class FrameRing:
    """Frames of the last seconds, with pictures thinned to a rate that evidence needs.

    Args:
        seconds: how long a frame is kept.
        pictures_hz: at most so many pictures a second; tracks are kept of every frame.
        limit_bytes: of pictures together.
    """

    def __init__(self, seconds: float = 12.0, pictures_hz: float = PICTURES_HZ, limit_bytes: int = LIMIT_BYTES) -> None:
        self._seconds, self._period_s, self._limit_bytes = seconds, 1.0 / pictures_hz, limit_bytes
        self._frames: deque[RingFrame] = deque()
        self._next_picture_s = -np.inf
        self.bytes = 0

    def add(self, frame: DetectedFrame, tracks: Tracks, placed: tuple[PlacedTracks, ...]) -> RingFrame:
        """Keeps a frame and drops the oldest.

        Returns:
            The frame as it is kept.
        """
        jpeg = None
        if frame.image is not None and frame.time_s >= self._next_picture_s - 0.1 * self._period_s:
            jpeg = _encoded(frame.image)
            self.bytes += len(jpeg)
            # from when it was due, so that a camera of six frames a second gives five pictures of them and not three
            self._next_picture_s = max(self._next_picture_s, frame.time_s - self._period_s) + self._period_s
        sighted = frame.detections if frame.sighted is None else frame.sighted
        kept = RingFrame(frame.time_s, frame.index, frame.detections, sighted, tracks, placed, jpeg)
        self._frames.append(kept)
        while len(self._frames) > 1 and (
            self._frames[0].time_s < frame.time_s - self._seconds or self.bytes > self._limit_bytes
        ):
            self.bytes -= len(self._frames.popleft().jpeg or b"")
        return kept

    def frames(self) -> tuple[RingFrame, ...]:
        """All kept frames, oldest first."""
        return tuple(self._frames)


def _encoded(image: NDArray[np.uint8]) -> bytes:
    """The picture as JPEG, made smaller if it is wider than `WIDTH_PX`."""
    height, width = image.shape[:2]
    if width > WIDTH_PX:
        size = (WIDTH_PX, round(height * WIDTH_PX / width))
        # Averaging over areas takes 20 ms where the sizes are no multiples, and is needed only from half the size on.
        way = cv2.INTER_AREA if width >= 2 * WIDTH_PX else cv2.INTER_LINEAR
        image = np.asarray(cv2.resize(image, size, interpolation=way), np.uint8)
    _, jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return bytes(jpeg.tobytes())
