"""The sites of the demonstration street and of public networks with the signs, zones and cameras of the benchmark."""

from __future__ import annotations

from collections import defaultdict

import msgspec

from benchmarks.violations_cameras import needs_turn, wide_camera
from benchmarks.violations_signs import LAWFUL_SIGNS, SIGNS
from benchmarks.violations_zones import LAWFUL_STRIPS, STRIPS, Strip
from nutgiao.edge.violation.registry import OWN
from nutgiao.models.contracts.site import CalibrationNote, Camera, Signals, Site
from nutgiao.models.contracts.site_rules import Ban, RuleSetting
from nutgiao.models.contracts.words import Turn, ViolationKind
from nutgiao.simulation.breakers_sites import STRAIGHT_M
from nutgiao.simulation.networks.build import LINE_SETBACK_M

CALIBRATED = "1970-01-01"
"""Simulated days are the first of the epoch; a calibration of no known day measures no speeds."""

LONG_AMBER = ("j1", "j3")
LONG_AMBER_S = 5
"""Main road of some junctions. After 3 s of amber whoever could have stopped with ease has not reached the line yet."""


def declared(site: Site, lawful: bool) -> Site:
    """A site of the demonstration street with the signs of this benchmark, and wide cameras where they are on turns.

    Args:
        site: as shipped.
        lawful: only signs that everybody heeds.
    """
    signs = [one for one in (LAWFUL_SIGNS if lawful else SIGNS) if one.node == site.id]
    strips = [one for one in (LAWFUL_STRIPS if lawful else STRIPS) if one.node == site.id]
    approaches = list(site.approaches)
    where: dict[ViolationKind, list[str]] = defaultdict(list)
    for sign in signs:
        approaches = [sign.put_up(one) if one.id == sign.approach else one for one in approaches]
        if not OWN[sign.rule].by_default:
            where[sign.rule].append(sign.approach)
    on_zones = [RuleSetting(kind=kind) for kind in dict.fromkeys(one.rule for one in strips)]
    rules = {(one.approach, one.rule) for one in (*signs, *strips)}
    wide = [wide_camera(one) for one in approaches if any(needs_turn(r, one) for name, r in rules if name == one.id)]
    return msgspec.structs.replace(
        site,
        approaches=tuple(approaches),
        cameras=tuple(_calibrated(one) for one in (*site.cameras, *wide)),
        zones=(*site.zones, *(one.zone(site.approach(one.approach)) for one in strips)),
        rules=(
            *site.rules,
            *(RuleSetting(kind=kind, approaches=tuple(names)) for kind, names in where.items()),
            *on_zones,
        ),
        signals=_long_amber(site.signals) if site.id in LONG_AMBER and not lawful else site.signals,
    )


def declared_public(site: Site) -> Site:
    """A junction of a public network, with a ban where some of its traffic turns round, and rules that ask for no sign.

    Nobody on these networks is made to stop: who stands in a zone that bans it stands in a queue.

    Args:
        site: as read from the network.
    """
    banned = (Ban(turns=(Turn.UTURN,)),)
    turning = [one.id for one in site.approaches if any(Turn.UTURN in lane.turns for lane in one.lanes)]
    approaches = tuple(
        msgspec.structs.replace(one, banned=banned) if one.id in turning else one for one in site.approaches
    )
    wide = [wide_camera(one) for one in approaches if one.id in turning]
    kinds = [ViolationKind.SPEED, ViolationKind.ENTERED_ON_AMBER, ViolationKind.STOPPING, ViolationKind.PARKING]
    return msgspec.structs.replace(
        site,
        approaches=approaches,
        cameras=tuple(_calibrated(one) for one in (*site.cameras, *wide)),
        zones=tuple(
            Strip(site.id, one.id, kind, (12.0, STRAIGHT_M - LINE_SETBACK_M), len(one.lanes)).zone(one)
            for one in site.approaches
            for kind in (ViolationKind.STOPPING, ViolationKind.PARKING)
        ),
        rules=tuple(RuleSetting(kind=kind) for kind in ([*kinds, ViolationKind.BANNED_UTURN] if turning else kinds)),
    )


def _calibrated(camera: Camera) -> Camera:
    return msgspec.structs.replace(camera, calibration=CalibrationNote(made=CALIBRATED))


def _long_amber(signals: Signals | None) -> Signals | None:
    """The main road's lamps with a longer amber, at the cost of its all-red."""
    if signals is None:
        return None
    groups = tuple(
        msgspec.structs.replace(one, amber_s=LONG_AMBER_S) if one.id == "main" else one for one in signals.groups
    )
    return msgspec.structs.replace(signals, groups=groups)
