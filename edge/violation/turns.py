"""Which turn a road user took: its heading, held over some metres inside the junction; nobody is told of in doubt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.lanes.memory import TrackMemory
from nutgiao.edge.lanes.placed import PlacedTracks
from nutgiao.models.contracts.site import Approach
from nutgiao.models.contracts.words import Turn
from nutgiao.models.jit import kernel

Floats = NDArray[np.float64]

TURNS: tuple[Turn, ...] = tuple(Turn)
_RIGHT_ANGLES = {Turn.LEFT: 90.0, Turn.THROUGH: 0.0, Turn.RIGHT: -90.0, Turn.UTURN: 180.0}
_THROUGH, _UTURN = TURNS.index(Turn.THROUGH), TURNS.index(Turn.UTURN)
_NOT_KNOWN, _NOT_BELIEVED = -1.0, -2.0
_NOISE_MPS = 1.0  # by which a tracker's velocity may jump from frame to frame
_AWAY_M = 2.0  # somebody who stands at the line seems to come back before it, but not so far

_T, _VX, _VY, _HEADING, _WAY, _HITS, _TURN, _LINE_Y, _HIDDEN, _OVER_S = range(10)
"""Columns of the memory."""


@dataclass(frozen=True, slots=True)
class TurnSettings:
    """How sure a turn must be before it is known.

    Attributes:
        held_m: way over which the heading is held; who turns round on the spot passes every heading, but holds none.
        short_held_m: the same for who has turned round, who is soon back at the line, and for who is already in the leg
            of the exit: no arc of less than 16 m keeps within `spread_deg` for so long.
        aside_m: so far to the exit's side of where the line was crossed is in its leg.
        spread_deg: the heading stays within so much of where the way began.
        off_deg: largest angle to the exit's heading,
        margin_deg: and so much nearer than to any other exit's.
        through_m: so far beyond the line nobody who has gone straight on can still turn.
        uturn_m: who turns round has come at least so far to the left.
        min_hits: detections on that way.
        min_mps: slowest speed that has a heading.
        max_mps2: greatest acceleration of a road user; a track that shows more has hopped to somebody else.
        max_unseen_s: longest time without detection on that way.
        max_after_s: a turn that ends so long after the crossing of the line is not believed: whoever stands in the
            junction for so long is passed by others on all sides, and the track may have gone over to one of them. With
            30 s one of 15 wrong lanes at the fair virtual camera was told of somebody else, with 20 s none of 12.
    """

    held_m: float = 8.0
    short_held_m: float = 4.0
    aside_m: float = 8.0
    spread_deg: float = 14.0
    off_deg: float = 35.0
    margin_deg: float = 25.0
    through_m: float = 25.0
    uturn_m: float = 3.0
    min_hits: int = 3
    min_mps: float = 1.5
    max_mps2: float = 7.0
    max_unseen_s: float = 1.0
    max_after_s: float = 20.0


class TurnWatch:
    """Turns of the tracks of one approach.

    Args:
        approach: with its exits, where right angles do not tell them.
        settings: how sure a turn must be.
    """

    def __init__(self, approach: Approach, settings: TurnSettings = TurnSettings()) -> None:
        self._settings = settings
        self._exits_deg = exits_deg(approach)
        self._memory = TrackMemory(
            t=np.nan,
            vx=np.nan,
            vy=np.nan,
            heading=np.nan,
            way=0.0,
            hits=0.0,
            turn=_NOT_KNOWN,
            line_y=np.nan,
            hidden=0.0,
            over_s=np.nan,
        )

    def step(self, placed: PlacedTracks) -> list[tuple[int, Turn]]:
        """Takes one frame in.

        Args:
            placed: tracks of the approach.

        Returns:
            Rows whose turn became known in this frame, each track once per crossing of the line.
        """
        self._memory.follow(placed.numbers)
        s, known = self._settings, np.empty(len(placed), np.bool_)
        follow_turns(
            placed.time_s,
            placed.x_m,
            placed.y_m,
            placed.speed_mps,
            placed.sideways_mps,
            placed.unseen_s,
            placed.crossed_s,
            self._exits_deg,
            s.held_m,
            s.short_held_m,
            s.aside_m,
            s.spread_deg,
            s.off_deg,
            s.margin_deg,
            s.through_m,
            s.uturn_m,
            s.min_hits,
            s.min_mps,
            s.max_mps2,
            s.max_unseen_s,
            self._memory.rows,
            known,
        )
        late = known & (placed.time_s - self._memory.rows[:, _OVER_S] > s.max_after_s)
        self._memory.rows[late, _TURN] = _NOT_BELIEVED
        known &= ~late
        return [(i, TURNS[int(self._memory.rows[i, _TURN])]) for i in known.nonzero()[0].tolist()]

    def turn(self, i: int) -> Turn | None:
        """Turn of row i of the last frame; None while it is not known."""
        code = int(self._memory.rows[i, _TURN])
        return TURNS[code] if code >= 0 else None

    def heading_deg(self, i: int, turn: Turn) -> tuple[float, float]:
        """Heading that row i held, degrees to the left of the approach's own, and how far it is off a turn's exit."""
        heading = float(self._memory.rows[i, _HEADING])
        return heading, float(apart(heading, float(self._exits_deg[TURNS.index(turn)])))

    def way_m(self, i: int) -> float:
        """Way over which row i held its heading."""
        return float(self._memory.rows[i, _WAY])

    def line_y_m(self, i: int) -> float:
        """Where row i of the last frame crossed the line, metres from the kerb; NaN if it was not seen there."""
        return float(self._memory.rows[i, _LINE_Y])


def exits_deg(approach: Approach) -> Floats:
    """``(4,)`` heading of each exit, in the order of `Turn`, degrees to the left of the approach's own."""
    named = {one.turn: approach.heading_deg - one.heading_deg for one in approach.exits}
    return np.array([_RIGHT_ANGLES[turn] if turn not in named else _wrapped(named[turn]) for turn in TURNS])


def _wrapped(angle_deg: float) -> float:
    return (angle_deg + 180.0) % 360.0 - 180.0


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
    "void(f8, f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8, f8, f8, f8, f8, f8, f8, f8, i8, f8,"
    " f8, f8, f8[:, ::1], b1[::1])"
)
def follow_turns(
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
    spread_deg: float,
    off_deg: float,
    margin_deg: float,
    through_m: float,
    uturn_m: float,
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
        held_m: see `TurnSettings`, as are the next eleven.
        short_held_m: there.
        aside_m: there.
        spread_deg: there.
        off_deg: there.
        margin_deg: there.
        through_m: there.
        uturn_m: there.
        min_hits: there.
        min_mps: there.
        max_mps2: there.
        max_unseen_s: there.
        memory: ``(n, 10)`` what was known before; brought up to this frame.
        known: ``(n,)`` output: the turn became known in this frame.
    """
    for i in range(len(x_m)):
        m = memory[i]
        known[i] = False
        dt, vx, vy = time_s - m[_T], speed_mps[i], sideways_mps[i]
        hopped = np.hypot(vx - m[_VX], vy - m[_VY]) > max_mps2 * dt + _NOISE_MPS  # false for NaN
        m[_T], m[_VX], m[_VY] = time_s, vx, vy
        if x_m[i] >= 0.0:
            m[_HEADING], m[_TURN] = np.nan, _NOT_KNOWN
            m[_OVER_S] = np.nan if x_m[i] > _AWAY_M else m[_OVER_S]
            if unseen_s[i] == 0.0:
                m[_LINE_Y] = y_m[i]
            continue
        m[_OVER_S] = np.fmin(m[_OVER_S], time_s)  # NaN gives way
        if hopped and m[_TURN] == _NOT_KNOWN:
            m[_TURN] = _NOT_BELIEVED
        if np.isnan(crossed_s[i]) or m[_TURN] != _NOT_KNOWN:
            continue
        if unseen_s[i] > 0.0:
            m[_HIDDEN] = 1.0
            if unseen_s[i] > max_unseen_s:
                m[_HEADING] = np.nan
            continue
        was_hidden, m[_HIDDEN] = m[_HIDDEN] > 0.0, 0.0
        speed = np.hypot(vx, vy)
        if speed < min_mps:
            continue
        heading = np.degrees(np.arctan2(vy, vx))
        if not apart(heading, m[_HEADING]) <= spread_deg:  # true for NaN
            m[_HEADING], m[_WAY], m[_HITS] = heading, 0.0, 1.0
            continue
        m[_WAY] += speed * min(dt, max_unseen_s)
        m[_HITS] += 1.0
        # the first place after a gap may be somebody else's: the next one has to agree
        if was_hidden or m[_WAY] < short_held_m or m[_HITS] < min_hits:
            continue
        best = exit_of(heading, exits_deg, off_deg, margin_deg)
        went_m = y_m[i] - m[_LINE_Y]
        if not is_clear(best, exits_deg, m[_WAY], x_m[i], went_m, held_m, aside_m, through_m, uturn_m):
            continue
        m[_TURN] = best
        known[i] = True
