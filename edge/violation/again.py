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


class Again:
    """Those who were told of lately, followed over the ground.

    Args:
        same_s: so long after somebody was last seen, a new track may still be that road user.
        same_m: and may be so far from where the road user should be, two metres more with every second.
    """

    def __init__(self, same_s: float = 10.0, same_m: float = 3.0) -> None:
        self._same_s, self._same_m = same_s, same_m
        self._told: list[_Told] = []

    def follow(self, tracks: Tracks) -> None:
        """Takes one frame in."""
        if not self._told:
            return
        self._told = [one for one in self._told if tracks.time_s - one.time_s <= self._same_s]
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
        x_m, y_m = tracks.ground_m[i].tolist()
        here = set(tracks.numbers.tolist())
        for one in self._told:
            passed_s = tracks.time_s - one.time_s
            off_m = math.hypot(x_m - one.x_m - one.vx_mps * passed_s, y_m - one.y_m - one.vy_mps * passed_s)
            if one.number == tracks.numbers[i] or (one.number not in here and off_m <= self._same_m + 2.0 * passed_s):
                one.number = int(tracks.numbers[i])
                self._see(one, tracks, i)
                return False
        told = _Told(int(tracks.numbers[i]), 0.0, 0.0, 0.0, 0.0, 0.0)
        self._see(told, tracks, i)
        self._told.append(told)
        return True

    @staticmethod
    def _see(one: _Told, tracks: Tracks, i: int) -> None:
        one.time_s = tracks.time_s
        one.x_m, one.y_m = tracks.ground_m[i].tolist()
        one.vx_mps, one.vy_mps = np.asarray(tracks.velocity_mps[i]).tolist()
