"""The vote over a track: frames help each other, copies do not count, contradictions are told."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgiao.edge.plates.reader import SeenPlate
from nutgiao.edge.plates.vote import PlateVote, multiplied
from nutgiao.models.contracts.plates import PlateReading, Unreadable
from nutgiao.models.vision.plates.layout import TextLine
from nutgiao.models.vision.plates.posterior import Belief
from tests.support.plates import plate_grammar

A, B = ("30A12345",), ("30A12346",)
RNG = np.random.default_rng(3)


def frame(chances: dict[tuple[str, ...], float], *, sure: bool = True, cut: bool = False) -> SeenPlate:
    ranked = sorted(chances, key=lambda part: -chances[part])
    belief = Belief(tuple(ranked), tuple(chances[part] for part in ranked))
    reason = Unreadable.CUT if cut else None if sure else Unreadable.BLURRED
    text = None if reason else "".join(ranked[0])
    reading = PlateReading(text=text, shown=text, likelihood=belief.likelihood, reason=reason, lines=1)
    line = TextLine(50, 10, 90, 18, 0, 0.9)
    return SeenPlate(reading, belief, (line,), RNG.integers(0, 256, (20, 100, 3), np.uint8))


def vote(*frames: SeenPlate) -> PlateReading:
    counted = PlateVote(plate_grammar())
    for seen in frames:
        counted.add(seen)
    return counted.result()


def test_frames_that_agree_are_surer_than_one() -> None:
    one, three = vote(frame({A: 0.7, B: 0.2})), vote(*[frame({A: 0.7, B: 0.2}) for _ in range(3)])
    assert one.reason is Unreadable.AMBIGUOUS
    assert (three.text, three.shown, three.forms) == ("30A12345", "30A-123.45", ("car",))


def test_a_copy_of_a_frame_adds_nothing() -> None:
    counted = PlateVote(plate_grammar())
    seen = frame({A: 0.7, B: 0.2})
    assert counted.add(seen)
    assert not counted.add(seen)
    assert counted.frames == 1
    assert counted.result().text is None


def test_two_sure_frames_that_contradict_each_other_are_unreadable() -> None:
    reading = vote(*[frame({A: 0.9}) for _ in range(5)], frame({B: 0.9}))
    assert (reading.text, reading.reason) == (None, Unreadable.DISAGREEMENT)


def test_doubts_do_not_add_up_to_certainty() -> None:
    reading = vote(*[frame({A: 0.3, B: 0.1}, sure=False) for _ in range(20)])
    assert (reading.text, reading.reason) == (None, Unreadable.BLURRED)


def test_a_cut_plate_and_an_empty_track_say_nothing() -> None:
    assert vote().reason is Unreadable.NO_PLATE
    assert vote(frame({A: 0.9}, cut=True)).reason is Unreadable.NO_PLATE


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=30))
def test_many_frames_weigh_no_more_than_three(pairs: list[tuple[float, float]]) -> None:
    beliefs = [Belief((A, B), pair) for pair in pairs]
    together = multiplied(beliefs)
    assert sum(together.likelihoods) == pytest.approx(1.0)
    # the strongest that three frames can say: 1 against the floor each
    assert together.likelihoods[0] / max(together.likelihoods[1], 1e-12) <= 100.0**3 * (1 + 1e-6)
    assert multiplied(beliefs[::-1]).likelihoods == pytest.approx(together.likelihoods)
