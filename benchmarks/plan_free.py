"""Kept plans whose stages come in another order, in ``benchmarks/results/plans-free``, and what they must keep to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.resco import REPO
from nutgiao.cli.optimize_problem import Wishes
from nutgiao.simulation.conflicts import read_lights_of
from nutgiao.simulation.plan_space import plan_space
from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.signal_programs import SignalProgram, shipped_programs
from nutgiao.simulation.stage_order import ChangeRule, arranged, serves

KEPT_FREE = REPO / "benchmarks" / "results" / "plans-free"

AMBER_S = {"arterial4x4": 2}
"""Change interval of the benchmark, seconds of yellow; the others have `USUAL_S`."""
USUAL_S = 3


@dataclass(frozen=True, slots=True)
class KeptFree:
    """A plan with an order of its own.

    Attributes:
        programs: of all lights.
        spent: kernel runs, SUMO runs, wall and CPU seconds, seeds.
    """

    programs: tuple[SignalProgram, ...]
    spent: dict[str, Any]


def rule_of(name: str) -> ChangeRule:
    """The benchmark's change interval."""
    return ChangeRule(AMBER_S.get(name, USUAL_S), 0)


def check(name: str, scenario: Scenario, programs: Sequence[SignalProgram]) -> None:
    """Refuses programs that are no order of the shipped stages with the benchmark's change intervals.

    Raises:
        ValueError: naming the light and what is wrong.
    """
    lights = read_lights_of(scenario, shipped_programs(scenario))
    bases, greens = [], []
    for light, program in zip(lights, programs, strict=True):
        shipped = light.shipped
        order = tuple(light.states.index(state) for state in program.states if state in light.states)
        base = arranged(light, order, rule_of(name))
        if (program.id, program.states) != (shipped.id, base.program.states):
            raise ValueError(f"{name}, {shipped.id}: its stages are not those of the order {order}")
        if order and not serves(light, order):
            raise ValueError(f"{name}, {shipped.id}: the order {order} leaves somebody without green")
        bases.append(base.program)
        greens.append(base.green)
    need_s = {light.shipped.id: dict(light.walk_clear_s) for light in lights}
    space = plan_space(bases, Wishes().limits, need_s, greens)
    stage_s = np.array([s for one in programs for s in one.durations_s], np.float64)
    faults = space.faults(stage_s, np.array([one.offset_s for one in programs], np.float64))
    if faults:
        raise ValueError(f"{name}: {'; '.join(faults[:3])}")


def keep_free(name: str, programs: Sequence[SignalProgram], spent: dict[str, Any]) -> Path:
    """Writes a plan with its stages to the folder of kept ones."""
    KEPT_FREE.mkdir(parents=True, exist_ok=True)
    lights = [
        {"id": one.id, "offset_s": one.offset_s, "stage_s": list(one.durations_s), "states": list(one.states)}
        for one in programs
    ]
    path = KEPT_FREE / f"{name}.json"
    path.write_text(json.dumps({"scenario": name, **spent, "lights": lights}) + "\n")
    return path


def kept_free(name: str) -> KeptFree | None:
    """The kept plan of a scenario."""
    path = KEPT_FREE / f"{name}.json"
    if not path.exists():
        return None
    body = json.loads(path.read_text())
    programs = tuple(
        SignalProgram(light["id"], float(light["offset_s"]), tuple(light["stage_s"]), tuple(light["states"]))
        for light in body.pop("lights")
    )
    return KeptFree(programs, body)
