"""Messages on disk until the broker has acknowledged them: a dead link, broker or process loses none of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Letter:
    """One message on its way.

    Attributes:
        number: order of writing, unique within the file.
        topic: MQTT topic.
        payload: encoded message.
        retain: whether the broker keeps it for newcomers.
    """

    number: int
    topic: str
    payload: bytes
    retain: bool


class Outbox:
    """A queue of letters in SQLite (write-ahead log), used from one thread.

    Telemetry is bounded: above ``telemetry_limit`` the oldest telemetry makes room and is counted in ``dropped``. What
    must arrive (violations, replies) is never dropped.

    Args:
        path: file of the outbox; created if missing.
        telemetry_limit: letters of telemetry kept while the link is down. The default is 72 h of three a second.

    Attributes:
        dropped: letters that made room, in all.
        made_room: their numbers; whoever reads them empties the list.
    """

    def __init__(self, path: Path, telemetry_limit: int = 3 * 72 * 3600) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._limit = telemetry_limit
        self._db = sqlite3.connect(path)
        # WAL with NORMAL syncs at checkpoints only: a power cut may lose the last second, never the file.
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS letters (number INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL,"
            " payload BLOB NOT NULL, retain INTEGER NOT NULL, must_arrive INTEGER NOT NULL)"
        )
        self._db.execute("CREATE INDEX IF NOT EXISTS telemetry ON letters (number) WHERE must_arrive = 0")
        self._db.commit()
        self._count()
        self.dropped = 0
        self.made_room: list[int] = []

    def put(self, topic: str, payload: bytes, *, retain: bool, must_arrive: bool) -> int:
        """Writes a letter; durable after the next `commit`.

        Returns:
            Its number.

        Raises:
            sqlite3.Error: if it cannot be written, as on a full disk; letters written before stay.
        """
        try:
            return self._put(topic, payload, retain=retain, must_arrive=must_arrive)
        except sqlite3.Error:
            self._count()  # SQLite may have undone more than this letter
            raise

    def _put(self, topic: str, payload: bytes, *, retain: bool, must_arrive: bool) -> int:
        if not must_arrive and self._telemetry >= self._limit:
            (number,) = self._db.execute(
                "DELETE FROM letters WHERE number = (SELECT MIN(number) FROM letters WHERE must_arrive = 0)"
                " RETURNING number"
            ).fetchone()
            self._telemetry -= 1
            self.dropped += 1
            self.made_room.append(number)
        cursor = self._db.execute(
            "INSERT INTO letters (topic, payload, retain, must_arrive) VALUES (?, ?, ?, ?)",
            (topic, payload, retain, must_arrive),
        )
        self._telemetry += not must_arrive
        assert cursor.lastrowid is not None  # noqa: S101 - an INSERT that did not raise has one
        return cursor.lastrowid

    def commit(self) -> None:
        """Makes everything so far durable."""
        self._db.commit()

    def after(self, number: int, limit: int) -> list[Letter]:
        """Letters that follow a number, oldest first."""
        rows = self._db.execute(
            "SELECT number, topic, payload, retain FROM letters WHERE number > ? ORDER BY number LIMIT ?",
            (number, limit),
        )
        return [Letter(number, topic, payload, bool(retain)) for number, topic, payload, retain in rows]

    def delivered(self, numbers: Sequence[int]) -> None:
        """Forgets letters that the broker has acknowledged; durable after the next `commit`."""
        for number in numbers:
            cursor = self._db.execute("DELETE FROM letters WHERE number = ? RETURNING must_arrive", (number,))
            row = cursor.fetchone()
            if row is not None and not row[0]:
                self._telemetry -= 1

    def __len__(self) -> int:
        (count,) = self._db.execute("SELECT COUNT(*) FROM letters").fetchone()
        return int(count)

    def _count(self) -> None:
        (self._telemetry,) = self._db.execute("SELECT COUNT(*) FROM letters WHERE must_arrive = 0").fetchone()

    def close(self) -> None:
        """Commits and closes the file."""
        try:
            self._db.commit()
        finally:
            self._db.close()
