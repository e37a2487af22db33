"""Detection by induction loops: one at each stop line and one upstream of it, counts and occupancy, nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from nutgiao.models.queueing.junction.seen import Seen
from nutgiao.models.queueing.junction.tables import F8, NONE
from nutgiao.models.queueing.shares import Shares
from nutgiao.simulation.control.lights import VEHICLE_M, Lights
from nutgiao.simulation.control.own_lamps import OwnLamps
from nutgiao.simulation.control.passages import Loops
from nutgiao.simulation.control.tracks import Row, fits_veh, seen_of
from nutgiao.simulation.control.views import Views

_EMPTY_S = 8.0  # with nobody at the line for so long nobody waits
_LATE_S, _LATE_SHARE = 2.0, 0.4  # who is announced comes so much later at most, with a share of his travel time
_LEARN_S = 300.0  # arrivals are a mean over so long


@dataclass(frozen=True, slots=True)
class LoopFigures:
    """Where the loops lie, and what is made of their counts.

    Attributes:
        advance_m: of the upstream loop from the line; where actuated lights have theirs, 3 s ahead at 50 km/h
            (usual practice: 2 to 5 s of travel). It lies at the entrance of a shorter street.
        share_memory_veh: passages after which an old one counts a third for the turning shares.
        neighbours: whether boxes tell each other who has left a line, and so who comes.
        announce_s: announced vehicles count up to so many seconds before they reach the advance loop.
    """

    advance_m: float = 45.0
    share_memory_veh: float = 300.0
    neighbours: bool = True
    announce_s: float = 60.0


@dataclass(slots=True)
class _Counted:
    """A vehicle that the counts say is between the two loops of a lane, or that is announced for it."""

    key: int
    link: int
    line_s: float
    late_s: float = 0.0
    next_lane: int = NONE
    next_link: int = NONE
    next_s: float = 0.0


class LoopSight:
    """Counts every second.

    Args:
        sumo: ``libsumo`` with a running simulation.
        lights: of its network.
        figures: of the loops.
    """

    def __init__(self, sumo: Any, lights: Lights, figures: LoopFigures | None = None) -> None:
        self._figures = figures or LoopFigures()
        self._lights = lights
        self._views = Views(lights, self._figures.advance_m, sumo.lane.getShape)
        self._lamps = OwnLamps(sumo, lights)
        self._loops = Loops(sumo, lights, self._figures.advance_m)
        views, lanes = self._views, range(len(lights.lanes))
        memory = self._figures.share_memory_veh
        self._links = views.links_of
        self._share = [Shares([1.0] * len(own), memory) for own in self._links]
        self._pace_mps = [max(5.0, views.speed_mps[int(lights.lanes[lane])]) for lane in lanes]
        self._queue: list[list[_Counted]] = [[] for _ in lanes]
        self._coming: list[list[_Counted]] = [[] for _ in lanes]
        self._lane_share = {edge: Shares([1.0] * len(self._before(edge))) for edge in views.approach_of_edge}
        self._passed_s = np.full(len(lights.lanes), 100.0)
        self._nobody_s = np.zeros(len(lights.lanes))
        self._stands_s = np.zeros(len(lights.lanes))
        self._jammed_s = np.zeros(len(lights.lanes))
        self._per_s = np.zeros(len(lights.lanes))
        self._behind: list[list[_Counted]] = [[] for _ in lanes]
        self._room_veh = np.full(len(lights.exits), 100.0)
        self._keys = 0
        self._now_s = 0.0

    def _before(self, edge: int) -> list[int]:
        """Lanes before a light on an edge."""
        own = self._views.approaches[self._views.approach_of_edge[edge]]
        return list(dict.fromkeys(lane for lane, _ in own.outcomes if lane != NONE))

    def look(self) -> Seen:
        """Who is on the way to a light now, by the counts."""
        self._now_s += 1.0
        self._passed_s += 1.0
        self._lamps.look()
        self._loops.count()
        jammed = self._loops.jammed
        self._jammed_s = np.where(jammed, self._jammed_s + 1.0, np.maximum(0.0, self._jammed_s - 1.0))
        learns = (self._jammed_s == 0.0) / min(self._now_s, _LEARN_S)
        self._per_s += (self._loops.came - self._per_s) * learns
        for lane in range(len(self._queue)):
            self._count(lane)
        return self._seen()

    def _count(self, lane: int) -> None:
        """Brings the queue of a lane up to date: in at the advance loop, out at the line, both ways corrected."""
        loops, queue = self._loops, self._queue[lane]
        for _ in range(int(loops.came[lane])):
            queue.append(self._arrives(lane))
        for _ in range(int(loops.went[lane])):
            self._passed_s[lane] = 0.5
            one = queue.pop(0) if queue else self._new(lane, self._now_s)  # it changed lanes between the loops
            self._goes(lane, one)
        stands = bool(loops.stands[lane])
        self._nobody_s[lane] = 0.0 if loops.occupied[lane] or loops.went[lane] else self._nobody_s[lane] + 1.0
        self._stands_s[lane] = self._stands_s[lane] + 1.0 if stands else 0.0
        if loops.occupied[lane] and not queue:
            queue.append(self._new(lane, self._now_s))
        if queue and stands:
            self._settle(lane, queue[0])
        if self._nobody_s[lane] > _EMPTY_S:  # who waits, waits on the loop: they went another way
            self._queue[lane] = [one for one in queue if one.line_s > self._now_s - _EMPTY_S]

    def _arrives(self, lane: int) -> _Counted:
        """Somebody passes the advance loop: who was announced first for the street, or a stranger."""
        line_s = self._now_s + self._loops.between_m[lane] / self._pace_mps[lane]
        edge = self._views.edge[int(self._lights.lanes[lane])]
        own = self._before(edge)
        self._lane_share[edge].learn(own.index(lane))
        waiting = [(one.line_s, other) for other in own for one in self._coming[other][:1]]
        announced = [(at_s, other) for at_s, other in waiting if at_s < line_s + 10.0]
        if not announced:
            if not self._behind[lane]:
                return self._new(lane, line_s)
            one = self._behind[lane].pop(0)
            one.line_s = line_s
            return one
        other = min(announced)[1]
        other = lane if lane in [one for _, one in announced] else other
        one = self._coming[other].pop(0)
        if one.link not in self._links[lane]:
            one = self._new(lane, line_s, one.key)
        one.line_s = line_s
        return one

    def _new(self, lane: int, line_s: float, key: int = NONE) -> _Counted:
        if key == NONE:
            key = self._keys
            self._keys += 1
        made = _Counted(key, self._links[lane][self._share[lane].deal()], line_s)
        self._onward(made)
        return made

    def _onward(self, one: _Counted) -> None:
        """What is believed of the light behind: with the learnt share of each of its lanes, and of their links."""
        one.next_lane = one.next_link = NONE
        views = self._views
        edge = views.edge_behind[one.link]
        ways = views.ways[edge]
        if not self._figures.neighbours or len(ways) != 1 or views.leads_away[edge]:
            return
        after = views.approaches[ways[0].approach].edge
        one.next_lane = lane = self._before(after)[self._lane_share[after].deal()]
        one.next_link = self._links[lane][self._share[lane].deal()]
        one.next_s = views.link_m[one.link] / 10.0 + ways[0].beyond_s

    def _goes(self, lane: int, one: _Counted) -> None:
        """Somebody passes the line: evidence for the links that may go, and an announcement to the next box."""
        go = [k for k, link in enumerate(self._links[lane]) if self._lamps.red_s[link] == 0.0]
        share = self._share[lane]
        if go and len(go) < len(self._links[lane]):
            for k, weight in enumerate(share.shares(go)):
                if weight > 0.0:
                    share.learn(k, weight)
        if one.next_link != NONE:
            late_s = _LATE_S + _LATE_SHARE * one.next_s
            told = _Counted(one.key, one.next_link, self._now_s + one.next_s, late_s)
            self._onward(told)
            self._coming[one.next_lane] = sorted([*self._coming[one.next_lane], told], key=_by_line)

    def _settle(self, lane: int, first: _Counted) -> None:
        """Who stands on the line in a green that gives way to nobody wants another link."""
        lamps, stood_s = self._lamps, float(self._stands_s[lane])
        if not lamps.refuted(first.link, stood_s) or self._room_veh[self._lights.link_exit[first.link]] < 1.0:
            return
        allowed = [k for k, link in enumerate(self._links[lane]) if not lamps.refuted(link, stood_s)]
        other = self._share[lane].deal(allowed)
        if other != NONE:
            first.link = self._links[lane][other]
            self._onward(first)

    def _seen(self) -> Seen:
        rows: list[Row] = []
        inside_veh = np.zeros(len(self._queue))
        now_s = self._now_s
        for lane, queue in enumerate(self._queue):
            inside_veh[lane] = len(queue)
            for k, one in enumerate(queue):
                halted = now_s >= one.line_s if k or not self._loops.occupied[lane] else bool(self._loops.stands[lane])
                arrive_s = max(one.line_s - now_s, 0.0 if k == 0 else 0.5 + 0.4 * k if halted else 0.0)
                rows.append((one.key, lane, one.link, arrive_s, halted, one.next_link, one.next_s))
            first_s = now_s + self._loops.between_m[lane] / self._pace_mps[lane]
            if not self._loops.jammed[lane]:
                self._coming[lane] = [one for one in self._coming[lane] if one.line_s + one.late_s > first_s]
            inside_veh[lane] += self._hidden_rows(rows, lane)
            for one in self._coming[lane]:
                inside_veh[lane] += 1.0
                if one.line_s < first_s + self._figures.announce_s:
                    arrive_s = max(one.line_s, first_s) - now_s
                    rows.append((one.key, lane, one.link, arrive_s, False, one.next_link, one.next_s))
        self._room_veh = self._room()
        return seen_of(rows, self._room_veh, inside_veh, self._passed_s)

    def _hidden_rows(self, rows: list[Row], lane: int) -> int:
        """Who stands behind a jammed advance loop: arrivals as learnt, since it is jammed."""
        hidden = int(self._per_s[lane] * self._jammed_s[lane]) - len(self._coming[lane])
        behind = self._behind[lane]
        while len(behind) < hidden:
            behind.append(self._new(lane, self._now_s))
        first_s = self._loops.between_m[lane] / self._pace_mps[lane]
        for k, one in enumerate(behind[: max(0, hidden)]):
            rows.append((one.key, lane, one.link, first_s + 0.5 * k, True, one.next_link, one.next_s))
        return max(0, hidden)

    def _room(self) -> F8:
        """Vehicles that fit into each exit: what lies before another light's advance loops is counted, the rest not."""
        lights = self._lights
        free_m = lights.street.lane_length_m[lights.exits] + 20.0
        number = self._views.before[lights.exits]
        for k in np.flatnonzero(number != NONE).tolist():
            lane = int(number[k])
            full = self._loops.jammed[lane]
            free_m[k] -= 20.0 + VEHICLE_M * len(self._queue[lane])
            if full:
                free_m[k] = min(
                    free_m[k], self._lights.street.lane_length_m[lights.exits[k]] - self._loops.between_m[lane]
                )
        return fits_veh(free_m)


def _by_line(one: _Counted) -> float:
    return one.line_s
