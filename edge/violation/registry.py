"""Which rules there are, which of them a site runs, and with what tolerances; plug-ins come in by entry points."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from nutgiao.edge.violation.amber import AmberRule, AmberSettings
from nutgiao.edge.violation.banned_turn import BannedTurnSettings, banned_turn_rule, banned_uturn_rule, has_ban
from nutgiao.edge.violation.blocked_box import BlockedBoxSettings, blocked_box_rule, knows_cross_groups
from nutgiao.edge.violation.bus_lane import BusLaneSettings, bus_lane_rule
from nutgiao.edge.violation.crossing_priority import CrossingSettings, crossing_rule
from nutgiao.edge.violation.forbidden_road import ForbiddenRoadSettings, forbidden_road_rule
from nutgiao.edge.violation.pavement import PavementSettings, pavement_rule
from nutgiao.edge.violation.red_light import RedLightRule, RedLightSettings
from nutgiao.edge.violation.riders import NEEDS_RIDER_MODEL, RiderSettings, no_helmet_rule, overloaded_rule
from nutgiao.edge.violation.rule import GroundRule, Post, Rule
from nutgiao.edge.violation.solid_line import SolidLineSettings, has_solid_line, solid_line_rule
from nutgiao.edge.violation.speed import SpeedSettings, may_measure_somewhere, speed_rule
from nutgiao.edge.violation.standing import ParkingSettings, StandingSettings, parking_rule, stopping_rule
from nutgiao.edge.violation.stop_line import StopLineRule, StopLineSettings
from nutgiao.edge.violation.wrong_lane import WrongLaneSettings, has_parted_lanes, wrong_lane_rule
from nutgiao.edge.violation.wrong_way import WrongWayRule, WrongWaySettings
from nutgiao.models.contracts.errors import ConfigError, close_to
from nutgiao.models.contracts.site import Approach, Site
from nutgiao.models.contracts.site_rules import RuleSetting
from nutgiao.models.contracts.words import ViolationKind, ViolationName, ZoneKind

PLUGINS = "nutgiao.rules"
"""Group of entry points; the name of one is the kind that its rule tells, 'package.name'."""

PluginFactory = Callable[[Post, RuleSetting], GroundRule]
"""What an entry point of a plug-in names; it is called once for each camera."""


@dataclass(frozen=True, slots=True)
class OwnRule:
    """One of nutgiao's own rules: it watches approaches, or the ground that a camera sees.

    Attributes:
        settings: dataclass of its tolerances, all with defaults.
        at_approach: makes it for one approach; None from it: the site gives it nothing to watch there.
        on_ground: makes it for one camera; None from it likewise.
        by_default: it runs unless the site says otherwise.
        zones: kinds of zones of which it needs one.
        fits: whether a site gives it anything to watch, zones apart,
        cure: and what to write so that it does.
    """

    settings: type[Any]
    at_approach: Callable[[Post, Approach, Any], Rule | None] | None = None
    on_ground: Callable[[Post, Any], GroundRule | None] | None = None
    by_default: bool = False
    zones: tuple[ZoneKind, ...] = ()
    fits: Callable[[Site], bool] = lambda site: True
    cure: str = ""


def _some(has: Callable[[Approach], bool]) -> Callable[[Site], bool]:
    return lambda site: any(has(approach) for approach in site.approaches)


OWN: Mapping[ViolationName, OwnRule] = {
    ViolationKind.RED_LIGHT: OwnRule(
        RedLightSettings,
        lambda post, approach, s: RedLightRule(approach, post.camera.id, s, post.site.utc_offset_h),
        by_default=True,
    ),
    ViolationKind.ENTERED_ON_AMBER: OwnRule(
        AmberSettings, lambda post, approach, s: AmberRule(approach, post.camera.id, s)
    ),
    ViolationKind.STOP_LINE: OwnRule(
        StopLineSettings, lambda post, approach, s: StopLineRule(approach, post.camera.id, s), by_default=True
    ),
    ViolationKind.WRONG_WAY: OwnRule(
        WrongWaySettings, lambda post, approach, s: WrongWayRule(approach, post.camera.id, s), by_default=True
    ),
    ViolationKind.WRONG_LANE: OwnRule(
        WrongLaneSettings,
        wrong_lane_rule,
        fits=_some(has_parted_lanes),
        cure="Give solid_left_m to a lane whose left neighbour has other turns.",
    ),
    ViolationKind.BANNED_TURN: OwnRule(
        BannedTurnSettings,
        banned_turn_rule,
        fits=_some(lambda approach: has_ban(approach, ViolationKind.BANNED_TURN)),
        cure="Write the sign under 'banned' of its approach.",
    ),
    ViolationKind.BANNED_UTURN: OwnRule(
        BannedTurnSettings,
        banned_uturn_rule,
        fits=_some(lambda approach: has_ban(approach, ViolationKind.BANNED_UTURN)),
        cure="Write the sign under 'banned' of its approach, turns: [uturn].",
    ),
    ViolationKind.SOLID_LINE: OwnRule(
        SolidLineSettings,
        solid_line_rule,
        fits=_some(has_solid_line),
        cure="Give solid_left_m to the lane at the right of the solid line.",
    ),
    ViolationKind.BUS_LANE: OwnRule(
        BusLaneSettings,
        on_ground=bus_lane_rule,
        fits=_some(lambda approach: any(lane.only is not None for lane in approach.lanes)),
        cure="Give 'only' to the lane that is kept.",
    ),
    ViolationKind.FORBIDDEN_ROAD: OwnRule(
        ForbiddenRoadSettings,
        on_ground=forbidden_road_rule,
        fits=_some(lambda approach: bool(approach.forbidden)),
        cure="Write the sign under 'forbidden' of its approach.",
    ),
    ViolationKind.SPEED: OwnRule(
        SpeedSettings,
        speed_rule,
        fits=may_measure_somewhere,
        cure="A camera needs a calibration from measured pairs or marks, with the day it was made.",
    ),
    ViolationKind.STOPPING: OwnRule(
        StandingSettings, on_ground=stopping_rule, zones=(ZoneKind.NO_STOPPING, ZoneKind.BUS_STOP)
    ),
    ViolationKind.PARKING: OwnRule(ParkingSettings, on_ground=parking_rule, zones=(ZoneKind.NO_PARKING,)),
    ViolationKind.BLOCKED_BOX: OwnRule(
        BlockedBoxSettings,
        on_ground=blocked_box_rule,
        zones=(ZoneKind.BOX,),
        fits=knows_cross_groups,
        cure="Give the box its signal_groups, or the site its signals.",
    ),
    ViolationKind.PAVEMENT: OwnRule(PavementSettings, on_ground=pavement_rule, zones=(ZoneKind.PAVEMENT,)),
    ViolationKind.CROSSING_PRIORITY: OwnRule(CrossingSettings, on_ground=crossing_rule, zones=(ZoneKind.CROSSING,)),
    ViolationKind.NO_HELMET: OwnRule(
        RiderSettings, on_ground=no_helmet_rule, fits=lambda site: site.rider_model is not None, cure=NEEDS_RIDER_MODEL
    ),
    ViolationKind.OVERLOADED: OwnRule(
        RiderSettings, on_ground=overloaded_rule, fits=lambda site: site.rider_model is not None, cure=NEEDS_RIDER_MODEL
    ),
}
"""nutgiao's own rules by the kind that they tell."""


def plugins() -> dict[ViolationName, EntryPoint]:
    """Installed plug-ins by the kind that they tell."""
    return {entry.name: entry for entry in entry_points(group=PLUGINS)}


def setting_of(site: Site, kind: ViolationName) -> RuleSetting:
    """What the site says to a rule, or its default."""
    for setting in site.rules:
        if setting.kind == kind:
            return setting
    return RuleSetting(kind=kind, enabled=kind in OWN and OWN[kind].by_default)


def tolerances(setting: RuleSetting, defaults: Any) -> Any:
    """Settings of an own rule with the site's figures in place of the defaults.

    Args:
        setting: of the site, checked by `rule_problems`.
        defaults: settings dataclass of the rule.
    """
    kinds = {field.name: type(getattr(defaults, field.name)) for field in dataclasses.fields(defaults)}
    return dataclasses.replace(defaults, **{name: kinds[name](value) for name, value in setting.figures.items()})


def rule_problems(site: Site) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    """Tells what is wrong with the rules of a site: where, what, and what to write instead.

    Plug-ins check their own figures; one that is not installed is told here.
    """
    installed = plugins()
    for index, setting in enumerate(site.rules):
        here = ("rules", index)
        if setting.kind in OWN:
            known = [field.name for field in dataclasses.fields(OWN[setting.kind].settings)]
            needed = OWN[setting.kind].zones
            if setting.enabled and needed and not any(zone.kind in needed for zone in site.zones):
                cure = f"Draw one of kind {' or '.join(needed)}: 'nutgiao calibrate --serve'."
                yield (*here, "kind"), f"the rule '{setting.kind}' has no zone to watch.", cure
            if setting.enabled and not OWN[setting.kind].fits(site):
                problem = f"the rule '{setting.kind}' has nothing to watch at this site."
                yield (*here, "kind"), problem, OWN[setting.kind].cure
            for name in setting.figures:
                if name not in known:
                    problem = f"the rule '{setting.kind}' has no figure '{name}'."
                    yield (*here, "figures", name), problem, close_to(name, known)
        elif setting.kind not in installed:
            problem = f"there is no rule '{setting.kind}'."
            if "." in setting.kind:
                problem = f"no installed package brings the rule '{setting.kind}'."
            yield (*here, "kind"), problem, close_to(setting.kind, [*OWN, *installed])


def check_rules(site: Site) -> None:
    """Refuses a site whose rules are wrong.

    Raises:
        ConfigError: at the first problem; whoever has the file checks it with `rule_problems` and knows the line.
    """
    for key, problem, cure in rule_problems(site):
        where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in key).removeprefix(".")
        raise ConfigError(f"site {site.id}", None, where, problem, cure)
