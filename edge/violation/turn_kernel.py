"""Kernels of turns: headings beyond the line of an approach, frame by frame, until the exit leaves no doubt."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.words import Turn
from nutgiao.models.jit import inlined, kernel

Floats = NDArray[np.float64]

TURNS: tuple[Turn, ...] = tuple(Turn)
_LEFT, _THROUGH, _RIGHT, _UTURN = (TURNS.index(one) for one in (Turn.LEFT, Turn.THROUGH, Turn.RIGHT, Turn.UTURN))
NOT_KNOWN, NOT_BELIEVED = -1.0, -2.0
"""In place of a turn."""

_NOISE_MPS = 1.0  # by which a tracker's velocity may jump from frame to frame
_AWAY_M = 2.0  # somebody who stands at the line seems to come back before it, but not so far

_T, _VX, _VY, HEADING, WAY, _HITS, TURN, LINE_Y, _HIDDEN, OVER_S, _LEG_WAY, _LEG_HITS, FRONT_S, DOUBT = range(14)
"""Columns of the memory: time, velocity, heading held, way and detections on it, turn, place at the line, whether
out of sight, when over the line first, way and detections deep in a leg, when it left the front of the queue,
and whether tracks may have changed places there."""


@kernel("f8(f8, f8)")
def apart(a_deg: float, b_deg: float) -> float:
    """Angle between two headings, 0 to 180 degrees; NaN for NaN."""
    return abs((a_deg - b_deg + 180.0) % 360.0 - 180.0)


@kernel("i8(f8, f8[::1], f8, f8)")
def exit_of(heading_deg: float, exits_deg: Floats, off_deg: float, margin_deg: float) -> int:
    """Exit of a heading.

    Args:
        heading_deg: to the left of the approach's own, as are the exits.
        exits_deg: ``(4,)``.
        off_deg: see `TurnSettings`.
        margin_deg: there.

    Returns:
        Index of the exit; -1 in doubt.
    """
    best, least, second = -1, 360.0, 360.0
    for k in range(len(exits_deg)):
        off = apart(heading_deg, exits_deg[k])
        if off < least:
            best, least, second = k, off, least
        elif off < second:
            second = off
    return best if least <= off_deg and second - least >= margin_deg else -1


@inlined
def _in_doubt(x_m: Floats, y_m: Floats, unseen_s: Floats, i: int, near_m: float) -> bool:
    """Whether a track may change places with one close by: either is out of sight."""
    found = False
    for j in range(len(x_m)):
        near = j != i and np.hypot(x_m[i] - x_m[j], y_m[i] - y_m[j]) < near_m
        if near and (unseen_s[i] > 0.0 or unseen_s[j] > 0.0):
            found = True
    return found


@kernel("b1(i8, f8[::1], f8, f8, f8, f8, f8, f8, f8)")
def is_clear(
    best: int,
    exits_deg: Floats,
    way_m: float,
    x_m: float,
    went_m: float,
    held_m: float,
    aside_m: float,
    through_m: float,
    uturn_m: float,
) -> bool:
    """Whether place and way leave no doubt of an exit.

    Args:
        best: index of the exit, -1 in doubt.
        exits_deg: ``(4,)`` headings of the exits.
        way_m: over which the heading is held.
        x_m: front, upstream of the line.
        went_m: to the left since the line, NaN for who was not seen there.
        held_m: see `TurnSettings`, as are the next three.
        aside_m: there.
        through_m: there.
        uturn_m: there.
    """
    if best < 0:
        return False
    if best == _UTURN:
        return went_m >= uturn_m
    if best == _THROUGH:
        return way_m >= held_m and x_m <= -through_m
    in_leg = np.sign(np.sin(np.radians(exits_deg[best]))) * went_m >= aside_m  # false for NaN
    return bool(way_m >= held_m or in_leg)


@kernel(
    "void(f8, f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8, f8, f8, f8, f8, f8, f8, f8, f8, f8,"
    " f8, f8, i8, f8, f8, f8, f8[:, ::1], b1[::1])"
)
def follow_turns(  # noqa: PLR0912, PLR0915 - one reason after the other why a turn is not known
    time_s: float,
    x_m: Floats,
    y_m: Floats,
    speed_mps: Floats,
    sideways_mps: Floats,
    unseen_s: Floats,
    crossed_s: Floats,
    exits_deg: Floats,
    held_m: float,
    short_held_m: float,
    aside_m: float,
    right_leg_m: float,
    left_leg_m: float,
    spread_deg: float,
    off_deg: float,
    margin_deg: float,
    through_m: float,
    uturn_m: float,
    front_m: float,
    near_m: float,
    min_hits: int,
    min_mps: float,
    max_mps2: float,
    max_unseen_s: float,
    memory: Floats,
    known: NDArray[np.bool_],
) -> None:
    """Follows headings beyond the line: whose exit is clear, told once.

    Args:
        time_s: capture time.
        x_m: ``(n,)`` front, upstream of the line.
        y_m: ``(n,)`` from the kerb.
        speed_mps: ``(n,)`` along the approach.
        sideways_mps: ``(n,)`` to the left.
        unseen_s: ``(n,)`` seconds since the last detection.
        crossed_s: ``(n,)`` instant of the crossing, NaN for who was not seen to cross.
        exits_deg: ``(4,)`` heading of each exit, see `exits_deg`.
        held_m: see `TurnSettings`, as are the next fifteen.
        short_held_m: there.
        aside_m: there.
        right_leg_m: there.
        left_leg_m: there.
        spread_deg: there.
        off_deg: there.
        margin_deg: there.
        through_m: there.
        uturn_m: there.
        front_m: there.
        near_m: there.
        min_hits: there.
        min_mps: there.
        max_mps2: there.
        max_unseen_s: there.
        memory: ``(n, 14)`` what was known before; brought up to this frame.
        known: ``(n,)`` output: the turn became known in this frame.
    """
    for i in range(len(x_m)):
        m = memory[i]
        known[i] = False
        dt, vx, vy = time_s - m[_T], speed_mps[i], sideways_mps[i]
        hopped = np.hypot(vx - m[_VX], vy - m[_VY]) > max_mps2 * dt + _NOISE_MPS  # false for NaN
        m[_T], m[_VX], m[_VY] = time_s, vx, vy
        if x_m[i] >= 0.0:
            m[HEADING], m[TURN], m[_LEG_WAY], m[_LEG_HITS] = np.nan, NOT_KNOWN, 0.0, 0.0
            if x_m[i] > _AWAY_M:
                m[OVER_S], m[FRONT_S], m[DOUBT] = np.nan, np.nan, 0.0
            if unseen_s[i] == 0.0:
                m[LINE_Y] = y_m[i]
            continue
        m[OVER_S] = np.fmin(m[OVER_S], time_s)  # NaN gives way
        if x_m[i] < -front_m:
            m[FRONT_S] = np.fmin(m[FRONT_S], time_s)
        elif m[DOUBT] == 0.0 and _in_doubt(x_m, y_m, unseen_s, i, near_m):
            m[DOUBT] = 1.0
        if hopped and m[TURN] == NOT_KNOWN:
            m[TURN] = NOT_BELIEVED
        if np.isnan(crossed_s[i]) or m[TURN] != NOT_KNOWN:
            continue
        if unseen_s[i] > 0.0:
            m[_HIDDEN] = 1.0
            if unseen_s[i] > max_unseen_s:
                m[HEADING], m[_LEG_WAY], m[_LEG_HITS] = np.nan, 0.0, 0.0
            continue
        was_hidden, m[_HIDDEN] = m[_HIDDEN] > 0.0, 0.0
        speed = np.hypot(vx, vy)
        if speed < min_mps:
            continue
        heading = np.degrees(np.arctan2(vy, vx))
        moved_m = speed * min(dt, max_unseen_s)
        best = exit_of(heading, exits_deg, off_deg, margin_deg)
        went_m = y_m[i] - m[LINE_Y]
        if (best == _LEFT and went_m >= left_leg_m) or (best == _RIGHT and -went_m >= right_leg_m):  # false for NaN
            m[_LEG_WAY], m[_LEG_HITS] = m[_LEG_WAY] + moved_m, m[_LEG_HITS] + 1.0
            if not was_hidden and m[_LEG_WAY] >= short_held_m and m[_LEG_HITS] >= min_hits:
                m[HEADING], m[WAY], m[TURN] = heading, m[_LEG_WAY], best
                known[i] = True
                continue
        else:
            m[_LEG_WAY], m[_LEG_HITS] = 0.0, 0.0
        if not apart(heading, m[HEADING]) <= spread_deg:  # true for NaN
            m[HEADING], m[WAY], m[_HITS] = heading, 0.0, 1.0
            continue
        m[WAY] += moved_m
        m[_HITS] += 1.0
        # the first place after a gap may be somebody else's: the next one has to agree
        if was_hidden or m[WAY] < short_held_m or m[_HITS] < min_hits:
            continue
        if not is_clear(best, exits_deg, m[WAY], x_m[i], went_m, held_m, aside_m, through_m, uturn_m):
            continue
        m[TURN] = best
        known[i] = True
