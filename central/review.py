"""Review of violations: a named person decides, step by step, and every look at the evidence leaves a trace."""

from __future__ import annotations

import enum

from nutgiao.central.store import Store, ViolationCase
from nutgiao.models.contracts.errors import NutgiaoError

NAME_LIMIT, REASON_LIMIT = 80, 500


class ReviewState(enum.StrEnum):
    """Where a case stands."""

    PENDING = "pending"  # the edge has reported it, nobody has looked
    IN_REVIEW = "in_review"  # a person has taken it
    CONFIRMED = "confirmed"  # a person says that it is one
    REJECTED = "rejected"  # a person says that it is none, and why


STEPS: dict[ReviewState, frozenset[ReviewState]] = {
    ReviewState.PENDING: frozenset({ReviewState.IN_REVIEW}),
    ReviewState.IN_REVIEW: frozenset({ReviewState.CONFIRMED, ReviewState.REJECTED}),
    ReviewState.CONFIRMED: frozenset({ReviewState.IN_REVIEW}),
    ReviewState.REJECTED: frozenset({ReviewState.IN_REVIEW}),
}
"""Steps that a person may take; taking up a decided case again needs a reason."""


class ReviewRefused(NutgiaoError):
    """A step of a review that may not be taken."""


class UnknownViolation(NutgiaoError):
    """No case has that id."""


class Review:
    """Takes people's decisions to the store.

    Args:
        store: where the cases are.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def decide(self, violation: str, to: ReviewState, *, reviewer: str, reason: str, now_s: float) -> ViolationCase:
        """Moves a case one step.

        Args:
            violation: id of the case.
            to: the state that the person chose.
            reviewer: the person's name.
            reason: why; needed to reject and to take up a decided case again.
            now_s: time of the decision.

        Returns:
            The case as it stands now.

        Raises:
            UnknownViolation: if there is no such case.
            ReviewRefused: if the name or the reason is missing, or the step is not allowed from where the case stands.
        """
        reviewer, reason = _name(reviewer), reason.strip()
        if len(reason) > REASON_LIMIT:
            raise ReviewRefused(f"the reason has {len(reason)} characters; write at most {REASON_LIMIT}")
        case = self._case(violation)
        before = ReviewState(case.state)
        if to not in STEPS[before]:
            allowed = ", ".join(sorted(STEPS[before]))
            raise ReviewRefused(f"case {violation} is {before} and cannot become {to}; from here: {allowed}")
        reopened = before in {ReviewState.CONFIRMED, ReviewState.REJECTED}
        if not reason and (to is ReviewState.REJECTED or reopened):
            step = "take up a decided case again" if reopened else "reject a case"
            raise ReviewRefused(f"give a reason to {step}")
        moved = self._store.move_violation(
            violation, before=before, after=to, reviewer=reviewer, reason=reason, now_s=now_s
        )
        if not moved:
            raise ReviewRefused(f"somebody else has just decided case {violation}; load it again")
        return self._case(violation)

    def look(self, violation: str, thing: str, *, reviewer: str, now_s: float) -> ViolationCase:
        """Notes that a person looks at evidence; call it before the evidence is shown.

        Args:
            violation: id of the case.
            thing: which file.
            reviewer: the person's name.
            now_s: time of the look.

        Raises:
            UnknownViolation: if there is no such case.
            ReviewRefused: if the name is missing.
        """
        name = _name(reviewer)
        case = self._case(violation)
        self._store.note(name, "looked", violation, thing, now_s)
        return case

    def _case(self, violation: str) -> ViolationCase:
        case = self._store.violation(violation)
        if case is None:
            raise UnknownViolation(f"there is no case {violation!r}")
        return case


def _name(reviewer: str) -> str:
    name = " ".join(reviewer.split())
    if not name:
        raise ReviewRefused("say who you are: a reviewer's name is needed")
    if len(name) > NAME_LIMIT:
        raise ReviewRefused(f"the reviewer's name has {len(name)} characters; write at most {NAME_LIMIT}")
    return name
