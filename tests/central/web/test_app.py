"""The API: what it tells, what it refuses, and what it never does to evidence."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from nutgiao.central.sqlite_store import SqliteStore
from nutgiao.central.web.app import make_app
from nutgiao.central.web.bundles import UPLOAD_LIMIT_BYTES
from nutgiao.central.web.serve import WebServer
from nutgiao.models.contracts.errors import PortBusy
from tests.support.centre import NOW, PIXEL, bundle, filled

OWN = {"X-Nutgiao": "1"}
FROM_NODE = {"X-Nutgiao-Node": "x1"}


def verify(path: Path, node: str) -> str | None:
    """Takes bundles of x1 only."""
    return None if node == "x1" else f"not signed by {node!r}"


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    state, store = filled(tmp_path)
    app = make_app(state, store, store.evidence, clock=lambda: NOW, verify=verify)
    app.state.store = store
    return TestClient(app, base_url="http://127.0.0.1:8000")


def of(client: TestClient) -> SqliteStore:
    kept: SqliteStore = client.app.state.store  # type: ignore[attr-defined]
    return kept


def test_state_tells_lamps_queues_plan_and_health(client: TestClient) -> None:
    body = client.get("/api/state").json()
    [node] = body["nodes"]
    assert node["health"]["state"] == "online"
    assert node["signal"]["groups"] == {"m": "green", "pm": "green", "s": "red", "ps": "red"}
    timing = {
        "offset_s": 10, "green_s": [45, 35], "order": [], "mode": "fixed", "starts_s": [0, 50], "expires_s": None,
    }  # fmt: skip
    assert node["signal"]["timing"] == timing
    assert (node["approaches"]["M"]["queue_veh"], node["approaches"]["M"]["back_of_queue_m"]) == (12, 31.0)
    assert body["violations"] == {"pending": 2}


def test_layout_puts_the_junction_between_its_stop_lines(client: TestClient) -> None:
    [site] = client.get("/api/layout").json()["sites"]
    # M comes from the south with its kerb at x = 0 and 6.4 m of road to the left; S from the west, kerb at y = 8
    assert site["centre_m"] == pytest.approx([(-6.4 + 8.0) / 2, (0.0 + 14.4) / 2])
    assert [each["signal_group"] for each in site["approaches"]] == ["m", "s"]


def test_plans_tell_the_broken_rule_and_its_cure(client: TestClient) -> None:
    [plan] = client.get("/api/plans").json()["plans"]
    assert plan["state"] == "rejected"
    assert (plan["refusals"][0]["rule"], plan["refusals"][0]["cure"]) == ("max_red", "serve it after at most 150 s")


def test_history_is_delay_over_time(client: TestClient) -> None:
    body = client.get("/api/history").json()
    assert body["network"]["queue_veh"] == [24.0] * 12
    assert body["nodes"]["x1"] == body["network"]


def test_result_is_empty_before_there_is_one(client: TestClient, tmp_path: Path) -> None:
    assert client.get("/api/result").json() == {}
    state, store = filled(tmp_path / "other")
    summary = {"progress": {"done": 0.5, "text": "seed 2"}}
    app = make_app(state, store, store.evidence, clock=lambda: NOW, verify=verify, result=lambda: summary)
    assert TestClient(app, base_url="http://localhost").get("/api/result").json() == summary


def test_violations_are_filtered_and_paged(client: TestClient) -> None:
    body = client.get("/api/violations", params={"kind": "wrong_way"}).json()
    assert ([row["id"] for row in body["violations"]], body["count"]) == (["v2"], 1)
    assert [row["id"] for row in client.get("/api/violations?limit=1&offset=1").json()["violations"]] == ["v2"]
    assert client.get("/api/violations?kind=loud_horn").status_code == 422
    assert client.get("/api/violations?limit=100000").status_code == 422


def test_a_case_shows_its_figures_and_what_is_in_its_bundle(client: TestClient) -> None:
    body = client.get("/api/violations/v1").json()
    assert body["numbers"] == {"speed_mps": 7.1, "red_age_s": 1.4}
    assert [each["name"] for each in body["files"]][:2] == ["before.jpg", "at.jpg"]
    assert client.get("/api/violations/v2").json()["files"] == []
    assert client.get("/api/violations/v404").status_code == 404


def test_every_look_at_evidence_is_logged_with_the_name(client: TestClient) -> None:
    path = "/api/violations/v1/evidence/at.jpg"
    assert client.get(path).status_code == 409
    answer = client.get(path, params={"reviewer": "Nguyễn Thị An"})
    assert (answer.content, answer.headers["content-type"]) == (PIXEL, "image/jpeg")
    [row] = [row for row in of(client).audit("v1") if row.action == "looked"]
    assert (row.actor, row.detail, row.time_s) == ("Nguyễn Thị An", "at.jpg", NOW)


@pytest.mark.parametrize(
    "member",
    ["../centre.db", "..%2f..%2fcentre.db", "%2fetc%2fpasswd", "signature.bin", "at.jpg%00.png", "nothing.jpg"],
)
def test_only_members_of_the_bundle_that_a_browser_may_show_come_out(client: TestClient, member: str) -> None:
    answer = client.get(f"/api/violations/v1/evidence/{member}?reviewer=An")
    assert answer.status_code == 404
    assert b"SQLite" not in answer.content


def test_a_decision_needs_our_header_a_name_and_an_allowed_step(client: TestClient) -> None:
    path, body = "/api/violations/v1/decision", {"state": "in_review", "reviewer": "An"}
    assert client.post(path, json=body).status_code == 403
    assert client.post(path, json={**body, "state": "confirmed"}, headers=OWN).status_code == 409
    assert client.post(path, json={**body, "reviewer": " "}, headers=OWN).status_code == 409
    assert client.post(path, json={**body, "state": "hanged"}, headers=OWN).status_code == 422
    assert client.post(path, json=body, headers=OWN).json()["state"] == "in_review"
    refused = client.post(path, json={**body, "state": "rejected"}, headers=OWN)
    assert refused.json() == {"error": "give a reason to reject a case"}
    assert client.post("/api/violations/v404/decision", json=body, headers=OWN).status_code == 404


def test_a_bundle_is_stored_once_and_never_replaced(client: TestClient) -> None:
    folder = of(client).evidence
    first = client.put("/api/evidence/v2.zip", content=bundle(), headers=FROM_NODE)
    again = client.put("/api/evidence/v2.zip", content=bundle(), headers=FROM_NODE)
    other = client.put("/api/evidence/v2.zip", content=bundle() + b"\0", headers=FROM_NODE)
    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)
    assert (folder / "v2.zip").read_bytes() == bundle()
    assert sorted(path.name for path in folder.iterdir()) == ["v1.zip", "v2.zip"]
    assert [row.action for row in of(client).audit("v2.zip")] == ["uploaded"]


@pytest.mark.parametrize(
    ("name", "body", "headers", "status"),
    [
        ("v2.zip", b"x" * (UPLOAD_LIMIT_BYTES + 1), FROM_NODE, 413),
        ("v2.zip", b"no zip at all", FROM_NODE, 422),
        ("v2.zip", bundle(), {"X-Nutgiao-Node": "x9"}, 422),
        ("v2.zip", bundle(), {}, 403),
        (".hidden", bundle(), FROM_NODE, 422),
        ("a%5cb.zip", bundle(), FROM_NODE, 422),
        ("..%2fv2.zip", bundle(), FROM_NODE, 405),
    ],
)
def test_what_is_no_bundle_of_a_known_node_leaves_nothing_behind(
    client: TestClient, name: str, body: bytes, headers: dict[str, str], status: int
) -> None:
    assert client.put(f"/api/evidence/{name}", content=body, headers=headers).status_code == status
    assert [path.name for path in of(client).evidence.iterdir()] == ["v1.zip"]
    assert not (of(client).evidence.parent / "v2.zip").exists()


def test_a_foreign_host_name_is_refused(client: TestClient) -> None:
    assert client.get("/api/state", headers={"Host": "evil.example:8000"}).status_code == 421
    assert client.get("/api/state", headers={"Host": "[::1]:8000"}).status_code == 200


def test_with_a_token_changes_and_evidence_ask_for_it(tmp_path: Path) -> None:
    state, store = filled(tmp_path)
    app = make_app(state, store, store.evidence, clock=lambda: NOW, verify=verify, token="geheim")
    client = TestClient(app, base_url="http://localhost")
    decision: dict[str, Any] = {"json": {"state": "in_review", "reviewer": "An"}}
    path = "/api/violations/v1"
    bearer = {"Authorization": "Bearer geheim", **OWN}
    assert client.get("/api/state").status_code == 200
    assert client.get(f"{path}/evidence/at.jpg?reviewer=An").status_code == 401
    assert client.get(f"{path}/evidence/at.jpg?reviewer=An", headers=bearer).status_code == 200
    assert client.post(f"{path}/decision", **decision, headers=OWN).status_code == 401
    assert (
        client.post(f"{path}/decision", **decision, headers={**OWN, "Authorization": "Bearer nope"}).status_code == 401
    )
    assert client.post(f"{path}/decision", **decision, headers=bearer).status_code == 200
    sent = client.put("/api/evidence/v9.zip", content=b"no zip", headers={"X-Nutgiao-Node": "j1"})
    assert sent.status_code == 422, "a box has no token; what it sends is judged by its seal"


def test_every_answer_forbids_foreign_content(client: TestClient) -> None:
    for path in ("/", "/app.js", "/api/state", "/api/violations/v404"):
        headers = client.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'self';")
        assert headers["x-content-type-options"] == "nosniff"
    assert client.get("/%2e%2e/app.py").status_code == 404
    assert client.get("/docs").status_code == 404


def test_the_page_fetches_nothing_from_elsewhere(client: TestClient) -> None:
    for path in ("/", "/app.js", "/app.css", "/words.js", "/api.js", "/case.js", "/corridor.js"):
        text = client.get(path).text.replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text, path
        assert "https://" not in text, path
        assert "innerHTML" not in text, path


def test_the_stream_repeats_the_state_and_ends_with_the_server(tmp_path: Path) -> None:
    state, store = filled(tmp_path)
    app = make_app(state, store, store.evidence, clock=lambda: NOW, verify=verify, stream_pause_s=0.01)
    events = []
    with WebServer(app) as server:
        with httpx.stream("GET", f"{server.url}/api/stream", timeout=10) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            for line in answer.iter_lines():
                if line.startswith("data: "):
                    events.append(json.loads(line[6:]))
                if len(events) == 3:
                    break
        assert httpx.get(f"{server.url}/api/health").json()["nodes"] == {"x1": "online"}
    assert [event["now_s"] for event in events] == [NOW] * 3
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{server.url}/api/health")


def test_a_busy_port_is_named(tmp_path: Path) -> None:
    state, store = filled(tmp_path)
    app = make_app(state, store, store.evidence, clock=lambda: NOW, verify=verify)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortBusy, match=f"127.0.0.1:{port}.*choose another port"):
            WebServer(app, port=port)
