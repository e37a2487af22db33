"""The last hour or so of one approach in ten-second bins: what came, what left, what stood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nutgiao.models.contracts.messages import LaneState, LaneTelemetry

BIN_S = 10
HISTORY_S = 5400
"""Ninety minutes: the planner looks back up to an hour, and late news must still find its bin."""

_COLUMNS = 8
(_SECONDS, _DEPARTURES, _ARRIVALS, _QUEUE_MCU, _QUEUE_VEH, _BACK, _BEYOND, _LAST) = range(_COLUMNS)


@dataclass(frozen=True, slots=True)
class ApproachSecond:
    """One approach in one second: its lanes together.

    Attributes:
        time_s: the second.
        queue_veh: road users that stand or crawl, those ahead of the line included.
        queue_mcu: the same in motorcycle-equivalent units.
        ahead_veh: those of them ahead of the line.
        back_of_queue_m: of the longest lane.
        departures_mcu: crossed the line in this second.
        arrivals_mcu: new in view in this second.
        occupancy: mean of the lanes, 0..1.
        speed_mps: mean of the lanes that have somebody, None if none has.
        beyond_view: the queue of a lane reaches the end of what its camera sees.
        quality: of the worst lane, 0..1.
    """

    time_s: float
    queue_veh: int
    queue_mcu: float
    ahead_veh: int
    back_of_queue_m: float
    departures_mcu: float
    arrivals_mcu: float
    occupancy: float
    speed_mps: float | None
    beyond_view: bool
    quality: float


@dataclass(frozen=True, slots=True)
class Bin:
    """Ten seconds of one approach.

    Attributes:
        start_s: first second of the bin.
        seconds: seconds that were reported, 0..10.
        departures_mcu: sum.
        arrivals_mcu: sum.
        queue_mcu: mean over the seconds reported.
        queue_veh: mean; times the bin's length it is delay in vehicle-seconds.
        back_of_queue_m: largest.
        beyond_view: share of the seconds in which the queue reached the end of the view.
    """

    start_s: int
    seconds: int
    departures_mcu: float
    arrivals_mcu: float
    queue_mcu: float
    queue_veh: float
    back_of_queue_m: float
    beyond_view: float


class ApproachHistory:
    """A ring of bins; seconds may come in any order, each once."""

    def __init__(self, history_s: int = HISTORY_S) -> None:
        self._size = history_s // BIN_S
        self._bins = np.zeros((self._size, _COLUMNS))
        self._number = np.full(self._size, -1, np.int64)  # which bin since the epoch a row holds
        self._last_s = np.zeros(self._size)
        self._newest = -1

    def add(self, second: ApproachSecond) -> None:
        """Adds a second; one that is older than the ring is left out."""
        number = int(second.time_s // BIN_S)
        row = number % self._size
        if number <= self._newest - self._size:
            return
        self._newest = max(self._newest, number)
        if self._number[row] != number:
            self._number[row] = number
            self._bins[row] = 0.0
            self._last_s[row] = -1.0
        values = self._bins[row]
        values[_SECONDS] += 1
        values[_DEPARTURES] += second.departures_mcu
        values[_ARRIVALS] += second.arrivals_mcu
        values[_QUEUE_MCU] += second.queue_mcu
        values[_QUEUE_VEH] += second.queue_veh
        values[_BACK] = max(values[_BACK], second.back_of_queue_m)
        values[_BEYOND] += second.beyond_view
        if second.time_s >= self._last_s[row]:
            self._last_s[row] = second.time_s
            values[_LAST] = second.queue_mcu

    def bins(self, since_s: float) -> list[Bin]:
        """Bins that start at or after a time, oldest first; those without news are left out."""
        return [self._bin(row) for row in self._rows(since_s)]

    def flow_mcuph(self, since_s: float, window_s: float) -> float | None:
        """Demand: departures plus growth of the queue, as conservation has it, in MCU an hour.

        The first bin gives the queue at the start only, so that departures and growth span the same time and the rise
        and fall of the queue within a cycle cancels.

        Args:
            since_s: start of the window.
            window_s: its length; with less than half of it reported there is no answer.
        """
        rows = self._rows(since_s)
        if len(rows) < 2:
            return None
        seconds = float(self._bins[rows[1:], _SECONDS].sum())
        if seconds + self._bins[rows[0], _SECONDS] < window_s / 2:
            return None
        first, last = rows[0], rows[-1]
        departures = float(self._bins[rows[1:], _DEPARTURES].sum()) / seconds
        growth = float(self._bins[last, _LAST] - self._bins[first, _LAST]) / float(
            self._last_s[last] - self._last_s[first]
        )
        return max(0.0, departures + growth) * 3600.0

    def _rows(self, since_s: float) -> list[int]:
        oldest = max(self._newest - self._size + 1, int(-(-since_s // BIN_S)), 0)
        rows = [number % self._size for number in range(oldest, self._newest + 1)]
        return [
            row for number, row in zip(range(oldest, self._newest + 1), rows, strict=True) if self._holds(row, number)
        ]

    def _holds(self, row: int, number: int) -> bool:
        return bool(self._number[row] == number and self._bins[row, _SECONDS] > 0)

    def _bin(self, row: int) -> Bin:
        values = self._bins[row]
        seconds = float(values[_SECONDS])
        return Bin(
            start_s=int(self._number[row]) * BIN_S,
            seconds=int(seconds),
            departures_mcu=float(values[_DEPARTURES]),
            arrivals_mcu=float(values[_ARRIVALS]),
            queue_mcu=float(values[_QUEUE_MCU]) / seconds,
            queue_veh=float(values[_QUEUE_VEH]) / seconds,
            back_of_queue_m=float(values[_BACK]),
            beyond_view=float(values[_BEYOND]) / seconds,
        )


def approach_seconds(message: LaneTelemetry) -> dict[str, ApproachSecond]:
    """The lanes of each approach together, in one second."""
    groups: dict[str, list[LaneState]] = {}
    for lane in message.lanes:
        groups.setdefault(lane.approach, []).append(lane)
    return {approach: _together(message.time_s, lanes) for approach, lanes in groups.items()}


def _together(time_s: float, lanes: Sequence[LaneState]) -> ApproachSecond:
    speeds = [lane.speed_mps for lane in lanes if lane.speed_mps is not None]
    return ApproachSecond(
        time_s=time_s,
        queue_veh=sum(lane.queue_veh for lane in lanes),
        queue_mcu=sum(lane.queue_mcu for lane in lanes),
        ahead_veh=sum(lane.ahead_veh for lane in lanes),
        back_of_queue_m=max(lane.back_of_queue_m for lane in lanes),
        departures_mcu=sum(lane.departures_mcu for lane in lanes),
        arrivals_mcu=sum(lane.arrivals_mcu for lane in lanes),
        occupancy=sum(lane.occupancy for lane in lanes) / len(lanes),
        speed_mps=sum(speeds) / len(speeds) if speeds else None,
        beyond_view=any(lane.beyond_view for lane in lanes),
        quality=min(lane.quality for lane in lanes),
    )
