"""Who guards the guards: every safety rule removed, or a second too lenient or too strict, is caught by the oracle."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import numpy as np
import pytest

from nutgiao.models.contracts import lamp_rules, plan, rings, safety, shape_rules, timeline, transition
from nutgiao.models.contracts.refusal import Rule
from nutgiao.models.contracts.site import Limits, Signals
from nutgiao.models.contracts.timeline import GREEN
from tests.models.contracts.test_safety_oracle import ABOUT_LAMPS
from tests.support.signal_judges import Verdicts, verdicts

Patch = pytest.MonkeyPatch
Mutant = Callable[[Patch], None]

SITES = 150
"""Sites that a mutant may live through; most die at the first few."""

TABLES: dict[Rule, dict[Rule, Any]] = {
    rule: table
    for table in (
        lamp_rules.GROUP_RULES,
        lamp_rules.PAIR_RULES,
        safety.PLAN_RULES,
        safety.STEP_RULES,
        safety.CHANGE_RULES,
        shape_rules.SHAPE_RULES,
        shape_rules.RING_RULES,
    )
    for rule in table
}


def first_disagreement() -> Verdicts | None:
    pick = random.Random(11).randint
    for _ in range(SITES):
        for said in verdicts(pick, plans=8, changes=6, lamps=3):
            if not said.agree:
                return said
    return None


def removed(rule: Rule) -> Mutant:
    return lambda patch: patch.delitem(TABLES[rule], rule)


def sees(rule: Rule, **off_by: int) -> Mutant:
    """The rule is told other figures of the group, the pair or the limits than stand in the site."""

    def apply(patch: Patch) -> None:
        right = TABLES[rule][rule]

        def wrong(about: Any, *rest: Any) -> Iterator[Any]:
            return right(shifted(about, off_by), *rest)

        patch.setitem(TABLES[rule], rule, wrong)

    return apply


def shifted(about: Any, off_by: dict[str, int]) -> Any:
    owner = about.limits if isinstance(about, Signals) else about
    changed = msgspec.structs.replace(owner, **{name: getattr(owner, name) + by for name, by in off_by.items()})
    return msgspec.structs.replace(about, limits=changed) if isinstance(changed, Limits) else changed


def seconds_off(function: str, by: int) -> Mutant:
    """A function of the lay-out gives other seconds than it should, wherever they are not 0."""

    def apply(patch: Patch) -> None:
        right = getattr(rings, function)
        for user in (rings, timeline, transition):
            if hasattr(user, function):
                patch.setattr(user, function, lambda *args: max(0, right(*args) + by * (right(*args) > 0)))

    return apply


def draws(keep: Callable[[list[Any]], list[Any]]) -> Mutant:
    """Other cycles are looked at than should be."""
    return lambda patch: patch.setattr(
        safety,
        "expand",
        lambda signals, cycles, orders: timeline.expand(signals, keep(list(cycles)), keep(list(orders))),
    )


def draws_in(order: Callable[[list[Any]], list[Any]]) -> Mutant:
    """The cycles are looked at in other orders than they run in."""
    return lambda patch: patch.setattr(
        safety, "expand", lambda signals, cycles, orders: timeline.expand(signals, cycles, order(list(orders)))
    )


def laid_out(function: str, wrong: Callable[..., Any]) -> Mutant:
    """Another lay-out of sections and rings, wherever it is asked for; ``wrong`` is given the right one first."""

    def apply(patch: Patch) -> None:
        right = getattr(rings, function)
        for user in (rings, plan, timeline, transition, shape_rules):
            if hasattr(user, function):
                patch.setattr(user, function, lambda *args: wrong(right, *args))

    return apply


def own_ring_only(right: Callable[..., Any], signals: Signals, order: Any = ()) -> Any:
    """At a barrier each ring looks at its own groups alone."""
    mine = [{group for section in ring.sections for name in section for group in named(signals, name)}
            for ring in signals.rings]  # fmt: skip

    def own(place: Any) -> Any:
        groups = next((m for m in mine if m & set(signals.stages[place.stage].groups)), place.now | place.then)
        return place._replace(now=place.now & groups, then=place.then & groups)

    return [[[own(place) for place in ring] for ring in section] for section in right(signals, order)]


def named(signals: Signals, name: str) -> tuple[str, ...]:
    return next(stage.groups for stage in signals.stages if stage.id == name)


def one_sequence(right: Callable[..., Any], signals: Signals, order: Any = ()) -> Any:
    """Rings one after the other."""
    return right(msgspec.structs.replace(signals, rings=()), order)


def lamps_as(paint: Callable[[np.ndarray], None]) -> Mutant:
    """The lamps are laid out wrongly, stage by stage."""

    def apply(patch: Patch) -> None:
        right = timeline._stage

        def wrong(*stage: Any) -> np.ndarray:
            lamps = right(*stage)
            paint(lamps)
            return lamps

        patch.setattr(timeline, "_stage", wrong)

    return apply


def no_amber(lamps: np.ndarray) -> None:
    lamps[lamps == timeline.AMBER] = timeline.RED


def a_second_more(lamps: np.ndarray) -> None:
    for column in lamps.T:
        shown = np.flatnonzero(column == GREEN)
        if 0 < shown.size < column.size:
            column[shown[-1] + 1] = GREEN


def most_cycles(count: int) -> Mutant:
    def apply(patch: Patch) -> None:
        patch.setattr(transition, "MAX_CYCLES", count)
        patch.setattr(safety, "MAX_CYCLES", count)

    return apply


def only(what: Callable[[str], bool], rule: Rule) -> Mutant:
    """A part of a rule: refusals that say something else are lost."""

    def apply(patch: Patch) -> None:
        right = TABLES[rule][rule]
        patch.setitem(TABLES[rule], rule, lambda *args: (found for found in right(*args) if what(str(found))))

    return apply


MUTANTS: dict[str, Mutant] = {
    **{f"no {rule}": removed(rule) for rule in TABLES},
    "min_green a second too lenient": sees(Rule.MIN_GREEN, min_green_s=-1),
    "min_green a second too strict": sees(Rule.MIN_GREEN, min_green_s=1),
    "pedestrian_walk a second too lenient": sees(Rule.WALK, min_green_s=-1),
    "pedestrian_walk a second too strict": sees(Rule.WALK, min_green_s=1),
    "max_green a second too lenient": sees(Rule.MAX_GREEN, max_green_s=1),
    "max_green a second too strict": sees(Rule.MAX_GREEN, max_green_s=-1),
    "max_red a second too lenient": sees(Rule.MAX_RED, max_red_s=1),
    "max_red a second too strict": sees(Rule.MAX_RED, max_red_s=-1),
    "intergreen a second too lenient": sees(Rule.INTERGREEN, seconds=-1),
    "intergreen a second too strict": sees(Rule.INTERGREEN, seconds=1),
    "amber of a second more": sees(Rule.AMBER, amber_s=1),
    "the shortest cycle a second too lenient": sees(Rule.CYCLE, cycle_min_s=-1),
    "the shortest cycle a second too strict": sees(Rule.CYCLE, cycle_min_s=1),
    "the longest cycle a second too lenient": sees(Rule.CYCLE, cycle_max_s=1),
    "the longest cycle a second too strict": sees(Rule.CYCLE, cycle_max_s=-1),
    "a step of the green a second too lenient": sees(Rule.RATE, max_green_change_s=1),
    "a step of the green a second too strict": sees(Rule.RATE, max_green_change_s=-1),
    "a step of the cycle a second too lenient": sees(Rule.RATE, max_cycle_change_s=1),
    "a step of the cycle a second too strict": sees(Rule.RATE, max_cycle_change_s=-1),
    "transitional cycles a second too short": sees(Rule.TRANSITION, cycle_min_s=-1),
    "transitional cycles a second too long": sees(Rule.TRANSITION, cycle_max_s=1),
    "a green without end is none": only(lambda said: "without end" not in said, Rule.MAX_GREEN),
    "amber of any length": only(lambda said: "without amber" in said, Rule.AMBER),
    "green to red at once": only(lambda said: "without amber" not in said, Rule.AMBER),
    "a cycle that is not the sum": only(lambda said: "but greens" not in said, Rule.CYCLE),
    "any number of transitional cycles": only(lambda said: "transitional cycles" not in said, Rule.TRANSITION),
    "interstages a second too short": seconds_off("interstage_s", -1),
    "interstages a second too long": seconds_off("interstage_s", 1),
    "walk stops a second too late": seconds_off("walk_cut_s", -1),
    "walk stops a second too early": seconds_off("walk_cut_s", 1),
    "only one cycle is looked at": draws(lambda cycles: cycles[:1]),
    "what comes before a change is not looked at": draws(lambda cycles: cycles[2:] if len(cycles) != 3 else cycles),
    "what comes after a change is not looked at": draws(lambda cycles: cycles[:-2] if len(cycles) != 3 else cycles),
    "transitional cycles are not looked at": draws(
        lambda cycles: cycles if len(cycles) == 3 else cycles[:2] + cycles[-2:]
    ),
    "lamps without amber": lamps_as(no_amber),
    "greens a second longer than laid out": lamps_as(a_second_more),
    "six transitional cycles": most_cycles(6),
    "four transitional cycles": most_cycles(4),
    "orders that the site does not allow": only(lambda said: "free_order" not in said, Rule.ORDER),
    "orders without a stage": only(lambda said: "name each" not in said, Rule.ORDER),
    "orders that begin anywhere": only(lambda said: "begin with" not in said, Rule.ORDER),
    "orders across a barrier": only(lambda said: "swap" not in said, Rule.ORDER),
    "a ring a second early at the barrier": only(lambda said: "ends 1 s" not in said, Rule.BARRIER),
    "orders are not laid out": laid_out("sections_of", lambda right, signals, order=(): right(signals)),
    "orders are not looked at": draws_in(lambda orders: [()] * len(orders)),
    "the order before a change is not looked at": draws_in(lambda orders: [orders[-1]] * len(orders)),
    "rings one after the other": laid_out("places_of", one_sequence),
    "a barrier looks at one ring only": laid_out("places_of", own_ring_only),
    "the ring that can spare most decides how far a section shrinks": lambda patch: patch.setattr(
        transition, "_of_sections", lambda parts, spare: [max(sum(spare[k] for k in ring) for ring in p) for p in parts]
    ),
    "transitional cycles stretched by half": lambda patch: patch.setattr(transition, "STRETCH", 0.5),
}


def test_without_a_mutation_both_agree() -> None:
    assert first_disagreement() is None


@pytest.mark.parametrize("name", MUTANTS)
def test_a_safety_code_that_is_wrong_is_caught(name: str, monkeypatch: Patch) -> None:
    MUTANTS[name](monkeypatch)
    said = first_disagreement()
    assert said is not None, "nobody would notice"


def test_every_rule_about_lamps_is_removed_once() -> None:
    assert {f"no {rule}" for rule in ABOUT_LAMPS} <= set(MUTANTS)
