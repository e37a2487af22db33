"""Turns vehicles with explicit routes into the network kernel's demand: sources, steps and lanes that lead on."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sumolib

from nutgiao.models.queueing.network.physics import VehicleKind
from nutgiao.models.queueing.network.tables import CHOICE, LEAVES, NO_LINK, OPTION, VEHICLE, Demand, records
from nutgiao.simulation.lane_network import Street


@dataclass(frozen=True)
class RoutedVehicle:
    """One vehicle as the routes file has it."""

    id: str
    depart_s: float
    vtype: str
    edges: tuple[str, ...]
    random_position: bool


def read_vehicles(routes: Path, begin_s: float, end_s: float) -> list[RoutedVehicle]:
    """Vehicles that set out within the window, by time."""
    found = []
    with sumolib.openz(str(routes)) as stream:
        for _, v in ET.iterparse(stream):  # noqa: S314
            if v.tag != "vehicle":
                continue
            depart = float(v.attrib["depart"]) - begin_s
            if 0 <= depart < end_s - begin_s:
                route = v.find("route")
                edges = tuple(route.attrib["edges"].split())
                found.append(
                    RoutedVehicle(v.attrib["id"], depart, v.get("type", "DEFAULT_VEHTYPE"), edges,
                                  v.get("departPos", "").startswith("random"))
                )
            v.clear()
    return sorted(found, key=lambda x: x.depart_s)


class RouteTable:
    """Steps of all routes, equal choices kept once."""

    def __init__(self, street: Street, ends: frozenset[str]) -> None:
        self._street, self._ends = street, ends
        self._edge_ids = list(street.edges)
        self._links: dict[int, list[int]] = {}
        for k, lane in enumerate(street.link_from.tolist()):
            self._links.setdefault(lane, []).append(k)
        self._choices: dict[tuple[tuple[int, int, float], ...], int] = {}
        self.steps: list[int] = []
        self._known: dict[tuple[tuple[str, ...], str], int] = {}

    def add(self, edges: tuple[str, ...], vclass: str) -> int:
        """First step of a route."""
        key = (edges, vclass)
        if key in self._known:
            return self._known[key]
        street = self._street
        ahead: dict[int, float] = {}
        rows: list[tuple[tuple[int, int, float], ...]] = []
        for s in range(len(edges) - 1, -1, -1):
            lanes = street.edges[edges[s]]
            reach: dict[int, float] = {}
            link: dict[int, int] = {}
            for lane in lanes:
                if not street.may_use(lane, vclass):
                    continue
                own = float(street.lane_length_m[lane])
                if s == len(edges) - 1:
                    reach[lane], link[lane] = own, LEAVES if edges[s] in self._ends else NO_LINK
                    continue
                best = None
                for k in self._links.get(lane, ()):
                    there = ahead.get(int(street.link_to[k]))
                    if there is not None and (best is None or there > best):
                        best, link[lane] = there, k
                if best is not None:
                    reach[lane] = own + best
            if not reach:
                raise ValueError(f"no lane of {edges[s]} leads to {edges[s + 1]}")
            longest = max(reach.values())
            row = []
            for lane in lanes:
                if lane in reach:
                    short = reach[lane] < longest - 1
                    penalty = max(0.0, 1 - (reach[lane] - street.lane_length_m[lane]) / 200.0) if short else 0.0
                    row.append((lane, link[lane], round(float(penalty), 6)))
            rows.append(tuple(row))
            ahead = {lane: reach.get(lane, 0.0) for lane in lanes if street.may_use(lane, vclass)}
        first = len(self.steps)
        for row in reversed(rows):
            self.steps.append(self._choices.setdefault(row, len(self._choices)))
        self._known[key] = first
        return first

    def choices(self):
        rows = list(self._choices)
        ptr = np.concatenate([[0], np.cumsum([len(r) for r in rows])]).astype(np.int32)
        flat = [x for r in rows for x in r]
        return (
            ptr,
            np.array([x[0] for x in flat], np.int32),
            np.array([x[1] for x in flat], np.int32),
            np.array([x[2] for x in flat]),
            rows,
        )


def demand_of(street: Street, vehicles: list[RoutedVehicle], kind_of: dict[str, tuple[int, str]], seed: int = 99) -> Demand:
    """The kernel's demand."""
    driven_on = {e for v in vehicles for e in v.edges[:-1]}
    table = RouteTable(street, frozenset(street.edges.keys() - driven_on))
    first = [table.add(v.edges, kind_of[v.vtype][1]) for v in vehicles]
    ptr, lane, link, penalty, rows = table.choices()
    groups: dict[tuple, list[int]] = {}
    for i, s in enumerate(first):
        row = rows[table.steps[s]]
        best = tuple(x[0] for x in row if x[2] <= 0)
        groups.setdefault((best,), []).append(i)
    members = list(groups.values())
    rng = np.random.default_rng(seed)
    share = rng.random(len(vehicles))
    random = np.array([v.random_position for v in vehicles])
    starts = np.array([street.lane_length_m[lane[ptr[table.steps[s]]]] for s in first])
    base = np.maximum(0.0, 1 - 7.5 / starts)
    vehicle = records(VEHICLE, len(vehicles))
    vehicle.depart_s = [v.depart_s for v in vehicles]
    vehicle.entry_share = np.where(random, 1 - share, base)
    vehicle.step = first
    vehicle.kind = [kind_of[v.vtype][0] for v in vehicles]
    choice = records(CHOICE, len(rows))
    choice.first, choice.end = ptr[:-1], ptr[1:]
    option = records(OPTION, len(lane))
    option.lane, option.link, option.penalty = lane, link, penalty
    return Demand(
        vehicles=vehicle,
        source_ptr=np.concatenate([[0], np.cumsum([len(m) for m in members])]).astype(np.int32),
        source_vehicle=np.array([i for m in members for i in m], np.int32),
        step_choice=np.array(table.steps, np.int32),
        choices=choice,
        options=option,
    )
