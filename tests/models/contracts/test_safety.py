"""The plan-safety rules: the oracle's verdict on any lamps, and each rule caught by the change that breaks it."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgiao.models.contracts.plan import SignalPlan
from nutgiao.models.contracts.safety import Refusal, Rule, check_lamps, check_plan, check_transition
from nutgiao.models.contracts.site import Signals, site_hash
from nutgiao.models.contracts.timeline import AMBER, GREEN, RED, expand
from tests.support import oracle, strategies
from tests.support.crossroads import NOON_S, crossroads, plan_for

SITE = crossroads()
M, S, PM, PS = range(4)


def signals() -> Signals:
    assert SITE.signals is not None
    return SITE.signals


def check(plan: SignalPlan, *, now_s: float = NOON_S, running: SignalPlan | None = None, last: int = 0) -> set[Rule]:
    found = check_plan(signals(), SITE.id, site_hash(SITE), plan, now_s=now_s, running=running, last_revision=last)
    return {refusal.rule for refusal in found}


def told(lamps: np.ndarray, side: Signals) -> oracle.Lamps:
    letters = {RED: "R", GREEN: "G", AMBER: "A"}
    return [{g.id: letters[int(row[k])] for k, g in enumerate(side.groups)} for row in lamps]


def verdict(found: list[Refusal]) -> oracle.Broken:
    return {(str(refusal.rule), refusal.groups) for refusal in found}


# --- against the oracle ---------------------------------------------------------------------------------------------


@given(st.data())
def test_plans_get_the_verdict_of_the_oracle(data: st.DataObject) -> None:
    side = data.draw(strategies.signals())
    greens = data.draw(strategies.greens(side, most=100))
    lamps = expand(side, [greens] * 3)
    assert verdict(check_lamps(side, lamps)) == oracle.broken_rules(side, told(lamps, side))


@given(st.data())
def test_tampered_lamps_get_the_verdict_of_the_oracle(data: st.DataObject) -> None:
    side = data.draw(strategies.signals())
    lamps = expand(side, [data.draw(strategies.greens(side))] * 2)
    for _ in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.integers(0, len(lamps) - 1))
        group = data.draw(st.integers(0, len(side.groups) - 1))
        lamps[start : start + data.draw(st.integers(1, 15)), group] = data.draw(st.sampled_from([RED, GREEN, AMBER]))
    assert verdict(check_lamps(side, lamps)) == oracle.broken_rules(side, told(lamps, side))


@given(st.data())
def test_changes_get_the_verdict_of_the_oracle(data: st.DataObject) -> None:
    side = data.draw(strategies.signals())
    cycles = data.draw(st.lists(strategies.greens(side), min_size=2, max_size=4))
    before, *between, after = cycles
    about_lamps = [r for r in check_transition(side, before, between, after) if r.rule is not Rule.TRANSITION]
    lamps = oracle.shown(side, [before, before, *between, after, after])
    assert verdict(about_lamps) == oracle.broken_rules(side, lamps)


@given(st.data())
def test_an_accepted_plan_never_shows_two_conflicting_greens_within_their_intergreen(data: st.DataObject) -> None:
    side = data.draw(strategies.signals())
    greens = data.draw(strategies.greens(side))
    lamps = expand(side, [greens] * 3)
    if check_lamps(side, lamps):
        return
    column = {group.id: k for k, group in enumerate(side.groups)}
    for pair in side.intergreens:
        for t in np.flatnonzero(lamps[:, column[pair.from_group]] == GREEN):
            window = lamps[t : t + pair.seconds + 1, column[pair.to_group]]
            assert not (window == GREEN).any()


# --- each rule, broken alone ----------------------------------------------------------------------------------------


def test_a_plan_within_all_rules_is_accepted() -> None:
    assert check(plan_for(SITE)) == set()


def change(plan: SignalPlan, **fields: object) -> SignalPlan:
    return msgspec.structs.replace(plan, **fields)


PLAN = plan_for(SITE, (40, 40), offset_s=10, revision=5)

ADMISSION: dict[str, tuple[SignalPlan, Rule]] = {
    "another junction": (change(PLAN, node="x2"), Rule.SITE),
    "another site file": (change(PLAN, site_hash="0" * 16), Rule.SITE),
    "old revision": (change(PLAN, revision=3), Rule.REVISION),
    "expired": (change(PLAN, expires_s=NOON_S - 1.0, valid_from_s=NOON_S - 9.0), Rule.VALIDITY),
    "expires at this instant": (change(PLAN, expires_s=float(NOON_S), valid_from_s=NOON_S - 9.0), Rule.VALIDITY),
    "expires before it begins": (change(PLAN, valid_from_s=NOON_S + 90.0, expires_s=NOON_S + 60.0), Rule.VALIDITY),
    "lives too long": (change(PLAN, expires_s=NOON_S + 3601.0), Rule.VALIDITY),
    "begins too late": (change(PLAN, valid_from_s=NOON_S + 3700.0, expires_s=NOON_S + 3800.0), Rule.VALIDITY),
    "no time at all": (change(PLAN, expires_s=float("nan")), Rule.VALIDITY),
    "begins at no time": (change(PLAN, valid_from_s=float("nan")), Rule.VALIDITY),
    "a stage too few": (change(PLAN, green_s=(40,)), Rule.SHAPE),
    "a stage too many": (change(PLAN, green_s=(40, 40, 10)), Rule.SHAPE),
    "no green": (change(PLAN, green_s=(0, 80)), Rule.SHAPE),
    "stages turned round": (change(PLAN, order=(1, 0)), Rule.ORDER),
    "negative green": (change(PLAN, green_s=(-5, 40)), Rule.SHAPE),
    "no stages": (change(PLAN, green_s=()), Rule.SHAPE),
    "cycle that is not the sum": (change(PLAN, cycle_s=91), Rule.CYCLE),
    "offset of a whole cycle": (change(PLAN, offset_s=90), Rule.OFFSET),
    "negative offset": (change(PLAN, offset_s=-1), Rule.OFFSET),
    "cycle of zero": (change(PLAN, cycle_s=0, offset_s=0), Rule.CYCLE),
}


@pytest.mark.parametrize("name", ADMISSION)
def test_refused_at_the_door(name: str) -> None:
    plan, rule = ADMISSION[name]
    assert rule in check(plan, last=4)


LENGTHS: dict[str, tuple[tuple[int, int], set[Rule]]] = {
    "green of a vehicle group below its minimum": ((6, 60), {Rule.MIN_GREEN, Rule.WALK}),
    "walk cut below its minimum by its clearance": ((40, 13), {Rule.WALK}),
    "longer than anybody may have green": ((40, 125), {Rule.MAX_GREEN, Rule.MAX_RED, Rule.CYCLE}),
    "cycle below the shortest": ((12, 14), {Rule.CYCLE}),
    "cycle above the longest": ((75, 70), {Rule.CYCLE}),
}


@pytest.mark.parametrize("name", LENGTHS)
def test_lengths_out_of_bounds_are_refused_for_that_and_nothing_else(name: str) -> None:
    greens, rules = LENGTHS[name]
    found = check(plan_for(SITE, greens))
    assert found
    assert found <= rules
    assert next(iter(rules)) in found or len(rules) > 1


def paint(column: int, what: int, start: int, seconds: int) -> Callable[[np.ndarray], None]:
    def apply(lamps: np.ndarray) -> None:
        lamps[start : start + seconds, column] = what

    return apply


# Greens (40, 40): m is green 0-40, amber 40-43; s is green 45-85, amber 85-88; the cycle has 90 s.
TAMPERED: dict[str, tuple[Callable[[np.ndarray], None], Rule, tuple[str, ...]]] = {
    "green together": (paint(S, GREEN, 39, 1), Rule.CONFLICT, ("m", "s")),
    "a second too early": (paint(S, GREEN, 134, 1), Rule.INTERGREEN, ("m", "s")),
    "a walk a second too long": (paint(PS, GREEN, 78, 1), Rule.INTERGREEN, ("ps", "m")),
    "no amber": (paint(M, RED, 40, 3), Rule.AMBER, ("m",)),
    "amber of two seconds": (paint(M, RED, 132, 1), Rule.AMBER, ("m",)),
    "amber of four seconds": (paint(M, AMBER, 133, 1), Rule.AMBER, ("m",)),
    "green of six seconds": (paint(S, RED, 135, 34), Rule.MIN_GREEN, ("s",)),
    "walk of six seconds": (paint(PM, RED, 90, 29), Rule.WALK, ("pm",)),
    "never green": (paint(PS, RED, 0, 270), Rule.NOT_SERVED, ("ps",)),
    "red for ever": (paint(PM, RED, 80, 190), Rule.MAX_RED, ("pm",)),
    "green for ever": (paint(PM, GREEN, 0, 130), Rule.MAX_GREEN, ("pm",)),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_each_tampering_is_named(name: str) -> None:
    tamper, rule, groups = TAMPERED[name]
    lamps = expand(signals(), [(40, 40)] * 3)
    assert check_lamps(signals(), lamps) == []
    tamper(lamps)
    assert (rule, groups) in {(refusal.rule, refusal.groups) for refusal in check_lamps(signals(), lamps)}


def test_a_refusal_names_the_second_and_the_cure() -> None:
    lamps = expand(signals(), [(40, 40)] * 3)
    lamps[134, S] = GREEN
    [refusal] = [r for r in check_lamps(signals(), lamps) if r.groups == ("m", "s")]
    assert (refusal.second, refusal.cure) == (130, "leave 5 s")
    assert "4 s after m ends" in refusal.reason


def test_a_rule_broken_in_every_cycle_is_told_once() -> None:
    found = check_plan(signals(), SITE.id, site_hash(SITE), plan_for(SITE, (40, 13)), now_s=NOON_S)
    assert [(refusal.rule, refusal.groups) for refusal in found] == [(Rule.WALK, ("ps",))]


def test_a_plan_may_not_jump_away_from_the_one_that_runs() -> None:
    running = plan_for(SITE, (30, 30))
    assert check(plan_for(SITE, (45, 45), revision=2), running=running) == set()
    assert check(plan_for(SITE, (46, 45), revision=2), running=running) == {Rule.RATE}  # cycle by 31 s
    assert check(plan_for(SITE, (61, 30), revision=2), running=running) == {Rule.RATE}  # both by 31 s
    assert check(plan_for(SITE, (61, 20), revision=2), running=running) == {Rule.RATE}  # one green by 31 s


def test_greens_of_a_billion_seconds_are_refused_without_being_drawn() -> None:
    assert Rule.CYCLE in check(plan_for(SITE, (10**9, 10**9)))


def test_every_rule_has_a_test_of_its_own_or_belongs_to_the_guard() -> None:
    here = {rule for _, rule in ADMISSION.values()} | {rule for _, rule, _ in TAMPERED.values()} | {Rule.RATE}
    elsewhere = {Rule.SIGNATURE, Rule.INTERVAL, Rule.TRANSITION, Rule.MODE, Rule.CONTROLLER, Rule.BARRIER}
    assert set(Rule) - here == elsewhere
