"""Who comes from beyond the view of a lane's camera: the hidden tail of a queue, those announced, those expected."""

from __future__ import annotations

from collections.abc import Iterator

from nutgiao.edge.signal.announce import Coming
from nutgiao.models.contracts.messages import LaneState
from nutgiao.models.queueing.junction.seen import PACE_SHARE, free_s
from nutgiao.models.queueing.junction.site_rows import Comer
from nutgiao.models.queueing.junction.tables import HEADWAY_S, USUAL

HORIZON_S = 60.0
"""For so long ahead arrivals are expected: as far as the rolling horizon looks."""

AREA_M2_PER_MCU = 4.2
"""Street that one MCU takes in a standing queue: 3.0 to 3.6 m2 for a motorcycle, 4.8 to 5.3 for a car's (measured in
mixed traffic, models/queueing/README.md)."""

_MEMORY_S = 180.0
_LEAST_RATE = 0.002  # MCU per second below which nobody is expected
_USUAL_PERSONS = 1.0  # per MCU, until somebody has been seen


class Beyond:
    """One lane behind the end of its view.

    Args:
        lane: number.
        width_m: of the lane.
        far_m: end of the view.
        limit_mps: speed limit.
        row_mcu: how many MCU pass in a headway.
    """

    def __init__(self, lane: int, width_m: float, far_m: float, limit_mps: float, row_mcu: float) -> None:
        self._lane, self._width_m, self._far_m, self._row_mcu = lane, width_m, far_m, row_mcu
        self._pace_mps = PACE_SHARE * limit_mps
        self._hidden_mcu = 0.0
        self.rate = 0.0  # MCU per second that come into view
        self._weight = 0.0
        self._persons, self._mcu = _USUAL_PERSONS, 1.0

    @property
    def way_s(self) -> float:
        """From the end of the view to the line."""
        return self._far_m / self._pace_mps

    def learn(self, state: LaneState, mcu: float, persons: float) -> None:
        """A second has passed.

        Args:
            state: of the lane.
            mcu: of those in view.
            persons: of those in view.
        """
        keep = 1.0 - 1.0 / _MEMORY_S
        self._weight = keep * self._weight + 1.0  # the mean of what was seen, also while that is little
        self.rate += (state.arrivals_mcu - self.rate) / self._weight
        self._persons, self._mcu = keep * self._persons + persons, keep * self._mcu + mcu
        hidden_m = max(0.0, state.back_of_queue_m - self._far_m) if state.beyond_view else 0.0
        self._hidden_mcu = hidden_m * self._width_m / AREA_M2_PER_MCU

    def tail(self, link: int) -> Iterator[Comer]:
        """Rows that stand in the queue behind the end of the view."""
        per_m = self._width_m / AREA_M2_PER_MCU
        mcu, at_m = self._hidden_mcu, self._far_m
        while mcu > 0.0:
            part = min(mcu, self._row_mcu)
            yield Comer(self._lane, link, free_s(at_m, 0.0, self._pace_mps), part, part * self._each, halted=True)
            mcu, at_m = mcu - part, at_m + part / per_m

    def announced(self, coming: list[Coming], now_s: float) -> Iterator[Comer]:
        """Those whom the neighbour has announced and who are not in view yet."""
        for one in coming:
            if one.place is not None and one.place[0] == self._lane and one.at_s - now_s > self.way_s:
                yield Comer(self._lane, one.place[1], one.at_s - now_s, one.mcu, one.persons)

    def expected(self, link: int, from_s: float) -> Iterator[Comer]:
        """Rows that will come if as many come as of late, from some seconds ahead on."""
        if self.rate < _LEAST_RATE:
            return
        gap_s = max(USUAL[HEADWAY_S], self._row_mcu / self.rate)
        at_s = max(from_s, self.way_s) + 0.5 * gap_s
        while at_s < HORIZON_S:
            yield Comer(self._lane, link, at_s, self._row_mcu, self._row_mcu * self._each)
            at_s += gap_s

    @property
    def _each(self) -> float:
        """Persons per MCU."""
        return self._persons / self._mcu
