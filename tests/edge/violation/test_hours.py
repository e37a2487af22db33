"""Signs with hours and a clock that may be off: near a limit, or with a clock that nobody keeps, nobody is told of."""

from __future__ import annotations

import math
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nutgiao.edge.signal.clocks import ClockBook
from nutgiao.edge.signal.ntp import NtpReading
from nutgiao.edge.violation.rule import Violation
from nutgiao.edge.violation.standing import StandingSettings, stopping_rule
from nutgiao.edge.violation.trace import SignalTrace
from nutgiao.models.contracts.hours import NO_HOUR_S, Hours, Weekday, certainly_hold, holds, local_time, may_hold
from nutgiao.models.contracts.site_rules import Ban, Forbidden, KeptLane, OnRed, RuleSetting
from nutgiao.models.contracts.words import Turn, VehicleClass, ViolationKind, ZoneKind
from tests.support.movements import LANES, street, told, way
from tests.support.scenes import RED, START_S, brake
from tests.support.zone_scenes import Actor, Street, post_of, site_with, zone

CAR, BUS, TRUCK = VehicleClass.CAR, VehicleClass.BUS, VehicleClass.TRUCK
UTC_OFFSET_H = 7.0
BEGAN_S = START_S - START_S % 60.0
"""A whole minute, 20 s before the scenes begin."""
SINCE_THEN = (Hours(start=local_time(BEGAN_S, UTC_OFFSET_H).clock, end="24:00"),)
UNTIL_THEN = (Hours(start="00:00", end=local_time(BEGAN_S, UTC_OFFSET_H).clock),)

# what is certain

CLOCKS = st.integers(0, 24 * 60 - 1).map(lambda minute: f"{minute // 60:02}:{minute % 60:02}")
HOURS = st.builds(
    Hours,
    start=CLOCKS,
    end=CLOCKS,
    days=st.lists(st.sampled_from(Weekday), max_size=3, unique=True).map(tuple),
    first=st.none() | st.just(local_time(START_S, UTC_OFFSET_H).day),
)


@settings(max_examples=200, deadline=None)
@given(
    hours=st.lists(HOURS, min_size=1, max_size=3),
    after_s=st.floats(-90_000.0, 90_000.0),
    near=st.booleans(),
    off_s=st.floats(0.0, NO_HOUR_S, exclude_max=True),
)
def test_hours_are_certain_if_they_hold_at_each_instant_that_it_may_be(
    hours: list[Hours], after_s: float, near: bool, off_s: float
) -> None:
    time_s = START_S + after_s
    if near:  # at one of the limits
        hour, minute = hours[0].start.split(":")
        time_s = BEGAN_S - (BEGAN_S + 3600.0 * UTC_OFFSET_H) % 86400.0 + 3600.0 * int(hour) + 60.0 * int(minute)
        time_s += after_s % 60.0 - 30.0
    all_s = [time_s + share / 40.0 * off_s for share in range(-40, 41)]
    each = [holds(hours, one_s, UTC_OFFSET_H) for one_s in all_s]
    assert certainly_hold(hours, time_s, UTC_OFFSET_H, off_s) == all(each)
    assert may_hold(hours, time_s, UTC_OFFSET_H, off_s) == any(each)


@pytest.mark.parametrize("off_s", [NO_HOUR_S, math.inf, math.nan])
def test_a_clock_that_is_too_far_off_or_unknown_makes_no_hour_certain_and_each_possible(off_s: float) -> None:
    at_noon = START_S - (START_S + 3600.0 * UTC_OFFSET_H) % 86400.0 + 12 * 3600.0
    all_day = [Hours(start="06:00", end="22:00")]
    assert not certainly_hold(all_day, at_noon, UTC_OFFSET_H, off_s)
    assert may_hold([Hours(start="22:00", end="06:00")], at_noon, UTC_OFFSET_H, off_s)
    assert certainly_hold([], at_noon, UTC_OFFSET_H, off_s)  # what names no hours asks no clock


@pytest.mark.parametrize(
    ("reading", "off_s"),
    [(NtpReading(0.02, 0.1), 0.12), (NtpReading(-0.4, 3.0), 3.4), (NtpReading(1.4, 0.1), math.inf), (None, math.inf)],
)
def test_the_rules_learn_how_far_the_clock_may_be_off(reading: NtpReading | None, off_s: float) -> None:
    trace, book = SignalTrace(), ClockBook(["g"], 0.5, lambda: reading)
    book.second(START_S, None, trace)
    assert trace.clock_off_s == pytest.approx(off_s)
    book.forget()
    assert book.off_s == math.inf  # a clock that was set vouches for nothing until it is asked again


# what is told


def in_kept_lane(hours: tuple[Hours, ...], off_s: float) -> list[Violation]:
    kept = msgspec.structs.replace(LANES[0], only=KeptLane(classes=(BUS,), from_m=20.0, hours=hours))
    here = street(ViolationKind.BUS_LANE, lanes=(kept, *LANES[1:]))
    here.clock_off_s = off_s
    return told(here, [Actor(way(Turn.THROUGH, 7.0, 1.5, 9.0), CAR)])


def on_forbidden_road(hours: tuple[Hours, ...], off_s: float) -> list[Violation]:
    here = street(ViolationKind.FORBIDDEN_ROAD, forbidden=(Forbidden(classes=(TRUCK,), hours=hours),))
    here.clock_off_s = off_s
    return told(here, [Actor(way(Turn.THROUGH, 7.0, 4.5, 9.0), TRUCK)])


def in_banned_turn(hours: tuple[Hours, ...], off_s: float) -> list[Violation]:
    here = street(ViolationKind.BANNED_TURN, banned=(Ban(turns=(Turn.LEFT,), hours=hours),))
    here.clock_off_s = off_s
    return told(here, [Actor(way(Turn.LEFT, 6.0, 7.5, 5.0), CAR)])


def at_kerb(hours: tuple[Hours, ...], off_s: float) -> list[Violation]:
    here = Street(site_with(zone(ZoneKind.NO_STOPPING, (0.0, 60.0), (0.0, 3.0), hours=hours)), clock_off_s=off_s)
    rule, comes = stopping_rule(post_of(here.site), StandingSettings()), brake(8.0, 35.0, 2.0)
    assert rule is not None
    return here.run(rule, [Actor(lambda t: (comes(t), 1.5))], 36.0)


def by_rule_with_hours(hours: tuple[Hours, ...], off_s: float) -> list[Violation]:
    here = street(RuleSetting(kind="forbidden_road", hours=hours), forbidden=(Forbidden(classes=(TRUCK,)),))
    here.clock_off_s = off_s
    return told(here, [Actor(way(Turn.THROUGH, 7.0, 4.5, 9.0), TRUCK)])


@pytest.mark.parametrize("case", [in_kept_lane, on_forbidden_road, in_banned_turn, at_kerb, by_rule_with_hours])
def test_hours_that_began_20_s_ago_are_held_against_nobody_by_a_clock_that_may_be_29_s_off(
    case: Callable[[tuple[Hours, ...], float], list[Violation]],
) -> None:
    for off_s, count in ((0.0, 1), (5.0, 1), (29.0, 0), (math.inf, 0), (math.nan, 0)):
        assert len(case(SINCE_THEN, off_s)) == count, off_s
    assert len(case(UNTIL_THEN, 5.0)) == 0
    assert len(case((), math.inf)) == 1  # a sign without hours holds by any clock


def test_a_permission_to_turn_on_red_speaks_for_whom_it_may_have_held() -> None:
    kerb = msgspec.structs.replace(LANES[0], on_red=(OnRed(hours=UNTIL_THEN),))
    for off_s, count in ((0.0, 1), (5.0, 1), (29.0, 0), (math.inf, 0)):
        here = street(ViolationKind.RED_LIGHT, lanes=(kerb, *LANES[1:]))
        here.clock_off_s = off_s
        found = told(here, [Actor(way(Turn.RIGHT, 6.0, 1.5, 5.0), CAR)], lamps=lambda t: {"g": RED})
        assert len(found) == count, off_s
