"""Is this the road user who was told of a moment ago? A track that is lost and found again must not be two fines."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from nutgiao.edge.track.tracks import Tracks


@dataclass(slots=True)
class _Told:
    """Somebody who was told of, as last seen."""

    number: int
    time_s: float
    x_m: float
    y_m: float
    vx_mps: float
    vy_mps: float

    def off_m(self, passed_s: float, x_m: float, y_m: float) -> float:
        """Distance of a place from the way that it may have come since: at its speed, or slower if it brakes."""
        way_x_m, way_y_m = self.vx_mps * passed_s, self.vy_mps * passed_s
        along = (x_m - self.x_m) * way_x_m + (y_m - self.y_m) * way_y_m
        square = way_x_m**2 + way_y_m**2
        share = min(1.0, max(0.0, along / square)) if square > 0.0 else 0.0
        return math.hypot(x_m - self.x_m - share * way_x_m, y_m - self.y_m - share * way_y_m)


class Again:
    """Those who were told of lately, followed over the ground.

    Args:
        same_s: so long after somebody was last seen, a new track may still be that road user, if it is, or began,
        same_m: so far from the way on which the road user drove, two metres more with every second.
    """

    def __init__(self, same_s: float = 10.0, same_m: float = 3.0) -> None:
        self._same_s, self._same_m = same_s, same_m
        self._told: list[_Told] = []
        self._newest = -1

    def follow(self, tracks: Tracks) -> None:
        """Takes one frame in."""
        newest, self._newest = self._newest, int(tracks.numbers.max(initial=self._newest))
        if not self._told:
            return
        here = set(tracks.numbers.tolist())
        for i in (tracks.numbers > newest).nonzero()[0].tolist():
            self._begins(tracks, i, here)
        self._told = [one for one in self._told if one.number in here or tracks.time_s - one.time_s <= self._same_s]
        for one in self._told:
            i = int(tracks.numbers.searchsorted(one.number))
            if i < len(tracks) and tracks.numbers[i] == one.number and tracks.unseen_s[i] == 0.0:
                self._see(one, tracks, i)

    def is_new(self, tracks: Tracks, i: int) -> bool:
        """Whether somebody is none of those who were told of; in any case it is told of now.

        Args:
            tracks: of this frame, which `follow` has taken in.
            i: row of the road user.
        """
        now_m, here = tracks.ground_m[i].tolist(), set(tracks.numbers.tolist())
        for one in self._told:
            if one.number == tracks.numbers[i] or (
                one.number not in here and self._comes_to(one, tracks.time_s, *now_m)
            ):
                one.number = int(tracks.numbers[i])
                self._see(one, tracks, i)
                return False
        told = _Told(int(tracks.numbers[i]), 0.0, 0.0, 0.0, 0.0, 0.0)
        self._see(told, tracks, i)
        self._told.append(told)
        return True

    def _begins(self, tracks: Tracks, i: int, here: set[int]) -> None:
        """A new track that began where somebody lost may be is the same from now on, whenever it would be told of."""
        born_m, born_s = tracks.born_m[i].tolist(), float(tracks.born_s[i])
        for one in self._told:
            if one.number not in here and self._comes_to(one, born_s, *born_m):
                one.number = int(tracks.numbers[i])
                return

    def _comes_to(self, one: _Told, time_s: float, x_m: float, y_m: float) -> bool:
        """Whether one who was told of may be somewhere at a time after it was last seen."""
        passed_s = time_s - one.time_s
        return 0.0 <= passed_s <= self._same_s and one.off_m(passed_s, x_m, y_m) <= self._same_m + 2.0 * passed_s

    @staticmethod
    def _see(one: _Told, tracks: Tracks, i: int) -> None:
        one.time_s = tracks.time_s
        one.x_m, one.y_m = tracks.ground_m[i].tolist()
        one.vx_mps, one.vy_mps = np.asarray(tracks.velocity_mps[i]).tolist()
