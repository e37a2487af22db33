"""Carries sealed evidence bundles to the centre over HTTP, at its own pace, and tries again until they have arrived."""

from __future__ import annotations

import logging
import threading
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path

from nutgiao.models.contracts.errors import ContractError

log = logging.getLogger(__name__)

TIMEOUT_S = 10.0
SENT = ".sent"
ARRIVED = "arrived\n"
"""What the marker says of a bundle that the centre has; of one that it refused it says why."""


class Courier:
    """A thread that uploads each ``*.zip`` of a folder once; what is sent gets a marker file beside it.

    Args:
        folder: where sealed bundles appear, written elsewhere and moved in.
        url: address of the centre; bundles go to ``{url}/api/evidence/{name}``.
        node: sender, in a header.
        pause_s: between two looks into the folder.

    Raises:
        ContractError: if the address is no HTTP one.
    """

    def __init__(self, folder: Path, url: str, node: str, pause_s: float = 1.0) -> None:
        if not url.startswith(("http://", "https://")):
            raise ContractError(f"--upload {url!r}: write http://centre:8765 or https://…")
        self._folder, self._url, self._node, self._pause_s = folder, url.rstrip("/"), node, pause_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)

    def start(self) -> None:
        """Starts carrying."""
        self._thread.start()

    def close(self, timeout_s: float = 5.0) -> None:
        """Carries what is left, once, and ends."""
        self._stop.set()
        self._thread.join(timeout_s)

    def waiting(self) -> list[Path]:
        """Bundles that have not arrived yet, oldest name first."""
        return sorted(path for path in self._folder.glob("*.zip") if not path.with_suffix(SENT).exists())

    def _run(self) -> None:
        while not self._stop.wait(self._pause_s):
            self._round()
        self._round()

    def _round(self) -> None:
        try:
            for bundle in self.waiting():
                if not self._carry(bundle):
                    return  # the centre cannot be reached: the others would fail too
        except (OSError, HTTPException) as error:  # it must not end the thread: the next round tries again
            log.error("evidence waits: %s: %s", type(error).__name__, error)

    def _carry(self, bundle: Path) -> bool:
        try:
            data = bundle.read_bytes()
        except OSError as error:  # somebody removed it, or it cannot be read: the others may
            log.error("%s cannot be carried: %s", bundle.name, error)
            return True
        request = urllib.request.Request(  # noqa: S310 - the scheme is checked in __init__
            f"{self._url}/api/evidence/{bundle.name}",
            data=data,
            method="PUT",
            headers={"Content-Type": "application/zip", "X-Nutgiao-Node": self._node},
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S):  # noqa: S310
                pass
        except urllib.error.HTTPError as error:
            if error.code < 500:  # the centre refuses it: sending it again will not help, so it stays here for a person
                log.error("the centre refuses %s: %s %s", bundle.name, error.code, error.read()[:200])
                bundle.with_suffix(SENT).write_text(f"refused {error.code}\n")
            return True
        except OSError as error:
            log.info("evidence waits: %s", error)
            return False
        bundle.with_suffix(SENT).write_text(ARRIVED)
        return True
