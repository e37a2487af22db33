"""A look ahead at one junction: theory, rules of the street, and the plain twin."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nutgiao.models.queueing.junction.lookahead import look_ahead
from nutgiao.models.queueing.junction.tables import (
    BLOCKED,
    END_COST_S,
    GAP_S,
    GREEN,
    HEADWAY_S,
    NONE,
    RED,
    START_S,
    STOP,
    STOP_COST_S,
    STOP_EVERY_S,
    USUAL,
    YIELD,
    Cluster,
    Outlook,
    scratch,
)
from tests.support.junctions import CHANGE_S, cluster, crossing, opposed_left, outlook, two_in_a_row
from tests.support.reference.junction import Junction

NEVER_S = 999.0


def passages(
    c: Cluster, o: Outlook, scripts: list[list[tuple[float, int]]], horizon_s: int = 60
) -> tuple[float, np.ndarray[Any, Any]]:
    """Cost and time of each passage."""
    steps = max(1, *(len(one) for one in scripts))
    script_s = np.full((len(scripts), steps), np.inf)
    script_stage = np.full((len(scripts), steps), NONE, np.int32)
    for g, script in enumerate(scripts):
        for k, (at_s, stage) in enumerate(script):
            script_s[g, k], script_stage[g, k] = at_s, stage
    pass_s = np.empty(len(o.link))
    cost_s = look_ahead(c, o, script_s, script_stage, USUAL, horizon_s, scratch(c, len(o.exit_veh)), pass_s)
    return cost_s, pass_s


def test_a_queue_leaves_one_headway_after_the_other() -> None:
    c = crossing()
    o = outlook(c, [(0, 0, 0.0)] * 5, halted=True)
    cost_s, pass_s = passages(c, o, [[(NEVER_S, 0)]])
    assert pass_s == pytest.approx(USUAL[HEADWAY_S] * np.arange(5))
    assert cost_s == pytest.approx(pass_s.sum())


def test_who_stands_at_red_waits_for_minimum_green_change_and_start() -> None:
    c = crossing()
    o = outlook(c, [(1, 1, 0.0)], green_s=2.0, halted=True)
    _, pass_s = passages(c, o, [[(0.0, 1)]])
    assert pass_s[0] == pytest.approx(5.0 - 2.0 + CHANGE_S + USUAL[START_S])


def test_nobody_drives_at_red_and_who_is_left_over_costs_more_than_his_wait() -> None:
    c = crossing()
    o = outlook(c, [(1, 1, 10.0)])
    cost_s, pass_s = passages(c, o, [[(NEVER_S, 0)]])
    assert pass_s[0] > 60.0
    assert cost_s == pytest.approx(50.0 + USUAL[END_COST_S] + USUAL[STOP_COST_S])


def test_a_left_turn_waits_for_a_gap() -> None:
    c = opposed_left()
    oncoming = [(0, 0, float(at)) for at in (0, 2, 4, 6)]
    _, pass_s = passages(c, outlook(c, [*oncoming, (1, 1, 0.0)]), [[(NEVER_S, 0)]])
    assert pass_s[4] > pass_s[3]
    _, alone = passages(c, outlook(c, [(1, 1, 0.0), (0, 0, 2.0 + USUAL[GAP_S])]), [[(NEVER_S, 0)]])
    assert alone[1] < 1.0


def test_who_waits_inside_leaves_when_the_green_ends() -> None:
    c = opposed_left()
    stream = [(0, 0, float(at)) for at in range(0, 40, 2)]
    _, pass_s = passages(c, outlook(c, [*stream, (1, 1, 0.0), (1, 1, 0.0)]), [[(10.0, 1), (50.0, 0)]], 40)
    assert 10.0 <= pass_s[20] < 11.0
    assert pass_s[21] > 40.0


def test_who_must_halt_first_does() -> None:
    c = cluster([[STOP, RED], [RED, GREEN]], [[0], [1]], exits=[0, 1])
    _, pass_s = passages(c, outlook(c, [(0, 0, 3.0)]), [[(NEVER_S, 0)]])
    assert pass_s[0] == pytest.approx(4.5)


def test_a_queue_that_turns_slowly_needs_longer_for_each() -> None:
    c = crossing()._replace(slow_s=np.array([0.6, 0.0]))
    _, pass_s = passages(c, outlook(c, [(0, 0, 0.0)] * 3), [[(NEVER_S, 0)]])
    assert np.diff(pass_s) == pytest.approx(USUAL[HEADWAY_S] + 0.6)


def test_those_behind_who_must_halt_first_take_longer_than_a_queue_at_green() -> None:
    c = cluster([[STOP, RED], [RED, GREEN]], [[0], [1]], exits=[0, 1])
    _, pass_s = passages(c, outlook(c, [(0, 0, 0.0)] * 3), [[(NEVER_S, 0)]])
    assert np.diff(pass_s) == pytest.approx(USUAL[STOP_EVERY_S])


def test_a_full_street_lets_nobody_in_but_as_it_empties() -> None:
    c = crossing()
    o = outlook(c, [(0, 0, 0.0)] * 4, exit_veh=0.0)
    _, pass_s = passages(c, o, [[(NEVER_S, 0)]])
    assert pass_s[0] >= 1.0
    assert np.diff(pass_s).min() >= 1.9


def test_a_platoon_comes_to_the_next_light_after_its_travel_time() -> None:
    c = two_in_a_row()
    o = outlook(c, [(0, 0, 0.0)], stage=(0, 2), onward=2, halted=True)
    straight_s, _ = passages(c, o, [[(NEVER_S, 0)], [(NEVER_S, 2)]], 30)
    assert straight_s == pytest.approx(0.0)
    blocked_s, _ = passages(c, o, [[(NEVER_S, 0)], [(0.0, 3), (NEVER_S, 2)]], 30)
    assert blocked_s == pytest.approx(30.0 - 6.0 + USUAL[END_COST_S] + USUAL[STOP_COST_S])


def test_green_before_a_full_short_street_costs_every_second() -> None:
    c = two_in_a_row()
    c.room_veh[2] = 1.0
    o = outlook(c, [(0, 0, 0.0)], stage=(0, 3), onward=2, halted=True)
    o.inside_veh[2] = 1.0
    red_s, _ = passages(c, o, [[(0.0, 1), (NEVER_S, 1)], [(NEVER_S, 3)]], 30)
    green_s, pass_s = passages(c, o, [[(NEVER_S, 0)], [(NEVER_S, 3)]], 30)
    assert pass_s[0] > 30.0
    assert green_s - red_s > 20 * USUAL[BLOCKED]


def test_without_a_script_the_light_turns_to_the_street_that_waits() -> None:
    c = crossing()
    o = outlook(c, [(1, 1, 0.0)] * 6)
    _, pass_s = passages(c, o, [[]])
    assert pass_s.max() < CHANGE_S + USUAL[START_S] + 6 * USUAL[HEADWAY_S]


@st.composite
def anything(draw: st.DrawFn) -> tuple[Cluster, Outlook, list[list[tuple[float, int]]], int]:
    """Two lights with four links and lanes, any rights, any vehicles, any scripts."""
    rights = st.sampled_from([RED, GREEN, YIELD, STOP])
    right = [[draw(rights) if i < 2 else RED for i in range(4)] for _ in range(3)]
    right += [[draw(rights) if i > 1 else RED for i in range(4)] for _ in range(2)]
    pairs = draw(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=6, unique=True))
    ways = [[0, 1], [1], [2, 3], [3]]
    c = cluster(
        right, ways, yields=[(a, b) for a, b in pairs if a != b], lights=[(2, 3), (2, 2)], to=[2, NONE, NONE, 0],
        exits=[NONE, 0, 1, NONE], inside=draw(st.lists(st.integers(0, 2), min_size=4, max_size=4)),
        room_veh=draw(st.sampled_from([1.0, 3.0, 20.0])), tail_s=draw(st.sampled_from([0.0, 0.0, 1.0, 2.0])),
    )  # fmt: skip
    links = [(0, 0), (1, 1), (2, 2), (3, 3), (1, 0), (3, 2)]
    rows = draw(st.lists(st.tuples(st.sampled_from(links), st.floats(0.0, 50.0)), max_size=30))
    stage = (draw(st.integers(0, 2)), draw(st.integers(3, 4)))
    o = outlook(
        c, [(lane, link, at) for (lane, link), at in rows], stage, draw(st.sampled_from([0.0, 3.0, 20.0])),
        draw(st.sampled_from([NONE, 2, 3])), draw(st.sampled_from([0.0, 2.0, 30.0])),
    )  # fmt: skip
    scripts = []
    for stages in ((0, 2), (3, 4)):
        times = sorted(draw(st.lists(st.floats(0.0, 40.0), max_size=2)))
        scripts.append([(at, draw(st.integers(*stages))) for at in times])
    return c, o, scripts, draw(st.integers(1, 60))


@settings(max_examples=150, deadline=None)
@given(anything())
def test_the_plain_twin_says_the_same(case: tuple[Cluster, Outlook, list[list[tuple[float, int]]], int]) -> None:
    c, o, scripts, horizon_s = case
    cost_s, pass_s = passages(c, o, scripts, horizon_s)
    twin = Junction(c, o, scripts, USUAL)
    assert cost_s == pytest.approx(twin.run(horizon_s), rel=1e-12)
    assert {k: v for k, v in enumerate(pass_s.tolist()) if v < 1e6} == twin.passed


@settings(max_examples=150, deadline=None)
@given(anything())
def test_first_come_first_served_a_headway_apart(
    case: tuple[Cluster, Outlook, list[list[tuple[float, int]]], int],
) -> None:
    c, o, scripts, horizon_s = case
    _, pass_s = passages(c, o, scripts, horizon_s)
    for lane in range(len(c.room_veh)):
        own = pass_s[o.lane_ptr[lane] : o.lane_ptr[lane + 1]]
        gone = own[own < 1e6]
        assert (own[: len(gone)] < 1e6).all()
        assert np.diff(gone).min(initial=np.inf) >= USUAL[HEADWAY_S] - 1e-9
        assert (gone >= o.arrive_s[o.lane_ptr[lane] : o.lane_ptr[lane + 1]][: len(gone)]).all()
