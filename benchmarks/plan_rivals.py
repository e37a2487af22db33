"""SUMO's own answers to the same task: actuated control, Webster by tlsCycleAdaptation, offsets by tlsCoordinator."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

from nutgiao.simulation.networks.build import sumo_home
from nutgiao.simulation.plan_space import is_green_stage
from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.signal_programs import SignalProgram

LEAST_S, MOST_S = 5, 50
"""Of an actuated green."""

_MESSAGE_CHARACTERS = 300


class ToolFailed(Exception):
    """A tool of SUMO gave up; carries its last words."""


def actuated(programs: list[SignalProgram], path: Path) -> Path:
    """The shipped stages under SUMO's actuated control."""
    root = ET.Element("additional")
    for one in programs:
        logic = ET.SubElement(root, "tlLogic", id=one.id, type="actuated", programID="actuated", offset="0")
        for duration_s, state in zip(one.durations_s, one.states, strict=True):
            bounds = {"minDur": str(LEAST_S), "maxDur": str(MOST_S)} if is_green_stage(state) else {}
            ET.SubElement(logic, "phase", {"duration": f"{duration_s:.10g}", "state": state} | bounds)
    ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
    return path


def cycle_adaptation(frozen: Scenario, programs: list[SignalProgram], path: Path) -> Path:
    """SUMO's tlsCycleAdaptation: Webster's cycle and splits for each light, with its most frequent amber.

    Raises:
        ToolFailed: if the tool gives up.
    """
    ambers = Counter(
        round(duration_s)
        for one in programs
        for duration_s, state in zip(one.durations_s, one.states, strict=True)
        if "y" in state
    )
    amber_s = ambers.most_common(1)[0][0] if ambers else 3
    options = ["-b", f"{frozen.begin_s:.10g}", "-y", str(amber_s), "-g", str(LEAST_S), "-o", str(path)]
    _tool("tlsCycleAdaptation.py", frozen, options)
    return path


def coordinated(frozen: Scenario, path: Path, before: Path | None) -> Path:
    """SUMO's tlsCoordinator: offsets for the shipped programs, or for those of another file.

    Raises:
        ToolFailed: if the tool gives up.
    """
    _tool("tlsCoordinator.py", frozen, ["-o", str(path), *(["-a", str(before)] if before else [])])
    return path


def _tool(name: str, frozen: Scenario, options: list[str]) -> None:
    command = [sys.executable, str(sumo_home() / "tools" / name), "-n", str(frozen.net), "-r", str(frozen.routes[0])]
    environment = os.environ | {"SUMO_HOME": str(sumo_home())}
    done = subprocess.run([*command, *options], capture_output=True, text=True, env=environment, check=False)
    if done.returncode != 0:
        raise ToolFailed(f"{name}: {done.stderr.strip()[-_MESSAGE_CHARACTERS:]}")
