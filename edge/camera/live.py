"""A live picture source: a thread keeps only the newest frame, counts what it dropped, and reconnects with back-off."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.camera.source import Frame
from nutgiao.models.closing import Closing
from nutgiao.models.contracts.errors import CameraLost

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0


class Connection(Protocol):
    """An open camera."""

    @property
    def decoder(self) -> str:
        """What decodes its stream: "software", or the name of the hardware."""
        ...

    def read(self) -> NDArray[np.uint8] | None:
        """The next picture, ``(h, w, 3)`` uint8 BGR; None if none came for so long that the connection is no good."""
        ...

    def release(self) -> None:
        """Lets go of it."""
        ...


class LiveSource(Closing):
    """Frames of a camera that does not wait for us.

    A frame that nobody took before the next one came is dropped and counted: a queue of old frames would make every
    measurement late. The first connection has to succeed; later ones are tried again for ever with growing pauses,
    unless `give_up_s` says otherwise.

    Args:
        connect: opens the camera or raises CameraLost.
        camera: id of the camera in the site file.
        name: the source in messages, without a password.
        now: clock that stamps frames, seconds since the epoch.
        first_pause_s: pause before the first new attempt; doubles up to `LONGEST_PAUSE_S`.
        give_up_s: `read` raises CameraLost after so long without a frame; None waits for ever.

    Raises:
        CameraLost: if the first connection fails.
    """

    frames_expected = None
    fps = None

    def __init__(
        self,
        connect: Callable[[], Connection],
        camera: str,
        *,
        name: str,
        now: Callable[[], float],
        first_pause_s: float = FIRST_PAUSE_S,
        give_up_s: float | None = 60.0,
    ) -> None:
        self.camera = camera
        self.dropped = 0
        self.reconnects = 0
        self._connect = connect
        self._name = name
        self._now = now
        self._first_pause_s = first_pause_s
        self._give_up_s = give_up_s
        self._newest: Frame | None = None
        self._problem = "no frame has come"
        self._changed = threading.Condition()
        self._closing = threading.Event()
        capture = connect()
        self.decoder = capture.decoder
        self._thread = threading.Thread(target=self._run, args=(capture,), name=f"camera-{camera}", daemon=True)
        self._thread.start()

    def read(self) -> Frame | None:
        """The newest frame that was not read yet; waits for it. None after `close`; see `FrameSource.read`."""
        with self._changed:
            came = self._changed.wait_for(
                lambda: self._newest is not None or self._closing.is_set(), timeout=self._give_up_s
            )
            if not came:
                raise CameraLost(
                    f"camera {self.camera}: {self._name} gave no frame for {self._give_up_s:g} s: {self._problem}"
                )
            frame, self._newest = self._newest, None
            return frame

    def close(self) -> None:
        """Stops the reader thread and lets the device go."""
        self._closing.set()
        with self._changed:
            self._changed.notify_all()
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout=10.0)

    def _run(self, capture: Connection | None) -> None:
        index = 0
        pause_s = self._first_pause_s
        while not self._closing.is_set():
            if capture is None:
                if self._closing.wait(pause_s):
                    return
                pause_s = min(2.0 * pause_s, LONGEST_PAUSE_S)
                try:
                    capture = self._connect()
                except CameraLost as error:
                    self._problem = str(error)
                    continue
                self.reconnects += 1
            image = capture.read()
            if image is None:
                self._problem = "the connection broke, or nothing came over it"
                capture.release()
                capture = None
                continue
            pause_s = self._first_pause_s
            frame = Frame(self.camera, self._now(), index, image)
            index += 1
            with self._changed:
                self.dropped += self._newest is not None
                self._newest = frame
                self._changed.notify_all()
        if capture is not None:
            capture.release()
