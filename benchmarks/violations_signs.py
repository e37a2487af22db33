"""What the signs of the demonstration street would have to say for some of its ordinary traffic to break rules.

Nobody has to be made to turn where he should not: a sign is put up where a known share of the traffic turns. The lanes
and movements are those of the network, so that SUMO's drivers do what they always do and SUMO tells who did it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from nutgiao.models.contracts.site import Approach
from nutgiao.models.contracts.site_rules import Ban, Forbidden, KeptLane, OnRed
from nutgiao.models.contracts.words import Turn, VehicleClass, ViolationKind

HELD_M = 60.0
"""Lanes are parted by a solid line for so long before the stop line."""

KEPT_FROM_M = 20.0
"""Nearer to the line everybody may be in a kept lane; farther, the camera needs the rest of its view."""

SLOW_ROAD_MPS = 30.0 / 3.6
"""A limit below what a known share of the traffic drives; the street's own is 50 km/h."""


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign or marking of the benchmark.

    Attributes:
        node: junction.
        approach: where it stands.
        rule: that it wakes.
        put_up: the approach with it.
    """

    node: str
    approach: str
    rule: ViolationKind
    put_up: Callable[[Approach], Approach]


def _no_right(approach: Approach) -> Approach:
    return msgspec.structs.replace(approach, banned=(Ban(turns=(Turn.RIGHT,)),))


def _no_left(approach: Approach) -> Approach:
    return msgspec.structs.replace(approach, banned=(Ban(turns=(Turn.LEFT,)),))


def _no_four_wheelers(approach: Approach) -> Approach:
    classes = (VehicleClass.CAR, VehicleClass.TRUCK)
    return msgspec.structs.replace(approach, forbidden=(Forbidden(classes=classes),))


def _kerb_lane_turns(approach: Approach) -> Approach:
    """The kerb lane becomes one for turning right only, behind a solid line: who goes straight on from it is wrong."""
    kerb, *others = approach.lanes
    parted = msgspec.structs.replace(kerb, turns=(Turn.RIGHT,), solid_left_m=HELD_M)
    return msgspec.structs.replace(approach, lanes=(parted, *others))


def _kerb_lane_for_buses(approach: Approach) -> Approach:
    return _kept(approach, 0, (VehicleClass.BUS,))


def _inner_lane_not_for_bicycles(approach: Approach) -> Approach:
    """Bicycles keep to the kerb: nobody is in this lane who may not be, but for one who is about to turn left."""
    others = (VehicleClass.MOTORCYCLE, VehicleClass.CAR, VehicleClass.TRUCK, VehicleClass.BUS)
    return _kept(approach, len(approach.lanes) - 1, others)


def _kept(approach: Approach, k: int, classes: tuple[VehicleClass, ...]) -> Approach:
    lanes = list(approach.lanes)
    lanes[k] = msgspec.structs.replace(lanes[k], only=KeptLane(classes=classes, from_m=KEPT_FROM_M))
    return msgspec.structs.replace(approach, lanes=tuple(lanes))


def _solid_line(approach: Approach) -> Approach:
    kerb, *others = approach.lanes
    return msgspec.structs.replace(approach, lanes=(msgspec.structs.replace(kerb, solid_left_m=HELD_M), *others))


def _right_on_red(approach: Approach) -> Approach:
    kerb, *others = approach.lanes
    return msgspec.structs.replace(approach, lanes=(msgspec.structs.replace(kerb, on_red=(OnRed(),)), *others))


def _slow_road(approach: Approach) -> Approach:
    return msgspec.structs.replace(approach, speed_limit_mps=SLOW_ROAD_MPS)


def _as_it_is(approach: Approach) -> Approach:
    return approach


_EVERYWHERE = tuple((node, arm) for node in ("j1", "j2", "j3") for arm in ("west", "east", "north", "south"))
_MAIN = (("j1", "east"), ("j2", "west"), ("j2", "east"), ("j3", "west"))

SIGNS = (
    Sign("j1", "north", ViolationKind.BANNED_TURN, _no_right),
    Sign("j3", "south", ViolationKind.BANNED_TURN, _no_left),
    Sign("j2", "south", ViolationKind.FORBIDDEN_ROAD, _no_four_wheelers),
    Sign("j1", "south", ViolationKind.WRONG_LANE, _kerb_lane_turns),
    Sign("j3", "north", ViolationKind.BUS_LANE, _kerb_lane_for_buses),
    Sign("j2", "north", ViolationKind.SOLID_LINE, _solid_line),
    Sign("j2", "north", ViolationKind.RED_LIGHT, _right_on_red),
    Sign("j3", "north", ViolationKind.RED_LIGHT, _right_on_red),
    *(Sign(node, arm, ViolationKind.SOLID_LINE, _solid_line) for node, arm in _MAIN),
    Sign("j3", "east", ViolationKind.SPEED, _slow_road),
    Sign("j1", "east", ViolationKind.SPEED, _slow_road),
    Sign("j1", "west", ViolationKind.SPEED, _slow_road),
    *(Sign(node, arm, ViolationKind.ENTERED_ON_AMBER, _as_it_is) for node, arm in _EVERYWHERE),
)

LAWFUL_SIGNS = (
    Sign("j1", "west", ViolationKind.BANNED_TURN, _no_left),
    Sign("j1", "east", ViolationKind.BANNED_TURN, _no_left),
    Sign("j3", "west", ViolationKind.BANNED_TURN, _no_left),
    Sign("j3", "east", ViolationKind.BANNED_TURN, _no_left),
    Sign("j3", "north", ViolationKind.BUS_LANE, _inner_lane_not_for_bicycles),
    Sign("j2", "north", ViolationKind.SOLID_LINE, _solid_line),
    *(Sign(node, arm, ViolationKind.SPEED, _as_it_is) for node, arm in _EVERYWHERE),
    *(Sign(node, arm, ViolationKind.ENTERED_ON_AMBER, _as_it_is) for node, arm in _EVERYWHERE),
)
"""Signs that nearly everybody heeds: nobody turns left there on purpose, and nobody is made to hurry."""
