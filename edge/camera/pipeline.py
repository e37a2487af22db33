"""Pictures of several cameras through several detectors side by side; each camera's answers come in its own order."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from nutgiao.edge.camera.source import Frame
from nutgiao.edge.detect.detector import Detector, Sight
from nutgiao.models.vision.detections import Detections

Fit = Callable[[Detections], Detections]
"""From what the network saw to the road users of a site; runs in the detector's thread."""


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class Looked:
    """A frame that was looked at.

    Attributes:
        frame: the picture.
        sight: what the detector saw, in pixels of the picture.
        users: the road users as the feed's `Fit` made them of it.
        detect_s: wall seconds that detector and fit took.
    """

    frame: Frame
    sight: Sight
    users: Detections
    detect_s: float


class DetectorPool:
    """Detectors of one thread each, shared by cameras in turn: one core, one detector.

    Two detectors of one thread carry more frames than one of two threads, because no core ever waits for the other
    inside a layer. Whoever has waited longest for a turn is served next, so a camera that gives no frames, or too many,
    takes nothing from the others.

    Args:
        detectors: each is used by one thread alone.
        clock: seconds, for how long a look took.

    Raises:
        ValueError: without a detector.
    """

    def __init__(self, detectors: Sequence[Detector], clock: Callable[[], float] = time.perf_counter) -> None:
        if not detectors:
            raise ValueError("a pool needs a detector")
        self.news = threading.Condition()
        self.size = len(detectors)
        self._clock = clock
        self._feeds: list[Feed] = []
        self._turns = 0
        self._closing = False
        self._threads = [
            threading.Thread(target=self._work, args=(detector,), name=f"detect-{i}", daemon=True)
            for i, detector in enumerate(detectors)
        ]
        for thread in self._threads:
            thread.start()

    def feed(self) -> Feed:
        """A way in and out for one camera."""
        feed = Feed(self)
        with self.news:
            self._feeds.append(feed)
        return feed

    def forget(self, feed: Feed) -> None:
        """Takes a camera out; see `Feed.close`."""
        with self.news:
            if feed in self._feeds:
                self._feeds.remove(feed)
            self.news.notify_all()

    def close(self) -> None:
        """Ends the threads once each has finished its picture."""
        with self.news:
            self._closing = True
            self.news.notify_all()
        for thread in self._threads:
            thread.join(timeout=10.0)

    def _work(self, detector: Detector) -> None:
        while True:
            with self.news:
                while not (self._closing or any(feed.ready for feed in self._feeds)):
                    self.news.wait()
                if self._closing:
                    return
                feed = min((feed for feed in self._feeds if feed.ready), key=lambda feed: feed.turn)
                self._turns += 1
                number, frame, fit = feed.begin(self._turns)
            before_s = self._clock()
            outcome: Looked | Exception
            try:
                sight = detector.look(frame.image)
                outcome = Looked(frame, sight, fit(sight.users), self._clock() - before_s)
            except Exception as error:  # noqa: BLE001 - it belongs to whoever takes this frame, and must not end the pool
                outcome = error
            with self.news:
                feed.done[number] = outcome
                self.news.notify_all()

    def __enter__(self) -> Self:
        """The pool itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes the pool."""
        self.close()


class Feed:
    """One camera's frames on their way through a pool; made by `DetectorPool.feed`.

    One thread gives frames, one takes answers. What lies between them is bounded: while nobody takes, nothing more is
    begun.
    """

    def __init__(self, pool: DetectorPool) -> None:
        self._pool, self._news = pool, pool.news
        self._waiting: deque[tuple[Frame, Fit]] = deque()
        self.begun = self._taken = 0
        self._end: BaseException | None = None
        self._ended = self._closed = False
        self.done: dict[int, Looked | Exception] = {}
        self.turn = 0
        self.dropped = 0

    @property
    def ready(self) -> bool:
        """A frame waits, and its answer would have a place; for the pool, under its lock."""
        return bool(self._waiting) and self.begun - self._taken < self._pool.size + 2

    def begin(self, turn: int) -> tuple[int, Frame, Fit]:
        """Hands the next frame to a detector; for the pool, under its lock."""
        self.turn = turn
        number, self.begun = self.begun, self.begun + 1
        self._news.notify_all()
        return number, *self._waiting.popleft()

    def offer(self, frame: Frame, fit: Fit = lambda found: found) -> None:
        """Gives a live frame: one that still waits is dropped and counted, for an old picture is worth less."""
        with self._news:
            if self._waiting:
                self._waiting.clear()
                self.dropped += 1
            self._waiting.append((frame, fit))
            self._news.notify_all()

    def put(self, frame: Frame, fit: Fit = lambda found: found) -> bool:
        """Gives a frame of a file: waits until there is room, so that every frame is looked at.

        Returns:
            False if the feed was closed meanwhile.
        """
        with self._news:
            while len(self._waiting) >= self._pool.size and not self._closed:
                self._news.wait()
            if not self._closed:
                self._waiting.append((frame, fit))
                self._news.notify_all()
            return not self._closed

    def end(self, error: BaseException | None = None) -> None:
        """Says that no frame comes any more; `take` raises the error behind the last one."""
        with self._news:
            self._ended, self._end = True, error
            self._news.notify_all()

    def take(self) -> Looked | None:
        """The next frame in the order in which they were given; waits for it.

        Returns:
            None behind the last one, or after `close`.

        Raises:
            BaseException: what the detector or the fit raised with this frame, or what ended the source.
        """
        with self._news:
            while not self._closed and self._taken not in self.done:
                if self._ended and not self._waiting and self.begun == self._taken:
                    if self._end is not None:
                        raise self._end
                    return None
                self._news.wait()
            if self._closed:
                return None
            outcome = self.done.pop(self._taken)
            self._taken += 1
            self._news.notify_all()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def close(self) -> None:
        """Lets everything go and wakes whoever waits."""
        with self._news:
            self._closed = True
            self._waiting.clear()
            self.done.clear()
        self._pool.forget(self)
