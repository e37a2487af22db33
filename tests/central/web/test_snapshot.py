"""The network state as the page reads it: stages begin when the running plan's order says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec

from nutgiao.central import web
from nutgiao.central.node import Verdict
from nutgiao.central.sqlite_store import SqliteStore
from nutgiao.central.state import NetworkState
from nutgiao.central.web.snapshot import plan_rows, snapshot
from nutgiao.edge.camera.notes import PictureNote
from nutgiao.edge.evidence.retention import Note
from nutgiao.edge.signal.reasons import Reason
from nutgiao.models.contracts.messages import PriorityStatus
from nutgiao.models.contracts.plan import cycle_of
from nutgiao.models.contracts.priority import PriorityItem, PriorityState
from nutgiao.models.contracts.words import ControlSource, PictureFault
from tests.support.crossroads import NOON_S, crossroads, plan_for
from tests.support.dual_ring import GREENS, LAG, dual_ring
from tests.support.voice import Voice


def test_stages_begin_in_the_order_of_the_plan_that_runs(tmp_path: Path) -> None:
    site = dual_ring()
    assert site.signals is not None
    state, store = NetworkState([site]), SqliteStore(tmp_path / "centre.db", tmp_path / "evidence")
    cycle = cycle_of(site.signals, GREENS, LAG)
    plan = msgspec.structs.replace(plan_for(site, GREENS, revision=4), order=LAG, cycle_s=cycle)
    state.sent(plan, NOON_S)
    store.add_plan(plan, NOON_S)
    state.take(Voice(site).signal(NOON_S, plan=plan.id, revision=4), NOON_S)
    [node] = snapshot(state, store, NOON_S, {})["nodes"]
    timing = node["signal"]["timing"]
    assert timing["starts_s"] == [0, 17, 51, 66, 29, 0, 51, 68]
    assert timing["order"] == LAG
    assert [row["order"] for row in plan_rows(state, store, NOON_S)] == [LAG]
    assert [kept.plan for kept in store.plans()] == [plan]


def test_the_rung_and_its_reason_are_told_and_what_does_not_hold_on_it_is_left_out(tmp_path: Path) -> None:
    site = crossroads()
    state, store, voice = NetworkState([site]), SqliteStore(tmp_path / "centre.db", tmp_path / "evidence"), Voice(site)

    def told(source: ControlSource, reason: str) -> dict[str, Any]:
        state.take(voice.signal(NOON_S, source=source, reason=reason), NOON_S)
        [node] = snapshot(state, store, NOON_S, {})["nodes"]
        return node["signal"]  # type: ignore[no-any-return]

    signal = told(ControlSource.TIME_OF_DAY, "no valid plan of the centre")
    assert (signal["source"], signal["reason"], signal["timing"]["offset_s"]) == (
        "time_of_day",
        "no valid plan of the centre",
        10,
    )
    assert told(ControlSource.FIXED, "the clock is not set")["timing"]["offset_s"] is None


def test_the_page_has_vietnamese_words_for_every_rung_and_every_reason() -> None:
    words = (Path(web.__file__).parent / "static" / "words.js").read_text(encoding="utf-8")
    for rung in ControlSource:
        assert re.search(rf"^  {rung}: \[", words, re.MULTILINE), rung
    for fault in PictureFault:
        assert re.search(rf"^  camera_{fault}: \[", words, re.MULTILINE), fault
    for reason in (*Reason, *Note, *PictureNote):
        translated = re.search(
            rf'^  "note_{re.escape(reason)}": \["(.+)", "{re.escape(reason)}"\],$', words, re.MULTILINE
        )
        assert translated is not None, reason
        assert translated[1] != reason


def test_requests_for_priority_are_told_while_they_are_news(tmp_path: Path) -> None:
    site = crossroads()
    state, store, voice = NetworkState([site]), SqliteStore(tmp_path / "centre.db", tmp_path / "evidence"), Voice(site)
    item = PriorityItem(request="bus-26/r1", state=PriorityState.ACTIVATED, since_s=NOON_S)
    told = PriorityStatus(**voice.head(NOON_S, 10.0), requests=(item,), counts={"unsigned": 2, "expired": 1})  # type: ignore[arg-type]
    assert state.take(told, NOON_S) is Verdict.NEW
    [node] = snapshot(state, store, NOON_S, {})["nodes"]
    assert [one["state"] for one in node["priority"]["requests"]] == ["activated"]
    assert node["priority"]["refused"] == 3
    [later] = snapshot(state, store, NOON_S + 11.0, {})["nodes"]
    assert later["priority"] is None


def test_the_page_has_vietnamese_words_for_every_state_of_a_request() -> None:
    words = (Path(web.__file__).parent / "static" / "words.js").read_text(encoding="utf-8")
    for state in PriorityState:
        translated = re.search(rf'^  priority_{state}: \["(.+)", "(.+)"\],$', words, re.MULTILINE)
        assert translated is not None, state
        assert translated[1] != translated[2]


def test_every_word_of_the_page_stands_once() -> None:
    words = (Path(web.__file__).parent / "static" / "words.js").read_text(encoding="utf-8")
    keys = re.findall(r'^  "?([^":]+)"?: \[', words, re.MULTILINE)
    assert sorted(keys) == sorted(set(keys))


def test_messages_that_a_box_has_lost_are_told(tmp_path: Path) -> None:
    site = crossroads()
    state, store = NetworkState([site]), SqliteStore(tmp_path / "centre.db", tmp_path / "evidence")
    state.take(msgspec.structs.replace(Voice(site).health(NOON_S), lost=512), NOON_S)
    [node] = snapshot(state, store, NOON_S, {})["nodes"]
    assert node["health"]["lost"] == 512
