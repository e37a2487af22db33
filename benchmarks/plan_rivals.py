"""SUMO's own answers to the same task: actuated control, Webster by tlsCycleAdaptation, offsets by tlsCoordinator."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from functools import partial
from pathlib import Path

from nutgiao.simulation.networks.build import sumo_home
from nutgiao.simulation.plan_space import is_green_stage
from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.signal_programs import SignalProgram
from nutgiao.simulation.trial import run_trial
from nutgiao.simulation.verify import Job, run_jobs, trials_by_plan

QUICK_RUN = partial(run_trial, edges=False)
"""A run without edge data, which make it up to twice as long."""

LEAST_S, MOST_S = 5, 50
"""Of an actuated green."""

_MESSAGE_CHARACTERS = 300


CYCLES_S = (40, 60, 80, 100, 120)
"""Longest cycles that tlsCycleAdaptation is tuned over."""


class ToolFailed(Exception):
    """A tool of SUMO gave up; carries its last words."""


def actuated(programs: list[SignalProgram], path: Path, kind: str = "actuated") -> Path:
    """The shipped stages under SUMO's actuated control, or under another one of its kinds, such as delay_based."""
    root = ET.Element("additional")
    for one in programs:
        logic = ET.SubElement(root, "tlLogic", id=one.id, type=kind, programID=kind, offset="0")
        for duration_s, state in zip(one.durations_s, one.states, strict=True):
            bounds = {"minDur": str(LEAST_S), "maxDur": str(MOST_S)} if is_green_stage(state) else {}
            ET.SubElement(logic, "phase", {"duration": f"{duration_s:.10g}", "state": state} | bounds)
    ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
    return path


def shipped_amber_s(programs: list[SignalProgram]) -> int:
    """The most frequent amber, whole seconds."""
    ambers = Counter(
        round(duration_s)
        for one in programs
        for duration_s, state in zip(one.durations_s, one.states, strict=True)
        if "y" in state
    )
    return ambers.most_common(1)[0][0] if ambers else 3


def cycle_adaptation(frozen: Scenario, amber_s: int, path: Path, most_cycle_s: int | None = None) -> Path:
    """SUMO's tlsCycleAdaptation: Webster's cycle and splits for each light.

    Args:
        frozen: with the routes that count.
        amber_s: of all lights.
        path: to write.
        most_cycle_s: longest cycle, which the tool then keeps to; without it its own limits, which it may exceed.

    Raises:
        ToolFailed: if the tool gives up.
    """
    options = ["-b", f"{frozen.begin_s:.10g}", "-y", str(amber_s), "-g", str(LEAST_S), "-o", str(path)]
    if most_cycle_s is not None:
        options += ["--max-cycle", str(most_cycle_s), "--restrict-cyclelength"]
    _tool("tlsCycleAdaptation.py", frozen, options)
    return path


def coordinated(frozen: Scenario, path: Path, before: Path | None) -> Path:
    """SUMO's tlsCoordinator: offsets for the shipped programs, or for those of another file.

    Raises:
        ToolFailed: if the tool gives up.
    """
    _tool("tlsCoordinator.py", frozen, ["-o", str(path), *(["-a", str(before)] if before else [])])
    return path


def tuned(
    scenario: Scenario, frozen: Scenario, amber_s: int, folder: Path, seeds: tuple[int, ...], workers: int
) -> tuple[Path, int] | None:
    """SUMO's tlsCycleAdaptation with the longest cycle that does best, and that cycle; None if all give up.

    Args:
        scenario: as SUMO runs it.
        frozen: the same with frozen routes.
        amber_s: of all lights.
        folder: for its files.
        seeds: training seeds.
        workers: cores.
    """
    files = {}
    for cycle_s in CYCLES_S:
        try:
            path = cycle_adaptation(frozen, amber_s, folder / f"webster-{amber_s}-{cycle_s}.add.xml", cycle_s)
        except ToolFailed:
            continue
        files[cycle_s] = path
    jobs = [Job(str(cycle_s), (), seed, (path,)) for cycle_s, path in files.items() for seed in seeds]
    found = trials_by_plan(run_jobs(scenario, jobs, workers, runner=QUICK_RUN))
    delay_s = {
        int(name): sum(one.delay_s for one in trials.values()) / len(trials)
        for name, trials in found.items()
        if len(trials) == len(seeds)
    }
    if not delay_s:
        return None
    best = min(delay_s, key=lambda cycle_s: delay_s[cycle_s])
    return files[best], best


def _tool(name: str, frozen: Scenario, options: list[str]) -> None:
    command = [sys.executable, str(sumo_home() / "tools" / name), "-n", str(frozen.net), "-r", str(frozen.routes[0])]
    environment = os.environ | {"SUMO_HOME": str(sumo_home())}
    done = subprocess.run([*command, *options], capture_output=True, text=True, env=environment, check=False)
    if done.returncode != 0:
        raise ToolFailed(f"{name}: {done.stderr.strip()[-_MESSAGE_CHARACTERS:]}")
