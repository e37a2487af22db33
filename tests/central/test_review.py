"""Review: nothing is confirmed without a named person, and every step leaves a trace."""

from __future__ import annotations

from pathlib import Path

import pytest

from nutgiao.central.review import Review, ReviewRefused, ReviewState, UnknownViolation
from nutgiao.central.sqlite_store import SqliteStore
from tests.support.crossroads import NOON_S, crossroads
from tests.support.voice import Voice

NOW = float(NOON_S)
PENDING, IN_REVIEW, CONFIRMED, REJECTED = ReviewState


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    kept = SqliteStore(tmp_path / "centre.db", tmp_path / "evidence")
    kept.add_violation(Voice(crossroads()).violation(NOW, "v1"), NOW)
    return kept


def test_a_person_takes_a_case_and_confirms_it(store: SqliteStore) -> None:
    review = Review(store)
    review.decide("v1", IN_REVIEW, reviewer="  Nguyễn Thị  An ", reason="", now_s=NOW + 1)
    case = review.decide("v1", CONFIRMED, reviewer="Nguyễn Thị An", reason="", now_s=NOW + 2)
    assert (case.state, case.reviewer, case.decided_s) == ("confirmed", "Nguyễn Thị An", NOW + 2)
    trail = [(row.actor, row.action) for row in store.audit("v1")]
    assert trail == [("Nguyễn Thị An", "confirmed"), ("Nguyễn Thị An", "in_review"), ("x1", "reported")]


@pytest.mark.parametrize(
    ("path", "step"),
    [
        ([], CONFIRMED),
        ([], REJECTED),
        ([], PENDING),
        ([IN_REVIEW], IN_REVIEW),
        ([IN_REVIEW, CONFIRMED], REJECTED),
        ([IN_REVIEW, REJECTED], CONFIRMED),
    ],
)
def test_a_step_that_is_not_allowed_is_refused_and_changes_nothing(
    store: SqliteStore, path: list[ReviewState], step: ReviewState
) -> None:
    review = Review(store)
    for each in path:
        review.decide("v1", each, reviewer="An", reason="seen", now_s=NOW)
    before, rows = store.violation("v1"), len(store.audit())
    with pytest.raises(ReviewRefused, match=rf"cannot become {step}; from here: "):
        review.decide("v1", step, reviewer="An", reason="seen", now_s=NOW)
    assert (store.violation("v1"), len(store.audit())) == (before, rows)


def test_rejecting_needs_a_reason(store: SqliteStore) -> None:
    review = Review(store)
    review.decide("v1", IN_REVIEW, reviewer="An", reason="", now_s=NOW)
    with pytest.raises(ReviewRefused, match="give a reason to reject"):
        review.decide("v1", REJECTED, reviewer="An", reason="  ", now_s=NOW)
    case = review.decide("v1", REJECTED, reviewer="An", reason="waved through by police", now_s=NOW)
    assert case.reason == "waved through by police"


def test_a_decided_case_is_taken_up_again_only_with_a_reason(store: SqliteStore) -> None:
    review = Review(store)
    for step in (IN_REVIEW, CONFIRMED):
        review.decide("v1", step, reviewer="An", reason="", now_s=NOW)
    with pytest.raises(ReviewRefused, match="take up a decided case again"):
        review.decide("v1", IN_REVIEW, reviewer="Bình", reason="", now_s=NOW)
    assert review.decide("v1", IN_REVIEW, reviewer="Bình", reason="appeal", now_s=NOW).decided_s is None


@pytest.mark.parametrize("name", ["", "   ", "x" * 81])
def test_nobody_decides_or_looks_without_a_name(store: SqliteStore, name: str) -> None:
    review = Review(store)
    with pytest.raises(ReviewRefused, match="name"):
        review.decide("v1", IN_REVIEW, reviewer=name, reason="", now_s=NOW)
    with pytest.raises(ReviewRefused, match="name"):
        review.look("v1", "at.jpg", reviewer=name, now_s=NOW)


def test_of_two_people_who_decide_at_once_one_is_told(store: SqliteStore) -> None:
    class Hasty(SqliteStore):
        def violation(self, violation: str):  # type: ignore[no-untyped-def]
            case = super().violation(violation)
            self.move_violation("v1", before="pending", after="in_review", reviewer="Bình", reason="", now_s=NOW)
            return case

    store.__class__ = Hasty
    with pytest.raises(ReviewRefused, match="somebody else has just decided"):
        Review(store).decide("v1", IN_REVIEW, reviewer="An", reason="", now_s=NOW)


def test_unknown_cases_are_named(store: SqliteStore) -> None:
    with pytest.raises(UnknownViolation, match="v404"):
        Review(store).look("v404", "at.jpg", reviewer="An", now_s=NOW)
