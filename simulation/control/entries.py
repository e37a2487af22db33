"""Streets before a light that are too short to change lanes on: who comes on another lane than his waits there.

Not those that begin at another light: the look ahead moves vehicles over there by itself, and two lights that can lock
each other locked more often (ingolstadt21, two of six seeds instead of one of ten).
"""

from __future__ import annotations

from collections.abc import Container

import numpy as np

from nutgiao.models.queueing.junction.tables import NONE
from nutgiao.simulation.control.lights import Lights

CHANGE_M = 9.0
"""A vehicle, its gap and no more: who stands there cannot get past the one beside him.

All who come to ingolstadt1 from one of its streets enter the last 8.9 m on the right lane; there those who turned left
stood in front of those who turn right, whose green never ends. On SUMO 1.9.2 it loses 23.6 s a vehicle without this,
21.1 s with it (seeds 1, 2, 11 and 12). On streets of 9.7 and 12.6 m (cologne3) it gained nothing in eight seeds.
"""


class Entries:
    """On which lane before a light somebody comes who cannot change any more.

    Args:
        lights: of the network.

    Attributes:
        short: by lane before a light, whether its street is too short, and does not begin at a light.
    """

    def __init__(self, lights: Lights) -> None:
        street = lights.street
        edge = street.lane_edge[lights.lanes]
        at_once = street.lane_length_m[lights.lanes] < CHANGE_M
        self.short: list[bool] = (at_once & ~np.isin(edge, street.lane_edge[lights.exits])).tolist()
        self._edge: list[int] = edge.tolist()
        number = {lane: k for k, lane in enumerate(lights.lanes.tolist())}
        self._reached: dict[tuple[int, int], list[int]] = {}
        for c in np.flatnonzero(np.isin(street.link_to, lights.lanes)).tolist():
            lane = number[int(street.link_to[c])]
            if self.short[lane]:
                pair = (int(street.lane_edge[street.link_from[c]]), self._edge[lane])
                self._reached.setdefault(pair, []).append(lane)

    def lane(self, behind: int, best: int, served: Container[int]) -> int:
        """Where somebody will stand.

        Args:
            behind: street before that of the light.
            best: lane that he would take if there were room; on another street it is given back.
            served: lanes from which his way leads on.
        """
        reached = self._reached.get((behind, self._edge[best]), [])
        return next((lane for lane in reached if lane in served), reached[0] if reached else best)

    def stays(self, lane: int) -> bool:
        """Whether who is on a lane will not leave it."""
        return lane != NONE and self.short[lane]
