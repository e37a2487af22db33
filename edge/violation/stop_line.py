"""Stopping over the line: standing on red further beyond it than the crowd may, without entering the junction.

Whether someone enters is known only when the red is over, so the standing is told as suspected first (its pictures must
be kept now) and as final then; who goes on into the junction on the same red has run it instead.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from nutgiao.edge.lanes.memory import TrackMemory
from nutgiao.edge.lanes.placed import PlacedTracks
from nutgiao.edge.violation.rule import Violation, class_of, groups_to_obey
from nutgiao.edge.violation.trace import SignalTrace
from nutgiao.models.contracts.site import Approach
from nutgiao.models.contracts.words import CLASSES, TWO_WHEELERS, Indication, ViolationKind

_TWO_WHEELER = np.array([c in TWO_WHEELERS for c in CLASSES])


@dataclass(frozen=True, slots=True)
class StopLineSettings:
    """How sure the rule must be.

    Attributes:
        standing_s: how long it must stand there.
        within_m: its front stays within so much of where it came to stand,
        creeping_mps: and is slower than this.
        sureness: standard errors that the front must be beyond the tolerance.
        min_hits: detections of the track.
        max_unseen_s: longest time without detection while it stands.
        amber_s: the crossing may be so long before the red, on its amber.
    """

    standing_s: float = 2.0
    within_m: float = 0.7
    creeping_mps: float = 1.4
    sureness: float = 1.0
    min_hits: int = 5
    max_unseen_s: float = 1.0
    amber_s: float = 6.0


class StopLineRule:
    """Overrun of the stop line on one approach, once per track and red.

    Args:
        approach: as the site file describes it.
        camera: id of the camera.
        settings: how sure it must be.
    """

    def __init__(self, approach: Approach, camera: str, settings: StopLineSettings = StopLineSettings()) -> None:
        self._approach, self._camera, self._settings = approach, camera, settings
        line = approach.stop_line
        self._tolerance_m = np.where(_TWO_WHEELER, line.two_wheeler_tolerance_m, line.overrun_tolerance_m)
        self._memory = TrackMemory(since=np.nan, from_x=np.nan, told_red=np.nan)
        self._suspects: dict[int, Violation] = {}  # by track number

    def step(self, placed: PlacedTracks, trace: SignalTrace) -> list[Violation]:
        """See `nutgiao.edge.violation.rule.Rule`."""
        s = self._settings
        self._memory.follow(placed.numbers)
        m = self._memory.rows
        limit = -self._tolerance_m[placed.classes] - s.sureness * placed.sd_m
        stands = (
            (placed.x_m < limit)
            & (placed.x_m > -self._approach.stop_line.conflict_m)
            & (np.hypot(placed.speed_mps, placed.sideways_mps) < s.creeping_mps)
            & (placed.unseen_s <= s.max_unseen_s)
        )
        # place tells standing from creeping better than the filter's speed, which jitters by 0.4 m/s
        moved = np.abs(placed.x_m - m["from_x"]) > s.within_m
        m["since"][moved | ~stands] = np.nan
        m["from_x"] = np.where(stands & np.isnan(m["since"]), placed.x_m, m["from_x"])
        m["since"] = np.where(stands, np.fmin(m["since"], placed.time_s), np.nan)
        found = self._settle(placed, trace)
        for i in np.flatnonzero(stands & (placed.hits >= s.min_hits)):
            violation = self._judge(placed, int(i), float(m["since"][i]), float(m["told_red"][i]), trace)
            if violation is not None:
                m["told_red"][i] = violation[1]
                found.append(violation[0])
                self._suspects[int(placed.numbers[i])] = violation[0]
        return found

    def _settle(self, placed: PlacedTracks, trace: SignalTrace) -> list[Violation]:
        """Tells suspects whose red is over as final, and drops those who entered the junction on it."""
        if not self._suspects:
            return []
        lamp = trace.indication_at(self._approach.signal_group, placed.time_s)
        inside = placed.numbers[placed.x_m < -self._approach.stop_line.conflict_m]
        for number in set(inside.tolist()) & self._suspects.keys():
            if lamp is Indication.RED:
                del self._suspects[number]
        if lamp is Indication.RED:
            return []
        final = [replace(suspect, final=True) for suspect in self._suspects.values()]
        self._suspects.clear()
        return [] if lamp is Indication.UNKNOWN else final

    def _judge(
        self, placed: PlacedTracks, i: int, since_s: float, told_red_s: float, trace: SignalTrace
    ) -> tuple[Violation, float] | None:
        """Whether it has stood there on one red for long enough; returns the violation and that red's start."""
        s, time_s = self._settings, placed.time_s
        lane, vehicle_class = int(placed.lanes[i]), class_of(placed, i)
        groups = groups_to_obey(self._approach, lane, float(placed.y_m[i]), vehicle_class)
        red_s = -math.inf
        for group in groups:
            red = trace.red_since(group, time_s)
            if red is None:
                return None
            red_s = max(red_s, red)
        standing_s = time_s - max(since_s, red_s)
        crossed_s = float(placed.crossed_s[i])
        # who was not seen to cross, or crossed before this red and is held up by the junction, did not overrun it
        own_red_s = trace.red_since(self._approach.signal_group, time_s) or red_s
        if told_red_s == own_red_s or standing_s < s.standing_s or not crossed_s > own_red_s - s.amber_s:
            return None
        if any(trace.indication_at(group, crossed_s) not in (Indication.RED, Indication.AMBER) for group in groups):
            return None
        beyond_m, sd_m = -float(placed.x_m[i]), float(placed.sd_m[i])
        sureness = (beyond_m - float(self._tolerance_m[placed.classes[i]])) / max(sd_m, 0.05)
        violation = Violation(
            kind=ViolationKind.STOP_LINE,
            approach=self._approach.id,
            lane=self._approach.lanes[lane].id,
            camera=self._camera,
            track=placed.ids[i],
            number=int(placed.numbers[i]),
            vehicle_class=vehicle_class,
            occurred_s=max(since_s, red_s),
            confidence=round(0.5 * (1.0 + math.erf(sureness / math.sqrt(2.0))), 3),
            numbers={
                "beyond_line_m": round(beyond_m, 2),
                "tolerance_m": float(self._tolerance_m[placed.classes[i]]),
                "standing_s": round(standing_s, 2),
                "red_age_s": round(time_s - red_s, 2),
                "red_age_at_crossing_s": round(crossed_s - red_s, 2),
                "position_sd_m": round(sd_m, 2),
                "hits": float(placed.hits[i]),
            },
            moments=(crossed_s - 0.5, max(since_s, red_s), time_s),
            signal_group=groups[0],
            final=False,
        )
        return violation, own_red_s
