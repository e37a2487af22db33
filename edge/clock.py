"""The box's own clock: wall time in whole seconds."""

from __future__ import annotations

import threading
import time


class WallClock:
    """Yields each whole second of wall time once it has passed; a late node skips seconds instead of lagging."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._last = int(time.time())

    def next_second(self) -> float | None:
        """Waits for the next whole second; None after `stop`."""
        target = max(self._last + 1, int(time.time()))
        if self._stop.wait(max(0.0, target - time.time())):
            return None
        self._last = target
        return float(target)

    def stop(self) -> None:
        """Ends the clock; may be called from a signal handler."""
        self._stop.set()
