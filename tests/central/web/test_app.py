"""The API: what it tells, what it refuses, and what it never does to evidence."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from nutgiao.central.cases.bundles import UPLOAD_LIMIT_BYTES
from nutgiao.central.sqlite_store import SqliteStore
from nutgiao.central.web.serve import WebServer
from nutgiao.models.contracts.errors import PortBusy
from tests.support.centre import BOX, NOW, SITE, filled, page_of
from tests.support.sealed import Sealer, street
from tests.support.voice import Voice

OWN = {"X-Nutgiao": "1"}
FROM_NODE = {"X-Nutgiao-Node": "x1"}


AN = "Nguyễn Thị An"


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    state, store = filled(tmp_path)
    app = page_of(state, store)
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
    assert body["violations"] == {"auto_checked": 2}


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
    app = page_of(state, store, result=lambda: summary)
    assert TestClient(app, base_url="http://localhost").get("/api/result").json() == summary


def test_violations_are_filtered_and_paged(client: TestClient) -> None:
    body = client.get("/api/violations", params={"kind": "wrong_way"}).json()
    assert ([row["id"] for row in body["violations"]], body["count"]) == (["v2"], 1)
    assert [row["id"] for row in client.get("/api/violations?limit=1&offset=1").json()["violations"]] == ["v2"]
    assert client.get("/api/violations?kind=loud_horn").json()["count"] == 0
    assert client.get("/api/violations").json()["kinds"] == {"red_light": 1, "wrong_way": 1}
    assert client.get("/api/violations?limit=100000").status_code == 422


def test_a_case_shows_its_figures_and_what_is_in_its_bundle(client: TestClient) -> None:
    body = client.get("/api/violations/v1").json()
    assert body["numbers"] == {"speed_mps": 7.1, "red_age_s": 1.4}
    assert [each["name"] for each in body["files"]][2:4] == ["before.jpg", "at.jpg"]
    assert client.get("/api/violations/v2").json()["files"] == []
    assert client.get("/api/violations/v404").status_code == 404


def test_every_look_at_evidence_is_logged_with_the_name(client: TestClient) -> None:
    path = "/api/violations/v1/evidence/at.jpg"
    assert client.get(path).status_code == 409
    answer = client.get(path, params={"person": AN})
    assert (answer.content, answer.headers["content-type"]) == (street(1), "image/jpeg")
    [row] = [row for row in of(client).audit("v1") if row.action == "looked"]
    assert (row.actor, row.detail, row.time_s) == (AN, "at.jpg", NOW)


@pytest.mark.parametrize(
    "member",
    ["../centre.db", "..%2f..%2fcentre.db", "%2fetc%2fpasswd", "signature.bin", "at.jpg%00.png", "nothing.jpg"],
)
def test_only_members_of_the_bundle_that_a_browser_may_show_come_out(client: TestClient, member: str) -> None:
    answer = client.get(f"/api/violations/v1/evidence/{member}?person=An")
    assert answer.status_code == 404
    assert b"SQLite" not in answer.content


def test_a_step_needs_our_header_a_name_and_an_allowed_step(client: TestClient) -> None:
    path, body = "/api/violations/v1/step", {"state": "in_review", "person": AN}
    assert client.post(path, json=body).status_code == 403
    assert client.post(path, json={**body, "state": "approved"}, headers=OWN).status_code == 409
    assert client.post(path, json={**body, "person": " "}, headers=OWN).status_code == 409
    assert client.post(path, json={**body, "state": "hanged"}, headers=OWN).status_code == 422
    assert client.post(path, json=body, headers=OWN).json()["state"] == "in_review"
    refused = client.post(path, json={**body, "state": "approved"}, headers=OWN)
    assert (refused.status_code, refused.json()["missing"]) == (409, ["look"])
    assert client.post("/api/violations/v404/step", json=body, headers=OWN).status_code == 404


def test_a_case_tells_what_this_person_can_do_next_and_why_not_more(client: TestClient) -> None:
    client.post("/api/violations/v1/step", json={"state": "in_review", "person": AN}, headers=OWN)
    for still in ("before.jpg", "at.jpg", "beyond.jpg"):
        client.get(f"/api/violations/v1/evidence/{still}", params={"person": AN})
    for person, missing in ((AN, []), ("Bình", ["look"]), ("", ["look"])):
        steps = {each["state"]: each for each in client.get(f"/api/violations/v1?person={person}").json()["steps"]}
        assert set(steps) == {"approved", "rejected", "auto_checked"}
        assert steps["approved"]["missing"] == missing


def test_the_owner_is_told_to_who_opens_it_and_to_nobody_else(client: TestClient) -> None:
    case = "/api/violations/v1"
    client.post(f"{case}/step", json={"state": "in_review", "person": AN}, headers=OWN)
    for still in ("before.jpg", "at.jpg", "beyond.jpg"):
        client.get(f"{case}/evidence/{still}", params={"person": AN})
    client.post(f"{case}/step", json={"state": "approved", "person": AN}, headers=OWN)
    told = {"name": "Trần Văn Bí Mật", "address": "12 Hàng Bài", "plate": "29-B1", "source": "csgt", "person": AN}
    assert client.post(f"{case}/owner", json=told, headers=OWN).status_code == 200
    exported = client.post(f"{case}/export", json={"person": AN}, headers=OWN)
    for body in (client.get(case).content, client.get("/api/violations").content, exported.content):
        assert "Bí Mật".encode() not in body
    assert client.post(f"{case}/owner/open", json={"person": ""}, headers=OWN).status_code == 409
    opened = client.post(f"{case}/owner/open", json={"person": "Bình"}, headers=OWN).json()
    assert opened["owner"]["name"] == "Trần Văn Bí Mật"
    assert [(row.actor, row.action) for row in of(client).audit("v1", limit=1)] == [("Bình", "opened_owner")]


def test_a_bundle_is_stored_once_and_never_replaced(client: TestClient) -> None:
    folder = of(client).evidence
    _, body = Sealer(BOX.key).seal(Voice(SITE, "b2").violation(NOW - 60, "v2"))
    first = client.put("/api/evidence/v2.zip", content=body, headers=FROM_NODE)
    again = client.put("/api/evidence/v2.zip", content=body, headers=FROM_NODE)
    _, changed = Sealer(BOX.key).seal(Voice(SITE, "b2").violation(NOW - 59, "v2"))
    other = client.put("/api/evidence/v2.zip", content=changed, headers=FROM_NODE)
    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)
    assert (folder / "v2.zip").read_bytes() == body
    assert sorted(path.name for path in folder.iterdir()) == ["v1.zip", "v2.zip"]
    assert [row.action for row in of(client).audit("v2.zip")] == ["uploaded"]


def test_a_true_bundle_sent_again_under_another_name_is_refused_and_keeps_nobody_out(client: TestClient) -> None:
    replayed = (of(client).evidence / "v1.zip").read_bytes()
    answer = client.put("/api/evidence/v2.zip", content=replayed, headers=FROM_NODE)
    assert (answer.status_code, "sealed for another case" in answer.json()["error"]) == (422, True)
    _, body = Sealer(BOX.key).seal(Voice(SITE, "b2").violation(NOW - 60, "v2"))
    assert client.put("/api/evidence/v2.zip", content=body, headers=FROM_NODE).status_code == 201


def _sealed(name: str, **changes: object) -> bytes:
    return Sealer(BOX.key).seal(Voice(SITE, "b2").violation(NOW, name), **changes)[1]


@pytest.mark.parametrize(
    ("name", "body", "headers", "status"),
    [
        ("v2.zip", b"x" * (UPLOAD_LIMIT_BYTES + 1), FROM_NODE, 413),
        ("v2.zip", b"no zip at all", FROM_NODE, 422),
        ("v2.zip", _sealed("v2"), {"X-Nutgiao-Node": "x9"}, 422),
        ("v2.zip", Sealer().seal(Voice(SITE).violation(NOW, "v2"))[1], FROM_NODE, 422),
        ("v2.zip", _sealed("v2") + b"\0", FROM_NODE, 422),
        ("v2.zip", _sealed("v2")[:-30], FROM_NODE, 422),
        ("v2.zip", _sealed("v2"), {}, 403),
        (".hidden", _sealed("v2"), FROM_NODE, 422),
        ("a%5cb.zip", _sealed("v2"), FROM_NODE, 422),
        ("..%2fv2.zip", _sealed("v2"), FROM_NODE, 405),
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
    app = page_of(state, store, token="geheim")
    client = TestClient(app, base_url="http://localhost")
    step: dict[str, Any] = {"json": {"state": "in_review", "person": "An"}}
    path = "/api/violations/v1"
    bearer = {"Authorization": "Bearer geheim", **OWN}
    assert client.get("/api/state").status_code == 200
    assert client.get(path).status_code == 401, "a case tells more than its row in the list"
    assert client.get(f"{path}/evidence/at.jpg?person=An").status_code == 401
    assert client.get(f"{path}/evidence/at.jpg?person=An", headers=bearer).status_code == 200
    assert client.post(f"{path}/step", **step, headers=OWN).status_code == 401
    assert client.post(f"{path}/step", **step, headers={**OWN, "Authorization": "Bearer nope"}).status_code == 401
    assert client.post(f"{path}/step", **step, headers=bearer).status_code == 200
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
    for path in (
        "/",
        "/app.js",
        "/app.css",
        "/words.js",
        "/api.js",
        "/case.js",
        "/case-steps.js",
        "/case-owner.js",
        "/case-words.json",
        "/corridor.js",
    ):
        text = client.get(path).text.replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text, path
        assert "https://" not in text, path
        assert "innerHTML" not in text, path


def test_the_stream_repeats_the_state_and_ends_with_the_server(tmp_path: Path) -> None:
    state, store = filled(tmp_path)
    app = page_of(state, store, stream_pause_s=0.01)
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
    app = page_of(state, store)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortBusy, match=f"127.0.0.1:{port}.*choose another port"):
            WebServer(app, port=port)
