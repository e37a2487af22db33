from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from nutgiao.cli import main as cli
from nutgiao.cli import optimize_run
from nutgiao.cli.optimize_files import losers, plan_of
from nutgiao.cli.optimize_problem import Wishes, pose
from nutgiao.cli.optimize_run import Budget, Watch, optimise
from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.sumo_process import run_tool
from nutgiao.simulation.tls_file import PROGRAM, in_force
from nutgiao.simulation.trial import Trial
from tests.support.plan_spaces import busy_street

QUICK = ("--runs", "400", "--passes", "1", "--samples", "1", "--workers", "2", "--train-seeds", "101,102")


def configured(folder: Path) -> Path:
    """The busy street as a .sumocfg."""
    street = busy_street(folder)
    path = folder / "busy.sumocfg"
    path.write_text(
        f'<configuration><input><net-file value="{street.net.name}"/><route-files value="{street.routes[0].name}"/>'
        '</input><time><begin value="0"/><end value="600"/></time></configuration>'
    )
    return path


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Configuration and folder of a run that found something."""
    folder = tmp_path_factory.mktemp("street")
    config = configured(folder)
    out = folder / "out"
    code = cli.main(["optimize", str(config), "--out", str(out), *QUICK, "--report-seeds", "1-3"])
    assert code == 0
    return config, out


def test_it_writes_a_plan_that_stock_sumo_runs(done: tuple[Path, Path]) -> None:
    config, out = done
    street = Scenario("busy", config.parent / "junction.net.xml", (config.parent / "street.rou.xml",), 0.0, 600.0)
    assert in_force(street, out / "tls.add.xml", ["A0"]) == {"A0": PROGRAM}
    run_tool("sumo", ["-c", str(config), "-a", str(out / "tls.add.xml"), "--no-step-log"], "busy")


def test_amber_and_order_of_the_stages_are_as_shipped(done: tuple[Path, Path]) -> None:
    (light,) = json.loads((done[1] / "plan.json").read_text())["lights"]
    assert [stage["adjustable"] for stage in light["stages"]] == [True, False, True, False]
    for stage in light["stages"]:
        assert stage["adjustable"] or stage["duration_s"] == stage["shipped_s"]
    assert sum(stage["duration_s"] for stage in light["stages"]) == light["cycle_s"]


def test_the_summary_tells_gain_intervals_losers_seeds_and_effort(done: tuple[Path, Path]) -> None:
    found = json.loads((done[1] / "summary.json").read_text())
    assert found["proposed"] is True
    assert found["gain_s"]["low"] > 0
    assert found["plan"]["delay_s"]["mean"] < 0.8 * found["shipped"]["delay_s"]["mean"]
    assert found["plan"]["collisions"] == 0
    assert found["seeds"] == {"search": 1, "training": [101, 102], "report": [1, 2, 3]}
    assert found["spent"]["kernel_runs"] >= 400
    assert found["losers"] == []  # a shorter cycle is better for both roads here


def test_the_report_needs_nothing_from_outside(done: tuple[Path, Path]) -> None:
    page = (done[1] / "report.html").read_text()
    assert "<svg" in page
    assert "A0: cycle" in page
    assert not re.search(r"https?://|src=|@import|<link", page)


def test_the_report_shows_queues_and_trajectories_as_shipped_and_as_planned(done: tuple[Path, Path]) -> None:
    page = (done[1] / "report.html").read_text()
    assert "<h2>Queues</h2>" in page
    assert "<h2>Time and space</h2>" in page
    assert ">as shipped: " in page
    assert ">plan: " in page


def test_delay_of_persons_stands_beside_that_of_vehicles(done: tuple[Path, Path]) -> None:
    found = json.loads((done[1] / "summary.json").read_text())
    for name in ("shipped", "plan"):  # there are only cars, so both are the same
        assert found[name]["person_delay_s"]["mean"] == pytest.approx(found[name]["delay_s"]["mean"])


def test_a_cluster_finds_the_plan_that_this_machine_finds(done: tuple[Path, Path], tmp_path: Path) -> None:
    from distributed import LocalCluster

    config, here = done
    words = ["optimize", str(config), "--out", str(tmp_path / "out"), *QUICK, "--report-seeds", "1-3"]
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        assert cli.main([*words, "--scheduler", cluster.scheduler_address]) == 0
    for name in ("plan.json", "tls.add.xml"):
        assert (tmp_path / "out" / name).read_text() == (here / name).read_text()
    mine, theirs = (json.loads((folder / "summary.json").read_text()) for folder in (here, tmp_path / "out"))
    assert mine["plan"] == theirs["plan"]


def trial(seed: int, quiet_s: float, busy_s: float) -> Trial:
    edges = {"quiet": 20 * quiet_s, "busy": 200 * busy_s}
    counts = {"quiet": 20, "busy": 200}
    return Trial(seed, 0.0, 0.0, 0.0, 220, 220, 220, 0, 0, False, edges, counts, 0.0)


def test_the_side_street_that_pays_is_named() -> None:
    shipped = {seed: trial(seed, 20.0 + seed, 40.0) for seed in (1, 2, 3)}
    plan = {seed: trial(seed, 30.0 + seed, 20.0 + 5 * (-1) ** seed) for seed in (1, 2, 3)}
    bench = SimpleNamespace(trials={"shipped": shipped, "plan": plan})
    (found,) = losers(bench, "plan", (1, 2, 3))  # type: ignore[arg-type]
    assert found["edge"] == "quiet"
    assert found["worse_s"]["mean"] == pytest.approx(10.0)
    assert found["vehicles"] == 20


def test_the_same_command_again_goes_on_from_the_checkpoint(
    done: tuple[Path, Path], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config, out = done
    before = json.loads((out / "plan.json").read_text())
    monkeypatch.setattr(optimize_run.Search, "rounds", lambda *_: pytest.fail("it searches again"))
    assert cli.main(["optimize", str(config), "--out", str(out), *QUICK, "--report-seeds", "1-3"]) == 0
    assert json.loads((out / "plan.json").read_text()) == before


def test_ctrl_c_gives_the_best_so_far(tmp_path: Path) -> None:
    problem = pose(busy_street(tmp_path), Wishes(samples=1, workers=2), tmp_path / "cache")
    stages: list[str] = []

    def interrupt(progress: object, _share: float) -> None:
        if getattr(progress, "round", 0) == 2:
            raise KeyboardInterrupt

    budget = Budget(search_s=1e9, passes=2, train_seeds=(101,), report_seeds=(1, 2))
    found = optimise(problem, budget, Watch(interrupt, stages.append))
    assert found.interrupted
    assert np.isfinite(found.bench.trials[found.name][1].delay_s)
    assert not any("search 2" in stage for stage in stages)


def test_a_plan_no_better_than_the_shipped_one_is_not_proposed(tmp_path: Path) -> None:
    problem = pose(busy_street(tmp_path), Wishes(samples=1, workers=2), tmp_path / "cache")
    shipped = plan_of({"stage_s": problem.space.shipped_stage_s, "offset_s": problem.space.shipped_offset_s})
    found = optimise(problem, Budget(train_seeds=(101,), report_seeds=(1, 2)), pool=[(1.0, shipped)])
    assert not found.verdict.proposed
    assert "chance" in found.verdict.why


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (lambda config, out: config.unlink(), "does not exist"),
        (lambda config, out: out.write_text("a file"), "cannot be written"),
        (
            lambda config, out: config.write_text(config.read_text().replace('begin value="0"', 'begin value="590"')),
            "no vehicle departs",
        ),
        (lambda config, out: (config.parent / "junction.net.xml").unlink(), "junction.net.xml does not exist"),
    ],
)
def test_what_is_wrong_is_named(
    break_it: object, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, out = configured(tmp_path), tmp_path / "out"
    break_it(config, out)  # type: ignore[operator]
    if said == "no vehicle departs":  # the last of them sets out at 596 s
        config.write_text(config.read_text().replace('begin value="590"', 'begin value="598"'))
    assert cli.main(["optimize", str(config), "--out", str(out), *QUICK]) == 2
    assert said in capsys.readouterr().err


def test_a_network_without_lights_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = configured(tmp_path)
    net = tmp_path / "junction.net.xml"
    net.unlink()
    options = ["--grid", "--grid.number", "1", "--grid.length", "200", "--grid.attach-length", "200"]
    run_tool("netgenerate", [*options, "--no-turnarounds", "--output-file", str(net)], "net")
    assert cli.main(["optimize", str(config), "--out", str(tmp_path / "out"), *QUICK]) == 2
    assert "there is no traffic light" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "said"),
    [("{", "is no whole checkpoint"), ('{"format": 1}', "lacks 'fingerprint'"), ('{"format": 9}', "is 9, not 1"),
     ('{"format": 1, "fingerprint": "x"}', "of another scenario")],
)  # fmt: skip
def test_a_broken_checkpoint_is_named_with_its_cure(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, out = configured(tmp_path), tmp_path / "out"
    out.mkdir()
    (out / "checkpoint-1.json").write_text(text)
    assert cli.main(["optimize", str(config), "--out", str(out), *QUICK]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert "checkpoint-1.json" in err
    assert "--fresh" in err


def test_seeds_that_choose_may_not_judge(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["optimize", str(tmp_path / "x.sumocfg"), "--out", str(tmp_path), "--report-seeds", "101"]
    assert cli.main(words) == 2
    assert "a seed that chooses a plan cannot judge it" in capsys.readouterr().err
