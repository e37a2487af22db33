from __future__ import annotations

import json
from pathlib import Path

import pytest

from nutgiao.cli import main as cli
from nutgiao.cli import optimize_order
from nutgiao.simulation.signal_programs import shipped_programs
from nutgiao.simulation.sumocfg import read_scenario
from nutgiao.simulation.tls_file import PROGRAM, in_force
from tests.support.plan_spaces import street_with_needless_stages

QUICK = (
    "--runs", "600", "--passes", "2", "--samples", "1", "--workers", "1", "--train-seeds", "101", "--report-seeds",
    "1-3", "--free-order", "--all-red-s", "1",
)  # fmt: skip


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Configuration and folder of a run with a free order."""
    folder = tmp_path_factory.mktemp("street")
    street = street_with_needless_stages(folder)
    config = folder / "busy.sumocfg"
    config.write_text(
        f'<configuration><input><net-file value="{street.net.name}"/><route-files value="{street.routes[0].name}"/>'
        f'<additional-files value="{street.additional[0].name}"/></input>'
        '<time><begin value="0"/><end value="600"/></time></configuration>'
    )
    assert cli.main(["optimize", str(config), "--out", str(folder / "out"), *QUICK]) == 0
    return config, folder / "out"


def test_needless_stages_are_left_out_and_the_change_interval_is_the_wished_one(done: tuple[Path, Path]) -> None:
    (light,) = json.loads((done[1] / "plan.json").read_text())["lights"]
    assert [(one["state"], one["adjustable"]) for one in light["stages"]] == [
        ("GGgrrrGGgrrr", True), ("yyyrrryyyrrr", False), ("rrrrrrrrrrrr", False),
        ("rrrGGgrrrGGg", True), ("rrryyyrrryyy", False), ("rrrrrrrrrrrr", False),
    ]  # fmt: skip
    assert [one["duration_s"] for one in light["stages"] if not one["adjustable"]] == [3.0, 1.0, 3.0, 1.0]
    assert json.loads((done[1] / "summary.json").read_text())["plan"]["collisions"] == 0


def test_sumo_runs_the_plan(done: tuple[Path, Path]) -> None:
    config, out = done
    assert in_force(read_scenario(config), out / "tls.add.xml", ["A0"]) == {"A0": PROGRAM}


def test_the_same_command_again_goes_on_with_the_chosen_order(
    done: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    config, out = done
    before = json.loads((out / "plan.json").read_text())
    monkeypatch.setattr(optimize_order, "choose", lambda *_: pytest.fail("it chooses again"))
    assert cli.main(["optimize", str(config), "--out", str(out), *QUICK]) == 0
    assert json.loads((out / "plan.json").read_text()) == before


def test_a_broken_choice_of_orders_is_named_with_its_cure(
    done: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    config, out = done
    file = out / "checkpoint-order.json"
    kept = file.read_text()
    for text, said in (("{", "is no whole choice"), (kept.replace("fingerprint", "print", 1), "fingerprint")):
        file.write_text(text)
        assert cli.main(["optimize", str(config), "--out", str(out), *QUICK]) == 2
        err = capsys.readouterr().err
        assert said in err
        assert "--fresh" in err
    file.write_text(kept)


def test_without_a_plan_that_is_proposed_the_shipped_stages_are_written(
    done: tuple[Path, Path], tmp_path: Path
) -> None:
    config, _ = done
    few = ["--runs", "1", "--passes", "1", *QUICK[4:], "--report-seeds", "1"]  # one pair proves nothing
    assert cli.main(["optimize", str(config), "--out", str(tmp_path / "out"), *few]) == 1
    (light,) = json.loads((tmp_path / "out" / "plan.json").read_text())["lights"]
    (shipped,) = shipped_programs(read_scenario(config))
    assert tuple(one["state"] for one in light["stages"]) == shipped.states


def test_a_change_interval_without_a_free_order_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for wish in (["--amber-s", "3"], ["--all-red-s", "1"]):
        assert cli.main(["optimize", str(tmp_path / "x.sumocfg"), "--out", str(tmp_path), *wish]) == 2
        assert "--free-order" in capsys.readouterr().err
