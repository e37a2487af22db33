from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgiao.models.contracts.errors import ConfigError
from nutgiao.simulation.conflicts import read_conflicts
from nutgiao.simulation.signal_programs import SignalProgram, shipped_programs
from nutgiao.simulation.stage_order import (
    ChangeRule,
    Conflicts,
    Light,
    arranged,
    light_of,
    near_orders,
    orders,
    serves,
    usual_amber_s,
    whole_order,
)
from nutgiao.simulation.trial import run_trial
from tests.support.plan_spaces import busy_street

LINKS = 6


@st.composite
def lights(draw: st.DrawFn) -> Light:
    """A light with any conflicts, of which one of two always yields, and any stages."""
    pairs = draw(st.sets(st.tuples(st.integers(0, LINKS - 1), st.integers(0, LINKS - 1)), max_size=12))
    pairs = {(i, j) for i, j in pairs if i != j and (j, i) not in pairs}
    foes: dict[int, set[int]] = {i: set() for i in range(LINKS)}
    yields: dict[int, set[int]] = {i: set() for i in range(LINKS)}
    for i, j in pairs:
        foes[i].add(j)
        foes[j].add(i)
        yields[i].add(j)
    conflicts = Conflicts({i: frozenset(v) for i, v in foes.items()}, {i: frozenset(v) for i, v in yields.items()})
    greens = draw(st.lists(st.text("rrGgs", min_size=LINKS, max_size=LINKS), min_size=2, max_size=5))
    states, durations = [], []
    for green in greens:
        states += [green, green.replace("G", "y").replace("g", "y")]
        durations += [draw(st.floats(5.0, 60.0)), 4.0]
    crossings = draw(st.dictionaries(st.integers(0, LINKS - 1), st.floats(0.5, 9.5), max_size=2))
    return light_of(SignalProgram("A", 3.0, tuple(durations), tuple(states)), conflicts, crossings)


@given(lights(), st.integers(1, 5), st.integers(0, 3))
def test_whatever_the_order_green_ends_in_amber_and_no_foes_have_protected_green(
    light: Light, amber_s: int, all_red_s: int
) -> None:
    for order in orders(light, 24, np.random.default_rng(1)):
        made = arranged(light, order, ChangeRule(amber_s, all_red_s))
        program = made.program
        assert len(program.states) == len(made.state_of) == len(program.durations_s)
        assert [k for k in made.state_of if k >= 0] == list(order)
        changes_s = sum(t for t, k in zip(program.durations_s, made.state_of, strict=True) if k < 0)
        assert sum(program.durations_s) == pytest.approx(changes_s + sum(light.green_s[k] for k in order))
        for state in program.states:
            going = [i for i, letter in enumerate(state) if letter == "G"]
            assert not any(j in light.conflicts.foes[i] for i in going for j in going)
            assert not any(state[j] in "Gg" for i in going for j in light.conflicts.yields[i])
        for i in range(LINKS):
            _check_link(light, program, i, amber_s)


def _check_link(light: Light, program: SignalProgram, i: int, amber_s: int) -> None:
    """A driver's green ends in ``amber_s`` seconds of amber; a walker's in red that lasts as long as he needs."""
    letters = [state[i] for state in program.states]
    for p, letter in enumerate(letters):
        before = letters[p - 1]
        if letter == "y":
            assert i not in light.walk_clear_s
            assert before in "Ggy"
            assert program.durations_s[p] == amber_s
        if before in "Gg" and letter not in "Gg":
            assert letter == ("r" if i in light.walk_clear_s else "y")


@given(lights(), st.integers(0, 2**31))
def test_every_order_that_is_tried_serves_all_that_the_shipped_program_serves(light: Light, seed: int) -> None:
    random = np.random.default_rng(seed)
    found = orders(light, 24, random) if light.states else []
    assert len(found) == len(set(found)) <= 24
    for order in found:
        assert serves(light, order)
        assert order[0] == min(order)
        assert len(set(order)) == len(order) >= 2
        near = near_orders(light, order)
        assert order not in near
        assert all(serves(light, one) and one[0] == min(one) for one in near)


FOUR = SignalProgram(
    "A",
    0.0,
    (29.0, 5.0, 6.0, 5.0, 29.0, 5.0, 6.0, 5.0),
    ("GGgrrr", "yygrrr", "rrGrrr", "rryrrr", "rrrGGg", "rrryyg", "rrrrrG", "rrrrry"),
)
"""Two roads: straight on and right, with the left turn giving way, then the left turn alone."""

_ONE, _OTHER = frozenset({0, 1, 2}), frozenset({3, 4, 5})
LEFT_YIELDS = Conflicts(
    {0: _OTHER | {2}, 1: _OTHER | {2}, 2: _OTHER | {0, 1}, 3: _ONE | {5}, 4: _ONE | {5}, 5: _ONE | {3, 4}},
    {2: frozenset({0, 1}), 3: _ONE, 4: _ONE, 5: _ONE | {3, 4}},
)


def test_a_turn_that_may_give_way_needs_no_stage_of_its_own() -> None:
    light = light_of(FOUR, LEFT_YIELDS)
    assert (0, 2) in orders(light, 24, np.random.default_rng(1))
    made = arranged(light, (0, 2), ChangeRule(3))
    assert made.program.states == ("GGgrrr", "yyyrrr", "rrrGGg", "rrryyy")
    assert made.program.durations_s == (29.0, 3.0, 29.0, 3.0)
    assert made.green == (True, False, True, False)


def test_who_keeps_green_has_no_amber_in_between() -> None:
    made = arranged(light_of(FOUR, LEFT_YIELDS), (0, 1, 2, 3), ChangeRule(3, 1))
    assert made.program.states[:4] == ("GGgrrr", "yygrrr", "rrgrrr", "rrGrrr")


def test_a_turn_whose_own_green_ends_has_amber_before_the_opposing_traffic_starts() -> None:
    made = arranged(light_of(FOUR, LEFT_YIELDS), (0, 2, 1, 3), ChangeRule(3))
    assert "rryrrr" in made.program.states
    leading = arranged(light_of(FOUR, LEFT_YIELDS), (0, 2, 3, 1), ChangeRule(3)).program
    at = leading.states.index("rrGrrr")
    assert leading.states[at + 1 :] == ("rryrrr",)


def test_walkers_stop_early_enough() -> None:
    walk = SignalProgram("A", 0.0, (20.0, 3.0, 20.0, 3.0), ("GrG", "yrr", "rGr", "ryr"))
    meets = Conflicts({0: frozenset({1}), 1: frozenset({0, 2}), 2: frozenset({1})}, {1: frozenset({0, 2})})
    light = light_of(walk, meets, {2: 7.2})
    made = arranged(light, (0, 1), ChangeRule(3)).program
    assert list(zip(made.durations_s, made.states, strict=True))[:3] == [(20.0, "GrG"), (5.0, "Grr"), (3.0, "yrr")]
    alone = light_of(SignalProgram("A", 0.0, (20.0, 20.0), ("Gr", "rG")), Conflicts({}, {}), {0: 7.2, 1: 2.0})
    made = arranged(alone, (0, 1), ChangeRule(3, 2)).program
    assert list(zip(made.durations_s, made.states, strict=True))[:2] == [(20.0, "Gr"), (8.0, "rr")]


def test_two_protected_greens_in_each_others_way_become_one_that_gives_way() -> None:
    assert LEFT_YIELDS.protected("GGGrrr") == "GGgrrr"
    assert Conflicts({0: frozenset({1}), 1: frozenset({0})}, {}).protected("GG") == "Gg"


def test_who_meets_nobody_in_a_stage_has_green_in_it_but_walkers_only_where_they_were_meant_to() -> None:
    meets = Conflicts({0: frozenset({1}), 1: frozenset({0})}, {0: frozenset({1})})
    program = SignalProgram("A", 0.0, (20.0, 3.0, 20.0, 3.0), ("Grrr", "yrrr", "rGGG", "ryyr"))
    assert light_of(program, meets, {3: 6.0}).states == ("GrGr", "rGGG")


def test_a_light_that_flashes_or_has_one_green_keeps_its_program() -> None:
    flashing = SignalProgram("A", 0.0, (20.0, 3.0, 20.0), ("Gr", "yr", "oo"))
    light = light_of(flashing, Conflicts({}, {}))
    assert light.states == ()
    assert orders(light, 24, np.random.default_rng(1)) == []
    assert arranged(light, whole_order(light), ChangeRule()).program is flashing


def test_amber_is_three_seconds_unless_a_shorter_one_was_shipped() -> None:
    assert usual_amber_s(FOUR) == 3
    assert usual_amber_s(SignalProgram("A", 0.0, (9.0, 2.0), ("G", "y"))) == 2


@pytest.mark.parametrize("rule", [(0, 0), (3, -1)])
def test_no_amber_or_a_negative_all_red_is_refused(rule: tuple[int, int]) -> None:
    with pytest.raises(ConfigError, match="--amber-s"):
        ChangeRule(*rule)


def test_sumo_runs_another_order_without_a_collision(tmp_path: Path) -> None:
    street = busy_street(tmp_path)
    conflicts = read_conflicts(street)
    light = light_of(shipped_programs(street)[0], conflicts["A0"])
    assert len(light.states) == 2
    assert conflicts["A0"].foes  # the two roads cross
    made = arranged(light, (0, 1), ChangeRule(3)).program
    assert made.states == shipped_programs(street)[0].states
    trial = run_trial(street, (made,), 1)
    assert trial.collisions == 0
