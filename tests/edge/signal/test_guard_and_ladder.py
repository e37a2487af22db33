"""The guard, the ladder and the virtual cabinet together, second by second, as they stand at a junction."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nutgiao.edge.signal.guard import Guard
from nutgiao.edge.signal.ladder import Ladder
from nutgiao.models.contracts.plan import cycle_of
from nutgiao.models.contracts.safety import Rule
from nutgiao.models.contracts.site import Limits
from nutgiao.models.contracts.timeline import GREEN
from nutgiao.models.contracts.words import ControlSource, Indication
from tests.support.crossroads import NOON_S, crossroads, plan_for
from tests.support.dual_ring import GREENS, LAG, dual_ring
from tests.support.guarded import Junction


def test_an_accepted_plan_starts_at_a_cycle_boundary_and_reaches_its_offset() -> None:
    junction = Junction(crossroads())
    junction.run(30)
    (answer,) = junction.second(plan_for(junction.site, (50, 30), offset_s=37, now_s=junction.now_s))
    assert not answer.verdict.refusals
    before = junction.shown.plan
    assert before == "day"
    junction.run(600)
    assert (junction.shown.plan, junction.shown.source) == ("c1", ControlSource.CENTRAL)
    start = junction.now_s - junction.shown.cycle_second_s
    assert start % junction.shown.cycle_s == 37
    assert junction.broken() == []


def test_a_plan_for_later_is_refused_while_a_transition_runs_because_its_offset_would_be_missed() -> None:
    junction = Junction(crossroads())
    guard = Guard(junction.site, lambda body, signature: True)
    junction.second(plan_for(junction.site, (50, 30), offset_s=37, now_s=junction.now_s))
    while not junction.shown.in_transition:
        junction.second()
    plan = plan_for(junction.site, (40, 25), offset_s=5, now_s=junction.now_s)
    later = msgspec.structs.replace(plan, valid_from_s=float(junction.now_s + 300))
    (refusal,) = guard.change_over(later, junction.shown, ControlSource.CENTRAL).refusals
    assert refusal.rule is Rule.TRANSITION
    assert guard.change_over(plan, junction.shown, ControlSource.CENTRAL).request is not None
    while junction.shown.in_transition:
        junction.second()
    assert guard.change_over(later, junction.shown, ControlSource.CENTRAL).request is not None


def test_the_controller_keeps_the_old_plan_until_its_cycle_ends() -> None:
    junction = Junction(crossroads())
    junction.run(30)
    boundary = junction.shown.boundary_s
    junction.second(plan_for(junction.site, (50, 30), now_s=junction.now_s))
    while junction.now_s < boundary - 1:
        junction.second()
        assert junction.shown.plan == "day"
    junction.second()
    assert junction.shown.plan == "c1"


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"site_hash": "0" * 16}, Rule.SITE),
        ({"node": "elsewhere"}, Rule.SITE),
        ({"expires_s": NOON_S - 1.0}, Rule.VALIDITY),
        ({"expires_s": NOON_S + 9e5}, Rule.VALIDITY),
        ({"cycle_s": 91}, Rule.CYCLE),
        ({"offset_s": 90}, Rule.OFFSET),
        ({"green_s": (70, 10), "cycle_s": 90}, Rule.WALK),
        ({"green_s": (45,)}, Rule.SHAPE),
        ({"green_s": (74, 16), "cycle_s": 100}, None),
    ],
)
def test_a_wrong_plan_is_refused_by_name_and_the_street_does_not_change(
    change: dict[str, object], rule: Rule | None
) -> None:
    junction = Junction(crossroads())
    junction.run(5)
    plan = msgspec.structs.replace(plan_for(junction.site, now_s=NOON_S), **change)
    (answer,) = junction.second(plan)
    rules = {refusal.rule for refusal in answer.verdict.refusals}
    if rule is None:
        assert rules == set()
        return
    assert rule in rules
    assert all(refusal.cure for refusal in answer.verdict.refusals)
    junction.run(300)
    assert junction.shown.plan == "day"


def test_an_unsigned_plan_is_refused_before_anything_else() -> None:
    junction = Junction(crossroads(), trusted=False)
    (answer,) = junction.second(plan_for(junction.site))
    assert [refusal.rule for refusal in answer.verdict.refusals] == [Rule.SIGNATURE]


def test_a_replayed_revision_is_refused() -> None:
    junction = Junction(crossroads(limits=Limits(min_plan_interval_s=0)))
    plan = plan_for(junction.site)
    assert not junction.second(plan)[0].verdict.refusals
    junction.run(200)
    assert [refusal.rule for refusal in junction.second(plan)[0].verdict.refusals] == [Rule.REVISION]


def test_plans_too_close_together_are_refused_but_a_renewal_is_not() -> None:
    junction = Junction(crossroads())
    junction.second(plan_for(junction.site, (50, 30)))
    junction.run(150)
    assert junction.shown.plan == "c1"
    hasty = plan_for(junction.site, (48, 32), revision=2, now_s=junction.now_s)
    assert [refusal.rule for refusal in junction.second(hasty)[0].verdict.refusals] == [Rule.INTERVAL]
    renewal = plan_for(junction.site, (50, 30), revision=3, now_s=junction.now_s, life_s=3000)
    (answer,) = junction.second(renewal)
    assert not answer.verdict.refusals
    junction.run(1)
    assert (junction.shown.plan, junction.shown.in_transition) == ("c3", False)


def test_silence_of_the_centre_leads_back_to_the_time_of_day_table_when_the_plan_expires() -> None:
    junction = Junction(crossroads())
    junction.second(plan_for(junction.site, (50, 30), offset_s=21, life_s=400.0))
    junction.run(350)
    assert junction.shown.source is ControlSource.CENTRAL
    junction.run(600)
    assert (junction.shown.source, junction.shown.plan) == (ControlSource.TIME_OF_DAY, "day")
    assert junction.broken() == []


def test_the_table_is_followed_by_its_clock() -> None:
    six = NOON_S - 6 * 3600
    junction = Junction(crossroads(), now_s=six - 120)
    assert junction.shown.plan == "night"
    junction.run(500)
    assert junction.shown.plan == "day"
    assert junction.broken() == []


def test_the_conflict_monitor_flashes_and_nothing_is_asked_of_a_flashing_controller() -> None:
    site = crossroads()
    assert site.signals is not None
    junction = Junction(site)
    junction.run(10)
    junction.cabinet._lamps[:, :] = GREEN  # what a broken lamp switch would do
    junction.run(2)
    assert junction.shown.source is ControlSource.FLASH
    assert set(junction.shown.groups) == {Indication.FLASHING_AMBER}
    (answer,) = junction.second(plan_for(site, now_s=junction.now_s))
    assert [refusal.rule for refusal in answer.verdict.refusals] == [Rule.CONTROLLER]
    junction.run(300)
    assert junction.shown.source is ControlSource.FLASH


@settings(max_examples=40, deadline=None)
@given(
    greens=st.lists(st.tuples(st.integers(5, 70), st.integers(5, 70)), min_size=1, max_size=4),
    offsets=st.lists(st.integers(0, 160), min_size=4, max_size=4),
    pauses=st.lists(st.integers(0, 400), min_size=4, max_size=4),
)
def test_whatever_the_centre_sends_the_lamps_stay_safe(
    greens: list[tuple[int, int]], offsets: list[int], pauses: list[int]
) -> None:
    junction = Junction(crossroads(limits=Limits(min_plan_interval_s=0)))
    junction.run(3)
    for k, green in enumerate(greens):
        plan = plan_for(junction.site, green, revision=k + 1, now_s=junction.now_s)
        junction.second(msgspec.structs.replace(plan, offset_s=offsets[k] % plan.cycle_s))
        junction.run(pauses[k])
    junction.run(500)
    assert junction.shown.source is not ControlSource.FLASH
    assert junction.broken() == []


def test_a_plan_in_another_order_runs_until_it_expires_and_the_table_in_the_site_s_order_follows() -> None:
    junction = Junction(dual_ring())
    junction.run(20)
    cycle = cycle_of(junction.signals, GREENS, LAG)
    plan = plan_for(junction.site, GREENS, offset_s=50, now_s=junction.now_s, life_s=600.0)
    (answer,) = junction.second(msgspec.structs.replace(plan, order=LAG, cycle_s=cycle))
    assert not answer.verdict.refusals
    junction.run(400)
    assert (junction.shown.plan, junction.shown.order) == ("c1", LAG)
    assert junction.ladder.running(junction.shown).order == LAG
    junction.run(800)
    assert (junction.shown.plan, junction.shown.order) == ("day", ())
    assert (junction.shown.source, junction.shown.in_transition) == (ControlSource.TIME_OF_DAY, False)
    assert junction.broken() == []


def test_a_box_that_has_lost_its_memory_reads_the_order_from_the_controller() -> None:
    junction = Junction(dual_ring())
    plan = plan_for(junction.site, GREENS, now_s=junction.now_s)
    junction.second(msgspec.structs.replace(plan, order=LAG, cycle_s=cycle_of(junction.signals, GREENS, LAG)))
    junction.run(600)
    forgetful = Ladder(junction.site, Guard(junction.site, lambda body, signature: True), junction)
    assert forgetful.running(junction.shown).order == junction.shown.order == LAG
