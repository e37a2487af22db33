"""A controller that is listened to chooses as one that is not, and says what it chose."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nutgiao.models.queueing.junction.notes import Notes
from nutgiao.models.queueing.junction.seen import Seen
from nutgiao.optimizer.control.pressure import Aim, Greedy
from tests.optimizer.control import test_pressure as pressure
from tests.optimizer.control.test_horizon import controller, seen, showing

rows = st.lists(st.tuples(st.integers(0, 1), st.floats(0.0, 50.0)), max_size=12)


def streets(some: list[tuple[int, float]], halted: bool) -> Seen:
    return seen([(lane, lane, at_s) for lane, at_s in some], halted=halted)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(rows, st.booleans()), min_size=1, max_size=6), st.floats(0.0, 20.0))
def test_the_horizon_chooses_the_same_and_its_first_option_is_what_it_does(
    some: list[tuple[list[tuple[int, float]], bool]], green_s: float
) -> None:
    heard, alone = controller(), controller()
    heard.notes = notes = Notes()
    for second, (vehicles, halted) in enumerate(some):
        who, now = streets(vehicles, halted), showing(green_s=green_s + second)
        wished = heard.choose(who, now)
        assert wished.tolist() == alone.choose(who, now).tolist()
        options = notes.options(0)
        if not vehicles:
            assert options == ()
            continue
        best = options[0]
        assert best.figure == min(one.figure for one in options)
        assert wished[0] == (best.stage if best.hold_s == 0.0 else 0)


def test_during_a_change_nothing_is_considered() -> None:
    one = controller()
    one.notes = notes = Notes()
    one.choose(seen([(0, 0, 0.0)] * 3), showing(coming=[1], green_s=0.0))
    assert notes.options(0) == ()


def test_who_is_believed_held_up_is_told() -> None:
    one = controller()
    one.notes = notes = Notes()
    for second in range(6):
        one.choose(seen([(0, 0, 0.0), (0, 0, 0.0), (1, 1, 0.0)]), showing(green_s=10.0 + second))
    assert list(notes.late_s()) == [0]
    assert notes.late_s()[0] > 3.0


@pytest.mark.parametrize("aim", Aim)
def test_the_scores_of_max_pressure_and_max_wave_are_told_when_they_choose(aim: Aim) -> None:
    one = Greedy(pressure.TWO_LIGHTS, aim)
    one.notes = notes = Notes()
    who = pressure.seen(*pressure.queue(pressure.WEST, 3), *pressure.queue(pressure.NORTH, 1))
    wished = one.choose(who, pressure.showing(pressure.NORTH_SOUTH))
    options = notes.options(0)
    assert [(one.stage, one.figure) for one in options[:2]] == [(pressure.EAST_WEST, 3.0), (pressure.NORTH_SOUTH, 1.0)]
    assert wished[0] == options[0].stage
    assert notes.options(1) == ()
    one.choose(who, pressure.showing(pressure.NORTH_SOUTH))
    assert notes.options(0) == ()
    assert np.isfinite(notes.looks_s)
