"""The audit trail: rows that each carry the hash of the row before, so that a changed or removed row shows."""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import dataclass

import msgspec

GENESIS = "0" * 64

SCHEMA = """
CREATE TABLE IF NOT EXISTS audit (
    number INTEGER PRIMARY KEY, time_s REAL NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL,
    detail TEXT NOT NULL, before TEXT NOT NULL, hash TEXT NOT NULL);
CREATE TRIGGER IF NOT EXISTS audit_is_not_changed BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER IF NOT EXISTS audit_is_not_shortened BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
"""


@dataclass(frozen=True, slots=True)
class AuditRow:
    """Who did what to which thing.

    Attributes:
        number: from 1, without gaps.
        time_s: seconds since the epoch.
        actor: a person's name, or the part of the centre that acted.
        action: what was done, one word.
        subject: to what, such as the id of a case.
        detail: more, in words or figures.
        before: hash of the row before.
        hash: SHA-256 of all of the above as canonical JSON, hexadecimal.
    """

    number: int
    time_s: float
    actor: str
    action: str
    subject: str
    detail: str
    before: str
    hash: str


def row_hash(number: int, time_s: float, actor: str, action: str, subject: str, detail: str, before: str) -> str:
    """The hash of a row."""
    body = msgspec.json.encode((number, float(time_s), actor, action, subject, detail, before))
    return hashlib.sha256(body).hexdigest()


def append(db: sqlite3.Connection, time_s: float, actor: str, action: str, subject: str, detail: str) -> None:
    """Adds a row inside the caller's transaction, so that nothing is done without its trace."""
    last = db.execute("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1").fetchone()
    number, before = (last[0] + 1, last[1]) if last else (1, GENESIS)
    body = (number, float(time_s), actor, action, subject, detail, before)
    db.execute("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (*body, row_hash(*body)))


def rows(db: sqlite3.Connection, subject: str | None, limit: int) -> list[AuditRow]:
    """The newest rows, newest first, of one subject or of all."""
    found = db.execute(
        "SELECT * FROM audit WHERE ? IS NULL OR subject = ? ORDER BY number DESC LIMIT ?", (subject, subject, limit)
    )
    return [AuditRow(*row) for row in found]


def first_broken(db: sqlite3.Connection) -> int | None:
    """Number of the first row that does not follow from the one before, None if the chain holds.

    Rows taken off the end cannot be seen from inside: keep the last hash elsewhere from time to time.
    """
    before, expected = GENESIS, 1
    for row in db.execute("SELECT * FROM audit ORDER BY number"):
        each = AuditRow(*row)
        body = (each.number, each.time_s, each.actor, each.action, each.subject, each.detail, each.before)
        if each.number != expected or each.before != before or each.hash != row_hash(*body):
            return expected
        before, expected = each.hash, expected + 1
    return None
