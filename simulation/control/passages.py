"""Induction loops in a running SUMO: passages over the stop line and over an advance loop, and who stands on them."""

from __future__ import annotations

from typing import Any

import numpy as np

from nutgiao.models.queueing.junction.tables import NONE
from nutgiao.simulation.control.lights import Lights
from nutgiao.simulation.control.world import Body, World

LOOP_M = 2.0
"""Length of a loop along the lane; the one at the line ends one metre before it (usual lay-out, assumed)."""

_BEFORE_LINE_M = 1.0
_STANDS_MPS = 0.5


class Loops:
    """One pair of loops a lane.

    Args:
        sumo: ``libsumo`` with a running simulation.
        lights: of its network.
        advance_m: of the advance loop from the line; it may lie on a lane that leads to the one before the light, and
            lies at the entrance where the network begins or another light is nearer.

    Attributes:
        between_m: per lane, from the advance loop to the line.
        came: ``(lanes,)`` passages over the advance loop in the last second.
        went: ``(lanes,)`` passages over the line.
        occupied: ``(lanes,)`` whether a body covers the loop at the line.
        stands: ``(lanes,)`` whether it stands there: nothing has changed on the loop for a second.
        jammed: ``(lanes,)`` whether somebody stands on the advance loop.
    """

    def __init__(self, sumo: Any, lights: Lights, advance_m: float) -> None:
        street = lights.street
        self._world = World(sumo, street.lane_ids)
        self._place: dict[int, tuple[int, float]] = {}  # of a lane of the street: number, and its end from the line
        self._lit = set(lights.lanes.tolist())
        self._length_m = street.lane_length_m.tolist()
        self._edge = street.lane_edge.tolist()
        self._exits = set(lights.exits.tolist())
        self.between_m: list[float] = []
        unlit = np.flatnonzero(lights.connection_link == NONE)
        for number, lane in enumerate(lights.lanes.tolist()):
            end_m, now = 0.0, lane
            while True:
                self._place[now] = (number, end_m)
                end_m += self._length_m[now]
                into = [c for c in unlit[street.link_to[unlit] == now] if street.link_from[c] not in self._place]
                into = [c for c in into if int(street.link_from[c]) not in self._lit]
                if end_m >= advance_m or not into:
                    break
                end_m += float(street.link_length_m[into[0]])
                now = int(street.link_from[into[0]])
            self.between_m.append(min(advance_m, end_m))
        count = len(lights.lanes)
        self.came, self.went = np.zeros(count, np.int64), np.zeros(count, np.int64)
        self.occupied, self.stands, self.jammed = (np.zeros(count, np.bool_) for _ in range(3))
        self._before: dict[str, tuple[int, float, int]] = {}

    def count(self) -> None:
        """A second has passed."""
        bodies = self._world.read()
        for one in (self.came, self.went, self.occupied, self.stands, self.jammed):
            one[:] = 0
        now: dict[str, tuple[int, float, int]] = {}
        for token, body in bodies.items():
            was, was_m, was_lane = self._before.get(token, (NONE, np.inf, NONE))
            if body.lane == NONE and was != NONE and was_lane not in self._lit:
                now[token] = (was, was_m, was_lane)  # inside a junction without a light
                continue
            number, end_m = self._place.get(body.lane, (NONE, 0.0))
            over = was != NONE and was_lane in self._lit
            over = over and (body.lane == NONE or self._edge[body.lane] != self._edge[was_lane])
            over = over or (was != NONE and number == NONE and body.lane in self._exits)
            if over:
                self.went[was] += 1
            if number != NONE:
                to_line_m = end_m + self._length_m[body.lane] - body.pos_m
                now[token] = (number, to_line_m, body.lane)
                if was == NONE or over:  # from a street before, or entered here
                    upstream = to_line_m + body.speed_mps >= self.between_m[number]
                else:
                    upstream = was_m > self.between_m[was]
                self._look_at(number, to_line_m, body, upstream)
        self._before = now

    def _look_at(self, lane: int, to_line_m: float, body: Body, was_upstream: bool) -> None:
        standing = body.speed_mps < _STANDS_MPS
        if was_upstream and to_line_m <= self.between_m[lane]:
            self.came[lane] += 1
        if to_line_m <= LOOP_M + _BEFORE_LINE_M:
            self.occupied[lane] = True
            self.stands[lane] |= standing
        if to_line_m <= self.between_m[lane] < to_line_m + body.length_m + LOOP_M and standing:
            self.jammed[lane] = True
