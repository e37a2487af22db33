"""The store in one SQLite file, with the evidence bundles in a folder beside it."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from nutgiao.central import audit
from nutgiao.central.audit import AuditRow
from nutgiao.central.history import BIN_S, Bin, approach_seconds
from nutgiao.central.store import StoredPlan, StoreFailed, ViolationCase
from nutgiao.models.contracts.messages import LaneTelemetry, PlanReply, ViolationReport
from nutgiao.models.contracts.plan import SignalPlan
from nutgiao.models.contracts.words import ViolationKind

LANES_PER_COMMIT = 256
"""Approach bins held in memory before they are written: about a minute of ten junctions, lost at worst."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS violations (
    id TEXT PRIMARY KEY, node TEXT NOT NULL, kind TEXT NOT NULL, occurred_s REAL NOT NULL, received_s REAL NOT NULL,
    bundle TEXT, report BLOB NOT NULL, state TEXT NOT NULL, reviewer TEXT NOT NULL, reason TEXT NOT NULL,
    decided_s REAL);
CREATE INDEX IF NOT EXISTS violations_by_time ON violations (occurred_s DESC);
CREATE TABLE IF NOT EXISTS plans (
    id TEXT NOT NULL, node TEXT NOT NULL, revision INTEGER NOT NULL, plan BLOB NOT NULL, sent_s REAL NOT NULL,
    reply BLOB, PRIMARY KEY (node, revision, id));
CREATE TABLE IF NOT EXISTS lanes (
    node TEXT NOT NULL, approach TEXT NOT NULL, start_s INTEGER NOT NULL, seconds INTEGER NOT NULL,
    departures_mcu REAL NOT NULL, arrivals_mcu REAL NOT NULL, queue_mcu_s REAL NOT NULL, queue_veh_s REAL NOT NULL,
    back_of_queue_m REAL NOT NULL, beyond_s INTEGER NOT NULL, PRIMARY KEY (node, approach, start_s)) WITHOUT ROWID;
"""

_ADD_LANES = """
INSERT INTO lanes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
    seconds = seconds + excluded.seconds, departures_mcu = departures_mcu + excluded.departures_mcu,
    arrivals_mcu = arrivals_mcu + excluded.arrivals_mcu, queue_mcu_s = queue_mcu_s + excluded.queue_mcu_s,
    queue_veh_s = queue_veh_s + excluded.queue_veh_s, beyond_s = beyond_s + excluded.beyond_s,
    back_of_queue_m = max(back_of_queue_m, excluded.back_of_queue_m)
"""

_CASE = "report, received_s, state, reviewer, reason, decided_s"


class SqliteStore:
    """A `Store` in one SQLite file (write-ahead log); one connection and a lock, safe from several threads.

    Args:
        path: the file; created if missing, ``:memory:`` for tests.
        evidence: folder of the evidence bundles, ``<bundle>.zip``; created if missing.

    Raises:
        StoreFailed: if the file cannot be opened.
    """

    def __init__(self, path: Path | str, evidence: Path) -> None:
        self.evidence = evidence
        self._lock = threading.RLock()
        self._bins: dict[tuple[str, str, int], list[float]] = {}
        try:
            evidence.mkdir(parents=True, exist_ok=True)
            if isinstance(path, Path):
                path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            # FULL, not NORMAL: a violation is acknowledged to the broker after its commit: it must survive a power cut.
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(_SCHEMA + audit.SCHEMA)
        except (sqlite3.Error, OSError) as error:
            raise StoreFailed(
                f"store {path}: {error}; is it a folder of yours with room, and a file of nutgiao?"
            ) from error

    def add_violation(self, report: ViolationReport, received_s: float) -> bool:
        """See `Store`."""
        bundle = report.evidence.bundle if report.evidence else None
        values = (report.violation, report.node, report.kind, report.occurred_s, received_s, bundle)
        with self._writing() as db:
            added = db.execute(
                "INSERT OR IGNORE INTO violations VALUES (?, ?, ?, ?, ?, ?, ?, 'pending', '', '', NULL)",
                (*values, msgspec.json.encode(report)),
            )
            if added.rowcount:
                audit.append(db, received_s, report.node, "reported", report.violation, str(report.kind))
            return bool(added.rowcount)

    def violation(self, violation: str) -> ViolationCase | None:
        """See `Store`."""
        rows = self._read(f"SELECT {_CASE} FROM violations WHERE id = ?", violation)  # noqa: S608 - our own columns
        return _case(rows[0]) if rows else None

    def violations(
        self, *, kind: ViolationKind | None = None, state: str | None = None, limit: int = 50, offset: int = 0
    ) -> tuple[list[ViolationCase], int]:
        """See `Store`."""
        where = "FROM violations WHERE (?1 IS NULL OR kind = ?1) AND (?2 IS NULL OR state = ?2)"
        with self._lock:
            [[count]] = self._read(f"SELECT COUNT(*) {where}", kind, state)
            query = f"SELECT {_CASE} {where} ORDER BY occurred_s DESC, id LIMIT ?3 OFFSET ?4"
            return [_case(row) for row in self._read(query, kind, state, limit, offset)], count

    def count_by_state(self) -> dict[str, int]:
        """See `Store`."""
        return dict(self._read("SELECT state, COUNT(*) FROM violations GROUP BY state"))

    def move_violation(
        self, violation: str, *, before: str, after: str, reviewer: str, reason: str, now_s: float
    ) -> bool:
        """See `Store`."""
        decided_s = now_s if after in {"confirmed", "rejected"} else None
        with self._writing() as db:
            moved = db.execute(
                "UPDATE violations SET state = ?, reviewer = ?, reason = ?, decided_s = ? WHERE id = ? AND state = ?",
                (after, reviewer, reason, decided_s, violation, before),
            )
            if moved.rowcount:
                audit.append(db, now_s, reviewer, after, violation, reason)
            return bool(moved.rowcount)

    def add_plan(self, plan: SignalPlan, sent_s: float) -> None:
        """See `Store`."""
        with self._writing() as db:
            body = msgspec.json.encode(plan)
            db.execute(
                "INSERT OR REPLACE INTO plans VALUES (?, ?, ?, ?, ?, NULL)",
                (plan.id, plan.node, plan.revision, body, sent_s),
            )
            audit.append(db, sent_s, "centre", "proposed", f"{plan.node}/{plan.revision}", body.decode())

    def answer_plan(self, reply: PlanReply) -> None:
        """See `Store`."""
        body = msgspec.json.encode(reply)
        with self._writing() as db:
            answered = db.execute(
                "UPDATE plans SET reply = ? WHERE node = ? AND revision = ? AND id = ? AND reply IS NULL",
                (body, reply.node, reply.revision, reply.plan),
            )
            if answered.rowcount:
                action = "accepted" if reply.accepted else "refused"
                detail = "; ".join(str(refusal) for refusal in reply.refusals)
                audit.append(db, reply.time_s, reply.node, action, f"{reply.node}/{reply.revision}", detail)

    def plans(self, limit: int = 50) -> list[StoredPlan]:
        """See `Store`."""
        rows = self._read("SELECT plan, sent_s, reply FROM plans ORDER BY sent_s DESC, node LIMIT ?", limit)
        return [
            StoredPlan(
                plan=msgspec.json.decode(plan, type=SignalPlan),
                sent_s=sent_s,
                reply=msgspec.json.decode(reply, type=PlanReply) if reply is not None else None,
            )
            for plan, sent_s, reply in rows
        ]

    def last_revisions(self) -> dict[str, int]:
        """See `Store`."""
        return dict(self._read("SELECT node, MAX(revision) FROM plans GROUP BY node"))

    def add_lanes(self, telemetry: LaneTelemetry) -> None:
        """See `Store`."""
        start_s = int(telemetry.time_s // BIN_S) * BIN_S
        with self._lock:
            for approach, second in approach_seconds(telemetry).items():
                sums = self._bins.setdefault((telemetry.node, approach, start_s), [0.0] * 7)
                news = (1, second.departures_mcu, second.arrivals_mcu, second.queue_mcu, second.queue_veh)
                for column, value in enumerate(news):
                    sums[column] += value
                sums[5] = max(sums[5], second.back_of_queue_m)
                sums[6] += second.beyond_view
            if len(self._bins) >= LANES_PER_COMMIT:
                self.flush()

    def lane_history(self, node: str, approach: str, since_s: float, until_s: float) -> list[Bin]:
        """See `Store`."""
        with self._lock:
            self.flush()
            rows = self._read(
                "SELECT start_s, seconds, departures_mcu, arrivals_mcu, queue_mcu_s / seconds, queue_veh_s / seconds,"
                " back_of_queue_m, CAST(beyond_s AS REAL) / seconds FROM lanes"
                " WHERE node = ? AND approach = ? AND start_s >= ? AND start_s < ? ORDER BY start_s",
                node,
                approach,
                since_s,
                until_s,
            )
        return [Bin(*row) for row in rows]

    def note(self, actor: str, action: str, subject: str, detail: str, now_s: float) -> None:
        """See `Store`."""
        with self._writing() as db:
            audit.append(db, now_s, actor, action, subject, detail)

    def audit(self, subject: str | None = None, limit: int = 100) -> list[AuditRow]:
        """See `Store`."""
        with self._reading() as db:
            return audit.rows(db, subject, limit)

    def broken_audit_row(self) -> int | None:
        """See `Store`."""
        with self._reading() as db:
            return audit.first_broken(db)

    def purge(
        self, now_s: float, evidence_days: float = 75.0, lanes_days: float = 400.0, confirmed_days: float = 365.0
    ) -> int:
        """See `Store`; a case that somebody is reviewing stays, a confirmed one stays for ``confirmed_days``."""
        self.flush()
        day_s = 86400.0
        with self._writing() as db:
            gone = db.execute(
                "DELETE FROM violations WHERE (state IN ('pending', 'rejected') AND occurred_s < ?)"
                " OR (state = 'confirmed' AND occurred_s < ?) RETURNING bundle",
                (now_s - evidence_days * day_s, now_s - confirmed_days * day_s),
            ).fetchall()
            lanes = db.execute("DELETE FROM lanes WHERE start_s < ?", (now_s - lanes_days * day_s,)).rowcount
            if gone or lanes:
                detail = f"{len(gone)} cases older than {evidence_days:g} days, {lanes} lane bins"
                audit.append(db, now_s, "centre", "purged", "store", detail)
        for (bundle,) in gone:
            if bundle:
                (self.evidence / f"{Path(bundle).name.removesuffix('.zip')}.zip").unlink(missing_ok=True)
        return len(gone)

    def flush(self) -> None:
        """See `Store`."""
        with self._writing() as db:
            db.executemany(_ADD_LANES, [(*key, *sums) for key, sums in self._bins.items()])
            self._bins.clear()

    def close(self) -> None:
        """See `Store`."""
        with self._lock:
            self.flush()
            self._db.close()

    def _read(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._reading() as db:
            return db.execute(query, values).fetchall()

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._db
            except sqlite3.Error as error:
                raise StoreFailed(f"the store cannot be read: {error}") from error

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all of it or nothing."""
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                try:
                    yield self._db
                except BaseException:
                    self._db.execute("ROLLBACK")
                    raise
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                raise StoreFailed(f"the store cannot be written: {error}; is the disk full?") from error


def _case(row: tuple[Any, ...]) -> ViolationCase:
    report, *rest = row
    return ViolationCase(msgspec.json.decode(report, type=ViolationReport), *rest)
