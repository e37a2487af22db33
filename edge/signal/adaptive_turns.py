"""Where vehicles go who do not show it: shares of each lane's turns, learnt from those who were seen to turn."""

from __future__ import annotations

from dataclasses import dataclass

from nutgiao.models.contracts.words import Turn
from nutgiao.models.queueing.junction.site import SiteTables
from nutgiao.models.queueing.shares import Shares

PRIOR_VEH = {Turn.THROUGH: 8.0, Turn.LEFT: 2.0, Turn.RIGHT: 2.0, Turn.UTURN: 0.2}
"""What is believed of a lane before anybody was seen on it, as if so many had been (assumed)."""

_LOOK_M = 1.0  # beyond the line a turn begins to show,
_TURNS_SHARE = 0.09  # and is one when the way to the side is this much of the way ahead (so told apart in the demo)
_SURE_M = 5.0  # who was seen this far beyond the line has shown what he does
_MOVED_M = 1.5


@dataclass(slots=True)
class Trail:
    """A road user near the line.

    Attributes:
        lane: number of the lane on which the line was reached.
        x_m: front, upstream of the line; negative beyond it.
        y_m: from the kerb.
        slope: steepest way to the left over way ahead that was seen beyond the line; negative to the right.
        beyond_m: farthest point beyond the line that was seen.
    """

    lane: int
    x_m: float
    y_m: float
    slope: float = 0.0
    beyond_m: float = 0.0

    def move(self, x_m: float, y_m: float) -> None:
        """Is seen again."""
        ahead_m, left_m = self.x_m - x_m, y_m - self.y_m
        if x_m < -_LOOK_M and ahead_m * ahead_m + left_m * left_m > _MOVED_M**2:
            slope = left_m / max(0.3, ahead_m)
            if abs(slope) > abs(self.slope):
                self.slope = slope
        self.beyond_m = max(self.beyond_m, -x_m)
        self.x_m, self.y_m = x_m, y_m


class TurnShares:
    """Shares of the links of each lane.

    Args:
        tables: of the site.
    """

    def __init__(self, tables: SiteTables) -> None:
        self._links = {lane: tables.links_of(lane) for lane in range(len(tables.row_mcu))}
        self._turns = [movement.turn for movement in tables.movements]
        self._shares = {
            lane: Shares([PRIOR_VEH.get(self._turns[link] or Turn.THROUGH, 1.0) for link in links])
            for lane, links in self._links.items()
        }

    def of(self, lane: int) -> Shares:
        """The shares of a lane, in the order of its links."""
        return self._shares[lane]

    def deal(self, lane: int) -> int:
        """The link to be believed of the next one on a lane."""
        return self._links[lane][self._shares[lane].deal()]

    def likeliest(self, lane: int) -> int:
        """The link that most on a lane take."""
        shares = self._shares[lane].shares()
        return self._links[lane][shares.index(max(shares))]

    def learn(self, trail: Trail) -> None:
        """Somebody has gone out of sight beyond the line."""
        if trail.beyond_m < _SURE_M and abs(trail.slope) < _TURNS_SHARE:
            return
        turn = Turn.THROUGH
        if abs(trail.slope) >= _TURNS_SHARE:
            turn = Turn.LEFT if trail.slope > 0.0 else Turn.RIGHT
        for k, link in enumerate(self._links[trail.lane]):
            if self._turns[link] is turn:
                self._shares[trail.lane].learn(k)
