"""What a search may change in a network's signal programs, as plain arrays: stages, greens, cycles and offsets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.errors import ContractError

F8 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PlanSpace:
    """The plans that are allowed. Stages are told light after light, as `QueueModel.evaluate` takes them.

    A green stage lasts whole seconds between its bounds, all others (amber, all-red) last exactly as shipped. Offsets
    are whole seconds, modulo the light's cycle.

    Attributes:
        lights: names of the traffic lights, for messages.
        stage_ptr: ``(lights + 1,)`` first stage of each light.
        shipped_stage_s: ``(stages,)`` the program as it runs now.
        shipped_offset_s: ``(lights,)`` positive is later.
        green: ``(stages,)`` whether the stage's length may be changed.
        least_s: ``(stages,)`` shortest length.
        most_s: ``(stages,)`` longest length.
        least_cycle_s: shortest cycle of a light, seconds; a light whose shortest stages need more has that.
        most_cycle_s: longest cycle; a light that cannot be shorter may have its shortest one.
        common_cycle: all lights that can be changed run with one cycle.
    """

    lights: tuple[str, ...]
    stage_ptr: NDArray[np.int64]
    shipped_stage_s: F8
    shipped_offset_s: F8
    green: NDArray[np.bool_]
    least_s: F8
    most_s: F8
    least_cycle_s: float = 20.0
    most_cycle_s: float = 180.0
    common_cycle: bool = False

    def __post_init__(self) -> None:
        stages, lights = len(self.shipped_stage_s), len(self.lights)
        if len(self.stage_ptr) != lights + 1 or len(self.shipped_offset_s) != lights:
            raise ContractError(f"stage_ptr, shipped_offset_s: give one for each of {lights} traffic lights")
        if {len(self.green), len(self.least_s), len(self.most_s), int(self.stage_ptr[-1])} != {stages}:
            raise ContractError(f"green, least_s, most_s: give one for each of {stages} stages")
        if (self.least_s > self.most_s).any():
            worst = int(np.argmax(self.least_s - self.most_s))
            raise ContractError(f"stage {worst}: its shortest length is above its longest one; mend the bounds")

    def stages_of(self, light: int) -> slice:
        """The stages of a light."""
        return slice(int(self.stage_ptr[light]), int(self.stage_ptr[light + 1]))

    def greens_of(self, light: int) -> NDArray[np.int64]:
        """Numbers of a light's green stages."""
        first = int(self.stage_ptr[light])
        return first + np.flatnonzero(self.green[self.stages_of(light)])

    def fixed_s(self, light: int) -> float:
        """Seconds of a light's cycle that stay as shipped."""
        stages = self.stages_of(light)
        return float(self.shipped_stage_s[stages][~self.green[stages]].sum())

    def cycle_bounds_s(self, light: int) -> tuple[float, float]:
        """Shortest and longest cycle of a light."""
        greens, fixed_s = self.greens_of(light), self.fixed_s(light)
        shortest = fixed_s + float(self.least_s[greens].sum())
        longest = fixed_s + float(self.most_s[greens].sum())
        low = min(max(self.least_cycle_s, shortest), longest)
        return low, max(low, min(self.most_cycle_s, longest))

    def cycles_s(self, stage_s: F8) -> F8:
        """Cycle of each light under a plan, ``(lights,)``."""
        return np.array([float(stage_s[self.stages_of(light)].sum()) for light in range(len(self.lights))])

    def faults(self, stage_s: F8, offset_s: F8) -> list[str]:
        """What a plan breaks, in words; empty for a plan that is allowed."""
        found = []
        kept = ~self.green
        for p in np.flatnonzero(kept & (stage_s != self.shipped_stage_s)).tolist():
            found.append(f"{self._name(p)}: {stage_s[p]:g} s, but it is kept at {self.shipped_stage_s[p]:g} s")
        for p in np.flatnonzero(self.green & ((stage_s < self.least_s) | (stage_s > self.most_s))).tolist():
            found.append(f"{self._name(p)}: {stage_s[p]:g} s is outside {self.least_s[p]:g} to {self.most_s[p]:g} s")
        for p in np.flatnonzero(self.green & (stage_s != np.rint(stage_s))).tolist():
            found.append(f"{self._name(p)}: {stage_s[p]:g} s is not whole")
        cycles = self.cycles_s(stage_s)
        free = [light for light in range(len(self.lights)) if len(self.greens_of(light))]
        for light in free:
            low, high = self.cycle_bounds_s(light)
            if not low <= cycles[light] <= high:
                found.append(f"{self.lights[light]}: cycle {cycles[light]:g} s is outside {low:g} to {high:g} s")
            if not 0 <= offset_s[light] < cycles[light]:
                found.append(f"{self.lights[light]}: offset {offset_s[light]:g} s is outside its cycle")
        if self.common_cycle and free and np.ptp(cycles[free]) > 0:
            found.append("the lights' cycles differ")
        return found

    def _name(self, stage: int) -> str:
        light = int(np.searchsorted(self.stage_ptr, stage, side="right")) - 1
        return f"{self.lights[light]}, stage {stage - int(self.stage_ptr[light]) + 1}"


def whole_seconds(wanted: F8, total: int, least: F8, most: F8) -> F8:
    """Rounds greens so that they add up to ``total`` and none leaves its bounds (largest remainder first).

    Args:
        wanted: ``(greens,)`` seconds, added up about ``total``.
        total: their sum afterwards; it must lie between the sums of the bounds.
        least: ``(greens,)`` whole seconds.
        most: ``(greens,)`` whole seconds.
    """
    whole = np.clip(np.floor(wanted), least, most)
    missing = round(float(total - whole.sum()))
    while missing:
        step = 1 if missing > 0 else -1
        room = whole < most if step > 0 else whole > least
        if not room.any():
            break
        rest = np.where(room, step * (wanted - whole), -np.inf)
        order: Sequence[int] = np.argsort(-rest, kind="stable")[: min(abs(missing), int(room.sum()))].tolist()
        for k in order:
            whole[k] += step
        missing -= step * len(order)
    return whole
