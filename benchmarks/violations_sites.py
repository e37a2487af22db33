"""What the signs of the demonstration street would have to say for some of its ordinary traffic to break rules.

Nobody has to be made to turn where he should not: a sign is put up where a known share of the traffic turns. The lanes
and movements are those of the network, so that SUMO's drivers do what they always do and SUMO tells who did it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from benchmarks.violations_cameras import FOR_WIDE, wide_camera
from nutgiao.models.contracts.site import Approach, Site
from nutgiao.models.contracts.site_rules import Ban, Forbidden, RuleSetting
from nutgiao.models.contracts.words import Turn, VehicleClass, ViolationKind

HELD_M = 40.0
"""Lanes are parted by a solid line for so long before the stop line."""


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


SIGNS = (
    Sign("j1", "north", ViolationKind.BANNED_TURN, _no_right),
    Sign("j3", "south", ViolationKind.BANNED_TURN, _no_left),
    Sign("j2", "south", ViolationKind.FORBIDDEN_ROAD, _no_four_wheelers),
    Sign("j1", "south", ViolationKind.WRONG_LANE, _kerb_lane_turns),
)

LAWFUL_SIGNS = (
    Sign("j1", "west", ViolationKind.BANNED_TURN, _no_left),
    Sign("j1", "east", ViolationKind.BANNED_TURN, _no_left),
    Sign("j3", "west", ViolationKind.BANNED_TURN, _no_left),
    Sign("j3", "east", ViolationKind.BANNED_TURN, _no_left),
)
"""Signs that everybody heeds: nobody turns left there."""


def declared(site: Site, lawful: bool) -> Site:
    """A site of the demonstration street with the signs of this benchmark, and wide cameras where they are on turns.

    Args:
        site: as shipped.
        lawful: only signs that everybody heeds.
    """
    signs = [one for one in (LAWFUL_SIGNS if lawful else SIGNS) if one.node == site.id]
    approaches = list(site.approaches)
    for sign in signs:
        approaches = [sign.put_up(one) if one.id == sign.approach else one for one in approaches]
    by_rule = {
        rule: tuple(one.approach for one in signs if one.rule is rule) for rule in dict.fromkeys(s.rule for s in signs)
    }
    rules = tuple(RuleSetting(kind=rule, approaches=where) for rule, where in by_rule.items())
    turning = {one.approach for one in signs if one.rule in FOR_WIDE}
    wide = [wide_camera(one) for one in approaches if one.id in turning]
    return msgspec.structs.replace(
        site, approaches=tuple(approaches), cameras=(*site.cameras, *wide), rules=(*site.rules, *rules)
    )
