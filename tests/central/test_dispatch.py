"""The dispatcher: what it sends runs in the order that the node runs, and what breaks a rule stays at home."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nutgiao.central.dispatch import Dispatcher
from nutgiao.central.sqlite_store import SqliteStore
from nutgiao.central.state import NetworkState
from nutgiao.models.contracts.plan import SignalPlan, cycle_of, local_plan
from nutgiao.models.contracts.safety import Refusal, Rule
from nutgiao.models.contracts.site import site_hash
from nutgiao.models.contracts.words import ControlMode
from tests.support.crossroads import NOON_S
from tests.support.dual_ring import GREENS, LAG, dual_ring
from tests.support.voice import Voice
from tests.support.wire import Wire

SITE = dual_ring()


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def dispatcher(wire: Wire, tmp_path: Path) -> Dispatcher:
    store = SqliteStore(tmp_path / "centre.db", tmp_path / "evidence")
    key = Ed25519PrivateKey.generate()
    return Dispatcher("city", {SITE.id: SITE}, NetworkState([SITE]), store, wire, key, 900.0)  # type: ignore[arg-type]


def running(order: tuple[int, ...]) -> SignalPlan:
    assert SITE.signals is not None
    plan = local_plan(SITE.id, SITE.signals, site_hash(SITE), SITE.signals.time_of_day[0])
    return msgspec.structs.replace(plan, order=order, cycle_s=cycle_of(SITE.signals, plan.green_s, order))


@pytest.mark.parametrize("order", [(), LAG])
def test_new_timings_keep_the_order_in_which_the_stages_run(
    dispatcher: Dispatcher, wire: Wire, order: tuple[int, ...]
) -> None:
    longer = (14, 28, 10, 22, 18, 24, 12, 20)
    assert dispatcher.propose(SITE.id, longer, 30, running(order), NOON_S)
    (message,) = wire.sent
    assert (message.plan.order, message.plan.green_s, message.plan.cycle_s) == (order, longer, 96)


def test_a_box_that_cannot_do_what_a_plan_lets_it_do_gets_plans_without_that(wire: Wire, tmp_path: Path) -> None:
    state = NetworkState([SITE])
    store = SqliteStore(tmp_path / "centre.db", tmp_path / "evidence")
    key = Ed25519PrivateKey.generate()
    free = Dispatcher("city", {SITE.id: SITE}, state, store, wire, key, 900.0, ControlMode.FREE)  # type: ignore[arg-type]
    longer = (14, 28, 10, 22, 18, 24, 12, 20)
    assert free.propose(SITE.id, longer, 30, running(()), NOON_S)
    sent = wire.sent[-1].plan
    assert sent.mode is ControlMode.FREE
    refusal = Refusal(rule=Rule.MODE, reason="rings", cure="send the plan with mode fixed")
    state.take(Voice(SITE).reply(NOON_S, sent, refusal), NOON_S)
    assert free.propose(SITE.id, longer, 30, running(()), NOON_S + 1.0)
    assert wire.sent[-1].plan.mode is ControlMode.FIXED


def test_timings_whose_rings_do_not_meet_stay_at_home(dispatcher: Dispatcher, wire: Wire) -> None:
    assert not dispatcher.propose(SITE.id, (*GREENS[:-1], GREENS[-1] + 1), 30, running(()), NOON_S)
    assert wire.sent == []
