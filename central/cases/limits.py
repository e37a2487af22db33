"""Time limits of cases: the local day of an act, the end of the time for a sanction, and how long a case is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from nutgiao.central.cases.flow import CaseState
from nutgiao.models.contracts.case_rules import CaseRules

DAY_S = 86400.0


@dataclass(frozen=True, slots=True)
class CaseAge:
    """What the limits of a case rest on, without its report.

    Attributes:
        violation: id of the case.
        bundle: name of its evidence, None if none was made.
        state: where it stands.
        occurred_s: instant of the act.
        received_s: when its report came.
        moved_s: when its last step was taken.
        held: it is under legal hold.
    """

    violation: str
    bundle: str | None
    state: str
    occurred_s: float
    received_s: float
    moved_s: float
    held: bool


def local_day(time_s: float, rules: CaseRules) -> str:
    """The day of an instant in local time, YYYY-MM-DD."""
    return (datetime.fromtimestamp(time_s, UTC) + timedelta(hours=rules.utc_offset_h)).date().isoformat()


def deadline_s(occurred_s: float, rules: CaseRules) -> float:
    """When the time for a sanction ends: at the end of the last local day; the day of the act itself does not count."""
    offset_s = rules.utc_offset_h * 3600.0
    midnight_s = (occurred_s + offset_s) // DAY_S * DAY_S - offset_s
    return midnight_s + (rules.on(local_day(occurred_s, rules)).sanction_days + 1) * DAY_S


def over(age: CaseAge, rules: CaseRules, now_s: float) -> str:
    """Why a case may not be kept any longer; empty while it may. A legal hold is the caller's to heed."""
    period = rules.on(local_day(age.occurred_s, rules))
    match CaseState(age.state):
        case CaseState.DETECTED | CaseState.CHECKED:
            since_s, days = age.occurred_s, period.undecided_days
        case CaseState.REJECTED | CaseState.EXPIRED:
            since_s, days = age.moved_s, period.undecided_days
        case CaseState.CLOSED:
            since_s, days = age.moved_s, period.closed_days
        case _:
            return ""
    return f"{age.state}, over {days} days" if now_s > since_s + days * DAY_S else ""
