"""The online guard: each second judged as by a person with a stop-watch, and as the plan check judges the whole."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from nutgiao.models.contracts import lamp_rules
from nutgiao.models.contracts.lamp_rules import check_lamps
from nutgiao.models.contracts.refusal import Refusal, Rule
from nutgiao.models.contracts.site import Intergreen, SignalGroup, Signals
from nutgiao.models.contracts.step_guard import LampsRefused, StepGuard
from nutgiao.models.contracts.timeline import AMBER, GREEN, RED, expand
from tests.support import strategies
from tests.support.crossroads import crossroads
from tests.support.reference.signal_oracle import Broken, broken_by_rows
from tests.support.reference.step_oracle import broken_by_last_second
from tests.support.signal_cases import painted
from tests.support.signal_sites import Pick, site_around_a_plan

M, S, PM, PS = range(4)
LETTERS = {RED: "R", GREEN: "G", AMBER: "A"}
CODES = {letter: code for code, letter in LETTERS.items()}
ONLINE = {Rule.MIN_GREEN, Rule.WALK, Rule.MAX_GREEN, Rule.AMBER, Rule.MAX_RED, Rule.CONFLICT, Rule.INTERGREEN}

Patch = pytest.MonkeyPatch


def signals() -> Signals:
    side = crossroads().signals
    assert side is not None
    return side


def guard_of(side: Signals) -> StepGuard:
    return StepGuard(side.groups, side.intergreens)


def first_refused(side: Signals, lamps: Sequence[Sequence[int]]) -> tuple[int, tuple[Refusal, ...]]:
    """The first second that is refused, and why; their number if none is."""
    guard = guard_of(side)
    for second, row in enumerate(lamps):
        refusals = guard.check(row)
        if refusals:
            return second, refusals
        guard.step(row)
    return len(lamps), ()


def said(refusals: Sequence[Refusal]) -> Broken:
    return {(str(refusal.rule), refusal.groups) for refusal in refusals}


def verdicts(side: Signals, rows: dict[str, str]) -> tuple[int, Broken, Broken]:
    """The first second that guard or stop-watch refuses, and what each says; nothing if both take all of them."""
    guard = guard_of(side)
    seconds = len(rows[side.groups[0].id])
    for second in range(seconds):
        lamps = [CODES[rows[group.id][second]] for group in side.groups]
        code = said(guard.check(lamps))
        watch = broken_by_last_second(side, {name: row[: second + 1] for name, row in rows.items()})
        if code or watch:
            return second, code, watch
        guard.step(lamps)
    return seconds, set(), set()


# --- second by second beside the stop-watch ---------------------------------------------------------------------------


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
@given(st.data())
def test_each_second_gets_the_verdict_of_a_stop_watch(data: st.DataObject) -> None:
    def pick(least: int, most: int) -> int:
        return data.draw(st.integers(least, most))

    side, greens, order = site_around_a_plan(pick)
    _, code, watch = verdicts(side, painted(pick, side, greens, order))
    assert code == watch


def test_each_second_of_a_hundred_sites_gets_the_verdict_of_a_stop_watch_and_every_rule_is_tried() -> None:
    pick: Pick = random.Random(3).randint
    tried: Counter[str] = Counter()
    for _ in range(100):
        side, greens, order = site_around_a_plan(pick)
        for _ in range(4):
            _, code, watch = verdicts(side, painted(pick, side, greens, order))
            assert code == watch
            tried.update({rule for rule, _ in watch} or {"accepted"})
    assert set(tried) == {str(rule) for rule in ONLINE} | {"accepted"}


def test_what_the_guard_lets_through_breaks_no_rule_of_the_rule_book() -> None:
    """Lamps at random, as far as the guard takes them."""
    pick: Pick = random.Random(4).randint
    for _ in range(60):
        side, greens, order = site_around_a_plan(pick)
        rows = painted(pick, side, greens, order)
        seconds, _, _ = verdicts(side, rows)
        if seconds:
            seen = {name: row[:seconds] for name, row in rows.items()}
            found = broken_by_rows(side, seen)
            assert {rule for rule, _ in found} <= {"not_served", "max_green"}  # green all the time that was looked at
            assert all(set(seen[names[0]]) == {"G"} for rule, names in found if rule == "max_green")


# --- beside the plan check --------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_plan_is_accepted_second_by_second_or_refused_for_what_the_plan_check_names(data: st.DataObject) -> None:
    side = data.draw(strategies.signals())
    assume(not any(all(group.id in stage.groups for stage in side.stages) for group in side.groups))
    lamps = expand(side, [data.draw(strategies.greens(side, most=100))] * 3)
    found = check_lamps(side, lamps)
    assume(Rule.NOT_SERVED not in {one.rule for one in found})  # says nothing of a second
    second, refusals = first_refused(side, lamps.tolist())
    names = {(refusal.rule, refusal.groups, refusal.second) for refusal in found}
    assert {(refusal.rule, refusal.groups, refusal.second) for refusal in refusals} <= names
    assert bool(refusals) == bool(found)
    if refusals:  # nothing was wrong with what came before
        assert {one.rule for one in check_lamps(side, lamps[:second])} <= {Rule.NOT_SERVED, Rule.MAX_GREEN}


def test_the_crossroads_own_plans_are_accepted_for_an_hour() -> None:
    side = signals()
    for row in side.time_of_day:
        assert first_refused(side, expand(side, [row.green_s] * 40).tolist())[1] == ()


# --- each rule by hand ------------------------------------------------------------------------------------------------

# Greens (40, 40): m is green 0-40, amber 40-43; s is green 45-85, amber 85-88; the cycle has 90 s.
WRONG: dict[str, tuple[int, int, int, int, int, Rule, tuple[str, ...], int]] = {
    # column, lamp, start, seconds, second that is refused, rule, groups, second that is named
    "green together": (S, GREEN, 39, 1, 39, Rule.CONFLICT, ("m", "s"), 39),
    "a second too early": (S, GREEN, 134, 1, 134, Rule.INTERGREEN, ("m", "s"), 130),
    "a walk a second too long": (PS, GREEN, 78, 1, 90, Rule.INTERGREEN, ("ps", "m"), 79),
    "no amber": (M, RED, 40, 3, 40, Rule.AMBER, ("m",), 40),
    "amber of two seconds": (M, RED, 132, 1, 132, Rule.AMBER, ("m",), 130),
    "amber of four seconds": (M, AMBER, 133, 1, 133, Rule.AMBER, ("m",), 130),
    "amber of nobody's": (PM, AMBER, 50, 1, 50, Rule.AMBER, ("pm",), 50),
    "green of six seconds": (S, RED, 141, 30, 141, Rule.MIN_GREEN, ("s",), 135),
    "walk of six seconds": (PM, RED, 96, 30, 96, Rule.WALK, ("pm",), 90),
    "red for ever": (PM, RED, 80, 190, 185, Rule.MAX_RED, ("pm",), 35),
    "green for ever": (PM, GREEN, 0, 130, 120, Rule.MAX_GREEN, ("pm",), 0),
}


@pytest.mark.parametrize("name", WRONG)
def test_each_rule_refuses_the_first_second_that_breaks_it(name: str) -> None:
    column, lamp, start, seconds, refused, rule, groups, named = WRONG[name]
    side = signals()
    if rule in (Rule.MAX_RED, Rule.MAX_GREEN):  # nobody else is in the way
        side = msgspec.structs.replace(side, intergreens=())
    lamps = expand(signals(), [(40, 40)] * 3)
    lamps[start : start + seconds, column] = lamp
    second, refusals = first_refused(side, lamps.tolist())
    assert second == refused
    assert (rule, groups, named) in {(one.rule, one.groups, one.second) for one in refusals}
    assert all(one.cure for one in refusals)


def test_a_group_that_nobody_ever_serves_is_refused_after_its_longest_red() -> None:
    side = signals()
    guard = guard_of(side)
    for _ in range(150):
        guard.step([RED] * 4)
    assert {one.rule for one in guard.check([RED] * 4)} == {Rule.MAX_RED}


def test_a_green_without_end_is_refused_after_its_longest_green_and_no_sooner() -> None:
    guard = StepGuard([SignalGroup(id="m", max_green_s=30)], [])
    for _ in range(30):
        guard.step([GREEN])
    assert [(one.rule, one.second) for one in guard.check([GREEN])] == [(Rule.MAX_GREEN, 0)]


def test_of_what_began_before_the_guard_only_the_longest_times_are_checked() -> None:
    guard = guard_of(signals())
    guard.step([AMBER, RED, GREEN, RED])
    guard.step([RED, RED, RED, RED])  # nobody knows how long amber and walk had been
    assert guard.second == 2


def test_a_refused_step_changes_nothing() -> None:
    guard = guard_of(signals())
    guard.step([GREEN, RED, RED, RED])
    with pytest.raises(LampsRefused, match="second 1 refused: amber: m goes from green to red without amber") as caught:
        guard.step([RED, RED, RED, RED])
    assert {one.rule for one in caught.value.refusals} == {Rule.AMBER}
    assert (guard.second, guard.shows(M)) == (1, (GREEN, 0, 1, False, None))
    assert guard.check([GREEN, RED, RED, RED]) == ()


def test_a_check_takes_nothing_over() -> None:
    guard = guard_of(signals())
    for _ in range(3):
        assert guard.check([GREEN, RED, RED, RED]) == ()
        assert guard.check([RED, GREEN, RED, RED]) == ()
    assert (guard.second, guard.shows(M), guard.last_green(M)) == (0, None, None)


def test_lamps_for_another_number_of_groups_are_an_error() -> None:
    with pytest.raises(ValueError, match="3 lamps for 4 groups"):
        guard_of(signals()).check([RED] * 3)


def test_a_lamp_that_is_neither_red_nor_green_nor_amber_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"lamps \[3\] are neither red nor green nor amber"):
        guard_of(signals()).check([RED, 3, RED, RED])


def test_a_permitted_pair_may_be_green_together_but_a_start_keeps_its_distance_from_the_others_end() -> None:
    groups = [SignalGroup(id="left", min_green_s=1), SignalGroup(id="ahead", min_green_s=1)]
    pair = Intergreen(from_group="left", to_group="ahead", seconds=3)
    guard = StepGuard(groups, [], [pair])
    guard.step([GREEN, GREEN])  # one gives way
    guard.step([AMBER, GREEN])  # who goes on need not wait
    apart_from = StepGuard(groups, [], [pair])
    apart_from.step([GREEN, RED])
    apart_from.step([AMBER, RED])
    assert [(one.rule, one.second) for one in apart_from.check([AMBER, GREEN])] == [(Rule.INTERGREEN, 1)]
    never = StepGuard(groups, [pair])
    assert [one.rule for one in never.check([GREEN, GREEN])] == [Rule.CONFLICT]


# --- the rules are those of the plan check: each mutation is caught here, too -----------------------------------------


def removed(rule: Rule) -> Callable[[Patch], None]:
    return lambda patch: patch.delitem(table_of(rule), rule)


def sees(rule: Rule, **off_by: int) -> Callable[[Patch], None]:
    """The rule is told other figures than stand in the site."""

    def apply(patch: Patch) -> None:
        right = table_of(rule)[rule]

        def wrong(about: Any, *rest: Any) -> Iterator[Refusal]:
            return right(msgspec.structs.replace(about, **{k: getattr(about, k) + n for k, n in off_by.items()}), *rest)

        patch.setitem(table_of(rule), rule, wrong)

    return apply


def table_of(rule: Rule) -> dict[Rule, Any]:
    return lamp_rules.GROUP_RULES if rule in lamp_rules.GROUP_RULES else lamp_rules.PAIR_RULES


def guard_does(name: str, wrong: Callable[..., Any]) -> Callable[[Patch], None]:
    """A part of the guard goes wrong; it is given the right one first."""
    right = getattr(StepGuard, name)
    return lambda patch: patch.setattr(StepGuard, name, lambda *args: wrong(right, *args))


MUTANTS: dict[str, Callable[[Patch], None]] = {
    **{f"no {rule}": removed(rule) for rule in sorted(ONLINE)},
    **{
        f"{rule} off by {by}": sees(rule, **{name: by})
        for rule, name in (
            (Rule.MIN_GREEN, "min_green_s"),
            (Rule.WALK, "min_green_s"),
            (Rule.MAX_GREEN, "max_green_s"),
            (Rule.MAX_RED, "max_red_s"),
            (Rule.AMBER, "amber_s"),
            (Rule.INTERGREEN, "seconds"),
        )
        for by in (-1, 1)
    },
    "the latest green is forgotten": guard_does(
        "_greens", lambda right, guard, shown: [one if one.what == GREEN else None for one in shown]
    ),
    "stretches are a second short": guard_does(
        "_next",
        lambda right, guard, lamps: [one._replace(seconds=max(1, one.seconds - 1)) for one in right(guard, lamps)],
    ),
}


def agree_everywhere() -> bool:
    pick: Pick = random.Random(11).randint
    for _ in range(150):
        side, greens, order = site_around_a_plan(pick)
        for _ in range(4):
            _, code, watch = verdicts(side, painted(pick, side, greens, order))
            if code != watch:
                return False
    return True


@pytest.mark.parametrize("name", MUTANTS)
def test_a_guard_that_is_wrong_is_caught(name: str, monkeypatch: Patch) -> None:
    MUTANTS[name](monkeypatch)
    assert not agree_everywhere(), "nobody would notice"


def test_every_rule_about_lamps_but_the_one_about_whole_plans_is_asked_online() -> None:
    assert {*lamp_rules.GROUP_RULES, *lamp_rules.PAIR_RULES} - {Rule.NOT_SERVED} == ONLINE
    assert np.array_equal(sorted(LETTERS), [RED, GREEN, AMBER])
