"""What is kept of one light that hears requests: its desk, what they cost there, and those that it knows."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from nutgiao.models.contracts.priority import PriorityItem
from nutgiao.models.contracts.priority_desk import Open, PriorityDesk
from nutgiao.optimizer.control.priority_harm import Harm

MOST_TOLD = 100
"""Requests that have ended, at a light that nobody asks for them: above this the oldest make room."""


@dataclass(slots=True)
class Known:
    """A request at a light.

    Attributes:
        number: counted over all lights.
        links: that serve its movement.
        kept: what the desk keeps of it; stays as it ended.
        activated_s: for how long it has been active.
    """

    number: int
    links: tuple[int, ...]
    kept: Open
    activated_s: float = 0.0

    def item(self) -> PriorityItem:
        """What is told of it."""
        kept = self.kept
        return PriorityItem(request=kept.ask.request, state=kept.state, since_s=kept.since_s, reason=kept.reason)


@dataclass(slots=True)
class Light:
    """One light: its desk, what requests cost there, and the last turn that was made for one.

    Attributes:
        desk: of the light.
        harm: counted there.
        known: requests that the desk keeps.
        turned: request for which it turned, the stage that would show without it, and whether its harm is bounded;
            until the new green may end.
        over: requests that have ended and were not told yet.
    """

    desk: PriorityDesk
    harm: Harm
    known: dict[str, Known] = field(default_factory=dict)
    turned: tuple[str, int, bool] | None = None
    over: deque[PriorityItem] = field(default_factory=lambda: deque(maxlen=MOST_TOLD))
