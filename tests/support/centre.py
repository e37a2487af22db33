"""A centre with something to show: one crossroads that has spoken, cases with bundles, and a plan that was refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI

from nutgiao.central.cases.auto import Auto
from nutgiao.central.cases.bundles import Bundles
from nutgiao.central.evidence import by_keys
from nutgiao.central.sqlite_store import SqliteStore
from nutgiao.central.state import NetworkState
from nutgiao.central.web.app import make_app
from nutgiao.configs.cases import load_case_rules
from nutgiao.models.contracts.case_rules import CaseRules
from nutgiao.models.contracts.safety import Refusal, Rule
from nutgiao.models.contracts.words import ViolationKind
from tests.support.crossroads import NOON_S, crossroads, plan_for
from tests.support.sealed import Sealer
from tests.support.voice import Voice

NOW = float(NOON_S)
SITE = crossroads()

RULES = load_case_rules()
BOX = Sealer(Ed25519PrivateKey.from_private_bytes(b"box of the crossroads".ljust(32)))
CENTRE_KEY = Ed25519PrivateKey.from_private_bytes(b"centre".ljust(32))


def filled(folder: Path) -> tuple[NetworkState, SqliteStore]:
    """State and store of that centre; cases v1 (with a bundle) and v2 (without), checked and waiting."""
    state, store, voice = NetworkState([SITE]), SqliteStore(folder / "centre.db", folder / "evidence"), Voice(SITE)
    for second in range(120):
        time_s = NOW - 120 + second
        state.take(voice.lanes(time_s, queue_veh=12, departures_mcu=0.5, back_m=31.0, life_s=130.0), time_s)
    state.take(voice.health(NOW, life_s=1e6), NOW)
    state.take(voice.signal(NOW, life_s=1e6), NOW)
    plan = plan_for(SITE, revision=4)
    refusal = Refusal(rule=Rule.MAX_RED, reason="s is red for 160 s", cure="serve it after at most 150 s", second=41)
    for sent, answer in ((plan, voice.reply(NOW, plan, refusal)),):
        state.sent(sent, NOW)
        store.add_plan(sent, NOW)
        state.take(answer, NOW)
        store.answer_plan(answer)
    store.add_node_key(SITE.id, BOX.public_key, NOW)
    report, body = Sealer(BOX.key).seal(voice.violation(NOW, "v1"))
    store.add_violation(report, NOW)
    (store.evidence / "v1.zip").write_bytes(body)
    store.add_violation(voice.violation(NOW - 60, "v2", kind=ViolationKind.WRONG_WAY), NOW)
    Auto(store, bundles_of(store), RULES).check_new(NOW)
    return state, store


def bundles_of(store: SqliteStore) -> Bundles:
    """The store's bundles; more is taken in if the box of the crossroads has sealed it for that case."""
    return Bundles(store.evidence, by_keys({SITE.id: {BOX.public_key}}))


def page_of(state: NetworkState, store: SqliteStore, rules: CaseRules = RULES, **settings: Any) -> FastAPI:
    """The centre's page on that state and store."""
    return make_app(state, store, bundles_of(store), clock=lambda: NOW, rules=rules, seal=CENTRE_KEY, **settings)
