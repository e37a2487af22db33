"""What a junction tells the centre about its lamps: as the controller reports them, or that nobody knows."""

from __future__ import annotations

from typing import Any

from nutgiao.edge.signal.ladder import Ladder
from nutgiao.models.contracts.controller import CabinetStatus
from nutgiao.models.contracts.site import Signals
from nutgiao.models.contracts.words import Indication


class Report:
    """Makes the body of each second's signal status.

    Args:
        signals: signal side of the site.
        ladder: knows the rung and why it is no better one.
    """

    def __init__(self, signals: Signals, ladder: Ladder) -> None:
        self._signals, self._ladder = signals, ladder
        self._last: CabinetStatus | None = None

    def second(self, status: CabinetStatus | None) -> dict[str, Any] | None:
        """The fields of a `nutgiao.models.contracts.messages.SignalStatus`, after the ladder has done its second.

        Args:
            status: what the controller reports; None while it does not answer: its lamps are unknown then, and plan
                and stage are the last that it told.

        Returns:
            The fields; None if it has never told anything.
        """
        self._last = status or self._last
        if self._last is None:
            return None
        last, ids = self._last, [group.id for group in self._signals.groups]
        shown = last.groups if status is not None else (Indication.UNKNOWN,) * len(ids)
        return {
            "groups": dict(zip(ids, shown, strict=True)),
            "stage": self._signals.stages[last.stage].id,
            "cycle_second_s": last.cycle_second_s,
            "cycle_s": last.cycle_s,
            "plan": last.plan,
            "revision": last.revision,
            "source": self._ladder.rungs.rung if status is None else self._ladder.standing(status),
            "in_transition": last.in_transition,
            "reason": self._ladder.rungs.reason,
            "rung_changes": self._ladder.rungs.changes.total(),
        }
