"""Rules with hours wait for a clock that somebody vouches for, and the box's health says so and why."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from nutgiao.edge.node import Node
from nutgiao.edge.perception import Perception
from nutgiao.edge.signal.ntp import NtpReading
from nutgiao.edge.signal.reasons import Reason
from nutgiao.edge.signal.timed import timed_rules
from nutgiao.models.contracts.hours import Hours
from nutgiao.models.contracts.messages import Health, decode
from nutgiao.models.contracts.site import Lane, Site
from nutgiao.models.contracts.site_rules import Ban, Forbidden, KeptLane, OnRed, RuleSetting
from nutgiao.models.contracts.words import Turn, VehicleClass, ViolationKind, ZoneKind
from tests.edge.test_node import Steady, evidence, uplink_to_nobody
from tests.support.scenes import START_S, approach, site
from tests.support.zone_scenes import zone

PEAK = (Hours(start="06:00", end="09:00"),)
BUSES = KeptLane(classes=(VehicleClass.BUS,), hours=PEAK)


def town(*kinds: ViolationKind, hours: tuple[Hours, ...] = (), **leg: object) -> Site:
    asked = tuple(RuleSetting(kind=kind, hours=hours) for kind in kinds)
    return msgspec.structs.replace(site(approach(**leg)), rules=asked)


def lane(**more: object) -> tuple[Lane, ...]:
    return (Lane(id="one", width_m=9.0, turns=(Turn.THROUGH,), **more),)  # type: ignore[arg-type]


TRUCKS = (Forbidden(classes=(VehicleClass.TRUCK,), hours=PEAK),)
NO_LEFT, NO_UTURN = (Ban(turns=(turn,), hours=PEAK) for turn in (Turn.LEFT, Turn.UTURN))
BAY = zone(ZoneKind.NO_STOPPING, (0.0, 9.0), (0.0, 3.0), hours=PEAK)
K = ViolationKind


@pytest.mark.parametrize(
    ("where", "timed"),
    [
        (town(K.BUS_LANE, lanes=lane(only=BUSES)), (K.BUS_LANE,)),
        (town(lanes=lane(only=BUSES)), ()),  # the rule does not run
        (town(K.BUS_LANE, lanes=lane(only=KeptLane(classes=(VehicleClass.BUS,)))), ()),  # at all hours
        (town(K.FORBIDDEN_ROAD, forbidden=TRUCKS), (K.FORBIDDEN_ROAD,)),
        (town(K.BANNED_TURN, K.BANNED_UTURN, banned=(NO_LEFT,)), (K.BANNED_TURN,)),
        (town(K.BANNED_TURN, K.BANNED_UTURN, banned=(NO_UTURN,)), (K.BANNED_UTURN,)),
        (town(K.WRONG_WAY, hours=PEAK), (K.WRONG_WAY,)),
        (town(lanes=lane(on_red=(OnRed(hours=PEAK),))), ()),  # excuses at any hour, and the rule runs
        (msgspec.structs.replace(town(K.STOPPING), zones=(BAY,)), (K.STOPPING,)),
    ],
)  # fmt: skip
def test_rules_with_hours_are_found_where_the_hours_stand(where: Site, timed: tuple[ViolationKind, ...]) -> None:
    assert timed_rules(where) == timed


def health_note(where: Site, reading: NtpReading | None, folder: Path) -> str:
    uplink, outbox = uplink_to_nobody(folder)
    perception = Perception(where, "j1", "b1")
    node = Node(where, Steady(), [], None, None, perception, evidence(where, folder), uplink, "0", ntp=lambda: reading)
    node.second(START_S)
    sent = [decode(letter.payload) for letter in outbox.after(0, 10)]
    (health,) = [message for message in sent if isinstance(message, Health)]
    assert health.state == ("degraded" if health.note else "online")
    return health.note


@pytest.mark.parametrize(
    ("reading", "reason"),
    [
        (None, Reason.UNVOUCHED),
        (NtpReading(1.4, 0.1), Reason.OFF_TIME),
        (NtpReading(0.0, 40.0), Reason.OFF_TIME),  # no server has been heard for most of a day
        (NtpReading(0.01, 0.05), None),
    ],
)
def test_the_health_says_which_rules_wait_and_why(
    reading: NtpReading | None, reason: Reason | None, tmp_path: Path
) -> None:
    where = town(K.BUS_LANE, lanes=lane(only=BUSES))
    notes = health_note(where, reading, tmp_path).split("; ")
    assert [one for one in notes if one.startswith("rules with hours")] == (
        [] if reason is None else [f"{reason}: bus_lane"]
    )


def test_a_site_without_hours_does_not_mind_who_keeps_the_clock(tmp_path: Path) -> None:
    assert health_note(site(), None, tmp_path) == ""
