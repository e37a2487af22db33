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
from nutgiao.central.cases import rows, schema
from nutgiao.central.cases.case import Check, ViolationCase
from nutgiao.central.cases.flow import CaseState
from nutgiao.central.cases.limits import CaseAge
from nutgiao.central.cases.people import People
from nutgiao.central.cases.rows import Link
from nutgiao.central.history import BIN_S, Bin, approach_seconds
from nutgiao.central.store import StoredPlan, StoreFailed
from nutgiao.models.contracts.messages import LaneTelemetry, PlanReply, ViolationReport
from nutgiao.models.contracts.plan import SignalPlan
from nutgiao.models.contracts.words import ViolationName

LANES_PER_COMMIT = 256
"""Approach bins held in memory before they are written: about a minute of ten junctions, lost at worst."""

_SCHEMA = """
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
            self._db.execute("PRAGMA secure_delete=ON")  # what is deleted is overwritten
            schema.prepare(self._db)
            self._db.executescript(_SCHEMA)
            self._people = People(path.with_suffix(".people.sqlite") if isinstance(path, Path) else path)
        except (sqlite3.Error, OSError) as error:
            raise StoreFailed(
                f"store {path}: {error}; is it a folder of yours with room, and a file of nutgiao?"
            ) from error

    @property
    def people(self) -> People:
        """See `Store`."""
        return self._people

    def add_violation(self, report: ViolationReport, received_s: float) -> bool:
        """See `Store`."""
        with self._writing() as db:
            return rows.add(db, report, received_s)

    def violation(self, violation: str) -> ViolationCase | None:
        """See `Store`."""
        found = self._read(f"SELECT {rows.COLUMNS} FROM violations WHERE id = ?", violation)  # noqa: S608 - our own
        return rows.of_row(found[0]) if found else None

    def violations(
        self, *, kind: ViolationName | None = None, state: str | None = None, limit: int = 50, offset: int = 0
    ) -> tuple[list[ViolationCase], int]:
        """See `Store`."""
        where = "FROM violations WHERE (?1 IS NULL OR kind = ?1) AND (?2 IS NULL OR state = ?2)"
        with self._lock:
            [[count]] = self._read(f"SELECT COUNT(*) {where}", kind, state)
            query = f"SELECT {rows.COLUMNS} {where} ORDER BY occurred_s DESC, id LIMIT ?3 OFFSET ?4"
            return [rows.of_row(row) for row in self._read(query, kind, state, limit, offset)], count

    def count_by_state(self) -> dict[str, int]:
        """See `Store`."""
        return dict(self._read("SELECT state, COUNT(*) FROM violations GROUP BY state"))

    def count_by_kind(self) -> dict[str, int]:
        """See `Store`."""
        return dict(self._read("SELECT kind, COUNT(*) FROM violations GROUP BY kind"))

    def move_violation(
        self,
        case: ViolationCase,
        after: CaseState,
        *,
        actor: str,
        reason: str,
        words: str,
        now_s: float,
        checks: tuple[Check, ...] | None = None,
    ) -> bool:
        """See `Store`."""
        with self._writing() as db:
            return rows.move(db, case, after, actor=actor, reason=reason, words=words, now_s=now_s, checks=checks)

    def hold_violation(self, violation: str, words: str, *, held: bool, actor: str, now_s: float) -> None:
        """See `Store`."""
        with self._writing() as db:
            rows.hold(db, violation, words, held=held, actor=actor, now_s=now_s)

    def case_ages(self, state: CaseState | None = None) -> list[CaseAge]:
        """See `Store`."""
        query = (
            "SELECT id, bundle, state, occurred_s, received_s, moved_s, hold <> '' FROM violations"
            " WHERE ?1 IS NULL OR state = ?1 ORDER BY occurred_s, rowid"
        )
        return [
            CaseAge(violation, bundle, at, occurred_s, received_s, moved_s, bool(held))
            for violation, bundle, at, occurred_s, received_s, moved_s, held in self._read(query, state)
        ]

    def delete_violation(self, age: CaseAge, why: str, now_s: float) -> bool:
        """See `Store`."""
        with self._writing() as db:
            return rows.delete(db, age, why, now_s)

    def looked_at(self, violation: str, person: str) -> set[str]:
        """See `Store`."""
        with self._reading() as db:
            return rows.looked_at(db, violation, person)

    def add_link(self, link: Link) -> None:
        """See `Store`."""
        with self._writing() as db:
            rows.add_link(db, link)

    def links(self, link: Link) -> list[Link]:
        """See `Store`."""
        with self._reading() as db:
            return rows.links(db, link)

    def add_node_key(self, node: str, key: str, now_s: float) -> bool:
        """See `Store`."""
        with self._writing() as db:
            return rows.add_key(db, node, key, now_s)

    def node_keys(self, node: str) -> set[str]:
        """See `Store`."""
        return {row[0] for row in self._read("SELECT key FROM node_keys WHERE node = ?", node)}

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
        found = self._read("SELECT plan, sent_s, reply FROM plans ORDER BY sent_s DESC, node LIMIT ?", limit)
        return [
            StoredPlan(
                plan=msgspec.json.decode(plan, type=SignalPlan),
                sent_s=sent_s,
                reply=msgspec.json.decode(reply, type=PlanReply) if reply is not None else None,
            )
            for plan, sent_s, reply in found
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
            found = self._read(
                "SELECT start_s, seconds, departures_mcu, arrivals_mcu, queue_mcu_s / seconds, queue_veh_s / seconds,"
                " back_of_queue_m, CAST(beyond_s AS REAL) / seconds FROM lanes"
                " WHERE node = ? AND approach = ? AND start_s >= ? AND start_s < ? ORDER BY start_s",
                node,
                approach,
                since_s,
                until_s,
            )
        return [Bin(*row) for row in found]

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

    def purge_lanes(self, now_s: float, days: float = 400.0) -> int:
        """See `Store`."""
        self.flush()
        with self._writing() as db:
            lanes = db.execute("DELETE FROM lanes WHERE start_s < ?", (now_s - days * 86400.0,)).rowcount
            if lanes:
                audit.append(db, now_s, "centre", "purged", "store", f"{lanes} lane bins over {days:g} days")
        return lanes

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
            self._people.close()

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
