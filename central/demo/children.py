"""Child processes of the demo: streets and boxes, with their logs in files and their ends watched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from nutgiao.models.closing import Closing
from nutgiao.models.contracts.errors import SimulationFailed

TAIL_CHARACTERS = 1500


class Child(Closing):
    """One Python process of ours; leaving the context ends it.

    Args:
        name: for messages.
        module: what ``python -m`` runs.
        arguments: its command line.
        log: file for its standard error.
        env: variables to add.
    """

    def __init__(
        self, name: str, module: str, arguments: list[str], log: Path, env: Mapping[str, str] | None = None
    ) -> None:
        self.name, self._log = name, log
        log.parent.mkdir(parents=True, exist_ok=True)
        self._stderr = log.open("wb")
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            env={**os.environ, **(env or {})},
            start_new_session=True,  # Ctrl-C reaches us alone, and we end them in order
        )

    def close(self) -> None:
        """Ends it if it still runs."""
        self.stop()

    def news(self) -> Iterator[dict[str, object]]:
        """JSON objects that it says, until it ends."""
        assert self._process.stdout is not None  # noqa: S101 - we opened the pipe
        for line in self._process.stdout:
            yield json.loads(line)

    def finish(self, timeout_s: float) -> None:
        """Waits for a good end.

        Raises:
            SimulationFailed: if it fails or does not end in time; the end of its log is in the message.
        """
        try:
            code = self._process.wait(timeout_s)
        except subprocess.TimeoutExpired as error:
            self.stop()
            raise SimulationFailed(f"{self.name} did not end within {timeout_s:.0f} s; its log: {self._log}") from error
        if code != 0:
            raise SimulationFailed(f"{self.name} failed ({code}); the end of {self._log}:\n{self.tail()}")

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def tail(self) -> str:
        """The end of its log."""
        return self._log.read_text(errors="replace")[-TAIL_CHARACTERS:]

    def stop(self, patience_s: float = 5.0) -> None:
        """Asks it to end, then insists."""
        if self.running:
            self._process.terminate()
            try:
                self._process.wait(patience_s)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._stderr.close()
