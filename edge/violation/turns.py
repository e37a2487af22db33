"""Which turn a road user took: its heading, held over some metres inside the junction; nobody is told of in doubt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nutgiao.edge.lanes.memory import TrackMemory
from nutgiao.edge.lanes.placed import PlacedTracks
from nutgiao.edge.violation.turn_kernel import (
    DOUBT,
    FRONT_S,
    HEADING,
    LINE_Y,
    NOT_BELIEVED,
    NOT_KNOWN,
    OVER_S,
    TURN,
    TURNS,
    WAY,
    Floats,
    apart,
    follow_turns,
)
from nutgiao.models.contracts.site import Approach
from nutgiao.models.contracts.words import Turn

_RIGHT_ANGLES = {Turn.LEFT: 90.0, Turn.THROUGH: 0.0, Turn.RIGHT: -90.0, Turn.UTURN: 180.0}


@dataclass(frozen=True, slots=True)
class TurnSettings:
    """How sure a turn must be before it is known.

    Attributes:
        held_m: way over which the heading is held; who turns round on the spot passes every heading, but holds none.
        short_held_m: the same for who has turned round, who is soon back at the line, and for who is already in the leg
            of the exit: no arc of less than 16 m keeps within `spread_deg` for so long.
        aside_m: so far to the exit's side of where the line was crossed is in its leg.
        right_leg_m: so far to the right is so deep in the leg that `short_held_m` towards the exit are enough, whether
            or not the heading keeps within `spread_deg`; a tracker's heading wavers by 20 degrees,
        left_leg_m: so far to the left; who turns round within 19 m does not get there with a heading like that.
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
        front_m: so far beyond the line people wait for their green in front of the queue; their time begins when they
            leave,
        near_m: unless, since the line, they or anybody so close to them was out of sight: tracks change places then. Of
            those who had waited for more than 20 s two of nine were somebody else at the fair virtual camera.
    """

    held_m: float = 8.0
    short_held_m: float = 4.0
    aside_m: float = 8.0
    right_leg_m: float = 8.0
    left_leg_m: float = 14.0
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
    front_m: float = 8.0
    near_m: float = 2.5


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
            turn=NOT_KNOWN,
            line_y=np.nan,
            hidden=0.0,
            over_s=np.nan,
            leg_way=0.0,
            leg_hits=0.0,
            front_s=np.nan,
            doubt=0.0,
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
            s.right_leg_m,
            s.left_leg_m,
            s.spread_deg,
            s.off_deg,
            s.margin_deg,
            s.through_m,
            s.uturn_m,
            s.front_m,
            s.near_m,
            s.min_hits,
            s.min_mps,
            s.max_mps2,
            s.max_unseen_s,
            self._memory.rows,
            known,
        )
        rows = self._memory.rows
        since_s = np.where(rows[:, DOUBT] > 0.0, rows[:, OVER_S], rows[:, FRONT_S])
        late = known & (placed.time_s - since_s > s.max_after_s)
        rows[late, TURN] = NOT_BELIEVED
        known &= ~late
        return [(i, TURNS[int(rows[i, TURN])]) for i in known.nonzero()[0].tolist()]

    def turn(self, i: int) -> Turn | None:
        """Turn of row i of the last frame; None while it is not known."""
        code = int(self._memory.rows[i, TURN])
        return TURNS[code] if code >= 0 else None

    def heading_deg(self, i: int, turn: Turn) -> tuple[float, float]:
        """Heading that row i held, degrees to the left of the approach's own, and how far it is off a turn's exit."""
        heading = float(self._memory.rows[i, HEADING])
        return heading, float(apart(heading, float(self._exits_deg[TURNS.index(turn)])))

    def way_m(self, i: int) -> float:
        """Way over which row i held its heading."""
        return float(self._memory.rows[i, WAY])

    def line_y_m(self, i: int) -> float:
        """Where row i of the last frame crossed the line, metres from the kerb; NaN if it was not seen there."""
        return float(self._memory.rows[i, LINE_Y])


def exits_deg(approach: Approach) -> Floats:
    """``(4,)`` heading of each exit, in the order of `Turn`, degrees to the left of the approach's own."""
    named = {one.turn: approach.heading_deg - one.heading_deg for one in approach.exits}
    return np.array([_RIGHT_ANGLES[turn] if turn not in named else _wrapped(named[turn]) for turn in TURNS])


def _wrapped(angle_deg: float) -> float:
    return (angle_deg + 180.0) % 360.0 - 180.0
