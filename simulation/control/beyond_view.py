"""Who stands beyond the end of the view: an estimate from those who have come, lane by lane."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nutgiao.models.queueing.hidden_tail import ARRIVED_M, FLOWED_M, HIDDEN, HISTORY, STATES, follow_tails
from nutgiao.models.queueing.lane_kernel import BACK_M, COLUMNS, END_OF_VIEW_M, END_SPEED, END_VEH, REACH_M
from nutgiao.simulation.control.lights import VEHICLE_M
from nutgiao.simulation.control.views import Views


@dataclass(frozen=True, slots=True)
class Mouth:
    """A lane on which vehicles come into view.

    Attributes:
        approach: number.
        lane: of the street.
        end_m: from the line at which the view ends there.
    """

    approach: int
    lane: int
    end_m: float


class BeyondView:
    """Follows hidden queues.

    Args:
        views: of the network.
    """

    def __init__(self, views: Views) -> None:
        self._far_m = views.view_m
        self.mouths: list[Mouth] = []
        rows: list[int] = []
        row = 0
        for number, approach in enumerate(views.approaches):
            edge = -1
            for lane in approach.mouths:
                row += int(views.edge[lane] != edge)  # an empty row: who is beside is on the same street
                edge = views.edge[lane]
                end_m = approach.end_m[lane] + views.length_m[lane] - approach.from_m[lane]
                self.mouths.append(Mouth(number, lane, end_m))
                rows.append(row)
                row += 1
        self.number = {(one.approach, one.lane): k for k, one in enumerate(self.mouths)}
        self._row = np.array(rows, np.int64)
        self._sums = np.zeros((row + 1, COLUMNS))
        self._departed_m = np.zeros(row + 1)
        self._state = np.zeros((row + 1, STATES))
        self._history = np.zeros((row + 1, 3, HISTORY))
        self._came = np.zeros(len(self.mouths))
        self._time_s = 0.0

    def begin(self) -> None:
        """A second begins."""
        self._sums[:] = 0.0
        self._came[:] = 0.0

    def stands_or_goes(self, mouth: int, distance_m: float, length_m: float, speed_mps: float, halted: bool) -> None:
        """Somebody is seen on the lane."""
        sums = self._sums[self._row[mouth]]
        shifted_m = distance_m + self._far_m - self.mouths[mouth].end_m
        sums[REACH_M] = max(sums[REACH_M], shifted_m + length_m)
        if halted:
            sums[BACK_M] = max(sums[BACK_M], shifted_m + length_m)
        if shifted_m > self._far_m - END_OF_VIEW_M:
            sums[END_VEH] += 1.0
            sums[END_SPEED] += speed_mps

    def came(self, mouth: int) -> None:
        """Somebody has come into view."""
        self._came[mouth] += 1.0

    def end(self) -> list[float]:
        """A second ends.

        Returns:
            How many vehicles stand behind the end of the view, by mouth.
        """
        self._time_s += 1.0
        self._departed_m[self._row] = VEHICLE_M * self._came
        follow_tails(self._time_s, 1.0, self._sums, self._departed_m, self._far_m, self._state, self._history)
        state = self._state[self._row]
        free = state[:, HIDDEN] == 0.0
        tail_m = np.where(free, 0.0, np.maximum(0.0, state[:, ARRIVED_M] - state[:, FLOWED_M]))
        made: list[float] = (tail_m / VEHICLE_M).tolist()
        return made

    def hidden(self, mouth: int) -> bool:
        """Whether the queue goes on behind the end of the view."""
        return bool(self._state[self._row[mouth], HIDDEN] == 1.0)
