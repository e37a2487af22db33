"""Reads a SUMO network lane by lane: who leads where, who yields to whom, what the signals show."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.errors import ConfigError
from nutgiao.models.queueing.network.tables import AMBER, GREEN, RED, STOP, YIELD
from nutgiao.simulation.signal_programs import SignalProgram
from nutgiao.simulation.xml_elements import elements

LAMPS = {"r": RED, "u": RED, "y": AMBER, "Y": AMBER, "G": GREEN, "g": YIELD, "s": STOP, "o": YIELD, "O": GREEN}
"""SUMO's letters; what flashes (``o``) yields, what is off (``O``) goes by priority."""

_PRIORITY = {"M": GREEN, "m": YIELD, "=": YIELD, "Z": YIELD, "s": STOP, "w": STOP, "-": GREEN, "o": YIELD}
_NOT_FOR_VEHICLES = frozenset({"internal", "crossing", "walkingarea", "connector"})
_NO_LIMIT_MPS = 99.0

DEFAULT_WIDTH_M = 3.2
"""Of a lane whose width SUMO's file does not tell."""

Ints = NDArray[np.int32]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Street:
    """A SUMO network as the queue kernel sees it.

    Attributes:
        source: the file, for messages.
        lane_ids: lanes in the kernel's order.
        lane_length_m: ``(lanes,)``.
        lane_speed_mps: ``(lanes,)`` limit.
        lane_width_m: ``(lanes,)``.
        lane_rights: per lane SUMO's ``allow`` and ``disallow``.
        edges: lanes of each edge, from the kerb.
        lane_edge: ``(lanes,)`` number of the edge.
        link_from: ``(links,)`` lane.
        link_to: ``(links,)`` lane.
        link_signal: ``(links,)`` number of the traffic light, -1 for none.
        link_index: ``(links,)`` letter in its state string.
        link_lamp: ``(links,)`` what it shows without a traffic light.
        link_length_m: ``(links,)`` way through the junction.
        link_first_m: ``(links,)`` the part of it up to the waiting place inside.
        link_last_m: ``(links,)`` the part behind it.
        link_speed_mps: ``(links,)`` limit inside.
        link_waits_inside: ``(links,)`` whether there is a waiting place.
        foes: per link those that it yields to.
        controllers: ids of the traffic lights.
        programs: their programs.
    """

    source: str
    lane_ids: tuple[str, ...]
    lane_length_m: Floats
    lane_speed_mps: Floats
    lane_width_m: Floats
    lane_rights: tuple[tuple[str | None, str | None], ...]
    edges: dict[str, tuple[int, ...]]
    lane_edge: Ints
    link_from: Ints
    link_to: Ints
    link_signal: Ints
    link_index: Ints
    link_lamp: Ints
    link_length_m: Floats
    link_first_m: Floats
    link_last_m: Floats
    link_speed_mps: Floats
    link_waits_inside: NDArray[np.bool_]
    foes: tuple[tuple[int, ...], ...]
    programs: tuple[SignalProgram, ...]

    @property
    def controllers(self) -> tuple[str, ...]:
        """Ids of the traffic lights, in the kernel's order."""
        return tuple(program.id for program in self.programs)

    def may_use(self, lane: int, vclass: str) -> bool:
        """Whether vehicles of this SUMO class may drive on a lane."""
        allow, disallow = self.lane_rights[lane]
        if allow is not None:
            return vclass in allow.split() or "all" in allow.split()
        if disallow is not None:
            return vclass not in disallow.split() and "all" not in disallow.split()
        return True


class _Lanes:
    """Lanes as they are read."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.length_m: list[float] = []
        self.speed_mps: list[float] = []
        self.width_m: list[float] = []
        self.rights: list[tuple[str | None, str | None]] = []
        self.edge: list[int] = []
        self.edges: dict[str, tuple[int, ...]] = {}
        self.inside: dict[str, tuple[float, float]] = {}

    def add(self, edge: ET.Element) -> None:
        """Takes an edge in; of those inside junctions only length and limit."""
        if edge.get("function") == "internal":
            for lane in edge.iter("lane"):
                self.inside[lane.attrib["id"]] = (float(lane.attrib["length"]), float(lane.attrib["speed"]))
        if edge.get("function") in _NOT_FOR_VEHICLES:
            return
        first = len(self.ids)
        for lane in edge.iter("lane"):
            self.ids.append(lane.attrib["id"])
            self.length_m.append(float(lane.attrib["length"]))
            self.speed_mps.append(float(lane.attrib["speed"]))
            self.width_m.append(float(lane.get("width", DEFAULT_WIDTH_M)))
            self.rights.append((lane.get("allow"), lane.get("disallow")))
            self.edge.append(len(self.edges))
        self.edges[edge.attrib["id"]] = tuple(range(first, len(self.ids)))


def read_street(net: Path, programs: Sequence[SignalProgram]) -> Street:
    """Reads a network.

    Args:
        net: SUMO's network file.
        programs: of its traffic lights.

    Raises:
        ConfigError: if the file is missing, broken or no network, or if a program does not fit its links.
    """
    lanes = _Lanes()
    connections: list[ET.Element] = []
    junctions: list[ET.Element] = []
    for element in elements(net, "net"):
        if element.tag == "edge":
            lanes.add(element)
        elif element.tag == "connection":
            connections.append(element)
        elif element.tag == "junction":
            junctions.append(element)
    if not lanes.ids:
        raise ConfigError(str(net), None, "edge", "has no lanes for vehicles.", "Give a network made by netconvert.")
    index = {lane: i for i, lane in enumerate(lanes.ids)}
    after: dict[str, str | None] = {}
    rows: list[tuple[int, int, ET.Element]] = []
    for c in connections:
        origin = c.attrib["from"]
        if origin.startswith(":"):
            after[f"{origin}_{c.attrib['fromLane']}"] = c.get("via")
            continue
        f = index.get(f"{origin}_{c.attrib['fromLane']}")
        t = index.get(f"{c.attrib['to']}_{c.attrib['toLane']}")
        if f is not None and t is not None:
            rows.append((f, t, c))
    paths = [_path(c.get("via"), after, lanes.inside) for _, _, c in rows]
    number = {program.id: i for i, program in enumerate(programs)}
    for _, _, c in rows:
        _check_signal(net, c, programs, number)

    def ints(values: list[int]) -> Ints:
        return np.array(values, np.int32)

    def floats(values: list[float]) -> Floats:
        return np.array(values, np.float64)

    return Street(
        source=str(net),
        lane_ids=tuple(lanes.ids),
        lane_length_m=floats(lanes.length_m),
        lane_speed_mps=floats(lanes.speed_mps),
        lane_width_m=floats(lanes.width_m),
        lane_rights=tuple(lanes.rights),
        edges=lanes.edges,
        lane_edge=ints(lanes.edge),
        link_from=ints([f for f, _, _ in rows]),
        link_to=ints([t for _, t, _ in rows]),
        link_signal=ints([number.get(c.get("tl") or "", -1) for _, _, c in rows]),
        link_index=ints([int(c.get("linkIndex", -1)) for _, _, c in rows]),
        link_lamp=ints([_PRIORITY.get(c.get("state", "M"), GREEN) for _, _, c in rows]),
        link_length_m=floats([sum(length for length, _ in path) for path in paths]),
        link_first_m=floats([path[0][0] if path else 0.0 for path in paths]),
        link_last_m=floats([path[-1][0] if path else 0.0 for path in paths]),
        link_speed_mps=floats([min((speed for _, speed in path), default=_NO_LIMIT_MPS) for path in paths]),
        link_waits_inside=np.array([len(path) > 1 for path in paths], np.bool_),
        foes=_foes(junctions, index, [f for f, _, _ in rows]),
        programs=tuple(programs),
    )


def _path(via: str | None, after: dict[str, str | None], inside: dict[str, tuple[float, float]]) -> list[Any]:
    """Length and limit of each piece of a way through a junction; more than one piece means a waiting place."""
    path = []
    while via:
        path.append(inside[via])
        via = after.get(via)
    return path


def _foes(junctions: list[ET.Element], index: dict[str, int], link_from: list[int]) -> tuple[tuple[int, ...], ...]:
    """Whom each link yields to, from the junctions' response matrices, which count the links of the incoming lanes."""
    by_lane: dict[int, list[int]] = {}
    for k, lane in enumerate(link_from):
        by_lane.setdefault(lane, []).append(k)
    foes: list[tuple[int, ...]] = [() for _ in link_from]
    for junction in junctions:
        incoming = (junction.get("incLanes") or "").split()
        order = [k for lane in incoming if lane in index for k in by_lane.get(index[lane], ())]
        for request in junction.iter("request"):
            i = int(request.attrib["index"])
            if i < len(order):
                bits = request.attrib["response"][::-1]
                foes[order[i]] = tuple(order[q] for q in range(min(len(order), len(bits))) if bits[q] == "1")
    return tuple(foes)


def _check_signal(net: Path, c: ET.Element, programs: Sequence[SignalProgram], number: dict[str, int]) -> None:
    light = c.get("tl")
    if not light:
        return
    key = f"connection {c.attrib['from']} -> {c.attrib['to']}"
    if light not in number:
        raise ConfigError(str(net), None, key, f"obeys traffic light {light}, which has no program.", "Add a tlLogic.")
    i = int(c.get("linkIndex", -1))
    for state in programs[number[light]].states:
        if not 0 <= i < len(state):
            problem = f"is link {i} of traffic light {light}, whose states have {len(state)} letters."
            raise ConfigError(str(net), None, key, problem, "Give each state a letter for every link.")
        if state[i] not in LAMPS:
            problem = f"traffic light {light} shows '{state[i]}'."
            raise ConfigError(str(net), None, key, problem, f"Use one of {' '.join(LAMPS)}.")
