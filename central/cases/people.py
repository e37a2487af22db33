"""Who owns a vehicle and how they were told: personal data in a file of its own, apart from the cases."""

from __future__ import annotations

import enum
import os
import sqlite3
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from nutgiao.models.contracts.errors import NutgiaoError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS owners (violation TEXT PRIMARY KEY, owner BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS notices (violation TEXT NOT NULL, number INTEGER NOT NULL, notice BLOB NOT NULL,
    PRIMARY KEY (violation, number));
"""


class PeopleUnavailable(NutgiaoError):
    """The file of personal data cannot be read or written."""


class Way(enum.StrEnum):
    """How somebody was told."""

    POST = "post"
    ELECTRONIC = "electronic"
    BY_HAND = "by_hand"


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """Who owns the vehicle.

    Attributes:
        name: of the person or company.
        address: where they are reached.
        plate: the number under which they were found.
        source: which register, and when it was asked.
        entered_by: the person who wrote it down.
        entered_s: when.
    """

    name: str
    address: str
    plate: str
    source: str
    entered_by: str
    entered_s: float


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """How and when the owner was told; the reference is that of the letter."""

    way: Way
    reference: str
    sent_s: float
    entered_by: str


class People:
    """Owners and notices by case; safe from several threads. Whoever reads from it has written the audit row before.

    Args:
        path: the file; made with rights for its owner only. ``:memory:`` for tests.

    Raises:
        PeopleUnavailable: if it cannot be opened.
    """

    def __init__(self, path: Path | str) -> None:
        self._lock = threading.RLock()
        self._path = path
        try:
            if isinstance(path, Path):
                os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._db = sqlite3.connect(path, check_same_thread=False)
            # deleted means gone: the bytes are overwritten, and no journal keeps them
            self._db.execute("PRAGMA secure_delete=ON")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(_SCHEMA)
        except (sqlite3.Error, OSError) as error:
            raise PeopleUnavailable(f"personal data {path}: {error}") from error

    def owner(self, violation: str) -> Owner | None:
        """The owner written down for a case."""
        rows = self._ask("SELECT owner FROM owners WHERE violation = ?", violation)
        return msgspec.json.decode(rows[0][0], type=Owner) if rows else None

    def set_owner(self, violation: str, owner: Owner) -> None:
        """Writes down the owner, in place of an earlier one."""
        self._ask("INSERT OR REPLACE INTO owners VALUES (?, ?)", violation, msgspec.json.encode(owner))

    def notices(self, violation: str) -> tuple[Notice, ...]:
        """Notices of a case, oldest first."""
        rows = self._ask("SELECT notice FROM notices WHERE violation = ? ORDER BY number", violation)
        return tuple(msgspec.json.decode(row[0], type=Notice) for row in rows)

    def add_notice(self, violation: str, notice: Notice) -> None:
        """Adds a notice."""
        number = "(SELECT count(*) + 1 FROM notices WHERE violation = ?1)"
        query = f"INSERT INTO notices VALUES (?1, {number}, ?2)"  # noqa: S608 - our own words
        self._ask(query, violation, msgspec.json.encode(notice))

    def cases(self) -> set[str]:
        """Cases that personal data is kept of."""
        return {row[0] for row in self._ask("SELECT violation FROM owners UNION SELECT violation FROM notices")}

    def forget(self, violations: Iterable[str]) -> None:
        """Deletes what is kept of these cases."""
        for violation in violations:
            self._ask("DELETE FROM owners WHERE violation = ?", violation)
            self._ask("DELETE FROM notices WHERE violation = ?", violation)

    def close(self) -> None:
        """Lets the file go."""
        with self._lock:
            self._db.close()

    def _ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                with self._db:
                    return self._db.execute(query, values).fetchall()
            except sqlite3.Error as error:
                raise PeopleUnavailable(f"personal data {self._path}: {error}; is the disk full?") from error
