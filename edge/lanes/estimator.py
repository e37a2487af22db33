"""The door from tracks to lane states: queues, departures, arrivals, occupancy, and how far to trust them."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from math import isnan

import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.lanes.crossing import Crossing
from nutgiao.edge.lanes.frame import take_frame
from nutgiao.edge.lanes.greens import Greens
from nutgiao.edge.lanes.memory import TrackMemory
from nutgiao.edge.lanes.placed import PlacedTracks
from nutgiao.edge.lanes.second import ANSWERS, close_second
from nutgiao.edge.lanes.vanished import CAPACITY, VALUES
from nutgiao.models.contracts.messages import LaneState
from nutgiao.models.contracts.site import Approach
from nutgiao.models.contracts.words import CLASSES, Indication
from nutgiao.models.queueing.hidden_tail import HISTORY, QUEUE_AREA_M2, STATES
from nutgiao.models.queueing.lane_kernel import COLUMNS
from nutgiao.models.queueing.mcu import LENGTH_BY_CODE_M, MCU_BY_CODE, WIDTH_BY_CODE_M

_STALE_S = 2.0  # frames older than this tell nothing
_LOST_MEMORY_S = 10.0  # tracks that vanished in mid-view within this time lower the quality
_SHORTEST_S, _LONGEST_S = 0.1, 3.0  # a second is one, but a clock may stumble

_BY_CLASS = np.stack([LENGTH_BY_CODE_M, WIDTH_BY_CODE_M, MCU_BY_CODE, np.array(QUEUE_AREA_M2)])
_NO_LAMPS: Mapping[str, Indication] = {}


class LaneEstimator:
    """Turns the placed tracks of one approach into lane states.

    Args:
        approach: as the site file describes it.
        view_m: nearest and farthest x that its camera sees well.
    """

    def __init__(self, approach: Approach, view_m: tuple[float, float]) -> None:
        self._approach, self._far_m = approach.id, view_m[1]
        self._near_m, self._length_m = -approach.stop_line.conflict_m, approach.length_m
        lanes = len(approach.lanes)
        self._names = [lane.id for lane in approach.lanes]
        self._width_m = np.array([lane.width_m for lane in approach.lanes])
        self._memory = TrackMemory(
            known=0.0,
            queued=0.0,
            stood=0.0,
            since=0.0,
            departed=0.0,
            waited=0.0,
            x=np.nan,
            speed=0.0,
            length=0.0,
            width=0.0,
            units=0.0,
            lane=0.0,
            hits=0.0,
        )
        self._greens = Greens(approach)
        self._make_room(CAPACITY)
        self._frame: PlacedTracks | None = None
        self._vanished, self._hidden = np.zeros((CAPACITY, VALUES)), 0
        self._counts, self._sums, self._departed_m = np.zeros((lanes, 4)), np.zeros((lanes, COLUMNS)), np.zeros(lanes)
        self._tails, self._history = np.zeros((lanes, STATES)), np.zeros((lanes, 3, HISTORY))
        self._backs, self._answer = np.zeros((lanes, 3)), np.zeros((lanes, ANSWERS))
        nothing = [0.0] * 10 + [np.nan, 0.0, 0.0]
        self._silent = _states(self._names, approach.id, [nothing] * lanes, 0.0, [False] * lanes)
        self._departures: list[Crossing] = []
        self._lost: deque[float] = deque()
        self._closed_s: float | None = None

    def on_frame(self, placed: PlacedTracks) -> NDArray[np.bool_]:
        """Takes one frame in.

        Args:
            placed: tracks of the approach.

        Returns:
            ``(n,)`` who stands in the queue.
        """
        gone, n, time_s = self._memory.follow(placed.numbers), len(placed.numbers), placed.time_s
        if n + CAPACITY > len(self._lane):
            self._make_room(2 * n + CAPACITY)
        told, self._hidden, lost = take_frame(
            time_s,
            time_s - self._frame.time_s if self._frame is not None else 0.0,
            placed.x_m,
            placed.speed_mps,
            placed.sideways_mps,
            placed.sd_m,
            placed.unseen_s,
            placed.born_x_m,
            placed.crossed_s,
            placed.lanes,
            placed.classes,
            placed.hits,
            self._far_m,
            _BY_CLASS,
            self._greens.owed,
            self._memory.rows,
            gone,
            self._counts,
            self._figures,
            self._lane,
            self._flags,
            self._departs,
            self._vanished,
            self._hidden,
        )
        if lost:
            self._lost.extend([time_s] * lost)
        if told:
            for i in self._departs[:n].nonzero()[0].tolist():
                self._depart(placed, i)
        self._frame = placed
        return self._flags[0, :n].copy()

    def second(
        self, time_s: float, lamps: Mapping[str, Indication] = _NO_LAMPS
    ) -> tuple[tuple[LaneState, ...], tuple[Crossing, ...]]:
        """The lane states now, and the departures since the last call.

        Args:
            time_s: the time now.
            lamps: what the signal groups show; without them no split failure is told.

        Returns:
            One state per lane, from the kerb, and the crossings.
        """
        frame, crossings = self._frame, tuple(self._departures)
        self._departures.clear()
        while self._lost and self._lost[0] < time_s - _LOST_MEMORY_S:
            self._lost.popleft()
        if frame is None or time_s - frame.time_s > _STALE_S:
            return self._silent, crossings
        dt_s = 1.0 if self._closed_s is None else min(max(time_s - self._closed_s, _SHORTEST_S), _LONGEST_S)
        self._closed_s = time_s
        quality = close_second(
            time_s,
            dt_s,
            len(frame.numbers),
            self._hidden,
            self._vanished,
            self._figures,
            self._lane,
            self._flags,
            self._order,
            len(self._lost),
            self._near_m,
            self._far_m,
            self._length_m,
            self._width_m,
            self._counts,
            self._sums,
            self._tails,
            self._history,
            self._departed_m,
            self._backs,
            self._answer,
        )
        if lamps:
            self._greens.show(lamps, self._memory.rows, frame.unseen_s, self._tails)
        rows, failed = self._answer.tolist(), self._greens.failed
        return _states(self._names, self._approach, rows, round(quality, 3), failed), crossings

    def _make_room(self, tracks: int) -> None:
        """Buffers for so many tracks and vanished ones."""
        self._figures, self._flags = np.zeros((7, tracks)), np.zeros((3, tracks), np.bool_)
        self._lane, self._order = np.zeros(tracks, np.int64), np.zeros(tracks, np.int64)
        self._departs = np.zeros(tracks, np.bool_)

    def _depart(self, placed: PlacedTracks, i: int) -> None:
        self._departures.append(
            Crossing(
                time_s=float(placed.crossed_s[i]),
                approach=self._approach,
                lane=self._names[int(placed.lanes[i])],
                track=placed.ids[i],
                vehicle_class=CLASSES[int(placed.classes[i])],
                speed_mps=float(placed.crossed_mps[i]),
            )
        )


def _states(
    lanes: list[str], approach: str, rows: list[list[float]], quality: float, failed: list[bool]
) -> tuple[LaneState, ...]:
    """Puts the figures of `close_second` into messages; by position, because names cost three times as much here."""
    return tuple(
        [
            LaneState(
                lane,
                approach,
                int(queue_veh),
                queue_mcu,
                int(ahead_veh),
                back_m,
                int(left_veh),
                left_mcu,
                came_mcu,
                occupancy,
                None if isnan(mean_mps) else mean_mps,
                beyond > 0.0,
                quality,
                low_m,
                high_m,
                spills > 0.0,
                fails,
            )
            for lane, (
                queue_veh,
                queue_mcu,
                ahead_veh,
                back_m,
                low_m,
                high_m,
                left_veh,
                left_mcu,
                came_mcu,
                occupancy,
                mean_mps,
                beyond,
                spills,
            ), fails in zip(lanes, rows, failed, strict=True)
        ]
    )
