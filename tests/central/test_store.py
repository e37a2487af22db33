"""The store: durable, idempotent, from several threads, with an audit that shows every change."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nutgiao.central.keeping import UNACKNOWLEDGED, Keeping
from nutgiao.central.sqlite_store import SqliteStore
from nutgiao.central.store import StoreFailed
from nutgiao.models.contracts.safety import Refusal, Rule
from nutgiao.models.contracts.words import ViolationKind
from tests.support.crossroads import NOON_S, crossroads, plan_for
from tests.support.voice import Voice

SITE = crossroads()
NOW = float(NOON_S)
DAY_S = 86400.0


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    return SqliteStore(tmp_path / "centre.db", tmp_path / "evidence")


def test_a_violation_that_comes_twice_is_one_case(store: SqliteStore) -> None:
    report = Voice(SITE).violation(NOW, "v1", bundle="v1.zip")
    assert store.add_violation(report, NOW)
    assert not store.add_violation(report, NOW + 5)
    cases, count = store.violations()
    assert (count, cases[0].report, cases[0].received_s, cases[0].state) == (1, report, NOW, "detected")


def test_cases_are_filtered_and_paged_latest_first(store: SqliteStore) -> None:
    voice = Voice(SITE)
    for k in range(6):
        kind = ViolationKind.RED_LIGHT if k % 2 else ViolationKind.WRONG_WAY
        store.add_violation(voice.violation(NOW + k, f"v{k}", kind=kind), NOW + k)
    page, count = store.violations(kind=ViolationKind.RED_LIGHT, limit=2, offset=1)
    assert ([case.report.violation for case in page], count) == (["v3", "v1"], 3)
    assert store.violations(state="approved") == ([], 0)


def test_what_was_stored_survives_a_new_process(tmp_path: Path) -> None:
    first = SqliteStore(tmp_path / "centre.db", tmp_path / "evidence")
    voice, plan = Voice(SITE), plan_for(SITE, revision=3)
    first.add_violation(voice.violation(NOW, "v1"), NOW)
    first.add_plan(plan, NOW)
    first.answer_plan(voice.reply(NOW + 1, plan))
    first.add_lanes(voice.lanes(NOW, queue_veh=4))
    first.close()
    second = SqliteStore(tmp_path / "centre.db", tmp_path / "evidence")
    assert second.violation("v1") is not None
    [kept] = second.plans()
    assert kept.plan == plan
    assert kept.reply is not None
    assert kept.reply.accepted
    assert [each.queue_veh for each in second.lane_history("x1", "M", NOW, NOW + 10)] == [4.0]
    assert second.broken_audit_row() is None


def test_seconds_of_a_bin_add_up_over_batches(store: SqliteStore) -> None:
    voice = Voice(SITE)
    for second in range(10):
        store.add_lanes(voice.lanes(NOW + second, queue_veh=second, departures_mcu=1.0, back_m=float(second)))
        if second == 4:
            store.flush()
    [each] = store.lane_history("x1", "M", NOW, NOW + 10)
    assert (each.seconds, each.departures_mcu, each.queue_veh, each.back_of_queue_m) == (10, 10.0, 4.5, 9.0)


def test_refusals_of_a_plan_are_kept_and_told_once(store: SqliteStore) -> None:
    voice, plan = Voice(SITE), plan_for(SITE, revision=3)
    store.add_plan(plan, NOW)
    reply = voice.reply(NOW + 1, plan, Refusal(rule=Rule.MIN_GREEN, reason="m has 3 s", cure="give it at least 7 s"))
    store.answer_plan(reply)
    store.answer_plan(reply)
    [kept] = store.plans()
    assert kept.reply == reply
    assert [(row.actor, row.action) for row in store.audit("x1/3")] == [("x1", "refused"), ("centre", "proposed")]


def test_audit_refuses_changes_and_shows_those_made_behind_its_back(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "centre.db", tmp_path / "evidence")
    for k in range(5):
        store.note("An", "looked", f"v{k}", "at.jpg", NOW + k)
    store.close()
    db = sqlite3.connect(tmp_path / "centre.db")
    for change in ("UPDATE audit SET actor = 'Binh' WHERE number = 3", "DELETE FROM audit WHERE number = 3"):
        with pytest.raises(sqlite3.DatabaseError, match="append-only"):
            db.execute(change)
    db.execute("DROP TRIGGER audit_is_not_changed")
    db.execute("UPDATE audit SET actor = 'Binh' WHERE number = 3")
    db.commit()
    db.close()
    assert SqliteStore(tmp_path / "centre.db", tmp_path / "evidence").broken_audit_row() == 3


def test_many_threads_write_one_chain(store: SqliteStore) -> None:
    voice = Voice(SITE)
    reports = [voice.violation(NOW + k, f"v{k}") for k in range(60)]
    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(lambda report: store.add_violation(report, NOW), reports))
    assert store.count_by_state() == {"detected": 60}
    assert store.broken_audit_row() is None
    assert len(store.audit(limit=1000)) == 60


def test_old_lane_history_is_deleted_and_the_audit_says_so(store: SqliteStore) -> None:
    store.add_lanes(Voice(SITE).lanes(NOW - 500 * DAY_S, queue_veh=1))
    assert store.purge_lanes(NOW) > 0
    assert store.lane_history("x1", "M", 0.0, NOW) == []
    assert store.audit("store")[0].action == "purged"


def test_a_path_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "centre.db").write_bytes(b"this is a letter to the ministry, not a database" * 40)
    with pytest.raises(StoreFailed, match=r"centre\.db"):
        SqliteStore(tmp_path / "centre.db", tmp_path / "evidence")


def test_while_the_disk_fails_violations_wait_and_are_kept_when_it_is_back(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "centre.db", tmp_path / "evidence")
    store._db.execute("PRAGMA busy_timeout = 0")
    keeping, voice = Keeping(store), Voice(SITE)
    thief = sqlite3.connect(tmp_path / "centre.db", isolation_level=None)
    thief.execute("BEGIN IMMEDIATE")  # nobody else can write
    freed = [keeping.keep(voice.violation(NOW + k, f"v{k}"), k, NOW) for k in range(UNACKNOWLEDGED + 2)]
    assert freed == [[]] * UNACKNOWLEDGED + [[UNACKNOWLEDGED], [UNACKNOWLEDGED + 1]]
    assert keeping.keep(voice.signal(NOW), 100, NOW) == [100]
    thief.execute("ROLLBACK")
    assert len(keeping) == UNACKNOWLEDGED + 2
    assert set(keeping.keep(voice.signal(NOW), 101, NOW)) >= {101, *range(UNACKNOWLEDGED)}
    assert len(keeping) == 0
    assert store.violations()[1] == UNACKNOWLEDGED + 2
