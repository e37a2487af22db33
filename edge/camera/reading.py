"""Reads a source ahead in a thread of its own, so that decoding, detecting and everything behind run side by side."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from nutgiao.edge.camera.pipeline import DetectorPool, Looked
from nutgiao.edge.camera.source import FrameSource
from nutgiao.models.vision.tiles import WHOLE, Tiling

CLOSE_S = 5.0


class Reading:
    """One source through a pool: every frame of a file, the newest ones of a live source.

    Args:
        source: where frames come from; the caller closes it, after `close`.
        pool: who looks at them.
        clock: seconds, for how long decoding took.
        tiling: which parts of the pictures are looked at besides the whole.
    """

    def __init__(
        self,
        source: FrameSource,
        pool: DetectorPool,
        clock: Callable[[], float] = time.perf_counter,
        tiling: Tiling = WHOLE,
    ) -> None:
        self._source, self._clock = source, clock
        self._live = source.frames_expected is None
        self._feed = pool.feed(tiling)
        self._stop = threading.Event()
        self.decode_s = 0.0
        self._thread = threading.Thread(target=self._run, name=f"read-{source.camera}", daemon=True)
        self._thread.start()

    @property
    def dropped(self) -> int:
        """Live frames that nobody had time for."""
        return self._source.dropped + self._feed.dropped

    def next(self) -> Looked | None:
        """The next frame, looked at; None behind the last one.

        Raises:
            CameraLost: when the source is gone, behind its last frame.
            Exception: what the detector raised.
        """
        return self._feed.take()

    def close(self) -> None:
        """Stops reading."""
        self._stop.set()
        self._feed.close()
        self._thread.join(timeout=CLOSE_S)

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                before_s = self._clock()
                frame = self._source.read()
                self.decode_s += self._clock() - before_s
                if frame is None:
                    break
                if self._live:
                    self._feed.offer(frame)
                else:
                    self._feed.put(frame)
        except BaseException as error:  # noqa: BLE001 - it is raised again where the frames are taken
            self._feed.end(error)
        else:
            self._feed.end()
