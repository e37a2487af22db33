"""Controllers by name: what the optimiser has, made for the lights of a network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from nutgiao.models.contracts.errors import ConfigError
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
    """

    short_m: float = SHORT_M

    def __call__(self, lights: Lights) -> Controller:
        """The controller of these lights."""
        return RollingHorizon(areas(lights, self.short_m), lights.link_lane[:, 0].copy(), lights.exit_lit)


@dataclass(frozen=True, slots=True)
class GreedyMaker:
    """Makes max pressure or max wave.

    Attributes:
        aim: what is added up.
    """

    aim: Aim

    def __call__(self, lights: Lights) -> Controller:
        """The controller of these lights."""
        return Greedy(Movements(*movements(lights)), self.aim)


class Kind(NamedTuple):
    """A controller that can be asked for.

    Attributes:
        make: makes it.
        module: its code.
        more_stages: how many further green stages of each light it uses if nobody says how many.
    """

    make: ControllerMaker
    module: str
    more_stages: int


CONTROLLERS: Mapping[str, Kind] = {
    "horizon": Kind(HorizonMaker(), "nutgiao.optimizer.control.horizon", 6),
    "max-pressure": Kind(GreedyMaker(Aim.PRESSURE), "nutgiao.optimizer.control.pressure", 0),
    "max-wave": Kind(GreedyMaker(Aim.WAVE), "nutgiao.optimizer.control.pressure", 0),
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
