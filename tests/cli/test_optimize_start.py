"""A search that begins with the plan of an earlier one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nutgiao.cli import main as cli
from tests.support.plan_spaces import busy_street, street_with_needless_stages

SHORT = (
    "--runs",
    "300",
    "--passes",
    "1",
    "--samples",
    "1",
    "--workers",
    "1",
    "--train-seeds",
    "101",
    "--report-seeds",
    "1-3",
)
LEAST = ("--runs", "1", *SHORT[2:])
FREE = ("--free-order", "--all-red-s", "1")


def configured(folder: Path, street: Callable[[Path], Any]) -> Path:
    """A street as a .sumocfg."""
    made = street(folder)
    more = "".join(f'<additional-files value="{path.name}"/>' for path in made.additional)
    path = folder / "busy.sumocfg"
    path.write_text(
        f'<configuration><input><net-file value="{made.net.name}"/><route-files value="{made.routes[0].name}"/>{more}'
        '</input><time><begin value="0"/><end value="600"/></time></configuration>'
    )
    return path


def timings(plan: Path) -> list[tuple[float, list[tuple[str, float]]]]:
    """Offset, states and lengths of each light."""
    return [
        (light["offset_s"], [(one["state"], one["duration_s"]) for one in light["stages"]])
        for light in json.loads(plan.read_text())["lights"]
    ]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Configuration and plan.json of a search with the shipped order."""
    folder = tmp_path_factory.mktemp("street")
    config = configured(folder, busy_street)
    assert cli.main(["optimize", str(config), "--out", str(folder / "out"), *SHORT]) == 0
    return config, folder / "out" / "plan.json"


def test_a_search_that_finds_nothing_better_ends_with_the_plan_it_began_with(
    found: tuple[Path, Path], tmp_path: Path
) -> None:
    config, plan = found
    assert cli.main(["optimize", str(config), "--out", str(tmp_path), "--start", str(plan), *LEAST]) == 0
    before, after = (json.loads((p / "summary.json").read_text()) for p in (plan.parent, tmp_path))
    assert after["candidates"]["start"]["training_delay_by_seed_s"]
    least = min(one["training_delay_by_seed_s"]["101"] for one in after["candidates"].values())
    began = after["candidates"]["start"]["training_delay_by_seed_s"]["101"]
    assert least <= began
    if least == began:
        assert timings(tmp_path / "plan.json") == timings(plan)
        assert after["plan"]["delay_s"] == before["plan"]["delay_s"]


def test_it_keeps_the_order_that_an_earlier_search_chose(tmp_path: Path) -> None:
    config = configured(tmp_path, street_with_needless_stages)
    words = ["optimize", str(config), "--out"]
    assert cli.main([*words, str(tmp_path / "first"), *FREE, "--runs", "600", *SHORT[2:]]) == 0
    plan = tmp_path / "first" / "plan.json"
    assert cli.main([*words, str(tmp_path / "then"), *FREE, "--start", str(plan), *LEAST]) == 0
    states = [[state for state, _ in stages] for _, stages in timings(plan)]
    assert [[state for state, _ in stages] for _, stages in timings(tmp_path / "then" / "plan.json")] == states


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda body: body["lights"].clear(), "'A0': has no program"),
        (lambda body: body["lights"][0]["stages"].reverse(), "has other stages"),
        (lambda body: body["lights"][0]["stages"][0].update(duration_s=400.0), "400 s is outside"),
        (lambda body: body["lights"][0]["stages"][1].update(duration_s=1.0), "1 s, but it is kept at"),
        (lambda body: body["lights"][0].pop("offset_s"), "lacks 'offset_s'"),
    ],
)
def test_a_plan_that_is_not_allowed_is_refused_before_any_run(
    change: Callable[[dict[str, Any]], object],
    said: str,
    found: tuple[Path, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    config, plan = found
    body = json.loads(plan.read_text())
    change(body)
    other = tmp_path / "other.json"
    other.write_text(json.dumps(body))
    assert cli.main(["optimize", str(config), "--out", str(tmp_path / "out"), "--start", str(other), *LEAST]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert "--start" in err
    assert "Give the plan.json" in err


@pytest.mark.parametrize(("text", "said"), [(None, "cannot be read"), ("[", "is no plan")])
def test_a_file_that_is_no_plan_is_named(
    text: str | None, said: str, found: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.json"
    if text:
        other.write_text(text)
    assert cli.main(["optimize", str(found[0]), "--out", str(tmp_path / "out"), "--start", str(other), *LEAST]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert str(other) in err
