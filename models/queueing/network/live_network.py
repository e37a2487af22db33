"""The kernel's network and programs for junctions as the centre knows them: site files and lane states, no map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nutgiao.models.contracts import timeline
from nutgiao.models.contracts.errors import ContractError
from nutgiao.models.contracts.site import Signals, Site, apart_deg
from nutgiao.models.contracts.words import Turn
from nutgiao.models.queueing.network.live_table import LiveTable, Place
from nutgiao.models.queueing.network.phases import Phases, phases_of
from nutgiao.models.queueing.network.programs import programs_of
from nutgiao.models.queueing.network.tables import (
    AMBER,
    BOX,
    FOE,
    GREEN,
    KIND,
    LANE,
    LINK,
    RED,
    TRAVEL,
    YIELD,
    Network,
    Programs,
    Records,
    records,
)

_LAMP = {timeline.RED: RED, timeline.AMBER: AMBER, timeline.GREEN: GREEN}
_OPPOSITE_DEG = 135.0
_ENDLESS_M = 1e9

Way = tuple[int, Turn]
"""A lane and a turn that starts from it."""


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """What a live street rests on beside its site files.

    The defaults are fitted together (CMA-ES, 500 tries) to the delay of 29 plans of the demonstration corridor in
    SUMO's sublane model at 80 % motorcycles, with demand in the units of `models.queueing.mcu`, as cameras count it:
    Spearman's rho is 0.98, and the delays lie 7 % from SUMO's after a constant of 15 s, which is lost by driving and
    not at signals. No plan was kept apart for a check.

    Attributes:
        saturation_mcu_h_m: discharge per metre of width where none was learnt on the spot: of a whole green, with the
            crowd ahead of the line, which is more than the steady flow later in the green.
        area_m2: road that a standing MCU takes.
        wave_mps: speed at which a start travels upstream.
        lost_s: from green to the first front over the line.
        amber_s: amber that a discharging queue still uses.
        share_of_limit: mean free speed over the limit.
        crossing_s: through a junction.
        turn_mcu: what a turn over a crossing costs at least.
        box_places: most MCU that wait in the junction for a gap.
        gap_s: time that must be free of oncoming traffic: from a stand, on the move, from the box.
        clear_s: time that an oncoming vehicle blocks after it has entered.
    """

    saturation_mcu_h_m: float = 2580.0
    area_m2: float = 3.4
    wave_mps: float = 5.5
    lost_s: float = 1.4
    amber_s: float = 1.8
    share_of_limit: float = 0.67
    crossing_s: float = 3.0
    turn_mcu: float = 2.0
    box_places: int = 7
    gap_s: tuple[float, float, float] = (4.5, 3.4, 4.0)
    clear_s: float = 1.3


@dataclass(frozen=True, slots=True)
class LiveNetwork:
    """The street as the kernel has it.

    Attributes:
        net: lanes of the table first, then one lane behind each way out.
        programs: one controller for each site.
        phases: of each site.
        links: link of each lane and turn.
        exits: lane behind each way out of the sites.
        orders: of the stages of nodes that do not run their site's own.
    """

    net: Network
    programs: Programs
    phases: tuple[Phases, ...]
    links: Mapping[Way, int]
    exits: Mapping[Way, int]
    orders: Mapping[str, tuple[int, ...]]


def live_network(
    table: LiveTable, s: LiveSettings, travel_s: Mapping[Place, float], orders: Mapping[str, tuple[int, ...]]
) -> LiveNetwork:
    """Builds it.

    Args:
        table: sites and lanes.
        s: what it rests on.
        travel_s: measured free travel times of approaches, by node and approach; the others take theirs from the limit.
        orders: in which each node's stages run; a node that is not named runs its site's own.

    Raises:
        ContractError: if a travel time is of no approach or not above 0.
    """
    for place, time_s in travel_s.items():
        if place not in table.approaches:
            raise ContractError(f"travel_s: approach {place[1]} of {place[0]} is in none of the site files")
        if not 0.0 < time_s < np.inf:
            raise ContractError(f"travel_s of {place[1]} of {place[0]} is {time_s}; give seconds above 0")
    ways = [(i, turn) for i, one in enumerate(table.lanes) for turn in one.lane.turns]
    links = {way: k for k, way in enumerate(ways)}
    out = [way for way in ways if table.approaches[table.lanes[way[0]].place].leads[way[1]] is None]
    exits = {way: len(table.lanes) + k for k, way in enumerate(out)}
    foes = {k: _oncoming(table, way, links) for way, k in links.items()}
    phases = tuple(phases_of(_signals(site), orders.get(site.id, ())) for site in table.sites)
    group_of, programs = _programs(table, phases)
    waits = [k for k in range(len(ways)) if foes[k]]
    link = records(LINK, len(ways))
    link.lane = [i for i, _ in ways]
    there = [table.approaches[table.lanes[i].place].leads[turn] for i, turn in ways]
    link.to = [
        exits[way] if place is None else table.approaches[place].lanes[0]
        for way, place in zip(ways, there, strict=True)
    ]
    link.group = [
        group_of[table.lanes[i].place[0], table.lanes[i].group, bool(foes[links[i, turn]])] for i, turn in ways
    ]
    link.box = -1
    link.box[waits] = np.arange(len(waits))
    count = np.array([len(foes[k]) for k in range(len(ways))], np.int32)
    link.foes_end = np.cumsum(count)
    link.foes = link.foes_end - count
    link.time_s = s.crossing_s
    link.headway_s = [0.0 if turn is Turn.THROUGH else s.turn_mcu for _, turn in ways]
    link.mps = [table.approaches[table.lanes[i].place].approach.speed_limit_mps * s.share_of_limit for i, _ in ways]
    link.amber_s = s.amber_s
    link.gap_standing_s, link.gap_moving_s, link.gap_boxed_s = s.gap_s
    foe = records(FOE, int(count.sum()))
    flat = [other for k in range(len(ways)) for other in foes[k]]
    foe.link, foe.lane, foe.group = flat, link.lane[flat], link.group[flat]
    foe.edge = -1
    foe.clear_s = s.clear_s
    box = records(BOX, len(waits))
    box.link, box.places, box.slot = waits, s.box_places, np.arange(len(waits)) * s.box_places
    kind = records(KIND, 1)
    kind.headway = 1.0
    lanes, travel = _lanes(table, len(exits), s, travel_s)
    lamps = np.full(int(programs.group_ptr[-1]), RED, np.int32)
    return LiveNetwork(Network(lanes, travel, kind, link, foe, box, lamps), programs, phases, links, exits, orders)


def _signals(site: Site) -> Signals:
    if site.signals is None:
        raise ContractError(f"site {site.id} has no signals; leave it out")
    return site.signals


def _oncoming(table: LiveTable, way: Way, links: Mapping[Way, int]) -> list[int]:
    """Links that a left turn gives way to: straight on and right from the opposite side, if both ever have green."""
    lane, turn = way
    if turn not in (Turn.LEFT, Turn.UTURN):
        return []
    mine = table.lanes[lane]
    signals = _signals(next(site for site in table.sites if site.id == mine.place[0]))
    together = {g for stage in signals.stages if mine.group in stage.groups for g in stage.groups}
    heading = table.approaches[mine.place].approach.heading_deg
    return [
        k
        for (other, other_turn), k in links.items()
        if table.lanes[other].place[0] == mine.place[0]
        and other_turn in (Turn.THROUGH, Turn.RIGHT)
        and table.lanes[other].group in together
        and apart_deg(table.approaches[table.lanes[other].place].approach.heading_deg, heading) > _OPPOSITE_DEG
    ]


def _programs(table: LiveTable, phases: tuple[Phases, ...]) -> tuple[dict[tuple[str, str, bool], int], Programs]:
    """Kernel's group by node, site's group and whether it gives way to oncoming traffic; and the programs."""
    group_of: dict[tuple[str, str, bool], int] = {}
    controllers: list[tuple[int, list[list[int]]]] = []
    for site, cycle in zip(table.sites, phases, strict=True):
        columns: list[list[int]] = []
        for column, group in enumerate(_signals(site).groups):
            if group.pedestrian:
                continue
            shown = [_LAMP[int(code)] for code in cycle.lamps[:, column]]
            for gives_way in (False, True):
                group_of[site.id, group.id, gives_way] = len(group_of)
                columns.append([YIELD if gives_way and one == GREEN else one for one in shown])
        controllers.append((len(cycle.fixed_s), columns))
    return group_of, programs_of(controllers)


def _lanes(table: LiveTable, exits: int, s: LiveSettings, travel_s: Mapping[Place, float]) -> tuple[Records, Records]:
    count = len(table.lanes)
    places = list(table.approaches)
    approach = [table.approaches[one.place].approach for one in table.lanes]
    width = np.array([one.lane.width_m for one in table.lanes])
    length = np.array([one.length_m for one in approach])
    speed = s.share_of_limit * np.array([one.speed_limit_mps for one in approach])
    lanes = records(LANE, count + exits)
    mine, beyond = lanes[:count], lanes[count:]
    mine.edge = [places.index(one.place) for one in table.lanes]
    beyond.edge = len(places) + np.arange(exits)
    mine.storage_m = np.maximum(length, 1.01 * s.area_m2 / width)
    mine.places = np.ceil(mine.storage_m * width / s.area_m2).astype(np.int32) + 1
    beyond.storage_m, beyond.places = _ENDLESS_M, 1
    lanes.moving_m = lanes.storage_m
    lanes.slot = np.cumsum(lanes.places) - lanes.places
    mine.wave_s = length / s.wave_mps
    mine.boxed_block = s.box_places + 1  # a wide stream passes those who wait in the junction
    mine.per_m = width / s.area_m2
    mine.headway = 3600.0 / np.array([one.saturation_mcu_h for one in table.lanes])
    mine.mps, beyond.mps = speed, 1.0
    mine.ramp = 1.0 / (4.0 * speed)  # (V - u)^2 / (2 a V) with 2 m/s2
    travel = records(TRAVEL, (1, count + exits))
    free = length / speed
    travel.time_s[0, :count] = [travel_s.get(one.place, free[i]) for i, one in enumerate(table.lanes)]
    travel.space_m[0, :count] = s.area_m2 / width
    return lanes, travel
