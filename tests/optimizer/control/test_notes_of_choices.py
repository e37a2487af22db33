"""A controller that is listened to chooses as one that is not, and says what it chose."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nutgiao.models.contracts.decision import Basis, Reason
from nutgiao.models.contracts.words import ControlMode
from nutgiao.models.queueing.junction.notes import Notes
from nutgiao.models.queueing.junction.seen import Seen
from nutgiao.optimizer.control.actuated import MOST_GREEN_S, PASSAGE_S, Actuated
from nutgiao.optimizer.control.fixed import Fixed
from nutgiao.optimizer.control.framed import Frames, InFrame
from nutgiao.optimizer.control.pressure import Aim, Greedy
from tests.optimizer.control import test_pressure as pressure
from tests.optimizer.control.test_horizon import controller, seen, showing
from tests.optimizer.control.test_pressure import EAST_WEST, NORTH, NORTH_SOUTH, TURN, WEST
from tests.support.frames import frame

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


GAP, GREEN_S = PASSAGE_S, MOST_GREEN_S
STREAM, WAITS, FAR = (WEST, 1.5, False), (NORTH, 0.0, True), (WEST, 8.0, False)


def told(made: Actuated | InFrame | Fixed, who: Seen, stage: int = EAST_WEST, *, seconds: int = 1) -> list[Reason]:
    """What is told of the first light after some seconds of the same."""
    made.notes = notes = Notes()
    for _ in range(seconds):
        made.choose(who, pressure.showing(stage))
    return list(notes.reasons(0, 0))


@pytest.mark.parametrize(
    ("vehicles", "stage", "seconds", "reason"),
    [
        ([STREAM, WAITS], EAST_WEST, 1, Reason(Basis.EXTENDED, EAST_WEST, None, 1.5, GAP)),
        ([FAR, WAITS], EAST_WEST, 1, Reason(Basis.GAP_OUT, NORTH_SOUTH, None, 8.0, GAP)),
        ([WAITS], EAST_WEST, 1, Reason(Basis.GAP_OUT, NORTH_SOUTH, None, None, GAP)),
        ([STREAM, WAITS], EAST_WEST, 51, Reason(Basis.MAX_OUT, NORTH_SOUTH, None, 51.0, GREEN_S)),
        ([FAR], EAST_WEST, 1, Reason(Basis.RESTS, EAST_WEST, None, 8.0, GAP)),
        ([], NORTH_SOUTH, 1, Reason(Basis.RECALL, EAST_WEST, None, None, GAP)),
    ],
)
def test_actuated_control_tells_why_it_holds_a_green_or_ends_it(
    vehicles: list[tuple[int, float, bool]], stage: int, seconds: int, reason: Reason
) -> None:
    who = pressure.seen(*vehicles)
    heard, alone = Actuated(pressure.TWO_LIGHTS), Actuated(pressure.TWO_LIGHTS)
    assert told(heard, who, stage, seconds=seconds) == [reason]
    wished = [int(alone.choose(who, pressure.showing(stage))[0]) for _ in range(seconds)]
    assert wished[-1] == reason.stage


def in_frame(offset_s: int) -> InFrame:
    """Straight on from second 0 of the cycle to 15, the left turn, then the side street; the clock begins later."""
    plan = frame(ControlMode.CYCLE, (EAST_WEST, TURN, NORTH_SOUTH), (15, 6, 15), offset_s=-offset_s % 45)
    known = Frames({0: plan}, pressure.TWO_LIGHTS.may_go.astype(np.int32), np.zeros(4, np.bool_))
    return InFrame(Actuated(pressure.TWO_LIGHTS), known)


def test_a_frame_tells_what_it_forbade() -> None:
    stream, side = pressure.seen(STREAM, WAITS), pressure.seen(WAITS)
    early = told(in_frame(0), pressure.seen((NORTH, 8.0, False), *pressure.queue(pressure.LEFT, 1)))
    assert [one.basis for one in early] == [Basis.GAP_OUT, Basis.EARLY]
    assert (early[1].stage, early[1].s) == (TURN, 1.0), "the first stage is green in the first second of every cycle"
    order = told(in_frame(5), side)
    assert order[1:] == [Reason(Basis.ORDER, NORTH_SOUTH, TURN)]
    until_over = [told(in_frame(second), stream) for second in (14, 15)]
    assert until_over[0] == [Reason(Basis.EXTENDED, EAST_WEST, None, 1.5, GAP)]
    assert until_over[1] == [Reason(Basis.FORCE_OFF, NORTH_SOUTH), Reason(Basis.ORDER, NORTH_SOUTH, TURN)]
    latest_s = 45 - 3 * 3 - 2 * 5  # what the other two need at least
    alone = [told(in_frame(second), pressure.seen(STREAM)) for second in (latest_s - 1, latest_s)]
    rests = Reason(Basis.RESTS, EAST_WEST, None, 1.5, GAP)
    assert alone == [[rests], [rests, Reason(Basis.FORCE_OFF, TURN)]]


def test_fixed_control_tells_the_second_of_its_plan() -> None:
    plan = frame(ControlMode.FIXED, (0, 1), (20, 14), offset_s=11)
    assert told(Fixed({0: plan}), pressure.seen(), 0, seconds=3) == [Reason(Basis.PLAN, 1, None, 31.0, 40.0)]
