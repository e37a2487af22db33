"""The network state as the page reads it: stages begin when the running plan's order says."""

from __future__ import annotations

from pathlib import Path

import msgspec

from nutgiao.central.sqlite_store import SqliteStore
from nutgiao.central.state import NetworkState
from nutgiao.central.web.snapshot import plan_rows, snapshot
from nutgiao.models.contracts.plan import cycle_of
from tests.support.crossroads import NOON_S, plan_for
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
