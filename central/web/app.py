"""The centre's HTTP API and the page that lives on it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
from fastapi import FastAPI, Query, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel

from nutgiao.central.review import Review, ReviewRefused, ReviewState, UnknownViolation
from nutgiao.central.state import NetworkState
from nutgiao.central.store import Store, StoreFailed, ViolationCase
from nutgiao.central.web.bundles import BundleExists, Bundles, TooLarge, Verify, media_type
from nutgiao.central.web.guard import LOOPBACK, Guard
from nutgiao.central.web.layout import layout
from nutgiao.central.web.snapshot import case_row, plan_rows, queue_history, snapshot
from nutgiao.models.contracts.errors import EvidenceBroken
from nutgiao.models.contracts.words import ViolationKind

STATIC = Path(__file__).parent / "static"
HISTORY_S = 3600.0

STATUS_OF: dict[type[Exception], int] = {
    UnknownViolation: 404,
    FileNotFoundError: 404,
    ReviewRefused: 409,
    BundleExists: 409,
    TooLarge: 413,
    EvidenceBroken: 422,
    StoreFailed: 503,
}


class Decision(BaseModel):
    """What a person decided."""

    state: ReviewState
    reviewer: str
    reason: str = ""


def make_app(
    state: NetworkState,
    store: Store,
    evidence: Path,
    *,
    clock: Callable[[], float],
    verify: Verify,
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
        evidence: folder of the bundles.
        clock: time now, on the clock that the messages use.
        verify: checks an uploaded bundle of a node: None if it is whole, else what is wrong.
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
    _add_violations(app, store, Bundles(evidence, verify), clock)
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
        return _json({"now_s": now_s, "uplink": uplink(), "nodes": nodes})

    @app.get("/api/layout")
    def the_layout() -> Response:
        """Junctions and approaches on the ground plane."""
        return _json(layout(list(state.sites.values())))

    @app.get("/api/state")
    def the_state() -> Response:
        """What is now."""
        return _json(snapshot(state, store, clock(), uplink()))

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
        return _json(queue_history(state, clock() - HISTORY_S))

    @app.get("/api/plans")
    def plans() -> Response:
        """Plans that were sent and what became of them."""
        return _json({"plans": plan_rows(state, store, clock())})

    @app.get("/api/result")
    def the_result() -> Response:
        """The demo's summary; an empty object before there is one."""
        return _json(result() or {})


def _add_violations(app: FastAPI, store: Store, bundles: Bundles, clock: Callable[[], float]) -> None:
    review = Review(store)

    def case_json(case: ViolationCase) -> dict[str, Any]:
        bundle = case.report.evidence.bundle if case.report.evidence else None
        return {
            **case_row(case),
            "track": case.report.track,
            "numbers": case.report.numbers,
            "received_s": case.received_s,
            "manifest_sha256": case.report.evidence.manifest_sha256 if case.report.evidence else None,
            "files": bundles.contents(bundle) if bundle else [],
        }

    @app.get("/api/violations")
    def violations(
        kind: ViolationKind | None = None,
        state: ReviewState | None = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        offset: Annotated[int, Query(ge=0)] = 0,
    ) -> Response:
        """Cases, latest act first."""
        cases, count = store.violations(kind=kind, state=state, limit=limit, offset=offset)
        return _json({"violations": [case_row(case) for case in cases], "count": count})

    @app.get("/api/violations/{violation}")
    def violation(violation: str) -> Response:
        """One case with its numbers, the contents of its bundle and its trail."""
        case = store.violation(violation)
        if case is None:
            raise UnknownViolation(f"there is no case {violation!r}")
        return _json({**case_json(case), "trail": store.audit(violation, limit=20)})

    @app.get("/api/violations/{violation}/evidence/{member:path}")
    def evidence(violation: str, member: str, reviewer: str = "") -> Response:
        """One file of a case's bundle; the look is logged first."""
        case = review.look(violation, member, reviewer=reviewer, now_s=clock())
        kind = media_type(member)
        if case.report.evidence is None or kind is None:
            raise FileNotFoundError(f"case {violation} has no {member} that can be shown")
        return Response(bundles.read(case.report.evidence.bundle, member), media_type=kind)

    @app.post("/api/violations/{violation}/decision")
    def decide(violation: str, decision: Decision) -> Response:
        """A person moves a case one step."""
        case = review.decide(
            violation, decision.state, reviewer=decision.reviewer, reason=decision.reason, now_s=clock()
        )
        return _json(case_json(case))

    @app.put("/api/evidence/{bundle}")
    async def upload(bundle: str, request: Request) -> Response:
        """A box brings a bundle; its node stands in the header X-Nutgiao-Node."""
        node = request.headers.get("x-nutgiao-node", "")
        new = await bundles.take(bundle, node, request.stream())
        if new:
            store.note(node, "uploaded", bundle, "", clock())
        return _json({"stored": new}, status=201 if new else 200)


def _json(body: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(body), status_code=status, media_type="application/json")


def _answer(status: int) -> Callable[[Request, Exception], Response]:
    def answer(request: Request, error: Exception) -> Response:
        return JSONResponse({"error": str(error)}, status_code=status)

    return answer
