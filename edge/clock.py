"""The box's own clock: wall time in whole seconds, and beside it a steady one that nobody sets."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

SET_BACK_S = 1.0
"""A clock that is further behind than this has been set back; less is a wait that ended a little early."""


class WallClock:
    """Yields each whole second of wall time once it has passed; a late node skips seconds instead of lagging.

    A clock that was set back is followed at once: to wait until it has come round again would stop the box.

    Args:
        wall: wall time, seconds since the epoch.
        steady: seconds since some start that never jump.
    """

    def __init__(self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic) -> None:
        self._wall, self.steady_s = wall, steady
        self._stop = threading.Event()
        self._last = int(wall())

    def next_second(self) -> float | None:
        """Waits for the next whole second; None after `stop`."""
        now_s = self._wall()
        if now_s < self._last - SET_BACK_S:
            self._last = int(now_s)
        target = max(self._last + 1, int(now_s))
        if self._stop.wait(max(0.0, target - now_s)):
            return None
        self._last = target
        return float(target)

    def stop(self) -> None:
        """Ends the clock; may be called from a signal handler."""
        self._stop.set()
