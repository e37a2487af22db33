"""Fixed-time programs of any SUMO network: as shipped, with other timings, and as a file for SUMO."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.errors import ConfigError
from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.xml_elements import elements

Timings = Mapping[str, tuple[float, NDArray[np.int64]]]
"""Traffic light id to offset and ``(stages,)`` durations, in seconds."""


@dataclass(frozen=True, slots=True)
class SignalProgram:
    """A cyclic program of one traffic light.

    The stage at time t (the simulation's own, not counted from its begin) is the one at (t - ``offset_s``) modulo the
    cycle: a positive offset is later.

    Attributes:
        id: SUMO's traffic light id.
        offset_s: when the first stage begins.
        durations_s: one entry a stage.
        states: SUMO's state string of each stage, one letter a link.
    """

    id: str
    offset_s: float
    durations_s: tuple[float, ...]
    states: tuple[str, ...]


def shipped_programs(scenario: Scenario) -> list[SignalProgram]:
    """Reads the program that each traffic light starts with, in the network file's order.

    If a traffic light has several programs, that is the one loaded last. Of actuated ones the stages' nominal durations
    are taken.

    Raises:
        ConfigError: if stages do not simply follow each other.
    """
    found: dict[str, SignalProgram] = {}
    for path in (scenario.net, *scenario.additional):
        for element in elements(path):
            stages = element.findall("phase")
            if element.tag != "tlLogic" or not stages:
                continue
            if any(stage.get("next") for stage in stages):
                key = f"tlLogic {element.attrib['id']}"
                raise ConfigError(str(path), None, key, "its phases jump.", "Remove their attribute 'next'.")
            found[element.attrib["id"]] = SignalProgram(
                element.attrib["id"],
                float(element.get("offset", 0.0)),
                tuple(float(stage.attrib["duration"]) for stage in stages),
                tuple(stage.attrib["state"] for stage in stages),
            )
    return list(found.values())


def with_timings(programs: Sequence[SignalProgram], timings: Timings) -> list[SignalProgram]:
    """The programs that ``timings`` names, with its offsets and durations.

    Raises:
        ValueError: if a traffic light is unknown or has another number of stages.
    """
    known = {program.id: program for program in programs}
    made = []
    for name, (offset_s, durations_s) in timings.items():
        if name not in known or len(durations_s) != len(known[name].states):
            stages = len(known[name].states) if name in known else 0
            raise ValueError(f"traffic light {name} has {stages} stages, the timings have {len(durations_s)}")
        durations = tuple(float(duration_s) for duration_s in durations_s)
        made.append(replace(known[name], offset_s=float(offset_s), durations_s=durations))
    return made


def write_programs(path: Path, programs: Sequence[SignalProgram]) -> Path:
    """Writes static programs as an additional file; SUMO starts with them, whatever the network ships."""
    root = ET.Element("additional")
    for one in programs:
        logic = ET.SubElement(
            root, "tlLogic", id=one.id, type="static", programID="nutgiao", offset=f"{one.offset_s:.10g}"
        )
        for duration_s, state in zip(one.durations_s, one.states, strict=True):
            ET.SubElement(logic, "phase", duration=f"{duration_s:.10g}", state=state)
    ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
    return path


def controlled_lanes(scenario: Scenario) -> list[str]:
    """Ids of the lanes that end at a signal, sorted; crossings for walkers are none."""
    return sorted(
        {
            f"{element.attrib['from']}_{element.attrib['fromLane']}"
            for element in elements(scenario.net, "net")
            if element.tag == "connection" and element.get("tl") and not element.attrib["from"].startswith(":")
        }
    )
