"""Changing lanes over a solid line: both lanes held clear of it, the change well within the solid stretch."""

from __future__ import annotations

from dataclasses import dataclass

from nutgiao.edge.lanes.placed import PlacedTracks
from nutgiao.edge.violation.lane_hold import LaneChange, LaneHold, LaneHoldSettings
from nutgiao.edge.violation.rule import Post, Violation, seen_by
from nutgiao.edge.violation.trace import SignalTrace
from nutgiao.models.contracts.site import Approach
from nutgiao.models.contracts.words import ViolationKind


@dataclass(frozen=True, slots=True)
class SolidLineSettings(LaneHoldSettings):
    """How sure the rule must be, besides when a lane is held.

    Attributes:
        inside_m: the old lane was still held so far inside the solid stretch: nearer its end the line may be broken.
        within_s: the change took no longer; a slow drift is a mistaken track.
        min_seen: detections of the track in all.
        max_sd_m: largest standard error of the front's place.
    """

    inside_m: float = 3.0
    within_s: float = 6.0
    min_seen: int = 8
    max_sd_m: float = 1.0


class SolidLineRule:
    """Lane changes over solid lines on one approach, each told once.

    Args:
        approach: as the site file describes it.
        camera: id of the camera.
        settings: how sure it must be.
    """

    def __init__(self, approach: Approach, camera: str, settings: SolidLineSettings = SolidLineSettings()) -> None:
        self._approach, self._camera, self._settings = approach, camera, settings
        self._lanes = LaneHold(approach, settings)

    def step(self, placed: PlacedTracks, trace: SignalTrace) -> list[Violation]:
        """See `nutgiao.edge.violation.rule.Rule`; the lamps do not matter."""
        return [self._violation(placed, one) for one in self._lanes.step(placed) if self._over(placed, one)]

    def _over(self, placed: PlacedTracks, change: LaneChange) -> bool:
        """Whether each line that was passed is solid where it was."""
        s, i = self._settings, change.row
        if placed.hits[i] < s.min_seen or placed.sd_m[i] > s.max_sd_m:
            return False
        passed = self._approach.lanes[min(change.before, change.after) : max(change.before, change.after)]
        solid_m = min(lane.solid_left_m or 0.0 for lane in passed)
        quick = change.entered_s - change.left_s <= s.within_s
        return quick and change.left_x_m <= solid_m - s.inside_m

    def _violation(self, placed: PlacedTracks, change: LaneChange) -> Violation:
        i, lanes = change.row, self._approach.lanes
        line_m = sum(lane.width_m for lane in lanes[: max(change.before, change.after)])
        clear_m = abs(float(placed.y_m[i]) - line_m)
        return seen_by(
            self._approach,
            self._camera,
            placed,
            i,
            kind=ViolationKind.SOLID_LINE,
            occurred_s=0.5 * (change.left_s + change.entered_s),
            confidence=clear_m / (clear_m + 0.3),
            numbers={
                "from_lane": change.before + 1,
                "to_lane": change.after + 1,
                "left_at_m": change.left_x_m,
                "entered_at_m": change.entered_x_m,
                "took_s": change.entered_s - change.left_s,
                "from_line_m": clear_m,
            },
            moments=(change.left_s, change.entered_s, placed.time_s),
        )


def has_solid_line(approach: Approach) -> bool:
    """Whether the approach has a solid line between lanes."""
    return any(lane.solid_left_m is not None for lane in approach.lanes)


def solid_line_rule(post: Post, approach: Approach, settings: SolidLineSettings) -> SolidLineRule | None:
    """The rule, where there is a solid line."""
    return SolidLineRule(approach, post.camera.id, settings) if has_solid_line(approach) else None
