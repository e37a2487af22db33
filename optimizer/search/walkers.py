"""How long people on foot wait for their green under a plan: exact for a fixed-time light, no simulation needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.plan_space import PlanSpace

F8 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Crossing:
    """A crossing at a light.

    Attributes:
        light: number of the light.
        reds: stages of each of its reds, as numbers in the space; a red goes on over the end of the cycle.
    """

    light: int
    reds: tuple[tuple[int, ...], ...]


def crossing(space: PlanSpace, light: int, walk: Sequence[bool]) -> Crossing | None:
    """A crossing by the stages in which people may start.

    Args:
        space: plans that are allowed.
        light: number of the light.
        walk: a flag for each stage of the light.

    Returns:
        None if people may always start, or never.
    """
    first, count = int(space.stage_ptr[light]), len(walk)
    begins = [k for k in range(count) if not walk[k] and walk[k - 1]]
    if not begins:
        return None
    reds = []
    for begin in begins:
        red: list[int] = []
        while not walk[(begin + len(red)) % count]:
            red.append(first + (begin + len(red)) % count)
        reds.append(tuple(red))
    return Crossing(light, tuple(reds))


@dataclass(frozen=True, slots=True)
class Walkers:
    """All signalised crossings of a network.

    Attributes:
        space: plans that are allowed.
        crossings: that are red at times.
    """

    space: PlanSpace
    crossings: tuple[Crossing, ...]

    def wait_s(self, stage_s: F8) -> F8:
        """Mean wait of people who come at any time, over all crossings alike.

        Who comes in a red of r seconds waits r/2 on average, and a share r/C of all come in it: the wait is the sum of
        r²/(2C) over the reds of a cycle of C seconds (Webster's uniform delay without a queue).

        Args:
            stage_s: ``(plans, stages)`` lengths.

        Returns:
            ``(plans,)`` seconds; 0 without crossings.
        """
        total: F8 = np.zeros(len(stage_s))
        for one in self.crossings:
            cycle_s = stage_s[:, self.space.stages_of(one.light)].sum(1)
            for red in one.reds:
                total += stage_s[:, list(red)].sum(1) ** 2 / (2.0 * cycle_s)
        return total / max(1, len(self.crossings))
