"""The desk of one light for priority requests: who is received, queued, active or refused, and why.

Pure bookkeeping after RSMP's M0022 and S0033 (`nutgiao.models.contracts.priority`); what an active request does to the
lamps is decided elsewhere, and the safety rules have the last word on that.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from nutgiao.models.contracts.priority import (
    NEXT_STATES,
    PriorityAsk,
    PriorityItem,
    PriorityState,
    PriorityVehicle,
    RequestType,
)

OPEN = frozenset({PriorityState.RECEIVED, PriorityState.QUEUED, PriorityState.ACTIVATED})
"""States of requests that are not over."""

_SILENT = {
    PriorityState.RECEIVED: PriorityState.REJECTED,
    PriorityState.QUEUED: PriorityState.TIMEOUT,
    PriorityState.ACTIVATED: PriorityState.STALE,
}
"""How a request ends that is not heard of any more, or that the light cannot serve."""


@dataclass(frozen=True, slots=True)
class DeskRules:
    """Limits of a desk.

    Attributes:
        most_active: how many emergencies may be active at once, and how many others.
        most_open: how many requests are kept at all; further ones are rejected, but for emergencies.
        queued_s: who waits longer for its turn times out.
        active_s: who is active for longer is removed; not emergencies, which end when they are not heard any more.
        silent_s: who is not heard for so long is removed: it has passed, or its radio is lost.
        cooldown_s: for so long after one has ended, no other of the same way is accepted; emergencies always are.
        known_s: for so long after its end an id is not given to another request.
    """

    most_active: int = 2
    most_open: int = 8
    queued_s: float = 90.0
    active_s: float = 120.0
    silent_s: float = 15.0
    cooldown_s: float = 20.0
    known_s: float = 600.0


@dataclass(slots=True)
class Open:
    """A request that the desk knows.

    Attributes:
        ask: as it was sent when it was new.
        level: the last one told.
        eta_s: the last one told.
        sent_s: when the last message that counted was sent.
        heard_s: when that came.
        begun_s: when the request came.
        state: now.
        since_s: when that state began.
        reason: for the state.
    """

    ask: PriorityAsk
    level: int
    eta_s: int | None
    sent_s: float
    heard_s: float
    begun_s: float
    state: PriorityState
    since_s: float
    reason: str = ""

    @property
    def vehicle_type(self) -> PriorityVehicle:
        """Who asks."""
        return self.ask.vehicle_type or PriorityVehicle.OTHER

    def arrives_s(self, now_s: float) -> float | None:
        """Seconds from now until it would be at the line, counted on since it was told; None if it never was."""
        return None if self.eta_s is None else max(0.0, self.eta_s - (now_s - self.sent_s))


class PriorityDesk:
    """Keeps the requests of one light; time is told from outside and never goes back.

    Args:
        rules: its limits.
    """

    def __init__(self, rules: DeskRules | None = None) -> None:
        self.rules = rules or DeskRules()
        self._requests: dict[str, Open] = {}
        self._known: dict[str, float] = {}  # ids of those that are over and were told, and when they ended
        self._ended: dict[tuple[str, ...], float] = {}  # way to when the last one that was active ended

    def ask(self, ask: PriorityAsk, sent_s: float, now_s: float, closed: str = "") -> str:
        """Takes a request, an update or a cancellation.

        Args:
            ask: what is asked.
            sent_s: when it was sent, by the same clock.
            now_s: the time.
            closed: why none but emergencies are accepted now; empty if they are.

        Returns:
            Why it was refused, in words; empty if it was not. A new request that is refused for what it asks ends as
            rejected or cooldown; a message that fits no request, or a flawed one, leaves everything as it was.
        """
        flaw = ask.flaw()
        if flaw:
            return flaw
        if ask.type is RequestType.NEW:
            return self._receive(ask, sent_s, now_s, closed)
        known = self._requests.get(ask.request)
        if known is None or known.state not in OPEN:
            return f"there is no open request {ask.request}"
        if sent_s < known.sent_s:
            return f"it was sent {known.sent_s - sent_s:g} s before the last word on {ask.request}"
        known.sent_s, known.heard_s = sent_s, now_s
        if ask.type is RequestType.CANCEL:
            self._turn(known, PriorityState.COMPLETED, now_s)
        else:
            known.level, known.eta_s = ask.level, ask.eta_s
        return ""

    def tick(self, now_s: float) -> None:
        """Lets the time pass: ends what is over, and activates those whose turn it is."""
        rules = self.rules
        for one in list(self._requests.values()):
            active = one.state is PriorityState.ACTIVATED and not one.ask.emergency
            if one.state in OPEN and now_s - one.heard_s > rules.silent_s:
                self._turn(one, _SILENT[one.state], now_s, f"not heard for {rules.silent_s:g} s")
            elif one.state is PriorityState.QUEUED and now_s - one.since_s > rules.queued_s:
                self._turn(one, PriorityState.TIMEOUT, now_s, f"not its turn for {rules.queued_s:g} s")
            elif active and now_s - one.since_s > rules.active_s:
                self._turn(one, PriorityState.STALE, now_s, f"active for {rules.active_s:g} s")
        waiting = [one for state in (PriorityState.RECEIVED, PriorityState.QUEUED) for one in self._of(state)]
        for one in sorted(waiting, key=lambda one: _rank(one, now_s)):
            places = [other.ask.emergency for other in self._of(PriorityState.ACTIVATED)]
            others_wait = not one.ask.emergency and any(places)
            if not others_wait and places.count(one.ask.emergency) < rules.most_active:
                self._turn(one, PriorityState.ACTIVATED, now_s)
            elif one.state is PriorityState.RECEIVED:
                self._turn(one, PriorityState.QUEUED, now_s)
        self._known = {name: end_s for name, end_s in self._known.items() if now_s - end_s <= rules.known_s}

    def known(self, request: str) -> Open | None:
        """What the desk knows of a request; None once it is over and was told, or if it never was."""
        return self._requests.get(request)

    def stop(self, request: str, now_s: float, reason: str) -> None:
        """Removes an active request that may not go on; nothing happens if it is not active."""
        known = self._requests.get(request)
        if known is not None and known.state is PriorityState.ACTIVATED:
            self._turn(known, PriorityState.STALE, now_s, reason)

    def end(self, now_s: float, reason: str) -> None:
        """Ends every request that is not over, because the light cannot serve any."""
        for one in self._requests.values():
            if one.state in OPEN:
                self._turn(one, _SILENT[one.state], now_s, reason)

    def weighing(self, now_s: float) -> list[Open]:
        """Active requests that count now, the most urgent first: while an emergency is active, emergencies only."""
        active = sorted(self._of(PriorityState.ACTIVATED), key=lambda one: _rank(one, now_s))
        return [one for one in active if one.ask.emergency] or active

    def report(self) -> tuple[PriorityItem, ...]:
        """All requests; those that are over are told this once and then forgotten, as S0033 wants it."""
        told = tuple(
            PriorityItem(request=name, state=one.state, since_s=one.since_s, reason=one.reason)
            for name, one in self._requests.items()
        )
        for name, one in list(self._requests.items()):
            if one.state not in OPEN:
                self._known[name] = one.since_s
                del self._requests[name]
        return told

    def _receive(self, ask: PriorityAsk, sent_s: float, now_s: float, closed: str) -> str:
        if ask.request in self._requests or ask.request in self._known:
            return f"request {ask.request} exists already"
        made = Open(ask, ask.level, ask.eta_s, sent_s, now_s, now_s, PriorityState.RECEIVED, now_s)
        ended_s = self._ended.get(ask.way)
        cools_s = 0.0 if ended_s is None else ended_s + self.rules.cooldown_s - now_s
        is_open = sum(one.state in OPEN for one in self._requests.values())
        self._requests[ask.request] = made
        if ask.emergency:
            return ""
        if closed:
            self._turn(made, PriorityState.REJECTED, now_s, closed)
        elif is_open >= self.rules.most_open:
            self._turn(made, PriorityState.REJECTED, now_s, f"{is_open} requests are open already")
        elif cools_s > 0.0:
            reason = f"one for {', '.join(ask.way)} has just ended; {cools_s:.0f} s to go"
            self._turn(made, PriorityState.COOLDOWN, now_s, reason)
        return made.reason

    def _turn(self, one: Open, state: PriorityState, now_s: float, reason: str = "") -> None:
        if state not in NEXT_STATES[one.state]:
            raise ValueError(f"no request goes from {one.state} to {state}")
        if one.state is PriorityState.ACTIVATED and not one.ask.emergency:
            self._ended[one.ask.way] = now_s
        one.state, one.since_s, one.reason = state, now_s, reason

    def _of(self, state: PriorityState) -> Iterator[Open]:
        return (one for one in self._requests.values() if one.state is state)


def _rank(one: Open, now_s: float) -> tuple[bool, int, float, float]:
    """Orders the most urgent first: emergencies, then by level, then who comes first, then who asked first."""
    arrives_s = one.arrives_s(now_s)
    return not one.ask.emergency, -one.level, math.inf if arrives_s is None else arrives_s, one.begun_s
