"""Zones of the benchmark: where one may not stop or park, and pavements, as strips beside an approach's lanes."""

from __future__ import annotations

import math
from dataclasses import dataclass

from nutgiao.models.contracts.site import Approach, Zone
from nutgiao.models.contracts.words import ViolationKind, ZoneKind
from nutgiao.simulation.networks.build import LINE_SETBACK_M
from nutgiao.simulation.networks.network import MAIN_ARMS
from nutgiao.simulation.networks.sites import CROSSWALK_M

PAVEMENT_M = {"west": 2.5, "east": 2.5, "north": 2.0, "south": 2.0}
"""Widths of the street's pavements, beside main road and side streets."""

GUTTER_M = 1.0
"""A sign bans stopping on the pavement's edge as well, so a zone is drawn wider than the lane."""

_KIND = {
    ViolationKind.STOPPING: ZoneKind.NO_STOPPING,
    ViolationKind.PARKING: ZoneKind.NO_PARKING,
    ViolationKind.PAVEMENT: ZoneKind.PAVEMENT,
}


@dataclass(frozen=True, slots=True)
class Strip:
    """A zone along an approach.

    Attributes:
        node: junction.
        approach: the approach.
        rule: that it wakes.
        x_m: where it begins and ends, upstream of the line.
        lanes: so many lanes from the kerb; 0 for a pavement, which lies on the other side of the kerb.
    """

    node: str
    approach: str
    rule: ViolationKind
    x_m: tuple[float, float] = (12.0, 60.0)
    lanes: int = 1

    def zone(self, approach: Approach) -> Zone:
        """The zone on the ground.

        Args:
            approach: that it lies along.
        """
        width_m = sum(lane.width_m for lane in approach.lanes[: self.lanes])
        y_m = (-GUTTER_M, width_m) if self.lanes else (-PAVEMENT_M[approach.id], 0.0)
        corners = [(self.x_m[0], y_m[0]), (self.x_m[1], y_m[0]), (self.x_m[1], y_m[1]), (self.x_m[0], y_m[1])]
        polygon = tuple(on_ground(approach, x, y) for x, y in corners)
        return Zone(id=f"{self.rule}_{self.approach}"[:64], polygon_m=polygon, kind=_KIND[self.rule])


def on_ground(approach: Approach, x_m: float, y_m: float) -> tuple[float, float]:
    """A place of an approach's frame in the site's ground plane."""
    bearing = math.radians(approach.heading_deg)
    dx, dy = math.sin(bearing), math.cos(bearing)
    x0, y0 = approach.origin_m
    return round(x0 - x_m * dx - y_m * dy, 2), round(y0 - x_m * dy + y_m * dx, 2)


@dataclass(frozen=True, slots=True)
class Box:
    """The middle of a junction, which has to be clear when the cross direction goes.

    Attributes:
        node: junction.
        approach: by which the camera that watches it looks.
        corners_m: on the ground.
    """

    node: str
    approach: str
    corners_m: tuple[tuple[float, float], ...]
    rule: ViolationKind = ViolationKind.BLOCKED_BOX

    def zone(self, approach: Approach) -> Zone:
        """The zone on the ground; ``approach`` does not matter."""
        return Zone(id=f"box_{self.node}", polygon_m=self.corners_m, kind=ZoneKind.BOX)


@dataclass(frozen=True, slots=True)
class Crosswalk:
    """The crossing before an approach's lanes, where its traffic comes onto it.

    Attributes:
        node: junction.
        approach: the approach.
    """

    node: str
    approach: str
    rule: ViolationKind = ViolationKind.CROSSING_PRIORITY

    def zone(self, approach: Approach) -> Zone:
        """The zone on the ground."""
        near_m, far_m = -LINE_SETBACK_M, -LINE_SETBACK_M - CROSSWALK_M
        corners = [(near_m, 0.0), (far_m, 0.0), (far_m, approach.width_m), (near_m, approach.width_m)]
        polygon = tuple(on_ground(approach, x, y) for x, y in corners)
        lamps = ("walk_main" if approach.id in MAIN_ARMS else "walk_side",)
        return Zone(id=f"crossing_{self.approach}", polygon_m=polygon, kind=ZoneKind.CROSSING, signal_groups=lamps)


def _square(node: str, x_m: float, half_m: float, approach: str) -> Box:
    corners = ((x_m - half_m, -11.5), (x_m + half_m, -11.5), (x_m + half_m, 11.5), (x_m - half_m, 11.5))
    return Box(node, approach, corners)


_EVERYWHERE = tuple((node, arm) for node in ("j1", "j2", "j3") for arm in ("west", "east", "north", "south"))

STRIPS = (
    Strip("j2", "south", ViolationKind.STOPPING),
    Strip("j1", "north", ViolationKind.PARKING),
    Strip("j3", "south", ViolationKind.PAVEMENT, lanes=0),
    _square("j1", 370.0, 9.0, "south"),
    *(Crosswalk(node, arm) for node, arm in _EVERYWHERE),
)

LAWFUL_STRIPS = (
    *(Strip(node, arm, ViolationKind.STOPPING, lanes=2) for node, arm in _EVERYWHERE),
    *(Strip(node, arm, ViolationKind.PARKING, lanes=2) for node, arm in _EVERYWHERE),
    *(Strip(node, arm, ViolationKind.PAVEMENT, lanes=0) for node, arm in _EVERYWHERE),
    _square("j1", 370.0, 9.0, "west"),
    *(Crosswalk(node, arm) for node, arm in _EVERYWHERE),
)
"""Whole approaches on which nobody stands but in a queue, and pavements on which nobody rides."""
