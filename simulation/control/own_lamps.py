"""What a box knows of its own lamps: for how long each link has been free to go, and for how long red."""

from __future__ import annotations

from typing import Any

import numpy as np

from nutgiao.simulation.control.lights import Lights

SURE_S = 4.0
"""Who stands first for so long in a green that gives way to nobody does not want it; less takes a late start for it."""

_NO_GAP_S = 15.0  # who gives way has had his gap by then, or wants something else


class OwnLamps:
    """Looks at the lamps every second.

    Args:
        sumo: ``libsumo`` with a running simulation.
        lights: of its network.

    Attributes:
        free_s: ``(links,)`` for how long a link has had a green that gives way to nobody.
        yields_s: ``(links,)`` the same of one that gives way.
        red_s: ``(links,)`` for how long it has been red.
    """

    def __init__(self, sumo: Any, lights: Lights) -> None:
        self._sumo, self._lights = sumo, lights
        links = int(lights.light_link[-1])
        self.free_s, self.yields_s, self.red_s = np.zeros((3, links))
        self._free, self._yields, self._red = np.zeros((3, links), np.bool_)
        self._state = [""] * len(lights.ids)

    def refuted(self, link: int, stood_s: float) -> bool:
        """Whether one who has stood first for so long cannot want a link: else it would have gone, or found its gap."""
        free = stood_s > SURE_S and bool(self.free_s[link] > SURE_S)
        return free or (stood_s > _NO_GAP_S and bool(self.yields_s[link] > _NO_GAP_S))

    def look(self) -> None:
        """A second has passed."""
        first = self._lights.light_link
        for light, name in enumerate(self._lights.ids):
            state = self._sumo.trafficlight.getRedYellowGreenState(name)
            if state != self._state[light]:
                self._state[light] = state
                own = slice(int(first[light]), int(first[light + 1]))
                self._free[own] = [letter == "G" for letter in state]
                self._yields[own] = [letter in "gs" for letter in state]
                self._red[own] = [letter == "r" for letter in state]
        self.free_s = np.where(self._free, self.free_s + 1.0, 0.0)
        self.yields_s = np.where(self._yields, self.yields_s + 1.0, 0.0)
        self.red_s = np.where(self._red, self.red_s + 1.0, 0.0)
