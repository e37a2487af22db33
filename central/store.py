"""What the centre keeps, behind one narrow interface: violations and their review, plans, lane history, the audit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from nutgiao.central.audit import AuditRow
from nutgiao.central.history import Bin
from nutgiao.models.contracts.errors import NutgiaoError
from nutgiao.models.contracts.messages import LaneTelemetry, PlanReply, ViolationReport
from nutgiao.models.contracts.plan import SignalPlan
from nutgiao.models.contracts.words import ViolationKind


class StoreFailed(NutgiaoError):
    """The store cannot be read or written: a full disk, a damaged file, missing rights."""


@dataclass(frozen=True, slots=True)
class ViolationCase:
    """A violation and where its review stands.

    Attributes:
        report: as the edge sent it.
        received_s: when the centre got it.
        state: a `nutgiao.central.review.ReviewState`.
        reviewer: who has it or decided it, empty before.
        reason: given with the last step, empty if none was.
        decided_s: when it was confirmed or rejected.
    """

    report: ViolationReport
    received_s: float
    state: str
    reviewer: str
    reason: str
    decided_s: float | None


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
        self, *, kind: ViolationKind | None = None, state: str | None = None, limit: int = 50, offset: int = 0
    ) -> tuple[list[ViolationCase], int]:
        """Cases, latest act first, and how many there are in all."""

    def count_by_state(self) -> dict[str, int]:
        """Number of cases in each review state."""

    def move_violation(
        self, violation: str, *, before: str, after: str, reviewer: str, reason: str, now_s: float
    ) -> bool:
        """Moves a case from one state to another with its audit row; False if it is not in ``before`` any more."""

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

    def purge(
        self, now_s: float, evidence_days: float = 75.0, lanes_days: float = 400.0, confirmed_days: float = 365.0
    ) -> int:
        """Deletes what may not be kept any longer, evidence bundles included, and says so in the audit."""

    def flush(self) -> None:
        """Writes what waits in batches."""

    def close(self) -> None:
        """Flushes and lets go."""
