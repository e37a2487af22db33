"""Reported violations against the recorded truth: one report may account for one deed, and only for one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nutgiao.models.contracts.words import ViolationKind, ViolationName


@dataclass(frozen=True, slots=True)
class Deed:
    """A violation, as the simulator recorded it or as an edge reported it."""

    kind: ViolationName
    node: str
    approach: str | None
    time_s: float
    two_wheeler: bool


@dataclass(frozen=True, slots=True)
class Score:
    """How well one kind was found."""

    kind: ViolationName
    truth: int
    reported: int
    matched: int

    @property
    def precision(self) -> float | None:
        """Share of the reports that are true; None without reports."""
        return self.matched / self.reported if self.reported else None

    @property
    def recall(self) -> float | None:
        """Share of the deeds that were reported; None without deeds."""
        return self.matched / self.truth if self.truth else None


TOLERANCE_S = {
    ViolationKind.RED_LIGHT: 2.0,  # both are the crossing of the line
    ViolationKind.STOP_LINE: 6.0,  # the instant somebody has stood for two seconds, seen at 2 frames a second
    ViolationKind.WRONG_WAY: 12.0,  # somewhere on a ride of some 60 m against the traffic
    ViolationKind.SPEED: 3.0,
}
"""Largest difference in time between a deed and its report."""


def match(truth: Sequence[Deed], reports: Sequence[Deed], kind: ViolationKind) -> Score:
    """Matches reports of one kind to deeds: same junction and approach, nearest in time first, each used once.

    Whether it was a two-wheeler must agree as well: a fine for the car beside the rider is a wrong fine.
    """
    deeds = [deed for deed in truth if deed.kind == kind]
    claims = [claim for claim in reports if claim.kind == kind]
    pairs = sorted(
        (abs(deed.time_s - claim.time_s), i, j)
        for i, deed in enumerate(deeds)
        for j, claim in enumerate(claims)
        if (deed.node, deed.approach, deed.two_wheeler) == (claim.node, claim.approach, claim.two_wheeler)
        and abs(deed.time_s - claim.time_s) <= TOLERANCE_S[kind]
    )
    used_deeds: set[int] = set()
    used_claims: set[int] = set()
    for _, i, j in pairs:
        if i not in used_deeds and j not in used_claims:
            used_deeds.add(i)
            used_claims.add(j)
    return Score(kind, len(deeds), len(claims), len(used_deeds))
