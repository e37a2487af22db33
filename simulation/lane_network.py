"""Reads a SUMO network as the network kernel has it: lanes, links, who yields to whom, signal programs."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sumolib

from nutgiao.models.queueing.network.physics import Settings, VehicleKind, amber_used_s, platoon_headway_s, time_from_rest_s
from nutgiao.models.queueing.network.tables import AMBER, BOX, FOE, GREEN, KIND, LANE, LINK, RED, STOP, TRAVEL, YIELD, Network, Programs, records

_LAMPS = {"r": RED, "u": RED, "y": AMBER, "Y": AMBER, "G": GREEN, "g": YIELD, "s": STOP, "o": YIELD, "O": GREEN}
_PRIORITY = {"M": GREEN, "m": YIELD, "=": YIELD, "Z": YIELD, "s": STOP, "w": STOP, "-": GREEN, "o": YIELD}
_NOT_FOR_VEHICLES = frozenset({"internal", "crossing", "walkingarea", "connector"})


@dataclass(frozen=True)
class Street:
    """A SUMO network, read once.

    Attributes:
        lane_ids: SUMO's lanes, in the kernel's order.
        lane_index: the other way round.
        lane_length_m: ``(lanes,)``.
        lane_speed_mps: ``(lanes,)``.
        allowed: per lane the SUMO classes that may not use it, as a function of ``allow`` and ``disallow``.
        edges: lanes of each edge, from the kerb.
        links: from lane, to lane.
        controllers: ids of SUMO's traffic lights.
        stages: per controller the lengths and states of its shipped program.
        offsets_s: of the shipped programs.
    """

    lane_ids: tuple[str, ...]
    lane_length_m: np.ndarray
    lane_speed_mps: np.ndarray
    lane_rights: tuple[tuple[str | None, str | None], ...]
    edges: dict[str, tuple[int, ...]]
    lane_edge: np.ndarray
    link_from: np.ndarray
    link_to: np.ndarray
    link_signal: np.ndarray
    link_index: np.ndarray
    link_lamp: np.ndarray
    link_length_m: np.ndarray
    link_last_m: np.ndarray
    link_first_m: np.ndarray
    link_speed_mps: np.ndarray
    link_waits_inside: np.ndarray
    foes: tuple[tuple[int, ...], ...]
    controllers: tuple[str, ...]
    stages: tuple[tuple[tuple[float, str], ...], ...]
    offsets_s: tuple[float, ...]

    def may_use(self, lane: int, vclass: str) -> bool:
        """Whether vehicles of this SUMO class may drive on a lane."""
        allow, disallow = self.lane_rights[lane]
        if allow is not None:
            return vclass in allow.split() or "all" in allow.split()
        if disallow is not None:
            return vclass not in disallow.split() and "all" not in disallow.split()
        return True


def read_street(net: Path) -> Street:
    """Reads a network."""
    with sumolib.openz(str(net)) as stream:
        root = ET.parse(stream).getroot()  # noqa: S314 - a scenario that the user runs in SUMO anyway
    lane_ids: list[str] = []
    length, speed, rights, lane_edge = [], [], [], []
    edges: dict[str, tuple[int, ...]] = {}
    inside: dict[str, tuple[float, float]] = {}
    for edge in root.iter("edge"):
        if edge.get("function") == "internal":
            for lane in edge.iter("lane"):
                inside[lane.attrib["id"]] = (float(lane.attrib["length"]), float(lane.attrib["speed"]))
        if edge.get("function") in _NOT_FOR_VEHICLES:
            continue
        first = len(lane_ids)
        for lane in edge.iter("lane"):
            lane_ids.append(lane.attrib["id"])
            length.append(float(lane.attrib["length"]))
            speed.append(float(lane.attrib["speed"]))
            rights.append((lane.get("allow"), lane.get("disallow")))
            lane_edge.append(len(edges))
        edges[edge.attrib["id"]] = tuple(range(first, len(lane_ids)))
    index = {lane: i for i, lane in enumerate(lane_ids)}
    programs = {tl.attrib["id"]: tl for tl in root.iter("tlLogic")}
    controllers = tuple(programs)
    number = {c: i for i, c in enumerate(controllers)}
    after: dict[str, str | None] = {}
    rows = []
    for c in root.iter("connection"):
        origin = c.attrib["from"]
        if origin.startswith(":"):
            after[f"{origin}_{c.attrib['fromLane']}"] = c.get("via")
            continue
        f = index.get(f"{origin}_{c.attrib['fromLane']}")
        t = index.get(f"{c.attrib['to']}_{c.attrib['toLane']}")
        if f is not None and t is not None:
            rows.append((f, t, c))
    by_lane: list[list[int]] = [[] for _ in lane_ids]
    paths = []
    for k, (f, _, c) in enumerate(rows):
        by_lane[f].append(k)
        path, via = [], c.get("via")
        while via:
            path.append(inside[via])
            via = after.get(via)
        paths.append(path)
    foes: list[tuple[int, ...]] = [() for _ in rows]
    for junction in root.iter("junction"):
        order = [k for lane in (junction.get("incLanes") or "").split() if lane in index for k in by_lane[index[lane]]]
        for request in junction.iter("request"):
            i = int(request.attrib["index"])
            if i < len(order):
                bits = request.attrib["response"][::-1]
                foes[order[i]] = tuple(order[q] for q in range(min(len(order), len(bits))) if bits[q] == "1")
    signal = [number.get(c.get("tl") or "", -1) for _, _, c in rows]
    return Street(
        lane_ids=tuple(lane_ids),
        lane_length_m=np.array(length),
        lane_speed_mps=np.array(speed),
        lane_rights=tuple(rights),
        edges=edges,
        lane_edge=np.array(lane_edge, np.int32),
        link_from=np.array([f for f, _, _ in rows], np.int32),
        link_to=np.array([t for _, t, _ in rows], np.int32),
        link_signal=np.array(signal, np.int32),
        link_index=np.array([int(c.get("linkIndex", -1)) for _, _, c in rows], np.int32),
        link_lamp=np.array([_PRIORITY.get(c.get("state", "M"), GREEN) for _, _, c in rows], np.uint8),
        link_length_m=np.array([sum(x[0] for x in p) for p in paths]),
        link_last_m=np.array([p[-1][0] if p else 0.0 for p in paths]),
        link_first_m=np.array([p[0][0] if p else 0.0 for p in paths]),
        link_speed_mps=np.array([min((x[1] for x in p), default=99.0) for p in paths]),
        link_waits_inside=np.array([len(p) > 1 for p in paths]),
        foes=tuple(foes),
        controllers=controllers,
        stages=tuple(
            tuple((float(p.attrib["duration"]), p.attrib["state"]) for p in programs[c].iter("phase"))
            for c in controllers
        ),
        offsets_s=tuple(float(programs[c].get("offset", 0)) for c in controllers),
    )


def signal_groups(street: Street) -> tuple[np.ndarray, np.ndarray, Programs]:
    """Groups of links that always show the same, what they show at first, and the programs.

    Returns:
        ``(links,)`` group of each link, ``(groups,)`` lamp, programs. Links without a signal share one group for each
        thing that they may show for ever.
    """
    link_group = np.full(len(street.link_from), -1, np.int32)
    stage_ptr, group_ptr, lamp_ptr, change_ptr = [0], [0], [], [0]
    lamp: list[int] = []
    change_group: list[int] = []
    change_lamp: list[int] = []
    groups = 0
    for c, stages in enumerate(street.stages):
        columns: dict[tuple[int, ...], int] = {}
        for k in np.flatnonzero(street.link_signal == c).tolist():
            column = tuple(_LAMPS[state[street.link_index[k]]] for _, state in stages)
            link_group[k] = groups + columns.setdefault(column, len(columns))
        for p in range(len(stages)):
            lamp_ptr.append(len(lamp))
            for g, column in enumerate(columns):
                lamp.append(column[p])
                if column[p] != column[p - 1]:
                    change_group.append(groups + g)
                    change_lamp.append(column[p])
            change_ptr.append(len(change_group))
        groups += len(columns)
        group_ptr.append(groups)
        stage_ptr.append(len(lamp_ptr))
    at_first = [RED] * groups
    fixed: dict[int, int] = {}
    for k in np.flatnonzero(link_group < 0).tolist():
        show = int(street.link_lamp[k])
        if show not in fixed:
            fixed[show] = len(at_first)
            at_first.append(show)
        link_group[k] = fixed[show]

    def i4(x: list[int]) -> np.ndarray:
        return np.array(x, np.int32)

    programs = Programs(
        i4(stage_ptr), i4(group_ptr), i4(lamp_ptr), i4(lamp),
        i4(change_ptr), i4(change_group), i4(change_lamp),
    )  # fmt: skip
    return link_group, np.array(at_first, np.int32), programs


def network_of(street: Street, kinds: tuple[VehicleKind, ...], s: Settings, entering_m: dict[int, float] | None = None) -> Network:
    """The kernel's network for these classes of vehicles; the first one is the ordinary car."""
    lanes = len(street.lane_ids)
    car = kinds[0]
    length, limit = street.lane_length_m, street.lane_speed_mps
    has_foes = np.array([bool(f) for f in street.foes])
    for f in street.foes:
        has_foes[list(f)] = True
    free_link = ~has_foes & (street.link_signal < 0)
    lead_in = np.zeros(lanes)
    np.maximum.at(lead_in, street.link_to[free_link], street.link_length_m[free_link])
    places = np.maximum(2.0, np.floor((length + lead_in) / car.space_m + s.slots))
    small = min(k.space_m for k in kinds)
    slots = np.ceil(places * car.space_m / small).astype(np.int32) + 1
    top = [np.minimum(limit * k.speed_factor, k.max_speed_mps) for k in kinds]
    time = np.array([length / np.maximum(1.0, v - s.drag * k.drag_mps) for v, k in zip(top, kinds, strict=True)])
    drag = time - np.array([length / v for v in top])
    via, v_in = street.link_length_m, np.minimum(limit, car.max_speed_mps)[street.link_from]
    v = np.maximum(1.0, np.minimum(street.link_speed_mps, v_in))
    v_free = np.maximum(1.0, v_in - s.drag * car.drag_mps)
    v_link = np.maximum(1.0, v - s.drag * car.drag_mps)
    body, accel = car.length_m, car.accel_mps2
    headway = platoon_headway_s(car, v, s)
    headway[street.link_speed_mps > 50] = 1.0
    lane_mps = np.maximum(1.0, np.minimum(limit, car.max_speed_mps) - s.drag * car.drag_mps)
    link_group, group_lamp, _ = signal_groups(street)
    waits = np.flatnonzero(street.link_waits_inside)
    ptr = np.concatenate([[0], np.cumsum([len(f) for f in street.foes])])
    foe = np.array([x for f in street.foes for x in f], np.int32)
    lane = records(LANE, lanes)
    lane.edge = street.lane_edge
    lane.slot = np.cumsum(slots) - slots
    lane.places = slots
    lane.storage_m = places * car.space_m + 0.01
    lane.wave_s = length * s.wave_s / car.space_m
    lane.change_veh = s.lane_change_veh * np.minimum(100.0, 1 + (s.lane_change_m / length) ** 2)
    lane.headway = 1.0
    lane.boxed_block = 1
    lane.per_m = 1 / car.space_m
    lane.mps = lane_mps
    lane.ramp = s.loss / (1.5 * car.accel_mps2 * lane_mps)
    travel = records(TRAVEL, (len(kinds), lanes))
    travel.time_s, travel.drag_s = time, drag
    travel.space_m = np.array([[k.space_m] for k in kinds])
    kind = records(KIND, len(kinds))
    kind.headway = [(s.reaction_s + k.space_m / 10.8) / (s.reaction_s + car.space_m / 10.8) for k in kinds]
    link = records(LINK, len(v))
    link.lane, link.to, link.group = street.link_from, street.link_to, link_group
    link.box = -1
    link.box[waits] = np.arange(len(waits))
    link.foes, link.foes_end = ptr[:-1], ptr[1:]
    link.time_s = via / np.maximum(1.0, street.link_speed_mps)
    link.headway_s, link.mps = headway, v_link
    link.brake_s = s.loss * (v_free - v_link) ** 2 / (2 * v_free * car.decel_mps2)
    link.amber_s = s.amber * amber_used_s(car, v_link)
    link.gap_standing_s = 1 + s.gap_stand * time_from_rest_s(via + body, v, accel)
    link.gap_moving_s = 1 + s.gap_move * (via + body) / np.minimum(v, s.yield_speed_mps + 1.5)
    link.gap_boxed_s = 1 + s.gap_box * time_from_rest_s(street.link_last_m + body, v, accel)
    foes = records(FOE, len(foe))
    foes.link, foes.lane, foes.group = foe, street.link_from[foe], link_group[foe]
    foes.edge = street.lane_edge[street.link_to[foe]]
    foes.clear_s = (s.clear * (via + body) / np.maximum(0.8 * v, 3.0))[foe]
    box = records(BOX, len(waits))
    box.link = waits
    box.places = np.clip((street.link_first_m[waits] / car.space_m).astype(int) + 1, 1, int(s.box_places))
    box.slot = np.cumsum(box.places) - box.places
    return Network(lane, travel, kind, link, foes, box, group_lamp)
