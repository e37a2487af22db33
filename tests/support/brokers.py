"""Real MQTT brokers for tests, on free loopback ports: iotcore's from its wheel, mosquitto from Debian."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest


def free_port() -> int:
    """A port that nobody has just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_listening(port: int, timeout_s: float = 30.0) -> None:
    """Waits until somebody accepts connections."""
    give_up = time.monotonic() + timeout_s
    while time.monotonic() < give_up:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.2):
            return
        time.sleep(0.02)
    raise TimeoutError(f"nobody listens on {port}")


class Mosquitto:
    """mosquitto from Debian; it keeps sessions and retained messages on disk over `stop` and `start`."""

    def __init__(self, port: int, folder: Path) -> None:
        self.port = port
        self._config = folder / "mosquitto.conf"
        self._config.write_text(
            f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
            f"persistence_location {folder}/\nmax_queued_messages 0\nlog_type error\n"
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        binary = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        self._process = subprocess.Popen([binary, "-c", str(self._config)], stderr=subprocess.DEVNULL)
        wait_listening(self.port)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    def freeze(self) -> None:
        """Takes what comes and answers nothing, until it is killed."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def kill(self) -> None:
        """Dies without a word; what it held in memory is gone, its sessions with it."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(10)
        self._process = None


class Iotcore:
    """The broker that nutgiao brings along."""

    def __init__(self, port: int, folder: Path) -> None:
        self.port = port
        self._broker: object | None = None

    def start(self) -> None:
        import iotcore

        self._broker = iotcore.Broker(port=self.port, listen="127.0.0.1").start()

    def stop(self) -> None:
        if self._broker is not None:
            self._broker.stop()  # type: ignore[attr-defined]
            self._broker = None


def have_mosquitto() -> bool:
    """Whether mosquitto can be tested; its absence fails in CI and skips elsewhere."""
    found = shutil.which("mosquitto") is not None or Path("/usr/sbin/mosquitto").exists()
    if not found and os.environ.get("CI") == "true":
        pytest.fail("mosquitto is missing: .ci/run installs it")
    return found


@contextlib.contextmanager
def running(kind: str, folder: Path) -> Iterator[Mosquitto | Iotcore]:
    """A started broker of the kind ``iotcore`` or ``mosquitto``, stopped at the end."""
    if kind == "mosquitto" and not have_mosquitto():
        pytest.skip("mosquitto is not installed: apt install mosquitto")
    broker = (Mosquitto if kind == "mosquitto" else Iotcore)(free_port(), folder)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()
