"""One SUMO run of a plan with all that decides whether it may be proposed: delay, collisions, jams, edges."""

from __future__ import annotations

import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nutgiao.models.contracts.errors import SimulationFailed
from nutgiao.simulation.evaluate import never_due, sumo_options, trip_options
from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.signal_programs import SignalProgram, write_programs
from nutgiao.simulation.sumo_process import run_tool
from nutgiao.simulation.xml_elements import elements

_WATCHED_S = 600.0
_STUCK = 0.2
"""A street is stuck if in its last ten minutes fewer than this share of those inside got out, and fewer than this share
of what got out in ten minutes on average."""


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


def run_trial(
    scenario: Scenario, programs: Sequence[SignalProgram], seed: int, extra: Sequence[Path] = (), edges: bool = True
) -> Trial:
    """Runs a scenario once.

    Args:
        scenario: what to run.
        programs: replace the shipped ones of their traffic lights.
        seed: of SUMO.
        extra: further additional files, such as the programs of another tool.
        edges: whether delays are told by edge.

    Raises:
        SimulationFailed: if SUMO gives up; carries its message.
    """
    with tempfile.TemporaryDirectory(prefix="nutgiao-trial-") as name:
        folder = Path(name)
        files = [*scenario.additional, *extra]
        if programs:
            files.append(write_programs(folder / "programs.add.xml", programs))
        if edges:
            files.append(folder / "edges.add.xml")
            files[-1].write_text(
                '<additional><edgeData id="all" file="edges.xml" excludeEmpty="true"/></additional>', encoding="utf-8"
            )
        trips, statistics = folder / "tripinfo.xml", folder / "statistics.xml"
        options = [*sumo_options(replace(scenario, additional=tuple(files)), seed), *trip_options(trips)]
        options += ["--statistic-output", str(statistics)]
        cpu_s = run_tool("sumo", options, scenario.name)
        return _read(scenario, seed, cpu_s, trips, statistics, folder / "edges.xml" if edges else None)


def _read(scenario: Scenario, seed: int, cpu_s: float, trips: Path, statistics: Path, edges: Path | None) -> Trial:
    scheduled = departed = arrived = late = 0
    loss_s = outside_s = stops = 0.0
    edge_s: dict[str, float] = {}
    edge_n: dict[str, int] = {}
    for trip in elements(trips):
        if trip.tag != "tripinfo" or never_due(trip):
            continue
        scheduled += 1
        waited_s = max(0.0, float(trip.attrib["departDelay"]))
        outside_s += waited_s
        entrance = trip.attrib["departLane"].rpartition("_")[0]
        edge_s[entrance] = edge_s.get(entrance, 0.0) + waited_s
        if float(trip.attrib["depart"]) >= 0.0:
            departed += 1
            loss_s += max(0.0, float(trip.attrib["timeLoss"]))
            stops += float(trip.attrib["waitingCount"])
        else:
            edge_n[entrance] = edge_n.get(entrance, 0) + 1
        arrived += float(trip.attrib["arrival"]) >= 0.0
        late += float(trip.attrib["arrival"]) >= scenario.end_s - _WATCHED_S
    if scheduled == 0:
        raise SimulationFailed(f"{scenario.name}: no vehicle was scheduled, so there is no delay; mend begin and end")
    if edges is not None:
        _add_edges(edges, edge_s, edge_n)
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
    )


def _safety(path: Path) -> dict[str, str]:
    found = next((dict(one.attrib) for one in elements(path) if one.tag == "safety"), None)
    return found or {}


def _add_edges(path: Path, delay_s: dict[str, float], vehicles: dict[str, int]) -> None:
    """Adds what SUMO's edge data say of the time lost on each edge and of who came there."""
    root = ET.parse(path).getroot()  # noqa: S314 - written by SUMO a moment ago
    for edge in root.iter("edge"):
        name = edge.attrib["id"]
        lost_s = float(edge.get("timeLoss", 0.0))
        delay_s[name] = delay_s.get(name, 0.0) + lost_s
        came = int(float(edge.get("departed", 0))) + int(float(edge.get("entered", 0)))
        vehicles[name] = vehicles.get(name, 0) + came
