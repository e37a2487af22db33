from __future__ import annotations

from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nutgiao.models.contracts.words import ControlMode
from nutgiao.models.queueing.junction.tables import NONE
from nutgiao.optimizer.control.frame import Frame, Window
from tests.support.frames import faults, frame, frames, runs, shown

CYCLE, COORDINATED, FIXED = ControlMode.CYCLE, ControlMode.COORDINATED, ControlMode.FIXED

MAIN, TURN, SIDE = 0, 1, 2
ORDER = (MAIN, TURN, SIDE)


def stays(_now_s: int, _window: Window, shows: int) -> int:
    return shows


def leaves(_now_s: int, window: Window, shows: int) -> int:
    return next((stage for stage, (low_s, _) in window.ways.items() if low_s <= 0), shows)


def greens_of(plan: Frame, row: list[int]) -> list[tuple[int, int, int]]:
    """Stage, second of the cycle at which it begins, and seconds, of the cycle from the fourth on."""
    begins_s = 3 * plan.cycle_s + plan.offset_s
    return [(stage, plan.second(a), b - a) for stage, a, b in runs(row) if begins_s < b <= begins_s + plan.cycle_s]


@pytest.mark.parametrize("mode", [CYCLE, COORDINATED])
@given(st.data())
@settings(max_examples=100)
def test_whatever_is_wished_and_called_the_rules_of_the_mode_hold(mode: ControlMode, data: st.DataObject) -> None:
    plan = data.draw(frames(mode))
    stage = st.sampled_from([*plan.stages, *([] if mode is CYCLE else [99])])
    wishes = data.draw(st.lists(stage, min_size=1, max_size=40))
    always = data.draw(st.sets(st.sampled_from(plan.stages[1:])))
    at_times = data.draw(st.lists(st.sets(st.sampled_from(plan.stages[1:])), min_size=1, max_size=30))
    row = shown(
        plan,
        lambda now_s, _window, shows: wishes[now_s % len(wishes)] if now_s % 3 else shows,
        8 * plan.cycle_s,
        lambda now_s: always | at_times[now_s // 7 % len(at_times)],
        data.draw(st.sampled_from(plan.stages)),
    )
    assert not faults(plan, row, 2 * plan.cycle_s, always)


def test_in_a_cycle_the_first_stage_may_take_all_that_the_others_do_not_need() -> None:
    plan = frame(CYCLE, ORDER, (20, 8, 15), offset_s=7)
    assert greens_of(plan, shown(plan, stays, 6 * plan.cycle_s)) == [(0, 0, 33), (1, 36, 5), (2, 44, 5)]


def test_in_a_cycle_what_all_leave_over_is_for_the_first_stage() -> None:
    plan = frame(CYCLE, ORDER, (20, 8, 15), offset_s=7)
    found = shown(plan, leaves, 6 * plan.cycle_s)
    assert [(stage, green_s) for stage, _, green_s in greens_of(plan, found)] == [(0, 33), (1, 5), (2, 5)]
    assert {plan.second(end) for stage, _, end in runs(found)[4:] if stage == MAIN} == {1}


def test_a_stage_in_the_middle_of_a_cycle_may_have_what_those_behind_it_do_not_need() -> None:
    plan = frame(CYCLE, ORDER, (20, 8, 15))
    found = shown(plan, lambda t, w, s: s if s == TURN else leaves(t, w, s), 6 * plan.cycle_s)
    assert greens_of(plan, found)[1] == (TURN, 8, 33)


def test_in_coordination_nobody_who_does_not_ask_gets_green() -> None:
    plan = frame(COORDINATED, ORDER, (20, 8, 15))
    assert set(shown(plan, stays, 200)) == {MAIN}
    assert plan.window(30, MAIN, 30.0).until_s == inf


def test_in_coordination_who_asks_gets_green_though_the_controller_does_not_wish_it() -> None:
    plan = frame(COORDINATED, ORDER, (20, 8, 15))
    found = shown(plan, stays, 6 * plan.cycle_s, lambda _: (SIDE,))
    assert [one for one in greens_of(plan, found) if one[0] == SIDE] == [(SIDE, 44, 5)]
    assert TURN not in found


def test_in_coordination_what_a_stage_leaves_over_is_for_the_next_up_to_its_own_force_off() -> None:
    plan = frame(COORDINATED, ORDER, (20, 8, 15))
    found = shown(plan, lambda t, w, s: s if s == SIDE else leaves(t, w, s), 6 * plan.cycle_s, lambda _: (TURN, SIDE))
    assert greens_of(plan, found)[1:] == [(TURN, 23, 5), (SIDE, 31, 18)]


def test_in_coordination_what_all_leave_over_is_for_the_reference() -> None:
    plan = frame(COORDINATED, ORDER, (20, 8, 15))
    found = shown(plan, leaves, 6 * plan.cycle_s, lambda _: (TURN,))
    assert {(stage, plan.second(begin)) for stage, begin, _ in runs(found)} == {(TURN, 23), (SIDE, 31), (MAIN, 39)}


def test_a_light_that_comes_late_or_shows_a_stage_that_is_not_in_the_plan_goes_back() -> None:
    late = frame(COORDINATED, ORDER, (20, 8, 15))
    assert late.window(5, SIDE, 9.0) == Window(0, MAIN, {MAIN: (0, 0)})
    assert late.window(5, SIDE, 2.0) == Window(3, MAIN, {MAIN: (3, 3)})
    assert late.window(30, 77, 2.0).forced == MAIN
    in_cycle = frame(CYCLE, ORDER, (20, 8, 15))
    assert in_cycle.window(2, TURN, 9.0) == Window(0, SIDE, {SIDE: (0, 0)})


def test_a_wish_that_may_not_be_done_yet_waits_and_one_for_a_later_stage_begins_the_way_there() -> None:
    window = Window(9, TURN, {TURN: (0, 9), SIDE: (4, 20)})
    assert window.nearest(MAIN, MAIN) == MAIN
    assert window.nearest(SIDE, MAIN) == TURN
    assert Window(9, TURN, {TURN: (2, 9)}).nearest(SIDE, MAIN) == MAIN
    assert Window(0, TURN, {TURN: (0, 0)}).nearest(MAIN, MAIN) == TURN
    assert Window(inf, NONE, {TURN: (2, 9)}).nearest(TURN, MAIN) == MAIN


@given(frames(FIXED), st.integers(0, 10_000))
def test_a_plan_shows_its_stages_for_their_greens_from_the_offset_on(plan: Frame, now_s: int) -> None:
    told: list[int] = []
    for k, stage in enumerate(plan.stages):
        then = (k + 1) % len(plan.stages)
        told += [stage] * plan.greens_s[k] + [plan.stages[then]] * plan.changes_s[k][then]
    assert plan.planned(now_s) == told[(now_s - plan.offset_s) % plan.cycle_s]


@pytest.mark.parametrize(
    ("said", "mode", "stages", "greens_s"),
    [
        ("one green stage", CYCLE, (0,), (20,)),
        ("a stage twice", COORDINATED, (0, 1, 0, 2), (9, 9, 9, 9)),
        ("shorter than the shortest one, 5 s", CYCLE, (0, 1), (20, 4)),
        ("a free light", ControlMode.FREE, (0, 1), (20, 20)),
    ],
)
def test_what_makes_no_frame_is_said(
    said: str, mode: ControlMode, stages: tuple[int, ...], greens_s: list[int]
) -> None:
    with pytest.raises(ValueError, match=said):
        frame(mode, stages, greens_s)


def test_greens_that_do_not_fill_the_cycle_and_changes_that_take_too_long_are_said() -> None:
    with pytest.raises(ValueError, match="make 26 s, the cycle is 30 s"):
        Frame(CYCLE, 30, 0, (0, 1), (10, 10), ((0, 3), (3, 0)), (5, 5))
    slow = ((0, 3, 20), (3, 0, 3), (3, 3, 0))
    with pytest.raises(ValueError, match="takes longer"):
        frame(COORDINATED, ORDER, (20, 5, 5), slow)
    assert frame(FIXED, (0, 1, 0, 2), (9, 9, 9, 9)).planned(24) == 0
