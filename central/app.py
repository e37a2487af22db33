"""The centre as a service of its own: wall clock, a broker that runs already, the page, and retention once a day."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nutgiao.central.cases.auto import Auto
from nutgiao.central.cases.bundles import Bundles
from nutgiao.central.cases.people import PeopleUnavailable
from nutgiao.central.centre import Centre
from nutgiao.central.evidence import by_keys
from nutgiao.central.sqlite_store import SqliteStore
from nutgiao.central.state import NetworkState
from nutgiao.central.store import StoreFailed
from nutgiao.central.web.app import make_app
from nutgiao.central.web.serve import WebServer
from nutgiao.configs.keys import load_or_create_key
from nutgiao.models.contracts.broker_url import BrokerUrl
from nutgiao.models.contracts.case_rules import CaseRules
from nutgiao.models.contracts.site import Site
from nutgiao.models.contracts.words import ControlMode

log = logging.getLogger(__name__)

PURGE_EVERY_S = 86400.0


@dataclass(frozen=True, slots=True)
class CentreOptions:
    """What the centre is told.

    Attributes:
        sites: the junctions.
        city: name in the topics.
        broker: where.
        data: folder for the store, evidence and the signing key.
        port: of the page, on loopback; put a reverse proxy with TLS and sign-on in front of it for others.
        token: asked for changes and evidence; empty asks nobody.
        mode: what boxes may do within a plan.
        rules: how cases are handled.
    """

    sites: tuple[Site, ...]
    city: str
    broker: BrokerUrl
    data: Path
    port: int
    rules: CaseRules
    token: str = ""
    mode: ControlMode = ControlMode.FIXED


def run_central(options: CentreOptions, stop: threading.Event, ready: Callable[[str, Ed25519PrivateKey], None]) -> None:
    """Runs until told to stop.

    Args:
        options: what to run.
        stop: ends it.
        ready: told the page's address and the signing key, once both stand.

    Raises:
        NutgiaoError: if the broker, the port or the store fails at the start.
    """
    key = load_or_create_key(options.data / "centre.key")
    state = NetworkState(options.sites)
    keys: dict[str, set[str]] = {}
    evidence = options.data / "evidence"
    with contextlib.ExitStack() as stack:
        store = SqliteStore(options.data / "centre.sqlite", evidence)
        stack.callback(store.close)
        bundles = Bundles(evidence, by_keys(keys))
        auto = Auto(store, bundles, options.rules)
        centre = Centre(
            options.sites, options.city, options.broker, state, store, key, keys, mode=options.mode,
            chores=auto.check_new,
        )  # fmt: skip
        page = make_app(
            state,
            store,
            bundles,
            clock=time.time,
            rules=options.rules,
            seal=key,
            uplink=centre.uplink,
            token=options.token or None,
        )
        server = stack.enter_context(WebServer(page, port=options.port))
        centre.start(time.time(), recall=True)
        stack.callback(centre.close)
        ready(server.url, key)
        purged_s = 0.0
        while not stop.wait(1.0 - time.time() % 1.0):
            now_s = float(round(time.time()))
            centre.second(now_s)
            if now_s - purged_s >= PURGE_EVERY_S:
                purged_s = now_s
                _once_a_day(store, auto, now_s)


def _once_a_day(store: SqliteStore, auto: Auto, now_s: float) -> None:
    """What a failing disk may put off until tomorrow."""
    try:
        log.info("cases: %d expired, %d removed", auto.expire(now_s), auto.purge(now_s))
        store.purge_lanes(now_s)
        broken = store.broken_audit_row()
        if broken is not None:
            log.error("the audit does not hold: row %d does not follow from the one before", broken)
    except (StoreFailed, PeopleUnavailable) as error:
        log.error("retention waits: %s", error)
