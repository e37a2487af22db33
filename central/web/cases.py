"""The API of cases: lists, looks, steps, legal hold, personal data and exports; each under a person's name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel

from nutgiao.central.cases.bundles import Bundles, media_type
from nutgiao.central.cases.case import ViolationCase
from nutgiao.central.cases.desk import Desk
from nutgiao.central.cases.export import Exporter
from nutgiao.central.cases.flow import CaseState, StepRefused
from nutgiao.central.cases.people import Way
from nutgiao.central.store import Store
from nutgiao.central.web.answers import json_answer
from nutgiao.central.web.case_json import case_json, case_row
from nutgiao.models.contracts.case_rules import CaseRules
from nutgiao.models.contracts.words import ViolationName

TRAIL_ROWS = 60


class Named(BaseModel):
    """Who asks."""

    person: str


class StepTaken(Named):
    """A step that a person takes."""

    state: CaseState
    reason: str = ""
    words: str = ""


class Held(Named):
    """A legal hold that a person puts or ends."""

    held: bool
    words: str


class OwnerTold(Named):
    """Who owns the vehicle."""

    name: str
    address: str = ""
    plate: str = ""
    source: str


class NoticeTold(Named):
    """How the owner was told."""

    way: Way
    reference: str


def add_cases(
    app: FastAPI,
    store: Store,
    bundles: Bundles,
    rules: CaseRules,
    seal: Ed25519PrivateKey | None,
    clock: Callable[[], float],
) -> None:
    """Adds the routes of cases.

    Args:
        app: to which application.
        store: where the cases are.
        bundles: their evidence.
        rules: how they are handled.
        seal: signs exports; None exports none.
        clock: time now.
    """
    desk = Desk(store, bundles, rules)

    def whole(case: ViolationCase, person: str) -> Response:
        trail = store.audit(case.report.violation, limit=TRAIL_ROWS)
        return json_answer(case_json(case, desk, bundles, trail, person, clock()))

    @app.get("/api/violations")
    def violations(
        kind: ViolationName | None = None,
        state: CaseState | None = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        offset: Annotated[int, Query(ge=0)] = 0,
    ) -> Response:
        """Cases, latest act first, and the kinds that there are."""
        cases, count = store.violations(kind=kind, state=state, limit=limit, offset=offset)
        return json_answer(
            {"violations": [case_row(case) for case in cases], "count": count, "kinds": store.count_by_kind()}
        )

    @app.get("/api/violations/{violation}")
    def violation(violation: str, person: str = "") -> Response:
        """One case with its figures, its checks, its trail, and what this person can do next."""
        return whole(desk.case(violation), " ".join(person.split()))

    @app.get("/api/violations/{violation}/evidence/{member:path}")
    def evidence(violation: str, member: str, person: str = "") -> Response:
        """One file of a case's bundle; the look is logged before it is shown."""
        named, kind = desk.case(violation).report.evidence, media_type(member)
        if named is None or kind is None:
            raise FileNotFoundError(f"case {violation} has no {member} that can be shown")
        body = bundles.read(named.bundle, member)
        desk.look(violation, member, person=person, now_s=clock())
        return Response(body, media_type=kind)

    @app.post("/api/violations/{violation}/step")
    def step(violation: str, taken: StepTaken) -> Response:
        """A person moves a case one step."""
        case = desk.move(
            violation, taken.state, person=taken.person, reason=taken.reason, words=taken.words, now_s=clock()
        )
        return whole(case, taken.person)

    @app.post("/api/violations/{violation}/hold")
    def hold(violation: str, held: Held) -> Response:
        """A person puts a case under legal hold, or ends it."""
        change = desk.hold if held.held else desk.release
        return whole(change(violation, held.words, person=held.person, now_s=clock()), held.person)

    @app.post("/api/violations/{violation}/owner/open")
    def open_owner(violation: str, who: Named) -> Response:
        """The personal data of a case; that it was opened is logged before it is shown."""
        owner, notices = desk.owner(violation, person=who.person, now_s=clock())
        return json_answer({"owner": owner, "notices": notices})

    @app.post("/api/violations/{violation}/owner")
    def set_owner(violation: str, told: OwnerTold) -> Response:
        """A person writes down who owns the vehicle."""
        desk.set_owner(
            violation, name=told.name, address=told.address, plate=told.plate, source=told.source, person=told.person,
            now_s=clock(),
        )  # fmt: skip
        return whole(desk.case(violation), told.person)

    @app.post("/api/violations/{violation}/notices")
    def add_notice(violation: str, told: NoticeTold) -> Response:
        """A person writes down that the owner was told."""
        desk.add_notice(violation, way=told.way, reference=told.reference, person=told.person, now_s=clock())
        return whole(desk.case(violation), told.person)

    @app.post("/api/violations/{violation}/export")
    def export(violation: str, who: Named) -> Response:
        """The case as one signed zip; that it was exported is logged first."""
        if seal is None:
            raise StepRefused("this centre has no key to sign an export with")
        name, body = Exporter(store, bundles, desk, rules, seal).export(violation, person=who.person, now_s=clock())
        return Response(
            body, media_type="application/zip", headers={"Content-Disposition": f'attachment; filename="{name}"'}
        )

    @app.put("/api/evidence/{bundle}")
    async def upload(bundle: str, request: Request) -> Response:
        """A box brings a bundle; its node stands in the header X-Nutgiao-Node."""
        node = request.headers.get("x-nutgiao-node", "")
        new = await bundles.take(bundle, node, request.stream())
        if new:
            store.note(node, "uploaded", bundle, "", clock())
        return json_answer({"stored": new}, status=201 if new else 200)
