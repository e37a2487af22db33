"""The guard of any SUMO network's lights: changes between all stages of RESCO pass, and each cut of one is refused."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.plan_free import rule_of
from benchmarks.resco import NAMES
from nutgiao.models.contracts.refusal import Refusal, Rule
from nutgiao.models.contracts.site import Signals, Stage, TimedPlan
from nutgiao.models.contracts.step_guard import LampsRefused
from nutgiao.simulation import light_guard
from nutgiao.simulation.conflicts import read_conflicts
from nutgiao.simulation.light_guard import Bounds, LightGuard, LightTable, light_table
from nutgiao.simulation.link_conflicts import ConflictMatrix, Right, read_matrices
from nutgiao.simulation.networks.build import build_network
from nutgiao.simulation.plan_space import crossing_need_s
from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.signal_programs import SignalProgram, shipped_programs
from nutgiao.simulation.stage_order import ChangeRule, Conflicts, Light, arranged, light_of
from tests.support.junction_nets import scenario
from tests.support.plan_spaces import NEEDLESS_STAGE, busy_street
from tests.support.reference.signal_oracle import Broken
from tests.support.reference.step_oracle import broken_by_last_second
from tests.support.resco_nets import shipped

RULE = ChangeRule(3, 1)


def lights_of(made: Scenario) -> Iterator[tuple[Light, ConflictMatrix]]:
    matrices, conflicts, need_s = read_matrices(made.net), read_conflicts(made), crossing_need_s(made)
    for program in shipped_programs(made):
        found = conflicts.get(program.id, Conflicts({}, {}))
        yield light_of(program, found, need_s.get(program.id, {})), matrices[program.id]


def pairs_of(light: Light) -> Iterator[tuple[int, int]]:
    return ((a, b) for a in range(len(light.states)) for b in range(a + 1, len(light.states)))


def second_by_second(light: Light, order: tuple[int, ...], rule: ChangeRule, rounds: int = 2) -> list[str]:
    """The states of a program whose green stages are as short as they may be."""
    made = arranged(light, order, rule)
    steps = list(zip(made.program.states, made.program.durations_s, made.green, strict=True))
    return [state for state, length, green in steps * rounds for _ in range(5 if green else int(length))]


def guard_of(light: Light, matrix: ConflictMatrix, rule: ChangeRule, bounds: Bounds | None = None) -> LightGuard:
    return LightGuard(light_table(light, matrix, rule, bounds))


def first_refused(guard: LightGuard, states: list[str]) -> tuple[Refusal, ...]:
    try:
        for state in states:
            guard.step(state)
    except LampsRefused as refused:
        return refused.refusals
    return ()


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> tuple[Light, ConflictMatrix]:
    """A crossroads of one lane each way: links 0-2 from the north (right, ahead, left), then east, south, west."""
    made = busy_street(tmp_path_factory.mktemp("street"))
    states, greens_s = zip(*NEEDLESS_STAGE, strict=True)
    program = SignalProgram("A0", 0.0, greens_s, states)
    return light_of(program, read_conflicts(made)["A0"]), read_matrices(made.net)["A0"]


# --- the eight networks ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_change_between_any_two_stages_passes(name: str) -> None:
    rule, pairs = rule_of(name), 0
    for light, matrix in lights_of(shipped(name)):
        table = light_table(light, matrix, rule)
        for pair in pairs_of(light):
            assert first_refused(LightGuard(table), second_by_second(light, pair, rule)) == ()
            pairs += 1
    assert pairs >= 3


@pytest.mark.parametrize("name", NAMES)
def test_the_same_change_with_a_second_less_of_amber_or_all_red_is_refused(name: str) -> None:
    for light, matrix in lights_of(shipped(name)):
        longer, parted = (light_table(light, matrix, ChangeRule(*rule)) for rule in ((4, 0), (3, 1)))
        for pair in list(pairs_of(light))[:6]:
            hurried = second_by_second(light, pair, ChangeRule(3, 0), rounds=1)
            told = {one.rule for one in first_refused(LightGuard(longer), hurried)}
            assert Rule.AMBER in told
            told = {one.rule for one in first_refused(LightGuard(parted), hurried)}
            assert told <= {Rule.INTERGREEN}
            assert told or not _meet(light, matrix, pair)


@pytest.mark.parametrize("name", NAMES)
def test_only_a_program_that_contradicts_its_network_is_warned_of(name: str) -> None:
    warnings = [
        text for light, matrix in lights_of(shipped(name)) for text in light_table(light, matrix, RULE).warnings
    ]
    assert len(warnings) == (2 if name in ("ingolstadt7", "ingolstadt21") else 0)
    for text in warnings:
        assert text.startswith("light gneJ210, phase 4")
        assert text.endswith("allowed because the shipped program shows it")


def test_what_a_shipped_program_shows_together_is_allowed_and_nothing_else_of_the_kind() -> None:
    light, matrix = next(pair for pair in lights_of(shipped("ingolstadt7")) if pair[0].shipped.id == "gneJ210")
    state = "rrrrGGGGGGGGrr"
    assert state in light.shipped.states
    assert guard_of(light, matrix, RULE).check(state) == ()
    without = replace(light.shipped, states=tuple(one.replace(state, "r" * 14) for one in light.shipped.states))
    mended = guard_of(replace(light, shipped=without), matrix, RULE)
    assert {one.groups for one in mended.check(state)} == {("6", "8"), ("7", "9")}


def test_shipped_programs_with_the_usual_amber_pass_as_they_are() -> None:
    passed = 0
    for light, matrix in lights_of(shipped("cologne8")):
        steps = zip(light.shipped.states, light.shipped.durations_s, strict=True)
        states = [state for state, length in steps for _ in range(int(length))] * 3
        assert first_refused(guard_of(light, matrix, rule_of("cologne8")), states) == ()
        passed += 1
    assert passed == 8


# --- one crossroads by hand -------------------------------------------------------------------------------------------

ROAD, LEFTS, CROSSING = "GGgrrrGGgrrr", "rrGrrrrrGrrr", "rrrGGgrrrGGg"


def test_the_parts_of_the_crossroads_are_what_the_tests_take_them_for(street: tuple[Light, ConflictMatrix]) -> None:
    light, matrix = street
    assert matrix.right(2, 7) is Right.PERMITTED
    assert matrix.right(1, 4) is Right.NEVER
    assert 7 in light.conflicts.yields[2]


@pytest.mark.parametrize(
    ("states", "rule", "groups"),
    [
        (["GGGrrrGGgrrr"], Rule.CONFLICT, ("2", "7")),  # a left turn and who comes towards it both claim
        (["rGrrgrrrrrrr"], Rule.CONFLICT, ("1", "4")),  # crossing roads, though one of them is to give way
        ([ROAD] * 9 + ["rrrrrrrrrrrr"], Rule.AMBER, ("1",)),
        ([ROAD] * 9 + ["yyyrrryyyrrr"] * 2 + ["r" * 12], Rule.AMBER, ("1",)),
        ([ROAD] * 9 + ["yyyrrryyyrrr"] * 4, Rule.AMBER, ("1",)),
        ([ROAD] * 9 + ["yyyrrryyyrrr"] * 3 + [CROSSING], Rule.INTERGREEN, ("1", "4")),
        (["r" * 12] + [ROAD] * 4 + ["yyyrrryyyrrr"], Rule.MIN_GREEN, ("1",)),
        ([ROAD] * 61, Rule.MAX_GREEN, ("1",)),
        ([ROAD] * 9 + ["yyyrrryyyrrr"] * 3 + ["r" * 12] + [CROSSING] * 40, Rule.MAX_RED, ("1",)),
        ([LEFTS] * 9 + [ROAD], Rule.INTERGREEN, ("2", "7")),  # from an arrow to giving way, with no time to learn it
        ([LEFTS] * 9 + ["rrgrrrrrgrrr"] * 3 + [ROAD], Rule.INTERGREEN, ("2", "7")),
        (["rrorrrrrrrrr"], Rule.SHAPE, ("2",)),
    ],
)
def test_each_rule_refuses_what_breaks_it(
    street: tuple[Light, ConflictMatrix], states: list[str], rule: Rule, groups: tuple[str, ...]
) -> None:
    guard = guard_of(*street, RULE, Bounds(5, 600, 40) if rule is Rule.MAX_RED else Bounds(5, 60, 600))
    for state in states[:-1]:
        if guard.check(state):
            break
        guard.step(state)
    refusals = guard.check(states[-1])
    assert (rule, groups) in {(one.rule, one.groups) for one in refusals}
    assert all(one.cure and one.second is not None for one in refusals)
    with pytest.raises(LampsRefused):
        guard.step(states[-1])


@pytest.mark.parametrize(
    "states",
    [
        [ROAD] * 9 + ["yyyrrryyyrrr"] * 3 + ["r" * 12] + [CROSSING],
        [LEFTS] * 9 + ["rryrrrrryrrr"] * 3 + ["r" * 12] + [ROAD],
        [LEFTS] * 9 + ["rrgrrrrrgrrr"] * 4 + [ROAD],  # four seconds to learn that it gives way
        ["GrrrrrGrrrrr"] + [ROAD] * 9,
        [ROAD] * 9 + ["yyyrrryyyrrr"] * 3,
    ],
)
def test_what_keeps_the_rules_is_accepted(street: tuple[Light, ConflictMatrix], states: list[str]) -> None:
    assert first_refused(guard_of(*street, RULE), states) == ()


def test_red_and_amber_before_green_counts_as_red(street: tuple[Light, ConflictMatrix]) -> None:
    before = [ROAD] * 9 + ["yyyrrryyyrrr"] * 3 + ["rrruuurrruuu", CROSSING]
    assert first_refused(guard_of(*street, RULE), before) == ()


def test_a_link_that_every_stage_serves_may_stay_green_and_one_that_none_does_red(
    street: tuple[Light, ConflictMatrix],
) -> None:
    light, matrix = street
    stages = ("GrrrrrrrrGGr", "GrrGrrrrrrrr")
    odd = replace(light, states=stages, shipped=replace(light.shipped, states=stages, durations_s=(20.0, 20.0)))
    table = light_table(odd, matrix, RULE, Bounds(5, 60, 40))
    assert (table.groups[0].max_green_s, table.groups[3].max_green_s) == (10**9, 60)
    assert (table.groups[1].max_red_s, table.groups[3].max_red_s) == (10**9, 40)


def test_states_of_another_light_are_an_error(street: tuple[Light, ConflictMatrix]) -> None:
    with pytest.raises(ValueError, match="4 lamps for 12 groups"):
        guard_of(*street, RULE).check("GGrr")


def test_walkers_have_their_clearance_before_who_crosses_their_way_starts(tmp_path: Path) -> None:
    cut = 0
    for light, matrix in lights_of(scenario(build_network(tmp_path))):
        for pair in pairs_of(light):
            states = second_by_second(light, pair, RULE, rounds=2)
            assert first_refused(guard_of(light, matrix, RULE), states) == ()
            walks = [[state[k] in "Gg" for k in sorted(light.walk_clear_s)] for state in states]
            ends = [
                n
                for n in range(1, len(states))
                if any(a and not b for a, b in zip(walks[n - 1], walks[n], strict=True))
            ]
            hurried = [state for n, state in enumerate(states) if n not in ends]
            if not any("y" in states[n] for n in ends):  # else the vehicles take longer than the walkers
                told = first_refused(guard_of(light, matrix, RULE), hurried)
                assert {one.rule for one in told} <= {Rule.INTERGREEN}
                cut += bool(told)  # nobody may start whose way they cross
    assert cut > 0


# --- beside a stop-watch ----------------------------------------------------------------------------------------------


def test_tampered_changes_get_the_verdict_of_a_stop_watch(street: tuple[Light, ConflictMatrix]) -> None:
    refused = 0
    for code, watch in tampered(light_table(*street, RULE), 200):
        assert code == watch
        refused += bool(watch)
    assert refused > 100


MUTANTS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "two may claim": lambda patch: patch.setattr(LightGuard, "_together", lambda self, state: ()),
    "no time to learn": lambda patch: patch.setattr(LightGuard, "_claims", lambda self, state: ()),
    "who may weave may start at once": lambda patch: table_is(patch, permitted=()),
    "nobody is kept apart": lambda patch: table_is(patch, pairs=()),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_guard_that_is_wrong_is_caught(
    name: str, street: tuple[Light, ConflictMatrix], monkeypatch: pytest.MonkeyPatch
) -> None:
    right = light_table(*street, RULE)
    MUTANTS[name](monkeypatch)
    verdicts = tampered(light_guard.light_table(*street, RULE), 200, right)
    assert any(code != watch for code, watch in verdicts), "nobody would notice"


def table_is(patch: pytest.MonkeyPatch, **fields: tuple[()]) -> None:
    patch.setattr(light_guard, "light_table", lambda *args: replace(light_table(*args), **fields))


def tampered(table: LightTable, times: int, right: LightTable | None = None) -> Iterator[tuple[Broken, Broken]]:
    """Verdicts of guard and stop-watch on the first second that either refuses, of changes that somebody painted on."""
    rng = random.Random(9)
    for _ in range(times):
        first, then = rng.sample(range(len(table.light.states)), 2)
        states = second_by_second(table.light, (first, then), RULE, rounds=2)
        for _ in range(rng.randint(1, 3)):
            start, link, letter = rng.randrange(len(states)), rng.randrange(12), rng.choice("GgyrGg")
            for n in range(start, min(start + rng.choice((1, 2, 4, 9)), len(states))):
                states[n] = states[n][:link] + letter + states[n][link + 1 :]
        guard, code, watch = LightGuard(table), set[tuple[str, tuple[str, ...]]](), set[tuple[str, tuple[str, ...]]]()
        for n, state in enumerate(states):
            code = {(str(one.rule), one.groups) for one in guard.check(state)}
            watch = by_stop_watch(right or table, states[: n + 1])
            if code or watch:
                break
            guard.step(state)
        yield code, watch


def by_stop_watch(table: LightTable, states: list[str]) -> Broken:
    """What the last state breaks, read backwards from the letters; every path that meets another is looked at alone."""
    matrix, now, before = table.matrix, states[-1], states[-2] if len(states) > 1 else ""
    stages = (Stage(id="all", groups=("0",)),)
    row = (TimedPlan(id="all", start="00:00", offset_s=0, green_s=(1,)),)
    lamps = {"G": "G", "g": "G", "y": "A", "r": "R"}
    rows = {str(k): "".join(lamps[state[k]] for state in states) for k in range(len(now))}
    never = tuple(p for p in table.pairs if matrix.right(int(p.from_group), int(p.to_group)) is Right.NEVER)
    assert len(never) == 2 * len(matrix.pairs(Right.NEVER))
    side = Signals(groups=table.groups, stages=stages, intergreens=never, time_of_day=row)
    broken = broken_by_last_second(side, rows)
    for a, b in matrix.pairs(Right.PERMITTED):
        if now[a] == now[b] == "G" and (a, b) not in table.excepted:
            broken.add(("conflict", (str(a), str(b))))
        for one, other in ((a, b), (b, a)):
            if now[other] not in "Gg" or not before or before[other] in "Gg":
                continue
            last = max((n for n, state in enumerate(states[:-1]) if state[one] in "Gg"), default=-99)
            claimed = max((n for n, state in enumerate(states[:-1]) if state[one] == "G"), default=-99)
            if now[one] not in "Gg" and len(states) - 2 - last < 4:
                broken.add(("intergreen", (str(one), str(other))))
            if now[one] == "g" and matrix.yields[one, other] and len(states) - 2 - claimed < 4:
                broken.add(("intergreen", (str(one), str(other))))
    return broken


def _meet(light: Light, matrix: ConflictMatrix, pair: tuple[int, int]) -> bool:
    """Whether anybody who starts with a stage meets one who ended with the other."""
    for now, then in ((light.states[pair[0]], light.states[pair[1]]), (light.states[pair[1]], light.states[pair[0]])):
        ends = [k for k in range(len(now)) if now[k] in "Gg" and then[k] not in "Gg" and k not in light.walk_clear_s]
        starts = [k for k in range(len(now)) if then[k] in "Gg" and now[k] not in "Gg"]
        if any(matrix.foes[a, b] for a in ends for b in starts if max(a, b) < len(matrix.links)):
            return True
    return False
