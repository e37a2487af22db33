"""The door from tracks to lane states: queues, departures, arrivals, occupancy, and how far to trust them."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.lanes.crossing import Crossing
from nutgiao.edge.lanes.memory import TrackMemory
from nutgiao.edge.lanes.placed import PlacedTracks
from nutgiao.models.contracts.messages import LaneState
from nutgiao.models.contracts.site import Approach
from nutgiao.models.contracts.words import CLASSES
from nutgiao.models.jit import kernel
from nutgiao.models.queueing import lane_kernel as col
from nutgiao.models.queueing.lane_kernel import lane_sums
from nutgiao.models.queueing.mcu import LENGTH_BY_CODE_M, MCU_BY_CODE, WIDTH_BY_CODE_M

_QUEUED_MPS = 5 / 3.6  # joins the queue below this
_MOVING_MPS = 7 / 3.6  # and leaves it above this
_MAX_GAP_M = 15.0
_DEPART_M = 1.0  # a departure is told when the front is this far over the line and moving,
_DEPART_STANDING_M = 2.5  # or this far over in any case: further than a standing front jitters
_END_OF_VIEW_M = 6.0  # a queue whose back is this near the end of view reaches it
_STALE_S = 2.0  # frames older than this tell nothing
_LOST_MEMORY_S = 10.0  # tracks that vanished in mid-view within this time lower the quality
_NEW_SHARE = 0.5  # an arrival appears in the farther half of the view, or moving

_KNOWN, _QUEUED, _DEPARTED, _X = range(4)
"""Columns of the memory."""


class LaneEstimator:
    """Turns the placed tracks of one approach into lane states.

    Args:
        approach: as the site file describes it.
        view_m: nearest and farthest x that its camera sees well.
    """

    def __init__(self, approach: Approach, view_m: tuple[float, float]) -> None:
        self._approach, self._near_m, self._far_m = approach, view_m[0], view_m[1]
        self._memory = TrackMemory(known=0.0, queued=0.0, departed=0.0, x=np.nan)
        self._frame: PlacedTracks | None = None
        self._queued = np.zeros(0, np.bool_)
        lanes = len(approach.lanes)
        self._sums = np.zeros((lanes, 7))
        self._departures: list[Crossing] = []
        self._departed_mcu = np.zeros(lanes)
        self._departed_veh = np.zeros(lanes, np.int64)
        self._arrived_mcu = np.zeros(lanes)
        self._lost: deque[float] = deque()

    def on_frame(self, placed: PlacedTracks) -> NDArray[np.bool_]:
        """Takes one frame in.

        Args:
            placed: tracks of the approach.

        Returns:
            ``(n,)`` who stands in the queue.
        """
        for x in self._memory.follow(placed.numbers)[:, _X].tolist():
            if 0.0 < x < self._far_m - _END_OF_VIEW_M:
                self._lost.append(placed.time_s)
        n = len(placed)
        queued, departs = np.empty(n, np.bool_), np.empty(n, np.bool_)
        count(
            placed.x_m,
            placed.speed_mps,
            placed.sideways_mps,
            placed.sd_m,
            placed.unseen_s,
            placed.born_x_m,
            placed.crossed_s,
            placed.lanes,
            MCU_BY_CODE.take(placed.classes),
            self._far_m,
            self._memory.rows,
            self._arrived_mcu,
            queued,
            departs,
        )
        for i in departs.nonzero()[0].tolist():
            self._depart(placed, i)
        self._frame, self._queued = placed, queued
        return queued

    def second(self, time_s: float) -> tuple[tuple[LaneState, ...], tuple[Crossing, ...]]:
        """The lane states now, and the departures since the last call.

        Args:
            time_s: the time now.

        Returns:
            One state per lane, from the kerb, and the crossings.
        """
        frame = self._frame
        fresh = frame is not None and time_s - frame.time_s <= _STALE_S
        quality = 0.0
        self._sums[:] = 0.0
        if frame is not None and fresh:
            self._sum(frame)
            quality = self._quality(frame, time_s)
        states = tuple(self._state(k, quality) for k in range(len(self._approach.lanes)))
        crossings = tuple(self._departures)
        self._departures.clear()
        for column in (self._departed_mcu, self._departed_veh, self._arrived_mcu):
            column[:] = 0
        return states, crossings

    def _depart(self, placed: PlacedTracks, i: int) -> None:
        lane, code = int(placed.lanes[i]), int(placed.classes[i])
        self._departed_veh[lane] += 1
        self._departed_mcu[lane] += MCU_BY_CODE[code]
        self._departures.append(
            Crossing(
                time_s=float(placed.crossed_s[i]),
                approach=self._approach.id,
                lane=self._approach.lanes[lane].id,
                track=placed.ids[i],
                vehicle_class=CLASSES[code],
                speed_mps=float(placed.crossed_mps[i]),
            )
        )

    def _sum(self, frame: PlacedTracks) -> None:
        """Runs the kernel over who is on the lanes: the view, and the crowd up to the conflict area."""
        inside = (frame.x_m <= self._far_m + _END_OF_VIEW_M) & (frame.x_m > -self._approach.stop_line.conflict_m)
        order = np.argsort(frame.x_m, kind="stable")
        order = order[inside[order]]
        classes = frame.classes[order]
        lane_sums(
            frame.x_m[order],
            LENGTH_BY_CODE_M[classes],
            WIDTH_BY_CODE_M[classes],
            MCU_BY_CODE[classes],
            frame.speed_mps[order],
            frame.lanes[order],
            self._queued[order],
            _MAX_GAP_M,
            self._sums,
        )

    def _quality(self, frame: PlacedTracks, time_s: float) -> float:
        """Share of the road users believed to be there that were really seen."""
        while self._lost and self._lost[0] < time_s - _LOST_MEMORY_S:
            self._lost.popleft()
        seen = float(np.count_nonzero(frame.unseen_s == 0.0))
        believed = len(frame) + len(self._lost)
        return 1.0 if believed == 0 else seen / believed

    def _state(self, k: int, quality: float) -> LaneState:
        lane, sums = self._approach.lanes[k], self._sums[k]
        present, back_m = sums[col.PRESENT], float(sums[col.BACK_M])
        area_m2 = lane.width_m * self._far_m
        return LaneState(
            lane=lane.id,
            approach=self._approach.id,
            queue_veh=int(sums[col.QUEUE_VEH]),
            queue_mcu=round(float(sums[col.QUEUE_MCU]), 2),
            ahead_veh=int(sums[col.AHEAD_VEH]),
            back_of_queue_m=round(min(back_m, self._far_m), 1),
            departures_veh=int(self._departed_veh[k]),
            departures_mcu=round(float(self._departed_mcu[k]), 2),
            arrivals_mcu=round(float(self._arrived_mcu[k]), 2),
            occupancy=round(min(1.0, float(sums[col.COVERED_M2]) / area_m2), 3),
            speed_mps=round(float(sums[col.SPEED_SUM] / present), 2) if present else None,
            beyond_view=back_m >= self._far_m - _END_OF_VIEW_M,
            quality=round(quality, 3),
        )


@kernel(
    "void(f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], i8[::1], f8[::1], f8, f8[:, ::1],"
    " f8[::1], b1[::1], b1[::1])"
)
def count(
    x_m: NDArray[np.float64],
    speed_mps: NDArray[np.float64],
    sideways_mps: NDArray[np.float64],
    sd_m: NDArray[np.float64],
    unseen_s: NDArray[np.float64],
    born_x_m: NDArray[np.float64],
    crossed_s: NDArray[np.float64],
    lanes: NDArray[np.int64],
    mcu: NDArray[np.float64],
    far_m: float,
    memory: NDArray[np.float64],
    arrived_mcu: NDArray[np.float64],
    queued: NDArray[np.bool_],
    departs: NDArray[np.bool_],
) -> None:
    """Who joins the queue, leaves it, arrives and departs in this frame.

    Args:
        x_m: ``(n,)`` front.
        speed_mps: ``(n,)`` along the approach.
        sideways_mps: ``(n,)``.
        sd_m: ``(n,)`` standard error of x.
        unseen_s: ``(n,)`` seconds since the last detection.
        born_x_m: ``(n,)`` x of the first detection.
        crossed_s: ``(n,)`` instant of the crossing, NaN before it.
        lanes: ``(n,)``.
        mcu: ``(n,)`` motorcycle-equivalent units.
        far_m: farthest x that the camera sees well.
        memory: ``(n, 4)`` what was known before; brought up to this frame.
        arrived_mcu: ``(lanes,)`` arrivals are added here.
        queued: ``(n,)`` output: stands in the queue.
        departs: ``(n,)`` output: departs now.
    """
    for i in range(len(x_m)):
        m, x, speed = memory[i], x_m[i], speed_mps[i]
        pace = np.abs(speed)
        if x < 0.0:  # a turning vehicle in the junction moves sideways and is no queue
            pace = np.hypot(speed, sideways_mps[i])
        queued[i] = pace < (_MOVING_MPS if m[_QUEUED] else _QUEUED_MPS)
        # new and from upstream; who is found again in a standing queue is no arrival
        if not m[_KNOWN] and born_x_m[i] > 0.0 and (born_x_m[i] > _NEW_SHARE * far_m or speed > _MOVING_MPS):
            arrived_mcu[lanes[i]] += mcu[i]
        beyond = -x
        if unseen_s[i] > 0.0:  # a front that is only predicted must be over by its own uncertainty too
            beyond -= 2.0 * sd_m[i]
        over = (beyond > _DEPART_M and speed > _QUEUED_MPS) or beyond > _DEPART_STANDING_M
        departs[i] = over and not m[_DEPARTED] and not np.isnan(crossed_s[i])
        m[_KNOWN], m[_QUEUED], m[_X] = 1.0, queued[i], x
        if departs[i]:
            m[_DEPARTED] = 1.0
