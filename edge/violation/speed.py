"""Speeding at the line: told only if even the lower end of the measured interval is above limit and tolerance."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import numpy as np

from nutgiao.edge.lanes.memory import TrackMemory
from nutgiao.edge.lanes.placed import PlacedTracks
from nutgiao.edge.violation.rule import Post, Violation, seen_by
from nutgiao.edge.violation.trace import SignalTrace
from nutgiao.models.contracts.hours import local_time
from nutgiao.models.contracts.site import Approach, Camera, Site
from nutgiao.models.contracts.words import ViolationKind
from nutgiao.models.vision.speed import SpeedInterval

_KMH = 3.6


@dataclass(frozen=True, slots=True)
class SpeedSettings:
    """How sure the rule must be.

    Attributes:
        tolerance_mps: the lower end of the interval is so far above the limit.
        calibration_days: a calibration that is older does not count.
        max_map_share: largest standard error that the calibration puts on a speed, as a share of it.
        max_sd_mps: largest standard error of the speed in all.
        min_seen: detections of the track in all.
        after_s: the speed is taken so long after the crossing, when frames on both sides of it are there,
        within_s: and no later than this.
    """

    tolerance_mps: float = 1.4
    calibration_days: int = 365
    max_map_share: float = 0.03
    max_sd_mps: float = 1.5
    min_seen: int = 8
    after_s: float = 0.5
    within_s: float = 1.4


class SpeedRule:
    """Speeding on one approach, once per crossing of the line.

    Args:
        post: where the rule stands watch.
        approach: as the site file describes it.
        settings: how sure it must be.
    """

    def __init__(self, post: Post, approach: Approach, settings: SpeedSettings = SpeedSettings()) -> None:
        self._post, self._approach, self._settings = post, approach, settings
        self._memory = TrackMemory(judged_s=np.nan)

    @staticmethod
    def may_measure(camera: Camera) -> bool:
        """Whether speeds of a camera may be held against anybody: its lengths were measured, and on a known day.

        The mean size of vehicles, of which some calibrations are made, is no measure that a fine can rest on.
        """
        return camera.calibration.method != "vehicles" and camera.calibration.made is not None

    def step(self, placed: PlacedTracks, trace: SignalTrace) -> list[Violation]:
        """See `nutgiao.edge.violation.rule.Rule`; the lamps do not matter."""
        s = self._settings
        self._memory.follow(placed.numbers)
        judged_s = self._memory.rows[:, 0]
        since_s = placed.time_s - placed.crossed_s
        due = (since_s >= s.after_s) & (since_s <= s.within_s) & (judged_s != placed.crossed_s)
        found = []
        for i in due.nonzero()[0].tolist():
            judged_s[i] = placed.crossed_s[i]
            crossed_s = float(placed.crossed_s[i])
            if placed.hits[i] < s.min_seen or placed.crossed_unseen_s[i] > 0.0 or not self._fresh(crossed_s):
                continue
            speed = self._post.speedometer.at(placed.ids[i], crossed_s)
            if speed is not None and self._over(speed):
                found.append(self._violation(placed, i, crossed_s, speed))
        return found

    def _fresh(self, time_s: float) -> bool:
        """Whether the calibration is young enough, and not of a day to come."""
        day = datetime.date.fromisoformat(local_time(time_s, self._post.site.utc_offset_h).day)
        made = datetime.date.fromisoformat(self._post.camera.calibration.made or day.isoformat())
        return 0 <= (day - made).days <= self._settings.calibration_days

    def _over(self, speed: SpeedInterval) -> bool:
        s, limit_mps = self._settings, self._approach.speed_limit_mps
        sure = speed.sd_mps <= s.max_sd_mps and speed.map_sd_mps <= s.max_map_share * speed.speed_mps
        return sure and speed.low_mps > limit_mps + s.tolerance_mps

    def _violation(self, placed: PlacedTracks, i: int, crossed_s: float, speed: SpeedInterval) -> Violation:
        limit_mps = self._approach.speed_limit_mps
        return seen_by(
            self._approach,
            self._post.camera.id,
            placed,
            i,
            kind=ViolationKind.SPEED,
            occurred_s=crossed_s,
            confidence=0.975,  # of the lower end of a 95 % interval
            numbers={
                "speed_kmh": _KMH * speed.speed_mps,
                "low_kmh": _KMH * speed.low_mps,
                "high_kmh": _KMH * speed.high_mps,
                "limit_kmh": _KMH * limit_mps,
                "over_limit_kmh": _KMH * (speed.low_mps - limit_mps),
                "speed_sd_kmh": _KMH * speed.sd_mps,
                "map_sd_kmh": _KMH * speed.map_sd_mps,
            },
            moments=(crossed_s - 1.0, crossed_s, placed.time_s),
        )


def speed_rule(post: Post, approach: Approach, settings: SpeedSettings) -> SpeedRule | None:
    """The rule, where the camera's calibration lets it."""
    return SpeedRule(post, approach, settings) if SpeedRule.may_measure(post.camera) else None


def may_measure_somewhere(site: Site) -> bool:
    """Whether some camera of the site may measure speeds."""
    return any(SpeedRule.may_measure(camera) for camera in site.cameras)
