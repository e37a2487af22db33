"""Learns how a lane of cars discharges: headways by place in the queue, start-up loss, saturation headway, amber used.

The first headway runs from the start of green to the first front over the line, the k-th from front k - 1 to front k.
From `LanePrior.settled_place` on they count as saturated; what the places before it take longer is the start-up lost
time. Sources: Highway Capacity Manual 2010, chapter 31 (field measurement of saturation flow); a departure that the
tracker missed shows as a headway of two or three: how likely that is comes from a mixture of one, two and three
headways (expectation step of Dempster, Laird and Rubin, J. R. Stat. Soc. B 39, 1977), and such a headway counts by the
chance that it is a single one.
"""

from __future__ import annotations

import math

from nutgiao.models.contracts.words import VehicleClass
from nutgiao.models.queueing.saturation_belief import Belief, Estimate, spanned
from nutgiao.models.queueing.saturation_lane_state import LanePrior, LaneReport, LaneState, initial

__all__ = ["LanePrior", "LaneReport", "LaneSaturation", "LaneState"]

_CAR = VehicleClass.CAR
_LARGEST_MULTIPLE = 3


class LaneSaturation:
    """Learns from the departures of one lane, told one by one.

    Args:
        prior: what is known before.
        state: what an earlier instance had learnt.
    """

    def __init__(self, prior: LanePrior | None = None, state: LaneState | None = None) -> None:
        self._prior = prior or LanePrior()
        self.state = state if state is not None else initial(self._prior)
        self._last_s = math.nan  # start of green or last saturated departure; NaN while nothing is learnt
        self._last_place = 0
        self._last_class = _CAR
        self._amber_s = math.nan
        self._used_amber_s = 0.0
        self._saturated = False

    def green(self, time_s: float) -> None:
        """Green begins."""
        self._last_s, self._last_place, self._last_class = time_s, 0, _CAR
        self._amber_s, self._used_amber_s, self._saturated = math.nan, 0.0, True

    def departure(self, time_s: float, vehicle_class: VehicleClass, queued: bool, place: int | None = None) -> None:
        """One front over the stop line.

        Args:
            time_s: instant, not before the last one.
            vehicle_class: pedestrians are ignored.
            queued: whether it stood in the queue when green began, or moved up in one that had not ended.
            place: its place in that queue, 1 first; without it the departures are counted.
        """
        if vehicle_class is VehicleClass.PEDESTRIAN:
            return
        if not queued:
            self._last_s, self._saturated = math.nan, False
            self._drop("free")
        elif math.isnan(self._last_s):
            self._drop("not in a saturated green")
        else:
            counted = self._last_place + 1
            if place is None or place == counted:
                missed = self._learn(counted, time_s - self._last_s, vehicle_class)
                place = counted + missed if place is None else place
            else:
                self._drop("the one ahead was not seen")
            self._last_s, self._last_place, self._last_class = time_s, place, vehicle_class

    def amber(self, time_s: float) -> None:
        """Green ends."""
        self._amber_s, self._used_amber_s = time_s, 0.0

    def red(self, queue_left: bool) -> None:
        """Amber ends.

        The amber used is the sum of the mean headways of the departures in it: where amber falls within a headway is up
        to chance, so that the mean over cycles is right although a single cycle's figure is a multiple of the headway.

        Args:
            queue_left: whether somebody who had been in the queue all along still waits: only then was all of the amber
                that can be used in use.
        """
        if queue_left and self._saturated and not math.isnan(self._amber_s):
            self._learn_cut()
            self.state.end_gain.add(self._used_amber_s)
        self._last_s, self._amber_s, self._saturated = math.nan, math.nan, False

    def report(self) -> LaneReport:
        """What was learnt so far."""
        state = self.state
        settled = state.saturation.estimate()
        first = tuple(belief.estimate() for belief in state.first)
        count = len(first)
        variance = sum(belief.sd**2 for belief in state.first) + (count * state.saturation.sd) ** 2
        lost = sum(one.value for one in first) - count * settled.value
        freedom = min(belief.freedom for belief in (*state.first, state.saturation))
        units = {}
        for name, belief in state.mixed.items():
            # one vehicle takes part in two mixed pairs and replaces one pair of cars
            value = 2.0 * belief.mean / settled.value - 1.0
            sd = 2.0 * math.hypot(belief.sd, belief.mean / settled.value * state.saturation.sd) / settled.value
            units[name] = spanned(value, sd, belief.freedom, belief.used)
        return LaneReport(
            headway_s=(*first, settled),
            start_up_lost_s=spanned(lost, math.sqrt(variance), freedom, min(one.used for one in first)),
            saturation_veh_h=Estimate(
                3600 / settled.value, 3600 / settled.high, 3600 / max(settled.low, 1e-3), settled.used
            ),
            car_units=units,
            end_gain_s=state.end_gain.estimate(),
            missed=state.missed / (state.seen + state.missed),
            departures=state.used,
            dropped=dict(state.dropped),
        )

    def _learn(self, place: int, headway_s: float, vehicle_class: VehicleClass) -> int:
        """Takes a headway in; returns how many were most likely missed before its vehicle."""
        state = self.state
        pair = {vehicle_class, self._last_class}
        if place < self._prior.settled_place:
            if pair != {_CAR}:
                self._drop("start of a mixed queue")
                return 0
            belief = state.first[place - 1]
            after = state.first[place] if place < len(state.first) else state.saturation
        else:
            others = pair - {_CAR}
            if len(others) > 1:
                self._drop("two that are no cars")
                return 0
            belief, after = state.mixed[others.pop()] if others else state.saturation, state.saturation
        chance = _multiples(headway_s, belief, after, state.missed / (state.seen + state.missed))
        missed = chance.index(max(chance))
        if not math.isnan(self._amber_s):
            self._used_amber_s += belief.mean + missed * after.mean
        if not self._last_s > self._amber_s:  # who starts a headway in the amber finishes it only if it is short
            belief.add(headway_s, chance[0])
            state.seen += 1.0
            state.missed += sum(k * share for k, share in enumerate(chance))
            state.used += 1
        return missed

    def _learn_cut(self) -> None:
        """The headway that the end of amber cut would have been longer: it counts as what is expected of such a one.

        Leaving it out would favour the short ones, by 1 % on greens of 30 s.
        """
        belief = self.state.saturation
        if self._last_place < self._prior.settled_place or self._last_class is not _CAR or self._last_s > self._amber_s:
            return
        least = (self._amber_s + self.state.end_gain.mean - self._last_s - belief.mean) / belief.noise
        tail = 0.5 * math.erfc(min(least, 5.0) / math.sqrt(2.0))
        density = math.exp(-0.5 * min(least, 5.0) ** 2) / math.sqrt(2.0 * math.pi)
        if least < 5.0:  # later than that nobody came: he was missed, or did not want to go
            belief.add(belief.mean + belief.noise * density / tail)

    def _drop(self, reason: str) -> None:
        self.state.dropped[reason] = self.state.dropped.get(reason, 0) + 1


def _multiples(headway_s: float, belief: Belief, added: Belief, missed: float) -> list[float]:
    """Chance that a headway is one headway, or one and one or two more because somebody was missed.

    Args:
        headway_s: as seen.
        belief: of a single one.
        added: of each that was missed.
        missed: share of departures that are missed.
    """
    weights = []
    for more in range(_LARGEST_MULTIPLE):
        mean = belief.mean + more * added.mean
        noise = math.sqrt(belief.noise**2 + more * added.noise**2)
        weights.append(missed**more / noise * math.exp(-0.5 * min(((headway_s - mean) / noise) ** 2, 1400.0)))
    total = sum(weights)
    return [weight / total for weight in weights] if total > 0.0 else [0.0, 0.0, 1.0]
