"""The tables of cases in SQLite, and how a store of an older nutgiao becomes one of this."""

from __future__ import annotations

import sqlite3

from nutgiao.central import audit

VERSION = 2

_TABLES = """
CREATE TABLE IF NOT EXISTS violations (
    id TEXT PRIMARY KEY, node TEXT NOT NULL, kind TEXT NOT NULL, occurred_s REAL NOT NULL, received_s REAL NOT NULL,
    bundle TEXT, report BLOB NOT NULL, state TEXT NOT NULL, reviewer TEXT NOT NULL, words TEXT NOT NULL,
    decided_s REAL, reason TEXT NOT NULL DEFAULT '', moved_s REAL NOT NULL DEFAULT 0,
    version INTEGER NOT NULL DEFAULT 0, approvers TEXT NOT NULL DEFAULT '', hold TEXT NOT NULL DEFAULT '',
    checks BLOB NOT NULL DEFAULT '[]');
CREATE INDEX IF NOT EXISTS violations_by_time ON violations (occurred_s DESC);
CREATE INDEX IF NOT EXISTS violations_by_state ON violations (state, occurred_s DESC);
CREATE INDEX IF NOT EXISTS audit_by_subject ON audit (subject, number);
CREATE TABLE IF NOT EXISTS links (
    manifest_sha256 TEXT PRIMARY KEY, node TEXT NOT NULL, number INTEGER, previous_sha256 TEXT NOT NULL,
    violation TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS links_by_previous ON links (node, previous_sha256);
CREATE TABLE IF NOT EXISTS node_keys (
    node TEXT NOT NULL, key TEXT NOT NULL, since_s REAL NOT NULL, PRIMARY KEY (node, key));
"""

_FROM_1 = (
    "ALTER TABLE violations RENAME COLUMN reason TO words",
    "ALTER TABLE violations ADD COLUMN reason TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE violations ADD COLUMN moved_s REAL NOT NULL DEFAULT 0",
    "ALTER TABLE violations ADD COLUMN version INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE violations ADD COLUMN approvers TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE violations ADD COLUMN hold TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE violations ADD COLUMN checks BLOB NOT NULL DEFAULT '[]'",
    "UPDATE violations SET moved_s = coalesce(decided_s, received_s)",
    "UPDATE violations SET state = 'detected' WHERE state = 'pending'",
    "UPDATE violations SET state = 'approved', approvers = reviewer WHERE state = 'confirmed'",
)
"""From four states to those of today: pending was detected, confirmed is approved."""


class NewerStore(sqlite3.DatabaseError):
    """The file was written by a newer nutgiao."""


def prepare(db: sqlite3.Connection) -> None:
    """Makes the tables, or brings older ones up to date in one transaction with its audit row.

    Args:
        db: a connection without a transaction.

    Raises:
        NewerStore: if a newer nutgiao has written the file.
        sqlite3.Error: if it cannot be written.
    """
    db.executescript(audit.SCHEMA)
    db.execute("BEGIN IMMEDIATE")
    try:
        [version] = db.execute("PRAGMA user_version").fetchone()
        if version > VERSION:
            raise NewerStore(f"it was written by a newer nutgiao (schema {version}, this one knows {VERSION})")
        columns = {row[1] for row in db.execute("PRAGMA table_info(violations)")}
        if columns and "version" not in columns:
            for statement in _FROM_1:
                db.execute(statement)
            [cases] = db.execute("SELECT count(*) FROM violations").fetchone()
            # the time of the last row: a migration happens when somebody opens the file, and brings no clock
            last = db.execute("SELECT time_s FROM audit ORDER BY number DESC LIMIT 1").fetchone()
            audit.append(
                db, last[0] if last else 0.0, "centre", "migrated", "store", f"{cases} cases to schema {VERSION}"
            )
        for statement in _TABLES.split(";"):
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {VERSION}")
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")
