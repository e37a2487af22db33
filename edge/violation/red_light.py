"""Running a red light: the front crosses the line well into red and, within the same red, comes into the junction."""

from __future__ import annotations

import math
from dataclasses import dataclass

from nutgiao.edge.lanes.placed import PlacedTracks
from nutgiao.edge.violation.entering import EnteringWatch
from nutgiao.edge.violation.on_red import MayTurnOnRed, has_on_red
from nutgiao.edge.violation.rule import Violation, class_of, groups_to_obey
from nutgiao.edge.violation.trace import SignalTrace
from nutgiao.models.contracts.site import Approach
from nutgiao.models.contracts.words import ViolationKind


@dataclass(frozen=True, slots=True)
class RedLightSettings:
    """How sure the rule must be; a wrong fine is worse than none.

    Attributes:
        grace_s: age of the red at the crossing from which it counts.
        min_hits: detections of the track: a younger one at the line may have hopped to somebody from another side.
        max_sd_m: largest standard error of the front's place.
        max_unseen_s: longest time without detection between the last frame before the line and the entering, standing
            still apart; what hops and what must agree after a gap, `nutgiao.edge.violation.entering` knows.
        min_speed_mps: slowest speed along the approach on entering: what drifts is a mistaken track.
        straight_m: who still goes straight on so far beyond the line does not turn right, where one may on red.
    """

    grace_s: float = 0.3
    min_hits: int = 6
    max_sd_m: float = 0.8
    max_unseen_s: float = 1.0
    min_speed_mps: float = 1.0
    straight_m: float = 15.0


class RedLightRule:
    """Red-light running on one approach, once per track.

    Args:
        approach: as the site file describes it.
        camera: id of the camera.
        settings: how sure it must be.
        utc_offset_h: local time minus UTC, for the hours of signs that let somebody turn on red.
    """

    def __init__(
        self,
        approach: Approach,
        camera: str,
        settings: RedLightSettings = RedLightSettings(),
        utc_offset_h: float = 7.0,
    ) -> None:
        self._approach, self._camera, self._settings = approach, camera, settings
        self._entering = EnteringWatch(approach)
        self._may_turn = MayTurnOnRed(approach, utc_offset_h, settings.straight_m) if has_on_red(approach) else None

    def step(self, placed: PlacedTracks, trace: SignalTrace) -> list[Violation]:
        """See `nutgiao.edge.violation.rule.Rule`."""
        found = []
        for entry in self._entering.step(placed):
            seen = entry.gap_s <= self._settings.max_unseen_s
            violation = self._judge(placed, entry.row, entry.entered_s, trace) if seen else None
            if violation is not None:
                found.append(violation)
        return found if self._may_turn is None else self._may_turn.step(placed, found, trace.clock_off_s)

    def _judge(self, placed: PlacedTracks, i: int, entered_s: float, trace: SignalTrace) -> Violation | None:
        """Whether the crossing and the entering were both within one red."""
        s = self._settings
        crossed_s, sd_s = float(placed.crossed_s[i]), float(placed.crossed_sd_s[i])
        if placed.hits[i] < s.min_hits or placed.sd_m[i] > s.max_sd_m or placed.speed_mps[i] < s.min_speed_mps:
            return None
        vehicle_class = class_of(placed, i)
        lane = int(placed.lanes[i])
        since = -math.inf
        groups = groups_to_obey(self._approach, lane, float(placed.y_m[i]), vehicle_class)
        for group in groups:
            red = trace.red_since(group, entered_s)
            if red is None:
                return None
            since = max(since, red)
        age_s = crossed_s - since
        sureness = (age_s - s.grace_s) / max(sd_s, 0.05)
        if age_s < s.grace_s or sureness < 1.0:
            return None
        return Violation(
            kind=ViolationKind.RED_LIGHT,
            approach=self._approach.id,
            lane=self._approach.lanes[lane].id,
            camera=self._camera,
            track=placed.ids[i],
            number=int(placed.numbers[i]),
            vehicle_class=vehicle_class,
            occurred_s=crossed_s,
            confidence=round(0.5 * (1.0 + math.erf(sureness / math.sqrt(2.0))), 3),
            numbers={
                "red_age_s": round(age_s, 2),
                "speed_mps": round(float(placed.crossed_mps[i]), 2),
                "entered_after_s": round(entered_s - crossed_s, 2),
                "beyond_line_m": round(-float(placed.x_m[i]), 2),
                "crossing_sd_s": round(sd_s, 3),
                "position_sd_m": round(float(placed.sd_m[i]), 2),
                "hits": float(placed.hits[i]),
            },
            moments=(crossed_s - 1.0, crossed_s, placed.time_s),
            signal_group=groups[0],
        )
