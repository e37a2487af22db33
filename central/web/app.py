"""The centre's HTTP API and the page that lives on it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from fastapi.staticfiles import StaticFiles

from nutgiao.central.cases.bundles import BundleExists, Bundles, TooLarge
from nutgiao.central.cases.flow import StepRefused, UnknownCase
from nutgiao.central.cases.people import PeopleUnavailable
from nutgiao.central.state import NetworkState
from nutgiao.central.store import Store, StoreFailed
from nutgiao.central.web.answers import json_answer
from nutgiao.central.web.cases import add_cases
from nutgiao.central.web.guard import LOOPBACK, Guard
from nutgiao.central.web.layout import layout
from nutgiao.central.web.snapshot import plan_rows, queue_history, snapshot
from nutgiao.models.contracts.case_rules import CaseRules
from nutgiao.models.contracts.errors import EvidenceBroken

STATIC = Path(__file__).parent / "static"
HISTORY_S = 3600.0

STATUS_OF: dict[type[Exception], int] = {
    UnknownCase: 404,
    FileNotFoundError: 404,
    StepRefused: 409,
    BundleExists: 409,
    TooLarge: 413,
    EvidenceBroken: 422,
    StoreFailed: 503,
    PeopleUnavailable: 503,
}


def make_app(
    state: NetworkState,
    store: Store,
    bundles: Bundles,
    *,
    clock: Callable[[], float],
    rules: CaseRules,
    seal: Ed25519PrivateKey | None = None,
    result: Callable[[], Mapping[str, Any] | None] = lambda: None,
    uplink: Callable[[], Mapping[str, Any]] = lambda: {"up": True},
    hosts: Collection[str] | None = LOOPBACK,
    token: str | None = None,
    stream_pause_s: float = 0.5,
) -> FastAPI:
    """Builds the application; everything it knows comes in here.

    Args:
        state: what is.
        store: what was.
        bundles: the evidence, and what is asked before more is taken in.
        clock: time now, on the clock that the messages use.
        rules: how cases are handled.
        seal: the centre's key, which signs exports of cases; None exports none.
        result: the demo's summary, None before there is one.
        uplink: how the link to the broker is; ``up`` and counts.
        hosts: host names that it answers to, None for all.
        token: bearer token for changes and evidence, None for none.
        stream_pause_s: wall seconds between two events of the stream.
    """
    # no docs pages: they would fetch scripts from elsewhere
    app = FastAPI(title="nutgiao", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json")
    app.state.closing = threading.Event()
    app.add_middleware(Guard, hosts=hosts, token=token)
    for error, status in STATUS_OF.items():
        app.add_exception_handler(error, _answer(status))
    _add_network(app, state, store, clock, uplink, result, stream_pause_s)
    add_cases(app, store, bundles, rules, seal, clock)
    app.mount("/", StaticFiles(directory=STATIC, html=True), name="page")
    return app


def _add_network(
    app: FastAPI,
    state: NetworkState,
    store: Store,
    clock: Callable[[], float],
    uplink: Callable[[], Mapping[str, Any]],
    result: Callable[[], Mapping[str, Any] | None],
    stream_pause_s: float,
) -> None:
    @app.get("/api/health")
    def health() -> Response:
        """Whether the centre lives, for a watchdog."""
        now_s = clock()
        nodes = {node: state.health(node, now_s).state for node in state.sites}
        return json_answer({"now_s": now_s, "uplink": uplink(), "nodes": nodes})

    @app.get("/api/layout")
    def the_layout() -> Response:
        """Junctions and approaches on the ground plane."""
        return json_answer(layout(list(state.sites.values())))

    @app.get("/api/state")
    def the_state() -> Response:
        """What is now."""
        return json_answer(snapshot(state, store, clock(), uplink()))

    @app.get("/api/stream")
    async def stream() -> StreamingResponse:
        """The state again and again, as server-sent events."""

        async def events() -> AsyncIterator[bytes]:
            while not app.state.closing.is_set():
                yield b"data: " + msgspec.json.encode(snapshot(state, store, clock(), uplink())) + b"\n\n"
                await asyncio.sleep(stream_pause_s)

        return StreamingResponse(events(), media_type="text/event-stream")

    @app.get("/api/history")
    def history() -> Response:
        """Delay over the last hour."""
        return json_answer(queue_history(state, clock() - HISTORY_S))

    @app.get("/api/plans")
    def plans() -> Response:
        """Plans that were sent and what became of them."""
        return json_answer({"plans": plan_rows(state, store, clock())})

    @app.get("/api/result")
    def the_result() -> Response:
        """The demo's summary; an empty object before there is one."""
        return json_answer(result() or {})


def _answer(status: int) -> Callable[[Request, Exception], Response]:
    def answer(request: Request, error: Exception) -> Response:
        missing = list(error.needs) if isinstance(error, StepRefused) else []
        return JSONResponse({"error": str(error), "missing": missing}, status_code=status)

    return answer
