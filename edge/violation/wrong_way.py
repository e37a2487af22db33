"""Riding the wrong way: upstream on the carriageway of an approach, far and steadily enough to be no manoeuvre."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nutgiao.edge.lanes.memory import TrackMemory
from nutgiao.edge.lanes.placed import PlacedTracks
from nutgiao.edge.violation.rule import Violation, class_of
from nutgiao.edge.violation.trace import SignalTrace
from nutgiao.models.contracts.site import Approach
from nutgiao.models.contracts.words import ViolationKind


@dataclass(frozen=True, slots=True)
class WrongWaySettings:
    """How sure the rule must be.

    Attributes:
        distance_m: way upstream, without a break.
        speed_mps: at least this fast.
        from_centre_m: at least this far inside the centre line: beyond it the other direction drives rightly.
        min_hits: detections of the track while it goes upstream.
        max_sd_m: largest standard error of the front's place.
        steady_mps: largest change of speed from frame to frame.
        hits_per_gap: detections that make up for one frame without.
    """

    distance_m: float = 8.0
    speed_mps: float = 1.5
    from_centre_m: float = 0.5
    min_hits: int = 4
    max_sd_m: float = 2.0
    steady_mps: float = 2.5
    hits_per_gap: int = 4


class WrongWayRule:
    """Wrong-way riding on one approach, once per track.

    Args:
        approach: as the site file describes it.
        camera: id of the camera.
        settings: how sure it must be.
    """

    def __init__(self, approach: Approach, camera: str, settings: WrongWaySettings = WrongWaySettings()) -> None:
        self._approach, self._camera, self._settings = approach, camera, settings
        self._memory = TrackMemory(start_s=np.nan, start_x=np.nan, v=np.nan, hits=0, gaps=0, done=False)

    def step(self, placed: PlacedTracks, trace: SignalTrace) -> list[Violation]:
        """See `nutgiao.edge.violation.rule.Rule`; the lamps do not matter."""
        s = self._settings
        self._memory.follow(placed.numbers)
        m = self._memory.rows
        upstream = (
            (placed.speed_mps < -s.speed_mps)
            & (placed.x_m > 0.0)
            & (placed.y_m < self._approach.width_m - s.from_centre_m)
            & (placed.sd_m <= s.max_sd_m)
        )
        # A track that hops from vehicle to vehicle in a starting queue seems to go upstream, too, but unsteadily; one
        # frame without detection neither proves nor breaks a run.
        seen = placed.unseen_s == 0.0
        steady = np.isnan(m["v"]) | (np.abs(placed.speed_mps - m["v"]) <= s.steady_mps)
        m["v"] = placed.speed_mps
        goes_on = (upstream & steady) | (~seen & (placed.speed_mps < 0.0) & (m["hits"] > 0))
        m["start_s"] = np.where(goes_on, np.fmin(m["start_s"], placed.time_s), np.nan)
        m["start_x"] = np.where(goes_on, np.fmin(m["start_x"], placed.x_m), np.nan)
        m["hits"] = np.where(goes_on, m["hits"] + seen, 0)
        m["gaps"] = np.where(goes_on, m["gaps"] + ~seen, 0)
        certain = (
            upstream
            & ~m["done"]
            & (placed.x_m - m["start_x"] >= s.distance_m)
            & (m["hits"] >= np.maximum(s.min_hits, s.hits_per_gap * m["gaps"]))
        )
        m["done"] |= certain
        return [
            self._violation(placed, int(i), float(m["start_s"][i]), float(m["start_x"][i]))
            for i in np.flatnonzero(certain)
        ]

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
