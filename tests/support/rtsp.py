"""A real RTSP server for tests, in a process that can be killed, stalled and started again."""

from __future__ import annotations

import functools
import signal
import subprocess
from pathlib import Path

from tests.conftest import missing
from tests.support.brokers import free_port

SYSTEM_PYTHON = "/usr/bin/python3"
CURE = (
    "apt-get install python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good "
    "gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly"
)


class RtspStreet:
    """Serves a moving picture.

    Args:
        codec: "h264" or "h265".
        port: where; a free one if not given.
    """

    def __init__(self, codec: str = "h264", port: int | None = None) -> None:
        self.codec = codec
        self.port = port or free_port()
        self._process: subprocess.Popen[str] | None = None

    @property
    def address(self) -> str:
        """What a site file would call it."""
        return f"rtsp://127.0.0.1:{self.port}/street"

    def start(self) -> None:
        """Starts the server and waits until it listens; skips the test where there is none (fails in CI)."""
        if (why := _unavailable(self.codec)) is not None:
            missing(f"no RTSP server for {self.codec}: {why}. {CURE}")
        self._process = _serve(self.port, self.codec)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def stall(self) -> None:
        """Connections stay open and nothing comes over them."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Ends a stall."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """Ends it without a goodbye."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def _serve(port: int, codec: str) -> subprocess.Popen[str]:
    script = Path(__file__).with_name("rtsp_street.py")
    return subprocess.Popen(
        [SYSTEM_PYTHON, str(script), str(port), codec],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@functools.cache
def _unavailable(codec: str) -> str | None:
    """Why there is no such server here; None if there is."""
    if not Path(SYSTEM_PYTHON).exists():
        return f"no {SYSTEM_PYTHON}"
    server = _serve(free_port(), codec)
    assert server.stdout is not None
    told = server.stdout.readline()
    server.kill()
    _, why = server.communicate()
    return None if told == "ready\n" else why.strip().splitlines()[-1]
