"""The flow of a case as one table: which step leads where, who may take it, and what it needs."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from nutgiao.models.contracts.errors import NutgiaoError


class CaseState(enum.StrEnum):
    """Where a case stands."""

    DETECTED = "detected"  # a box has reported it
    CHECKED = "auto_checked"  # the centre has verified what it can by itself; nobody has looked
    IN_REVIEW = "in_review"  # a person has taken it up
    SECOND_REVIEW = "second_review"  # one person has approved it, another one must
    APPROVED = "approved"  # it is a violation
    REJECTED = "rejected"  # it is none, or cannot be shown
    OWNER_IDENTIFIED = "owner_identified"
    NOTIFIED = "notified"  # the owner has been told
    APPEALED = "appealed"  # the owner objects
    HANDLED = "handled"  # the authority has dealt with it
    CLOSED = "closed"
    EXPIRED = "expired"  # too late for a sanction


class Actor(enum.StrEnum):
    """Who may take a step."""

    CENTRE = "centre"
    PERSON = "person"


class Need(enum.StrEnum):
    """What a step needs besides a name."""

    LOOK = "look"
    EVIDENCE = "evidence"
    OTHER_PERSON = "other_person"
    OWNER = "owner"
    NOTICE = "notice"
    IN_TIME = "in_time"


NEEDED: dict[Need, str] = {
    Need.LOOK: "look at every still of its evidence first, under your own name",
    Need.EVIDENCE: "its evidence has not come, is not whole or does not belong to it",
    Need.OTHER_PERSON: "it takes another person than the one who approved it",
    Need.OWNER: "write down who owns the vehicle first",
    Need.NOTICE: "write down how the owner was told first",
    Need.IN_TIME: "the time limit for a sanction is over",
}
"""What is missing, for people."""


class Reason(enum.StrEnum):
    """Why a step was taken that needs a reason."""

    NO_VIOLATION = "no_violation"
    DIRECTED = "directed"  # a police officer directed the traffic
    EMERGENCY = "emergency"  # a priority vehicle, or room made for one
    UNCLEAR = "unclear"  # the pictures do not show it
    OTHER_VEHICLE = "other_vehicle"  # the evidence shows somebody else
    NO_PLATE = "no_plate"
    SIGNAL_FAULT = "signal_fault"  # lamp, line or sign was wrong, worn or hidden
    SYSTEM_FAULT = "system_fault"  # nutgiao was wrong
    DUPLICATE = "duplicate"
    NEW_EVIDENCE = "new_evidence"
    MISTAKE = "mistake"
    APPEAL = "appeal"
    WARNED = "warned"
    FINED = "fined"
    WITHDRAWN = "withdrawn"
    TRANSFERRED = "transferred"  # handed to another authority
    OTHER = "other"  # told in words


class StepRefused(NutgiaoError):
    """A step that may not be taken.

    Args:
        message: why, for people.
        needs: what is missing, for a page that translates it.
    """

    def __init__(self, message: str, needs: tuple[Need, ...] = ()) -> None:
        self.needs = needs
        super().__init__(message)


class UnknownCase(NutgiaoError):
    """No case has that id."""


@dataclass(frozen=True, slots=True)
class Step:
    """A line of the table.

    Attributes:
        before: where the case must stand.
        after: where it stands then.
        by: who may.
        needs: what else is needed.
        reasons: one of these has to be given; empty if none has.
        words: words have to be given with it.
        two_person: only where two persons are asked for (True) or are not (False); None both ways.
    """

    before: CaseState
    after: CaseState
    by: Actor = Actor.PERSON
    needs: tuple[Need, ...] = ()
    reasons: tuple[Reason, ...] = ()
    words: bool = False
    two_person: bool | None = None


S, N, R = CaseState, Need, Reason
REJECTIONS = (
    R.NO_VIOLATION, R.DIRECTED, R.EMERGENCY, R.UNCLEAR, R.OTHER_VEHICLE, R.NO_PLATE, R.SIGNAL_FAULT, R.SYSTEM_FAULT,
    R.DUPLICATE, R.OTHER,
)  # fmt: skip
REOPENINGS = (R.NEW_EVIDENCE, R.MISTAKE, R.APPEAL, R.OTHER)
OUTCOMES = (R.FINED, R.WARNED, R.TRANSFERRED, R.OTHER)
_JUDGED = (N.LOOK, N.EVIDENCE, N.IN_TIME)

STEPS: tuple[Step, ...] = (
    Step(S.DETECTED, S.CHECKED, Actor.CENTRE),
    Step(S.CHECKED, S.IN_REVIEW),
    Step(S.IN_REVIEW, S.APPROVED, needs=_JUDGED, two_person=False),
    Step(S.IN_REVIEW, S.SECOND_REVIEW, needs=_JUDGED, two_person=True),
    Step(S.IN_REVIEW, S.REJECTED, reasons=REJECTIONS),
    Step(S.IN_REVIEW, S.CHECKED),  # put back for somebody else
    # without two_person: a case that waits for its second person when the option is switched off still gets one
    Step(S.SECOND_REVIEW, S.APPROVED, needs=(*_JUDGED, N.OTHER_PERSON)),
    Step(S.SECOND_REVIEW, S.REJECTED, reasons=REJECTIONS),
    Step(S.APPROVED, S.OWNER_IDENTIFIED, needs=(N.OWNER, N.IN_TIME)),
    Step(S.APPROVED, S.IN_REVIEW, reasons=REOPENINGS),
    Step(S.REJECTED, S.IN_REVIEW, reasons=REOPENINGS),
    Step(S.REJECTED, S.CLOSED),
    Step(S.OWNER_IDENTIFIED, S.NOTIFIED, needs=(N.NOTICE, N.IN_TIME)),
    Step(S.OWNER_IDENTIFIED, S.IN_REVIEW, reasons=REOPENINGS),
    Step(S.NOTIFIED, S.APPEALED, words=True),
    Step(S.NOTIFIED, S.HANDLED, needs=(N.IN_TIME,), reasons=OUTCOMES),
    Step(S.NOTIFIED, S.IN_REVIEW, reasons=REOPENINGS),
    Step(S.APPEALED, S.IN_REVIEW, reasons=REOPENINGS),  # granted in part or in whole: it is judged anew
    Step(S.APPEALED, S.HANDLED, needs=(N.IN_TIME,), reasons=OUTCOMES, words=True, two_person=False),
    Step(S.APPEALED, S.HANDLED, needs=(N.IN_TIME, N.OTHER_PERSON), reasons=OUTCOMES, words=True, two_person=True),
    Step(S.HANDLED, S.CLOSED),
    Step(S.HANDLED, S.IN_REVIEW, reasons=REOPENINGS),
    Step(S.CLOSED, S.IN_REVIEW, needs=(N.IN_TIME,), reasons=REOPENINGS, words=True),
    *(Step(state, S.EXPIRED, Actor.CENTRE) for state in S if state not in {S.REJECTED, S.HANDLED, S.CLOSED, S.EXPIRED}),
    Step(S.EXPIRED, S.CLOSED),
)
"""Every step there is; what does not stand here cannot happen."""

DECISIONS = frozenset({S.APPROVED, S.SECOND_REVIEW, S.REJECTED})
"""States that a person's judgement leads to; a look counts for one judgement of the person who looked."""

OPEN = frozenset({step.before for step in STEPS if step.after is S.EXPIRED})
"""States in which a case can run out of time."""


def steps_from(state: CaseState, *, two_person: bool) -> tuple[Step, ...]:
    """The steps that lead on from a state."""
    return tuple(step for step in STEPS if step.before is state and step.two_person in {None, two_person})
