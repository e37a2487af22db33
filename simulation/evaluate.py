"""Runs a scenario in SUMO under given signal programs and says how long everyone was delayed."""

from __future__ import annotations

import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.errors import SimulationFailed
from nutgiao.simulation.halting import HaltingJob
from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.signal_programs import SignalProgram, write_programs
from nutgiao.simulation.sumo_process import run_command, run_tool
from nutgiao.simulation.xml_elements import elements


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What one run was like.

    Attributes:
        delay_s: mean over all scheduled vehicles of the time lost on the road and the time waited to get in; who is
            still on the way or still outside at the end counts as far as he came.
        time_loss_s: the part on the road.
        depart_delay_s: the part outside.
        scheduled: vehicles that were to set out in the period.
        departed: vehicles that got in.
        arrived: vehicles that reached their end.
        cpu_s: user and system time of the process that ran SUMO.
        halting: ``(seconds, lanes)`` uint8, vehicles slower than 0.1 m/s at the end of each second, or None.
    """

    delay_s: float
    time_loss_s: float
    depart_delay_s: float
    scheduled: int
    departed: int
    arrived: int
    cpu_s: float
    halting: NDArray[np.uint8] | None = None


def run(
    scenario: Scenario,
    programs: Sequence[SignalProgram] = (),
    seed: int = 1,
    halting_lanes: Sequence[str] = (),
) -> Evaluation:
    """Runs a scenario once.

    Args:
        scenario: what to run.
        programs: replace the shipped ones of their traffic lights.
        seed: of SUMO.
        halting_lanes: lanes whose halting vehicles are counted; SUMO then runs as a library in a process of its own,
            which gives the same traffic.

    Raises:
        SimulationFailed: if SUMO gives up; carries its message.
    """
    with tempfile.TemporaryDirectory(prefix="nutgiao-sumo-") as name:
        folder = Path(name)
        if programs:
            extra = write_programs(folder / "programs.add.xml", programs)
            scenario = replace(scenario, additional=(*scenario.additional, extra))
        trips = folder / "tripinfo.xml"
        options = [*sumo_options(scenario, seed), *trip_options(trips)]
        halting = None
        if halting_lanes:
            cpu_s, halting = _counted(scenario, options, halting_lanes, folder)
        else:
            cpu_s = run_tool("sumo", options, scenario.name)
        return _summary(scenario, trips, cpu_s, halting)


def bare_cpu_s(scenario: Scenario, programs: Sequence[SignalProgram] = (), seed: int = 1) -> float:
    """CPU seconds, user and system, of a run that writes nothing: what SUMO itself needs."""
    with tempfile.TemporaryDirectory(prefix="nutgiao-sumo-") as name:
        if programs:
            extra = write_programs(Path(name) / "programs.add.xml", programs)
            scenario = replace(scenario, additional=(*scenario.additional, extra))
        return run_tool("sumo", sumo_options(scenario, seed), scenario.name)


def sumo_options(scenario: Scenario, seed: int) -> list[str]:
    """SUMO's options for a scenario. Nobody is lifted out of a jam: a gridlock counts as what it is."""
    options = ["--net-file", str(scenario.net), "--route-files", ",".join(map(str, scenario.routes))]
    if scenario.additional:
        options += ["--additional-files", ",".join(map(str, scenario.additional))]
    options += ["--begin", f"{scenario.begin_s:.10g}", "--end", f"{scenario.end_s:.10g}"]
    options += ["--step-length", f"{scenario.step_s:g}", "--seed", str(seed), "--time-to-teleport", "-1"]
    return [*options, *scenario.options, "--no-step-log", "--no-warnings", "--xml-validation", "never"]


def trip_options(path: Path) -> list[str]:
    """SUMO's options for a file with every scheduled vehicle, unfinished and never departed ones too."""
    return [
        "--tripinfo-output", str(path), "--tripinfo-output.write-unfinished", "--tripinfo-output.write-undeparted",
    ]  # fmt: skip


def never_due(trip: ET.Element) -> bool:
    """Whether a tripinfo element is of a vehicle that was to set out at the very end: SUMO lists it with no delay."""
    return float(trip.attrib["depart"]) < 0.0 and float(trip.attrib["departDelay"]) <= 0.0


def _counted(
    scenario: Scenario, options: list[str], lanes: Sequence[str], folder: Path
) -> tuple[float, NDArray[np.uint8]]:
    job = HaltingJob(
        options=options,
        lanes=list(lanes),
        seconds=round(scenario.end_s - scenario.begin_s),
        steps_per_s=round(1.0 / scenario.step_s),
        out=str(folder / "halting.npy"),
    )
    path = folder / "job.json"
    path.write_bytes(msgspec.json.encode(job))
    cpu_s = run_command([sys.executable, "-m", "nutgiao.simulation.halting", str(path)], scenario.name)
    return cpu_s, np.load(job.out)


def _summary(scenario: Scenario, trips: Path, cpu_s: float, halting: NDArray[np.uint8] | None) -> Evaluation:
    scheduled = departed = arrived = 0
    loss_s = outside_s = 0.0
    for trip in elements(trips):
        if trip.tag != "tripinfo" or never_due(trip):
            continue
        scheduled += 1
        outside_s += max(0.0, float(trip.attrib["departDelay"]))  # of one still outside: up to the end
        if float(trip.attrib["depart"]) >= 0.0:
            departed += 1
            loss_s += max(0.0, float(trip.attrib["timeLoss"]))
        arrived += float(trip.attrib["arrival"]) >= 0.0
    if scheduled == 0:
        raise SimulationFailed(f"{scenario.name}: no vehicle was scheduled, so there is no delay; mend begin and end")
    return Evaluation(
        delay_s=(loss_s + outside_s) / scheduled,
        time_loss_s=loss_s / scheduled,
        depart_delay_s=outside_s / scheduled,
        scheduled=scheduled,
        departed=departed,
        arrived=arrived,
        cpu_s=cpu_s,
        halting=halting,
    )
