"""Detectors of actuated lights that are stuck: which there are, and a SUMO run in which they are."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from nutgiao.simulation.changes import DetectorFailure, refused
from nutgiao.simulation.evaluate import sumo_options
from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.sumo_process import run_command
from nutgiao.simulation.xml_elements import elements

NEVER_S = 1e6
"""Seconds since a detector that is stuck off last saw a vehicle."""

ACTUATED = "actuated"
_OTHERS = frozenset({"delay_based", "NEMA"})


class StuckJob(msgspec.Struct, frozen=True):
    """A run with stuck detectors.

    Attributes:
        options: of SUMO.
        end_s: end of the run.
        stuck: detector to whether it is stuck on.
        list_to: file for the ids of all detectors; then nothing is run.
    """

    options: list[str]
    end_s: float
    stuck: dict[str, bool] = {}
    list_to: str = ""


def stuck_detectors(scenario: Scenario, failures: Sequence[DetectorFailure], folder: Path) -> dict[str, bool]:
    """The detectors that fail, and whether each is stuck on.

    Args:
        scenario: whose lights are in force.
        failures: as asked for.
        folder: for files that pass between processes.

    Raises:
        ConfigError: if there is no actuated light, or no such detector.
        SimulationFailed: if SUMO refuses the scenario.
    """
    lights, theirs = _actuated(scenario)
    if not lights:
        others = sorted(set(_kinds(scenario).values()) - {"static"})
        had = f" (lights here are {', '.join(others)})" if others else " (all lights have fixed times)"
        problem = f"{scenario.name} has no actuated light, so no detector can fail{had}."
        if set(others) & _OTHERS:
            problem += " SUMO 1.28 lets nobody override the detectors of these."
        raise refused(failures[0], problem, "Give plan=FILE with programs of type actuated beside it.")
    out = folder / "detectors.json"
    job = StuckJob(options=sumo_options(scenario, 1), end_s=scenario.begin_s, list_to=str(out))
    _run(job, folder, scenario.name)
    loops = msgspec.json.decode(out.read_bytes(), type=list[str])
    known = [loop for loop in loops if loop in theirs or any(loop.startswith(f"{light}_") for light in lights)]
    found: dict[str, bool] = {}
    for failure in failures:
        if failure.detector != "all" and failure.detector not in known:
            near = difflib.get_close_matches(failure.detector, known, 3, 0.4) or known[:3]
            cure = (
                f"There are {', '.join(near)}{' and others' if len(known) > len(near) else ''}; 'all' is all of them."
            )
            raise refused(failure, f"no actuated light has a detector '{failure.detector}'.", cure)
        found |= dict.fromkeys(known if failure.detector == "all" else [failure.detector], failure.stuck_on)
    return found


def run_stuck(options: Sequence[str], stuck: Mapping[str, bool], end_s: float, folder: Path, what: str) -> float:
    """Runs SUMO with stuck detectors in a process of its own; arguments and answer as those of `run_command`."""
    return _run(StuckJob(list(options), end_s, dict(stuck)), folder, what)


def _run(job: StuckJob, folder: Path, what: str) -> float:
    path = folder / "stuck.json"
    path.write_bytes(msgspec.json.encode(job))
    return run_command([sys.executable, "-m", "nutgiao.simulation.detectors", str(path)], what)


def _kinds(scenario: Scenario) -> dict[str, str]:
    """Traffic light to the type of the program in force, the one loaded last."""
    return {
        element.attrib["id"]: element.get("type", "static")
        for path in (scenario.net, *scenario.additional)
        for element in elements(path)
        if element.tag == "tlLogic" and element.find("phase") is not None
    }


def _actuated(scenario: Scenario) -> tuple[set[str], set[str]]:
    """Actuated lights, and detectors that their programs name."""
    lights = {light for light, kind in _kinds(scenario).items() if kind == ACTUATED}
    named = {
        param.get("value", "")
        for path in (scenario.net, *scenario.additional)
        for element in elements(path)
        if element.tag == "tlLogic" and element.attrib["id"] in lights
        for param in element.findall("param")
    }
    return lights, named


def main(arguments: list[str]) -> int:
    """Runs the job that a file describes.

    Returns:
        Exit code: 0, or 2 if SUMO gave up; its message is on standard error.
    """
    import libsumo  # one simulation a process: this module is its process

    job = msgspec.json.decode(Path(arguments[0]).read_bytes(), type=StuckJob)
    try:
        libsumo.start(["sumo", *job.options])
        if job.list_to:
            Path(job.list_to).write_bytes(msgspec.json.encode(list(libsumo.inductionloop.getIDList())))
        else:
            for loop, on in job.stuck.items():
                libsumo.inductionloop.overrideTimeSinceDetection(loop, 0.0 if on else NEVER_S)
            libsumo.simulationStep(job.end_s)
        libsumo.close()
    except (libsumo.TraCIException, libsumo.libsumo.FatalTraCIError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
