"""Gives every scheduled vehicle one fixed route, so that the demand is the same whatever the signals do."""

from __future__ import annotations

import tempfile
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nutgiao.models.contracts.errors import SimulationFailed
from nutgiao.simulation.evaluate import never_due, sumo_options, trip_options
from nutgiao.simulation.scenario import VEHICLES, WALKERS, Scenario, parse_time_s
from nutgiao.simulation.sumo_process import run_tool
from nutgiao.simulation.xml_elements import elements

_KEPT = (
    "departLane", "departPos", "departSpeed", "departPosLat", "arrivalLane", "arrivalPos", "arrivalSpeed",
    "speedFactor",
)  # fmt: skip
_ORIGIN = ("from", "to", "via", "fromJunction", "toJunction", "viaJunctions", "fromTaz", "toTaz")
_DEFAULT_TYPE = "DEFAULT_VEHTYPE"
_TYPES = frozenset({"vType", "vTypeDistribution"})
_SPENT_OPTIONS = ("--scale=", "--random-depart-offset=", "--device.rerouting.", "--person-device.rerouting.")
"""They did their work in the run that froze the routes and would do it again."""


@dataclass(frozen=True, slots=True)
class FrozenRoutes:
    """Demand with fixed routes.

    Attributes:
        scenario: the same scenario with one demand file, which has only types and vehicles with a route each.
        vehicles: how many are scheduled.
        driven: how many took their route from the run.
        guessed: how many never got in and took the fastest route of an empty network.
        left_out: how many of what else the demand files have: stops of vehicles, people, containers.
    """

    scenario: Scenario
    vehicles: int
    driven: int
    guessed: int
    left_out: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the run knew of a vehicle."""

    id: str
    depart: str
    type: str
    edges: str


def freeze(scenario: Scenario, out_dir: Path, seed: int = 1) -> FrozenRoutes:
    """Runs a scenario once under its shipped programs and writes down who drives where.

    A vehicle with a route of its own keeps it. Trips and flows get the route that they drove: SUMO chooses it at
    departure by the travel times of that moment, so it would be another one under other signals. Who never got in gets
    the fastest route of an empty network. Departures stay as scheduled; types, lanes, positions and speeds of departure
    stay as written, and what is random about them is drawn anew by each seed.

    Args:
        scenario: any demand that SUMO takes.
        out_dir: folder for ``NAME.rou.xml`` and, where additional files have demand, for copies without it.
        seed: of SUMO.

    Raises:
        SimulationFailed: if SUMO refuses the scenario; carries its message.
        ConfigError: if a file is broken.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    source = _Source(scenario)
    with tempfile.TemporaryDirectory(prefix="nutgiao-freeze-") as name:
        seen = _drive(scenario, source, seed, Path(name))
        edges = {one.id: source.own_route(one.id) or one.edges for one in seen}
        lost = [one for one in seen if not edges[one.id]]
        if lost:
            edges |= _fastest_routes(scenario, source, lost, Path(name))
    path = out_dir / f"{scenario.name}.rou.xml"
    _write(path, source, sorted(seen, key=lambda one: float(one.depart)), edges)
    additional = tuple(_without_demand(file, out_dir) for file in scenario.additional)
    options = tuple(option for option in scenario.options if not option.startswith(_SPENT_OPTIONS))
    return FrozenRoutes(
        replace(scenario, routes=(path,), additional=additional, options=options),
        vehicles=len(seen),
        driven=sum(not source.own_route(one.id) for one in seen) - len(lost),
        guessed=len(lost),
        left_out={kind: count for kind, count in source.left_out.items() if count},
    )


class _Source:
    """The elements of the scenario's demand."""

    def __init__(self, scenario: Scenario) -> None:
        self.types: list[ET.Element] = []
        self.left_out: Counter[str] = Counter()
        self._vehicles: dict[str, ET.Element] = {}
        self._routes: dict[str, str] = {}
        for path in (*scenario.additional, *scenario.routes):
            for element in elements(path):
                if element.tag == "vType":
                    self.types.append(element)
                elif element.tag == "vTypeDistribution":
                    self.types += element.findall("vType")
                elif element.tag == "route" and "repeat" not in element.attrib:
                    self._routes[element.attrib["id"]] = element.attrib["edges"]
                elif element.tag in VEHICLES:
                    self._vehicles[element.attrib["id"]] = element
                    self.left_out["stop"] += len(element.findall("stop"))
                elif element.tag in WALKERS:
                    self.left_out[element.tag] += 1

    def element(self, vehicle: str) -> ET.Element:
        """The element of a vehicle; those of a flow are numbered after a dot."""
        return self._vehicles[vehicle if vehicle in self._vehicles else vehicle.rpartition(".")[0]]

    def depart(self, vehicle: str, reckoned_s: float) -> str:
        """Scheduled departure: as written, or of a flow's vehicle as reckoned."""
        element = self._vehicles.get(vehicle)
        return f"{reckoned_s if element is None else parse_time_s(element.attrib['depart']):.2f}"

    def own_route(self, vehicle: str) -> str:
        """Edges of the route that the files give; empty for trips, choices among routes and repeated routes."""
        element = self.element(vehicle)
        route = element.find("route")
        if route is not None:
            return "" if "repeat" in route.attrib else route.attrib["edges"]
        return self._routes.get(element.get("route", ""), "")


def _drive(scenario: Scenario, source: _Source, seed: int, folder: Path) -> list[_Seen]:
    trips, routes = folder / "tripinfo.xml", folder / "vehroute.xml"
    options = [*sumo_options(scenario, seed), *trip_options(trips)]
    options += ["--vehroute-output", str(routes), "--vehroute-output.last-route"]
    options += ["--vehroute-output.intended-depart", "--vehroute-output.write-unfinished"]
    run_tool("sumo", options, scenario.name)
    types: dict[str, str] = {}
    waiting_s: dict[str, float] = {}
    for trip in elements(trips):
        if trip.tag == "tripinfo" and not never_due(trip):
            types[trip.attrib["id"]] = trip.attrib["vType"]
            waiting_s[trip.attrib["id"]] = float(trip.attrib["departDelay"])
    driven = {}
    for vehicle in elements(routes):
        route = vehicle.find("route")
        if vehicle.tag == "vehicle" and route is not None:
            name = vehicle.attrib["id"]
            driven[name] = _Seen(name, vehicle.attrib["depart"], types[name], route.attrib["edges"])
    outside = [name for name in types if name not in driven]  # vehroute has only those who got in
    return [
        *driven.values(),
        *(_Seen(name, source.depart(name, scenario.end_s - waiting_s[name]), types[name], "") for name in outside),
    ]


def _fastest_routes(scenario: Scenario, source: _Source, vehicles: Sequence[_Seen], folder: Path) -> dict[str, str]:
    root = ET.Element("routes")
    root.extend(source.types)
    for one in sorted(vehicles, key=lambda one: float(one.depart)):
        element = source.element(one.id)
        ends = {key: element.attrib[key] for key in _ORIGIN if key in element.attrib}
        ET.SubElement(root, "trip", {"id": one.id, "depart": one.depart, "type": one.type} | ends)
    wanted, found = folder / "trips.rou.xml", folder / "fastest.rou.xml"
    ET.ElementTree(root).write(wanted, encoding="utf-8", xml_declaration=True)
    options = ["--net-file", str(scenario.net), "--route-files", str(wanted), "--output-file", str(found)]
    options += ["--begin", f"{scenario.begin_s:.10g}", "--end", f"{scenario.end_s:.10g}", "--no-warnings"]
    run_tool("duarouter", [*options, "--no-step-log"], scenario.name)
    routes = {one.attrib["id"]: one.find("route") for one in elements(found) if one.tag == "vehicle"}
    edges = {name: route.attrib["edges"] for name, route in routes.items() if route is not None}
    missing = [one.id for one in vehicles if one.id not in edges]
    if missing:
        raise SimulationFailed(f"{scenario.name}: there is no route for {', '.join(missing[:5])}; remove or mend it")
    return edges


def _write(path: Path, source: _Source, vehicles: Sequence[_Seen], edges: Mapping[str, str]) -> None:
    root = ET.Element("routes")
    root.extend(source.types)
    for one in vehicles:
        kind = {} if one.type == _DEFAULT_TYPE else {"type": one.type}
        element = source.element(one.id)
        kept = {key: element.attrib[key] for key in _KEPT if key in element.attrib}
        vehicle = ET.SubElement(root, "vehicle", {"id": one.id} | kind | {"depart": one.depart} | kept)
        ET.SubElement(vehicle, "route", edges=edges[one.id])
    ET.indent(root)
    ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _without_demand(path: Path, out_dir: Path) -> Path:
    """The additional file, or a copy of it if it has vehicles, people or types: those are frozen or left out."""
    demand = VEHICLES | WALKERS | _TYPES
    if not any(element.tag in demand for element in elements(path)):
        return path
    root = ET.Element("additional")
    root.extend(element for element in elements(path) if element.tag not in demand)
    copy = out_dir / f"{path.name.removesuffix('.gz').removesuffix('.xml')}.frozen.xml"
    ET.ElementTree(root).write(copy, encoding="utf-8", xml_declaration=True)
    return copy
