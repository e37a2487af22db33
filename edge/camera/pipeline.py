"""Pictures of several cameras through several detectors side by side; each camera's answers come in its own order."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nutgiao.edge.camera.source import Frame
from nutgiao.edge.detect.detector import Detector, Look, Sight
from nutgiao.models.closing import Closing
from nutgiao.models.vision.detections import Detections
from nutgiao.models.vision.tiles import WHOLE, Box, Tiling

Fit = Callable[[Detections], Detections]
"""From what the network saw to the road users of a site; runs in the detector's thread."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A frame that was looked at.

    Attributes:
        frame: the picture.
        sight: what the detector saw, in pixels of the picture.
        users: the road users as the feed's `Fit` made them of it.
        detect_s: wall seconds that detector and fit took, shared by the pictures that were looked at together.
    """

    frame: Frame
    sight: Sight
    users: Detections
    detect_s: float


class DetectorPool(Closing):
    """Detectors of one thread each, shared by cameras in turn: one core, one detector.

    Two detectors of one thread carry more frames than one of two threads, because no core ever waits for the other
    inside a layer. Whoever has waited longest for a turn is served next, so a camera that gives no frames, or too many,
    takes nothing from the others. A detector that gains by it looks at pictures of several cameras in one call.

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

    def feed(self, tiling: Tiling = WHOLE) -> Feed:
        """A way in and out for one camera.

        Args:
            tiling: which parts of its pictures are looked at besides the whole.
        """
        feed = Feed(self, tiling)
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
                turns = []
                for feed in sorted((feed for feed in self._feeds if feed.ready), key=lambda feed: feed.turn):
                    self._turns += 1
                    turns.append(feed.begin(self._turns))
                    if sum(turn.calls for turn in turns) >= detector.at_once:
                        break
            for turn, outcome in zip(turns, self._outcomes(detector, turns), strict=True):
                with self.news:
                    turn.feed.done[turn.number] = outcome
                    self.news.notify_all()

    def _outcomes(self, detector: Detector, turns: list[_Turn]) -> list[Looked | Exception]:
        """Looks at pictures together; if that fails one by one, so that no camera suffers from another's picture."""
        before_s = self._clock()
        try:
            sights = detector.look_all([Look(turn.frame.image, turn.tiles) for turn in turns])
            users = [turn.fit(sight.users) for turn, sight in zip(turns, sights, strict=True)]
        except Exception as error:  # noqa: BLE001 - it belongs to whoever takes this frame, and must not end the pool
            return [error] if len(turns) == 1 else [self._outcomes(detector, [turn])[0] for turn in turns]
        took_s = (self._clock() - before_s) / len(turns)
        return [
            Looked(turn.frame, sight, found, took_s) for turn, sight, found in zip(turns, sights, users, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class _Turn:
    """A frame whose turn it is."""

    feed: Feed
    number: int
    frame: Frame
    fit: Fit
    tiles: tuple[Box, ...]

    @property
    def calls(self) -> int:
        """Pictures that the network gets of it."""
        return 1 + len(self.tiles)


class Feed:
    """One camera's frames on their way through a pool; made by `DetectorPool.feed`.

    One thread gives frames, one takes answers. What lies between them is bounded: while nobody takes, nothing more is
    begun.
    """

    def __init__(self, pool: DetectorPool, tiling: Tiling) -> None:
        self._pool, self._news, self._tiling = pool, pool.news, tiling
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

    def begin(self, turn: int) -> _Turn:
        """Hands the next frame to a detector; for the pool, under its lock."""
        self.turn = turn
        number, self.begun = self.begun, self.begun + 1
        self._news.notify_all()
        frame, fit = self._waiting.popleft()
        return _Turn(self, number, frame, fit, self._tiling.boxes((frame.image.shape[1], frame.image.shape[0])))

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
