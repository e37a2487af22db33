"""Turning where a sign bans it, U-turns apart: the turn is known from the heading held on leaving the junction."""

from __future__ import annotations

from dataclasses import dataclass

from nutgiao.edge.lanes.placed import PlacedTracks
from nutgiao.edge.violation.rule import Post, Violation, class_of, seen_by
from nutgiao.edge.violation.trace import SignalTrace
from nutgiao.edge.violation.turns import TurnSettings, TurnWatch
from nutgiao.models.contracts.hours import certainly_hold
from nutgiao.models.contracts.site import Approach
from nutgiao.models.contracts.words import Turn, ViolationKind


@dataclass(frozen=True, slots=True)
class BannedTurnSettings(TurnSettings):
    """How sure the rule must be, besides how sure the turn must be.

    Attributes:
        min_seen: detections of the track in all: its class is by vote.
        max_sd_m: largest standard error of the front's place.
    """

    min_seen: int = 8
    max_sd_m: float = 1.5


class BannedTurnRule:
    """Banned turns, or banned U-turns, from one approach, once per crossing of the line.

    Args:
        approach: as the site file describes it.
        camera: id of the camera.
        utc_offset_h: local time minus UTC, for the hours of the signs.
        kind: banned turns or banned U-turns.
        settings: how sure it must be.
    """

    def __init__(
        self,
        approach: Approach,
        camera: str,
        utc_offset_h: float,
        kind: ViolationKind,
        settings: BannedTurnSettings = BannedTurnSettings(),
    ) -> None:
        self._approach, self._camera, self._utc_offset_h = approach, camera, utc_offset_h
        self._kind, self._settings = kind, settings
        self._turns = TurnWatch(approach, settings)

    def step(self, placed: PlacedTracks, trace: SignalTrace) -> list[Violation]:
        """See `nutgiao.edge.violation.rule.Rule`; the lamps do not matter."""
        return [
            self._violation(placed, i, turn)
            for i, turn in self._turns.step(placed)
            if _is(self._kind, turn) and self._banned(placed, i, turn, trace.clock_off_s)
        ]

    def _banned(self, placed: PlacedTracks, i: int, turn: Turn, off_s: float) -> bool:
        """Whether a sign holds for this road user at this time, and enough was seen of it."""
        s, vehicle_class, crossed_s = self._settings, class_of(placed, i), float(placed.crossed_s[i])
        sure = placed.hits[i] >= s.min_seen and placed.sd_m[i] <= s.max_sd_m
        return sure and any(
            turn in ban.turns
            and (not ban.classes or vehicle_class in ban.classes)
            and certainly_hold(ban.hours, crossed_s, self._utc_offset_h, off_s)
            for ban in self._approach.banned
        )

    def _violation(self, placed: PlacedTracks, i: int, turn: Turn) -> Violation:
        crossed_s, time_s = float(placed.crossed_s[i]), placed.time_s
        heading, off = self._turns.heading_deg(i, turn)
        return seen_by(
            self._approach,
            self._camera,
            placed,
            i,
            kind=self._kind,
            occurred_s=crossed_s,
            confidence=1.0 - 0.3 * off / self._settings.off_deg,
            numbers={
                "heading_deg": heading,
                "off_exit_deg": off,
                "held_m": self._turns.way_m(i),
                "after_line_s": time_s - crossed_s,
                "beyond_line_m": -float(placed.x_m[i]),
            },
            moments=(crossed_s, 0.5 * (crossed_s + time_s), time_s),
        )


def _is(kind: ViolationKind, turn: Turn) -> bool:
    return (turn is Turn.UTURN) == (kind is ViolationKind.BANNED_UTURN)


def has_ban(approach: Approach, kind: ViolationKind) -> bool:
    """Whether a sign of the approach bans what this kind is about."""
    return any(_is(kind, turn) for ban in approach.banned for turn in ban.turns)


def banned_turn_rule(post: Post, approach: Approach, settings: BannedTurnSettings) -> BannedTurnRule | None:
    """The rule on turns, where a sign bans one."""
    return _rule(post, approach, settings, ViolationKind.BANNED_TURN)


def banned_uturn_rule(post: Post, approach: Approach, settings: BannedTurnSettings) -> BannedTurnRule | None:
    """The rule on U-turns, where a sign bans them."""
    return _rule(post, approach, settings, ViolationKind.BANNED_UTURN)


def _rule(post: Post, approach: Approach, settings: BannedTurnSettings, kind: ViolationKind) -> BannedTurnRule | None:
    if not has_ban(approach, kind):
        return None
    return BannedTurnRule(approach, post.camera.id, post.site.utc_offset_h, kind, settings)
