"""A centre that restarts: plans of the run before go on being known and renewed, and revisions never go back."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nutgiao.central.app import CentreOptions, run_central
from nutgiao.central.dispatch import Dispatcher
from nutgiao.central.flows import FlowMeter
from nutgiao.central.planning import Planning
from nutgiao.central.sqlite_store import SqliteStore
from nutgiao.central.state import NetworkState
from nutgiao.configs.cases import load_case_rules
from nutgiao.models.contracts.broker_url import BrokerUrl
from tests.support.brokers import free_port, running
from tests.support.crossroads import NOON_S, crossroads, plan_for
from tests.support.voice import Voice
from tests.support.wire import Wire

SITE, KEY = crossroads(), Ed25519PrivateKey.generate()
LATER_S = NOON_S + 300.0


def start(folder: Path, now_s: float) -> tuple[NetworkState, SqliteStore, Dispatcher, Wire]:
    """A centre that starts with what its folder holds."""
    state, store, wire = NetworkState([SITE]), SqliteStore(folder / "centre.sqlite", folder / "evidence"), Wire()
    connection: Any = wire
    dispatcher = Dispatcher("city", {SITE.id: SITE}, state, store, connection, KEY, 900.0)
    dispatcher.recall(now_s)
    return state, store, dispatcher, wire


def test_a_centre_that_restarts_knows_the_plan_that_runs_and_renews_it(tmp_path: Path) -> None:
    _, store, dispatcher, wire = start(tmp_path, NOON_S)
    table = plan_for(SITE, (45, 35), revision=0)
    assert dispatcher.propose(SITE.id, (50, 30), 37, table, NOON_S)
    sent = wire.sent[-1].plan
    store.answer_plan(Voice(SITE).reply(NOON_S + 1, sent))
    store.close()
    state, store, dispatcher, wire = start(tmp_path, LATER_S)
    assert [(one.plan, one.accepted) for one in state.proposals()] == [(sent, True)]
    state.take(Voice(SITE).signal(LATER_S, plan=sent.id, revision=sent.revision), LATER_S)
    assert state.running_plan(SITE.id) == sent
    Planning([SITE], state, FlowMeter(), dispatcher).plan(LATER_S)
    renewal = wire.sent[-1].plan
    assert (renewal.green_s, renewal.offset_s, renewal.expires_s) == ((50, 30), 37, LATER_S + 900.0)
    assert renewal.revision > sent.revision
    store.close()


def test_revisions_go_on_though_the_clock_was_set_back_and_plans_that_are_over_are_history(tmp_path: Path) -> None:
    _, store, dispatcher, wire = start(tmp_path, NOON_S)
    dispatcher.propose(SITE.id, (50, 30), 37, plan_for(SITE, (45, 35), revision=0), NOON_S)
    sent = wire.sent[-1].plan
    store.close()
    slow_s = NOON_S - 7200.0
    _, store, dispatcher, wire = start(tmp_path, slow_s)
    assert dispatcher.propose(SITE.id, (48, 32), 5, sent, slow_s)
    assert wire.sent[-1].plan.revision == sent.revision + 1
    store.close()
    state, store, dispatcher, _ = start(tmp_path, NOON_S + 86400.0)
    assert (state.proposals(), dispatcher.revisions) == ([], {SITE.id: sent.revision + 1})
    store.close()


def test_the_centre_s_service_reads_its_store_when_it_starts(tmp_path: Path) -> None:
    now_s = time.time()
    store = SqliteStore(tmp_path / "centre.sqlite", tmp_path / "evidence")
    store.add_plan(plan_for(SITE, (50, 30), revision=41, now_s=now_s - 60), now_s - 60)
    store.close()
    stop, told = threading.Event(), {}

    def ready(url: str, key: object) -> None:
        with urllib.request.urlopen(f"{url}/api/state", timeout=10) as answer:
            told.update(json.load(answer))
        stop.set()

    with running("iotcore", tmp_path) as broker:
        address = BrokerUrl("127.0.0.1", broker.port)
        options = CentreOptions((SITE,), "city", address, tmp_path, free_port(), load_case_rules())
        run_central(options, stop, ready)
    assert told["plans"] == [f"{SITE.id}/41/sent"]
