"""Shows stages at SUMO's lights, with the change interval between two of them, one second at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from nutgiao.models.queueing.junction.seen import Showing
from nutgiao.models.queueing.junction.tables import NONE, RED
from nutgiao.simulation.control.lights import Lights


class Lamps:
    """Drives all lights of a running simulation.

    Args:
        sumo: ``libsumo``.
        lights: of its network; their first stages show from now on; those without a choice keep their programs.
    """

    def __init__(self, sumo: Any, lights: Lights) -> None:
        self._sumo, self._lights = sumo, lights
        count = len(lights.ids)
        self.stage = lights.light_stage[:-1].astype(np.int32).copy()
        self.coming = np.full(count, NONE, np.int32)
        self.left_s = np.zeros(count)
        self.green_s = np.zeros(count)
        self.since_s = np.zeros(int(lights.light_link[-1]))
        for light in range(count):
            if len(lights.stages_of(light)) > 1:
                self._show(light)

    def showing(self) -> Showing:
        """What shows now."""
        return Showing(
            self.stage.copy(), self.coming.copy(), self.left_s.copy(), self.green_s.copy(), self.since_s.copy()
        )

    def state(self, light: int) -> str:
        """What a light shows in the coming second."""
        now, then = int(self.stage[light]), int(self.coming[light])
        if then == NONE:
            return self._lights.states[now]
        between = self._lights.changes[now, then]
        return between[len(between) - int(self.left_s[light])]

    def begins(self, light: int, wished: int) -> str | None:
        """What a light would show first on its way to a stage; None if it stays as it is.

        A light that changes, or has just become green, goes on.
        """
        lights, now = self._lights, int(self.stage[light])
        if self.coming[light] != NONE or wished == now or self.green_s[light] < lights.least_s:
            return None
        if wished not in lights.stages_of(light):
            return None
        between = lights.changes[now, wished]
        return between[0] if between else lights.states[wished]

    def turn_to(self, wished: Any) -> None:
        """Begins the changes that are wished, where `begins` allows it.

        Args:
            wished: ``(lights,)`` stages.
        """
        for light in np.flatnonzero((self.coming == NONE) & (wished != self.stage)).tolist():
            then = int(wished[light])
            if self.begins(light, then) is None:
                continue
            seconds = self._lights.changes[int(self.stage[light]), then]
            if seconds:
                self.coming[light], self.left_s[light] = then, len(seconds)
                self._show(light)
            else:
                self._begin(light, then)

    def tick(self) -> None:
        """A second has passed."""
        self.green_s += 1.0
        self.since_s += 1.0
        for light in np.flatnonzero(self.coming != NONE).tolist():
            self.left_s[light] -= 1.0
            if self.left_s[light] <= 0.0:
                self._begin(light, int(self.coming[light]))
            else:
                self._show(light)

    def _begin(self, light: int, stage: int) -> None:
        links = slice(self._lights.light_link[light], self._lights.light_link[light + 1])
        right = self._lights.right
        starts = (right[stage, links] != RED) & (right[self.stage[light], links] == RED)
        self.since_s[links] = np.where(starts, 0.0, self.since_s[links])
        self.stage[light], self.coming[light] = stage, NONE
        self.left_s[light] = self.green_s[light] = 0.0
        self._show(light)

    def _show(self, light: int) -> None:
        self._sumo.trafficlight.setRedYellowGreenState(self._lights.ids[light], self.state(light))
