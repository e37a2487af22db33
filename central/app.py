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

from nutgiao.central.centre import Centre
from nutgiao.central.evidence import bundle_problem
from nutgiao.central.sqlite_store import SqliteStore
from nutgiao.central.state import NetworkState
from nutgiao.central.web.app import make_app
from nutgiao.central.web.serve import WebServer
from nutgiao.configs.keys import load_or_create_key
from nutgiao.models.contracts.broker_url import BrokerUrl
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
    """

    sites: tuple[Site, ...]
    city: str
    broker: BrokerUrl
    data: Path
    port: int
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
        centre = Centre(options.sites, options.city, options.broker, state, store, key, keys, mode=options.mode)
        page = make_app(
            state,
            store,
            evidence,
            clock=time.time,
            verify=lambda path, node: bundle_problem(path, keys.get(node, ())),
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
                log.info("retention: %d cases removed", store.purge(now_s))
