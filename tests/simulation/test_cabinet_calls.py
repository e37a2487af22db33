"""The virtual cabinet whose stages are called: whatever is called, lost or sent meanwhile, its lamps keep the rules."""

from __future__ import annotations

import random

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nutgiao.configs.loader import load_site
from nutgiao.models.contracts.controller import CabinetRequest, CabinetStatus, StageCall
from nutgiao.models.contracts.plan import NEVER_S, SignalPlan, cycle_of, local_plan
from nutgiao.models.contracts.safety import check_lamps, check_plan, check_transition
from nutgiao.models.contracts.site import Signals, Site, site_hash
from nutgiao.models.contracts.step_guard import StepGuard
from nutgiao.models.contracts.timeline import AMBER, GREEN, RED, expand
from nutgiao.models.contracts.transition import MAX_CYCLES, transition
from nutgiao.models.contracts.words import ControlSource, Indication
from nutgiao.simulation.cabinet import LEASE_S, Cabinet
from tests.support.crossroads import NOON_S, crossroads
from tests.support.dual_ring import dual_ring
from tests.support.oracle import broken_rules
from tests.support.signal_sites import Pick, site_around_a_plan

CODES = {Indication.RED: RED, Indication.GREEN: GREEN, Indication.AMBER: AMBER}
LETTERS = {Indication.RED: "R", Indication.GREEN: "G", Indication.AMBER: "A"}
NOT_OF_A_STREET = {"not_served", "max_green", "max_red"}
"""The oracle reads a piece of a street: what began before it or goes on behind it is not whole."""


class Stand:
    """A cabinet, and a guard of our own that judges every second that it shows."""

    def __init__(self, signals: Signals, plan: SignalPlan, begin_s: int = NOON_S) -> None:
        self.signals, self.plan, self.now_s = signals, plan, begin_s
        self.cabinet = Cabinet(signals, plan, begin_s)
        self.judge = StepGuard(signals.groups, signals.intergreens, second=begin_s)
        self.shown: list[CabinetStatus] = []
        self.second()

    @property
    def last(self) -> CabinetStatus:
        return self.shown[-1]

    def second(self) -> CabinetStatus:
        status = self.cabinet.tick(self.now_s)
        self.judge.step([CODES[one] for one in status.groups])  # raises on the first broken rule
        self.shown.append(status)
        self.now_s += 1
        return status

    def run(self, seconds: int, stage: int | None = None) -> None:
        for _ in range(seconds):
            if stage is not None:
                self.call(stage)
            self.second()

    def call(self, stage: int, lease_s: int = 3) -> None:
        self.cabinet.call(StageCall(stage, ControlSource.ADAPTIVE, self.now_s - 1 + lease_s))

    def home(self) -> bool:
        """Whether it runs its plan at its offset."""
        start = self.now_s - 1 - self.last.cycle_second_s
        fits = start % self.plan.cycle_s == self.plan.offset_s
        return not self.last.in_transition and fits and self.last.plan == self.plan.id

    def lamps(self) -> list[dict[str, str]]:
        names = [group.id for group in self.signals.groups]
        return [dict(zip(names, (LETTERS[one] for one in row.groups), strict=True)) for row in self.shown]


def signals_of(site: Site) -> Signals:
    assert site.signals is not None
    return site.signals


def stand_at(site: Site, row: int = -1) -> Stand:
    signals = signals_of(site)
    return Stand(signals, local_plan(site.id, signals, site_hash(site), signals.time_of_day[row]))


def another_plan(pick: Pick, signals: Signals, plan: SignalPlan, now_s: int, number: int) -> SignalPlan | None:
    """A plan near the one that runs, if it is safe."""
    greens = tuple(max(1, green + pick(-8, 8)) for green in plan.green_s)
    cycle = cycle_of(signals, greens, plan.order)
    made = msgspec.structs.replace(
        plan, id=f"p{number}", revision=number, green_s=greens, cycle_s=cycle, offset_s=pick(0, max(0, cycle - 1)),
        valid_from_s=float(now_s), expires_s=NEVER_S,
    )  # fmt: skip
    broken = check_plan(signals, plan.node, plan.site_hash, made, now_s=now_s, running=plan)
    return None if {str(one.rule) for one in broken} - {"validity"} else made


def wild_street(pick: Pick, stand: Stand, seconds: int) -> None:
    """Calls at random that come, are late, get lost or mean no stage, and plans in between."""
    number = 1
    until = stand.now_s + seconds
    while stand.now_s < until:
        what = pick(0, 9)
        if what < 6:  # somebody calls for a while, and changes his mind
            stage = pick(-1, len(stand.signals.stages))
            for _ in range(pick(1, 40)):
                if pick(0, 3):
                    stand.call(stage, lease_s=pick(1, 4))
                stand.second()
        elif what < 8:  # silence
            stand.run(pick(1, 120))
        else:
            plan = another_plan(pick, stand.signals, stand.plan, stand.now_s, number)
            if plan is not None and not stand.last.pending:
                boundary, greens, order = stand.last.boundary_s, stand.last.green_s, plan.order
                cycles = transition(stand.signals, boundary, plan.cycle_s, plan.offset_s, plan.green_s, order)
                if cycles is not None and not check_transition(
                    stand.signals, greens, cycles, plan.green_s, order_before=stand.last.order, order=order
                ):
                    stand.cabinet.request(CabinetRequest(plan, ControlSource.CENTRAL, cycles))
                    stand.plan, number = plan, number + 1
            stand.run(pick(1, 60))


SITES = [crossroads(), load_site("demo-j1"), load_site("demo-j2"), load_site("demo-j3")]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), which=st.integers(0, len(SITES) - 1))
def test_whatever_is_called_no_second_breaks_a_rule_and_the_plan_comes_back_to_its_offset(
    seed: int, which: int
) -> None:
    draw = random.Random(seed)
    stand = stand_at(SITES[which], draw.randrange(len(signals_of(SITES[which]).time_of_day)))
    wild_street(draw.randint, stand, 1500)
    stand.run(4 + (MAX_CYCLES + 3) * 150 + (0 if stand.home() else 600))
    assert stand.last.source is not ControlSource.FLASH
    assert stand.home(), (stand.last, stand.plan)
    broken = {one for one in broken_rules(stand.signals, stand.lamps()) if one[0] not in NOT_OF_A_STREET}
    assert not broken


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32))
def test_on_sites_drawn_at_random_no_second_breaks_a_rule(seed: int) -> None:
    draw = random.Random(seed)
    while True:
        signals, greens, order = site_around_a_plan(draw.randint)
        if not signals.rings and not check_lamps(signals, expand(signals, [greens] * 3, [order] * 3)):
            break
    plan = SignalPlan(
        id="day", node="x", site_hash="h", revision=0, cycle_s=cycle_of(signals, greens, order), offset_s=0,
        green_s=tuple(greens), valid_from_s=0.0, expires_s=NEVER_S, order=tuple(order),
    )  # fmt: skip
    wild_street(draw.randint, Stand(signals, plan), 800)


def test_a_stage_that_is_called_comes_as_soon_as_greens_and_clearances_allow() -> None:
    stand = stand_at(crossroads())
    while stand.last.cycle_second_s:
        stand.second()
    stand.run(20, stage=0)
    assert stand.last.source is ControlSource.ADAPTIVE
    stand.run(10, stage=1)
    main, side = (int(np.argmax([g.id == name for g in stand.signals.groups])) for name in "ms")
    assert stand.last.groups[side] is Indication.RED
    stand.run(1, stage=1)  # walk ends at once, its clearance takes 10 s
    assert (stand.last.groups[main], stand.last.groups[side]) == (Indication.RED, Indication.GREEN)


def test_a_call_is_good_for_its_lease_and_no_longer() -> None:
    stand = stand_at(crossroads())
    stand.run(60, stage=0)
    assert stand.last.source is ControlSource.ADAPTIVE
    stand.run(2)
    assert stand.last.source is ControlSource.ADAPTIVE
    stand.run(1)
    assert (stand.last.source, stand.last.in_transition) == (ControlSource.TIME_OF_DAY, True)
    stand.run(300)
    assert stand.home()


def test_who_waits_longest_is_served_though_only_the_other_street_is_called() -> None:
    stand = stand_at(crossroads())
    stand.run(600, stage=0)
    side = [group.id for group in stand.signals.groups].index("s")
    greens = "".join("G" if status.groups[side] is Indication.GREEN else "r" for status in stand.shown)
    assert max(len(red) for red in greens.split("G")) <= 150


def test_a_plan_that_is_asked_for_meanwhile_is_where_the_way_home_leads() -> None:
    stand = stand_at(crossroads())
    stand.run(60, stage=1)
    plan = msgspec.structs.replace(stand.plan, id="new", green_s=(40, 30), cycle_s=80, offset_s=33)
    stand.cabinet.request(CabinetRequest(plan, ControlSource.CENTRAL, ()))
    stand.plan = plan
    stand.run(600)
    assert stand.home()
    assert stand.last.source is ControlSource.CENTRAL


def test_an_unsafe_plan_is_not_where_the_way_home_leads() -> None:
    stand = stand_at(crossroads())
    stand.run(60, stage=1)
    bad = msgspec.structs.replace(stand.plan, id="bad", green_s=(200, 5), cycle_s=215)
    stand.cabinet.request(CabinetRequest(bad, ControlSource.CENTRAL, ()))
    stand.run(600)
    assert stand.home()


def test_the_report_tells_the_cabinet_s_own_time_also_while_stages_are_called() -> None:
    stand = stand_at(crossroads())
    for _ in range(200):
        stand.run(1, stage=len(stand.shown) // 40 % 2)
        status = stand.last
        assert status.boundary_s - status.cycle_s + status.cycle_second_s == stand.now_s - 1


def test_a_button_stays_pressed_until_its_crossing_has_walk() -> None:
    stand = stand_at(crossroads())
    stand.run(1, stage=0)
    stand.cabinet.press(["ps"])
    stand.run(5, stage=0)
    assert stand.last.calls == ("ps",)
    while "ps" in stand.last.calls:
        stand.run(1, stage=1)
    crossing = [group.id for group in stand.signals.groups].index("ps")
    assert stand.last.groups[crossing] is Indication.GREEN


def test_a_controller_with_rings_goes_on_with_its_plan() -> None:
    stand = stand_at(dual_ring(), 0)
    stand.run(200, stage=1)
    assert stand.last.source is ControlSource.TIME_OF_DAY
    assert not stand.last.in_transition


def test_a_flashing_controller_takes_no_calls() -> None:
    site = crossroads()
    stand = stand_at(site)
    stand.cabinet._lamps[:, :] = GREEN  # what a broken lamp switch would do
    stand.cabinet.tick(stand.now_s)
    stand.cabinet.call(StageCall(1, ControlSource.ADAPTIVE, stand.now_s + 100))
    for second in range(1, 50):
        assert stand.cabinet.tick(stand.now_s + second).source is ControlSource.FLASH
        assert stand.cabinet._called is None


def test_no_call_is_good_for_longer_than_the_cabinet_s_own_lease() -> None:
    stand = stand_at(crossroads())
    stand.run(60, stage=0)
    stand.call(0, lease_s=1000)
    stand.run(LEASE_S)
    assert stand.last.source is ControlSource.ADAPTIVE
    stand.run(1)
    assert stand.last.source is ControlSource.TIME_OF_DAY


def test_a_rung_that_calls_no_stages_is_not_followed() -> None:
    stand = stand_at(crossroads())
    for _ in range(200):
        stand.cabinet.call(StageCall(1, ControlSource.TIME_OF_DAY, stand.now_s + 3))
        stand.second()
        assert stand.home()


def test_a_renewal_during_the_transition_leaves_the_cycles_that_lead_to_the_offset() -> None:
    stand = stand_at(crossroads())
    boundary, now = stand.last.boundary_s, stand.plan
    moved = (msgspec.structs.replace(now, id="c1", revision=1, offset_s=k) for k in range(now.cycle_s))
    ways = ((one, transition(stand.signals, boundary, one.cycle_s, one.offset_s, one.green_s, ())) for one in moved)
    plan, cycles = next((plan, cycles) for plan, cycles in ways if cycles is not None and len(cycles) == 2)
    stand.cabinet.request(CabinetRequest(plan, ControlSource.CENTRAL, cycles))
    while not stand.last.in_transition:
        stand.second()
    stand.plan = msgspec.structs.replace(plan, id="c2", revision=2)
    stand.cabinet.request(CabinetRequest(stand.plan, ControlSource.CENTRAL, ()))
    assert (stand.second().plan, stand.last.pending) == ("c2", "")
    stand.run(3 * plan.cycle_s)
    assert stand.home()


def test_a_plan_is_taken_while_stages_are_called_only_when_it_is_valid() -> None:
    stand = stand_at(crossroads())
    stand.run(60, stage=1)
    plan = msgspec.structs.replace(stand.plan, id="new", revision=1, offset_s=33, valid_from_s=float(stand.now_s + 20))
    stand.cabinet.request(CabinetRequest(plan, ControlSource.CENTRAL, ()))
    stand.run(20, stage=1)
    assert (stand.last.plan, stand.last.pending) == (stand.plan.id, "new")
    stand.run(1, stage=1)
    assert (stand.last.plan, stand.last.pending) == ("new", "")


def test_an_unsafe_plan_does_not_begin_at_the_next_boundary() -> None:
    stand = stand_at(crossroads())
    bad = msgspec.structs.replace(stand.plan, id="bad", green_s=(200, 5), cycle_s=215)
    stand.cabinet.request(CabinetRequest(bad, ControlSource.CENTRAL, ()))
    stand.run(600)
    assert stand.home()


@pytest.mark.parametrize("name", ["demo-j1", "demo-j2"])
def test_the_way_home_is_bounded(name: str) -> None:
    """From any second of any stage: a round of the stages, the transition, and a round more where none fits at once."""
    stand = stand_at(load_site(name), 1)
    cycle_s = stand.plan.cycle_s
    for stay_s in range(0, 100, 13):
        stand.run(30 + stay_s, stage=stay_s % len(stand.signals.stages))
        begin_s = stand.now_s
        while not stand.home():
            stand.second()
        assert stand.now_s - begin_s <= (MAX_CYCLES + 3) * 1.25 * cycle_s
