"""The flow of a case: what may follow what, who may do it, and that no way round leads to an approval."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from nutgiao.central.cases.auto import Auto
from nutgiao.central.cases.desk import Desk
from nutgiao.central.cases.flow import NEEDED, STEPS, Actor, CaseState, Need, Reason, StepRefused, UnknownCase
from nutgiao.central.cases.people import Way
from nutgiao.central.cases.persons import same_person
from nutgiao.central.sqlite_store import SqliteStore
from nutgiao.models.contracts.errors import NutgiaoError
from tests.support.centre import BOX, NOW, RULES, SITE, bundles_of, filled
from tests.support.sealed import STILLS, Sealer
from tests.support.voice import Voice

S = CaseState
DAY_S = 86400.0
AN, BINH = "Nguyễn Thị An", "Lê Bình"
TWO = msgspec.structs.replace(RULES, two_person=True)


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    return filled(tmp_path)[1]


@pytest.fixture
def desk(store: SqliteStore) -> Desk:
    return Desk(store, bundles_of(store), RULES)


def look_at_all(desk: Desk, violation: str, person: str, now_s: float = NOW) -> None:
    for still in STILLS:
        desk.look(violation, still, person=person, now_s=now_s)


def approve(desk: Desk, violation: str, person: str = AN, words: str = "") -> None:
    desk.move(violation, S.IN_REVIEW, person=person, now_s=NOW)
    look_at_all(desk, violation, person)
    desk.move(violation, S.APPROVED, person=person, words=words, now_s=NOW)


def test_a_case_goes_from_the_report_to_the_closed_file_and_every_step_is_in_the_audit(
    store: SqliteStore, desk: Desk
) -> None:
    approve(desk, "v1", "  Nguyễn Thị  An ")
    desk.set_owner("v1", name="Trần Văn B", address="", plate="29-B1 123.45", source="register", person=AN, now_s=NOW)
    desk.move("v1", S.OWNER_IDENTIFIED, person=AN, now_s=NOW)
    desk.add_notice("v1", way=Way.POST, reference="TB-17", person=AN, now_s=NOW)
    desk.move("v1", S.NOTIFIED, person=AN, now_s=NOW)
    desk.move("v1", S.APPEALED, person=AN, words="was not there", now_s=NOW)
    desk.move("v1", S.HANDLED, person=BINH, reason=Reason.FINED, words="was there", now_s=NOW)
    case = desk.move("v1", S.CLOSED, person=BINH, now_s=NOW + 1)
    assert (case.state, case.reviewer, case.approvers, case.decided_s) == ("closed", BINH, (AN,), NOW)
    trail = [(row.actor, row.action) for row in reversed(store.audit("v1"))]
    assert trail == [
        ("x1", "reported"), ("centre", "auto_checked"), (AN, "in_review"), *[(AN, "looked")] * 3, (AN, "approved"),
        (AN, "entered_owner"), (AN, "owner_identified"), (AN, "entered_notice"), (AN, "notified"), (AN, "appealed"),
        (BINH, "handled"), (BINH, "closed"),
    ]  # fmt: skip
    assert store.broken_audit_row() is None


@pytest.mark.parametrize("to", [state for state in S if state is not S.IN_REVIEW])
def test_nothing_but_taking_it_up_can_be_done_with_a_case_that_waits(
    store: SqliteStore, desk: Desk, to: CaseState
) -> None:
    before, rows = desk.case("v1"), len(store.audit())
    with pytest.raises(StepRefused, match=f"cannot become {to}; from here: in_review"):
        desk.move("v1", to, person=AN, reason=Reason.NO_VIOLATION, words="x", now_s=NOW)
    assert (desk.case("v1"), len(store.audit())) == (before, rows)


def test_nobody_approves_without_having_seen_every_still(desk: Desk) -> None:
    desk.move("v1", S.IN_REVIEW, person=AN, now_s=NOW)
    look_at_all(desk, "v1", BINH)
    for still in STILLS[:2]:
        desk.look("v1", still, person=AN, now_s=NOW)
    with pytest.raises(StepRefused, match="look at every still") as refused:
        desk.move("v1", S.APPROVED, person=AN, now_s=NOW)
    assert refused.value.needs == (Need.LOOK,)
    desk.look("v1", STILLS[2], person=AN, now_s=NOW)
    assert desk.move("v1", S.APPROVED, person=AN, now_s=NOW).state == "approved"


def test_a_look_counts_for_one_judgement_only(desk: Desk) -> None:
    approve(desk, "v1")
    desk.move("v1", S.IN_REVIEW, person=AN, reason=Reason.MISTAKE, now_s=NOW)
    with pytest.raises(StepRefused, match="look at every still"):
        desk.move("v1", S.APPROVED, person=AN, now_s=NOW)


def test_a_case_without_evidence_is_rejected_but_never_approved(desk: Desk) -> None:
    desk.move("v2", S.IN_REVIEW, person=AN, now_s=NOW)
    with pytest.raises(StepRefused) as refused:
        desk.move("v2", S.APPROVED, person=AN, words="I saw it myself", now_s=NOW)
    assert set(refused.value.needs) == {Need.LOOK, Need.EVIDENCE}
    with pytest.raises(StepRefused, match="give a reason: one of no_violation"):
        desk.move("v2", S.REJECTED, person=AN, now_s=NOW)
    with pytest.raises(StepRefused, match="in words"):
        desk.move("v2", S.REJECTED, person=AN, reason=Reason.OTHER, words=" \u202e ", now_s=NOW)
    case = desk.move("v2", S.REJECTED, person=AN, reason=Reason.DIRECTED, words="waved on", now_s=NOW)
    assert (case.reason, case.words) == ("directed", "waved on")


def test_evidence_that_changed_on_the_disk_after_it_was_checked_is_not_approved(store: SqliteStore, desk: Desk) -> None:
    desk.move("v1", S.IN_REVIEW, person=AN, now_s=NOW)
    look_at_all(desk, "v1", AN)
    path = store.evidence / "v1.zip"
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(body)
    with pytest.raises(StepRefused, match="not whole"):
        desk.move("v1", S.APPROVED, person=AN, now_s=NOW)


def test_who_approves_against_a_failed_check_says_why(store: SqliteStore, desk: Desk) -> None:
    report, body = Sealer(BOX.key).seal(Voice(SITE, "b3").violation(NOW, "v3"), law=None, stills=())
    store.add_violation(report, NOW)
    (store.evidence / "v3.zip").write_bytes(body)
    Auto(store, bundles_of(store), RULES).check_new(NOW)
    desk.move("v3", S.IN_REVIEW, person=AN, now_s=NOW)
    offers = {offer.step.after: offer for offer in desk.offers(desk.case("v3"), AN, NOW)}
    assert offers[S.APPROVED].words
    assert Need.LOOK in offers[S.APPROVED].missing, "a bundle without stills cannot be looked at"


@pytest.mark.parametrize("second", ["Nguyễn Thị An", "nguyen thi an", "NGUYỄN THỊ ÂN", "Nguyễn  Thị An"])
def test_the_second_person_is_another_one_however_the_name_is_written(store: SqliteStore, second: str) -> None:
    desk = Desk(store, bundles_of(store), TWO)
    desk.move("v1", S.IN_REVIEW, person=AN, now_s=NOW)
    look_at_all(desk, "v1", AN)
    assert desk.move("v1", S.SECOND_REVIEW, person=AN, now_s=NOW).state == "second_review"
    look_at_all(desk, "v1", second)
    with pytest.raises(StepRefused, match="another person"):
        desk.move("v1", S.APPROVED, person=second, now_s=NOW)
    with pytest.raises(StepRefused, match="look at every still"):
        desk.move("v1", S.APPROVED, person=BINH, now_s=NOW)
    look_at_all(desk, "v1", BINH)
    case = desk.move("v1", S.APPROVED, person=BINH, now_s=NOW)
    assert case.approvers == (AN, BINH)


def test_switching_two_persons_off_does_not_spare_a_case_its_second_person(store: SqliteStore) -> None:
    strict = Desk(store, bundles_of(store), TWO)
    strict.move("v1", S.IN_REVIEW, person=AN, now_s=NOW)
    look_at_all(strict, "v1", AN)
    strict.move("v1", S.SECOND_REVIEW, person=AN, now_s=NOW)
    lax = Desk(store, bundles_of(store), RULES)
    look_at_all(lax, "v1", AN)
    with pytest.raises(StepRefused, match="another person"):
        lax.move("v1", S.APPROVED, person=AN, now_s=NOW)


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "An\u202e", "An\x00", "…", "\u200b\u200b"])
def test_nobody_decides_or_looks_without_a_name_that_can_be_read(desk: Desk, name: str) -> None:
    with pytest.raises(StepRefused, match="name"):
        desk.move("v1", S.IN_REVIEW, person=name, now_s=NOW)
    with pytest.raises(StepRefused, match="name"):
        desk.look("v1", "at.jpg", person=name, now_s=NOW)


def test_of_two_people_who_decide_at_once_one_is_told(store: SqliteStore, desk: Desk) -> None:
    read = desk.case("v1")
    desk.move("v1", S.IN_REVIEW, person=BINH, now_s=NOW)
    desk.move("v1", S.CHECKED, person=BINH, now_s=NOW)
    late = store.move_violation(read, S.IN_REVIEW, actor=AN, reason="", words="", now_s=NOW)
    assert not late, "the case stands where it stood, but others have been there in between"


def test_unknown_cases_are_named_without_their_hidden_letters(desk: Desk) -> None:
    with pytest.raises(UnknownCase, match=r"v404<U\+202E>"):
        desk.look("v404\u202e", "at.jpg", person=AN, now_s=NOW)


def test_personal_data_is_kept_of_approved_cases_only_and_shown_to_who_opens_it(store: SqliteStore, desk: Desk) -> None:
    told: dict[str, Any] = {"name": "Trần Văn B", "address": "12 Hàng Bài", "plate": "29-B1", "source": "register"}
    with pytest.raises(StepRefused, match="approved cases only"):
        desk.set_owner("v1", **told, person=AN, now_s=NOW)
    approve(desk, "v1")
    with pytest.raises(StepRefused, match="who owns the vehicle"):
        desk.move("v1", S.OWNER_IDENTIFIED, person=AN, now_s=NOW)
    desk.set_owner("v1", **told, person=AN, now_s=NOW)
    owner, _ = desk.owner("v1", person=BINH, now_s=NOW)
    assert owner is not None
    assert owner.name == "Trần Văn B"
    assert [(row.actor, row.action) for row in store.audit("v1", limit=2)] == [
        (BINH, "opened_owner"),
        (AN, "entered_owner"),
    ]
    assert not any("Trần" in row.detail for row in store.audit(limit=1000))
    store.flush()
    for path in store.evidence.parent.glob("centre.db*"):
        assert "Trần".encode() not in path.read_bytes(), "a copy of the cases tells nobody's name"


def test_every_step_of_the_table_can_be_explained() -> None:
    assert set(NEEDED) == set(Need)
    assert not any(step.after is S.APPROVED and Need.LOOK not in step.needs for step in STEPS)
    assert not any(step.by is Actor.CENTRE and step.after not in {S.CHECKED, S.EXPIRED} for step in STEPS)
    reached = {S.DETECTED} | {step.after for step in STEPS}
    assert reached == set(S)


PEOPLE = [AN, "nguyễn thị an", BINH, ""]


class CasesInAllOrders(RuleBasedStateMachine):
    """People and the centre do anything in any order; what must never happen is looked for after each of it."""

    @initialize(two=st.booleans())
    def begin(self, two: bool) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.store = filled(Path(self.folder.name))[1]
        self.rules = TWO if two else RULES
        self.bundles = bundles_of(self.store)
        self.desk, self.auto = Desk(self.store, self.bundles, self.rules), Auto(self.store, self.bundles, self.rules)
        self.now_s, self.rows, self.held = NOW, len(self.store.audit(limit=10_000)), set[str]()
        self.states = {name: self.desk.case(name).state for name in ("v1", "v2")}
        report = Voice(SITE, "b9").violation(NOW, "v3", bundle="v3.zip")
        self.store.add_violation(report, NOW)  # its bundle never comes
        self.states["v3"] = "detected"
        self.rows += 1

    def attempt(self, act: Any) -> None:
        try:
            act()
        except NutgiaoError:
            return

    @rule(name=st.sampled_from(["v1", "v1", "v2", "v3"]), to=st.sampled_from(list(S)), who=st.sampled_from(PEOPLE),
          reason=st.sampled_from(["", *Reason]), words=st.sampled_from(["", "so it was"]))  # fmt: skip
    def move(self, name: str, to: CaseState, who: str, reason: str, words: str) -> None:
        self.attempt(lambda: self.desk.move(name, to, person=who, reason=reason, words=words, now_s=self.now_s))

    @rule(who=st.sampled_from(PEOPLE))
    def go_on(self, who: str) -> None:
        """Takes the first step that is open, so that long ways are found as well."""
        case = self.store.violation("v1")
        if case is None:
            return
        for offer in self.desk.offers(case, who, self.now_s):
            if not offer.missing:
                reason = offer.step.reasons[0] if offer.step.reasons else ""
                self.attempt(
                    lambda o=offer, r=reason: self.desk.move(  # type: ignore[misc]
                        "v1", o.step.after, person=who, reason=r, words="so", now_s=self.now_s
                    )
                )
                return

    @rule(name=st.sampled_from(["v1", "v2", "v3"]), who=st.sampled_from(PEOPLE), count=st.integers(1, 3))
    def look(self, name: str, who: str, count: int) -> None:
        for still in STILLS[:count]:
            self.attempt(lambda s=still: self.desk.look(name, s, person=who, now_s=self.now_s))  # type: ignore[misc]

    @rule(who=st.sampled_from(PEOPLE))
    def owner_and_notice(self, who: str) -> None:
        told = {"name": "B", "address": "", "plate": "", "source": "register"}
        self.attempt(lambda: self.desk.set_owner("v1", **told, person=who, now_s=self.now_s))
        self.attempt(lambda: self.desk.add_notice("v1", way=Way.POST, reference="1", person=who, now_s=self.now_s))

    @rule(name=st.sampled_from(["v1", "v2", "v3"]), held=st.booleans(), who=st.sampled_from(PEOPLE))
    def hold(self, name: str, held: bool, who: str) -> None:
        act = self.desk.hold if held else self.desk.release
        self.attempt(lambda: act(name, "court", person=who, now_s=self.now_s))
        case = self.store.violation(name)
        (self.held.add if case is not None and case.hold else self.held.discard)(name)

    @rule(days=st.sampled_from([0, 1, 4, 80, 400]))
    def time_goes_by(self, days: int) -> None:
        self.now_s += days * DAY_S
        self.auto.check_new(self.now_s)
        self.auto.expire(self.now_s)
        self.auto.purge(self.now_s)

    @invariant()
    def nothing_is_approved_without_people_who_have_looked(self) -> None:
        for name in ("v1", "v2", "v3"):
            rows = list(reversed(self.store.audit(name, limit=10_000)))
            for k, row in enumerate(rows):
                if row.action not in {"approved", "second_review"}:
                    continue
                since = max(
                    (i for i in range(k) if rows[i].action in {"approved", "second_review", "rejected"}), default=-1
                )
                seen = {
                    each.detail for each in rows[since + 1 : k] if each.action == "looked" and each.actor == row.actor
                }
                assert seen >= set(STILLS)
                assert row.actor not in {"", "centre", "x1"}
                if row.action == "approved" and self.rules.two_person:
                    first = rows[since]
                    assert first.action == "second_review"
                    assert not same_person(first.actor, row.actor)

    @invariant()
    def every_change_is_in_the_audit_and_the_audit_holds(self) -> None:
        rows = len(self.store.audit(limit=10_000))
        for name, before in self.states.items():
            case = self.store.violation(name)
            state = case.state if case is not None else "purged"
            if state != before:
                assert rows > self.rows
                assert any(row.action == state for row in self.store.audit(name, limit=rows - self.rows))
            self.states[name] = state
        assert rows >= self.rows
        self.rows = rows
        assert self.store.broken_audit_row() is None

    @invariant()
    def what_is_held_is_still_there(self) -> None:
        for name in self.held:
            assert self.store.violation(name) is not None
            assert name != "v1" or self.bundles.has("v1.zip")

    @invariant()
    def personal_data_goes_with_its_case(self) -> None:
        there = {name for name in ("v1", "v2", "v3") if self.store.violation(name) is not None}
        assert self.store.people.cases() <= there

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()


CasesInAllOrders.TestCase.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
TestCasesInAllOrders = CasesInAllOrders.TestCase
