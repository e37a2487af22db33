"""Stopping over the line: standing on red further beyond it than the crowd may, without entering the junction.

Whether someone enters is known only when the red is over, so the standing is told as suspected first (its pictures must
be kept now) and as final then; who goes on into the junction on the same red has run it instead.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.lanes.memory import TrackMemory
from nutgiao.edge.lanes.placed import PlacedTracks
from nutgiao.edge.violation.rule import Violation, class_of, groups_to_obey
from nutgiao.edge.violation.trace import SignalTrace
from nutgiao.models.contracts.site import Approach
from nutgiao.models.contracts.words import CLASSES, TWO_WHEELERS, Indication, ViolationKind
from nutgiao.models.jit import kernel

_SINCE, _FROM_X, _TOLD_RED = range(3)
"""Columns of the memory."""
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
        apart_m: two road users' fronts do not stand nearer to each other than this. Who turns up in the place of one
            that was told of on this red, and is not seen there any more, is the same one under another number.
        lost_m: likewise so near to the place of one whose track is lost: it may have crept aside.
    """

    standing_s: float = 2.0
    within_m: float = 0.7
    creeping_mps: float = 1.4
    sureness: float = 1.0
    min_hits: int = 5
    max_unseen_s: float = 1.0
    amber_s: float = 6.0
    apart_m: float = 1.0
    lost_m: float = 2.5


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
        self._places: dict[int, tuple[float, float]] = {}  # x and y of those who were told of on this red, likewise

    def step(self, placed: PlacedTracks, trace: SignalTrace) -> list[Violation]:
        """See `nutgiao.edge.violation.rule.Rule`."""
        s = self._settings
        self._memory.follow(placed.numbers)
        m = self._memory.rows
        stands = np.empty(len(placed), np.bool_)
        stand_beyond(
            placed.time_s,
            placed.x_m,
            placed.speed_mps,
            placed.sideways_mps,
            placed.sd_m,
            placed.unseen_s,
            placed.classes,
            self._tolerance_m,
            self._approach.stop_line.conflict_m,
            s.sureness,
            s.creeping_mps,
            s.within_m,
            s.max_unseen_s,
            m,
            stands,
        )
        found = self._settle(placed, trace)
        for i in stands.nonzero()[0].tolist():
            if placed.hits[i] < s.min_hits:
                continue
            judged = self._judge(placed, i, float(m[i, _SINCE]), float(m[i, _TOLD_RED]), trace)
            if judged is not None:
                violation, m[i, _TOLD_RED] = judged
                if not self._told_there(placed, i):
                    found.append(violation)
                    self._suspects[violation.number] = violation
                    self._places[violation.number] = (float(placed.x_m[i]), float(placed.y_m[i]))
        return found

    def _told_there(self, placed: PlacedTracks, i: int) -> bool:
        """Whether row i stands where somebody was told of on this red, who is not seen to stand there any more."""
        s = self._settings
        for number, (x_m, y_m) in self._places.items():
            away_m = math.hypot(placed.x_m[i] - x_m, placed.y_m[i] - y_m)
            k = int(placed.numbers.searchsorted(number))
            if k == len(placed) or placed.numbers[k] != number or placed.unseen_s[k] > 0.0:
                if away_m <= s.lost_m:
                    return True
            elif away_m <= s.apart_m < math.hypot(placed.x_m[k] - x_m, placed.y_m[k] - y_m):
                return True
        return False

    def _settle(self, placed: PlacedTracks, trace: SignalTrace) -> list[Violation]:
        """Tells suspects whose red is over as final, and drops those who entered the junction on it."""
        lamp = trace.indication_at(self._approach.signal_group, placed.time_s)
        if lamp is not Indication.RED:
            self._places.clear()
        if not self._suspects:
            return []
        inside = placed.numbers[placed.x_m < -self._approach.stop_line.conflict_m]
        for number in set(inside.tolist()) & self._suspects.keys():
            if lamp is Indication.RED:
                del self._suspects[number], self._places[number]
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


@kernel(
    "void(f8, f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], i1[::1], f8[::1], f8, f8, f8, f8, f8, f8[:, ::1], b1[::1])"
)
def stand_beyond(
    time_s: float,
    x_m: NDArray[np.float64],
    speed_mps: NDArray[np.float64],
    sideways_mps: NDArray[np.float64],
    sd_m: NDArray[np.float64],
    unseen_s: NDArray[np.float64],
    classes: NDArray[np.int8],
    tolerance_m: NDArray[np.float64],
    conflict_m: float,
    sureness: float,
    creeping_mps: float,
    within_m: float,
    max_unseen_s: float,
    memory: NDArray[np.float64],
    stands: NDArray[np.bool_],
) -> None:
    """Who stands beyond the tolerance, and since when.

    Args:
        time_s: capture time.
        x_m: ``(n,)`` front.
        speed_mps: ``(n,)`` along the approach.
        sideways_mps: ``(n,)``.
        sd_m: ``(n,)`` standard error of x.
        unseen_s: ``(n,)`` seconds since the last detection.
        classes: ``(n,)``.
        tolerance_m: ``(classes,)`` how far over the line each class may stand.
        conflict_m: further over it is in the junction.
        sureness: see `StopLineSettings`, as are the next three.
        creeping_mps: there.
        within_m: there.
        max_unseen_s: there.
        memory: ``(n, 3)`` what was known before; brought up to this frame.
        stands: ``(n,)`` output.
    """
    for i in range(len(x_m)):
        m, x = memory[i], x_m[i]
        stands[i] = (
            -conflict_m < x < -tolerance_m[classes[i]] - sureness * sd_m[i]
            and np.hypot(speed_mps[i], sideways_mps[i]) < creeping_mps
            and unseen_s[i] <= max_unseen_s
        )
        if not stands[i]:
            m[_SINCE] = np.nan
        # place tells standing from creeping better than the filter's speed, which jitters by 0.4 m/s
        elif np.isnan(m[_SINCE]) or np.abs(x - m[_FROM_X]) > within_m:
            m[_SINCE], m[_FROM_X] = time_s, x
