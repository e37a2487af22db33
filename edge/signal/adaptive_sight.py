"""What the box knows of who comes, second by second, put into what a controller is told."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from nutgiao.edge.perception import SecondResult
from nutgiao.edge.signal.adaptive_beyond import Beyond
from nutgiao.edge.signal.adaptive_turns import Trail, TurnShares
from nutgiao.edge.signal.announce import Neighbours, travel_s
from nutgiao.edge.snapshot import Snapshot
from nutgiao.models.contracts.messages import LaneState
from nutgiao.models.contracts.site import Approach, Site
from nutgiao.models.contracts.words import VehicleClass
from nutgiao.models.queueing.junction.seen import PACE_SHARE, Seen, free_s
from nutgiao.models.queueing.junction.site import SiteTables
from nutgiao.models.queueing.junction.site_rows import PERSONS, PERSONS_BY_CODE, Comer, rows_of
from nutgiao.models.queueing.junction.tables import F8
from nutgiao.models.queueing.mcu import MCU_BY_CODE
from nutgiao.models.queueing.shares import Shares

KEYS = 1 << 14
"""Numbers of road users come again after so many."""

_AHEAD_M = 6.0  # who stands less far beyond the line waits there: two-wheelers gather ahead of it
_OLD_S = 2.0  # a picture older than this tells nothing


@dataclass(slots=True)
class _Known:
    """A road user in view: number, the link that is believed to be taken, where it was."""

    key: int
    link: int
    trail: Trail


class Sight:
    """Follows everybody on the lanes of a junction.

    Args:
        site: with cameras.
        tables: of the site.
        neighbours: who has been announced.
    """

    def __init__(self, site: Site, tables: SiteTables, neighbours: Neighbours) -> None:
        self._site, self._tables, self._neighbours = site, tables, neighbours
        self.turns = TurnShares(tables)
        self._known: dict[str, _Known] = {}
        self._next_key = 0
        self._passed_s = tables.row_mcu * 0.0 + 100.0
        self._speaks: dict[str, str] = {}  # approach to the first camera that watches it
        self._beyond: dict[int, Beyond] = {}
        self._lanes_of: dict[str, list[int]] = {}
        self._spread: dict[str, Shares] = {}  # over the lanes of an approach
        self._limit_mps: dict[int, float] = {}
        for camera in site.cameras:
            for name in camera.approaches:
                if name not in self._speaks:
                    self._speaks[name] = camera.id
                    self._watch(site.approach(name), camera.view_m[1])
        self.queued: frozenset[int] = frozenset()
        """Links on which somebody stands."""

    def camera_of(self, approach: str) -> str | None:
        """The camera that is relied on for an approach; None if none watches it."""
        return self._speaks.get(approach)

    def look(self, now_s: float, result: SecondResult, calls: Collection[str]) -> Seen:
        """What is known now.

        Args:
            now_s: time now, seconds since the epoch.
            result: what the cameras saw in the last second.
            calls: crossings at which somebody has pressed the button.
        """
        comers, seen = [], set()
        mcu, persons = self._tables.row_mcu * 0.0, self._tables.row_mcu * 0.0
        for camera, snapshot in result.snapshots.items():
            if now_s - snapshot.time_s <= _OLD_S:
                for i, (name, lane) in enumerate(zip(snapshot.approaches, snapshot.lanes, strict=True)):
                    if name is not None and lane is not None and self._speaks.get(name) == camera:
                        number = self._tables.lanes[name, lane]
                        mcu[number] += MCU_BY_CODE[snapshot.classes[i]]
                        persons[number] += PERSONS_BY_CODE[snapshot.classes[i]]
                        seen.add(snapshot.ids[i])
                        comers += self._comer(snapshot, i, number)
        for gone in [name for name in self._known if name not in seen]:
            self.turns.learn(self._known.pop(gone).trail)
        self.queued = frozenset(one.link for one in comers if one.halted)
        self._passed_s += 1.0
        for state in result.lane_states:
            self._learn(state, mcu, persons)
        comers += self._hidden(now_s)
        for crossing in calls:  # a button does not tell how many wait: one person
            place, link = self._tables.crossings[crossing]
            comers.append(Comer(place, link, 0.0, 1.0, PERSONS[VehicleClass.PEDESTRIAN], halted=True))
        return rows_of(comers, self._tables.row_mcu, self._passed_s)

    def _watch(self, approach: Approach, far_m: float) -> None:
        self._lanes_of[approach.id] = []
        for lane in approach.lanes:
            number = self._tables.lanes[approach.id, lane.id]
            limit_mps, row_mcu = approach.speed_limit_mps, float(self._tables.row_mcu[number])
            self._beyond[number] = Beyond(number, lane.width_m, far_m, limit_mps, row_mcu)
            self._limit_mps[number] = limit_mps
            self._lanes_of[approach.id].append(number)
        self._spread[approach.id] = Shares([1.0] * len(approach.lanes))

    def _comer(self, snapshot: Snapshot, i: int, lane: int) -> list[Comer]:
        """One road user in view; nobody if it is over the line."""
        x_m, y_m = float(snapshot.x_m[i]), float(snapshot.y_m[i])
        known = self._known.get(snapshot.ids[i])
        if known is None:
            self._next_key = (self._next_key + 1) % KEYS
            known = _Known(self._next_key, self.turns.deal(lane), Trail(lane, x_m, y_m))
            self._known[snapshot.ids[i]] = known
        elif known.trail.lane != lane and x_m > 0.0:
            known.trail.lane, known.link = lane, self.turns.deal(lane)
        known.trail.move(x_m, y_m)
        halted, code = bool(snapshot.queued[i]), snapshot.classes[i]
        if x_m < (-_AHEAD_M if halted else 0.0):
            return []
        speed_mps, pace_mps = float(snapshot.speed_mps[i]), PACE_SHARE * self._limit_mps[lane]
        arrive_s = free_s(x_m, min(speed_mps, pace_mps), pace_mps)
        mcu, persons = float(MCU_BY_CODE[code]), float(PERSONS_BY_CODE[code])
        return [Comer(known.trail.lane, known.link, arrive_s, mcu, persons, halted, known.key)]

    def _learn(self, state: LaneState, mcu: F8, persons: F8) -> None:
        """What a lane was like in the last second; ``(lanes,)`` of those in view."""
        lane = self._tables.lanes[state.approach, state.lane]
        beyond = self._beyond.get(lane)
        if beyond is None:
            return
        beyond.learn(state, float(mcu[lane]), float(persons[lane]))
        if state.arrivals_mcu > 0.0:
            self._spread[state.approach].learn(self._lanes_of[state.approach].index(lane), state.arrivals_mcu)
        if state.departures_veh > 0:
            self._passed_s[lane] = 0.5

    def _hidden(self, now_s: float) -> list[Comer]:
        """Everybody beyond the views."""
        made: list[Comer] = []
        for name, lanes in self._lanes_of.items():
            coming, fresh = self._neighbours.coming(name, now_s), self._neighbours.fresh(name, now_s)
            for one in coming:
                if one.place is None:
                    lane = lanes[self._spread[name].deal()]
                    one.place = (lane, self.turns.deal(lane))
            # Who comes later than a way from the neighbour's line has not crossed it yet: nobody can have told of him.
            from_s = travel_s(self._site.approach(name)) if fresh else 0.0
            for lane in lanes:
                beyond = self._beyond[lane]
                link = self.turns.likeliest(lane)
                made += [*beyond.tail(link), *beyond.announced(coming, now_s), *beyond.expected(link, from_s)]
        return made
