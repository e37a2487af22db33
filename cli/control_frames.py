"""Frames of a network's lights from their shipped programs."""

from __future__ import annotations

from math import ceil

import numpy as np

from nutgiao.models.contracts.errors import ConfigError
from nutgiao.models.contracts.words import ControlMode
from nutgiao.models.queueing.junction.tables import NONE, RED
from nutgiao.optimizer.control.frame import Frame
from nutgiao.optimizer.control.framed import Frames
from nutgiao.simulation.control.lights import Lights
from nutgiao.simulation.control.shipped_plan import shipped_plan


def frames_of(lights: Lights, mode: ControlMode, begin_s: float) -> tuple[dict[int, Frame], dict[int, str]]:
    """The frame of each light that has a choice of stages, and why others have none.

    Args:
        lights: of the network.
        mode: how far their greens may move.
        begin_s: of the scenario; the clock of the frames is 0 then.

    Raises:
        ConfigError: if a plan is to be run as it is and cannot.
    """
    found: dict[int, Frame] = {}
    problems: dict[int, str] = {}
    if mode is ControlMode.FREE:
        return found, problems
    for light in range(len(lights.ids)):
        if len(lights.stages_of(light)) < 2:
            continue
        try:
            plan = shipped_plan(lights, light, begin_s)
            found[light] = Frame(mode, *plan, least_s=(ceil(lights.least_s),) * len(plan.stages))
        except ValueError as error:
            problems[light] = str(error)
    if mode is ControlMode.FIXED and problems:
        light, problem = next(iter(problems.items()))
        cure = "Give --amber-s, --all-red-s and --min-green that fit the program, or take another controller."
        raise ConfigError(f"traffic light {lights.ids[light]}", None, "tlLogic", f"it cannot be run: {problem}.", cure)
    return found, problems


def framed(lights: Lights, mode: ControlMode, begin_s: float) -> Frames | None:
    """The frames for a controller; None if all lights are free."""
    found, _ = frames_of(lights, mode, begin_s)
    walks = (lights.link_lane[:, 0] == NONE) & (lights.right != RED).any(axis=0)
    return Frames(found, lights.right, np.asarray(walks)) if found else None
