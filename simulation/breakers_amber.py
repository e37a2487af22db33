"""Entering on amber by somebody who could have stopped: place and speed in the very step in which the amber began.

entered_on_amber: crossed the line on the amber of the group of its own way through the junction, went on into it
without stopping ahead of the line as two-wheelers may, and when that amber began it could have stopped by braking as
hard as `HARD_MPS2` after `QUICK_S`. Must: it could have with ease, `EASY_MPS2` after `SLOW_S` with `SPARE_M` to spare;
it came through at `MUST_MPS` or more, `MUST_AGE_S` after the amber began and `MUST_LEFT_S` before it ended; and every
lamp of the approach showed this amber: nobody doubts whose lamp it obeys.
"""

from __future__ import annotations

import numpy as np

from nutgiao.models.contracts.words import Indication, ViolationKind
from nutgiao.simulation.breakers_deed import Deed
from nutgiao.simulation.breakers_lamps import Lamps
from nutgiao.simulation.breakers_paths import Path

HARD_MPS2, QUICK_S = 4.5, 1.0
EASY_MPS2, SLOW_S, SPARE_M = 2.5, 1.5, 5.0
MUST_MPS = 2.5
MUST_AGE_S, MUST_LEFT_S = 1.4, 0.4
STOPPED_MPS = 1.0
_GREENS = frozenset({Indication.GREEN, Indication.PERMISSIVE_GREEN})


def amber_deeds(path: Path, noted_s: float, lamps: Lamps) -> list[Deed]:
    """Entering on amber.

    Args:
        path: a way that has ended.
        noted_s: now.
        lamps: of the street.
    """
    crossed_s = path.crossed_s()
    if crossed_s is None:
        return []
    approach = path.approach
    shown = lamps.at(path.node, path.group or approach.signal_group, crossed_s)
    if shown is None or shown.indication is not Indication.AMBER or shown.before not in _GREENS:
        return []
    t, x, _, speed = path.arrays()
    if t[0] > shown.since_s:
        return []  # was not on the approach when the amber began
    x0, v0 = float(np.interp(shown.since_s, t, x)), float(np.interp(shown.since_s, t, speed))
    if x0 < _stop_m(v0, HARD_MPS2, QUICK_S) or x0 <= 0.0:
        return []
    beyond = (t > crossed_s) & (x > -approach.stop_line.conflict_m)
    if x.min() > -approach.stop_line.conflict_m or (beyond.any() and speed[beyond].min() < STOPPED_MPS):
        return []  # stopped ahead of the line
    age_s, through_mps = crossed_s - shown.since_s, float(np.interp(crossed_s, t, speed))
    others = {approach.signal_group, approach.left_signal_group or approach.signal_group}
    ends = {lamps.at(path.node, group, at_s) for group in others for at_s in (crossed_s, crossed_s + MUST_LEFT_S)}
    easy = x0 >= _stop_m(v0, EASY_MPS2, SLOW_S) + SPARE_M
    must = ends == {shown} and easy and age_s >= MUST_AGE_S and through_mps >= MUST_MPS
    numbers = {"amber_age_s": age_s, "onset_distance_m": x0, "onset_speed_mps": v0, "speed_mps": through_mps}
    return [path.deed(ViolationKind.ENTERED_ON_AMBER, crossed_s, noted_s, numbers, must=must)]


def _stop_m(speed_mps: float, brake_mps2: float, react_s: float) -> float:
    """Way to a stop: v t + v²/2b."""
    return speed_mps * react_s + speed_mps**2 / (2.0 * brake_mps2)
