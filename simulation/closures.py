"""Closed lanes and edges: the file by which SUMO sends drivers another way, and who has none."""

from __future__ import annotations

import difflib
import itertools
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nutgiao.simulation.changes import Closure, refused
from nutgiao.simulation.scenario import VEHICLES, Scenario, parse_time_s
from nutgiao.simulation.vehicle_kinds import read_kinds
from nutgiao.simulation.xml_elements import elements


@dataclass(frozen=True, slots=True)
class Stranded:
    """Who has no other way.

    Attributes:
        ids: of vehicles, trips and flows.
        examples: for some of them, why.
        unchecked: vehicles between zones or junctions, whose edges only SUMO knows.
    """

    ids: frozenset[str]
    examples: tuple[str, ...]
    unchecked: int


class _Roads:
    """Which edge leads to which, for a class of vehicles, with and without the closed lanes."""

    def __init__(self, net: Path) -> None:
        self.lanes: dict[str, dict[str, tuple[str, str]]] = {}
        self._links: list[tuple[str, str, str, str]] = []
        self._known: dict[tuple[str, str, frozenset[str]], frozenset[str]] = {}
        self._next: dict[tuple[str, frozenset[str]], dict[str, set[str]]] = {}
        for element in elements(net, "net"):
            if element.tag == "edge" and element.get("function", "normal") in ("normal", "connector"):
                self.lanes[element.attrib["id"]] = {
                    lane.attrib["id"]: (lane.get("allow", ""), lane.get("disallow", ""))
                    for lane in element.findall("lane")
                }
            elif element.tag == "connection" and not element.attrib["from"].startswith(":"):
                a, b = element.attrib["from"], element.attrib["to"]
                self._links.append((a, f"{a}_{element.get('fromLane')}", b, f"{b}_{element.get('toLane')}"))

    def usable(self, edge: str, vclass: str, closed: frozenset[str]) -> set[str]:
        """Lanes of an edge on which a class may drive."""
        return {
            lane
            for lane, (allow, disallow) in self.lanes.get(edge, {}).items()
            if lane not in closed and _may(vclass, allow, disallow)
        }

    def reachable(self, edge: str, vclass: str, closed: frozenset[str]) -> frozenset[str]:
        """Edges to which a vehicle can come from an edge, that one among them."""
        key = (edge, vclass, closed)
        if key not in self._known:
            after = self._after(vclass, closed)
            seen = {edge} if self.usable(edge, vclass, closed) else set()
            front = list(seen)
            while front:
                new = after.get(front.pop(), set()) - seen
                seen |= new
                front += new
            self._known[key] = frozenset(seen)
        return self._known[key]

    def _after(self, vclass: str, closed: frozenset[str]) -> dict[str, set[str]]:
        if (vclass, closed) not in self._next:
            open_lanes = {lane for edge in self.lanes for lane in self.usable(edge, vclass, closed)}
            found: dict[str, set[str]] = defaultdict(set)
            for a, a_lane, b, b_lane in self._links:
                if a_lane in open_lanes and b_lane in open_lanes:
                    found[a].add(b)
            self._next[vclass, closed] = found
        return self._next[vclass, closed]


def closed_lanes(scenario: Scenario, closures: Sequence[Closure]) -> dict[Closure, frozenset[str]]:
    """The lanes of each closure.

    Raises:
        ConfigError: if a lane or edge is unknown.
    """
    roads = _Roads(scenario.net)
    lanes = {lane for of_edge in roads.lanes.values() for lane in of_edge}
    found = {}
    for closure in closures:
        if closure.place in roads.lanes:
            found[closure] = frozenset(roads.lanes[closure.place])
        elif closure.place in lanes:
            found[closure] = frozenset({closure.place})
        else:
            near = difflib.get_close_matches(closure.place, [*roads.lanes, *lanes], 3, 0.5)
            cure = f"Did you mean {' or '.join(near)}?" if near else "See the network in netedit."
            raise refused(closure, f"{scenario.net} has no lane or edge '{closure.place}'.", cure)
        if closure.to_s is not None and closure.from_s is not None:
            outside = closure.to_s <= scenario.begin_s or closure.from_s >= scenario.end_s
            if outside:
                period = f"{scenario.begin_s:g} to {scenario.end_s:g} s"
                raise refused(closure, f"is outside the simulated time, {period}.", "Mend FROM and TO.")
    return found


def write_closures(path: Path, scenario: Scenario, lanes: dict[Closure, frozenset[str]]) -> Path:
    """Writes the additional file with a rerouter: everyone is told of the closures at each edge that he enters."""
    edges = [
        element.attrib["id"]
        for element in elements(scenario.net, "net")
        if element.tag == "edge" and element.get("function", "normal") in ("normal", "connector")
    ]
    root = ET.Element("additional")
    rerouter = ET.SubElement(root, "rerouter", id="nutgiao_closures", edges=" ".join(edges))
    times = {scenario.begin_s, scenario.end_s + 1.0}
    for closure in lanes:
        times |= {closure.from_s or scenario.begin_s, closure.to_s or scenario.end_s + 1.0}
    moments = sorted(time for time in times if scenario.begin_s <= time <= scenario.end_s + 1.0)
    for begin_s, end_s in itertools.pairwise(moments):  # SUMO knows one interval at a time
        now = [one for one in lanes if _active(one, begin_s)]
        if not now:
            continue
        interval = ET.SubElement(rerouter, "interval", begin=f"{begin_s:.10g}", end=f"{end_s:.10g}")
        for closure in now:
            kind = "closingLaneReroute" if closure.place in lanes[closure] else "closingReroute"
            ET.SubElement(interval, kind, id=closure.place, disallow="all")
    ET.ElementTree(root).write(path, encoding="utf-8")
    return path


def stranded(scenario: Scenario, lanes: dict[Closure, frozenset[str]]) -> Stranded:
    """Vehicles that set out while something is closed and then have no way to where they want to go.

    Only who departs in the simulated time is looked at. Whoever must begin, end or stop on a closed edge has no way;
    nor has who can reach his end only over it. Who sets out before a closure begins waits before it, and counts.

    Args:
        scenario: the demand.
        lanes: of each closure.
    """
    roads = _Roads(scenario.net)
    files = (*scenario.additional, *scenario.routes)
    class_of = {name: vclass for name, (_, vclass) in read_kinds(files).items()}
    routes: dict[str, list[list[str]]] = {}
    stop_edge: dict[str, str] = {}
    ids: list[str] = []
    examples: list[str] = []
    unchecked = 0
    for element in (one for path in files for one in elements(path)):
        if element.tag == "route":
            routes[element.attrib["id"]] = [element.attrib["edges"].split()]
        elif element.tag == "routeDistribution":
            routes[element.attrib["id"]] = [
                edges
                for route in element.findall("route")
                for edges in (
                    [route.attrib["edges"].split()]
                    if "edges" in route.attrib
                    else routes.get(route.get("refId", ""), [])
                )
            ]
        elif element.tag in ("busStop", "trainStop", "containerStop", "parkingArea"):
            stop_edge[element.attrib["id"]] = element.attrib["lane"].rpartition("_")[0]
        elif element.tag in VEHICLES:
            first_s, last_s = _departs(element, scenario)
            if last_s < scenario.begin_s or first_s >= scenario.end_s:
                continue
            closed = frozenset(lane for one, some in lanes.items() if _meets(one, first_s, last_s) for lane in some)
            ways = list(_ways(element, routes, stop_edge))
            unchecked += not ways
            if not ways or not closed:
                continue
            vclass = class_of.get(element.get("type", ""), "passenger")
            barred = [_barred(roads, way, vclass, closed) for way in ways]
            if all(barred):
                ids.append(element.attrib["id"])
                examples.append(f"{element.tag} {element.attrib['id']}: {barred[0]}")
    return Stranded(frozenset(ids), tuple(examples[:3]), unchecked)


def _barred(roads: _Roads, way: Sequence[str], vclass: str, closed: frozenset[str]) -> str:
    """Why a way is barred by what is closed; empty if it is not, or if it was before."""
    for place, name in ((way[0], "begins"), (way[-1], "ends"), *((edge, "stops") for edge in way[1:-1])):
        if roads.usable(place, vclass, frozenset()) and not roads.usable(place, vclass, closed):
            return f"{name} on {place}, which is closed"
    for a, b in itertools.pairwise(way):
        if b in roads.reachable(a, vclass, frozenset()) and b not in roads.reachable(a, vclass, closed):
            return f"no other way from {a} to {b}"
    return ""


def _ways(
    element: ET.Element, routes: dict[str, list[list[str]]], stop_edge: dict[str, str]
) -> Iterator[tuple[str, ...]]:
    """Edges that a vehicle must pass, for each route that it may take; none if only SUMO knows."""
    own = element.find("route")
    if own is not None and "edges" in own.attrib:
        found = [own.attrib["edges"].split()]
    elif "route" in element.attrib:
        found = routes.get(element.attrib["route"], [])
    elif "from" in element.attrib and "to" in element.attrib:
        found = [[element.attrib["from"], *element.get("via", "").split(), element.attrib["to"]]]
    else:
        found = []
    stops = [
        stop_edge.get(stop.get("busStop", ""), stop.get("lane", "").rpartition("_")[0]) for stop in element.iter("stop")
    ]
    for edges in found:
        if edges:
            yield (
                edges[0],
                *(stop for stop in stops if stop),
                *(edges[1:-1] if "from" in element.attrib else ()),
                edges[-1],
            )


def _departs(element: ET.Element, scenario: Scenario) -> tuple[float, float]:
    if element.tag == "flow":
        begin_s = parse_time_s(element.get("begin", f"{scenario.begin_s}"))
        return begin_s, parse_time_s(element.get("end", f"{scenario.end_s}"))
    depart_s = parse_time_s(element.attrib["depart"])
    return depart_s, depart_s


def _meets(closure: Closure, first_s: float, last_s: float) -> bool:
    """Whether all who depart in this time find it closed."""
    return closure.from_s is None or closure.to_s is None or (closure.from_s <= first_s and last_s < closure.to_s)


def _active(closure: Closure, time_s: float) -> bool:
    return closure.from_s is None or closure.to_s is None or closure.from_s <= time_s < closure.to_s


def _may(vclass: str, allow: str, disallow: str) -> bool:
    if allow:
        return allow == "all" or vclass in allow.split()
    return disallow != "all" and vclass not in disallow.split()
