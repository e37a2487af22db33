"""Who comes into the junction after a crossing of the stop line, if the track lay on one road user all the way.

Where riders wait ahead of the line, a track that is not seen for a moment may go on over somebody else. Such a hop
shows as a jump sideways, or as one place that nothing confirms; so places are compared from sighting to sighting.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.lanes.memory import TrackMemory
from nutgiao.edge.lanes.placed import PlacedTracks
from nutgiao.models.contracts.site import Approach
from nutgiao.models.jit import kernel

HOP_M = 0.6
"""A sighting that lies further aside of where the one before led has hopped. With the virtual cameras 97 of 100 of true
ones lie within 0.4 m after half a second; 7 of 11 false entries (seeds 1 to 4, all cameras) lay 0.6 to 2.1 m aside."""
AGREEING = 2
"""So many sightings in a row must agree after a gap: one alone may be somebody at the far side of the junction."""
STILL_MPS, STILL_M = 1.0, 0.7
"""Slower than this before and after, and found no further away: it stood while hidden, and nobody else fits in."""

_T, _X, _Y, _VX, _VY, _HIDDEN_S, _GAP_S, _RUN, _ENTERED_S, _DONE = range(10)
"""Columns of the memory: the last sighting, how long it has been hidden since, and what is known since the line."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody who crossed the line and is certainly the one who is seen inside the junction.

    Attributes:
        row: of the tracks in this frame.
        entered_s: when it came in, interpolated.
        gap_s: longest time without detection between the last frame before the line and now, standing still apart.
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
        self._memory = TrackMemory(
            t=np.nan,
            x=np.nan,
            y=np.nan,
            vx=np.nan,
            vy=np.nan,
            hidden_s=0.0,
            gap_s=0.0,
            run=0.0,
            entered_s=np.nan,
            done=0.0,
        )

    def step(self, placed: PlacedTracks) -> list[Entry]:
        """Takes one frame in; tells of whom it has become certain since the one before."""
        self._memory.follow(placed.numbers)
        out = np.empty((len(placed), 3))
        n = entering(
            placed.time_s,
            placed.x_m,
            placed.y_m,
            placed.speed_mps,
            placed.sideways_mps,
            placed.unseen_s,
            placed.crossed_s,
            self._inside_m,
            self._memory.rows,
            out,
        )
        return [Entry(int(row), *figures) for row, *figures in out[:n].tolist()]


@kernel("i8(f8, f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8, f8[:, ::1], f8[:, ::1])")
def entering(
    time_s: float,
    x_m: NDArray[np.float64],
    y_m: NDArray[np.float64],
    speed_mps: NDArray[np.float64],
    sideways_mps: NDArray[np.float64],
    unseen_s: NDArray[np.float64],
    crossed_s: NDArray[np.float64],
    inside_m: float,
    memory: NDArray[np.float64],
    entered: NDArray[np.float64],
) -> int:
    """Who is certainly inside the junction after a crossing, each told once; who has hopped is never told.

    Args:
        time_s: capture time.
        x_m: ``(n,)`` front.
        y_m: ``(n,)`` from the kerb.
        speed_mps: ``(n,)`` along the approach.
        sideways_mps: ``(n,)`` to the left.
        unseen_s: ``(n,)`` seconds since the last detection; who is only predicted inside is told when seen there.
        crossed_s: ``(n,)`` instant of the crossing, NaN for who was not seen to cross.
        inside_m: x from which it is inside.
        memory: ``(n, 10)`` what was known before; brought up to this frame.
        entered: ``(n, 3)`` output: row, when it came in, longest time without detection since the line.

    Returns:
        How many rows of the output are filled.
    """
    found = 0
    for i in range(len(x_m)):
        m, x, y, vx, vy = memory[i], x_m[i], y_m[i], speed_mps[i], sideways_mps[i]
        if unseen_s[i] > 0.0:
            m[_HIDDEN_S] = unseen_s[i]
            continue
        dt, before, before_y = time_s - m[_T], m[_X], m[_Y]
        slow = max(np.hypot(vx, vy), np.hypot(m[_VX], m[_VY])) < STILL_MPS
        still = slow and max(np.abs(x - before), np.abs(y - before_y)) < STILL_M  # false for NaN
        aside_m = np.abs(y - before_y - m[_VY] * dt)
        hidden_s = m[_HIDDEN_S]
        m[_T], m[_X], m[_Y], m[_VX], m[_VY], m[_HIDDEN_S] = time_s, x, y, vx, vy, 0.0
        if x >= 0.0:
            m[_GAP_S], m[_RUN], m[_ENTERED_S] = 0.0, AGREEING, np.nan
            continue
        if m[_DONE]:
            continue
        if not still:
            if aside_m > HOP_M:
                m[_DONE] = 1.0
                continue
            m[_GAP_S] = max(m[_GAP_S], hidden_s)
            m[_RUN] = 1.0 if hidden_s > 0.0 else m[_RUN] + 1.0
        if x >= inside_m:
            continue
        if np.isnan(m[_ENTERED_S]):
            m[_ENTERED_S] = time_s
            if before > inside_m:
                m[_ENTERED_S] -= dt * (inside_m - x) / (before - x)
        if m[_RUN] >= AGREEING:
            m[_DONE] = 1.0
            if not np.isnan(crossed_s[i]):
                entered[found, 0], entered[found, 1], entered[found, 2] = i, m[_ENTERED_S], m[_GAP_S]
                found += 1
    return found
