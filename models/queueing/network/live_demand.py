"""Who stands, who is on the way and who will come, drawn from lane states; one unit is one MCU."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.words import Turn
from nutgiao.models.queueing.network.live_network import LiveNetwork
from nutgiao.models.queueing.network.live_table import LiveApproach, LiveTable, Place
from nutgiao.models.queueing.network.tables import CHOICE, I4, LEAVES, OPTION, VEHICLE, Demand, records

_LONGEST_ROUTE = 50
"""Junctions on one way; who would still turn around the block then leaves."""

_Leg = tuple[Place, Turn]
_Row = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class LiveDemand:
    """Everyone of the horizon.

    Attributes:
        demand: for the kernel; groups are numbers of approaches.
        standing: per lane who stands on it at second 0, from the line.
        standing_links: where each of them goes next.
    """

    demand: Demand
    standing: tuple[I4, ...]
    standing_links: tuple[I4, ...]


@dataclass(frozen=True, slots=True)
class _Unit:
    origin: Place
    route: tuple[_Leg, ...]
    depart_s: float
    entry_share: float


class _Parts:
    """Turns to be drawn by their shares."""

    def __init__(self, shares: Mapping[Turn, float]) -> None:
        self._turns = tuple(shares)
        rates = np.array(list(shares.values()))
        self._up_to = (np.cumsum(rates) / rates.sum()).tolist()

    def draw(self, random: np.random.Generator) -> Turn:
        return self._turns[min(bisect_right(self._up_to, random.random()), len(self._turns) - 1)]


def live_demand(table: LiveTable, network: LiveNetwork, horizon_s: int, random: np.random.Generator) -> LiveDemand:
    """Draws it.

    Queues are rounded to whole MCU; what finds no room on its lane waits outside. Who is on the way at second 0 left
    the upstream end within the last travel time, at the rate that was measured. Later ones enter at the rate that does
    not come from a neighbour.

    Args:
        table: sites and lanes.
        network: of the same table.
        horizon_s: length of the period.
        random: draws arrivals (Poisson), turns and queues' turns.
    """
    parts = {place: _Parts(one.turn_rates) for place, one in table.approaches.items()}
    units: list[_Unit] = []
    standing: list[range] = []
    links: list[list[int]] = []

    def route(place: Place, first: Turn) -> tuple[_Leg, ...]:
        legs = [(place, first)]
        while (there := table.approaches[legs[-1][0]].leads[legs[-1][1]]) is not None and len(legs) < _LONGEST_ROUTE:
            legs.append((there, parts[there].draw(random)))
        return tuple(legs)

    for i, lane in enumerate(table.lanes):
        count = round(lane.now.queue_mcu)
        room = int(network.net.lanes[i].storage_m / network.net.travel[0, i].space_m)
        part = _Parts(lane.shares)
        chosen = [part.draw(random) for _ in range(count)]
        inside = min(count, room)
        first = len(units)
        units += [_Unit(lane.place, route(lane.place, turn), 0.0, 0.0) for turn in chosen]
        standing.append(range(first, first + inside))
        links.append([network.links[i, turn] for turn in chosen[:inside]])
    stands = {v for one in standing for v in one}
    for one in table.approaches.values():
        units += [
            _Unit(one.place, route(one.place, turn), depart_s, share)
            for turn, depart_s, share in _arrivals(one, parts[one.place], network, horizon_s, random)
        ]
    return LiveDemand(
        _demand(table, network, units, stands),
        tuple(np.array(list(one), np.int32) for one in standing),
        tuple(np.array(one, np.int32) for one in links),
    )


def _arrivals(
    one: LiveApproach, part: _Parts, network: LiveNetwork, horizon_s: int, random: np.random.Generator
) -> list[tuple[Turn, float, float]]:
    """Turn, second of entering and share of the approach still to be driven, by time."""
    travel_s = float(network.net.travel[0, one.lanes[0]].time_s)

    def times(rate: float, begin_s: float, end_s: float) -> NDArray[np.float64]:
        return np.sort(random.uniform(begin_s, end_s, int(random.poisson(rate * (end_s - begin_s)))))

    entering = np.concatenate([times(one.total_mcu_s, -travel_s, 0.0), times(one.outside_mcu_s, 0.0, horizon_s)])
    return [
        (part.draw(random), max(0.0, float(t)), min(1.0, 1.0 + float(t) / travel_s))  # from where one is at second 0
        for t in entering
    ]


def _demand(table: LiveTable, network: LiveNetwork, units: list[_Unit], stands: set[int]) -> Demand:
    steps: list[int] = []
    rows: dict[_Row, int] = {}
    first: dict[tuple[_Leg, ...], int] = {}
    sources: dict[_Leg, list[int]] = {}
    number = {place: k for k, place in enumerate(table.approaches)}
    for v, unit in enumerate(units):
        if unit.route not in first:
            first[unit.route] = len(steps)
            for place, turn in unit.route:
                row = tuple(
                    (lane, network.links[lane, turn])
                    for lane in table.approaches[place].lanes
                    if turn in table.lanes[lane].lane.turns
                )
                steps.append(rows.setdefault(row, len(rows)))
            steps.append(rows.setdefault(((_exit(table, network, unit.route[-1]), LEAVES),), len(rows)))
        if v not in stands:
            sources.setdefault(unit.route[0], []).append(v)
    vehicle = records(VEHICLE, len(units))
    vehicle.depart_s = [unit.depart_s for unit in units]
    vehicle.entry_share = [unit.entry_share for unit in units]
    vehicle.step = [first[unit.route] for unit in units]
    vehicle.group = [number[unit.origin] for unit in units]
    count = np.array([len(row) for row in rows], np.int32)
    choice = records(CHOICE, len(rows))
    choice.end = np.cumsum(count)
    choice.first = choice.end - count
    option = records(OPTION, int(count.sum()))
    option.lane = [lane for row in rows for lane, _ in row]
    option.link = [link for row in rows for _, link in row]
    return Demand(
        vehicles=vehicle,
        source_ptr=np.cumsum([0, *(len(one) for one in sources.values())]).astype(np.int32),
        source_vehicle=np.array([v for one in sources.values() for v in one], np.int32),
        step_choice=np.array(steps, np.int32),
        choices=choice,
        options=option,
    )


def _exit(table: LiveTable, network: LiveNetwork, leg: _Leg) -> int:
    """A lane behind the way out; one that drives round and round leaves through any."""
    place, turn = leg
    for lane in table.approaches[place].lanes:
        if (lane, turn) in network.exits:
            return network.exits[lane, turn]
    return next(iter(network.exits.values()))
