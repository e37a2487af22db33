"""Learns how a mixed stream discharges: MCU/h per metre of width, what each class counts, what start and end cost.

A class takes ``a`` metre-seconds of the stop line: its share of the width times the time. While the queue lasts, a
piece of green of y seconds and ``n`` departures obeys

    width * y = width * lost + sum over classes of a[c] * n[c] + noise,        noise's variance growing with y,

``lost`` only in the piece that begins with the green. That is a linear regression; a motorcycle's ``a`` is 3,600 s over
the discharge in MCU/h/m, and a class weighs ``a[c] / a[motorcycle]``. Pieces end after a quota of departures and not of
time: who comes next is the queue's affair, how long it takes is the street's, so the time is what scatters.
Source: regression of saturated green on classified counts, D. Branston and P. Gipps, Transp. Res. A 15, 1981.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.words import VehicleClass
from nutgiao.models.queueing.saturation_belief import Estimate, spanned
from nutgiao.models.queueing.saturation_stream_state import (
    COUNTED,
    PIECE_S,
    StreamPrior,
    StreamReport,
    StreamState,
    area_ms,
    initial,
)

__all__ = ["COUNTED", "StreamPrior", "StreamReport", "StreamSaturation", "StreamState"]

_LEAST_SHARE = 0.1
"""No class takes less than this share of what was believed before, whatever odd departures say."""


class StreamSaturation:
    """Learns from the departures of one stream, told one by one or second by second.

    Args:
        width_m: width that the stream uses at the stop line.
        prior: what is known before.
        state: what an earlier instance had learnt.
    """

    def __init__(self, width_m: float, prior: StreamPrior | None = None, state: StreamState | None = None) -> None:
        self._width_m = width_m
        self._prior = prior or StreamPrior()
        self.state = state if state is not None else initial(self._prior, width_m)
        self._area = np.array([area_ms(self._prior, name) for name in COUNTED])
        self._column = {name: k for k, name in enumerate(COUNTED)}
        self._counts = np.zeros(len(COUNTED))
        self._since_s = math.nan  # start of the open piece; NaN while nothing is learnt
        self._last_s = math.nan  # end of its last saturated departure or second
        self._first = False
        self._amber_s = math.nan
        self._after_amber = np.zeros(len(COUNTED))
        self._saturated = False

    def green(self, time_s: float) -> None:
        """Green begins, and somebody waits."""
        self._open(time_s, first=True)
        self._amber_s, self._saturated = math.nan, True
        self._after_amber[:] = 0.0

    def departure(self, time_s: float, vehicle_class: VehicleClass, queued: bool) -> None:
        """One front over the stop line.

        Args:
            time_s: instant, not before the last one.
            vehicle_class: pedestrians are ignored.
            queued: whether it stood in the queue, or moved up in one that had not ended.
        """
        column = self._column.get(vehicle_class)
        if column is None:
            return
        if not queued:
            self._run_dry()
            self._drop("free", 1)
        elif math.isnan(self._since_s) and math.isnan(self._amber_s):
            self._drop("not in a saturated green", 1)
        elif not math.isnan(self._amber_s):
            self._after_amber[column] += 1.0
        else:
            self._counts[column] += 1.0
            self.state.seen[column] += 1.0
            self._last_s = time_s
            if self._quota_reached():
                self._close(time_s)

    def amber(self, time_s: float) -> None:
        """Green ends, and with it the open piece, in the middle of somebody's crossing: half of him counts.

        The more a class takes, the likelier it is the one who is cut. Leaving cut pieces out would favour the quick
        ones, which are over before the amber, by 2 % on greens of 30 s; forgetting who was cut, the light classes.
        """
        if not math.isnan(self._since_s) and self._counts.any():
            cut = np.array(self.state.seen) * self._area
            self._counts += 0.5 * cut / cut.sum()
            self._close(time_s)
        self._since_s = math.nan
        self._amber_s = time_s

    def red(self, queue_left: bool) -> None:
        """Amber ends.

        Args:
            queue_left: whether somebody who had been in the queue all along still waits: only then was all of the amber
                that can be used in use.
        """
        if queue_left and self._saturated and not math.isnan(self._amber_s):
            self.state.end_gain.add(float(self._after_amber @ self._means()[1:]) / self._width_m)
        self._since_s, self._amber_s, self._saturated = math.nan, math.nan, False

    def second(self, end_s: float, departures: Mapping[VehicleClass, float], queue: bool) -> None:
        """A second of green or amber, for those who have sums only.

        Departures known in MCU alone are told as motorcycles: then the discharge is learnt, and the weights stay as
        they were when the MCU were counted.

        Args:
            end_s: end of the second.
            departures: over the line in this second, by class.
            queue: whether a queue was there when the second began and when it ended.
        """
        if not queue:
            self._run_dry()
            self._drop("free", round(sum(departures.values())))
            return
        target = self._counts if math.isnan(self._amber_s) else self._after_amber
        if target is self._counts and math.isnan(self._since_s):
            self._drop("not in a saturated green", round(sum(departures.values())))
            return
        for name, count in departures.items():
            if name in self._column:
                target[self._column[name]] += count
                self.state.seen[self._column[name]] += count
        self._last_s = end_s
        if target is self._counts and self._quota_reached():
            self._close(end_s)

    def report(self) -> StreamReport:
        """What was learnt so far."""
        state, fit = self.state, self.state.regression
        mean, spread = self._means(), fit.covariance()
        unit, sd = float(mean[1]), np.sqrt(np.diag(spread))
        pace = spanned(unit, float(sd[1]), fit.freedom, fit.used)
        mcu = {}
        for k, name in enumerate(COUNTED, start=1):
            weight = float(mean[k]) / unit
            share = spread[k, k] / mean[k] ** 2 + spread[1, 1] / unit**2 - 2 * spread[1, k] / (unit * mean[k])
            one = spanned(weight, weight * math.sqrt(max(float(share), 0.0)), fit.freedom, fit.used)
            mcu[name] = Estimate(one.value, max(one.low, 0.0), one.high, one.used)
        return StreamReport(
            saturation_mcu_h_m=Estimate(3600 / pace.value, 3600 / pace.high, 3600 / max(pace.low, 1e-3), pace.used),
            mcu=mcu,
            lost_s=spanned(float(mean[0]), float(sd[0]), fit.freedom, fit.used),
            end_gain_s=state.end_gain.estimate(),
            departures=round(sum(state.seen)),
            dropped=dict(state.dropped),
        )

    def _open(self, time_s: float, first: bool) -> None:
        self._since_s, self._first = time_s, first
        self._counts[:] = 0.0

    def _quota_reached(self) -> bool:
        return bool(self._counts @ self._area >= PIECE_S * self._width_m)

    def _close(self, time_s: float) -> None:
        """The open piece is complete: one row of the regression."""
        row = np.concatenate([[self._width_m if self._first else 0.0], self._counts])
        # the noise's variance grows with what there was to discharge; a second at least, for a piece that was cut early
        cost = max(float(self._counts @ self._area), self._width_m)
        self.state.regression.add(row, float(time_s - self._since_s) * self._width_m, cost)
        self._open(time_s, first=False)

    def _means(self) -> NDArray[np.float64]:
        mean = self.state.regression.mean()
        mean[1:] = np.maximum(mean[1:], _LEAST_SHARE * self._area)
        return mean

    def _run_dry(self) -> None:
        """The queue has ended: what it discharged since the last piece is a piece, too."""
        self._finish(self._last_s)
        self._saturated = False

    def _finish(self, time_s: float) -> None:
        if not math.isnan(self._since_s) and self._counts.any():
            self._close(time_s)
        self._since_s = math.nan

    def _drop(self, reason: str, count: int) -> None:
        if count:
            self.state.dropped[reason] = self.state.dropped.get(reason, 0) + count
