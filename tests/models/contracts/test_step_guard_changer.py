"""Stages in any order: whatever is wished, the lamps keep the rule book, nobody starves, and plans look as they do."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nutgiao.models.contracts import step_guard_ways
from nutgiao.models.contracts.refusal import Rule
from nutgiao.models.contracts.site import SignalGroup, Signals, Stage, TimedPlan
from nutgiao.models.contracts.step_guard import Lamp, LampsRefused, StepGuard
from nutgiao.models.contracts.step_guard_changer import Changer
from nutgiao.models.contracts.step_guard_rings import side_by_side
from nutgiao.models.contracts.step_guard_ways import Ways
from nutgiao.models.contracts.timeline import AMBER, GREEN, RED, expand
from tests.support.crossroads import crossroads
from tests.support.dual_ring import dual_ring
from tests.support.reference.signal_oracle import Broken, broken_by_rows
from tests.support.signal_sites import Pick, in_hundred, site_around_a_plan

MAIN, SIDE = 0, 1
LETTERS = {RED: "R", GREEN: "G", AMBER: "A"}

Patch = pytest.MonkeyPatch


def signals() -> Signals:
    side = crossroads().signals
    assert side is not None
    return side


def changer_of(side: Signals, stage: int = 0) -> Changer:
    return Changer(side, StepGuard(side.groups, side.intergreens), stage)


def rows_of(side: Signals, lamps: list[tuple[Lamp, ...]]) -> dict[str, str]:
    return {group.id: "".join(LETTERS[row[k]] for row in lamps) for k, group in enumerate(side.groups)}


def crossroads_after(seconds: int, stage: int = MAIN) -> Changer:
    changer = changer_of(signals(), stage)
    for _ in range(seconds):
        changer.step()
    return changer


def free_site(pick: Pick) -> Signals:
    """A signal side without rings; its table holds the plan that it is built around, its stages stand in that order."""
    while True:
        side, greens, order = site_around_a_plan(pick)
        if not side.rings:
            break
    running = order or tuple(range(len(greens)))
    row = TimedPlan(id="day", start="00:00", offset_s=0, green_s=tuple(greens[k] for k in running))
    return msgspec.structs.replace(side, stages=tuple(side.stages[k] for k in running), time_of_day=(row,))


def street(pick: Pick, side: Signals, seconds: int) -> tuple[list[tuple[Lamp, ...]], Counter[str]] | None:
    """What shows while somebody wishes at random; None for a site that keeps its rules in no plan."""
    try:
        changer = changer_of(side, pick(0, len(side.stages) - 1))
    except ValueError:
        return None
    often, shown, told = pick(0, 100), [], Counter[str]()
    for _ in range(seconds):
        if in_hundred(pick, often):
            stage, possible, before = pick(0, len(side.stages) - 1), changer.possible(), changer.to
            refusals = changer.wish(stage)
            assert possible[stage] == (not refusals)
            assert changer.to == (before if refusals else stage)
            told.update(str(one.rule) for one in refusals)
        was = changer.to
        shown.append(changer.step())
        told["forced"] += was != changer.to
    return shown, told


def broken(side: Signals, shown: list[tuple[Lamp, ...]]) -> Broken:
    """What the rule book has against lamps, but for who was not served in a short time."""
    return {(rule, groups) for rule, groups in broken_by_rows(side, rows_of(side, shown)) if rule != "not_served"}


# --- whatever is wished ---------------------------------------------------------------------------------------------


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
@given(st.integers(0, 2**32), st.data())
def test_whatever_is_wished_no_rule_is_broken_and_the_guard_never_has_to_say_no(seed: int, data: st.DataObject) -> None:
    def pick(least: int, most: int) -> int:
        return data.draw(st.integers(least, most))

    side = free_site(pick)
    made = street(random.Random(seed).randint, side, 400)
    if made is not None:
        assert broken(side, made[0]) == set()


def test_fifty_sites_keep_the_rule_book_for_ten_minutes_and_every_refusal_is_met() -> None:
    pick: Pick = random.Random(5).randint
    told: Counter[str] = Counter()
    driven = 0
    for _ in range(50):
        side = free_site(pick)
        made = street(pick, side, 600)
        if made is None:
            continue
        driven += 1
        assert broken_by_rows(side, rows_of(side, made[0])) == set()  # all were served, too
        told += made[1]
    assert driven > 25, driven
    assert set(told) == {"min_green", "pedestrian_walk", "max_green", "max_red", "transition", "forced"}


def test_who_is_never_wished_is_served_within_the_longest_red() -> None:
    side, changer = signals(), changer_of(signals())
    shown, forced = [], 0
    for _ in range(2000):
        changer.wish(MAIN)
        shown.append(changer.step())
        forced += changer.forced and changer.left_s == 0 and changer.stage == MAIN != changer.to
    rows = rows_of(side, shown)
    assert broken_by_rows(side, rows) == set()
    assert forced > 10
    assert rows["s"].count("RG") == rows["ps"].count("RG") == forced


def test_what_a_plan_shows_a_stage_wished_in_time_shows_too() -> None:
    """Plans and free stages share one lay-out: wished when the plan's walk ends the lamps are the plan's."""
    pick: Pick = random.Random(6).randint
    same = 0
    for _ in range(60):
        side = free_site(pick)
        try:
            ways = Ways(side)
        except ValueError:
            continue
        count, green_s = len(ways.green_s), ways.green_s  # a plan that keeps the rules
        drawn = [tuple(row) for row in expand(side, [green_s] * 4).tolist()]
        guard, cycle_s = StepGuard(side.groups, side.intergreens), len(drawn) // 4
        for row in drawn[: cycle_s + 1]:
            guard.step(row)
        changer, clock, wished = Changer(side, guard, 0), cycle_s, 0
        while wished < 2 * count:
            way = ways.ways[wished % count][(wished + 1) % count]
            clock += green_s[wished % count] + way.pause_s
            while guard.second < clock - way.seconds:
                assert changer.step() == drawn[guard.second - 1]
            wished += 1
            assert changer.wish(wished % count) == ()
            while guard.second <= clock:
                assert changer.step() == drawn[guard.second - 1]
        assert guard.second == 3 * cycle_s + 1
        same += 1
    assert same > 20


# --- by hand at the crossroads ----------------------------------------------------------------------------------------
# m and s need 7 s of green, pm and ps 7 s of walk; pm clears for 10 s, ps for 12 s, vehicles for 5 s with 3 s of amber.


def test_a_change_shows_clearance_amber_and_all_red_and_counts_down() -> None:
    changer = crossroads_after(20)
    assert changer.wish(SIDE) == ()
    left, shown = [], []
    for _ in range(12):
        left.append(changer.left_s)
        shown.append(changer.step())
    rows = rows_of(signals(), shown)
    assert rows == {
        "m": "GGGGGAAARRGG"[:5] + "AAARR" + "RR",
        "s": "R" * 10 + "GG",
        "pm": "R" * 12,
        "ps": "R" * 10 + "GG",
    }
    assert left == [10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0]
    assert (changer.stage, changer.to, changer.forced) == (SIDE, SIDE, False)


@pytest.mark.parametrize(("seconds", "rules"), [(6, {Rule.WALK}), (1, {Rule.WALK, Rule.MIN_GREEN}), (7, set())])
def test_a_wish_before_the_least_green_or_walk_is_refused_and_says_when_to_come_back(
    seconds: int, rules: set[Rule]
) -> None:
    changer = crossroads_after(seconds)
    refusals = changer.wish(SIDE)
    assert {one.rule for one in refusals} == rules
    assert all(one.cure == f"wish it in {7 - seconds} s" and one.second == seconds for one in refusals)
    assert changer.to == (MAIN if rules else SIDE)


def test_a_wish_during_a_change_is_refused_unless_it_is_for_the_stage_that_comes() -> None:
    changer = crossroads_after(20)
    changer.wish(SIDE)
    changer.step()
    assert changer.wish(SIDE) == ()
    [refusal] = changer.wish(MAIN)
    assert (refusal.rule, refusal.cure) == (Rule.TRANSITION, "wish it in 10 s")
    assert changer.possible() == (False, True)
    for _ in range(10):
        changer.step()
    assert [one.rule for one in changer.wish(MAIN)] == [Rule.WALK]  # now it is its least walk


def test_to_stay_is_refused_when_somebody_would_wait_too_long_and_the_cure_is_done_by_itself() -> None:
    changer = changer_of(signals())
    held = changer_s = 0
    while not changer.wish(MAIN):
        changer_s = changer.stay_s
        changer.step()
        held += 1
    [refusal] = changer.wish(MAIN)
    assert changer_s == 1
    assert (changer.stay_s, refusal.cure) == (0, "change to stage 1")
    assert (refusal.rule, refusal.groups) == (Rule.MAX_GREEN, ("m",))
    changer.step()
    assert (changer.to, changer.forced) == (SIDE, True)
    # m had 120 s when its amber comes, 5 s after the walk beside it ends
    assert held == 115


def test_overdue_names_who_waits_and_when_the_stage_must_be_wished_at_the_latest() -> None:
    side = signals()
    quick = tuple(msgspec.structs.replace(group, max_red_s=60 if group.id == "ps" else 150) for group in side.groups)
    changer = changer_of(msgspec.structs.replace(side, groups=quick))
    for _ in range(2):
        changer.step()
    assert changer.overdue()[0].within_s == 60 - 2 - 10  # the least walk is over long before
    for _ in range(18):
        changer.step()
    first, second = changer.overdue()
    assert (first.group, first.stage, first.within_s) == ("ps", SIDE, 60 - 20 - 10)
    assert (second.group, second.within_s) == ("s", 150 - 20 - 10)
    assert changer.stay_s == first.within_s
    for _ in range(first.within_s):
        changer.step()
    assert changer.wish(SIDE) == ()
    shown = [changer.step() for _ in range(11)]
    assert [row[3] for row in shown] == [RED] * 10 + [GREEN]


def test_a_wish_that_leaves_somebody_else_no_time_is_refused_with_the_stage_that_saves_him() -> None:
    """Three roads that exclude each other: the third has waited so long that the second must not come before it."""
    groups = tuple(SignalGroup(id=name, max_red_s=60, max_green_s=60) for name in "abc")
    pairs = tuple(pair for pair in _everyone_apart("abc"))
    side = Signals(
        groups=groups,
        stages=tuple(Stage(id=name, groups=(name,)) for name in "abc"),
        intergreens=pairs,
        time_of_day=(TimedPlan(id="day", start="00:00", offset_s=0, green_s=(10, 10, 10)),),
    )
    changer = changer_of(side)
    for _ in range(40):
        changer.step()
    assert changer.wish(1) == ()  # c has 20 s left: 5 s, 7 s of green, 5 s
    for _ in range(5 + 7):
        changer.step()
    [refusal] = changer.wish(0)
    assert (refusal.rule, refusal.groups, refusal.cure) == (Rule.MAX_RED, ("c",), "wish stage 2, or stay")
    assert changer.wish(2) == ()


def test_a_changer_takes_over_from_a_plan_that_runs() -> None:
    side = signals()
    guard = StepGuard(side.groups, side.intergreens)
    for row in expand(side, [(40, 40)] * 2).tolist()[:110]:
        guard.step(row)
    changer = Changer(side, guard, MAIN)
    assert changer.wish(SIDE) == ()
    with pytest.raises(ValueError, match="not those of stage side"):
        Changer(side, guard, SIDE)


def test_a_changer_that_takes_over_in_a_change_is_an_error() -> None:
    side = signals()
    guard = StepGuard(side.groups, side.intergreens)
    for row in expand(side, [(40, 40)]).tolist()[:42]:
        guard.step(row)
    with pytest.raises(ValueError, match="not those of stage main"):
        Changer(side, guard, MAIN)


def test_what_was_not_seen_counts_as_just_begun() -> None:
    """Nobody saw when the walk over the main road ended: ps may need its 12 s before m gets green."""
    changer = crossroads_after(7)
    assert changer.wish(SIDE) == ()
    assert changer.left_s == 10
    early = changer_of(msgspec.structs.replace(signals(), intergreens=tuple(
        msgspec.structs.replace(pair, seconds=30) if pair.from_group == "ps" else pair for pair in signals().intergreens
    )), MAIN)  # fmt: skip
    assert early.left_s == 0


def test_stages_of_rings_run_in_any_order_once_those_that_are_green_together_are_one_stage() -> None:
    rings = dual_ring().signals
    assert rings is not None
    side = side_by_side(rings)
    assert [stage.id for stage in side.stages][:2] == [f"{a}+{b}" for a, b in _first_of(rings)]
    assert len(side.stages) == 8  # two of each ring between two barriers
    made = street(random.Random(2).randint, side, 3000)
    assert made is not None
    assert broken_by_rows(side, rows_of(side, made[0])) == set()
    assert broken_by_rows(rings, rows_of(rings, made[0])) == set()


def test_random_rings_keep_the_rule_book_too() -> None:
    pick: Pick = random.Random(12).randint
    driven = 0
    while driven < 15:
        side, _, _ = site_around_a_plan(pick)
        free = side_by_side(side) if side.rings else side
        if side.rings and len(free.stages) <= 12:
            made = street(pick, free, 300)
            if made is not None:
                driven += 1
                assert broken(side, made[0]) == set()


def test_a_site_with_rings_or_without_any_plan_that_keeps_the_rules_is_an_error() -> None:
    rings = dual_ring().signals
    assert rings is not None
    with pytest.raises(ValueError, match="stages of rings run side by side"):
        changer_of(rings)
    side = signals()
    tight = tuple(msgspec.structs.replace(group, max_red_s=10) for group in side.groups)
    with pytest.raises(ValueError, match="no plan to fall back on"):
        changer_of(msgspec.structs.replace(side, groups=tight))


# --- who guards the changer -------------------------------------------------------------------------------------------


def way_is(wrong: Callable[[Any], Any]) -> Callable[[Patch], None]:
    right = step_guard_ways._way
    return lambda patch: patch.setattr(step_guard_ways, "_way", lambda *args: wrong(right(*args)))


def ways_do(name: str, wrong: Callable[..., Any]) -> Callable[[Patch], None]:
    right = getattr(Ways, name)
    return lambda patch: patch.setattr(Ways, name, lambda *args: wrong(right, *args))


MUTANTS: dict[str, Callable[[Patch], None]] = {
    "changes a second too short": way_is(
        lambda way: way._replace(leads_s=tuple((k, max(0, s - 1)) for k, s in way.leads_s), seconds=way.seconds)
    ),
    "walks end with the vehicles": way_is(
        lambda way: way._replace(leads_s=tuple((k, min(s, way.pause_s)) for k, s in way.leads_s), seconds=way.pause_s)
    ),
    "earlier ends are forgotten": ways_do(
        "earliest", lambda right, ways, standing, *rest: right(ways, standing._replace(green_end=(-999,) * 99), *rest)
    ),
    "least greens are forgotten": ways_do(
        "earliest", lambda right, ways, *rest: (right(ways, *rest)[0],) * 2
    ),
    "there is always a way out": ways_do("is_open", lambda right, ways, *rest: True),
}  # fmt: skip


@pytest.mark.parametrize("name", MUTANTS)
def test_a_changer_that_is_wrong_is_stopped_by_the_guard(name: str, monkeypatch: Patch) -> None:
    MUTANTS[name](monkeypatch)
    pick: Pick = random.Random(8).randint
    stopped = 0
    for _ in range(60):
        side = free_site(pick)
        try:
            made = street(pick, side, 400)
        except LampsRefused:
            stopped += 1
            continue
        assert made is None or broken(side, made[0]) == set()
    assert stopped > 0, "nobody would notice"


def _everyone_apart(names: str) -> list[Any]:
    base = signals().intergreens[0]
    return [msgspec.structs.replace(base, from_group=a, to_group=b, seconds=5) for a in names for b in names if a != b]


def _first_of(rings: Signals) -> list[tuple[str, str]]:
    one, other = rings.rings
    return [(one.sections[0][0], name) for name in other.sections[0]]
