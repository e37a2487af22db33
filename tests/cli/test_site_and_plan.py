"""`nutgiao site` and `nutgiao plan`, as a traffic engineer uses them."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from nutgiao.cli.main import main
from nutgiao.configs.loader import list_sites
from tests.support.crossroads import NOON_S, crossroads, plan_for


@pytest.fixture
def site(tmp_path: Path) -> str:
    path = tmp_path / "x1.yaml"
    path.write_bytes(msgspec.json.encode(crossroads()))
    return str(path)


def plan(tmp_path: Path, text: str, name: str = "p.yaml") -> str:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_right_site_is_summed_up(site: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["site", "check", site]) == 0
    told = capsys.readouterr().out
    assert "ok" in told
    assert "each passes the safety rules: night, day" in told


def test_one_wrong_site_among_several_is_exit_code_1(site: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["site", "check", site, "nowhere.yaml"]) == 1
    told = capsys.readouterr()
    assert "ok" in told.out
    assert "nowhere.yaml: there is no such file." in told.err


def test_the_list_names_every_shipped_site(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["site", "list"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(list_sites())


def test_the_schema_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["site", "schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "nutgiao site"


def test_a_safe_plan_may_run(site: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "check", plan(tmp_path, "{offset_s: 12, green_s: [45, 35]}"), "--site", site]) == 0
    told = capsys.readouterr().out
    assert "plan p for x1: cycle 90 s, offset 12 s" in told
    assert told.endswith("it may run\n")


def test_a_refusal_is_explained(site: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "check", plan(tmp_path, "{offset_s: 0, green_s: [45, 13]}"), "--site", site]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "plan p for x1: cycle 68 s, offset 0 s, greens [45, 13] s",
        "1. rule pedestrian_walk: ps has 6 s",
        "   second:  50 of the check (a cycle lasts 68 s)",
        "   groups:  ps",
        "   instead: give it at least 7 s",
        "refused",
    ]


def test_the_lamps_of_a_cycle_are_drawn(site: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["plan", "check", plan(tmp_path, "{offset_s: 0, green_s: [20, 20]}"), "--site", site, "--lamps"])
    told = capsys.readouterr().out
    assert " m │━━━━━━━━━━━━━━━━━━━━~~~                           │" in told
    assert " s │                         ━━━━━━━━━━━━━━━━━━━━~~~  │" in told


def test_a_whole_plan_is_judged_by_its_own_words(site: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = msgspec.json.encode(plan_for(crossroads(), now_s=NOON_S - 1e9)).decode()
    assert main(["plan", "check", plan(tmp_path, old, "old.json"), "--site", site]) == 1
    assert "rule validity: expired" in capsys.readouterr().out


def test_a_jump_from_the_running_plan_is_refused(site: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    running = plan(tmp_path, "{offset_s: 0, green_s: [25, 25]}", "running.yaml")
    new = plan(tmp_path, "{offset_s: 0, green_s: [70, 60]}")
    assert main(["plan", "check", new, "--site", site, "--running", running]) == 1
    assert "rule rate_of_change: green of stage main goes from 25 to 70 s" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{offset_s: 0, green_s: forty}", "green_s"),
        ("{offset_s: 0}", "green_s"),
        ("{offset_s: 0, green_s: [40, 40], speed: 9}", "p.yaml"),
        ("", "empty"),
        ("offset_s: [", "not YAML"),
    ],
)
def test_a_file_that_is_no_plan_is_told(
    site: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, problem: str
) -> None:
    assert main(["plan", "check", plan(tmp_path, text), "--site", site]) == 2
    assert problem in capsys.readouterr().err


@pytest.mark.parametrize(
    "text", ["{offset_s: 0, green_s: [40]}", "{offset_s: 0, green_s: []}", "{offset_s: 0, green_s: [0, 9]}"]
)
def test_greens_that_do_not_fit_the_stages_are_refused(
    site: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    assert main(["plan", "check", plan(tmp_path, text), "--site", site, "--lamps"]) == 1
    assert "rule shape" in capsys.readouterr().out


def test_a_running_plan_of_another_junction_is_told(
    site: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    running = plan(tmp_path, "{offset_s: 0, green_s: [25, 25, 25]}", "running.yaml")
    new = plan(tmp_path, "{offset_s: 0, green_s: [40, 40]}")
    assert main(["plan", "check", new, "--site", site, "--running", running]) == 2
    assert "not one green for each of 2 stages" in capsys.readouterr().err


def test_a_site_of_cameras_alone_has_no_plans(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new = plan(tmp_path, "{offset_s: 0, green_s: [40, 40]}")
    assert main(["plan", "check", new, "--site", "giangvo"]) == 2
    assert "the site has no signals" in capsys.readouterr().err
