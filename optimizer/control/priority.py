"""Priority by request: a controller that also hears buses and emergency vehicles, with bounded harm to the others.

Beside the controller that knows of no request a second one is asked, for which the vehicles that ask weigh what they
claim; where both wish the same nobody is harmed. It begins as a copy of the first when a request becomes active, is
dropped when there is none and nobody is left who has waited for one, and only the lights concerned follow it. Both wish
for stages and no more: minimum greens, changes and guards come behind them as for any wish.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.priority import PriorityItem, PriorityRecord, PriorityState
from nutgiao.models.contracts.priority_desk import OPEN, Open, PriorityDesk
from nutgiao.models.queueing.junction.calls import PriorityCall
from nutgiao.models.queueing.junction.notes import Notes
from nutgiao.models.queueing.junction.seen import Seen, Showing
from nutgiao.models.queueing.junction.tables import F8, I4, NONE, RED
from nutgiao.optimizer.control.priority_figures import PriorityFigures, PriorityTables
from nutgiao.optimizer.control.priority_harm import Harm
from nutgiao.optimizer.control.priority_light import Known, Light
from nutgiao.optimizer.control.priority_rows import Claim, with_claims

NEAR_S = 5.0
"""Who asks, has green and would be at the line within so many seconds is not stopped by amber any more: the look ahead
lets everybody pass who comes within the amber, a driver who can still brake does not."""


class Chooser(Protocol):
    """A controller that weighs whom it sees."""

    def choose(self, seen: Seen, showing: Showing) -> I4:
        """The stage that each light is to show from now on."""


class Prioritised:
    """A controller that hears requests.

    Args:
        controller: that knows of none.
        tables: of the lights.
        figures: what requests count.
        records: how many requests that are over are remembered; None for all.

    Attributes:
        notes: what is considered is put there, if somebody wants to know.
        holds: whether green is kept for who is at the line at once; not where a plan says when a green ends.
        refused: requests whose last message of this second was refused without ending them, and why.
    """

    def __init__(
        self,
        controller: Chooser,
        tables: PriorityTables,
        figures: PriorityFigures | None = None,
        records: int | None = None,
    ) -> None:
        self.holds = True
        self.refused: dict[str, str] = {}
        self._plain, self._tables, self.figures = controller, tables, figures or PriorityFigures()
        self.notes: Notes | None = None
        self._weighing: Chooser | None = None
        self._lights: dict[int, Light] = {}
        self._now_s = 0.0
        self._numbered = 0
        self._over: deque[PriorityRecord] = deque(maxlen=records)

    def hear(self, calls: Sequence[PriorityCall], now_s: float) -> frozenset[str]:
        """Takes what was sent in the last second; to be asked once a second, before `choose`.

        Args:
            calls: to any light.
            now_s: the time.

        Returns:
            New requests that were refused only because one like it had just ended.
        """
        self._now_s, self.refused = now_s, {}
        cooled = set[str]()
        for call in calls:
            light = self._lights.get(call.light)
            if light is None:
                made = PriorityDesk(self.figures.desk), Harm(self.figures.harm)
                light = self._lights[call.light] = Light(*made)
            reason = light.desk.ask(call.ask, call.sent_s, now_s, light.harm.full(now_s))
            kept = light.desk.known(call.ask.request)
            if reason and (kept is None or kept.reason != reason):
                self.refused[call.ask.request] = reason
            if kept is not None and call.ask.request not in light.known:
                light.known[call.ask.request] = Known(self._numbered, call.links, kept)
                self._numbered += 1
                if kept.state is PriorityState.COOLDOWN:
                    cooled.add(call.ask.request)
        return frozenset(cooled)

    def records(self) -> tuple[PriorityRecord, ...]:
        """What became of all requests so far: those that are over in this order, then the others."""
        is_open = (self._record(number, one) for number, light in self._lights.items() for one in light.known.values())
        return (*self._over, *is_open)

    def report(self, number: int) -> tuple[PriorityItem, ...]:
        """All requests to a light as they stand now; those that are over are told once, as S0033 wants it."""
        light = self._lights.get(number)
        if light is None:
            return ()
        over, items = tuple(light.over), (one.item() for one in light.known.values())
        light.over.clear()
        return (*over, *(item for item in items if item.state in OPEN))

    def end(self, now_s: float, reason: str) -> None:
        """Ends all requests, because nobody sets the lights second by second any more."""
        for light in self._lights.values():
            light.desk.end(now_s, reason)
            light.turned = None
        self._weighing = None
        self._close()

    def choose(self, seen: Seen, showing: Showing) -> I4:
        """The stage that each light is to show from now on.

        Args:
            seen: who comes.
            showing: what the lights show.

        Returns:
            ``(lights,)`` stages.
        """
        weight, claims, concerned = self._claims(seen)
        weighing = self._weighing = (self._weighing or copy.deepcopy(self._plain)) if concerned else None
        _hand(self._plain, self.notes)
        plain = self._plain.choose(seen, showing)
        chosen = plain.copy()
        if weighing is not None:
            notes = Notes()
            _hand(weighing, None if self.notes is None else notes)
            rows = with_claims(replace(seen, weight=weight), claims, self._tables.link_lane)
            wished = weighing.choose(rows, showing)
            for number in concerned:
                chosen[number] = self._settled(number, int(plain[number]), int(wished[number]), seen, showing)
                if self.notes is not None and chosen[number] == wished[number]:
                    self.notes.adopt(notes, number)
        self._close()
        return chosen

    def _claims(self, seen: Seen) -> tuple[F8, list[Claim], list[int]]:
        """What everybody seen weighs, what active requests claim, and the lights that this concerns."""
        weight, claims, concerned = seen.weight.copy(), list[Claim](), list[int]()
        for number, light in self._lights.items():
            light.desk.tick(self._now_s)
            for known in light.known.values():
                known.activated_s += known.kept.state is PriorityState.ACTIVATED
            active = light.desk.weighing(self._now_s)
            here = self._tables.link_light[seen.link] == number
            waited = light.harm.repay(seen, here, weight, bool(active) or light.turned is not None)
            for one in active:
                known = light.known[one.ask.request]
                arrives_s = one.arrives_s(self._now_s) or 0.0
                claims.append(Claim(known.number, known.links, arrives_s, self.figures.weight(one)))
            if active or waited or light.turned is not None:
                concerned.append(number)
        return weight, claims, concerned

    def _close(self) -> None:
        """Puts requests away that are over."""
        for number, light in self._lights.items():
            light.desk.report()
            for name in [name for name in light.known if light.desk.known(name) is None]:
                one = light.known.pop(name)
                self._over.append(self._record(number, one))
                light.over.append(one.item())
                light.harm.forget(name)

    def _settled(self, number: int, plain: int, wished: int, seen: Seen, showing: Showing) -> int:
        """The stage that a light is to show, with what that costs counted; the plain one where it costs too much."""
        light = self._lights[number]
        if plain == NONE:  # nothing is to be chosen here
            light.turned = None
            return plain
        stage, changes = int(showing.stage[number]), showing.coming[number] != NONE
        young = changes or showing.green_s[number] < self._tables.least_s
        active = light.desk.weighing(self._now_s)
        if light.turned is not None and young:  # it could not turn back yet, whoever wished it
            request, without, bounded = light.turned
            shows = int(showing.coming[number]) if changes else stage
            links, waiting = self._waiting(number, seen, without, shows)
            light.harm.count(request, self._now_s, links, waiting, False, bounded)
            return wished
        light.turned = None
        near = [one for one in active if (one.arrives_s(self._now_s) or 0.0) <= NEAR_S]
        if self.holds and not changes and any(self._serves(light, one, stage) for one in near):
            wished = stage
        if not active or plain == wished:
            return wished
        served = [one for one in active if self._serves(light, one, wished)]
        one = (served or active)[0]
        links, waiting = self._waiting(number, seen, plain, wished)
        holds = wished == stage
        for_s = 1.0 if holds else self._tables.change_s + self._tables.least_s
        if not one.ask.emergency:
            reason = light.harm.refusal(one.ask.request, self._now_s, waiting, for_s, holds)
            if reason:
                light.desk.stop(one.ask.request, self._now_s, reason)
                return plain
        bounded = not one.ask.emergency
        light.harm.count(one.ask.request, self._now_s, links, waiting, holds, bounded)
        if not holds:
            light.turned = (one.ask.request, plain, bounded)
        return wished

    def _serves(self, light: Light, one: Open, stage: int) -> bool:
        """Whether a stage lets the vehicle of a request go."""
        return bool((self._tables.right[stage, list(light.known[one.ask.request].links)] != RED).any())

    def _waiting(self, number: int, seen: Seen, without: int, shows: int) -> tuple[NDArray[np.int32], float]:
        """The link of each one who stands at a light where one stage has green and another has not; their weight."""
        right = self._tables.right
        loses = (right[without] != RED) & (right[shows] == RED) & (self._tables.link_light == number)
        stands = seen.halted & loses[seen.link]
        return seen.link[stands], float(seen.weight[stands].sum())

    def _record(self, number: int, one: Known) -> PriorityRecord:
        kept = one.kept
        harm, held_s = self._lights[number].harm.of(kept.ask.request)
        return PriorityRecord(
            request=kept.ask.request, light=self._tables.ids[number], vehicle_type=kept.vehicle_type, level=kept.level,
            state=kept.state, reason=kept.reason, activated_s=one.activated_s, harm_person_s=harm, held_s=held_s,
        )  # fmt: skip


def _hand(controller: Chooser, notes: Notes | None) -> None:
    """Gives a controller a notepad, if it takes any."""
    if hasattr(controller, "notes"):
        controller.notes = notes
