"""A running street: a thin driver of one SUMO simulation in this process, read as arrays after every step."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.closing import Closing
from nutgiao.models.contracts.errors import SimulationFailed
from nutgiao.models.contracts.words import CLASS_CODE, Indication, VehicleClass
from nutgiao.simulation.demand import WORKDAY, Profile, make_demand
from nutgiao.simulation.networks.build import STOPS_FILE, build_network, sumo_home
from nutgiao.simulation.networks.network import SignalisedJunction, read_network
from nutgiao.simulation.program import state_string
from nutgiao.simulation.vehicles import TYPES

STEP_S = 0.5
"""Never longer: with motorcycles a step of 1 s gives thousands of collisions."""

LATERAL_RESOLUTION_M = 0.8
LARGEST_TILT_DEG = 12.0

BLOCKS_S = 60
"""Who has stood in a junction for so long is driven around. SUMO's riders can stop side by side on two paths that part,
each waiting for the other for ever, and close a junction that nothing closes on a real street: a run of the demo that
lost 77 s a person by it loses 41 s with this. Nobody who waits there for his gap or his green does so for a minute."""


@dataclass(frozen=True, slots=True)
class RoadUsers:
    """Everyone on the street at one instant, one row each, vehicles before people.

    Attributes:
        time_s: the instant, seconds since midnight.
        ids: SUMO's names; for truth and drawings only.
        front_m: ``(n, 2)`` middle of the front bumper, network coordinates, metres.
        centre_m: ``(n, 2)`` middle of the body.
        heading_deg: ``(n,)`` clockwise from +y.
        speed_mps: ``(n,)``.
        size_m: ``(n, 3)`` length, width, height.
        classes: ``(n,)`` int8, index into `nutgiao.models.contracts.words.CLASSES`.
        edge: ``(n,)`` int32, index into `Street.edges`.
        slot: ``(n,)`` int32, a number that the road user keeps while it is on the street and that is given again later.
        fresh: ``(n,)`` bool, whether it appeared in this step.
    """

    time_s: float
    ids: tuple[str, ...]
    front_m: NDArray[np.float64]
    centre_m: NDArray[np.float64]
    heading_deg: NDArray[np.float64]
    speed_mps: NDArray[np.float64]
    size_m: NDArray[np.float64]
    classes: NDArray[np.int8]
    edge: NDArray[np.int32]
    slot: NDArray[np.int32]
    fresh: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(slots=True)
class Mishaps:
    """What should not happen in a simulation and is counted when it does; a pair collides once, however long."""

    collisions: int = 0
    teleports: int = 0
    emergency_stops: int = 0


class Street(Closing):
    """One SUMO simulation; libsumo allows one at a time in a process.

    Use it as a context manager: leaving closes SUMO, which completes its output files.

    Attributes:
        junctions: signalised junctions by id.
        edges: names of SUMO's edges; `RoadUsers.edge` points into it.
        shown: what each signal group of each junction shows.
        mishaps: collisions, teleports and emergency brakings so far.
        tripinfo: file with every trip, complete after closing.
        statistics: file with SUMO's own counts, complete after closing.
    """

    def __init__(
        self,
        out_dir: Path,
        seed: int,
        begin_s: float,
        end_s: float,
        profile: Profile = WORKDAY,
        demand: Path | None = None,
        extra_options: tuple[str, ...] = (),
    ) -> None:
        """Builds network and demand and starts SUMO at ``begin_s``; every lamp is red.

        Args:
            out_dir: folder for the network, the demand and SUMO's outputs.
            seed: of the demand and of SUMO.
            begin_s: start, seconds since midnight.
            end_s: demand ends here.
            profile: demand over the day.
            demand: a route file of its own instead.
            extra_options: further SUMO options.

        Raises:
            SimulationFailed: if SUMO is missing, does not start, or already runs in this process.
        """
        net = build_network(out_dir)
        routes = demand if demand is not None else make_demand(seed, begin_s, end_s, profile, out_dir)
        self.junctions: dict[str, SignalisedJunction] = read_network(net)
        self.tripinfo = out_dir / "tripinfo.xml"
        options = ["sumo", "--net-file", str(net), "--route-files", str(routes), "--additional-files", str(STOPS_FILE)]
        options += ["--begin", str(begin_s), "--step-length", str(STEP_S), "--seed", str(seed)]
        options += ["--lateral-resolution", str(LATERAL_RESOLUTION_M), "--time-to-teleport", "-1"]
        options += ["--ignore-junction-blocker", str(BLOCKS_S)]
        options += [
            "--collision.action",
            "warn",
            "--collision.mingap-factor",
            "0",
            "--tripinfo-output",
            str(self.tripinfo),
        ]
        options += ["--tripinfo-output.write-unfinished", "true", "--tripinfo-output.write-undeparted", "true"]
        self.statistics = out_dir / "statistics.xml"
        options += ["--statistic-output", str(self.statistics)]
        options += ["--no-warnings", "true", "--no-step-log", "true", "--duration-log.disable", "true"]
        options += ["--max-depart-delay", "-1", "--route-steps", "200", *extra_options]
        self._begin(options, begin_s)
        for name, junction in self.junctions.items():
            self.show(name, dict.fromkeys(junction.groups, Indication.RED))

    def _begin(self, options: list[str], begin_s: float) -> None:
        """Starts SUMO and gets ready to read it."""
        sumo_home()
        import libsumo

        self._sumo: Any = libsumo
        if libsumo.isLoaded():
            raise SimulationFailed("a street already runs in this process; SUMO as a library allows one at a time")
        try:
            libsumo.start(options)
        except (libsumo.TraCIException, libsumo.FatalTraCIError) as error:
            self.close()
            raise SimulationFailed(f"SUMO did not start: {error}") from error
        self.time_s = begin_s
        self.mishaps = Mishaps()
        self.edges: tuple[str, ...] = tuple(libsumo.edge.getIDList())
        self._edge_code = {name: code for code, name in enumerate(self.edges)}
        self._bearing = np.array([_bearing_of(libsumo, name) for name in self.edges])
        self._slot_of: dict[str, int] = {}
        self._free: list[int] = []
        self._static = np.zeros((1024, 4))  # length, width, height, class by slot
        tc = libsumo.constants
        self._fields = (tc.VAR_POSITION, tc.VAR_ANGLE, tc.VAR_SPEED, tc.VAR_ROAD_ID)
        self._letters: dict[str, str] = {}
        self._collided: set[tuple[str, str]] = set()
        self.shown: dict[str, dict[str, Indication]] = {}

    def close(self) -> None:
        """Stops SUMO; may be called twice."""
        if self._sumo.isLoaded():
            self._sumo.close()

    def show(self, node: str, shown: Mapping[str, Indication]) -> None:
        """Sets the lamps of a junction from the next step on.

        Args:
            node: junction.
            shown: what each of its signal groups shows.
        """
        self.shown[node] = dict(shown)
        letters = state_string(self.junctions[node], shown)
        if letters != self._letters.get(node):
            self._sumo.trafficlight.setRedYellowGreenState(node, letters)
            self._letters[node] = letters

    def step(self) -> RoadUsers:
        """Advances by `STEP_S`.

        Returns:
            Everyone on the street after the step.

        Raises:
            SimulationFailed: if SUMO gives up.
        """
        sumo = self._sumo
        try:
            sumo.simulation.step()
        except (sumo.TraCIException, sumo.FatalTraCIError) as error:
            raise SimulationFailed(f"SUMO gave up at {self.time_s:.1f} s: {error}") from error
        self.time_s = sumo.simulation.getTime()
        for one in sumo.simulation.getCollisions():
            self._collided.add((one.collider, one.victim))
        self.mishaps.collisions = len(self._collided)
        self.mishaps.teleports += sumo.simulation.getStartingTeleportNumber()
        self.mishaps.emergency_stops += len(sumo.simulation.getEmergencyStoppingVehiclesIDList())
        fresh: set[str] = set()
        for name in sumo.simulation.getDepartedIDList():
            self._enter(name, TYPES[sumo.vehicle.getTypeID(name)].vehicle_class)
            sumo.vehicle.subscribe(name, self._fields)
            fresh.add(name)
        for name in sumo.simulation.getDepartedPersonIDList():
            self._enter(name, VehicleClass.PEDESTRIAN)
            sumo.person.subscribe(name, self._fields)
            fresh.add(name)
        for name in (*sumo.simulation.getArrivedIDList(), *sumo.simulation.getArrivedPersonIDList()):
            self._free.append(self._slot_of.pop(name))
        return self._read(fresh)

    def serves_stop(self, vehicle: str) -> bool:
        """Whether a vehicle stands at a bus stop to let people in and out."""
        return bool(self._sumo.vehicle.isAtBusStop(vehicle))

    def stands_by_choice(self, vehicle: str) -> bool:
        """Whether a vehicle stands at a stop of its own, held by nobody and no lamp."""
        return bool(self._sumo.vehicle.isStopped(vehicle))

    def walks_to(self, person: str) -> str:
        """The edge that somebody on foot walks on next, which may be a crossing."""
        return str(self._sumo.person.getNextEdge(person))

    def edge_line(self, edge: str) -> tuple[tuple[float, float], tuple[float, float]]:
        """First and last point of the middle of an edge's kerb lane, network coordinates, metres."""
        shape = self._sumo.lane.getShape(f"{edge}_0")
        return (float(shape[0][0]), float(shape[0][1])), (float(shape[-1][0]), float(shape[-1][1]))

    def lane_shapes(self) -> list[tuple[list[tuple[float, float]], float, bool]]:
        """Shape, width and whether it is for walking, of each lane and crossing; for drawings."""
        lane = self._sumo.lane
        found = []
        for name in lane.getIDList():
            walk = tuple(lane.getAllowed(name)) == ("pedestrian",)
            found.append(([(float(x), float(y)) for x, y in lane.getShape(name)], float(lane.getWidth(name)), walk))
        return found

    def _enter(self, name: str, vehicle_class: VehicleClass) -> None:
        slot = self._free.pop() if self._free else len(self._slot_of)
        if slot >= len(self._static):
            self._static = np.concatenate([self._static, np.zeros_like(self._static)])
        self._slot_of[name] = slot
        self._static[slot] = (*TYPES[vehicle_class.value].size_m, CLASS_CODE[vehicle_class])

    def _read(self, fresh: set[str]) -> RoadUsers:
        position, angle, speed, road = self._fields
        edge_code, slot_of = self._edge_code, self._slot_of
        ids: list[str] = []
        states: list[dict[int, Any]] = []
        for table in (self._sumo.vehicle.getAllSubscriptionResults(), self._sumo.person.getAllSubscriptionResults()):
            ids += table.keys()
            states += table.values()
        data = np.array([(*one[position], one[angle], one[speed]) for one in states], np.float64).reshape(-1, 4)
        edge = np.array([edge_code[one[road]] for one in states], np.int32)
        slots = np.array([slot_of[name] for name in ids], np.int32)
        static = self._static[slots]
        heading = _upright(data[:, 2], self._bearing[edge])
        bearing = np.radians(heading)
        front = np.ascontiguousarray(data[:, :2])
        centre = front - 0.5 * static[:, :1] * np.stack([np.sin(bearing), np.cos(bearing)], axis=1)
        return RoadUsers(
            time_s=self.time_s,
            ids=tuple(ids),
            front_m=front,
            centre_m=centre,
            heading_deg=heading,
            speed_mps=np.ascontiguousarray(data[:, 3]),
            size_m=np.ascontiguousarray(static[:, :3]),
            classes=static[:, 3].astype(np.int8),
            edge=edge,
            slot=slots,
            fresh=np.array([name in fresh for name in ids], bool) if fresh else np.zeros(len(ids), bool),
        )


def _bearing_of(sumo: Any, edge: str) -> float:
    """Direction of a street's edge, degrees clockwise from +y; NaN inside junctions and on paths for walking."""
    if edge.startswith(":"):
        return math.nan
    (x0, y0), (x1, y1) = sumo.lane.getShape(f"{edge}_0")[-2:]
    return math.degrees(math.atan2(x1 - x0, y1 - y0)) % 360.0


def _upright(heading_deg: NDArray[np.float64], edge_deg: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bounds headings to `LARGEST_TILT_DEG` off the street's direction.

    SUMO turns a vehicle by the ratio of its lateral to its forward speed: one that inches forward in a queue would
    stand across its lane. People (who walk both ways) and vehicles in a junction keep their heading.
    """
    tilt = (heading_deg - edge_deg + 180.0) % 360.0 - 180.0
    bounded = (edge_deg + np.clip(tilt, -LARGEST_TILT_DEG, LARGEST_TILT_DEG)) % 360.0
    return np.where(np.abs(tilt) < 80.0, bounded, heading_deg)
