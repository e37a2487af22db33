"""What a controller considered in a second, kept as it stands and worked out only for who asks."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import msgspec
import numpy as np

from nutgiao.models.contracts.decision import Basis, Measure, Option, Reason
from nutgiao.models.queueing.junction.tables import F8, F8S, I4, I4S


@dataclass(slots=True)
class Notes:
    """A notepad that somebody who listens hands to a controller; what is put there must not be changed afterwards.

    Attributes:
        measure: of the figures.
        looks_s: seconds ahead within which somebody counts who comes.
    """

    measure: Measure = Measure.NONE
    looks_s: float = np.inf
    _tried: dict[int, tuple[F8S, I4S, F8]] = field(default_factory=dict)
    _scored: dict[int, tuple[F8, int]] = field(default_factory=dict)
    _held: tuple[I4, F8] | None = None
    _reasons: dict[int, list[Reason]] = field(default_factory=dict)

    def begin(self, measure: Measure, looks_s: float) -> None:
        """A new second: what was noted before is forgotten."""
        self.measure, self.looks_s = measure, looks_s
        self._tried.clear()
        self._scored.clear()
        self._held = None
        self._reasons.clear()

    def tried(self, light: int, hold_s: F8S, stage: I4S, cost_s: F8) -> None:
        """Scripts of a light, which wins the cheapest, of equal ones the first.

        Args:
            light: its number.
            hold_s: ``(scripts, steps)`` seconds from now.
            stage: ``(scripts, steps)`` numbered within the light.
            cost_s: ``(scripts,)``.
        """
        self._tried[light] = (hold_s, stage, cost_s)

    def scored(self, light: int, score: F8, stage: int) -> None:
        """Scores of a light's stages; the highest wins, of equal ones that which shows, then the first.

        Args:
            light: its number.
            score: ``(stages of the light,)``.
            stage: that shows, numbered within the light.
        """
        self._scored[light] = (score, stage)

    def held(self, link: I4, late_s: F8) -> None:
        """Who stands first on a lane, and for how long he is believed held up, 0 if he is not.

        Args:
            link: ``(n,)`` numbered over all lights.
            late_s: ``(n,)``.
        """
        self._held = (link, late_s)

    def because(
        self,
        light: int,
        basis: Basis,
        stage: int,
        then: int | None = None,
        s: float | None = None,
        most_s: float | None = None,
    ) -> None:
        """A rule that led to the wish for a light, or changed it.

        Args:
            light: its number.
            basis: the rule.
            stage: that it is about, numbered over all lights, as is the next one.
            then: that comes next; None for none.
            s: seconds that count.
            most_s: what they are measured by.
        """
        self._reasons.setdefault(light, []).append(Reason(basis, stage, then, s, most_s))

    def adopt(self, other: Notes, light: int) -> None:
        """Puts what somebody else considered for a light in place of what is noted here, if he considered any."""
        if light in other._tried:
            self._tried[light] = other._tried[light]
        if light in other._scored:
            self._scored[light] = other._scored[light]
        if light in other._reasons:
            self._reasons[light] = other._reasons[light]

    def options(self, light: int) -> tuple[Option, ...]:
        """What was considered for a light, best first; empty if nothing was."""
        if light in self._tried:
            return _of_scripts(*self._tried[light], self.looks_s)
        if light in self._scored:
            return _of_scores(*self._scored[light])
        return ()

    def reasons(self, light: int, first: int) -> tuple[Reason, ...]:
        """Rules that led to the wish for a light, in their order, stages numbered within it.

        Args:
            light: its number.
            first: its first stage.
        """
        return tuple(
            msgspec.structs.replace(one, stage=one.stage - first, next=None if one.next is None else one.next - first)
            for one in self._reasons.get(light, ())
        )

    def late_s(self) -> dict[int, float]:
        """Link to how much longer its first vehicle is believed held up; others are left out."""
        if self._held is None:
            return {}
        link, late_s = self._held
        return {int(link[k]): float(late_s[k]) for k in np.flatnonzero(late_s > 0.0)}


def _of_scripts(hold_s: F8S, stage: I4S, cost_s: F8, looks_s: float) -> tuple[Option, ...]:
    first, holds = stage[:, 0], hold_s[:, 0]
    best = np.lexsort((cost_s, first))  # stable: of equal ones the first comes first
    ordered = first[best]
    begins = [0, *(1 + np.flatnonzero(ordered[1:] != ordered[:-1])).tolist()]
    soonest = np.lexsort((cost_s, holds, first))[begins]
    counts = [end - begin for begin, end in pairwise([*begins, len(best)])]
    rows = sorted(
        (float(cost_s[k]), int(k), int(first[k]), float(holds[k]), float(holds[s]), float(cost_s[s]), n)
        for k, s, n in zip(best[begins], soonest, counts, strict=True)
    )
    return tuple(
        Option(own, round(hold, 2) if hold <= looks_s else None, round(cost, 2), round(soon_s, 2), round(soon, 2), n)
        for cost, _, own, hold, soon_s, soon, n in rows
    )


def _of_scores(score: F8, shows: int) -> tuple[Option, ...]:
    figures = score.tolist()
    order = sorted(range(len(figures)), key=lambda k: (-figures[k], k != shows, k))
    return tuple(Option(k, None if k == shows else 0.0, figures[k], 0.0, figures[k], 1) for k in order)
