"""One run on SUMO 1.9.2, which published figures were made with: in a process of its own, beside today's SUMO.

``python -m benchmarks.old_sumo JOB.json`` runs what the file describes and prints one line of JSON. SUMO 1.9.2 and its
Python modules are fetched once into ``out/cache``; the process finds them in front of today's.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec

from benchmarks.plan_free import rule_of
from benchmarks.reference import cache_folder
from benchmarks.resco import fetch
from nutgiao.cli.controllers import kind_of
from nutgiao.simulation.control.detection import sight
from nutgiao.simulation.control.drive import driven_lights
from nutgiao.simulation.control.guards import guards
from nutgiao.simulation.control.lights import read_lights
from nutgiao.simulation.control.stepper import Stepper
from nutgiao.simulation.evaluate import sumo_options
from nutgiao.simulation.scenario import Scenario

VERSION = "1.9.2"
PACKAGES = (f"eclipse-sumo=={VERSION}", f"traci=={VERSION}", f"sumolib=={VERSION}")
LEAST_GREEN_S = 5.0


class Job(msgspec.Struct, frozen=True):
    """What is run.

    Attributes:
        name: of the scenario.
        seed: of SUMO.
        controller: by name; empty for the shipped programs.
        detection: what it sees by.
        more_stages: further stages of a light at most.
    """

    name: str
    seed: int
    controller: str = ""
    detection: str = "perfect"
    more_stages: int = 0


class Outcome(msgspec.Struct, frozen=True):
    """What a run was like.

    Attributes:
        published_s: mean delay by the formula that the published figures were made with; it leaves out who never
            entered, but for some.
        true_s: of everybody who was to set out, those who never entered waiting to the end.
        never_in: how many those are.
        collisions: SUMO's count.
        emergency_stops: SUMO's count; this version counts no emergency brakings.
    """

    published_s: float
    true_s: float
    never_in: int
    collisions: int
    emergency_stops: int


def packages(cache: Path | None = None) -> Path:
    """The folder with SUMO 1.9.2; the first call fetches it, 60 MB."""
    folder = (cache or cache_folder()) / f"sumo-{VERSION}"
    if not (folder / "sumo" / "bin" / "sumo").exists():
        command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(folder), *PACKAGES]
        subprocess.run(command, check=True)
    return folder


class OverTraci:
    """SUMO over TraCI, with what `libsumo` offers to a sight and to lamps; what is read of vehicles comes in one go.

    Args:
        traci: the module, with a running simulation.
    """

    def __init__(self, traci: Any) -> None:
        self._traci, at = traci, traci.constants
        self._asked = [at.VAR_SPEED, at.VAR_LANEPOSITION, at.VAR_LANE_ID, at.VAR_ROUTE_INDEX, at.VAR_DISTANCE]
        self._told: dict[str, dict[int, Any]] = {}
        vehicle = traci.vehicle
        self.vehicle = SimpleNamespace(
            getIDList=lambda: list(self._told),
            getSpeed=lambda name: self._told[name][at.VAR_SPEED],
            getLanePosition=lambda name: self._told[name][at.VAR_LANEPOSITION],
            getLaneID=lambda name: self._told[name][at.VAR_LANE_ID],
            getRouteIndex=lambda name: self._told[name][at.VAR_ROUTE_INDEX],
            getDistance=lambda name: self._told[name][at.VAR_DISTANCE],
            getRoute=vehicle.getRoute, getSpeedFactor=vehicle.getSpeedFactor, getLength=vehicle.getLength,
            getHeight=vehicle.getHeight,
        )  # fmt: skip
        self.simulation, self.trafficlight, self.lane = traci.simulation, traci.trafficlight, traci.lane

    def simulationStep(self) -> None:  # noqa: N802 - SUMO's name
        """Lets a step pass, and reads all vehicles."""
        self._traci.simulationStep()
        for name in self._traci.simulation.getDepartedIDList():
            self._traci.vehicle.subscribe(name, self._asked)
        self._told = self._traci.vehicle.getAllSubscriptionResults()


def run(job: Job) -> Outcome:
    """Runs a job in this process, whose ``traci`` is that of SUMO 1.9.2."""
    import traci

    scenario = fetch(job.name)
    with tempfile.TemporaryDirectory(prefix="nutgiao-old-") as place:
        trips, said = Path(place) / "trips.xml", Path(place) / "statistic.xml"
        command = [str(Path(traci.__file__).parent.parent / "sumo" / "bin" / "sumo"), *sumo_options(scenario, job.seed)]
        command += ["--tripinfo-output", str(trips), "--tripinfo-output.write-unfinished"]
        traci.start([*command, "--statistic-output", str(said)])
        sumo = OverTraci(traci)
        try:
            second = _second(job, scenario, sumo)
            for _ in range(round(scenario.end_s - scenario.begin_s)):
                next(second)
        finally:
            traci.close()
        safety = ET.parse(said).getroot().find("safety")
        if safety is None:
            raise RuntimeError(f"SUMO {VERSION} told nothing of safety in {said.read_text()!r}")
        told = (int(safety.attrib[key]) for key in ("collisions", "emergencyStops"))
        return Outcome(*delays(scenario, trips), *told)


def _second(job: Job, scenario: Scenario, sumo: OverTraci) -> Iterator[None]:
    if not job.controller:
        while True:
            sumo.simulationStep()
            yield
    lights = read_lights(scenario, rule_of(job.name), LEAST_GREEN_S, job.more_stages)
    controller = kind_of(job.controller).make(lights)
    look = sight(job.detection, sumo, lights, job.seed)
    driven = driven_lights(scenario, lights)
    stepper = Stepper(sumo, scenario, lights, look, controller, guards(lights), driven)
    while True:
        stepper.second(False)
        yield


def delays(scenario: Scenario, trips: Path) -> tuple[float, float, int]:
    """Mean delay as published, true mean delay, and who never entered.

    The published formula is that of RESCO's ``readXML.py``: time lost and insertion delay of all who entered, and the
    time to the end of those vehicles behind the last one that entered; trips are no vehicles there.

    Args:
        scenario: whose demand it is.
        trips: SUMO's file of those who entered.
    """
    due = [
        (one.tag, one.attrib["id"], float(one.attrib["depart"]))
        for route in scenario.routes
        for one in ET.parse(route).getroot()
        if one.tag in ("vehicle", "trip")
    ]
    lost_s, entered, last = 0.0, set(), (-1.0, "")
    for trip in ET.parse(trips).getroot().iter("tripinfo"):
        lost_s += float(trip.attrib["timeLoss"]) + float(trip.attrib["departDelay"])
        entered.add(trip.attrib["id"])
        last = max(last, (float(trip.attrib["depart"]), trip.attrib["id"]))
    of = {name: at_s for _, name, at_s in due}
    counted = [scenario.end_s - at_s for tag, _, at_s in due if tag == "vehicle" and at_s > of[last[1]]]
    never = [
        scenario.end_s - at_s
        for _, name, at_s in due
        if scenario.begin_s <= at_s < scenario.end_s and name not in entered
    ]
    published_s = (lost_s + sum(counted)) / (len(entered) + len(counted))
    return published_s, (lost_s + sum(never)) / (len(entered) + len(never)), len(never)


if __name__ == "__main__":
    print(msgspec.json.encode(run(msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Job))).decode())
