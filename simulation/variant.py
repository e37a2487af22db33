"""A scenario and the same with changes, ready to be run on the same seeds."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from nutgiao.models.contracts.errors import ConfigError
from nutgiao.simulation.changes import (
    Change,
    Closure,
    DemandChange,
    DetectorFailure,
    MotorcycleShare,
    PlanChange,
    refused,
)
from nutgiao.simulation.closures import Stranded, closed_lanes, stranded, write_closures
from nutgiao.simulation.contradictions import warnings_of
from nutgiao.simulation.demand_rewrite import TIMETABLED, Motorcycles, on_timetable, rewritten, without
from nutgiao.simulation.detectors import stuck_detectors
from nutgiao.simulation.scenario import VEHICLES, Scenario
from nutgiao.simulation.street import LATERAL_RESOLUTION_M
from nutgiao.simulation.tls_file import PROGRAM
from nutgiao.simulation.vehicle_kinds import read_kinds
from nutgiao.simulation.xml_elements import elements

_SCALE = "--scale="
_LATERAL = "--lateral-resolution="


@dataclass(frozen=True, slots=True)
class Setup:
    """What is run.

    Attributes:
        scenario: as SUMO gets it.
        stuck: detector to whether it is stuck on.
        left_out: vehicles and flows that run but do not count, since the other setup cannot have them.
        line_of: vehicle or flow to the line of public transport that it serves.
    """

    scenario: Scenario
    stuck: dict[str, bool] = field(default_factory=dict)
    left_out: frozenset[str] = frozenset()
    line_of: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pair:
    """What is compared.

    Attributes:
        base: without the changes.
        changed: with them.
        class_of: vehicle type to SUMO's class, for both.
        stranded: who has no other way, if something is closed.
        tls: file with the changed programs, if there are any.
        notes: what a reader has to know.
    """

    base: Setup
    changed: Setup
    class_of: dict[str, str]
    stranded: Stranded | None
    tls: Path | None
    notes: tuple[str, ...]


def make_pair(scenario: Scenario, changes: Sequence[Change], folder: Path) -> Pair:
    """Makes both sides of the comparison.

    Args:
        scenario: without changes.
        changes: all that is different.
        folder: for files of the changed scenario; where runs go to other machines, one that they see, too.

    Raises:
        ConfigError: if a change does not fit the scenario; names it and says what would.
        SimulationFailed: if SUMO refuses the scenario.
    """
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    base = changed = absolute(scenario)
    notes: list[str] = []
    barred: Stranded | None = None
    tls = None
    lights = light_sizes(scenario)
    if not lights:
        notes.append("the scenario has no traffic lights")
    notes += warnings_of(scenario)
    for plan in (one for one in changes if isinstance(one, PlanChange)):
        tls = write_plan(folder / "tls.add.xml", plan, scenario, lights)
        changed = replace(changed, additional=(*changed.additional, tls))
        notes += [f"the other plan: {text}" for text in warnings_of(changed) if text not in notes]
    closures = [one for one in changes if isinstance(one, Closure)]
    if closures:
        base, changed, barred = _closed(base, changed, closures, folder, notes)
    for demand in (one for one in changes if isinstance(one, DemandChange)):
        changed = _scaled(changed, demand.factor, folder, notes)
    for motorcycles in (one for one in changes if isinstance(one, MotorcycleShare)):
        rides = Motorcycles(changed, motorcycles.share)
        changed = rewritten(changed, _made(folder / "motorcycles"), rides.rewrite, rides.first)
        base, changed = _sublanes(base), _sublanes(changed)
    failures = [one for one in changes if isinstance(one, DetectorFailure)]
    stuck = stuck_detectors(changed, failures, folder) if failures else {}
    if stuck:
        notes.append(f"{len(stuck)} detectors are stuck for the whole run")
    files = (*base.additional, *base.routes, *changed.additional, *changed.routes)
    line_of = _lines(base)
    return Pair(
        Setup(base, {}, barred.ids if barred else frozenset(), line_of),
        Setup(changed, stuck, frozenset(), line_of),
        {name: vclass for name, (_, vclass) in read_kinds(files).items()},
        barred,
        tls,
        tuple(notes),
    )


def light_sizes(scenario: Scenario) -> dict[str, int]:
    """Traffic light to the number of its signals, from the network's connections."""
    found: dict[str, int] = {}
    for element in elements(scenario.net, "net"):
        if element.tag == "connection" and element.get("tl"):
            size = max(int(element.get("linkIndex", 0)), int(element.get("linkIndex2", 0))) + 1
            found[element.attrib["tl"]] = max(size, found.get(element.attrib["tl"], 0))
    return found


def write_plan(path: Path, plan: PlanChange, scenario: Scenario, lights: dict[str, int]) -> Path:
    """Writes the programs of a plan so that SUMO starts with them; of several programs of a light, the last one.

    Raises:
        ConfigError: if the file is missing, broken, or does not fit the scenario's lights.
    """
    if not lights:
        raise refused(plan, f"{scenario.name} has no traffic lights, so no plan can change.", "Leave the change out.")
    found = _from_json(plan) if plan.file.suffix == ".json" else _from_xml(plan)
    if not found:
        cure = "Give a tls.add.xml or a plan.json."
        raise ConfigError(str(plan.file), None, "tlLogic", "has no program of a traffic light.", cure)
    for name, logic in found.items():
        key = f"tlLogic {name}"
        if name not in lights:
            cure = f"Its lights are {', '.join(sorted(lights)[:5])}."
            raise ConfigError(str(plan.file), None, key, f"{scenario.net} has no such traffic light.", cure)
        for stage in logic.findall("phase"):
            state = stage.get("state", "")
            if len(state) < lights[name]:
                problem = f"the state '{state}' has {len(state)} letters, the light has {lights[name]} signals."
                raise ConfigError(str(plan.file), None, key, problem, "Is it a plan for another network?")
        logic.set("programID", PROGRAM)
    root = ET.Element("additional")
    root.extend(found.values())
    ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
    return path


def _from_xml(plan: PlanChange) -> dict[str, ET.Element]:
    return {
        element.attrib["id"]: element
        for element in elements(plan.file)
        if element.tag == "tlLogic" and element.find("phase") is not None
    }


def _from_json(plan: PlanChange) -> dict[str, ET.Element]:
    found = {}
    try:
        body: dict[str, Any] = json.loads(plan.file.read_text(encoding="utf-8"))
        for light in body["lights"]:
            logic = ET.Element("tlLogic", id=light["id"], type="static", offset=f"{float(light['offset_s']):.10g}")
            for stage in light["stages"]:
                ET.SubElement(logic, "phase", duration=f"{float(stage['duration_s']):.10g}", state=stage["state"])
            found[light["id"]] = logic
    except FileNotFoundError as error:
        raise ConfigError(str(plan.file), None, "", "does not exist.", "Mend the path.") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        problem = f"lacks {error}." if isinstance(error, KeyError) else f"is no plan: {error}."
        raise ConfigError(str(plan.file), None, "lights", problem, "Give a plan.json of nutgiao optimize.") from error
    return found


def _closed(
    base: Scenario, changed: Scenario, closures: Sequence[Closure], folder: Path, notes: list[str]
) -> tuple[Scenario, Scenario, Stranded]:
    lanes = closed_lanes(base, closures)
    barred = stranded(base, lanes)
    changed = rewritten(changed, _made(folder / "closures"), without(barred.ids))
    if not any(one.tag in VEHICLES for path in (*changed.routes, *changed.additional) for one in elements(path)):
        raise refused(closures[0], "then nobody has a way to where he wants to go.", "Close less.")
    file = write_closures(folder / "closures.add.xml", base, lanes)
    changed = replace(changed, additional=(*changed.additional, file))
    if barred.ids:
        notes.append(
            f"{len(barred.ids)} vehicles or flows have no other way, for example {barred.examples[0]}; they are taken "
            "out of the changed run, and out of the means of the unchanged one"
        )
    if barred.unchecked:
        notes.append(f"{barred.unchecked} trips between zones or junctions were not checked for another way")
    option = "--ignore-route-errors"  # who has a route over what is closed is sent another way, and no error
    return replace(base, options=(*base.options, option)), replace(changed, options=(*changed.options, option)), barred


def _scaled(scenario: Scenario, factor: float, folder: Path, notes: list[str]) -> Scenario:
    """By SUMO's own factor, which knows every kind of demand: it leaves out or repeats vehicles evenly."""
    before = [float(option.removeprefix(_SCALE)) for option in scenario.options if option.startswith(_SCALE)]
    options = [option for option in scenario.options if not option.startswith(_SCALE)]
    total = factor * (before[-1] if before else 1.0)
    kinds = read_kinds((*scenario.additional, *scenario.routes)).values()
    if any(vclass in TIMETABLED for _, vclass in kinds):
        scenario = rewritten(scenario, _made(folder / "timetable"), on_timetable(factor))
        notes.append("buses and trams keep their timetable; the factor is on all other vehicles")
    return replace(scenario, options=(*options, f"{_SCALE}{total:.10g}"))


def _sublanes(scenario: Scenario) -> Scenario:
    if any(option.startswith(_LATERAL) for option in scenario.options):
        return scenario
    return replace(scenario, options=(*scenario.options, f"{_LATERAL}{LATERAL_RESOLUTION_M}"))


def _lines(scenario: Scenario) -> dict[str, str]:
    return {
        element.attrib["id"]: element.attrib["line"]
        for path in (*scenario.additional, *scenario.routes)
        for element in elements(path)
        if element.tag in VEHICLES and element.get("line")
    }


def absolute(scenario: Scenario) -> Scenario:
    """The scenario with whole paths, for workers that stand in another folder."""
    return replace(
        scenario,
        net=scenario.net.resolve(),
        routes=tuple(path.resolve() for path in scenario.routes),
        additional=tuple(path.resolve() for path in scenario.additional),
    )


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
