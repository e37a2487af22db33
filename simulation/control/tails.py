"""On which lane the tail of a vehicle still stands when its front is in the junction, or on the street, behind."""

from __future__ import annotations

from dataclasses import dataclass

from nutgiao.models.queueing.junction.tables import NONE

_OVER_M = 1.0
"""A tail that stands over the end of a lane by less takes no room there."""


@dataclass(slots=True)
class Tail:
    """Of one vehicle, from second to second.

    Attributes:
        length_m: of the vehicle.
        lane: on which its front was last, before it left it; -1 before the first.
        left_m: what the vehicle had driven when its front left that lane; below zero while the front is on it.
    """

    length_m: float
    lane: int = NONE
    left_m: float = -1.0

    def stands_on(self, lane: int, driven_m: float, since_m: float) -> int:
        """The lane that only the tail is on, -1 if there is none.

        A junction that is crossed within one second is not noticed: nobody stands in it.

        Args:
            lane: that the front is on; -1 inside a junction.
            driven_m: by the vehicle since it entered the network.
            since_m: of which on the piece of road where its front is.
        """
        if lane == NONE and self.left_m < 0.0:
            self.left_m = driven_m - since_m
        over = self.left_m < 0.0 or driven_m - self.left_m >= self.length_m - _OVER_M
        if over and lane != NONE:
            self.lane, self.left_m = lane, -1.0
        return NONE if over else self.lane
