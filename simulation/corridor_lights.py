"""The lights along a route of a SUMO network: where they stand and which of their links serve the two directions."""

from __future__ import annotations

import heapq
import itertools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from nutgiao.models.contracts.errors import ConfigError
from nutgiao.models.contracts.program import LampProgram
from nutgiao.models.contracts.staged_program import lamps_of
from nutgiao.models.contracts.timeline import GREEN
from nutgiao.simulation.xml_elements import elements

Way = list[tuple[float, float]]
"""Time and distance of one vehicle, seconds and metres from the route's begin."""


@dataclass(frozen=True, slots=True)
class RouteLight:
    """A light on the route.

    Attributes:
        light: its id.
        distance_m: of the stop line, from the begin of the route.
        outbound: links that follow the route.
        inbound: links of the other direction; none where the street is one-way.
    """

    light: str
    distance_m: float
    outbound: tuple[int, ...]
    inbound: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Route:
    """A route through a network.

    Attributes:
        edges: in the order of travel.
        lights: in that order.
        length_m: of the route, junctions included.
        limit_mps: its length over the time that the speed limits allow.
        begins_m: distance at which each edge begins, of the other direction too (there the distance falls).
        opposite: edges of the other direction.
    """

    edges: tuple[str, ...]
    lights: tuple[RouteLight, ...]
    length_m: float
    limit_mps: float
    begins_m: Mapping[str, float]
    opposite: frozenset[str]


class _Link(NamedTuple):
    light: str
    letter: int
    via: str
    turn: str


@dataclass(frozen=True, slots=True)
class _Street:
    ends: dict[str, tuple[str, str]]
    size: dict[str, tuple[float, float]]
    ways: dict[str, dict[str, list[_Link]]]


def read_route(net: Path, edges: Sequence[str]) -> Route:
    """Reads the lights along edges; where two do not follow each other, the shortest way between them is taken.

    The other direction's stop line is taken to be where the route's own is.

    Args:
        net: network.
        edges: two or more edges in the order of travel.

    Raises:
        ConfigError: if an edge is unknown, there is no way, or no light on it.
    """
    street = _read(net)
    route = _joined(net, street, edges)
    back = {(b, a): edge for edge, (a, b) in street.ends.items()}
    opposite = [back.get(street.ends[edge]) for edge in route]
    begins: dict[str, float] = {}
    lights: list[RouteLight] = []
    at_m = inside_s = 0.0
    for k, one in enumerate(route):
        begins[one] = at_m
        at_m += street.size[one][0]
        inside_s += street.size[one][0] / street.size[one][1]
        this = opposite[k]
        if this is not None:
            begins[this] = at_m
        if k + 1 == len(route):
            break
        links = street.ways[one][route[k + 1]]
        light = next((link.light for link in links if link.light), "")
        if light:
            home = _returning(street, opposite[k + 1], this)
            sides = (sorted({link.letter for link in side if link.light == light}) for side in (links, home))
            lights.append(RouteLight(light, at_m, *map(tuple, sides)))
        inside_m = max((street.size[link.via][0] for link in links if link.via in street.size), default=0.0)
        at_m += inside_m
        inside_s += inside_m / street.size[one][1]
    if not lights:
        cure = "Name edges before and behind a light."
        raise ConfigError(str(net), None, "edges", f"no light on the way from {route[0]} to {route[-1]}.", cure)
    known = frozenset(edge for edge in opposite if edge is not None)
    return Route(tuple(route), tuple(lights), at_m, at_m / inside_s, begins, known)


def green_spans(program: LampProgram, links: Sequence[int]) -> list[tuple[float, float]]:
    """Greens of one cycle in which all links are green, by the simulation's clock, seconds.

    Raises:
        NotStages: if the program's times follow traffic.
    """
    lamps = lamps_of(program)
    offset = float(program.offset_s or 0.0)
    green = (lamps[:, list(links)] == GREEN).all(axis=1).tolist()
    found, clock = [], 0
    for shown, run in itertools.groupby(green):
        seconds = len(list(run))
        if shown:
            found.append((offset + clock, offset + clock + seconds))
        clock += seconds
    return found


def read_ways(fcd: Path, route: Route, begin_s: float, end_s: float) -> list[Way]:
    """Reads the vehicles' ways along the route from SUMO's ``fcd-output``; one that leaves it ends its line.

    Args:
        fcd: the output.
        route: the route.
        begin_s: start of the time that is wanted.
        end_s: its end.

    Raises:
        ConfigError: if the file is missing, broken or no fcd-output.
    """
    ways: list[Way] = []
    running: dict[str, tuple[bool, Way]] = {}
    for step in elements(fcd, "fcd-export"):
        now_s = float(step.get("time", -1.0))
        if not begin_s <= now_s <= end_s:
            continue
        for vehicle in step.iter("vehicle"):
            name, edge = vehicle.attrib["id"], vehicle.get("lane", "").rpartition("_")[0]
            if edge.startswith(":"):
                continue
            if edge not in route.begins_m:
                running.pop(name, None)
                continue
            home = edge in route.opposite
            if name not in running or running[name][0] != home:
                running[name] = (home, [])
                ways.append(running[name][1])
            along_m = float(vehicle.get("pos", 0.0))
            running[name][1].append((now_s, route.begins_m[edge] + (-along_m if home else along_m)))
    return [way for way in ways if len(way) > 1]


def _returning(street: _Street, before: str | None, after: str | None) -> list[_Link]:
    """Links of the other direction at a light; where the street ends in one-way edges, those straight on."""
    if before and after:
        return street.ways.get(before, {}).get(after, [])
    if before:
        return [link for links in street.ways.get(before, {}).values() for link in links if link.turn == "s"]
    return [link for ways in street.ways.values() for link in ways.get(after or "", []) if link.turn == "s"]


def _read(net: Path) -> _Street:
    """Edges with their ends, length and speed of edges and inner lanes, and the links from edge to edge."""
    ends: dict[str, tuple[str, str]] = {}
    size: dict[str, tuple[float, float]] = {}
    ways: dict[str, dict[str, list[_Link]]] = defaultdict(lambda: defaultdict(list))
    for element in elements(net, "net"):
        if element.tag == "edge":
            lanes = [(float(lane.attrib["length"]), float(lane.attrib["speed"])) for lane in element.iter("lane")]
            if "from" in element.attrib:
                ends[element.attrib["id"]] = (element.attrib["from"], element.attrib["to"])
                size[element.attrib["id"]] = (lanes[0][0], max(speed for _, speed in lanes))
            else:
                size.update({lane.attrib["id"]: one for lane, one in zip(element.iter("lane"), lanes, strict=True)})
        elif element.tag == "connection" and not element.attrib["from"].startswith(":"):
            via, turn = element.get("via", ""), element.get("dir", "")
            link = _Link(element.get("tl", ""), int(element.get("linkIndex", -1)), via, turn)
            ways[element.attrib["from"]][element.attrib["to"]].append(link)
    return _Street(ends, size, ways)


def _joined(net: Path, street: _Street, edges: Sequence[str]) -> list[str]:
    for edge in edges:
        if edge not in street.ends:
            raise ConfigError(str(net), None, "edges", f"no edge {edge}.", "Name edges of the network.")
    route = list(edges[:1])
    for edge in edges[1:]:
        between = _shortest(street, route[-1], edge)
        if between is None:
            cure = "Name edges in the order of travel."
            raise ConfigError(str(net), None, "edges", f"no way from {route[-1]} to {edge}.", cure)
        route += between
    return route


def _shortest(street: _Street, start: str, end: str) -> list[str] | None:
    """Edges after `start` up to `end`."""
    waiting: list[tuple[float, str, tuple[str, ...]]] = [(0.0, start, ())]
    seen: set[str] = set()
    while waiting:
        far, edge, way = heapq.heappop(waiting)
        if edge == end:
            return list(way)
        if edge in seen:
            continue
        seen.add(edge)
        for then in street.ways.get(edge, {}):
            if then in street.size:
                heapq.heappush(waiting, (far + street.size[then][0], then, (*way, then)))
    return None
