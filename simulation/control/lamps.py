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
                self._show(light, lights.states[self.stage[light]])

    def showing(self) -> Showing:
        """What shows now."""
        return Showing(
            self.stage.copy(), self.coming.copy(), self.left_s.copy(), self.green_s.copy(), self.since_s.copy()
        )

    def turn_to(self, wished: Any) -> None:
        """Begins the changes that are wished; a light that changes, or has just become green, goes on as it is.

        Args:
            wished: ``(lights,)`` stages.
        """
        lights = self._lights
        for light in np.flatnonzero((self.coming == NONE) & (wished != self.stage)).tolist():
            if self.green_s[light] < lights.least_s or int(wished[light]) not in lights.stages_of(light):
                continue
            seconds = lights.changes[int(self.stage[light]), int(wished[light])]
            if seconds:
                self.coming[light], self.left_s[light] = wished[light], len(seconds)
                self._show(light, seconds[0])
            else:
                self._begin(light, int(wished[light]))

    def tick(self) -> None:
        """A second has passed."""
        lights = self._lights
        self.green_s += 1.0
        self.since_s += 1.0
        for light in np.flatnonzero(self.coming != NONE).tolist():
            self.left_s[light] -= 1.0
            coming = int(self.coming[light])
            seconds = lights.changes[int(self.stage[light]), coming]
            if self.left_s[light] <= 0.0:
                self._begin(light, coming)
            else:
                self._show(light, seconds[len(seconds) - int(self.left_s[light])])

    def _begin(self, light: int, stage: int) -> None:
        links = slice(self._lights.light_link[light], self._lights.light_link[light + 1])
        right = self._lights.right
        starts = (right[stage, links] != RED) & (right[self.stage[light], links] == RED)
        self.since_s[links] = np.where(starts, 0.0, self.since_s[links])
        self.stage[light], self.coming[light] = stage, NONE
        self.left_s[light] = self.green_s[light] = 0.0
        self._show(light, self._lights.states[stage])

    def _show(self, light: int, state: str) -> None:
        self._sumo.trafficlight.setRedYellowGreenState(self._lights.ids[light], state)
