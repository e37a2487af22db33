"""Controllers by name: what the optimiser has, made for the lights of a network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from nutgiao.cli.control_frames import framed, frames_of
from nutgiao.models.contracts.errors import ConfigError
from nutgiao.models.contracts.words import ControlMode
from nutgiao.optimizer.control.actuated import Actuated
from nutgiao.optimizer.control.fixed import Fixed
from nutgiao.optimizer.control.framed import InFrame
from nutgiao.optimizer.control.horizon import RollingHorizon
from nutgiao.optimizer.control.pressure import Aim, Greedy, Movements
from nutgiao.simulation.control.areas import areas
from nutgiao.simulation.control.drive import ControllerMaker
from nutgiao.simulation.control.lights import Lights
from nutgiao.simulation.control.movements import movements
from nutgiao.simulation.control.stepper import Controller

SHORT_M = 40.0
"""Lights that stand closer are planned as one."""


@dataclass(frozen=True, slots=True)
class HorizonMaker:
    """Makes a rolling horizon.

    Attributes:
        short_m: lights that stand closer are planned as one.
        mode: how far the lights may leave their shipped programs.
        begin_s: of the scenario.
    """

    short_m: float = SHORT_M
    mode: ControlMode = ControlMode.FREE
    begin_s: float = 0.0

    def __call__(self, lights: Lights) -> Controller:
        """The controller of these lights."""
        frames = framed(lights, self.mode, self.begin_s)
        lanes = lights.link_lane[:, 0].copy()
        return RollingHorizon(areas(lights, self.short_m), lanes, lights.exit_lit, frames=frames)


@dataclass(frozen=True, slots=True)
class GreedyMaker:
    """Makes max pressure or max wave.

    Attributes:
        aim: what is added up.
        mode: how far the lights may leave their shipped programs.
        begin_s: of the scenario.
    """

    aim: Aim
    mode: ControlMode = ControlMode.FREE
    begin_s: float = 0.0

    def __call__(self, lights: Lights) -> Controller:
        """The controller of these lights."""
        return _in_plan(Greedy(Movements(*movements(lights)), self.aim), lights, self.mode, self.begin_s)


@dataclass(frozen=True, slots=True)
class ActuatedMaker:
    """Makes actuated control.

    Attributes:
        mode: how far the lights may leave their shipped programs.
        begin_s: of the scenario.
    """

    mode: ControlMode = ControlMode.FREE
    begin_s: float = 0.0

    def __call__(self, lights: Lights) -> Controller:
        """The controller of these lights."""
        return _in_plan(Actuated(Movements(*movements(lights))), lights, self.mode, self.begin_s)


@dataclass(frozen=True, slots=True)
class FixedMaker:
    """Makes fixed control, which runs the shipped programs.

    Attributes:
        mode: FIXED.
        begin_s: of the scenario.
    """

    mode: ControlMode = ControlMode.FIXED
    begin_s: float = 0.0

    def __call__(self, lights: Lights) -> Controller:
        """The controller of these lights."""
        return Fixed(frames_of(lights, self.mode, self.begin_s)[0])


def _in_plan(made: Greedy | Actuated, lights: Lights, mode: ControlMode, begin_s: float) -> Controller:
    """A controller that knows of no plans, kept to the frames of those lights that have one."""
    frames = framed(lights, mode, begin_s)
    return made if frames is None else InFrame(made, frames)


class Kind(NamedTuple):
    """A controller that can be asked for.

    Attributes:
        make: makes it.
        more_stages: how many further green stages of each free light it uses if nobody says how many.
        modes: how far it can leave the shipped programs; the first one is the usual one.
    """

    make: HorizonMaker | GreedyMaker | ActuatedMaker | FixedMaker
    more_stages: int
    modes: tuple[ControlMode, ...] = (ControlMode.FREE, ControlMode.CYCLE, ControlMode.COORDINATED)

    @property
    def module(self) -> str:
        """Its code: this module, which imports all controllers and what makes them for the lights."""
        return __name__

    def made(self, mode: ControlMode, begin_s: float) -> ControllerMaker:
        """Makes it for a mode and a scenario's begin."""
        return replace(self.make, mode=mode, begin_s=begin_s)


CONTROLLERS: Mapping[str, Kind] = {
    "horizon": Kind(HorizonMaker(), 6),
    "max-pressure": Kind(GreedyMaker(Aim.PRESSURE), 0),
    "max-wave": Kind(GreedyMaker(Aim.WAVE), 0),
    "actuated": Kind(ActuatedMaker(), 0),
    "fixed": Kind(FixedMaker(), 0, (ControlMode.FIXED,)),
}
"""By name."""


def kind_of(name: str) -> Kind:
    """The controller of a name.

    Raises:
        ConfigError: if there is none.
    """
    if name not in CONTROLLERS:
        problem = f"there is no controller '{name}'."
        raise ConfigError("control", None, "--controller", problem, f"Give one of {', '.join(CONTROLLERS)}.")
    return CONTROLLERS[name]


def mode_of(name: str, kind: Kind, asked: str | None) -> ControlMode:
    """The mode that a controller is to run in.

    Args:
        name: of the controller.
        kind: of the controller.
        asked: a mode; None for the usual one.

    Raises:
        ConfigError: if there is no such mode, or the controller does not have it.
    """
    if asked is None:
        return kind.modes[0]
    if asked not in list(ControlMode):
        problem = f"there is no mode '{asked}'."
        raise ConfigError("control", None, "--mode", problem, f"Give one of {', '.join(ControlMode)}.")
    mode = ControlMode(asked)
    if mode not in kind.modes:
        cure = f"Give {' or '.join(kind.modes)} or leave it out, or take another controller."
        raise ConfigError("control", None, "--mode", f"{name} cannot run in mode '{mode}'.", cure)
    return mode
