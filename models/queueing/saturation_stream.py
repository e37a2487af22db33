"""Learns how a mixed stream discharges: MCU/h per metre of width, what each class counts, what start and end cost.

A class takes ``a`` metre-seconds of the stop line: its share of the width times the time. While the queue lasts, a
piece of green of y seconds and ``n`` departures obeys

    width * y = width * lost + sum over classes of a[c] * n[c] + noise,        noise's variance growing with y,

``lost`` only in the piece that begins with the green. That is a linear regression; a motorcycle's ``a`` is 3,600 s over
the discharge in MCU/h/m, and a class weighs ``a[c] / a[motorcycle]``. Pieces end after a quota of departures and not of
time: who comes next is the queue's affair, how long it takes is the street's, so the time is what scatters.
Sources: regression of saturated green on classified counts: R. J. Branston and P. Gipps, Transp. Res. A 15, 1981;
conjugate Bayesian regression: Gelman et al., Bayesian Data Analysis, 3rd ed., section 14.8; outliers are weighed down
after P. J. Huber, Ann. Math. Stat. 35, 1964.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.words import CLASSES, VehicleClass
from nutgiao.models.queueing.mcu import MCU
from nutgiao.models.queueing.saturation_belief import PRIOR_SHAPE, Belief, Estimate, Prior, spanned
from nutgiao.models.queueing.webster import SATURATION_MCU_H_M

COUNTED: tuple[VehicleClass, ...] = tuple(name for name in CLASSES if name is not VehicleClass.PEDESTRIAN)
"""Classes that discharge; the motorcycle is the first and the unit."""

_PIECE_S = 8.0
"""A piece is so long at the prior's rate: long enough to blur who crossed first of two abreast."""

_LEAST_SHARE = 0.1
"""No class takes less than this share of what was believed before, whatever odd departures say."""

_TRUSTED_SD = 2.5
"""Pieces farther off than this many standard deviations weigh less, in proportion."""


class StreamPrior(msgspec.Struct, frozen=True):
    """What is known of a stream before anything was seen there.

    Attributes:
        saturation_mcu_h_m: discharge per metre of width.
        saturation_spread: its standard deviation between sites, as a share.
        weights: MCU of each class.
        weight_spread: standard deviation between sites, as a share.
        lost_s: mean and spread of the start-up lost time; it can be negative where a crowd waits ahead of the line.
        end_gain_s: mean and spread of the seconds of amber that are used.
        noise_s: standard deviation of a piece of 8 seconds.
    """

    saturation_mcu_h_m: float = SATURATION_MCU_H_M
    saturation_spread: float = 0.2
    weights: dict[VehicleClass, float] = msgspec.field(default_factory=lambda: dict(MCU))
    weight_spread: float = 0.4
    lost_s: tuple[float, float] = (1.5, 1.5)
    end_gain_s: tuple[float, float] = (1.0, 1.0)
    noise_s: float = 0.8


class StreamState(msgspec.Struct):
    """All that is kept of a stream between two departures; plain numbers, ready to be stored.

    Attributes:
        precision: ``(k, k)`` of lost time and classes, in units of the noise.
        moment: ``(k,)`` precision times posterior mean.
        shape: of the noise's inverse gamma distribution.
        scale: of the same.
        pieces: pieces of green used, doubtful ones by their weight.
        seen: saturated departures of each class.
        dropped: departures not used, by reason.
        end_gain: seconds of amber used.
    """

    precision: list[list[float]]
    moment: list[float]
    shape: float
    scale: float
    end_gain: Belief
    seen: list[float]
    pieces: float = 0.0
    dropped: dict[str, int] = msgspec.field(default_factory=dict)


class StreamReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was learnt.

    Attributes:
        saturation_mcu_h_m: discharge per metre of width.
        mcu: what each class counts; the motorcycle is 1.
        lost_s: start-up lost time.
        end_gain_s: seconds of amber used.
        departures: departures behind the figures.
        dropped: departures that tell nothing of saturation, by reason.
    """

    saturation_mcu_h_m: Estimate
    mcu: dict[VehicleClass, Estimate]
    lost_s: Estimate
    end_gain_s: Estimate
    departures: int
    dropped: dict[str, int]


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
        self.state = state if state is not None else _initial(self._prior, width_m)
        self._area = np.array([_area(self._prior, name) for name in COUNTED])
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
        state = self.state
        mean, spread = self._means(), self._covariance()
        mean[1:] = np.maximum(mean[1:], _LEAST_SHARE * self._area)
        freedom, unit = 2.0 * state.shape, float(mean[1])
        sd = np.sqrt(np.diag(spread))
        pace = spanned(unit, float(sd[1]), freedom, state.pieces)
        mcu = {}
        for k, name in enumerate(COUNTED, start=1):
            weight = float(mean[k]) / unit
            share = spread[k, k] / mean[k] ** 2 + spread[1, 1] / unit**2 - 2 * spread[1, k] / (unit * mean[k])
            mcu[name] = spanned(weight, weight * math.sqrt(max(float(share), 0.0)), freedom, state.pieces)
        return StreamReport(
            saturation_mcu_h_m=Estimate(3600 / pace.value, 3600 / pace.high, 3600 / max(pace.low, 1e-3), pace.used),
            mcu=mcu,
            lost_s=spanned(float(mean[0]), float(sd[0]), freedom, state.pieces),
            end_gain_s=state.end_gain.estimate(),
            departures=round(sum(state.seen)),
            dropped=dict(state.dropped),
        )

    def _open(self, time_s: float, first: bool) -> None:
        self._since_s, self._first = time_s, first
        self._counts[:] = 0.0

    def _quota_reached(self) -> bool:
        return bool(self._counts @ self._area >= _PIECE_S * self._width_m)

    def _close(self, time_s: float) -> None:
        """The open piece is complete: one row of the regression."""
        row = np.concatenate([[self._width_m if self._first else 0.0], self._counts])
        self._learn(row, float(time_s - self._since_s) * self._width_m)
        self._open(time_s, first=False)

    def _learn(self, row: NDArray[np.float64], value: float) -> None:
        state = self.state
        # the noise's variance grows with what there was to discharge; a second at least, for a piece that was cut early
        cost = max(float(self._counts @ self._area), self._width_m)
        precision, moment = np.array(state.precision), np.array(state.moment)
        off = value - float(row @ np.linalg.solve(precision, moment))
        expected = cost + float(row @ np.linalg.solve(precision, row))
        far = abs(off) / math.sqrt(state.scale / state.shape * expected)
        weight = min(1.0, _TRUSTED_SD / far) if far > 0.0 else 1.0
        state.precision = (precision + weight / cost * np.outer(row, row)).tolist()
        state.moment = (moment + weight / cost * value * row).tolist()
        state.shape += 0.5 * weight
        state.scale += 0.5 * weight * off * off / expected
        state.pieces += weight

    def _means(self) -> NDArray[np.float64]:
        return np.linalg.solve(np.array(self.state.precision), np.array(self.state.moment))

    def _covariance(self) -> NDArray[np.float64]:
        return np.linalg.inv(np.array(self.state.precision)) * (self.state.scale / self.state.shape)

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


def _area(prior: StreamPrior, name: VehicleClass) -> float:
    """Metre-seconds that one of a class takes, before anything was seen."""
    return prior.weights[name] * 3600.0 / prior.saturation_mcu_h_m


def _initial(prior: StreamPrior, width_m: float) -> StreamState:
    """The prior as a state: the discharge is uncertain for all classes together, each weight for itself."""
    area = np.array([_area(prior, name) for name in COUNTED])
    own = np.full(len(COUNTED), prior.weight_spread)
    own[0] = 0.0
    spread = np.zeros((len(COUNTED) + 1, len(COUNTED) + 1))
    spread[0, 0] = prior.lost_s[1] ** 2
    spread[1:, 1:] = np.outer(area, area) * prior.saturation_spread**2 + np.diag((area * own) ** 2)
    noise = prior.noise_s**2 * width_m / _PIECE_S  # variance per metre-second of discharge
    precision = np.linalg.inv(spread) * noise
    mean = np.concatenate([[prior.lost_s[0]], area])
    return StreamState(
        precision=precision.tolist(),
        moment=(precision @ mean).tolist(),
        shape=PRIOR_SHAPE,
        scale=PRIOR_SHAPE * noise,
        end_gain=Belief.of(Prior(prior.end_gain_s[0], prior.end_gain_s[1], prior.end_gain_s[1])),
        seen=[0.0] * len(COUNTED),
    )
