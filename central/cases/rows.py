"""Cases as rows: every change of one with its audit row inside the caller's transaction."""

from __future__ import annotations

import sqlite3
from typing import Any

import msgspec

from nutgiao.central import audit
from nutgiao.central.cases.case import Check, ViolationCase
from nutgiao.central.cases.flow import DECISIONS, CaseState
from nutgiao.central.cases.limits import CaseAge
from nutgiao.models.contracts.messages import ViolationReport

COLUMNS = "report, received_s, state, reviewer, reason, words, decided_s, moved_s, version, approvers, hold, checks"

_DECISIONS = ", ".join(f"'{state}'" for state in sorted(DECISIONS))

Link = tuple[str, str, int | None, str, str]
"""A bundle in its node's chain: hash of its manifest, node, number, hash of the one before, violation."""


def of_row(row: tuple[Any, ...]) -> ViolationCase:
    """A case from its columns."""
    report, received_s, state, reviewer, reason, words, decided_s, moved_s, version, approvers, hold, checks = row
    return ViolationCase(
        report=msgspec.json.decode(report, type=ViolationReport),
        received_s=received_s,
        state=state,
        reviewer=reviewer,
        reason=reason,
        words=words,
        decided_s=decided_s,
        moved_s=moved_s,
        version=version,
        approvers=tuple(approvers.split("\n")) if approvers else (),
        hold=hold,
        checks=msgspec.json.decode(checks, type=tuple[Check, ...]),
    )


def add(db: sqlite3.Connection, report: ViolationReport, received_s: float) -> bool:
    """Adds a case; False if that id is there already. Another report of the same id is told in the audit, once."""
    bundle = report.evidence.bundle if report.evidence else None
    values = (report.violation, report.node, report.kind, report.occurred_s, received_s, bundle)
    added = db.execute(
        "INSERT OR IGNORE INTO violations"
        " (id, node, kind, occurred_s, received_s, bundle, report, state, reviewer, words, moved_s)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, '', '', ?)",
        (*values, msgspec.json.encode(report), CaseState.DETECTED, received_s),
    ).rowcount
    if added:
        audit.append(db, received_s, report.node, "reported", report.violation, str(report.kind))
        return True
    [body] = db.execute("SELECT report FROM violations WHERE id = ?", (report.violation,)).fetchone()
    if _told(msgspec.json.decode(body, type=ViolationReport)) != _told(report):
        seen = "SELECT 1 FROM audit WHERE subject = ? AND action = 'contradicted'"
        if db.execute(seen, (report.violation,)).fetchone() is None:
            detail = "another report came under this id; the first one stands"
            audit.append(db, received_s, report.node, "contradicted", report.violation, detail)
    return False


def move(
    db: sqlite3.Connection,
    case: ViolationCase,
    after: CaseState,
    *,
    actor: str,
    reason: str,
    words: str,
    now_s: float,
    checks: tuple[Check, ...] | None = None,
) -> bool:
    """Moves a case; False if somebody else has moved it since it was read."""
    approvers = case.approvers
    if after in {CaseState.APPROVED, CaseState.SECOND_REVIEW}:
        approvers += (actor,)
    elif after in {CaseState.IN_REVIEW, CaseState.REJECTED}:
        approvers = ()
    decided_s = case.decided_s
    if after in DECISIONS:
        decided_s = now_s
    elif after is CaseState.IN_REVIEW:
        decided_s = None
    moved = db.execute(
        "UPDATE violations SET state = ?, reviewer = ?, reason = ?, words = ?, decided_s = ?, moved_s = ?,"
        " approvers = ?, checks = ?, version = version + 1 WHERE id = ? AND state = ? AND version = ?",
        (after, actor, reason, words, decided_s, now_s, "\n".join(approvers),
         msgspec.json.encode(case.checks if checks is None else checks),
         case.report.violation, case.state, case.version),
    )  # fmt: skip
    if moved.rowcount:
        audit.append(db, now_s, actor, after, case.report.violation, ": ".join(filter(None, (reason, words))))
    return bool(moved.rowcount)


def hold(db: sqlite3.Connection, violation: str, words: str, *, held: bool, actor: str, now_s: float) -> None:
    """Puts a case under legal hold or releases it."""
    db.execute("UPDATE violations SET hold = ? WHERE id = ?", (words if held else "", violation))
    audit.append(db, now_s, actor, "held" if held else "released", violation, words)


def add_key(db: sqlite3.Connection, node: str, key: str, now_s: float) -> bool:
    """Remembers a node's evidence key; False if it is known."""
    added = db.execute("INSERT OR IGNORE INTO node_keys VALUES (?, ?, ?)", (node, key, now_s)).rowcount
    if added:
        audit.append(db, now_s, node, "told_key", node, key)
    return bool(added)


def add_link(db: sqlite3.Connection, link: Link) -> None:
    """Remembers a bundle's place in its node's chain; the first bundle of a hash stays."""
    db.execute("INSERT OR IGNORE INTO links VALUES (?, ?, ?, ?, ?)", link)


def links(db: sqlite3.Connection, link: Link) -> list[Link]:
    """Bundles of the same node that touch a link: itself, the one before it, others after that one, its case's."""
    sha256, node, _, previous_sha256, violation = link
    query = (
        "SELECT * FROM links WHERE node = ?1 AND"
        " (manifest_sha256 IN (?2, ?3) OR previous_sha256 = ?3 OR violation = ?4)"
    )
    return db.execute(query, (node, sha256, previous_sha256, violation)).fetchall()


def looked_at(db: sqlite3.Connection, violation: str, person: str) -> set[str]:
    """What of a case's evidence a person has looked at since the case was last decided."""
    decided = f"SELECT coalesce(max(number), 0) FROM audit WHERE subject = ?1 AND action IN ({_DECISIONS})"  # noqa: S608
    query = (
        "SELECT DISTINCT detail FROM audit"  # noqa: S608 - our own words
        f" WHERE subject = ?1 AND actor = ?2 AND action = 'looked' AND number > ({decided})"
    )
    return {row[0] for row in db.execute(query, (violation, person))}


def delete(db: sqlite3.Connection, age: CaseAge, why: str, now_s: float) -> bool:
    """Deletes a case that is under no legal hold and still where it was; its audit rows stay and get one more."""
    query = "DELETE FROM violations WHERE id = ? AND state = ? AND hold = ''"
    gone = db.execute(query, (age.violation, age.state)).rowcount
    if gone:
        audit.append(db, now_s, "centre", "purged", age.violation, why)
    return bool(gone)


def _told(report: ViolationReport) -> ViolationReport:
    """What a report tells, without what is new with every sending."""
    return msgspec.structs.replace(report, id="", boot="", seq=0, time_s=0.0, expires_s=0.0)
