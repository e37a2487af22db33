"""The safety code against the brute-force oracle: plans, changes and painted lamps near every limit; shipped sites."""

from __future__ import annotations

import random
from collections import Counter

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nutgiao.configs.loader import list_sites, load_site
from nutgiao.edge.signal.guard import Guard
from nutgiao.models.contracts.plan import cycle_of
from nutgiao.models.contracts.refusal import Rule
from nutgiao.models.contracts.rings import interstage_s
from nutgiao.models.contracts.safety import DRAWABLE_S, check_plan, check_transition
from nutgiao.models.contracts.site import Signals, Stage, TimedPlan
from nutgiao.models.contracts.transition import MAX_CYCLES, STRETCH
from nutgiao.models.contracts.words import ControlSource, Indication
from nutgiao.simulation.cabinet import Cabinet
from tests.support.crossroads import crossroads
from tests.support.reference import signal_oracle as oracle
from tests.support.reference import signal_rows
from tests.support.signal_cases import HASH, NODE, NOW_S, plan_of
from tests.support.signal_judges import Verdicts, judge_change, judge_cycles, judge_lamps, judge_plan, verdicts
from tests.support.signal_sites import Pick

SITES = 40
"""Sites of the seeded count: about 1600 plans and changes; ``make bench-safety`` judges a hundred thousand."""

OF_THE_GUARD = {Rule.SIGNATURE, Rule.INTERVAL, Rule.MODE, Rule.CONTROLLER}
ABOUT_LAMPS = set(Rule) - {Rule.SITE, Rule.REVISION, Rule.VALIDITY} - OF_THE_GUARD


def crossroads_signals() -> Signals:
    signals = crossroads().signals
    assert signals is not None
    return signals


def assert_agree(said: Verdicts) -> None:
    assert said.code == said.oracle, f"{said.kind} {said.case}"


# --- the same verdict everywhere ------------------------------------------------------------------------------------


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_code_and_oracle_agree_on_whatever_hypothesis_thinks_of(data: st.DataObject) -> None:
    def pick(least: int, most: int) -> int:
        return data.draw(st.integers(least, most))

    for said in verdicts(pick, plans=3, changes=2, lamps=1):
        assert_agree(said)


def test_code_and_oracle_agree_on_thousands_of_plans_and_changes_and_every_rule_is_tried() -> None:
    pick: Pick = random.Random(7).randint
    tried: Counter[str] = Counter()
    for _ in range(SITES):
        for said in verdicts(pick, plans=20, changes=20, lamps=4):
            assert_agree(said)
            tried.update(rule for rule, _ in said.oracle)
            tried["accepted"] += not said.oracle
    assert set(tried) == {str(rule) for rule in ABOUT_LAMPS} | {"accepted"}
    assert min(tried.values()) >= 5


@pytest.mark.parametrize("name", [name for name in list_sites() if load_site(name).signals])
def test_at_a_shipped_site_changes_at_each_second_of_the_cycle_get_the_verdict_of_the_oracle(name: str) -> None:
    signals = load_site(name).signals
    assert signals is not None
    first, last = signals.time_of_day[0], signals.time_of_day[-1]
    before = plan_of(signals, first.green_s, first.offset_s % cycle_of(signals, first.green_s))
    for offset in range(0, cycle_of(signals, last.green_s), 9):
        after = plan_of(signals, last.green_s, offset)
        for second in range(0, before.cycle_s, 11):
            said = judge_change(signals, before, after, second)
            assert_agree(said)
            assert said.oracle == set()


def test_greens_of_every_length_at_the_crossroads_get_the_verdict_of_the_oracle() -> None:
    signals = crossroads_signals()
    accepted = 0
    for main in range(0, 130, 3):
        for side in (1, 11, 13, 14, 15, 40, 119, 120, 121):
            said = judge_plan(signals, plan_of(signals, (main, side), 0))
            assert_agree(said)
            accepted += not said.oracle
    assert accepted > 50


@pytest.mark.parametrize("extra_s", [-1, 0, 1])
def test_both_stop_drawing_at_the_same_length(extra_s: int) -> None:
    signals = crossroads_signals()
    assert oracle.LAID_OUT_S == DRAWABLE_S
    lost = cycle_of(signals, (0, 0))
    said = judge_plan(signals, plan_of(signals, (1, DRAWABLE_S + extra_s - 1 - lost), 0))
    assert_agree(said)
    assert (len(said.oracle) > 1) == (extra_s <= 0)


def test_the_figures_that_bound_a_change_are_those_of_the_rule_book() -> None:
    assert (MAX_CYCLES, STRETCH) == (oracle.MOST_TRANSITIONAL_CYCLES, oracle.LONGEST_STRETCH)


# --- on the street: the box's guard, a controller that takes its word, and the oracle that watches the lamps ----------


@pytest.mark.parametrize("name", [name for name in list_sites() if load_site(name).signals])
def test_whenever_a_plan_is_asked_for_the_lamps_stay_those_of_the_rule_book_and_the_offset_is_reached(
    name: str,
) -> None:
    site = load_site(name)
    signals = site.signals
    assert signals is not None
    guard = Guard(site, lambda body, signature: True)
    rng = random.Random(5)
    for second in range(0, 100, 6):
        before, after = (plan_of(signals, rng.choice(signals.time_of_day).green_s, 0) for _ in range(2))
        after = msgspec.structs.replace(after, id="next", valid_from_s=0.0, offset_s=rng.randrange(after.cycle_s))
        cabinet = Cabinet(signals, before, begin_s=0)
        shown: list[tuple[Indication, ...]] = []
        for now in range(700):
            status = cabinet.tick(now)
            shown.append(status.groups)
            if now == second:
                request = guard.change_over(after, status, ControlSource.CENTRAL).request
                assert request is not None
                cabinet.request(request)
        letters = {Indication.GREEN: "G", Indication.AMBER: "A", Indication.RED: "R"}
        rows = {group.id: "".join(letters[row[k]] for row in shown) for k, group in enumerate(signals.groups)}
        assert oracle.broken_by_rows(signals, rows) == set()
        assert (status.plan, status.in_transition) == ("next", False)
        assert status.boundary_s % after.cycle_s == after.offset_s


# --- holes that were found, kept shut -------------------------------------------------------------------------------


def test_a_group_that_is_green_in_every_stage_is_refused_however_short_the_cycle() -> None:
    """Three cycles of 40 s are no longer than 120 s: by length alone a green without end would pass."""
    base = crossroads_signals()
    stages = (Stage(id="a", groups=("m", "pm")), Stage(id="b", groups=("m",)))
    table = (TimedPlan(id="day", start="00:00", offset_s=0, green_s=(25, 15)),)
    signals = Signals(groups=(base.groups[0], base.groups[2]), stages=stages, intergreens=(), time_of_day=table)
    plan = plan_of(signals, (25, 15), 0)
    assert plan.cycle_s * 3 <= base.groups[0].max_green_s
    said = judge_plan(signals, plan)
    assert said.code == said.oracle == {("max_green", ("m",))}


@pytest.mark.parametrize(
    "between", [((0, 40),), ((-5, 60),), ((-50, 40),), ((40,),), ((40, 40, 40),), ((),), ((40, 40), (40, 0))]
)
def test_transitional_cycles_without_a_green_for_each_stage_are_refused(between: tuple[tuple[int, ...], ...]) -> None:
    """No green at all would show amber out of red; a green too few or below nothing cannot be drawn."""
    said = judge_cycles(crossroads_signals(), (40, 40), between, (40, 40))
    assert said.code == said.oracle == {("shape", ())}


@pytest.mark.parametrize(
    ("between", "allowed"),
    [
        (((40, 40),) * 5, True),
        (((40, 40),) * 6, False),
        (((15, 15),), True),
        (((15, 14),), False),
        (((70, 70),), True),
        (((70, 71),), False),
        (((40, 10**9),), False),
    ],
)
def test_a_change_takes_few_cycles_and_each_is_one_that_a_plan_could_have(
    between: tuple[tuple[int, ...], ...], allowed: bool
) -> None:
    said = judge_cycles(crossroads_signals(), (40, 40), between, (40, 40))
    assert_agree(said)
    assert (("transition", ()) not in said.code) == allowed


def test_a_running_cycle_of_another_junction_is_refused_instead_of_drawn() -> None:
    signals = crossroads_signals()
    found = check_transition(signals, (30, 30, 30), (), (40, 40))
    assert [refusal.rule for refusal in found] == [Rule.SHAPE]


def test_a_running_plan_of_another_junction_is_a_refusal_and_no_crash() -> None:
    signals = crossroads_signals()
    running = plan_of(signals, (30, 30, 30), 0)
    found = check_plan(signals, NODE, HASH, plan_of(signals, (40, 40), 0), now_s=NOW_S, running=running)
    assert [refusal.rule for refusal in found] == [Rule.RATE]


# --- the oracle itself, by hand -------------------------------------------------------------------------------------


def test_the_oracle_draws_what_a_person_would_draw() -> None:
    # m: 10 s green, 3 s amber, 2 s all-red; ps needs 12 s before m, of which the pause gives 5.
    assert signal_rows.rows_of_cycle(crossroads_signals(), (10, 20)) == {
        "m": "GGGGGGGGGGAAARR" + "R" * 25,
        "s": "R" * 15 + "GGGGGGGGGGGGGGGGGGGGAAARR",
        "pm": "GGGGGRRRRRRRRRR" + "R" * 25,
        "ps": "R" * 15 + "GGGGGGGGGGGGGRRRRRRRRRRRR",
    }


EIGHT, LATER = "R" + "G" * 8 + "AAA" + "R" * 6, "A" + "R" * 13 + "G" * 4

LAMPS: dict[str, tuple[str, str, set[str]]] = {
    "five seconds apart": (EIGHT, LATER, set()),
    "four seconds apart": (EIGHT, "A" + "R" * 12 + "G" * 5, {"intergreen"}),
    "a second of both": (EIGHT, "A" + "R" * 7 + "G" * 10, {"conflict"}),
    "green to red": ("R" + "G" * 8 + "R" * 9, LATER, {"amber"}),
    "two seconds of amber": ("R" + "G" * 8 + "AA" + "R" * 7, LATER, {"amber"}),
    "six seconds of green": ("R" + "G" * 6 + "AAA" + "R" * 8, LATER, {"min_green"}),
    "six seconds seen of a longer green": ("G" * 6 + "AAA" + "R" * 9, LATER, set()),
    "never": ("R" * 18, "R" + "G" * 7 + "AAA" + "R" * 7, {"not_served"}),
    "for ever": ("G" * 18, "R" * 18, {"max_green", "not_served"}),
    "longer than anybody": ("R" + "G" * 121 + "AAA", "R" * 124 + "G", {"max_green", "intergreen"}),
    "red too long": ("R" * 151 + "GG", "G" * 120 + "AAA" + "R" * 30, {"max_red"}),
}


@pytest.mark.parametrize("name", LAMPS)
def test_the_oracle_reads_lamps_as_a_person_would(name: str) -> None:
    base = crossroads_signals()
    main, side, rules = LAMPS[name]
    pairs = base.intergreens[:1]  # m → s, 5 s
    signals = Signals(groups=base.groups[:2], stages=base.stages, intergreens=pairs, time_of_day=base.time_of_day)
    said = judge_lamps(signals, {"m": main, "s": side})
    assert {rule for rule, _ in said.oracle} == rules
    assert_agree(said)


def test_the_oracle_shares_no_line_with_the_code() -> None:
    names = {**vars(oracle), **vars(signal_rows)}
    used = {name for name, value in names.items() if getattr(value, "__module__", "").startswith("nutgiao")}
    assert used == {"SignalPlan", "SignalGroup", "Signals"}
    main, side = ("m", "pm"), ("s", "ps")
    assert interstage_s(crossroads_signals(), main, side) == signal_rows.pause_s(crossroads_signals(), main, side)
