"""From the site file of a junction to the tables of the junction kernel: links, rights, changes, and rows of a platoon.

**Links.** Each turn of each lane is a link, served by the approach's group, or by that of the left turn where it has
one. Where it leads follows from the headings: the leg on which traffic that has turned drives away is that of the
approach which comes the other way. Each crossing is a link with a lane of its own, on which people wait.

**Rights.** A link is green in the stages that hold its group. It gives way there if it turns left against oncoming
traffic that is green too, or turns into a leg whose crossing is green. A crossing lies over the legs whose own group it
conflicts with, as the table of intergreens tells.

**Motorcycles.** The kernel lets one thing after the other over the line, a headway apart. In a street where four of
five ride motorcycles several pass abreast, and what is nearly constant there is the flow in motorcycle-equivalent units
(MCU) per metre of width (`SATURATION_MCU_H_M`). So the kernel is given **rows**: as many MCU as the width of the lane
passes in a headway are one thing to it. A lane of 3.2 m passes 3.2 MCU in 1.9 s: three motorcycles, or one car; a bus
takes three rows. What a row's delay counts are the persons in it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import numpy as np

from nutgiao.models.contracts.site import Approach, SignalGroup, Site, apart_deg
from nutgiao.models.contracts.step_guard_ways import Ways
from nutgiao.models.contracts.words import Turn
from nutgiao.models.queueing.junction.tables import (
    F8,
    F8S,
    GREEN,
    HEADWAY_S,
    I4,
    NONE,
    RED,
    USUAL,
    YIELD,
    Area,
    Cluster,
)

SATURATION_MCU_H_M = 1920.0
"""MCU per hour and metre of width that leave a standing queue, measured in mixed traffic: models/queueing/README.md."""

_TURNED_DEG = {Turn.LEFT: -90.0, Turn.THROUGH: 0.0, Turn.RIGHT: 90.0, Turn.UTURN: 180.0}
_SAME_LEG_DEG = 50.0
_AMPLE = 1000.0


class Movement(NamedTuple):
    """One link.

    Attributes:
        group: column of the signal group that it obeys.
        approach: index of the approach it leaves, `NONE` for a crossing.
        lane: number of the lane it leaves.
        turn: None for a crossing.
        leg: index of the approach on whose leg it drives away, `NONE` if no approach comes from there.
    """

    group: int
    approach: int
    lane: int
    turn: Turn | None
    leg: int


class SiteTables(NamedTuple):
    """A junction as the kernel knows it, and what its numbers mean.

    Attributes:
        area: one light.
        movements: its links.
        lanes: number of each lane, by the ids of approach and lane.
        crossings: lane and link on which the people wait of each crossing, by its group's id.
        row_mcu: ``(lanes,)`` how many MCU pass in a headway.
        ways: changes between the stages.
    """

    area: Area
    movements: tuple[Movement, ...]
    lanes: dict[tuple[str, str], int]
    crossings: dict[str, tuple[int, int]]
    row_mcu: F8
    ways: Ways

    def links_of(self, lane: int) -> list[int]:
        """Links that leave a lane."""
        return [link for link, movement in enumerate(self.movements) if movement.lane == lane]


def site_tables(site: Site) -> SiteTables:
    """Makes the tables of a junction.

    Args:
        site: with a signal side without rings.

    Raises:
        ValueError: if there is no signal side, it has rings, or no plan of it keeps the safety rules.
    """
    signals = site.signals
    if signals is None:
        raise ValueError(f"site {site.id} has no signals")
    ways = Ways(signals)
    column = {group.id: k for k, group in enumerate(signals.groups)}
    lanes: dict[tuple[str, str], int] = {}
    width_m: list[float] = []
    movements: list[Movement] = []
    for number, approach in enumerate(site.approaches):
        for lane in approach.lanes:
            place = lanes[approach.id, lane.id] = len(width_m)
            width_m.append(lane.width_m)
            for turn in lane.turns:
                own = approach.left_signal_group if turn in (Turn.LEFT, Turn.UTURN) else None
                obeys = column[own or approach.signal_group]
                movements.append(Movement(obeys, number, place, turn, _leg(site.approaches, approach, turn)))
    crossings: dict[str, tuple[int, int]] = {}
    for group in signals.groups:
        if group.pedestrian:
            crossings[group.id] = (len(width_m), len(movements))
            movements.append(Movement(column[group.id], NONE, len(width_m), None, NONE))
            width_m.append(_AMPLE)
    apart = {frozenset((column[pair.from_group], column[pair.to_group])) for pair in signals.intergreens}
    foes = [_foes(site, movements, apart, link) for link in range(len(movements))]
    stages = [frozenset(column[name] for name in stage.groups) for stage in signals.stages]
    right = np.array([[_right(movements, foes, stage, i) for i in range(len(movements))] for stage in stages], np.int32)
    row_mcu = np.array(width_m) * SATURATION_MCU_H_M / 3600.0 * USUAL[HEADWAY_S]
    area = _area(movements, foes, right, len(width_m), signals.groups, stages, ways)
    return SiteTables(area, tuple(movements), lanes, crossings, row_mcu, ways)


def _leg(approaches: tuple[Approach, ...], own: Approach, turn: Turn) -> int:
    """The approach on whose leg who turns drives away."""
    away_deg = own.heading_deg + _TURNED_DEG[turn] + 180.0
    off_deg = [apart_deg(other.heading_deg, away_deg) for other in approaches]
    best = int(np.argmin(off_deg))
    return best if off_deg[best] < _SAME_LEG_DEG else NONE


def _foes(site: Site, movements: list[Movement], apart: Collection[frozenset[int]], link: int) -> list[int]:
    """Links that a link gives way to where both may go."""
    own = movements[link]
    if own.turn in (None, Turn.THROUGH):
        return []
    found = []
    heading_deg = site.approaches[own.approach].heading_deg
    for other, movement in enumerate(movements):
        if movement.turn is None:
            over = own.leg != NONE and _crosses(site, movements, apart, own.leg, movement.group)
            if over and frozenset((own.group, movement.group)) not in apart:
                found.append(other)
        elif own.turn in (Turn.LEFT, Turn.UTURN) and movement.turn in (Turn.THROUGH, Turn.RIGHT):
            facing_deg = apart_deg(site.approaches[movement.approach].heading_deg, heading_deg + 180.0)
            if facing_deg < _SAME_LEG_DEG:
                found.append(other)
    return found


def _crosses(
    site: Site, movements: list[Movement], apart: Collection[frozenset[int]], approach: int, crossing: int
) -> bool:
    """Whether a crossing lies over the leg of an approach: whoever comes from there conflicts with it."""
    groups = {movement.group for movement in movements if movement.approach == approach}
    return bool(groups) and all(frozenset((group, crossing)) in apart for group in groups)


def _right(movements: list[Movement], foes: list[list[int]], stage: frozenset[int], link: int) -> int:
    if movements[link].group not in stage:
        return RED
    return YIELD if any(movements[foe].group in stage for foe in foes[link]) else GREEN


def _area(
    movements: list[Movement],
    foes: list[list[int]],
    right: np.ndarray[tuple[int, int], np.dtype[np.int32]],
    lanes: int,
    groups: tuple[SignalGroup, ...],
    stages: list[frozenset[int]],
    ways: Ways,
) -> Area:
    links, count = len(movements), len(stages)
    change_s: F8S = np.array([[float(way.seconds) for way in row] for row in ways.ways])
    tail_s: F8S = np.array([[float(way.seconds - way.pause_s) for way in row] for row in ways.ways])
    link_lane = np.full((links, 4), NONE, np.int32)
    link_lane[:, 0] = [movement.lane for movement in movements]
    cluster = Cluster(
        light_link=np.array([0, links], np.int32),
        light_stage=np.array([0, count], np.int32),
        link_light=np.zeros(links, np.int32),
        link_lane=link_lane,
        link_to=np.full(links, NONE, np.int32),
        link_exit=np.full(links, NONE, np.int32),
        slow_s=np.zeros(len(foes)),
        link_inside=np.array([int(bool(whom)) for whom in foes], np.int32),
        yield_ptr=np.cumsum([0, *(len(whom) for whom in foes)]).astype(np.int32),
        yield_to=np.array([foe for whom in foes for foe in whom], np.int32),
        right=right,
        travel_s=np.zeros(links),
        change_s=change_s,
        tail_s=tail_s,
        least_s=_least_s(groups, stages, tail_s),
        room_veh=np.full(lanes, _AMPLE),
    )
    none: I4 = np.zeros(0, np.int32)
    numbers = [np.arange(n, dtype=np.int32) for n in (1, links, lanes, count)]
    return Area(cluster, numbers[0], numbers[1], numbers[2], none, numbers[3])


def _least_s(groups: tuple[SignalGroup, ...], stages: list[frozenset[int]], tail_s: F8S) -> F8:
    """``(stages,)`` seconds before a change may begin: a walk ends with its beginning, other greens `tail_s` later."""
    least = np.zeros(len(stages))
    for k, stage in enumerate(stages):
        others = [n for n in range(len(stages)) if n != k]
        tail = min((tail_s[k, n] for n in others), default=0.0)
        for column in stage:
            group = groups[column]
            least[k] = max(least[k], group.min_green_s - (0.0 if group.pedestrian else tail))
    return least
