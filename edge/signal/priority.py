"""Requests for priority at the box: from messages to the controller that weighs them, and back to who has asked.

States, bounded harm and recovery are those of the controller (`Hearing`), the same that drives simulated streets; who
may ask is decided in `nutgiao.edge.signal.priority_admission`. Where nobody chooses stages second by second no request
can be served, and each one is rejected with the reason.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import msgspec

from nutgiao.edge.signal.adaptive import Adaptive
from nutgiao.edge.signal.emergency import Emergencies
from nutgiao.edge.signal.priority_admission import Admission, Refused
from nutgiao.edge.signal.priority_movements import PriorityMovements
from nutgiao.models.contracts.messages import PriorityRequest
from nutgiao.models.contracts.priority import PriorityItem, PriorityRefusal, PriorityState, RequestType
from nutgiao.models.contracts.priority_desk import OPEN
from nutgiao.models.contracts.site import Site
from nutgiao.models.queueing.junction.calls import PriorityCall

log = logging.getLogger(__name__)

TOLD_EVERY_S = 5.0
"""While requests are open their states are told so often, changed or not."""

MOST_TOLD = 20
"""Refusals that are told in a second; the others are counted only."""

_UNPROVEN = {PriorityRefusal.STRANGER, PriorityRefusal.UNSIGNED, PriorityRefusal.TOO_MANY, PriorityRefusal.REPLAYED}
"""Refusals of messages that anybody can send: signed by nobody, or once overheard."""

_LOGGED = 100  # the first refusal of a kind is logged, then each of so many


@runtime_checkable
class Hearing(Protocol):
    """A controller that weighs requests."""

    @property
    def refused(self) -> Mapping[str, str]:
        """Requests whose last message of this second was refused without ending them, and why."""

    def hear(self, calls: Sequence[PriorityCall], now_s: float) -> frozenset[str]:
        """Takes what was sent in the last second; asked once a second, before the stage is chosen."""

    def end(self, now_s: float, reason: str) -> None:
        """Ends all requests."""

    def report(self) -> tuple[PriorityItem, ...]:
        """All requests as they stand now; those that are over are told once."""


class PriorityOffice:
    """Takes messages in, hands them to the controller, and says what became of them.

    Args:
        admission: judges messages.
        hearing: the controller; None where the box has none that weighs requests.
        closed: why no request can be served at a time; empty if one can.
        emergencies: told of every message that was admitted.
    """

    def __init__(
        self,
        admission: Admission,
        hearing: Hearing | None,
        closed: Callable[[float], str],
        emergencies: Emergencies | None = None,
    ) -> None:
        self._admission, self._hearing, self._closed = admission, hearing, closed
        self._emergencies = emergencies
        self._rejected: list[PriorityItem] = []
        self._refused: dict[str, str] = {}
        self._told: tuple[PriorityItem, ...] = ()
        self._told_s = 0.0

    def second(self, now_s: float, messages: Sequence[PriorityRequest]) -> None:
        """Takes in what came in the last second; before the controller is asked for a stage.

        Args:
            now_s: time now by the box's clock, seconds since the epoch.
            messages: as they came.
        """
        open_ = {item.request for item in self._told if item.state in OPEN}
        calls = []
        for message in messages:
            name, verdict = f"{message.node}/{message.ask.request}", self._admission.judge(message, now_s)
            if isinstance(verdict, Refused):
                self._refuse(name[:200], verdict, name in open_)
            else:
                ask = msgspec.structs.replace(message.ask, request=name)
                if self._emergencies is not None:
                    self._emergencies.hear(name, ask, now_s)
                calls.append(PriorityCall(0, verdict.links, ask, message.time_s))
        closed = self._closed(now_s)
        if self._hearing is not None and not closed:
            self._hearing.hear(calls, now_s)
            self._refused.update(self._hearing.refused)
            return
        if self._hearing is not None:
            self._hearing.end(now_s, closed)
        for call in calls:
            if call.ask.type is RequestType.NEW:
                self._admission.counts[PriorityRefusal.NO_CONTROL] += 1
                name, state = call.ask.request, PriorityState.REJECTED
                self._rejected.append(PriorityItem(request=name, state=state, since_s=now_s, reason=closed))

    def emergencies(self, now_s: float) -> frozenset[str]:
        """Approaches by which an emergency vehicle may be coming now."""
        return frozenset() if self._emergencies is None else self._emergencies.approaches(now_s)

    def report(self, now_s: float) -> dict[str, Any] | None:
        """The fields of a `nutgiao.models.contracts.messages.PriorityStatus`, after the controller was asked.

        Returns:
            The fields; None if there is nothing new to say.
        """
        items = () if self._hearing is None else self._hearing.report()
        items = (*self._rejected, *items)
        due = bool(items) and not 0.0 <= now_s - self._told_s < TOLD_EVERY_S
        if items == self._told and not self._refused and not due:
            return None
        body = {"requests": items, "refused": self._refused, "counts": dict(sorted(self._admission.counts.items()))}
        self._rejected, self._refused, self._told, self._told_s = [], {}, items, now_s
        return body

    def _refuse(self, name: str, verdict: Refused, is_open: bool) -> None:
        """Notes a refusal; a stranger's cannot speak about a request that somebody else has open."""
        count = self._admission.counts[verdict.kind]
        if count % _LOGGED == 1:
            log.warning("priority for %s refused: %s; %d times so far", name, verdict.reason, count)
        if len(self._refused) < MOST_TOLD and not (is_open and verdict.kind in _UNPROVEN):
            self._refused[name] = verdict.reason


def priority_office(
    site: Site, centre_signed: Callable[[bytes, str], bool], adaptive: Adaptive | None
) -> PriorityOffice:
    """The office of a box.

    Args:
        site: says who may ask.
        centre_signed: whether a signature over bytes is of the centre that signs plans.
        adaptive: runs the junction second by second; None where the box runs plans only.
    """
    emergencies = Emergencies(site)
    if adaptive is None:
        admission = Admission(site, centre_signed, None)
        return PriorityOffice(admission, None, lambda now_s: "this box runs plans only", emergencies)
    admission = Admission(site, centre_signed, PriorityMovements(site, adaptive.tables))
    if isinstance(adaptive.chooser, Hearing):
        return PriorityOffice(admission, adaptive.chooser, adaptive.rests, emergencies)
    return PriorityOffice(admission, None, lambda now_s: "the controller of this box weighs no requests", emergencies)
