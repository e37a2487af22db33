"""From vehicles with explicit routes to the queue kernel's demand: sources, steps, and the lanes that lead on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nutgiao.models.contracts.errors import ConfigError
from nutgiao.models.queueing.network.tables import CHOICE, LEAVES, NO_LINK, OPTION, VEHICLE, Demand, records
from nutgiao.simulation.lane_street import Street
from nutgiao.simulation.scenario import parse_time_s
from nutgiao.simulation.vehicle_kinds import DEFAULT_TYPE
from nutgiao.simulation.xml_elements import elements

_ENDS_SOON_M = 200.0
"""A lane that stops leading on beyond this distance is as good as any other."""

_CAR_M = 7.5
"""Room of SUMO's usual car."""

_Row = tuple[tuple[int, int, float], ...]
"""Lane, link at its end and penalty of each lane that leads on."""


@dataclass(frozen=True, slots=True)
class RoutedVehicle:
    """One vehicle as the demand file has it.

    Attributes:
        id: SUMO's id.
        depart_s: scheduled, from the begin of the scenario.
        vtype: vehicle type.
        edges: its route.
        random_position: it may appear anywhere on its first edge.
    """

    id: str
    depart_s: float
    vtype: str
    edges: tuple[str, ...]
    random_position: bool


def read_vehicles(routes: Path, begin_s: float, end_s: float) -> list[RoutedVehicle]:
    """Vehicles that are to set out within the period, by time.

    Args:
        routes: a demand file whose vehicles have routes; `frozen_routes.freeze` makes one of any scenario.
        begin_s: of the scenario.
        end_s: of the scenario.

    Raises:
        ConfigError: if the file is broken or a vehicle has no route of its own.
    """
    found = []
    known: dict[str, tuple[str, ...]] = {}
    for v in elements(routes, "routes"):
        if v.tag == "route":
            known[v.attrib["id"]] = tuple(v.attrib["edges"].split())
        if v.tag in {"trip", "flow"}:
            problem = f"is a {v.tag}: its route is not told."
            raise ConfigError(str(routes), None, f"{v.tag} {v.get('id')}", problem, "Freeze the routes first.")
        if v.tag != "vehicle":
            continue
        depart_s = parse_time_s(v.attrib["depart"]) - begin_s
        if not 0 <= depart_s < end_s - begin_s:
            continue
        route = v.find("route")
        edges = tuple(route.attrib["edges"].split()) if route is not None else known.get(v.get("route", ""), ())
        if not edges:
            raise ConfigError(
                str(routes), None, f"vehicle {v.attrib['id']}", "has no route.", "Freeze the routes first."
            )
        anywhere = v.get("departPos", "").startswith("random")
        found.append(RoutedVehicle(v.attrib["id"], depart_s, v.get("type", DEFAULT_TYPE), edges, anywhere))
    return sorted(found, key=lambda x: x.depart_s)


class RouteTable:
    """The steps of all routes; equal choices are kept once.

    Args:
        street: where they lead.
        ends: edges from which nobody drives on.
    """

    def __init__(self, street: Street, ends: frozenset[str]) -> None:
        self._street, self._ends = street, ends
        self._links: dict[int, list[int]] = {}
        for k, lane in enumerate(street.link_from.tolist()):
            self._links.setdefault(lane, []).append(k)
        self._choices: dict[_Row, int] = {}
        self._known: dict[tuple[tuple[str, ...], str], int] = {}
        self.steps: list[int] = []

    @property
    def rows(self) -> list[_Row]:
        """The choices, by number."""
        return list(self._choices)

    def add(self, vehicle: RoutedVehicle, vclass: str) -> int:
        """First step of a vehicle's route.

        Raises:
            ConfigError: if an edge is unknown or no lane that the class may use leads on.
        """
        key = (vehicle.edges, vclass)
        if key in self._known:
            return self._known[key]
        street, rows = self._street, []
        ahead: dict[int, float] = {}
        for s in range(len(vehicle.edges) - 1, -1, -1):
            edge = vehicle.edges[s]
            if edge not in street.edges:
                raise ConfigError(street.source, None, f"vehicle {vehicle.id}", f"edge {edge} is not in the network.")
            lanes = [lane for lane in street.edges[edge] if street.may_use(lane, vclass)]
            leads = self._leads(edge, lanes, ahead, last=s == len(vehicle.edges) - 1)
            if not leads:
                there = vehicle.edges[s + 1] if s + 1 < len(vehicle.edges) else "its end"
                problem = f"no lane of {edge} that a {vclass} may use leads to {there}."
                raise ConfigError(street.source, None, f"vehicle {vehicle.id}", problem, "Mend the route.")
            longest = max(reach for reach, _ in leads.values())
            rows.append(
                tuple(
                    (lane, link, self._penalty(reach, float(street.lane_length_m[lane]), longest))
                    for lane, (reach, link) in leads.items()
                )
            )
            # a lane that does not lead on can still be entered, if one beside it does
            ahead = {lane: leads[lane][0] if lane in leads else 0.0 for lane in lanes}
        self._known[key] = len(self.steps)
        for row in reversed(rows):
            self.steps.append(self._choices.setdefault(row, len(self._choices)))
        return self._known[key]

    def _leads(
        self, edge: str, lanes: list[int], ahead: dict[int, float], *, last: bool
    ) -> dict[int, tuple[float, int]]:
        """How far each lane leads on along the route, in metres, and by which link."""
        found = {}
        for lane in lanes:
            own = float(self._street.lane_length_m[lane])
            if last:
                found[lane] = (own, LEAVES if edge in self._ends else NO_LINK)
                continue
            links = [k for k in self._links.get(lane, ()) if int(self._street.link_to[k]) in ahead]
            if links:
                link = max(links, key=lambda k: ahead[int(self._street.link_to[k])])
                found[lane] = (own + ahead[int(self._street.link_to[link])], link)
        return found

    @staticmethod
    def _penalty(reach_m: float, own_m: float, longest_m: float) -> float:
        if reach_m >= longest_m - 1:
            return 0.0
        return round(max(0.0, 1 - (reach_m - own_m) / _ENDS_SOON_M), 6)


def demand_of(
    street: Street, vehicles: Sequence[RoutedVehicle], kind_of: Mapping[str, tuple[int, str]], seed: int = 99
) -> Demand:
    """The kernel's demand.

    Args:
        street: where they drive.
        vehicles: who drives, by time.
        kind_of: vehicle type to class of the kernel and SUMO class.
        seed: of the places of those who may appear anywhere.

    Raises:
        ConfigError: as `RouteTable.add`, or if a vehicle's type is unknown.
    """
    driven_on = {edge for v in vehicles for edge in v.edges[:-1]}
    table = RouteTable(street, frozenset(street.edges.keys() - driven_on))
    for v in vehicles:
        if v.vtype not in kind_of:
            raise ConfigError(street.source, None, f"vehicle {v.id}", f"type {v.vtype} is unknown.", "Add its vType.")
    first = [table.add(v, kind_of[v.vtype][1]) for v in vehicles]
    rows = table.rows
    sources: dict[tuple[int, ...], list[int]] = {}
    for i, s in enumerate(first):
        best = tuple(lane for lane, _, penalty in rows[table.steps[s]] if penalty <= 0)
        sources.setdefault(best, []).append(i)
    vehicle = records(VEHICLE, len(vehicles))
    vehicle.depart_s = [v.depart_s for v in vehicles]
    vehicle.entry_share = _entry_share(street, vehicles, [rows[table.steps[s]][0][0] for s in first], seed)
    vehicle.step = first
    vehicle.kind = [kind_of[v.vtype][0] for v in vehicles]
    count = np.array([len(row) for row in rows], np.int32)
    choices = records(CHOICE, len(rows))
    choices.end = np.cumsum(count)
    choices.first = choices.end - count
    flat = [option for row in rows for option in row]
    options = records(OPTION, len(flat))
    options.lane = [lane for lane, _, _ in flat]
    options.link = [link for _, link, _ in flat]
    options.penalty = [penalty for _, _, penalty in flat]
    return Demand(
        vehicles=vehicle,
        source_ptr=np.cumsum([0, *(len(m) for m in sources.values())]).astype(np.int32),
        source_vehicle=np.array([i for members in sources.values() for i in members], np.int32),
        step_choice=np.array(table.steps, np.int32),
        choices=choices,
        options=options,
    )


def _entry_share(
    street: Street, vehicles: Sequence[RoutedVehicle], lanes: Sequence[int], seed: int
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Share of the first lane that is still to be driven: SUMO starts a vehicle with its back at the lane's begin."""
    length_m = street.lane_length_m[list(lanes)]
    from_begin = np.maximum(0.0, 1 - _CAR_M / length_m)
    anywhere = np.array([v.random_position for v in vehicles], np.bool_)
    return np.where(anywhere, 1 - np.random.default_rng(seed).random(len(vehicles)), from_begin)
