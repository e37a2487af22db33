"""Which rules of a site hold in some hours only: they wait while nobody vouches for the box's clock."""

from __future__ import annotations

from collections.abc import Iterator

from nutgiao.edge.signal.reasons import Reason, told
from nutgiao.edge.violation.registry import OWN, setting_of
from nutgiao.models.contracts.clocks import ClockNote
from nutgiao.models.contracts.hours import NO_HOUR_S, Hours
from nutgiao.models.contracts.site import Site
from nutgiao.models.contracts.words import Turn, ViolationKind, ViolationName


def timed_rules(site: Site) -> tuple[ViolationName, ...]:
    """Kinds of the rules that run at a site and hold, wholly or at some place, in some hours only.

    A sign that lets somebody go on red in some hours is not meant: without a clock it excuses at any hour.
    """
    asked = dict.fromkeys([*OWN, *(setting.kind for setting in site.rules)])
    return tuple(kind for kind in asked if setting_of(site, kind).enabled and any(_hours(site, kind)))


def waiting_note(timed: tuple[ViolationName, ...], clocks: ClockNote, off_s: float) -> str:
    """What the box's health says of rules that wait; empty if none does.

    Args:
        timed: rules with hours.
        clocks: what is known about the clocks.
        off_s: how far the box's clock may be from true time; infinite where nobody vouches for it.
    """
    if not timed or off_s < NO_HOUR_S:
        return ""
    return told(Reason.UNVOUCHED if clocks.ntp_s is None else Reason.OFF_TIME, ", ".join(timed))


def _hours(site: Site, kind: ViolationName) -> Iterator[tuple[Hours, ...]]:
    """All hours that a rule asks; an empty tuple is always."""
    yield setting_of(site, kind).hours
    for approach in site.approaches:
        if kind == ViolationKind.BUS_LANE:
            yield from (lane.only.hours for lane in approach.lanes if lane.only is not None)
        if kind == ViolationKind.FORBIDDEN_ROAD:
            yield from (sign.hours for sign in approach.forbidden)
        if kind == ViolationKind.BANNED_TURN:
            yield from (ban.hours for ban in approach.banned if set(ban.turns) - {Turn.UTURN})
        if kind == ViolationKind.BANNED_UTURN:
            yield from (ban.hours for ban in approach.banned if Turn.UTURN in ban.turns)
    if kind in OWN:
        yield from (zone.hours for zone in site.zones if zone.kind in OWN[kind].zones)
