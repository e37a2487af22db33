"""What a controller noted is told as it was chosen."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nutgiao.models.contracts.decision import Measure
from nutgiao.models.queueing.junction.notes import Notes
from nutgiao.models.queueing.junction.tables import NONE

LOOKS_S = 60.0

scripts = st.lists(
    st.tuples(st.integers(0, 4), st.sampled_from([0.0, 1.0, 4.0, 61.0]), st.integers(0, 3).map(lambda n: 12.5 * n)),
    min_size=1,
    max_size=30,
)


def noted(some: list[tuple[int, float, float]]) -> Notes:
    """Scripts by first stage, seconds before it and cost."""
    notes = Notes()
    notes.begin(Measure.DELAY, LOOKS_S)
    stage = np.array([[one[0], NONE] for one in some], np.int32)
    notes.tried(3, np.array([[one[1], np.inf] for one in some]), stage, np.array([one[2] for one in some]))
    return notes


@given(scripts)
def test_the_first_option_is_the_script_that_was_chosen(some: list[tuple[int, float, float]]) -> None:
    chosen = some[int(np.argmin([cost for _, _, cost in some]))]
    best = noted(some).options(3)[0]
    told = (best.stage, 61.0 if best.hold_s is None else best.hold_s, best.figure)
    assert told == chosen


@given(scripts)
def test_each_stage_is_told_once_with_its_best_and_its_soonest_script(some: list[tuple[int, float, float]]) -> None:
    options = noted(some).options(3)
    assert [one.figure for one in options] == sorted(one.figure for one in options)
    assert sorted(one.stage for one in options) == sorted({stage for stage, _, _ in some})
    for one in options:
        own = [(hold_s, cost) for stage, hold_s, cost in some if stage == one.stage]
        assert one.scripts == len(own)
        assert one.figure == min(cost for _, cost in own)
        assert (one.soonest_s, one.soonest) == min(own)


def test_of_equal_scores_the_stage_that_shows_comes_first() -> None:
    notes = Notes()
    notes.begin(Measure.SCORE, 15.0)
    notes.scored(0, np.array([2.0, 5.0, 5.0]), 2)
    assert [one.stage for one in notes.options(0)] == [2, 1, 0]


def test_a_new_second_forgets_the_one_before() -> None:
    notes = noted([(0, 0.0, 1.0)])
    notes.held(np.array([4, 5], np.int32), np.array([0.0, 8.0]))
    assert notes.late_s() == {5: 8.0}
    notes.begin(Measure.DELAY, LOOKS_S)
    assert (notes.options(3), notes.late_s()) == ((), {})
