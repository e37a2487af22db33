"""The desk behind the page: what may be sent to it, what it computes, and what it never loses."""

from __future__ import annotations

import http.client
import json
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nutgiao.configs.loader import load_site
from nutgiao.configs.site_file import SiteFile
from nutgiao.edge.calibrate.desk import Desk
from nutgiao.edge.calibrate.draft import Draft, DraftZone, Pair
from nutgiao.edge.calibrate.serve import DeskServer
from nutgiao.edge.calibrate.still import fit_to_camera, read_still
from nutgiao.models.contracts.errors import CameraLost, ConfigError, PortBusy
from nutgiao.models.contracts.words import ZoneKind
from tests.support.new_camera import MARKS, NEW_CAMERA, PICTURE, on_the_picture

NOW = datetime(2026, 3, 4, 5, 6, 7)
SEEN = on_the_picture(MARKS)


def pairs(count: int = len(MARKS)) -> tuple[Pair, ...]:
    return tuple(
        Pair(u=round(u, 1), v=round(v, 1), x=x, y=y)
        for (u, v), (x, y) in zip(SEEN[:count].tolist(), MARKS[:count].tolist(), strict=True)
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "site.yaml"
    path.write_text(NEW_CAMERA, encoding="utf-8")
    return path


def desk(file: Path) -> Desk:
    return Desk(SiteFile(file), "cam", None, lambda: NOW)


NUMBER = st.one_of(st.floats(-1e6, 1e6), st.integers(-2, 1300).map(float))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(NUMBER, NUMBER, st.none() | NUMBER, st.none() | NUMBER), max_size=8),
    borders=st.lists(st.tuples(NUMBER, NUMBER), max_size=4),
)
def test_whatever_is_clicked_the_answer_is_json(
    file: Path, rows: list[tuple[float, float, float, float]], borders: list[tuple[float, float]]
) -> None:
    draft = Draft(pairs=tuple(Pair(u=u, v=v, x=x, y=y) for u, v, x, y in rows), lines={"north": tuple(borders)})
    told = desk(file).look(draft)
    json.dumps(told, allow_nan=False)
    assert told["trouble"] is not None or told["trust"] is not None


def test_a_zone_keeps_its_hours_and_classes_that_the_page_does_not_show(file: Path) -> None:
    desk(file).save(
        Draft(
            pairs=pairs(),
            zones=(DraftZone(id="z", kind=ZoneKind.NO_PARKING, px=((500.0, 400.0), (600.0, 400.0), (600.0, 500.0))),),
        )
    )
    text = file.read_text(encoding="utf-8")
    more = "    classes: [car]\n    hours: [{start: '06:00', end: '22:00'}]\n"
    file.write_text(text.replace("kind: no_parking\n", f"kind: no_parking\n{more}"), encoding="utf-8")
    (before,) = load_site(file).zones
    assert before.kind is ZoneKind.NO_PARKING
    assert before.hours[0].end == "22:00"
    (drawn,) = desk(file).state()["draft"]["zones"]
    moved = DraftZone(id="z", kind=ZoneKind.NO_STOPPING, px=tuple((u + 9.0, v) for u, v in drawn["px"]))
    desk(file).save(Draft(pairs=pairs(), zones=(moved,)))
    (after,) = load_site(file).zones
    assert after.kind is ZoneKind.NO_STOPPING
    assert after.polygon_m != before.polygon_m
    assert (after.hours, after.classes) == (before.hours, before.classes)


def test_zones_that_were_not_moved_keep_their_metres_and_comments(file: Path) -> None:
    one = desk(file)
    seen = tuple((float(u), float(v)) for u, v in on_the_picture(np.array([[0.0, 4.0], [-6.0, 4.0], [-6.0, 9.0]])))
    one.save(Draft(pairs=pairs(), zones=(DraftZone(id="box", what="ô lưới", px=seen),)))
    text = (
        file.read_text(encoding="utf-8").replace("- id: box", "- id: box  # keep clear").replace("ô lưới", "lưới vàng")
    )
    file.write_text(text, encoding="utf-8")
    again = desk(file)
    state = again.state()["draft"]
    moved = tuple(Pair(**{**pair, "u": pair["u"] + 1.0}) for pair in state["pairs"])
    kept = tuple(DraftZone(id=z["id"], what=z["what"], px=tuple(map(tuple, z["px"]))) for z in state["zones"])
    before = load_site(file).zones
    again.save(Draft(pairs=moved, zones=kept))
    assert load_site(file).zones == before
    assert "# keep clear" in file.read_text(encoding="utf-8")
    assert len(list(file.parent.glob("site.yaml.*.bak"))) == 2


def test_nothing_is_saved_over_somebody_elses_work(file: Path) -> None:
    one = desk(file)
    file.write_text(NEW_CAMERA + "# another hand\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="somebody has changed the file"):
        one.save(Draft(pairs=pairs()))
    assert file.read_text(encoding="utf-8").endswith("# another hand\n")


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        (((0.0, 4.0), (-6.0, 4.0), (0.0, 9.0), (-6.0, 9.0)), "crosses itself"),
        (((0.0, 4.0), (-0.1, 4.0), (-0.1, 4.1)), "smaller than"),
    ],
)
def test_a_zone_that_is_no_area_is_refused_and_the_file_stays(
    file: Path, zone: tuple[tuple[float, float], ...], words: str
) -> None:
    seen = tuple((float(u), float(v)) for u, v in on_the_picture(np.array(zone)))
    with pytest.raises(ConfigError, match=words) as told:
        desk(file).save(Draft(pairs=pairs(), zones=(DraftZone(id="z", px=seen),)))
    assert told.value.key == "zones[0].polygon_m"
    assert str(file) in str(told.value)
    assert file.read_text(encoding="utf-8") == NEW_CAMERA


@pytest.mark.parametrize(
    ("borders", "words"),
    [
        ([[-7.0, 0.0], [-3.5, 0.0]], "2 borders for the 2 lanes"),
        ([[0.0, 0.0], [-3.5, 0.0], [-7.0, 0.0]], "begin at the kerb"),
        ([[-7.0, 0.0], [0.0, 0.0], [-3.5, 0.0]], "back and forth"),
    ],
)
def test_a_stop_line_that_is_no_stop_line_is_refused(file: Path, borders: list[list[float]], words: str) -> None:
    line = tuple((float(u), float(v)) for u, v in on_the_picture(np.array(borders)))
    with pytest.raises(ConfigError, match=words):
        desk(file).save(Draft(pairs=pairs(), lines={"north": line}))


# --- the server ------------------------------------------------------------------------------------------------------


def ask(server: DeskServer, method: str, path: str, body: str | None = None, **headers: str) -> tuple[int, str]:
    link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    link.request(method, path, body, {"Content-Type": "application/json", **headers})
    answer = link.getresponse()
    told = answer.status, answer.read().decode()
    link.close()
    return told


def test_beyond_this_machine_nothing_is_shown_without_the_token(file: Path) -> None:
    with pytest.raises(ConfigError, match="token"):
        DeskServer(desk(file), b"", "0.0.0.0")
    with DeskServer(desk(file), b"picture", "0.0.0.0", token="secret-word") as server:
        for method, path in (("GET", "/"), ("GET", "/still.jpg"), ("GET", "/api/state"), ("POST", "/api/save")):
            assert ask(server, method, path, "{}" if method == "POST" else None)[0] == 401
        assert ask(server, "GET", "/?token=wrong")[0] == 401
        assert ask(server, "GET", "/?token=secret-word")[0] == 303
        assert ask(server, "GET", "/still.jpg", Cookie="nutgiao_calibrate=secret-word") == (200, "picture")


def test_on_this_machine_foreign_pages_are_refused(file: Path) -> None:
    with DeskServer(desk(file), b"picture") as server:
        assert ask(server, "GET", "/api/state", Host="evil.example")[0] == 403
        assert ask(server, "POST", "/api/save", "{}", **{"Content-Type": "text/plain"})[0] == 415
        assert ask(server, "POST", "/api/save", '{"pairs": [{"u": "far"}]}')[0] == 400
        assert ask(server, "POST", "/api/look", "[" * 5000)[0] == 400
        assert ask(server, "POST", "/api/look", "{}", **{"Content-Length": "600000"})[0] == 413
        assert ask(server, "GET", "/../desk.py")[0] == 404
        status, told = ask(server, "POST", "/api/save", json.dumps({"pairs": []}))
        assert status == 409
        assert "4 or more" in json.loads(told)["error"]
        with pytest.raises(PortBusy, match="--port"):
            DeskServer(desk(file), b"", port=server.port)
    assert file.read_text(encoding="utf-8") == NEW_CAMERA


# --- stills ----------------------------------------------------------------------------------------------------------


def test_a_still_that_is_none_is_told_with_its_file(tmp_path: Path) -> None:
    for name, body in (("torn.jpg", b"\xff\xd8\xff\xe0 torn"), ("empty.png", b"")):
        (tmp_path / name).write_bytes(body)
        with pytest.raises(ConfigError, match=name):
            read_still(str(tmp_path / name), "cam")
    with pytest.raises(ConfigError, match="Check the path"):
        read_still(str(tmp_path / "none.jpg"), "cam")
    with pytest.raises(CameraLost, match="no such file"):
        read_still(str(tmp_path / "none.mp4"), "cam")


def test_the_still_of_another_camera_is_refused(file: Path) -> None:
    camera = SiteFile(file).site.cameras[0]
    assert fit_to_camera(np.zeros((1080, 1920, 3), np.uint8), camera, "site.yaml") == 1.5
    with pytest.raises(ConfigError, match=f"{PICTURE[0]}x{PICTURE[1]}, but the picture is 640x480"):
        fit_to_camera(np.zeros((480, 640, 3), np.uint8), camera, "site.yaml")
