"""Plans: what a cycle is made of, which row of the day's table holds, and bytes that a signature can rely on."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgiao.models.contracts.plan import (
    NEVER_S,
    SignalPlan,
    cycle_of,
    local_plan,
    lost_time_s,
    scheduled_row,
)
from nutgiao.models.contracts.rings import interstage_s, walk_cut_s
from nutgiao.models.contracts.site import Signals, TimedPlan, site_hash
from tests.support.crossroads import crossroads, plan_for

SITE = crossroads()
MAIN, SIDE = ("m", "pm"), ("s", "ps")


def signals() -> Signals:
    assert SITE.signals is not None
    return SITE.signals


def test_a_cycle_is_its_greens_and_interstages() -> None:
    assert [interstage_s(signals(), MAIN, SIDE), interstage_s(signals(), SIDE, MAIN)] == [5, 5]
    assert lost_time_s(signals()) == 10
    assert cycle_of(signals(), (40, 30)) == 80


def test_a_crossing_stops_early_by_what_its_clearance_exceeds_the_interstage() -> None:
    assert walk_cut_s(signals(), SIDE, MAIN, "ps") == 12 - 5
    assert walk_cut_s(signals(), MAIN, SIDE, "pm") == 10 - 5


def test_a_stage_that_only_adds_groups_needs_no_interstage() -> None:
    assert interstage_s(signals(), ("m",), ("m", "pm")) == 0


@pytest.mark.parametrize(
    ("clock", "plan"),
    [("00:00", "night"), ("05:59", "night"), ("06:00", "day"), ("23:59", "day")],
)
def test_the_row_of_the_hour_holds(clock: str, plan: str) -> None:
    hours, minutes = clock.split(":")
    assert scheduled_row(signals(), int(hours) * 3600 + int(minutes) * 60).id == plan


def test_before_the_first_row_of_the_day_yesterdays_last_one_still_runs() -> None:
    rows = (
        TimedPlan(id="peak", start="16:30", offset_s=0, green_s=(30, 30)),
        TimedPlan(id="day", start="06:00", offset_s=0, green_s=(30, 30)),
    )
    late_risers = msgspec.structs.replace(signals(), time_of_day=rows)
    assert scheduled_row(late_risers, 5 * 3600).id == "peak"
    assert scheduled_row(late_risers, 7 * 3600).id == "day"


def test_a_local_plan_holds_for_ever_and_has_no_revision() -> None:
    plan = local_plan(SITE.id, signals(), site_hash(SITE), signals().time_of_day[1])
    assert (plan.cycle_s, plan.offset_s, plan.revision, plan.expires_s) == (90, 10, 0, NEVER_S)


@given(
    st.builds(
        SignalPlan,
        id=st.text(max_size=20),
        node=st.text(max_size=20),
        site_hash=st.text(max_size=16),
        revision=st.integers(0, 2**63 - 1),
        cycle_s=st.integers(0, 600),
        offset_s=st.integers(0, 600),
        green_s=st.lists(st.integers(0, 600), max_size=6).map(tuple),
        valid_from_s=st.one_of(st.integers(0, 2**40), st.floats(0, 4e9)),
        expires_s=st.one_of(st.integers(0, 2**40), st.floats(0, 4e9)),
        order=st.lists(st.integers(0, 5), max_size=6).map(tuple),
    )
)
def test_what_was_signed_is_what_is_verified_after_the_journey(plan: SignalPlan) -> None:
    arrived = msgspec.json.decode(msgspec.json.encode(plan), type=SignalPlan)
    assert arrived.signing_bytes() == plan.signing_bytes()


@pytest.mark.parametrize(
    "field", ["id", "node", "site_hash", "revision", "cycle_s", "offset_s", "green_s", "expires_s", "order"]
)
def test_a_signature_covers_every_field(field: str) -> None:
    plan = plan_for(SITE)
    other = plan_for(SITE, (41, 41), offset_s=3, revision=9, life_s=800.0)
    changed = {"id": "z", "node": "z", "site_hash": "z", "order": (0, 1)}.get(field, getattr(other, field))
    assert msgspec.structs.replace(plan, **{field: changed}).signing_bytes() != plan.signing_bytes()


def test_a_plan_that_was_written_before_there_were_orders_is_read_and_keeps_its_signature() -> None:
    plan = plan_for(SITE)
    old = msgspec.json.encode(plan)
    assert b"order" not in old
    assert b"order" not in plan.signing_bytes()
    assert msgspec.json.decode(old, type=SignalPlan).order == ()
