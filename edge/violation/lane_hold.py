"""Which lane a road user holds, clear of its lines, and when it has changed from one that it held to another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.lanes.memory import TrackMemory
from nutgiao.edge.lanes.placed import PlacedTracks
from nutgiao.models.contracts.site import Approach
from nutgiao.models.contracts.words import CLASSES, TWO_WHEELERS, VehicleClass
from nutgiao.models.jit import kernel

Floats = NDArray[np.float64]

_NONE = -1.0

_T, _Y, _LANE, _SINCE_S, _SINCE_X, _HITS, _HELD, _LEFT_S, _LEFT_X, _LAST_X = range(10)
"""Columns of the memory."""


@dataclass(frozen=True, slots=True)
class LaneHoldSettings:
    """When a lane is held.

    Attributes:
        two_wheeler_m: the middle of a two-wheeler is so far from a line beside another lane of its direction,
        car_m: of a car,
        wide_m: of a bus or truck, of which others hide a part,
        held_s: for so long,
        held_m: over such a way,
        min_hits: and in so many detections.
        hop_m: a jump sideways from frame to frame,
        hop_mps: with so much more for each second between them, is no way of driving: the track has hopped.
    """

    two_wheeler_m: float = 0.7
    car_m: float = 0.6
    wide_m: float = 0.9
    held_s: float = 1.0
    held_m: float = 5.0
    min_hits: int = 3
    hop_m: float = 0.5
    hop_mps: float = 2.0


@dataclass(frozen=True, slots=True)
class LaneChange:
    """A change from one held lane to another.

    Attributes:
        row: of the frame in which the new lane is held.
        before: index of the lane that was left.
        after: index of the lane now.
        left_s: when it was last held clear of its lines.
        left_x_m: where then.
        entered_s: when the new one was first held clear of its lines.
        entered_x_m: where then.
    """

    row: int
    before: int
    after: int
    left_s: float
    left_x_m: float
    entered_s: float
    entered_x_m: float


class LaneHold:
    """Lanes held by the tracks of one approach, upstream of its line.

    Args:
        approach: with its lanes.
        settings: when a lane is held.
    """

    def __init__(self, approach: Approach, settings: LaneHoldSettings) -> None:
        self._settings = settings
        self._edges_m = np.concatenate([[0.0], np.cumsum([lane.width_m for lane in approach.lanes])])
        clear = {VehicleClass.BUS: settings.wide_m, VehicleClass.TRUCK: settings.wide_m}
        clear |= dict.fromkeys(TWO_WHEELERS, settings.two_wheeler_m)
        self._clear_m = np.array([clear.get(one, settings.car_m) for one in CLASSES])
        self._memory = TrackMemory(
            t=np.nan,
            y=np.nan,
            lane=_NONE,
            since_s=np.nan,
            since_x=np.nan,
            hits=0.0,
            held=_NONE,
            left_s=np.nan,
            left_x=np.nan,
            last_x=np.nan,
        )

    def step(self, placed: PlacedTracks) -> list[LaneChange]:
        """Takes one frame in.

        Args:
            placed: tracks of the approach.

        Returns:
            Changes that became certain in this frame.
        """
        self._memory.follow(placed.numbers)
        s, changes = self._settings, np.empty((len(placed), 7))
        n = hold_lanes(
            placed.time_s,
            placed.x_m,
            placed.y_m,
            placed.unseen_s,
            placed.classes,
            self._edges_m,
            self._clear_m,
            s.held_s,
            s.held_m,
            s.min_hits,
            s.hop_m,
            s.hop_mps,
            self._memory.rows,
            changes,
        )
        return [LaneChange(int(one[0]), int(one[1]), int(one[2]), *one[3:]) for one in changes[:n].tolist()]

    def held(self, i: int, near_m: float) -> int | None:
        """Lane that row i of the last frame held up to the line.

        Args:
            i: the row.
            near_m: it was last seen upstream of the line no farther than this.

        Returns:
            Index of the lane; None where none was held for long enough, or not up to there.
        """
        m, s = self._memory.rows[i], self._settings
        long = m[_SINCE_X] - m[_LAST_X] >= s.held_m and m[_HITS] >= s.min_hits and m[_LAST_X] <= near_m
        return int(m[_LANE]) if m[_LANE] >= 0.0 and long else None


@kernel("i8(f8, f8[::1], f8)")
def lane_clear(y_m: float, edges_m: Floats, clear_m: float) -> int:
    """Index of the lane whose lines beside other lanes are so far away; -1 if there is none."""
    last = len(edges_m) - 2
    for k in range(last + 1):
        right = edges_m[0] - clear_m if k == 0 else edges_m[k] + clear_m
        left = edges_m[last + 1] if k == last else edges_m[k + 1] - clear_m
        if right <= y_m <= left:
            return k
    return -1


@kernel("i8(f8, f8[::1], f8[::1], f8[::1], i1[::1], f8[::1], f8[::1], f8, f8, i8, f8, f8, f8[:, ::1], f8[:, ::1])")
def hold_lanes(
    time_s: float,
    x_m: Floats,
    y_m: Floats,
    unseen_s: Floats,
    classes: NDArray[np.int8],
    edges_m: Floats,
    clear_m: Floats,
    held_s: float,
    held_m: float,
    min_hits: int,
    hop_m: float,
    hop_mps: float,
    memory: Floats,
    changes: Floats,
) -> int:
    """Follows who holds which lane; each change is told once.

    Args:
        time_s: capture time.
        x_m: ``(n,)`` front, upstream of the line.
        y_m: ``(n,)`` from the kerb.
        unseen_s: ``(n,)`` seconds since the last detection; only what is seen counts.
        classes: ``(n,)``.
        edges_m: ``(lanes + 1,)`` edges of the lanes from the kerb.
        clear_m: ``(classes,)`` distance of each class's middle from a line between lanes.
        held_s: see `LaneHoldSettings`, as are the next four.
        held_m: there.
        min_hits: there.
        hop_m: there.
        hop_mps: there.
        memory: ``(n, 10)`` what was known before; brought up to this frame.
        changes: ``(n, 7)`` output, fields of `LaneChange`.

    Returns:
        How many rows of the output are filled.
    """
    found = 0
    for i in range(len(x_m)):
        m, x, y = memory[i], x_m[i], y_m[i]
        if x < 0.0 or unseen_s[i] > 0.0:
            continue
        if np.abs(y - m[_Y]) > hop_m + hop_mps * (time_s - m[_T]):  # false for NaN
            m[_LANE] = m[_HELD] = _NONE
        m[_T], m[_Y], m[_LAST_X] = time_s, y, x
        lane = lane_clear(y, edges_m, clear_m[classes[i]])
        if lane < 0:
            m[_LANE] = _NONE
            continue
        if lane != m[_LANE]:
            m[_LANE], m[_SINCE_S], m[_SINCE_X], m[_HITS] = lane, time_s, x, 0.0
        m[_HITS] += 1.0
        long = time_s - m[_SINCE_S] >= held_s and m[_SINCE_X] - x >= held_m and m[_HITS] >= min_hits
        if long and lane != m[_HELD]:
            if m[_HELD] >= 0.0:
                changes[found, 0], changes[found, 1], changes[found, 2] = i, m[_HELD], lane
                changes[found, 3], changes[found, 4] = m[_LEFT_S], m[_LEFT_X]
                changes[found, 5], changes[found, 6] = m[_SINCE_S], m[_SINCE_X]
                found += 1
            m[_HELD] = lane
        if lane == m[_HELD]:
            m[_LEFT_S], m[_LEFT_X] = time_s, x
    return found
