"""A recorded period of the demonstration corridor: what its cameras saw, what its lamps showed, and the true queues."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nutgiao.configs.loader import load_site
from nutgiao.models.contracts.plan import local_plan, scheduled_row
from nutgiao.models.contracts.site import Approach, Site, site_hash
from nutgiao.models.contracts.words import CLASS_CODE, Indication, VehicleClass
from nutgiao.models.vision.detections import Detections
from nutgiao.simulation.cabinet import Cabinet
from nutgiao.simulation.demand import WORKDAY
from nutgiao.simulation.queues import lane_at
from nutgiao.simulation.street import RoadUsers, Street
from nutgiao.simulation.virtual_camera import VirtualCamera

BEGIN_S, MEASURE_S, END_S = 24_900, 25_200, 26_400
"""06:55 to 07:20; measured from 07:00, when the street has filled. The peak stands from 07:06 to 07:15."""

JOIN_MPS, LEAVE_MPS = 5 / 3.6, 7 / 3.6
"""A vehicle is queued from the moment it is slower than the one until it is faster than the other."""

GAP_M = 15.0
"""A queue hangs together from the stop line back by gaps of at most this, from bumper to bumper; vehicles that move
connect too, but its back is the rear of one that is queued."""

NEAREST_M = -8.0
"""Who is further over the line is in the conflict area."""

Place = tuple[str, str]
"""Node and approach."""


@dataclass
class Recording:
    """What a period left behind.

    Attributes:
        sites: by node.
        frames: of each place, time and detections, two a second.
        lamps: of each node, what its groups showed in each second.
        backs: of each place, ``(seconds, lanes)`` true back of queue at the end of each second, metres.
        seconds: ``(seconds,)`` those ends, seconds since midnight.
    """

    sites: dict[str, Site]
    frames: dict[Place, list[tuple[float, Detections]]] = field(default_factory=dict)
    lamps: dict[str, list[dict[str, Indication]]] = field(default_factory=dict)
    backs: dict[Place, NDArray[np.float64]] = field(default_factory=dict)
    seconds: NDArray[np.float64] = field(default_factory=lambda: np.arange(BEGIN_S, END_S) + 1.0)


def record(seed: int, folder: Path, demand: float = 1.0) -> Recording:
    """Runs the street under its own time-of-day tables.

    Args:
        seed: of demand, drivers and cameras.
        folder: for SUMO's files.
        demand: factor on the demand of the main road's two ends.
    """
    sites = {name: load_site(f"demo-{name}") for name in ("j1", "j2", "j3")}
    recording = Recording(sites)
    cabinets: dict[str, Cabinet] = {}
    group_names: dict[str, list[str]] = {}
    for name, site in sites.items():
        assert site.signals is not None
        group_names[name] = [group.id for group in site.signals.groups]
        plan = local_plan(name, site.signals, site_hash(site), scheduled_row(site.signals, BEGIN_S))
        cabinets[name] = Cabinet(site.signals, plan, BEGIN_S)
    seeds = np.random.SeedSequence(seed).spawn(sum(len(site.cameras) for site in sites.values()))
    cameras = {}
    for name, site in sites.items():
        for camera in site.cameras:
            approach = site.approach(camera.approaches[0])
            cameras[name, approach.id] = VirtualCamera(camera, approach, np.random.default_rng(seeds.pop()))
    rates = WORKDAY.veh_per_h
    profile = dataclasses.replace(WORKDAY, veh_per_h=rates | {end: demand * rates[end] for end in ("W", "E")})
    recording.frames = {place: [] for place in cameras}
    recording.lamps = {name: [] for name in sites}
    with Street(folder, seed, BEGIN_S, END_S, profile) as street:
        truth = TrueQueues(street, sites)
        backs: dict[Place, list[list[float]]] = {place: [] for place in cameras}
        for second in range(BEGIN_S, END_S):
            for name, cabinet in cabinets.items():
                shown = dict(zip(group_names[name], cabinet.tick(second).groups, strict=True))
                street.show(name, shown)
                recording.lamps[name].append(shown)
            for _ in range(2):
                users = street.step()
                truth.follow(users)
                for place, eye in cameras.items():
                    recording.frames[place].append((users.time_s, eye.see(users)))
            for place in cameras:
                backs[place].append(truth.backs(place))
    recording.backs = {place: np.array(rows) for place, rows in backs.items()}
    return recording


class TrueQueues:
    """Back of queue of every lane, from where SUMO says everyone is. Written to be read.

    Args:
        street: a running street.
        sites: by node.
    """

    def __init__(self, street: Street, sites: dict[str, Site]) -> None:
        self._place_of: dict[int, Place] = {}
        self._approach: dict[Place, Approach] = {}
        for name, site in sites.items():
            for approach in site.approaches:
                edge = street.junctions[name].legs[approach.id].edge
                self._place_of[street.edges.index(edge)] = (name, approach.id)
                self._approach[name, approach.id] = approach
        self._inner = {code for code, edge in enumerate(street.edges) if edge.startswith(":")}
        self._last_place: dict[int, Place] = {}
        self._queued: set[int] = set()
        self._here: dict[Place, list[tuple[float, float, int, bool]]] = {}

    def follow(self, users: RoadUsers) -> None:
        """Takes one step in: who is where, who joins a queue and who leaves it."""
        self._here = {place: [] for place in self._approach}
        for i in np.flatnonzero(users.classes != CLASS_CODE[VehicleClass.PEDESTRIAN]).tolist():
            slot, edge = int(users.slot[i]), int(users.edge[i])
            if users.fresh[i]:
                self._last_place.pop(slot, None)
                self._queued.discard(slot)
            if edge not in self._inner:
                self._last_place.pop(slot, None)
                if edge in self._place_of:
                    self._last_place[slot] = self._place_of[edge]
            speed = float(users.speed_mps[i])
            if speed < JOIN_MPS or (speed < LEAVE_MPS and slot in self._queued):
                self._queued.add(slot)
            else:
                self._queued.discard(slot)
            place = self._last_place.get(slot)
            if place is None:
                continue
            approach = self._approach[place]
            bearing = np.radians(approach.heading_deg)
            dx, dy = users.front_m[i] - np.array(approach.origin_m)
            x = float(-(dx * np.sin(bearing) + dy * np.cos(bearing)))
            y = float(dy * np.sin(bearing) - dx * np.cos(bearing))
            if x > NEAREST_M:
                rear = x + float(users.size_m[i, 0])
                self._here[place].append((x, rear, lane_at(approach, y), slot in self._queued))

    def backs(self, place: Place) -> list[float]:
        """True back of queue of each lane of a place now, metres; 0 without a queue."""
        lanes = range(len(self._approach[place].lanes))
        return [back_of_queue([v for v in self._here[place] if v[2] == lane]) for lane in lanes]


def back_of_queue(vehicles: list[tuple[float, float, int, bool]]) -> float:
    """Rear of the last queued vehicle that hangs together with the stop line.

    Args:
        vehicles: front, rear (metres upstream of the line), lane, queued; of one lane.
    """
    reach = back = 0.0
    for front, rear, _, queued in sorted(vehicles):
        if front - reach > GAP_M:
            break
        reach = max(reach, rear)
        if queued:
            back = max(back, rear)
    return back
