"""Frames of many lights: calls, controllers that keep to them, and the scripts that the rolling horizon tries there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nutgiao.models.contracts.words import ControlMode
from nutgiao.models.queueing.junction.seen import Seen
from nutgiao.models.queueing.junction.tables import GREEN, NONE, RED, YIELD
from nutgiao.optimizer.control.actuated import Actuated
from nutgiao.optimizer.control.courses import courses
from nutgiao.optimizer.control.fixed import Fixed
from nutgiao.optimizer.control.frame import Frame, Window
from nutgiao.optimizer.control.framed import CALL_S, Frames, InFrame, Place
from nutgiao.optimizer.control.horizon import HOLDS_S, RollingHorizon
from nutgiao.optimizer.control.pressure import Aim, Greedy, Movements
from tests.optimizer.control.test_horizon import area, seen, showing
from tests.optimizer.control.test_pressure import EAST_WEST, NORTH_SOUTH, TURN, TWO_LIGHTS
from tests.optimizer.control.test_pressure import queue as queue_of
from tests.optimizer.control.test_pressure import seen as seen_at
from tests.optimizer.control.test_pressure import showing as showing_at
from tests.support.frames import faults, frame, frames, runs, shown
from tests.support.junctions import crossing

CYCLE, COORDINATED, FIXED = ControlMode.CYCLE, ControlMode.COORDINATED, ControlMode.FIXED

RIGHT = np.array([[GREEN, YIELD, RED, RED], [RED, GREEN, RED, RED], [RED, RED, GREEN, RED], [RED, RED, RED, GREEN]])
"""Straight on with a left turn that gives way, the left turn alone, the side street, and a crossing."""

WALKS = np.array([False, False, False, True])
PLAN = frame(COORDINATED, (0, 1, 2, 3), (20, 6, 10, 6))


def called(*rows: tuple[int, float], halted: bool = False) -> tuple[int, ...]:
    """Stages that vehicles on links call; by link and arrival."""
    who = seen([(link, link, at) for link, at in rows], lanes=4, halted=halted)
    return Frames({0: PLAN}, RIGHT.astype(np.int32), WALKS).places(who, showing(links=4))[0].called


def test_walkers_always_call_and_vehicles_call_what_gives_them_more_right_than_the_reference() -> None:
    assert called() == (3,)
    assert called((0, 0.0)) == (3,)
    assert called((1, 0.0)) == (1, 3)
    assert called((2, CALL_S + 0.1), (1, 0.0)) == (1, 3)
    assert called((2, 20.0), halted=True) == (2, 3)


def test_a_stage_that_has_shown_is_not_called_again_before_the_next_cycle() -> None:
    known = Frames({0: PLAN}, RIGHT.astype(np.int32), WALKS)
    told = [
        known.places(seen([], lanes=4), showing((3 if 40 <= now_s < 46 else 0,), links=4))[0].called
        for now_s in range(PLAN.cycle_s + 1)
    ]
    assert told == [(3,)] * 40 + [()] * (PLAN.cycle_s - 40) + [(3,)]


def test_the_second_of_the_cycle_is_counted_and_lights_that_change_are_left_alone() -> None:
    known = Frames({0: PLAN}, RIGHT.astype(np.int32), WALKS)
    assert [known.places(seen([], lanes=4), showing(links=4))[0].second for _ in range(3)] == [0, 1, 2]
    assert known.places(seen([], lanes=4), showing(coming=[1], links=4)) == {}


def test_max_wave_in_a_frame_goes_the_plans_way_and_is_free_at_other_lights() -> None:
    plan = frame(CYCLE, (EAST_WEST, TURN, NORTH_SOUTH), (15, 6, 15))
    known = Frames({0: plan}, TWO_LIGHTS.may_go.astype(np.int32), np.zeros(4, np.bool_))
    controller = InFrame(Greedy(TWO_LIGHTS, Aim.WAVE, step_s=1), known)
    north = seen_at(*queue_of(1, 5))
    both = showing_at(EAST_WEST)
    assert [int(controller.choose(north, both)[0]) for _ in range(2)] == [EAST_WEST, TURN]


class Follower:
    """Follows chance until a second, then one of the scripts that may be tried there to its end."""

    def __init__(self, plan: Frame, begin_s: int, which: int, always: tuple[int, ...], wishes: Sequence[int]) -> None:
        self.plan, self.begin_s, self.which, self.always, self.wishes = plan, begin_s, which, always, wishes
        self.script: list[tuple[float, int]] | None = None
        self.refused: list[tuple[int, int, Window]] = []

    def __call__(self, now_s: int, window: Window, shows: int) -> int:
        if now_s < self.begin_s:
            return self.wishes[now_s % len(self.wishes)]
        if self.script is None:
            times, stages = courses(Place(self.plan, self.plan.second(now_s), shows, self.always, window), HOLDS_S, 60)
            row = self.which % len(times)
            self.script = [(now_s + t, int(s)) for t, s in zip(times[row], stages[row], strict=True) if s != NONE]
            assert [t for t, _ in self.script] == sorted(t for t, _ in self.script)
        while self.script and now_s >= self.script[0][0] and self.script[0][1] == shows:
            self.script.pop(0)
            if self.plan.mode is COORDINATED and shows == self.plan.stages[0]:
                self.script = []  # from here on it depends on who calls then
        if not self.script:
            return shows
        wished = self.script[0][1] if now_s >= self.script[0][0] else shows
        if window.nearest(wished, shows) != wished:
            self.refused.append((now_s, wished, window))
        return wished


@pytest.mark.parametrize("mode", [CYCLE, COORDINATED])
@given(st.data())
@settings(max_examples=60)
def test_no_script_that_is_tried_leaves_the_frame(mode: ControlMode, data: st.DataObject) -> None:
    plan = data.draw(frames(mode))
    always = tuple(data.draw(st.sets(st.sampled_from(plan.stages[1:]))))
    wishes = data.draw(st.lists(st.sampled_from(plan.stages), min_size=1, max_size=20))
    begin_s = 2 * plan.cycle_s + data.draw(st.integers(0, plan.cycle_s))
    follower = Follower(plan, begin_s, data.draw(st.integers(0, 50)), always, wishes)
    row = shown(plan, follower, begin_s + 70, lambda _: always)
    assert follower.refused == []
    assert not faults(plan, row, plan.cycle_s)


def test_a_light_without_a_frame_is_as_free_as_without_any() -> None:
    c = crossing()
    two = [area(c), area(c, (1, 2, 2, 2, 2))]
    lanes, exits = np.array([0, 1, 2, 3], np.int32), np.zeros(4, np.int32)
    right = np.kron(np.eye(2, dtype=np.int32), c.right)
    plan = frame(CYCLE, (0, 1), (20, 20))
    free, framed = (
        RollingHorizon(two, lanes, exits, frames=one) for one in (None, Frames({0: plan}, right, np.zeros(4, np.bool_)))
    )
    random, told = np.random.default_rng(1), []
    for second in range(40):
        rows = [(int(lane), int(lane), float(random.uniform(0, 30))) for lane in random.integers(0, 4, 12)]
        who, now = seen(rows, lanes=4, exits=4), showing((0, 2 + second // 9 % 2), 3.0 + second % 9, links=4)
        told.append((free.choose(who, now), framed.choose(who, now)))
    assert all(a[1] == b[1] for a, b in told)
    assert {int(a[1]) for a, _ in told} == {2, 3}
    assert any(a[0] != b[0] for a, b in told)


def loop(controller: RollingHorizon | InFrame | Fixed, who: Sequence[Seen], seconds: int) -> list[int]:
    """What one light of two stages shows whose changes take 3 s."""
    stage, coming, left_s, green_s, row = 0, NONE, 0, 0.0, list[int]()
    for now_s in range(seconds):
        now = showing((stage,), green_s, coming=[coming] if coming != NONE else None)
        wished = int(controller.choose(who[now_s % len(who)], now)[0])
        if coming == NONE and wished != stage and green_s >= 5:
            coming, left_s = wished, 3
        row.append(stage if coming == NONE else NONE)
        green_s, left_s = green_s + 1, left_s - 1
        if coming != NONE and left_s == 0:
            stage, coming, green_s = coming, NONE, 0.0
    return row


@pytest.mark.parametrize("mode", [CYCLE, COORDINATED])
def test_the_rolling_horizon_keeps_its_frame_whoever_comes(mode: ControlMode) -> None:
    c = crossing()
    plan = frame(mode, (0, 1), (20, 14), offset_s=11)
    random = np.random.default_rng(3)
    who = [
        seen([(k, k, float(random.uniform(0, 40))) for k in random.integers(0, 2, n)], halted=bool(n % 2))
        for n in random.integers(0, 9, 150)
    ]
    made = RollingHorizon(
        [area(c)], c.link_lane[:, 0].copy(), np.zeros(2, np.int32),
        frames=Frames({0: plan}, np.asarray(c.right), np.zeros(2, np.bool_)),
    )  # fmt: skip
    row = loop(made, who, 600)
    assert not faults(plan, row, 2 * plan.cycle_s)
    assert row.count(1) > 60


@pytest.mark.parametrize("mode", [CYCLE, COORDINATED])
def test_actuated_control_shares_a_full_street_as_the_plan_does(mode: ControlMode) -> None:
    plan = frame(mode, (0, 1, 2), (20, 9, 14), offset_s=11)
    flags = np.eye(3, dtype=np.bool_)
    light = Movements(np.array([0, 3], np.int32), np.zeros(3, np.int32), flags, flags, np.zeros((3, 1)))
    everywhere = seen([(link, link, 0.5 * k) for link in range(3) for k in range(9)], lanes=3, halted=True)
    known = Frames({0: plan}, flags.astype(np.int32), np.zeros(3, np.bool_))
    row = loop(InFrame(Actuated(light), known), [everywhere], 400)
    told = {(stage, plan.second(begin), end - begin) for stage, begin, end in runs(row) if begin > plan.cycle_s}
    assert told == {(0, 0, 20), (1, 23, 9), (2, 35, 14)}, "in a queue no gap ends a green: the force-off does"


def test_fixed_control_runs_its_plan_whoever_comes_and_leaves_other_lights_alone() -> None:
    plan = frame(FIXED, (0, 1), (20, 14), offset_s=11)
    row = loop(Fixed({0: plan}), [seen([]), seen([(1, 1, 0.0)] * 9)], 400)
    assert {(stage, plan.second(begin), end - begin) for stage, begin, end in runs(row)[2:]} == {
        (0, 0, 20),
        (1, 23, 14),
    }
    assert Fixed({}).choose(seen([]), showing((0,), coming=[1])).tolist() == [1]
