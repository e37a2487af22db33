"""A real camera with its detector, in a thread of its own: one that dies never holds up the others."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

from nutgiao.edge.camera.source import Frame, FrameSource
from nutgiao.edge.detect.detector import Detector
from nutgiao.edge.detect.road_users import RoadUsers
from nutgiao.edge.signal.drivers import LampNews
from nutgiao.edge.signal.lamp import LampReader
from nutgiao.models.contracts.errors import CameraLost, NutgiaoError
from nutgiao.models.contracts.messages import CameraHealth
from nutgiao.models.contracts.site import Camera, Site
from nutgiao.models.vision.detections import DetectedFrame

log = logging.getLogger(__name__)

WAITING_FRAMES = 60
"""Detected frames kept for a node that is late; older ones are dropped and counted."""
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0


class DetectingCamera:
    """Reads, detects and hands over; opens the source again with growing pauses for as long as it lives.

    Args:
        site: the junction.
        camera: which of its cameras.
        detector: its own detector; onnxruntime's sessions are not shared between threads here.
        opener: opens the source or raises CameraLost.
        now: clock of the frames, seconds since the epoch. A file is played at its own pace against this clock.
    """

    def __init__(
        self,
        site: Site,
        camera: Camera,
        detector: Detector,
        opener: Callable[[], FrameSource],
        now: Callable[[], float],
    ) -> None:
        self._site, self._camera, self._detector, self._open, self._now = site, camera, detector, opener, now
        self._lock = threading.Lock()
        self._frames: deque[DetectedFrame] = deque()
        self._lamps: deque[LampNews] = deque()
        self._count = self._dropped = 0
        self._last_s = now()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"detect-{camera.id}", daemon=True)
        self._thread.start()

    def frames(self) -> list[DetectedFrame]:
        """Detected frames since the last call, oldest first."""
        with self._lock:
            return [self._frames.popleft() for _ in range(len(self._frames))]

    def lamps(self) -> list[LampNews]:
        """What the lamps in the picture showed since the last call."""
        with self._lock:
            return [self._lamps.popleft() for _ in range(len(self._lamps))]

    def health(self, now_s: float) -> CameraHealth:
        """How old the last frame is, and how many came and were dropped."""
        with self._lock:
            age_s = max(0.0, now_s - self._last_s)
            return CameraHealth(camera=self._camera.id, age_s=age_s, frames=self._count, dropped=self._dropped)

    def close(self) -> None:
        """Ends the thread and lets the source go."""
        self._stop.set()
        self._thread.join(timeout=10.0)

    def _run(self) -> None:
        pause_s = FIRST_PAUSE_S
        while not self._stop.is_set():
            before = self._count
            try:
                with self._open() as source:
                    self._watch(source)
                log.info("camera %s: the source has ended", self._camera.id)
            except CameraLost as error:
                log.warning("%s", error)
            except NutgiaoError as error:  # a wrong picture will not become right by itself, but a mended camera may
                log.error("camera %s: %s", self._camera.id, error)
            pause_s = FIRST_PAUSE_S if self._count > before else min(2.0 * pause_s, LONGEST_PAUSE_S)
            self._stop.wait(pause_s)

    def _watch(self, source: FrameSource) -> None:
        users: RoadUsers | None = None
        readers: list[LampReader] = []
        dropped = 0
        while not self._stop.is_set() and (frame := source.read()) is not None:
            if users is None:
                users = RoadUsers(self._site, self._camera, frame.image)
                readers = [LampReader(lamp, users.scale) for lamp in self._camera.lamps]
            if source.frames_expected is not None and self._stop.wait(max(0.0, frame.time_s - self._now())):
                return
            news = [
                LampNews(frame.time_s, read.group, read.indication) for read in (r.read(frame.image) for r in readers)
            ]
            self._keep(frame, users, news, source.dropped - dropped)
            dropped = source.dropped

    def _keep(self, frame: Frame, users: RoadUsers, news: list[LampNews], dropped: int) -> None:
        found = users.of(self._detector.look(frame.image).users)
        with self._lock:
            self._lamps.extend(news)
            self._frames.append(DetectedFrame(self._camera.id, frame.time_s, self._count, found, frame.image))
            self._count += 1
            self._last_s = frame.time_s
            self._dropped += dropped
            while len(self._frames) > WAITING_FRAMES:
                self._frames.popleft()
                self._dropped += 1
