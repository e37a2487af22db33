"""A real camera in threads of its own, behind detectors that it shares: one that dies never holds up the others."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from nutgiao.edge.camera.picture import PictureWatch
from nutgiao.edge.camera.pipeline import DetectorPool, Feed, Looked
from nutgiao.edge.camera.places import Places, name_of
from nutgiao.edge.camera.source import FrameSource
from nutgiao.edge.detect.road_users import RoadUsers
from nutgiao.edge.signal.drivers import LampNews
from nutgiao.edge.signal.lamp import LampReader
from nutgiao.models.contracts.errors import CameraLost, NutgiaoError
from nutgiao.models.contracts.messages import CameraHealth, CameraTrouble
from nutgiao.models.contracts.site import Camera, Site
from nutgiao.models.contracts.words import PictureFault
from nutgiao.models.vision.detections import DetectedFrame
from nutgiao.models.vision.tiles import Tiling, gather

log = logging.getLogger(__name__)

WAITING_FRAMES = 60
"""Detected frames kept for a node that is late; older ones are dropped and counted."""
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0


class DetectingCamera:
    """Reads, lets detect and hands over; opens the source again with growing pauses for as long as it lives.

    Under load the newest frame wins: those that no detector was free for are dropped and counted. The lamps are read in
    every frame, also in those.

    A black or frozen picture is no picture: its frames go no further and do not count as news. In a moved one the lamps
    are not where they are looked for, so they are not read.

    Args:
        site: the junction.
        camera: which of its cameras.
        pool: the detectors, shared with the other cameras of the box; closed by who made it.
        opener: opens the source or raises CameraLost.
        now: clock of the frames, seconds since the epoch. A file is played at its own pace against this clock.
        kept: folder in which the camera's background is kept, so that it is noticed too when the camera is moved while
            the box is off; None keeps it in memory.
    """

    def __init__(
        self,
        site: Site,
        camera: Camera,
        pool: DetectorPool,
        opener: Callable[[], FrameSource],
        now: Callable[[], float],
        kept: Path | None = None,
    ) -> None:
        self._site, self._camera, self._open, self._now = site, camera, opener, now
        self._feed = pool.feed(Tiling.of(camera))
        self._lock = threading.Lock()
        self._frames: deque[DetectedFrame] = deque()
        self._lamps: deque[LampNews] = deque()
        self._count = self._dropped = 0
        self._reconnects = 0
        self._last_s = now()
        self._picture = PictureWatch(camera.width_px, Places(kept, name_of(camera)))
        self._troubles: tuple[CameraTrouble, ...] = ()
        self._blank_s: float | None = None
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=run, args=args, name=f"{what}-{camera.id}", daemon=True)
            for what, run, args in (("read", self._run, ()), ("keep", self._keep_all, (self._feed,)))
        ]
        for thread in self._threads:
            thread.start()

    def frames(self) -> list[DetectedFrame]:
        """Detected frames since the last call, oldest first."""
        with self._lock:
            return [self._frames.popleft() for _ in range(len(self._frames))]

    def lamps(self) -> list[LampNews]:
        """What the lamps in the picture showed since the last call."""
        with self._lock:
            return [self._lamps.popleft() for _ in range(len(self._lamps))]

    def health(self, now_s: float) -> CameraHealth:
        """How old the last picture is, how many came and were dropped, and what is wrong with them."""
        with self._lock:
            last_s = self._last_s if self._blank_s is None else min(self._last_s, self._blank_s)
            return CameraHealth(
                camera=self._camera.id,
                age_s=max(0.0, now_s - last_s),
                frames=self._count,
                dropped=self._dropped + self._feed.dropped,
                troubles=self._troubles,
                reconnects=self._reconnects,
            )

    def close(self) -> None:
        """Ends the threads and lets the source go."""
        self._stop.set()
        self._feed.close()
        for thread in self._threads:
            thread.join(timeout=10.0)

    def _run(self) -> None:
        pause_s = FIRST_PAUSE_S
        lost = False
        while not self._stop.is_set():
            before = self._count
            try:
                with self._open() as source:
                    self._reconnects += lost
                    lost = False
                    self._watch(source)
                log.info("camera %s: the source has ended", self._camera.id)
            except CameraLost as error:
                log.warning("%s", error)
                lost = True
            except NutgiaoError as error:  # a wrong picture will not become right by itself, but a mended camera may
                log.error("camera %s: %s", self._camera.id, error)
            pause_s = FIRST_PAUSE_S if self._count > before else min(2.0 * pause_s, LONGEST_PAUSE_S)
            self._stop.wait(pause_s)

    def _watch(self, source: FrameSource) -> None:
        users: RoadUsers | None = None
        readers: list[LampReader] = []
        size: tuple[int, ...] = ()
        dropped = reconnects = 0
        while not self._stop.is_set() and (frame := source.read()) is not None:
            if users is None or frame.image.shape != size:  # a camera may come back with another resolution
                size = frame.image.shape
                users = RoadUsers(self._site, self._camera, frame.image)
                readers = [LampReader(lamp, users.scale) for lamp in self._camera.lamps]
            if source.frames_expected is not None and self._stop.wait(max(0.0, frame.time_s - self._now())):
                return
            self._picture.look(frame.image, frame.time_s)
            blank_s, troubles = self._picture.blank_s, self._picture.troubles
            moved = any(trouble.fault is PictureFault.MOVED for trouble in troubles)
            seeing = () if moved or blank_s is not None else readers
            news = [one for reader in seeing for one in reader.news(frame.image, frame.time_s)]
            with self._lock:
                self._blank_s, self._troubles = blank_s, troubles
                self._lamps.extend(news)
                self._dropped += source.dropped - dropped
                self._reconnects += source.reconnects - reconnects
            dropped, reconnects = source.dropped, source.reconnects
            if blank_s is not None:
                continue
            self._feed.offer(frame, users.of)

    def _keep_all(self, feed: Feed) -> None:
        while not self._stop.is_set():
            try:
                looked = feed.take()
            except Exception:  # one picture that the network chokes on must not end the camera
                log.exception("camera %s: a frame could not be looked at", self._camera.id)
                continue
            if looked is None:
                return
            self._keep(looked)

    def _keep(self, looked: Looked) -> None:
        frame = looked.frame
        height, width = frame.image.shape[:2]
        to_site = np.tile([self._camera.width_px / width, self._camera.height_px / height], 2).astype(np.float32)
        sighted = gather([looked.sight.users, looked.sight.faint])
        sighted = replace(sighted, boxes_px=sighted.boxes_px * to_site)
        with self._lock:
            self._frames.append(
                DetectedFrame(self._camera.id, frame.time_s, self._count, looked.users, frame.image, sighted)
            )
            self._count += 1
            self._last_s = frame.time_s
            while len(self._frames) > WAITING_FRAMES:
                self._frames.popleft()
                self._dropped += 1
