"""What a box at a light can see of a street network: its approaches, the lanes that lead to them, and its exits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import atan2, cos

import numpy as np

from nutgiao.models.queueing.junction.tables import NONE
from nutgiao.simulation.control.lights import Lights

Shape = tuple[tuple[float, float], ...]

_STRAIGHT = cos(0.8)
"""A street that leads into another within 45 degrees lies in the same view; round a corner houses hide it."""

_ROUND = cos(2.6)
"""Who turns by more than 150 degrees has turned round."""

_FAR_M = 600.0
"""Behind an exit the next light is looked for so far."""


@dataclass(slots=True)
class Approach:
    """A street before a light.

    Attributes:
        edge: of the street.
        light: number.
        outcomes: lanes before lights and links, as numbered in `Lights`, between which a vehicle chooses; the last is
            (-1, -1): it does not come to the light.
        outcome: number of each.
        end_m: by lane of the street, how far its end is from the line.
        from_m: by lane of the street, where on it the view begins.
        mouths: lanes on which vehicles come into view from a part of the street that nobody sees.
    """

    edge: int
    light: int
    outcomes: list[tuple[int, int]]
    outcome: dict[tuple[int, int], int]
    end_m: dict[int, float] = field(default_factory=dict)
    from_m: dict[int, float] = field(default_factory=dict)
    mouths: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Reach:
    """A light that is reached from a street without passing another.

    Attributes:
        approach: number.
        beyond_m: from the beginning of the street to the line.
        beyond_s: free travel time of that.
        view_m: distance from the line at which the way comes into view there.
    """

    approach: int
    beyond_m: float
    beyond_s: float
    view_m: float


class Views:
    """Approaches of all lights, their fields of view, and how exits lead on.

    Args:
        lights: of the network.
        view_m: from the stop line upstream.
        shape: gives the points of a lane by its name.
    """

    def __init__(self, lights: Lights, view_m: float, shape: Callable[[str], Shape]) -> None:
        street = lights.street
        self.lights, self.view_m = lights, view_m
        self._shape = shape
        self._lanes_of = list(street.edges.values())
        self.before = np.full(len(street.lane_ids), NONE)
        self.before[lights.lanes] = np.arange(len(lights.lanes))
        self.length_m = street.lane_length_m.tolist()
        self.speed_mps = np.maximum(1.0, street.lane_speed_mps).tolist()
        self.edge = street.lane_edge.tolist()
        self._into: list[list[int]] = [[] for _ in self._lanes_of]  # connections without a light, by edge
        self._out: list[list[int]] = [[] for _ in self._lanes_of]
        for c in range(len(street.link_from)):
            if lights.connection_link[c] == NONE:
                self._into[self.edge[street.link_to[c]]].append(c)
                self._out[self.edge[street.link_from[c]]].append(c)
        self._lit_into = {self.edge[lane] for lane in lights.exits.tolist()}
        self.links_of: list[list[int]] = [[] for _ in lights.lanes]
        for link, row in enumerate(lights.link_lane.tolist()):
            for lane in row:
                if lane != NONE:
                    self.links_of[lane].append(link)
        self.light_of_link = np.repeat(np.arange(len(lights.ids)), np.diff(lights.light_link)).tolist()
        self.approaches: list[Approach] = []
        self.approach_of_edge: dict[int, int] = {}
        for edge in dict.fromkeys(self.edge[lane] for lane in lights.lanes.tolist()):
            self.approach_of_edge[edge] = len(self.approaches)
            self.approaches.append(self._approach(edge))
        self.watched: dict[int, list[int]] = {}  # approaches that a lane is seen from
        for number, approach in enumerate(self.approaches):
            for lane in approach.end_m:
                self.watched.setdefault(lane, []).append(number)
        self._links_into: dict[int, list[tuple[int, int]]] = {}  # by edge behind a light: lanes before it, and links
        self.link_m: dict[int, float] = {}
        self.edge_behind: dict[int, int] = {}  # of each link
        for c in np.flatnonzero(lights.connection_link >= 0).tolist():
            link = int(lights.connection_link[c])
            self.edge_behind.setdefault(link, self.edge[street.link_to[c]])
            into = self._links_into.setdefault(self.edge[street.link_to[c]], [])
            into.append((int(street.link_from[c]), link))
            self.link_m.setdefault(link, float(street.link_length_m[c]))
        self.ways: dict[int, list[Reach]] = {}
        self.leads_away: dict[int, bool] = {}
        for edge in self._lit_into:
            self.ways[edge], self.leads_away[edge] = self._onward(edge)

    def outcome_into(self, approach: int, lane: int, into: int) -> int:
        """What somebody did who was seen last on a lane before the light, and now on one behind it.

        Who changed lanes in between has used another lane of the same street.

        Returns:
            The outcome; -1 if no link leads there.
        """
        own = self.approaches[approach]
        links = self._links_into.get(self.edge[into], [])
        for before, link in sorted(links, key=lambda one: one[0] != lane):
            number = own.outcome.get((int(self.before[before]), link))
            if number is not None:
                return number
        return NONE

    def _approach(self, edge: int) -> Approach:
        lights = self.lights
        own = [lane for lane in self._lanes_of[edge] if self.before[lane] != NONE]
        outcomes = [(int(self.before[lane]), link) for lane in own for link in self.links_of[self.before[lane]]]
        light = self.light_of_link[outcomes[0][1]]
        outcomes.append((NONE, NONE))
        made = Approach(edge, light, outcomes, {one: k for k, one in enumerate(outcomes)})
        ends = {edge: 0.0}
        queue = [edge]
        street = lights.street
        while queue:
            now = queue.pop(0)
            length_m = self.length_m[self._lanes_of[now][0]]
            for lane in self._lanes_of[now]:
                made.end_m[lane] = ends[now]
                made.from_m[lane] = max(0.0, length_m - (self.view_m - ends[now]))
            cut = ends[now] + length_m >= self.view_m
            open_ = now in self._lit_into or not self._into[now]
            for c in () if cut else self._into[now]:
                behind = self.edge[street.link_from[c]]
                end_m = ends[now] + length_m + float(street.link_length_m[c])
                lit = any(self.before[lane] != NONE for lane in self._lanes_of[behind])
                if lit or end_m >= self.view_m or not self._straight(int(street.link_from[c]), int(street.link_to[c])):
                    open_ = True
                elif behind not in ends:
                    ends[behind] = end_m
                    queue.append(behind)
            if cut or open_:
                made.mouths += self._lanes_of[now]
        return made

    def _straight(self, lane: int, into: int) -> bool:
        return self._bend(lane, into) >= _STRAIGHT

    def _bend(self, lane: int, into: int) -> float:
        """Cosine of the angle between the end of a lane and the beginning of another."""
        names = self.lights.street.lane_ids
        (ax, ay), (bx, by) = self._shape(names[lane])[-2:]
        (cx, cy), (dx, dy) = self._shape(names[into])[:2]
        return cos(atan2(by - ay, bx - ax) - atan2(dy - cy, dx - cx))

    def _onward(self, edge: int) -> tuple[list[Reach], bool]:
        """Lights that come next behind the beginning of an edge, and whether a way leads past all of them.

        Nobody is expected to turn round on the street and come back.
        """
        street = self.lights.street
        found: dict[int, Reach] = {}
        away = False
        queue: list[tuple[int, float, float, tuple[int, ...]]] = [(edge, 0.0, 0.0, (edge,))]
        seen = {edge}
        while queue:
            now, at_m, at_s, way = queue.pop(0)
            lane = self._lanes_of[now][0]
            at_m += self.length_m[lane]
            at_s += self.length_m[lane] / self.speed_mps[lane]
            number = self.approach_of_edge.get(now)
            if number is not None:
                own = self.approaches[number]
                first = next((one for one in way if self._lanes_of[one][0] in own.end_m), now)
                lane = self._lanes_of[first][0]
                view_m = own.end_m[lane] + self.length_m[lane] - own.from_m[lane]
                found[number] = Reach(number, at_m, at_s, view_m)
            if at_m > _FAR_M or (number is None and not self._out[now]):
                away = True
                continue
            for c in self._out[now]:
                after = self.edge[street.link_to[c]]
                if self._bend(int(street.link_from[c]), int(street.link_to[c])) < _ROUND:
                    away = True
                elif after not in seen:
                    seen.add(after)
                    inside_m = float(street.link_length_m[c])
                    queue.append((after, at_m + inside_m, at_s + inside_m / 10.0, (*way, after)))
        return list(found.values()), away
