"""A case as the centre keeps it: the report, where it stands, who had it last, and what the centre has checked."""

from __future__ import annotations

import enum
from dataclasses import dataclass

import msgspec

from nutgiao.models.contracts.messages import ViolationReport


class CheckName(enum.StrEnum):
    """What the centre verifies by itself."""

    BUNDLE = "bundle"  # whole, and sealed with a key that the box is known by
    REPORT = "report"  # the bundle is the one that the report names, and tells the same
    CHAIN = "chain"  # it follows the node's bundle before it, and no other does
    LAW = "law"  # an entry of the law was valid on the day of the act
    CLOCK = "clock"  # the box's clock was within bounds
    CALIBRATION = "calibration"  # the camera's map is not older than its life
    PLATE = "plate"  # read, or said to be unreadable
    PICTURES = "pictures"  # three stills and a clip of before, during and after


class CheckResult(enum.StrEnum):
    """How a check went; unknown where nothing says it."""

    OK = "ok"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Check(msgspec.Struct, frozen=True):
    """One check and what it found, in words."""

    name: CheckName
    result: CheckResult
    detail: str


@dataclass(frozen=True, slots=True)
class ViolationCase:
    """A violation and where its case stands.

    Attributes:
        report: as the box sent it.
        received_s: when the centre got it.
        state: a `nutgiao.central.cases.flow.CaseState`.
        reviewer: who took the last step, empty before anybody did.
        reason: a `nutgiao.central.cases.flow.Reason` given with the last step, empty if none was.
        words: words given with it.
        decided_s: when it was last approved or rejected; None while it is open again.
        moved_s: when the last step was taken.
        version: number of steps so far.
        approvers: who approved it since it was last taken up, in order.
        hold: why it must not be deleted; empty without a legal hold.
        checks: what the centre has verified.
    """

    report: ViolationReport
    received_s: float
    state: str
    reviewer: str
    reason: str
    words: str
    decided_s: float | None
    moved_s: float
    version: int
    approvers: tuple[str, ...]
    hold: str
    checks: tuple[Check, ...]

    def check(self, name: CheckName) -> CheckResult:
        """How a check went; unknown before it was made."""
        return next((check.result for check in self.checks if check.name is name), CheckResult.UNKNOWN)
