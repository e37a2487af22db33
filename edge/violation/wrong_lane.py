"""Turning from a lane that has another movement, where solid lines had parted the lanes before."""

from __future__ import annotations

from dataclasses import dataclass

from nutgiao.edge.lanes.placed import PlacedTracks
from nutgiao.edge.violation.lane_hold import LaneHold, LaneHoldSettings
from nutgiao.edge.violation.rule import Post, Violation, seen_by
from nutgiao.edge.violation.trace import SignalTrace
from nutgiao.edge.violation.turns import TurnSettings, TurnWatch
from nutgiao.models.contracts.site import Approach
from nutgiao.models.contracts.words import Turn, ViolationKind


@dataclass(frozen=True, slots=True)
class WrongLaneSettings:
    """How sure the rule must be.

    Attributes:
        min_seen: detections of the track in all.
        max_sd_m: largest standard error of the front's place.
        near_m: the lane was seen to be held up to so far from the line.
        held_m: and over such a way before.
        two_wheeler_m: a two-wheeler's middle keeps so far from the lines of its lane; nearer it may belong beside.
        car_m: a car's.
        wide_m: a bus's or truck's.
        through_m: see `TurnSettings`.
    """

    min_seen: int = 8
    max_sd_m: float = 1.5
    near_m: float = 4.0
    held_m: float = 8.0
    two_wheeler_m: float = 0.9
    car_m: float = 0.6
    wide_m: float = 0.9
    through_m: float = 25.0


class WrongLaneRule:
    """Wrong lane for the movement on one approach, once per crossing of the line.

    Args:
        approach: as the site file describes it.
        camera: id of the camera.
        settings: how sure it must be.
    """

    def __init__(self, approach: Approach, camera: str, settings: WrongLaneSettings = WrongLaneSettings()) -> None:
        self._approach, self._camera, self._settings = approach, camera, settings
        s = settings
        hold = LaneHoldSettings(two_wheeler_m=s.two_wheeler_m, car_m=s.car_m, wide_m=s.wide_m, held_m=s.held_m)
        self._lanes = LaneHold(approach, hold)
        self._turns = TurnWatch(approach, TurnSettings(through_m=s.through_m))

    def step(self, placed: PlacedTracks, trace: SignalTrace) -> list[Violation]:
        """See `nutgiao.edge.violation.rule.Rule`; the lamps do not matter."""
        self._lanes.step(placed)
        found = []
        for i, turn in self._turns.step(placed):
            lane = self._lanes.held(i, self._settings.near_m)
            if lane is not None and self._wrong(placed, i, lane, turn):
                found.append(self._violation(placed, i, lane, turn))
        return found

    def _wrong(self, placed: PlacedTracks, i: int, lane: int, turn: Turn) -> bool:
        """Whether the turn belongs to another lane, beyond solid lines."""
        s, lanes = self._settings, self._approach.lanes
        if placed.hits[i] < s.min_seen or placed.sd_m[i] > s.max_sd_m or lane != placed.lanes[i]:
            return False
        right_lanes = [k for k, one in enumerate(lanes) if _may(one.turns, turn)]
        if lane in right_lanes or not right_lanes:
            return False
        nearest = min(right_lanes, key=lambda k: abs(k - lane))
        between = lanes[min(lane, nearest) : max(lane, nearest)]
        return all((one.solid_left_m or 0.0) >= s.near_m for one in between)

    def _violation(self, placed: PlacedTracks, i: int, lane: int, turn: Turn) -> Violation:
        crossed_s, time_s = float(placed.crossed_s[i]), placed.time_s
        heading, off = self._turns.heading_deg(i, turn)
        right_m = sum(one.width_m for one in self._approach.lanes[:lane])
        line_y_m = self._turns.line_y_m(i)
        return seen_by(
            self._approach,
            self._camera,
            placed,
            i,
            kind=ViolationKind.WRONG_LANE,
            occurred_s=crossed_s,
            confidence=1.0 - 0.3 * off / TurnSettings().off_deg,
            numbers={
                "heading_deg": heading,
                "off_exit_deg": off,
                "at_line_from_kerb_m": line_y_m,
                "from_right_line_m": line_y_m - right_m,
                "from_left_line_m": right_m + self._approach.lanes[lane].width_m - line_y_m,
                "after_line_s": time_s - crossed_s,
            },
            moments=(crossed_s - 1.0, crossed_s, time_s),
        )


def _may(turns: tuple[Turn, ...], turn: Turn) -> bool:
    """Whether a lane has a movement; who may turn left may turn round, and a ban on that is another rule's."""
    return turn in turns or (turn is Turn.UTURN and Turn.LEFT in turns)


def has_parted_lanes(approach: Approach) -> bool:
    """Whether solid lines part lanes of different movements."""
    pairs = zip(approach.lanes, approach.lanes[1:], strict=False)
    return any(one.solid_left_m is not None and set(one.turns) != set(other.turns) for one, other in pairs)


def wrong_lane_rule(post: Post, approach: Approach, settings: WrongLaneSettings) -> WrongLaneRule | None:
    """The rule, where solid lines part lanes of different movements."""
    return WrongLaneRule(approach, post.camera.id, settings) if has_parted_lanes(approach) else None
