"""The closed loop, a second at a time: look, choose, ask who is overdue and the guards, show, let the second pass."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from nutgiao.models.contracts.refusal import Refusal
from nutgiao.models.queueing.junction.seen import Seen, Showing
from nutgiao.models.queueing.junction.tables import I4, NONE
from nutgiao.simulation.control.detection import Sight
from nutgiao.simulation.control.diary import Diary, Wishes
from nutgiao.simulation.control.lamps import Lamps
from nutgiao.simulation.control.lights import Lights
from nutgiao.simulation.control.overdue import Overdue
from nutgiao.simulation.control.radio import Ride
from nutgiao.simulation.control.requests import Requests
from nutgiao.simulation.light_guard import LightGuard
from nutgiao.simulation.scenario import Scenario


class Controller(Protocol):
    """Sets all lights of a network."""

    def choose(self, seen: Seen, showing: Showing) -> I4:
        """The stage that each light is to show from now on; asked once a second.

        Args:
            seen: who comes.
            showing: what the lights show.

        Returns:
            ``(lights,)`` stages; of a light that changes whatever.
        """


class Stepper:
    """Drives the lights of a running simulation; the others keep their shipped programs.

    Args:
        sumo: ``libsumo``.
        scenario: that it runs.
        lights: of its network.
        look: sees who comes.
        controller: chooses.
        asked: light to the guard that is asked before a state is shown.
        driven: numbers of the lights that are driven.
        diary: is told of each second; None if nobody wants to know.
        in_plan: numbers of the driven lights that keep to a plan.
        requests: sends what vehicles with a radio ask; None if there are none.

    Attributes:
        took_s: of each second, how long the controller took.
        switches: ``(lights,)`` changes so far.
        refused: light to how many wishes its guard refused.
        shown: per driven light its stage in each second, counted from its first, -1 in a change.
    """

    def __init__(
        self,
        sumo: Any,
        scenario: Scenario,
        lights: Lights,
        look: Sight,
        controller: Controller,
        asked: Mapping[int, LightGuard],
        driven: Sequence[int],
        diary: Diary | None = None,
        in_plan: Collection[int] = (),
        requests: Requests | None = None,
    ) -> None:
        self._sumo, self._lights, self._controller, self._driven = sumo, lights, controller, driven
        self._guards, self._overdue, self._diary = asked, Overdue(lights, driven, in_plan=in_plan), diary
        self._requests = requests
        self._steps = round(1.0 / scenario.step_s)
        self._sight = look
        self._lamps = Lamps(sumo, lights)
        self.took_s: list[float] = []
        self.switches = np.zeros(len(lights.ids), np.int64)
        self.refused: dict[int, int] = {}
        self.shown: list[list[int]] = [[] for _ in driven]

    def second(self, tell: bool) -> None:
        """Looks, chooses, shows, and lets a second pass."""
        lamps = self._lamps
        seen, showing = self._sight.look(), lamps.showing()
        if self._requests is not None:
            self._requests.tell(self._controller)
        began_s = time.thread_time()
        wished = self._controller.choose(seen, showing)
        self.took_s.append(time.thread_time() - began_s)
        by_controller = wished.copy()
        self._overdue.serve(wished, seen, showing)
        by_overdue = wished.copy()
        refused = self._ask(wished)
        lamps.turn_to(wished)
        if self._diary is not None:
            wishes = Wishes(by_controller, by_overdue, self._overdue.served, refused, self._overdue.red_s)
            self._diary.note(seen, showing, wishes, lamps)
        changed = (lamps.coming != NONE) & (showing.coming == NONE) | (lamps.stage != showing.stage)
        self.switches += changed
        for light, guard in self._guards.items():
            guard.step(lamps.state(light))
        if tell:
            for row, light in zip(self.shown, self._driven, strict=True):
                first = int(self._lights.light_stage[light])
                row.append(NONE if lamps.coming[light] != NONE else int(lamps.stage[light]) - first)
        for _ in range(self._steps):
            self._sumo.simulationStep()
        lamps.tick()

    @property
    def rides(self) -> tuple[Ride, ...]:
        """Of vehicles with a radio, from each request to the line."""
        return tuple(self._requests.rides) if self._requests is not None else ()

    def _ask(self, wished: I4) -> dict[int, tuple[Refusal, ...]]:
        """Takes back the wishes whose first second a guard refuses; light to its refusals."""
        lamps = self._lamps
        found = {}
        for light, guard in self._guards.items():
            state = lamps.begins(light, int(wished[light]))
            refusals = guard.check(state) if state is not None else ()
            if refusals:
                found[light] = refusals
                wished[light] = lamps.stage[light]
                self.refused[light] = self.refused.get(light, 0) + 1
        return found
