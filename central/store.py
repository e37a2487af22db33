"""What the centre keeps, behind one narrow interface: violations and their review, plans, lane history, the audit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from nutgiao.central.audit import AuditRow
from nutgiao.central.cases.case import Check, ViolationCase
from nutgiao.central.cases.flow import CaseState
from nutgiao.central.cases.limits import CaseAge
from nutgiao.central.cases.people import People
from nutgiao.central.cases.rows import Link
from nutgiao.central.history import Bin
from nutgiao.models.contracts.errors import NutgiaoError
from nutgiao.models.contracts.messages import LaneTelemetry, PlanReply, ViolationReport
from nutgiao.models.contracts.plan import SignalPlan
from nutgiao.models.contracts.words import ViolationName


class StoreFailed(NutgiaoError):
    """The store cannot be read or written: a full disk, a damaged file, missing rights."""


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """A plan that was sent, and its answer if one has come."""

    plan: SignalPlan
    sent_s: float
    reply: PlanReply | None


class Store(Protocol):
    """What the centre asks of a store; every method raises `StoreFailed` when it cannot do it."""

    def add_violation(self, report: ViolationReport, received_s: float) -> bool:
        """Keeps a violation durably; False if that id is kept already."""

    def violation(self, violation: str) -> ViolationCase | None:
        """One case."""

    def violations(
        self, *, kind: ViolationName | None = None, state: str | None = None, limit: int = 50, offset: int = 0
    ) -> tuple[list[ViolationCase], int]:
        """Cases, latest act first, and how many there are in all."""

    def count_by_state(self) -> dict[str, int]:
        """Number of cases in each state."""

    def count_by_kind(self) -> dict[str, int]:
        """Number of cases of each kind."""

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
        """Moves a case with its audit row; False if somebody has moved it since ``case`` was read."""

    def hold_violation(self, violation: str, words: str, *, held: bool, actor: str, now_s: float) -> None:
        """Puts a case under legal hold or releases it, with its audit row."""

    def case_ages(self, state: CaseState | None = None) -> list[CaseAge]:
        """What the limits of all cases rest on, or of those in one state; the oldest act first."""

    def delete_violation(self, age: CaseAge, why: str, now_s: float) -> bool:
        """Deletes a case with its audit row; False if somebody has moved it or put it under legal hold."""

    def looked_at(self, violation: str, person: str) -> set[str]:
        """What of a case's evidence a person has looked at since the case was last decided."""

    def add_link(self, link: Link) -> None:
        """Remembers the place of a bundle in its node's chain; kept when the case is deleted."""

    def links(self, link: Link) -> list[Link]:
        """Bundles of the same node that touch that place: the bundle itself, the one before it, others after that."""

    def add_node_key(self, node: str, key: str, now_s: float) -> bool:
        """Remembers an evidence key that a node tells, with its audit row; False if it is known."""

    def node_keys(self, node: str) -> set[str]:
        """Evidence keys that a node has told, hexadecimal."""

    @property
    def people(self) -> People:
        """Personal data of cases, in a file of its own."""

    def add_plan(self, plan: SignalPlan, sent_s: float) -> None:
        """Keeps a plan that is about to be sent, with its audit row."""

    def answer_plan(self, reply: PlanReply) -> None:
        """Keeps the first answer to a plan that was sent, with its audit row."""

    def plans(self, limit: int = 50) -> list[StoredPlan]:
        """Plans, latest first."""

    def last_revisions(self) -> dict[str, int]:
        """The highest revision that was ever sent to each node."""

    def add_lanes(self, telemetry: LaneTelemetry) -> None:
        """Adds a second of lane states; written in batches."""

    def lane_history(self, node: str, approach: str, since_s: float, until_s: float) -> list[Bin]:
        """Ten-second bins of an approach, oldest first."""

    def note(self, actor: str, action: str, subject: str, detail: str, now_s: float) -> None:
        """Adds an audit row."""

    def audit(self, subject: str | None = None, limit: int = 100) -> list[AuditRow]:
        """Audit rows, newest first."""

    def broken_audit_row(self) -> int | None:
        """Number of the first audit row that does not follow from the one before, None if the chain holds."""

    def purge_lanes(self, now_s: float, days: float = 400.0) -> int:
        """Deletes lane history that is older than so many days, and says so in the audit."""

    def flush(self) -> None:
        """Writes what waits in batches."""

    def close(self) -> None:
        """Flushes and lets go."""
