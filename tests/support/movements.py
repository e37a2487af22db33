"""Ways through a junction in the frame of its approach, and the rules of a site at work on them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import msgspec

from nutgiao.edge.violation.rule import Violation
from nutgiao.edge.violation.running import RunningRules
from nutgiao.models.contracts.site import Approach, CalibrationNote, Lane, Site
from nutgiao.models.contracts.site_rules import RuleSetting
from nutgiao.models.contracts.words import Turn, ViolationKind
from tests.support.scenes import approach, site
from tests.support.zone_scenes import Actor, Lamps, Street, always_green, post_of

Way = Callable[[float], tuple[float, float]]

TURNED = {Turn.LEFT: math.pi / 2, Turn.RIGHT: -math.pi / 2, Turn.UTURN: math.pi, Turn.THROUGH: 0.0}

LANES = (
    Lane(id="lane_1", width_m=3.0, turns=(Turn.THROUGH, Turn.RIGHT), solid_left_m=30.0),
    Lane(id="lane_2", width_m=3.0, turns=(Turn.THROUGH,), solid_left_m=30.0),
    Lane(id="lane_3", width_m=3.0, turns=(Turn.LEFT,)),
)


def way(turn: Turn, speed_mps: float, y_m: float, crosses_s: float = 8.0, radius_m: float = 7.0) -> Way:
    """Straight on to some metres beyond the line, round the arc, and straight on again, at constant speed."""
    begins_m = {Turn.RIGHT: 3.0}.get(turn, 8.0)
    angle = TURNED[turn]

    def where(t: float) -> tuple[float, float]:
        along_m = (t - crosses_s) * speed_mps
        if along_m <= begins_m or not angle:
            return -along_m, y_m
        turned = min((along_m - begins_m) / radius_m, abs(angle))
        rest_m = along_m - begins_m - turned * radius_m
        side = math.copysign(1.0, angle)
        ahead_m = begins_m + radius_m * math.sin(turned) + rest_m * math.cos(turned)
        return -ahead_m, y_m + side * (radius_m * (1.0 - math.cos(turned)) + rest_m * math.sin(turned))

    return where


def changing(speed_mps: float, from_y_m: float, to_y_m: float, at_x_m: float, over_m: float = 15.0) -> Way:
    """Straight on at constant speed from 70 m upstream, with one change of lanes."""

    def where(t: float) -> tuple[float, float]:
        x = 70.0 - t * speed_mps
        share = min(max((at_x_m - x) / over_m, 0.0), 1.0)
        return x, from_y_m + (to_y_m - from_y_m) * 0.5 * (1.0 - math.cos(math.pi * share))

    return where


def street(*kinds: ViolationKind | RuleSetting, seed: int = 1, **changes: object) -> Street:
    """A street whose site runs these rules and no others."""
    settings = {one.kind: one for one in kinds if isinstance(one, RuleSetting)}
    settings |= {one: RuleSetting(kind=one) for one in kinds if not isinstance(one, RuleSetting)}
    for kind in (ViolationKind.RED_LIGHT, ViolationKind.STOP_LINE, ViolationKind.WRONG_WAY):
        settings.setdefault(kind, RuleSetting(kind=kind, enabled=False))
    leg: Approach = approach(**({"lanes": LANES} | changes))
    where: Site = site(leg)
    measured = CalibrationNote(method="pairs", made="2026-06-01")
    camera = msgspec.structs.replace(where.cameras[0], calibration=measured)
    return Street(msgspec.structs.replace(where, cameras=(camera,), rules=tuple(settings.values())), seed=seed)


def told(here: Street, actors: Sequence[Actor], seconds: float = 18.0, lamps: Lamps = always_green) -> list[Violation]:
    """What the rules of the street's site tell of them as certain."""
    return here.run(RunningRules(post_of(here.site), here.site.approaches), actors, seconds, lamps)
