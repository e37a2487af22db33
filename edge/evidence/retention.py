"""How long sealed bundles and original pictures stay on the box, and what a person has to be told about them."""

from __future__ import annotations

import enum
import logging
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nutgiao.edge.evidence.chain import UNTOLD, manifest_of, note_removal, original_of
from nutgiao.edge.uplink.courier import ARRIVED, SENT
from nutgiao.models.contracts.errors import EvidenceBroken

log = logging.getLogger(__name__)

HOLD = ".hold"
"""A file of the bundle's name with this ending keeps the bundle, whatever its age: a legal hold."""
EVERY_S = 3600.0
DAY_S = 86400.0
NEARLY_FULL = 0.05
"""Free share of the disk below which it is told to be nearly full: early enough for somebody to come."""


class Note(enum.StrEnum):
    """A sentence; details follow after a colon."""

    WAITING = "evidence is past its days and has not reached the centre"
    REFUSED = "the centre has refused evidence"
    FULL = "the disk is nearly full"


class Retention:
    """Removes bundles that the centre has and whose days are over; no other one, however old.

    The work is done in a thread, for a folder may be long and a disk slow.

    Args:
        folder: of the sealed bundles.
        days: of the site; counted from the act that a bundle shows, which is the time of its file.
        free: tells which share of a folder's disk is free.
        days_by_kind: other days for single kinds of violation.
        key: the node's key, to sign that a bundle was removed; without one its gap in the chain is not explained.
    """

    def __init__(
        self,
        folder: Path,
        days: int,
        free: Callable[[Path], float] | None = None,
        days_by_kind: Mapping[str, int] | None = None,
        key: Ed25519PrivateKey | None = None,
    ) -> None:
        self._folder, self._days, self._free = folder, days, free or _free
        self._days_by_kind, self._key = dict(days_by_kind or {}), key
        self._kinds: dict[str, str | None] = {}
        self._looked_s = float("-inf")
        self._thread: threading.Thread | None = None
        self._notes: tuple[str, ...] = ()

    def second(self, now_s: float) -> tuple[str, ...]:
        """Begins a round if it is time; never waits for it.

        Args:
            now_s: time now, seconds since the epoch.

        Returns:
            What the last round found to be told.
        """
        due = abs(now_s - self._looked_s) >= EVERY_S  # a clock may be set back
        if due and (self._thread is None or not self._thread.is_alive()):
            self._looked_s = now_s
            self._thread = threading.Thread(target=self.round, args=(now_s,), name="retention", daemon=True)
            self._thread.start()
        return self._notes

    def round(self, now_s: float) -> None:
        """Looks through the folder once; what is to be told is told by `second` from then on.

        Args:
            now_s: time now, seconds since the epoch.
        """
        found: Counter[Note] = Counter()
        gone = 0
        for bundle in sorted(self._folder.glob("*.zip")):
            try:
                gone += self._look(bundle, now_s, found)
            except (OSError, EvidenceBroken) as error:  # one bundle must not keep the others
                log.error("%s: %s", bundle.name, error)
        if gone:
            log.info("%s bundles that the centre has were removed: their days are over", gone)
        free = self._free(self._folder)
        full = [f"{Note.FULL}: {free:.1%} free"] if free < NEARLY_FULL else []
        self._notes = (*full, *(f"{note}: {count}" for note, count in sorted(found.items()) if count))

    def _look(self, bundle: Path, now_s: float, found: Counter[Note]) -> bool:
        """Removes a bundle if it may go; returns whether it has."""
        marker = bundle.with_suffix(SENT)
        word = marker.read_text() if marker.exists() else ""
        over = now_s - bundle.stat().st_mtime > self._days_of(bundle) * DAY_S
        if word != ARRIVED:
            found[Note.REFUSED] += bool(word)
            found[Note.WAITING] += over and not word
        elif over and not bundle.with_suffix(HOLD).exists():
            original_of(bundle).unlink(missing_ok=True)
            if self._key is not None:
                note_removal(self._folder, bundle, now_s, self._key)
            bundle.unlink()  # before its marker: a marker alone does no harm, a bundle without one is sent again
            marker.unlink()
            bundle.with_suffix(UNTOLD).unlink(missing_ok=True)
            self._kinds.pop(bundle.name, None)
            return True
        return False

    def _days_of(self, bundle: Path) -> int:
        """How long a bundle stays; one whose kind cannot be read stays as long as any."""
        if not self._days_by_kind:
            return self._days
        if bundle.name not in self._kinds:
            try:
                self._kinds[bundle.name] = manifest_of(bundle)[0].kind
            except EvidenceBroken as error:
                log.error("%s", error)
                self._kinds[bundle.name] = None
        kind = self._kinds[bundle.name]
        if kind is None:
            return max(self._days, *self._days_by_kind.values())
        return self._days_by_kind.get(kind, self._days)


def _free(folder: Path) -> float:
    disk = shutil.disk_usage(folder)
    return disk.free / disk.total
