"""Who comes into the junction after a crossing of the stop line, and how well the track was seen on the way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.lanes.memory import TrackMemory
from nutgiao.edge.lanes.placed import PlacedTracks
from nutgiao.models.contracts.site import Approach
from nutgiao.models.jit import kernel

_T, _X, _GAP_S, _DONE = range(4)
"""Columns of the memory."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody who crossed the line and is seen inside the junction for the first time.

    Attributes:
        row: of the tracks in this frame.
        entered_s: when it came in, interpolated.
        gap_s: longest time without detection between the last frame before the line and the entering.
    """

    row: int
    entered_s: float
    gap_s: float


class EnteringWatch:
    """Follows the tracks of one approach into the junction; each is told once.

    Args:
        approach: with its stop line.
    """

    def __init__(self, approach: Approach) -> None:
        self._inside_m = -approach.stop_line.conflict_m
        self._memory = TrackMemory(t=np.nan, x=np.nan, gap_s=0.0, done=0.0)

    def step(self, placed: PlacedTracks) -> list[Entry]:
        """Takes one frame in; tells who has come in since the one before."""
        self._memory.follow(placed.numbers)
        out, m = np.empty((len(placed), 3)), self._memory.rows
        n = entering(placed.time_s, placed.x_m, placed.unseen_s, placed.crossed_s, self._inside_m, m, out)
        return [Entry(int(row), *figures) for row, *figures in out[:n].tolist()]


@kernel("i8(f8, f8[::1], f8[::1], f8[::1], f8, f8[:, ::1], f8[:, ::1])")
def entering(
    time_s: float,
    x_m: NDArray[np.float64],
    unseen_s: NDArray[np.float64],
    crossed_s: NDArray[np.float64],
    inside_m: float,
    memory: NDArray[np.float64],
    entered: NDArray[np.float64],
) -> int:
    """Who is seen inside the junction for the first time after a crossing.

    Args:
        time_s: capture time.
        x_m: ``(n,)`` front.
        unseen_s: ``(n,)`` seconds since the last detection; who is only predicted inside is told when seen there.
        crossed_s: ``(n,)`` instant of the crossing, NaN for who was not seen to cross.
        inside_m: x from which it is inside.
        memory: ``(n, 4)`` what was known before; brought up to this frame.
        entered: ``(n, 3)`` output: row, when it came in, longest time without detection since the line.

    Returns:
        How many rows of the output are filled.
    """
    found = 0
    for i in range(len(x_m)):
        m, x = memory[i], x_m[i]
        m[_GAP_S] = max(m[_GAP_S], unseen_s[i]) if x < 0.0 else unseen_s[i]
        if x < inside_m and unseen_s[i] == 0.0 and not m[_DONE]:
            m[_DONE] = 1.0
            if not np.isnan(crossed_s[i]):
                entered[found, 0], entered[found, 1], entered[found, 2] = i, time_s, m[_GAP_S]
                if m[_X] > inside_m:
                    entered[found, 1] = m[_T] + (time_s - m[_T]) * (m[_X] - inside_m) / (m[_X] - x)
                found += 1
        m[_T], m[_X] = time_s, x
    return found
