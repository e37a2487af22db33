"""Driving in a lane that is kept for others, such as buses, over a long way and clear of its lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nutgiao.edge.lanes.placed import PlacedTracks
from nutgiao.edge.violation.rule import Post, Scene, Violation
from nutgiao.edge.violation.stay import StaySettings, StayWatch, stay_told
from nutgiao.edge.violation.trace import SignalTrace
from nutgiao.models.contracts.site import Approach
from nutgiao.models.contracts.site_rules import KeptLane
from nutgiao.models.contracts.words import CLASSES, VehicleClass, ViolationKind


@dataclass(frozen=True, slots=True)
class BusLaneSettings(StaySettings):
    """How sure the rule must be, besides how far and long somebody drives there.

    Attributes:
        clear_m: the middle of the vehicle is so far from the lines of the lane beside other lanes.
    """

    clear_m: float = 0.8


class _Kept:
    """One kept lane, with who drives in it."""

    def __init__(self, approach: Approach, lane: int, kept: KeptLane, settings: BusLaneSettings) -> None:
        self.lane, self.kept = lane, kept
        edges_m = np.concatenate([[0.0], np.cumsum([one.width_m for one in approach.lanes])])
        self.right_m = float(edges_m[lane] + (settings.clear_m if lane > 0 else -settings.clear_m))
        self.left_m = float(edges_m[lane + 1] - (settings.clear_m if lane < len(approach.lanes) - 1 else 0.0))
        others = frozenset(CLASSES) - set(kept.classes) - {VehicleClass.PEDESTRIAN}
        self.watch = StayWatch(settings, others)


class BusLaneRule:
    """Kept lanes of all approaches of a camera; each road user is told of once.

    Args:
        post: where the rule stands watch.
        settings: how sure it must be.
    """

    def __init__(self, post: Post, settings: BusLaneSettings = BusLaneSettings()) -> None:
        self._post = post
        self._kept = [
            [_Kept(approach, k, lane.only, settings) for k, lane in enumerate(approach.lanes) if lane.only is not None]
            for approach in (post.site.approach(name) for name in post.camera.approaches)
        ]

    def step(self, scene: Scene, trace: SignalTrace) -> list[Violation]:
        """See `nutgiao.edge.violation.rule.GroundRule`; the lamps do not matter."""
        return [
            violation
            for approach, placed, lanes in zip(scene.approaches, scene.placed, self._kept, strict=True)
            for one in lanes
            for violation in self._told(scene, trace, approach, placed, one)
        ]

    def _told(
        self, scene: Scene, trace: SignalTrace, approach: Approach, placed: PlacedTracks, lane: _Kept
    ) -> Iterator[Violation]:
        """Who became certain in one lane, if it was kept all the time."""
        y_m = placed.y_m
        there = (y_m > lane.right_m) & (y_m < lane.left_m) & (placed.x_m > lane.kept.from_m)
        for stay in lane.watch.step(placed, scene.tracks, there):
            y = float(y_m[stay.row])
            numbers = {"from_m": stay.start_x_m, "inside_lines_m": min(y - lane.right_m, lane.left_m - y)}
            told = stay_told(
                stay, placed, trace, self._post, approach,
                kind=ViolationKind.BUS_LANE, hours=lane.kept.hours, numbers=numbers,
            )  # fmt: skip
            if told is not None:
                yield told


def bus_lane_rule(post: Post, settings: BusLaneSettings) -> BusLaneRule | None:
    """The rule, where the camera watches a lane that is kept for somebody."""
    lanes = [lane for name in post.camera.approaches for lane in post.site.approach(name).lanes]
    return BusLaneRule(post, settings) if any(lane.only is not None for lane in lanes) else None
