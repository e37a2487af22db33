"""Scores and intervals: the arithmetic that the demo's table stands on."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgiao.central.demo.matching import Deed, match
from nutgiao.central.demo.statistics import interval, paired
from nutgiao.models.contracts.words import ViolationKind

RED = ViolationKind.RED_LIGHT


def deed(time_s: float, approach: str = "west", *, two_wheeler: bool = True, kind: ViolationKind = RED) -> Deed:
    return Deed(kind, "j1", approach, time_s, two_wheeler)


def test_one_deed_cannot_excuse_two_reports() -> None:
    score = match([deed(10.0)], [deed(10.2), deed(10.4)], RED)
    assert (score.truth, score.reported, score.matched) == (1, 2, 1)
    assert score.precision == 0.5
    assert score.recall == 1.0


@pytest.mark.parametrize(
    "claim", [deed(10.0, "east"), deed(13.0), deed(10.0, two_wheeler=False), deed(10.0, kind=ViolationKind.WRONG_WAY)]
)
def test_another_place_time_vehicle_or_kind_is_a_wrong_report(claim: Deed) -> None:
    assert match([deed(10.0)], [claim], RED).matched == 0


def test_nothing_reported_has_no_precision() -> None:
    assert match([deed(1.0)], [], RED).precision is None
    assert match([], [deed(1.0)], RED).recall is None


@given(st.lists(st.floats(0, 100), max_size=20), st.lists(st.floats(0, 100), max_size=20))
def test_matches_never_outnumber_either_side(truth: list[float], claims: list[float]) -> None:
    score = match([deed(t) for t in truth], [deed(t) for t in claims], RED)
    assert score.matched <= min(len(truth), len(claims))


def test_the_interval_of_three_seeds_is_student_s() -> None:
    found = interval([10.0, 12.0, 14.0])
    assert found.mean == 12.0
    assert found.high - found.mean == pytest.approx(4.303 * 2.0 / math.sqrt(3), rel=1e-4)


def test_pairing_sees_what_the_seeds_hide() -> None:
    before, after = [10.0, 30.0, 50.0], [8.9, 29.0, 49.1]
    assert paired(before, after).significant
    assert interval(before).low < interval(after).high


def test_one_seed_has_no_interval() -> None:
    assert math.isnan(interval([3.0]).low)
    assert not interval([3.0]).significant
    with pytest.raises(ValueError, match="no value"):
        interval([])
