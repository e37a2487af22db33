"""The plan that a search begins with: read from an earlier ``plan.json`` and checked against what is allowed now."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nutgiao.cli.optimize_order import arranger
from nutgiao.cli.optimize_problem import Problem
from nutgiao.models.contracts.errors import ConfigError
from nutgiao.optimizer.search.moves import Plan
from nutgiao.simulation.signal_programs import SignalProgram

_CURE = "Give the plan.json of an optimisation of the same network with the same bounds."


def read_start(path: Path) -> tuple[SignalProgram, ...]:
    """Reads the programs of a ``plan.json``.

    Args:
        path: of the file that an earlier optimisation wrote.

    Raises:
        ConfigError: if it is missing or broken.
    """
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
        return tuple(
            SignalProgram(
                str(light["id"]),
                float(light["offset_s"]),
                tuple(float(stage["duration_s"]) for stage in light["stages"]),
                tuple(str(stage["state"]) for stage in light["stages"]),
            )
            for light in body["lights"]
        )
    except OSError as error:
        raise ConfigError(str(path), None, "--start", f"cannot be read: {error.strerror}.", _CURE) from error
    except (ValueError, KeyError, TypeError) as error:
        what = f"lacks {error}" if isinstance(error, KeyError) else str(error)
        raise ConfigError(str(path), None, "--start", f"is no plan: {what}.", _CURE) from error


def begun(problem: Problem, programs: Sequence[SignalProgram]) -> tuple[Problem, Plan]:
    """The problem with the stages of these programs, and their lengths as a plan of it.

    Args:
        problem: as shipped.
        programs: to begin with, in any order.

    Raises:
        ConfigError: if a light is missing, or its stages or lengths are not among those that are allowed.
    """
    by_id = {one.id: one for one in programs}
    missing = [shipped.id for shipped in problem.programs if shipped.id not in by_id]
    if missing:
        raise _refused(missing[0], "has no program in the plan to begin with.")
    ours = [by_id[shipped.id] for shipped in problem.programs]
    if problem.wishes.free_order:
        made = arranger(problem)
        chosen = [
            tuple(light.states.index(state) for state in program.states if state in light.states)
            for light, program in zip(made.lights, ours, strict=True)
        ]
        problem, _ = made.posed(tuple(chosen))
    for base, program in zip(problem.programs, ours, strict=True):
        if base.states != program.states:
            raise _refused(program.id, "has other stages in the plan to begin with than are allowed here.")
    stage_s = np.array([duration_s for one in ours for duration_s in one.durations_s], np.float64)
    plan = Plan(stage_s, np.array([one.offset_s for one in ours], np.float64))
    if faults := problem.space.faults(plan.stage_s, plan.offset_s):
        raise _refused("the plan to begin with", f"{faults[0]}.")
    return problem, plan


def _refused(key: str, what: str) -> ConfigError:
    return ConfigError("--start", None, key, what, _CURE)
