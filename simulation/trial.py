"""One SUMO run of a plan with all that decides whether it may be proposed: delay, collisions, jams, edges."""

from __future__ import annotations

import math
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median

from nutgiao.models.contracts.errors import SimulationFailed
from nutgiao.simulation.demand_entrances import UNKNOWN, entrances
from nutgiao.simulation.detectors import run_stuck
from nutgiao.simulation.evaluate import never_due, sumo_options, trip_options
from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.signal_programs import SignalProgram, write_programs
from nutgiao.simulation.sumo_process import run_tool
from nutgiao.simulation.xml_elements import elements

_WATCHED_S = 600.0
_STUCK = 0.2
"""A street is stuck if in its last ten minutes fewer than this share of those inside got out, and fewer than this share
of what got out in ten minutes on average."""

HALTING_S = 60.0
"""Halting vehicles are told as means over so many seconds."""


_JAM, _JAM_SEEDS = 2.0, 3
"""A seed whose delay is so many times the median jammed, if there are so many seeds to know the median from."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What one run was like; means are over all scheduled vehicles.

    Attributes:
        seed: of SUMO.
        delay_s: time lost on the road and waited outside; who never got in waits to the end.
        depart_delay_s: the part outside.
        stops: mean stops of those who got in.
        scheduled: vehicles that were to set out.
        departed: vehicles that got in.
        arrived: vehicles that reached their end.
        collisions: as SUMO counts them.
        emergency_brakings: as SUMO counts them.
        gridlocked: almost nobody moved on in the last ten minutes though many were there.
        edge_delay_s: edge to the time lost there by all its vehicles, with those who waited to enter on it.
        edge_vehicles: edge to the number of vehicles that entered it or waited to.
        cpu_s: of the process that ran SUMO.
        halting_veh: edge to the mean number of halting vehicles (below 0.1 m/s) in each `HALTING_S`; edges on which
            there never was one are left out.
        never_entered: edge to how many waited to enter it and never did.
        type_delay_s: vehicle type to the delay of all its vehicles.
        type_vehicles: vehicle type to their number.
        line_delay_s: line of public transport to the delay of all its vehicles.
        line_vehicles: line to their number.
        not_counted: vehicles that took part and are in none of the figures above but those of edges.
    """

    seed: int
    delay_s: float
    depart_delay_s: float
    stops: float
    scheduled: int
    departed: int
    arrived: int
    collisions: int
    emergency_brakings: int
    gridlocked: bool
    edge_delay_s: dict[str, float]
    edge_vehicles: dict[str, int]
    cpu_s: float
    halting_veh: dict[str, tuple[float, ...]] = field(default_factory=dict)
    never_entered: dict[str, int] = field(default_factory=dict)
    type_delay_s: dict[str, float] = field(default_factory=dict)
    type_vehicles: dict[str, int] = field(default_factory=dict)
    line_delay_s: dict[str, float] = field(default_factory=dict)
    line_vehicles: dict[str, int] = field(default_factory=dict)
    not_counted: int = 0


def jammed_seeds(trials: Iterable[Trial]) -> list[int]:
    """Seeds on which a plan jams: almost nobody moved on in the end, or the delay is twice the seeds' median.

    A jam of one junction holds up a part of a city only. Plans of RESCO's cologne3 that lock two streams of turns had
    20 s on most seeds and 90 to 680 s on one of twenty, while others still drove.
    """
    known = list(trials)
    limit_s = _JAM * median(one.delay_s for one in known) if len(known) >= _JAM_SEEDS else math.inf
    return [one.seed for one in known if one.gridlocked or one.delay_s > limit_s]


def run_trial(
    scenario: Scenario,
    programs: Sequence[SignalProgram],
    seed: int,
    extra: Sequence[Path] = (),
    edges: bool = True,
    stuck: Mapping[str, bool] | None = None,
    left_out: frozenset[str] = frozenset(),
    line_of: Mapping[str, str] | None = None,
) -> Trial:
    """Runs a scenario once.

    Args:
        scenario: what to run.
        programs: replace the shipped ones of their traffic lights.
        seed: of SUMO.
        extra: further additional files, such as the programs of another tool.
        edges: whether delays and halting vehicles are told by edge.
        stuck: detectors of actuated lights to whether they are stuck on.
        left_out: vehicles and flows that run but do not count.
        line_of: vehicle or flow to its line of public transport.

    Raises:
        SimulationFailed: if SUMO gives up; carries its message.
    """
    with tempfile.TemporaryDirectory(prefix="nutgiao-trial-") as name:
        folder = Path(name)
        files = [*scenario.additional, *extra]
        if programs:
            files.append(write_programs(folder / "programs.add.xml", programs))
        outputs = Outputs(folder, edges)
        options = outputs.options(replace(scenario, additional=tuple(files)), seed)
        if stuck:
            cpu_s = run_stuck(options, stuck, scenario.end_s, folder, scenario.name)
        else:
            cpu_s = run_tool("sumo", options, scenario.name)
        return outputs.read(scenario, seed, cpu_s, Who(left_out, line_of or {}))


@dataclass(frozen=True, slots=True)
class Who:
    """Whose delay counts, and for which line."""

    left_out: frozenset[str]
    line_of: Mapping[str, str]

    def find(self, vehicle: str, known: Callable[[str], bool]) -> str:
        """The name by which a vehicle is known: its own or its flow's (those are numbered after a dot); or empty."""
        while vehicle and not known(vehicle):
            vehicle = vehicle.rpartition(".")[0]
        return vehicle


@dataclass(frozen=True, slots=True)
class Outputs:
    """What SUMO writes in a run, however it is run, and the figures in it.

    Attributes:
        folder: for the files.
        edges: whether delays and halting vehicles are told by edge.
    """

    folder: Path
    edges: bool = True

    def options(self, scenario: Scenario, seed: int) -> list[str]:
        """All options of the run."""
        files = [*scenario.additional]
        if self.edges:
            files.append(self.folder / "edges.add.xml")
            files[-1].write_text(
                f'<additional><edgeData id="all" file="edges.xml" excludeEmpty="true" period="{HALTING_S:g}"/>'
                "</additional>",
                encoding="utf-8",
            )
        whole = replace(scenario, additional=tuple(files))
        return [
            *sumo_options(whole, seed), *trip_options(self.folder / "tripinfo.xml"),
            "--statistic-output", str(self.folder / "statistics.xml"),
        ]  # fmt: skip

    def read(self, scenario: Scenario, seed: int, cpu_s: float, who: Who) -> Trial:
        """Figures of a run that has come to its end."""
        edges = self.folder / "edges.xml" if self.edges else None
        trips, statistics = self.folder / "tripinfo.xml", self.folder / "statistics.xml"
        return _read(scenario, seed, cpu_s, trips, statistics, edges, who)


def _read(
    scenario: Scenario, seed: int, cpu_s: float, trips: Path, statistics: Path, edges: Path | None, who: Who
) -> Trial:
    scheduled = departed = arrived = late = left_out = 0
    loss_s = outside_s = stops = 0.0
    edge_s: dict[str, float] = {}
    edge_n: dict[str, int] = {}
    outside_of: dict[str, float] = {}
    type_s: defaultdict[str, float] = defaultdict(float)
    type_n: defaultdict[str, int] = defaultdict(int)
    line_s: defaultdict[str, float] = defaultdict(float)
    line_n: defaultdict[str, int] = defaultdict(int)
    for trip in elements(trips):
        if trip.tag != "tripinfo" or never_due(trip):
            continue
        waited_s = max(0.0, float(trip.attrib["departDelay"]))
        entered = float(trip.attrib["depart"]) >= 0.0
        if entered:
            entrance = trip.attrib["departLane"].rpartition("_")[0]
            edge_s[entrance] = edge_s.get(entrance, 0.0) + waited_s
        else:
            outside_of[trip.attrib["id"]] = waited_s
        if who.left_out and who.find(trip.attrib["id"], who.left_out.__contains__):
            left_out += 1
            continue
        scheduled += 1
        outside_s += waited_s
        lost_s = max(0.0, float(trip.attrib["timeLoss"])) if entered else 0.0
        if entered:
            departed += 1
            loss_s += lost_s
            stops += float(trip.attrib["waitingCount"])
        kind = trip.get("vType", "")
        type_s[kind] += lost_s + waited_s
        type_n[kind] += 1
        line = who.line_of.get(who.find(trip.attrib["id"], who.line_of.__contains__)) if who.line_of else None
        if line:
            line_s[line] += lost_s + waited_s
            line_n[line] += 1
        arrived += float(trip.attrib["arrival"]) >= 0.0
        late += float(trip.attrib["arrival"]) >= scenario.end_s - _WATCHED_S
    if scheduled == 0:
        raise SimulationFailed(f"{scenario.name}: no vehicle was scheduled, so there is no delay; mend begin and end")
    entrance_of = entrances(scenario) if outside_of else {}
    for vehicle, waited_s in outside_of.items():  # SUMO does not say where they wait
        entrance = entrance_of.get(who.find(vehicle, entrance_of.__contains__), UNKNOWN)
        edge_s[entrance] = edge_s.get(entrance, 0.0) + waited_s
        edge_n[entrance] = edge_n.get(entrance, 0) + 1
    never_entered = dict(edge_n)
    halting: dict[str, tuple[float, ...]] = {}
    if edges is not None:
        halting = _add_edges(edges, scenario, edge_s, edge_n)
    safety = _safety(statistics)
    inside = departed - arrived
    usual = arrived * min(1.0, _WATCHED_S / (scenario.end_s - scenario.begin_s))
    return Trial(
        seed=seed,
        delay_s=(loss_s + outside_s) / scheduled,
        depart_delay_s=outside_s / scheduled,
        stops=stops / max(1, departed),
        scheduled=scheduled,
        departed=departed,
        arrived=arrived,
        collisions=int(safety.get("collisions", 0)),
        emergency_brakings=int(safety.get("emergencyBraking", 0)),
        gridlocked=bool(inside >= 20 and late < _STUCK * inside and late < _STUCK * max(usual, 1.0)),
        edge_delay_s=edge_s,
        edge_vehicles=edge_n,
        cpu_s=cpu_s,
        halting_veh=halting,
        never_entered=never_entered,
        type_delay_s=dict(type_s),
        type_vehicles=dict(type_n),
        line_delay_s=dict(line_s),
        line_vehicles=dict(line_n),
        not_counted=left_out,
    )


def _safety(path: Path) -> dict[str, str]:
    found = next((dict(one.attrib) for one in elements(path) if one.tag == "safety"), None)
    return found or {}


def _add_edges(
    path: Path, scenario: Scenario, delay_s: dict[str, float], vehicles: dict[str, int]
) -> dict[str, tuple[float, ...]]:
    """Adds what SUMO's edge data say of the time lost on each edge and of who came there.

    Returns:
        Halting vehicles as in `Trial`. SUMO's waiting time of an edge in an interval is the sum over all who halt
        there: divided by the interval, it is their mean number.
    """
    count = math.ceil((scenario.end_s - scenario.begin_s) / HALTING_S)
    halting: dict[str, list[float]] = {}
    for number, interval in enumerate(one for one in elements(path) if one.tag == "interval"):
        length_s = max(1.0, float(interval.attrib["end"]) - float(interval.attrib["begin"]))
        for edge in interval:
            name = edge.attrib["id"]
            delay_s[name] = delay_s.get(name, 0.0) + float(edge.get("timeLoss", 0.0))
            came = int(float(edge.get("departed", 0))) + int(float(edge.get("entered", 0)))
            vehicles[name] = vehicles.get(name, 0) + came
            waited_s = float(edge.get("waitingTime", 0.0))
            if waited_s > 0.0 and number < count:
                halting.setdefault(name, [0.0] * count)[number] = waited_s / length_s
    return {name: tuple(values) for name, values in halting.items()}
