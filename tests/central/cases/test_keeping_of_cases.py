"""What the centre does by itself: checks, time limits, deletion, and stores that an older nutgiao has written."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import msgspec
import pytest

from nutgiao.central import audit
from nutgiao.central.cases.auto import Auto
from nutgiao.central.cases.case import CheckName, CheckResult
from nutgiao.central.cases.checks import read_bundle
from nutgiao.central.cases.desk import Desk
from nutgiao.central.cases.flow import CaseState, Reason, StepRefused
from nutgiao.central.sqlite_store import SqliteStore
from nutgiao.central.store import StoreFailed
from nutgiao.models.contracts.case_rules import CaseRules
from nutgiao.models.contracts.clocks import ClockNote
from nutgiao.models.contracts.evidence import CalibrationClaim
from nutgiao.models.contracts.site import DeviceNote
from tests.central.cases.test_flow import AN, approve
from tests.support.centre import BOX, NOW, RULES, SITE, bundles_of, filled
from tests.support.sealed import LAW, Sealer
from tests.support.voice import Voice

DAY_S = 86400.0
OK, FAILED, UNKNOWN = CheckResult
OLD_SCHEMA = """
CREATE TABLE violations (
    id TEXT PRIMARY KEY, node TEXT NOT NULL, kind TEXT NOT NULL, occurred_s REAL NOT NULL, received_s REAL NOT NULL,
    bundle TEXT, report BLOB NOT NULL, state TEXT NOT NULL, reviewer TEXT NOT NULL, reason TEXT NOT NULL,
    decided_s REAL);
CREATE INDEX violations_by_time ON violations (occurred_s DESC);
"""


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    return filled(tmp_path)[1]


def auto_of(store: SqliteStore, rules: CaseRules = RULES) -> Auto:
    return Auto(store, bundles_of(store), rules)


def add(store: SqliteStore, name: str, sealer: Sealer, **changes: object) -> None:
    report, body = sealer.seal(Voice(SITE, name).violation(NOW, name), **changes)
    store.add_violation(report, NOW)
    (store.evidence / f"{name}.zip").write_bytes(body)


def results(store: SqliteStore, name: str) -> dict[str, CheckResult]:
    case = store.violation(name)
    assert case is not None
    return {check.name: check.result for check in case.checks}


def test_an_intact_bundle_passes_its_checks_and_still_waits_for_a_person(store: SqliteStore) -> None:
    assert results(store, "v1") == {
        "bundle": OK, "report": OK, "chain": OK, "law": OK, "clock": UNKNOWN, "calibration": OK, "plate": OK,
        "pictures": UNKNOWN,
    }  # fmt: skip
    case = store.violation("v1")
    assert case is not None
    assert (case.state, case.reviewer) == ("auto_checked", "centre")


@pytest.mark.parametrize(
    ("changes", "failed"),
    [
        ({"law": msgspec.structs.replace(LAW, valid_to="2025-12-31")}, CheckName.LAW),
        ({"calibration": CalibrationClaim(method="pairs", made="2020-01-01")}, CheckName.CALIBRATION),
        ({"device": DeviceNote(serial="1", certificate_until="2025-01-01")}, CheckName.CALIBRATION),
        ({"kind": "speed"}, CheckName.REPORT),
        ({"track": "t/9"}, CheckName.REPORT),
        ({"occurred_s": NOW - 60}, CheckName.REPORT),
        ({"stills": ()}, CheckName.PICTURES),
        ({"clocks": ClockNote(camera_s=0.7, ntp_s=0.0)}, CheckName.CLOCK),
        ({"number": 7}, CheckName.CHAIN),
    ],
)
def test_what_does_not_hold_is_told_by_its_check(
    store: SqliteStore, changes: dict[str, object], failed: CheckName
) -> None:
    add(store, "v3", Sealer(BOX.key), **changes)
    assert auto_of(store).check_new(NOW) == 1
    assert {name for name, result in results(store, "v3").items() if result is FAILED} == {failed}


def test_a_bundle_of_a_stranger_is_told_and_never_approved(store: SqliteStore) -> None:
    add(store, "v3", Sealer())
    auto_of(store).check_new(NOW)
    assert results(store, "v3")["bundle"] is FAILED
    with pytest.raises(StepRefused, match="not whole"):
        approve(Desk(store, bundles_of(store), RULES), "v3", words="looks right")


def test_two_bundles_that_claim_one_place_in_the_chain_are_told(store: SqliteStore) -> None:
    sealer = Sealer(BOX.key)
    add(store, "v3", sealer)
    add(store, "v4", sealer)
    auto_of(store).check_new(NOW)
    other = Sealer(BOX.key)
    other._previous, other._number = _previous_of(store, "v4"), 1  # as a copied key would
    report, body = other.seal(Voice(SITE, "b8").violation(NOW, "v5"))
    store.add_violation(report, NOW)
    (store.evidence / "v5.zip").write_bytes(body)
    auto_of(store).check_new(NOW)
    assert results(store, "v4")["chain"] is OK
    assert results(store, "v5")["chain"] is FAILED


def _previous_of(store: SqliteStore, name: str) -> str:
    read = read_bundle(bundles_of(store), f"{name}.zip")
    assert not isinstance(read, str)
    return read.manifest.previous_sha256


def test_a_bundle_that_never_comes_is_waited_for_and_then_missed(store: SqliteStore) -> None:
    store.add_violation(Voice(SITE, "b3").violation(NOW, "v3", bundle="v3.zip"), NOW)
    auto = auto_of(store)
    assert auto.check_new(NOW + 71 * 3600) == 0
    assert auto.check_new(NOW + 73 * 3600) == 1
    assert results(store, "v3")["bundle"] is FAILED


def test_a_report_that_comes_again_changes_nothing_and_a_different_one_is_told_once(store: SqliteStore) -> None:
    case = store.violation("v1")
    assert case is not None
    rows = len(store.audit(limit=1000))
    assert not store.add_violation(msgspec.structs.replace(case.report, id="new", seq=99, time_s=NOW + 9), NOW + 9)
    assert len(store.audit(limit=1000)) == rows
    for _ in range(3):
        assert not store.add_violation(msgspec.structs.replace(case.report, track="t/666"), NOW + 9)
    assert store.violation("v1") == case
    assert [row.action for row in store.audit("v1")].count("contradicted") == 1


def test_after_the_time_limit_a_case_expires_and_nobody_approves_it_any_more(store: SqliteStore) -> None:
    desk, auto = Desk(store, bundles_of(store), RULES), auto_of(store)
    desk.move("v1", CaseState.IN_REVIEW, person=AN, now_s=NOW)
    for still in ("before.jpg", "at.jpg", "beyond.jpg"):
        desk.look("v1", still, person=AN, now_s=NOW)
    late = desk.deadline_s(desk.case("v1")) + 1.0
    assert late > NOW + 365 * DAY_S
    assert auto.expire(late - 2.0) == 0
    with pytest.raises(StepRefused, match="time limit"):
        desk.move("v1", CaseState.APPROVED, person=AN, now_s=late)
    assert auto.expire(late) == 2
    assert desk.case("v1").state == "expired"
    assert desk.move("v1", CaseState.CLOSED, person=AN, now_s=late).state == "closed"


def test_the_limits_are_those_of_the_day_of_the_act() -> None:
    first = RULES.periods[0]
    short = msgspec.structs.replace(first, valid_from="2026-11-25", sanction_days=30)
    rules = msgspec.structs.replace(RULES, periods=(msgspec.structs.replace(first, valid_to="2026-11-24"), short))
    assert (rules.on("2026-11-24").sanction_days, rules.on("2026-11-25").sanction_days) == (365, 30)


def test_old_cases_go_with_their_evidence_and_those_in_hand_stay(store: SqliteStore) -> None:
    desk, auto = Desk(store, bundles_of(store), RULES), auto_of(store)
    sealer = Sealer(BOX.key)
    for name in ("taken", "held", "rejected"):
        add(store, name, sealer)
    auto.check_new(NOW)
    desk.move("taken", CaseState.IN_REVIEW, person=AN, now_s=NOW)
    desk.hold("held", "court", person=AN, now_s=NOW)
    desk.move("rejected", CaseState.IN_REVIEW, person=AN, now_s=NOW)
    desk.move("rejected", CaseState.REJECTED, person=AN, reason=Reason.UNCLEAR, now_s=NOW + 50 * DAY_S)
    stray = store.evidence / "nobody-asked.zip"
    stray.write_bytes(b"zip")
    os.utime(stray, (NOW, NOW))
    assert auto.purge(NOW + 80 * DAY_S) == 2
    assert sorted(path.name for path in store.evidence.iterdir()) == ["held.zip", "rejected.zip", "taken.zip"]
    assert store.violation("v1") is None
    assert store.audit("v1")[0].action == "purged"
    assert auto.purge(NOW + 130 * DAY_S) == 1
    desk.release("held", "over", person=AN, now_s=NOW)
    assert auto.purge(NOW + 130 * DAY_S) == 1


def test_a_store_of_the_first_schema_is_taken_over_with_all_its_decisions(tmp_path: Path) -> None:
    old = sqlite3.connect(tmp_path / "centre.db", isolation_level=None)
    old.executescript(OLD_SCHEMA + audit.SCHEMA)
    voice = Voice(SITE)
    for k, (state, who, why) in enumerate(
        [("pending", "", ""), ("in_review", AN, ""), ("confirmed", AN, ""), ("rejected", AN, "waved through")]
    ):
        report = voice.violation(NOW, f"v{k}")
        row = (f"v{k}", "x1", "red_light", NOW, NOW, None, msgspec.json.encode(report), state, who, why)
        old.execute(
            "INSERT INTO violations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (*row, NOW + k if k > 1 else None)
        )
        audit.append(old, NOW, "x1", "reported", f"v{k}", "red_light")
    old.close()
    for _ in range(2):  # a second start finds it done
        store = SqliteStore(tmp_path / "centre.db", tmp_path / "evidence")
        cases = [store.violation(f"v{k}") for k in range(4)]
        told = [(each.state, each.reviewer, each.words, each.approvers) for each in cases if each is not None]
        assert told == [
            ("detected", "", "", ()), ("in_review", AN, "", ()), ("approved", AN, "", (AN,)),
            ("rejected", AN, "waved through", ()),
        ]  # fmt: skip
        assert [row.action for row in store.audit("store")] == ["migrated"]
        assert store.broken_audit_row() is None
        store.close()
    newer = sqlite3.connect(tmp_path / "centre.db")
    newer.execute("PRAGMA user_version = 99")
    newer.close()
    with pytest.raises(StoreFailed, match="newer nutgiao"):
        SqliteStore(tmp_path / "centre.db", tmp_path / "evidence")


def test_keys_of_boxes_are_known_after_a_restart_and_a_new_one_is_in_the_audit(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "centre.db", tmp_path / "evidence")
    assert [store.add_node_key("x1", key, NOW) for key in ("aa", "aa", "bb")] == [True, False, True]
    store.close()
    again = SqliteStore(tmp_path / "centre.db", tmp_path / "evidence")
    assert again.node_keys("x1") == {"aa", "bb"}
    assert [row.detail for row in again.audit("x1")] == ["bb", "aa"]
    mode = (tmp_path / "centre.people.sqlite").stat().st_mode & 0o777
    assert mode == 0o600
