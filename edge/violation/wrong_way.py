"""Riding the wrong way: upstream on the carriageway of an approach, far and steadily enough to be no manoeuvre."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.lanes.memory import TrackMemory
from nutgiao.edge.lanes.placed import PlacedTracks
from nutgiao.edge.violation.rule import Violation, class_of
from nutgiao.edge.violation.trace import SignalTrace
from nutgiao.models.contracts.site import Approach
from nutgiao.models.contracts.words import ViolationKind
from nutgiao.models.jit import kernel

_START_S, _START_X, _V, _HITS, _GAPS, _DONE = range(6)
"""Columns of the memory."""


@dataclass(frozen=True, slots=True)
class WrongWaySettings:
    """How sure the rule must be.

    Attributes:
        distance_m: way upstream, without a break.
        speed_mps: at least this fast.
        from_centre_m: at least this far inside the centre line: beyond it the other direction drives rightly.
        min_hits: detections of the track while it goes upstream. With 4, or 6, tracks that hopped upstream along
            a dense queue for 2 s were told of, two in forty minutes of the demonstration's street.
        max_sd_m: largest standard error of the front's place.
        steady_mps: largest change of speed from frame to frame.
        hits_per_gap: detections that make up for one frame without.
        same_rider_s: so long after a told rider was last seen, a new track may still be that rider.
        same_rider_m: and may be so far from where the rider should be now, a metre more with every second; a rider
            whose track was lost and found again is one rider, and two reports would be two fines.
    """

    distance_m: float = 15.0
    speed_mps: float = 1.5
    from_centre_m: float = 0.5
    min_hits: int = 10
    max_sd_m: float = 2.0
    steady_mps: float = 2.5
    hits_per_gap: int = 3
    same_rider_s: float = 15.0
    same_rider_m: float = 5.0


@dataclass(slots=True)
class _Told:
    """A rider who was told of, where first and last seen."""

    number: int
    start_s: float
    start_x_m: float
    time_s: float
    x_m: float
    y_m: float

    def may_be(self, time_s: float, x_m: float, y_m: float, settings: WrongWaySettings) -> bool:
        """Whether somebody seen now may be this rider, by the mean speed of the whole way.

        The filter's last speed is too low: it slows down tracks that it is about to lose.
        """
        passed_s = time_s - self.time_s
        upstream_mps = (self.x_m - self.start_x_m) / (self.time_s - self.start_s)
        off_m = abs(x_m - (self.x_m + upstream_mps * passed_s))
        return off_m <= settings.same_rider_m + passed_s and abs(y_m - self.y_m) <= 1.5


class WrongWayRule:
    """Wrong-way riding on one approach, once per track.

    Args:
        approach: as the site file describes it.
        camera: id of the camera.
        settings: how sure it must be.
    """

    def __init__(self, approach: Approach, camera: str, settings: WrongWaySettings = WrongWaySettings()) -> None:
        self._approach, self._camera, self._settings = approach, camera, settings
        self._told: list[_Told] = []
        self._memory = TrackMemory(start_s=np.nan, start_x=np.nan, v=np.nan, hits=0.0, gaps=0.0, done=0.0)

    def step(self, placed: PlacedTracks, trace: SignalTrace) -> list[Violation]:
        """See `nutgiao.edge.violation.rule.Rule`; the lamps do not matter."""
        s, m = self._settings, self._memory
        m.follow(placed.numbers)
        certain = np.empty(len(placed), np.bool_)
        go_upstream(
            placed.time_s,
            placed.x_m,
            placed.y_m,
            placed.speed_mps,
            placed.sd_m,
            placed.unseen_s,
            self._approach.width_m - s.from_centre_m,
            s.speed_mps,
            s.max_sd_m,
            s.steady_mps,
            s.distance_m,
            s.min_hits,
            s.hits_per_gap,
            m.rows,
            certain,
        )
        self._follow_told(placed)
        return [
            self._violation(placed, i, float(m.rows[i, _START_S]), float(m.rows[i, _START_X]))
            for i in certain.nonzero()[0].tolist()
            if self._is_new(placed, i, float(m.rows[i, _START_S]), float(m.rows[i, _START_X]))
        ]

    def _follow_told(self, placed: PlacedTracks) -> None:
        """Keeps in mind where those who were told of are, and forgets them some time after they were last seen.

        A track that turns round has hopped to somebody else in the queue: it tells nothing of the rider any more.
        """
        settings = self._settings
        self._told = [told for told in self._told if placed.time_s - told.time_s <= settings.same_rider_s]
        for told in self._told:
            for i in ((placed.numbers == told.number) & (placed.speed_mps < -settings.speed_mps)).nonzero()[0].tolist():
                self._see(told, placed, i)

    def _is_new(self, placed: PlacedTracks, i: int, start_s: float, start_x_m: float) -> bool:
        """Whether a rider, upstream since a start, is none of those told of just now; in any case told of now."""
        x_m, y_m, settings = float(placed.x_m[i]), float(placed.y_m[i]), self._settings
        for told in self._told:
            if told.may_be(placed.time_s, x_m, y_m, settings):
                told.number = int(placed.numbers[i])
                self._see(told, placed, i)
                return False
        self._told.append(_Told(int(placed.numbers[i]), start_s, start_x_m, placed.time_s, x_m, y_m))
        return True

    @staticmethod
    def _see(told: _Told, placed: PlacedTracks, i: int) -> None:
        told.time_s, told.x_m, told.y_m = placed.time_s, float(placed.x_m[i]), float(placed.y_m[i])

    def _violation(self, placed: PlacedTracks, i: int, start_s: float, start_x_m: float) -> Violation:
        time_s, way_m = placed.time_s, float(placed.x_m[i]) - start_x_m
        return Violation(
            kind=ViolationKind.WRONG_WAY,
            approach=self._approach.id,
            lane=self._approach.lanes[int(placed.lanes[i])].id,
            camera=self._camera,
            track=placed.ids[i],
            number=int(placed.numbers[i]),
            vehicle_class=class_of(placed, i),
            occurred_s=start_s,
            confidence=round(min(1.0, way_m / (way_m + 2.0 * float(placed.sd_m[i]))), 3),
            numbers={
                "upstream_m": round(way_m, 2),
                "speed_mps": round(-float(placed.speed_mps[i]), 2),
                "duration_s": round(time_s - start_s, 2),
                "from_kerb_m": round(float(placed.y_m[i]), 2),
                "position_sd_m": round(float(placed.sd_m[i]), 2),
            },
            moments=(start_s, 0.5 * (start_s + time_s), time_s),
        )


@kernel("void(f8, f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8, f8, f8, f8, f8, i8, i8, f8[:, ::1], b1[::1])")
def go_upstream(
    time_s: float,
    x_m: NDArray[np.float64],
    y_m: NDArray[np.float64],
    speed_mps: NDArray[np.float64],
    sd_m: NDArray[np.float64],
    unseen_s: NDArray[np.float64],
    within_m: float,
    least_mps: float,
    max_sd_m: float,
    steady_mps: float,
    distance_m: float,
    min_hits: int,
    hits_per_gap: int,
    memory: NDArray[np.float64],
    certain: NDArray[np.bool_],
) -> None:
    """Follows runs upstream: who has gone far enough, told once.

    A track that hops from vehicle to vehicle in a starting queue seems to go upstream, too, but unsteadily; one frame
    without detection neither proves nor breaks a run.

    Args:
        time_s: capture time.
        x_m: ``(n,)`` front.
        y_m: ``(n,)`` from the kerb.
        speed_mps: ``(n,)`` along the approach, negative upstream.
        sd_m: ``(n,)`` standard error of x.
        unseen_s: ``(n,)`` seconds since the last detection.
        within_m: largest y that belongs to this direction.
        least_mps: see `WrongWaySettings.speed_mps`, as are the next five.
        max_sd_m: there.
        steady_mps: there.
        distance_m: there.
        min_hits: there.
        hits_per_gap: there.
        memory: ``(n, 6)`` what was known before; brought up to this frame.
        certain: ``(n,)`` output.
    """
    for i in range(len(x_m)):
        m, speed = memory[i], speed_mps[i]
        upstream = speed < -least_mps and x_m[i] > 0.0 and y_m[i] < within_m and sd_m[i] <= max_sd_m
        steady = np.isnan(m[_V]) or np.abs(speed - m[_V]) <= steady_mps
        seen = unseen_s[i] == 0.0
        m[_V] = speed
        certain[i] = False
        if (upstream and steady) or (not seen and speed < 0.0 and m[_HITS] > 0.0):
            if np.isnan(m[_START_S]):
                m[_START_S], m[_START_X] = time_s, x_m[i]
            m[_START_X] = min(m[_START_X], x_m[i])
            m[_HITS if seen else _GAPS] += 1.0
        else:
            m[_START_S] = m[_START_X] = np.nan
            m[_HITS] = m[_GAPS] = 0.0
        far = x_m[i] - m[_START_X] >= distance_m  # false for NaN
        if upstream and seen and far and not m[_DONE] and m[_HITS] >= max(min_hits, hits_per_gap * m[_GAPS]):
            certain[i] = True
            m[_DONE] = 1.0
