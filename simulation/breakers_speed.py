"""Speed at the stop line, second around the crossing.

speed: faster than the limit at some step within `AROUND_S` of the crossing of the line. Must: at all of them by more
than `MUST_OVER_MPS`, the rule's tolerance of 1.4 m/s and twice the largest standard error that a told speed may have.
"""

from __future__ import annotations

import numpy as np

from nutgiao.models.contracts.words import ViolationKind
from nutgiao.simulation.breakers_deed import Deed
from nutgiao.simulation.breakers_paths import Path

AROUND_S = 1.0
MUST_OVER_MPS = 1.4 + 2 * 1.5
_STEP_TOLERANCE_S = 0.25


def speed_deeds(path: Path, noted_s: float) -> list[Deed]:
    """Speeding at the line.

    Args:
        path: a way that has ended.
        noted_s: now.
    """
    crossed_s, limit = path.crossed_s(), path.approach.speed_limit_mps
    if crossed_s is None:
        return []
    t, _, _, speed = path.arrays()
    near = np.abs(t - crossed_s) <= AROUND_S + _STEP_TOLERANCE_S
    if speed[near].max() <= limit:
        return []
    whole = t[0] <= crossed_s - AROUND_S and t[-1] >= crossed_s + AROUND_S - _STEP_TOLERANCE_S
    numbers = {"speed_mps": np.interp(crossed_s, t, speed), "slowest_mps": speed[near].min(), "limit_mps": limit}
    must = whole and speed[near].min() > limit + MUST_OVER_MPS
    return [path.deed(ViolationKind.SPEED, crossed_s, noted_s, numbers, must=must)]
