from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from distributed import LocalCluster

from nutgiao.cli import control_run
from nutgiao.cli import main as cli
from nutgiao.models.contracts.errors import SimulationFailed
from nutgiao.simulation import pools
from nutgiao.simulation.control.drive import Drive, Loop, drive
from nutgiao.simulation.run_cache import RunCache
from nutgiao.simulation.variant import Setup
from tests.cli.test_whatif import configured
from tests.support.controlled_nets import street_with_odd_lights
from tests.support.junction_nets import EAST_OUT, NORTH_IN, WEST_IN, vehicle

BUSES = (
    '<vType id="bus" vClass="bus"/>',
    *(vehicle(f"b{n}", 50 * n + 3, more='type="bus" line="32"') for n in range(6)),
)


SHIPPED_STAGES = ("--all-red-s", "1", "--more-stages", "0")


def control(config: Path, out: Path, *words: str, seeds: str = "2") -> int:
    return cli.main(["control", str(config), "--out", str(out), "--workers", "1", "--seeds", seeds, *words])


def summary(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "summary.json").read_text())
    return found


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Configuration and folder of a run with buses among the cars from the west."""
    folder = tmp_path_factory.mktemp("street")
    config = configured(folder, *BUSES, end_s=200.0)
    assert control(config, folder / "out", *SHIPPED_STAGES, seeds="3") == 0
    return config, folder / "out"


def test_the_verdict_says_how_much_better_than_as_shipped_and_that_it_is_more_than_chance(
    done: tuple[Path, Path],
) -> None:
    found = summary(done[1])
    assert found["significant"] is True
    assert "Under horizon with perfect detection, delay falls by" in found["verdict"]
    assert found["more_delay_s"]["high"] < 0
    assert found["more_delay_s"]["pairs"] == 3
    assert found["controlled"]["delay_s"]["mean"] < found["shipped"]["delay_s"]["mean"]


def test_the_summary_tells_what_was_asked_and_what_was_run(done: tuple[Path, Path]) -> None:
    found = summary(done[1])
    asked = ("controller", "detection", "amber_s", "all_red_s", "min_green_s", "more_stages", "seeds", "stopped")
    assert [found[key] for key in asked] == ["horizon", "perfect", 3, 1, 5, 0, [1, 2, 3], False]
    assert found["spent"]["sumo_runs"] + found["spent"]["from_cache"] == 6
    for side in ("shipped", "controlled"):
        for key in ("stops", "collisions", "emergency_brakings", "person_delay_s", "gridlocked_seeds"):
            assert key in found[side]


def test_delay_is_told_by_class_with_the_persons_aboard(done: tuple[Path, Path]) -> None:
    classes = {one["class"]: one for one in summary(done[1])["classes"]}
    assert set(classes) == {"bus", "passenger"}
    assert classes["bus"]["persons"] == 30.0 * classes["bus"]["vehicles"]
    assert classes["bus"]["controlled_s"] < classes["bus"]["shipped_s"]


def test_choices_are_counted_by_how_long_they_take(done: tuple[Path, Path]) -> None:
    took = summary(done[1])["decisions"]
    assert took["lights"] == 1
    assert sum(took["counts"]) == 3 * 200
    assert len(took["counts"]) == len(took["edges_ms"])
    assert 0.0 < took["light_p50_ms"] <= took["light_p99_ms"] <= took["worst_ms"]


def test_each_light_tells_its_stages_its_changes_and_the_share_of_its_greens(done: tuple[Path, Path]) -> None:
    (light,) = summary(done[1])["lights"]
    assert light["id"] == "A0"
    assert len(light["stages"]) == len(light["green_share"]) == 2
    assert 0.5 < sum(light["green_share"]) < 1.0
    assert light["switches_per_h"] > 10


def test_the_report_has_the_pictures_and_needs_nothing_from_outside(done: tuple[Path, Path]) -> None:
    page = (done[1] / "report.html").read_text()
    assert page.count("<svg") == 3
    for words in ("Stages that the lights showed", "Queues", "How long a choice takes", "Delay by class", "Who loses"):
        assert f"<h2>{words}</h2>" in page
    assert "horizon, perfect detection, 3 s amber, 1 s all-red" in page
    assert f">{WEST_IN}</text>" in page
    assert "<title>change: 4 s</title>" in page
    assert not re.search(r"https?://|src=|@import|<link", page)


def test_the_same_command_again_makes_no_run(done: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    config, out = done
    before = summary(out)
    monkeypatch.setattr(pools.LocalPool, "submit", lambda *_: pytest.fail("a run is made"))
    assert control(config, out, *SHIPPED_STAGES, seeds="3") == 0
    after = summary(out)
    assert after["spent"]["sumo_runs"] == 0
    assert {**after, "spent": None} == {**before, "spent": None}


def test_another_controller_makes_its_own_runs_and_no_shipped_ones(done: tuple[Path, Path], tmp_path: Path) -> None:
    config, out = done
    words = ("--controller", "max-wave", "--all-red-s", "1", "--cache", str(out / "cache"))
    assert control(config, tmp_path, *words, seeds="3") == 0
    found = summary(tmp_path)
    assert (found["spent"]["sumo_runs"], found["spent"]["from_cache"]) == (3, 3)
    assert found["controller"] == "max-wave"


def test_after_ctrl_c_the_seeds_that_are_done_are_told_and_the_same_command_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config, out = configured(tmp_path, end_s=60.0), tmp_path / "out"
    kept, put = [], RunCache.put

    def put_and_stop(self: RunCache, key: str, value: object) -> None:
        put(self, key, value)
        kept.append(key)
        if len(kept) == 3:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(RunCache, "put", put_and_stop)
        assert control(config, out, seeds="3") == 130
    found = summary(out)
    assert found["stopped"] is True
    assert found["more_delay_s"]["pairs"] == 1
    assert "the same command goes on" in capsys.readouterr().out
    assert control(config, out, seeds="3") == 0
    found = summary(out)
    assert (found["stopped"], found["more_delay_s"]["pairs"], found["spent"]["from_cache"]) == (False, 3, 3)


def test_ctrl_c_before_anything_is_done_leaves_no_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(RunCache, "put", stop)
    assert control(configured(tmp_path, end_s=60.0), tmp_path / "out") == 130
    assert not (tmp_path / "out" / "summary.json").exists()


def fails_on_2(setup: Setup, seed: int, how: Loop) -> Drive:
    if seed == 2:
        raise SimulationFailed("busy: SUMO gave up: out of asphalt")
    return drive(setup, seed, how)


def fails(_setup: Setup, _seed: int, _how: Loop) -> Drive:
    raise SimulationFailed("busy: SUMO gave up: out of asphalt")


def test_a_seed_on_which_a_run_fails_is_told_and_the_others_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(control_run, "drive_alone", fails_on_2)
    assert control(configured(tmp_path, end_s=60.0), tmp_path / "out", seeds="3") == 1
    found = summary(tmp_path / "out")
    assert (found["controlled"]["seeds"], found["more_delay_s"]["pairs"]) == ([1, 3], 2)
    assert found["failed_runs"] == ["busy: SUMO gave up: out of asphalt"]
    assert "failed: busy: SUMO gave up: out of asphalt" in capsys.readouterr().out


def test_where_every_controlled_run_fails_nothing_is_claimed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_run, "drive_alone", fails)
    assert control(configured(tmp_path, end_s=60.0), tmp_path / "out") == 1
    found = summary(tmp_path / "out")
    assert "no run came to its end, so nothing can be said" in found["verdict"]
    assert (found["more_delay_s"], found["decisions"]) == (None, None)
    assert "nothing can be said" in (tmp_path / "out" / "report.html").read_text()


def test_on_a_cluster_the_summary_is_the_same(tmp_path: Path) -> None:
    config = configured(tmp_path, end_s=60.0)
    assert control(config, tmp_path / "here") == 0
    with LocalCluster(n_workers=1, threads_per_worker=2, processes=True, dashboard_address=None) as cluster:
        assert control(config, tmp_path / "there", "--scheduler", cluster.scheduler_address) == 0
    here, there = summary(tmp_path / "here"), summary(tmp_path / "there")
    varies = {"spent": None, "decisions": None}
    assert {**here, **varies} == {**there, **varies}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--detection", "radar"), "there is no detection 'radar'. Give one of perfect, camera, loops"),
        (("--controller", "oracle"), "there is no controller 'oracle'. Give one of horizon, max-pressure, max-wave"),
        (("--begin", "500"), "is not after begin"),
    ],
)
def test_what_is_wrong_is_refused_with_the_cure(
    words: tuple[str, ...], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert control(configured(tmp_path), tmp_path / "out", *words) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(("option", "value"), [("--amber-s", "0"), ("--all-red-s", "-1"), ("--seeds", "none")])
def test_a_figure_that_makes_no_sense_is_wrong_use(option: str, value: str, tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as end:
        control(configured(tmp_path), tmp_path / "out", option, value)
    assert end.value.code == 2


@pytest.mark.parametrize("broken", ["junction.net.xml", "street.rou.xml"])
def test_a_broken_file_is_named(broken: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = configured(tmp_path)
    (tmp_path / broken).write_text("<net><edge", encoding="utf-8")
    assert control(config, tmp_path / "out") == 2
    assert broken in capsys.readouterr().err


def test_a_street_without_lights_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from nutgiao.simulation.sumo_process import run_tool

    config = configured(tmp_path)
    options = ["--grid", "--grid.number", "1", "--grid.length", "200", "--grid.attach-length", "200"]
    run_tool("netgenerate", [*options, "--no-turnarounds", "--output-file", str(tmp_path / "junction.net.xml")], "net")
    assert control(config, tmp_path / "out") == 2
    assert "no light has two green stages" in capsys.readouterr().err


def test_what_sumo_refuses_is_told_in_its_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = configured(tmp_path, vehicle("lost", 1, f"{EAST_OUT} {WEST_IN}"), end_s=60.0)
    assert control(config, tmp_path / "out") == 2
    err = capsys.readouterr().err
    assert "the scenario does not run" in err
    assert "lost" in err


def test_lights_that_keep_their_program_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    street = street_with_odd_lights(tmp_path)
    config = tmp_path / "odd.sumocfg"
    config.write_text(
        f'<configuration><input><net-file value="{street.net.name}"/><route-files value="{street.routes[0].name}"/>'
        f'<additional-files value="{street.additional[0].name}"/></input>'
        '<time><begin value="0"/><end value="60"/></time></configuration>'
    )
    assert control(config, tmp_path / "out", "--controller", "max-wave", seeds="5-5") == 0
    found = summary(tmp_path / "out")
    assert found["kept_shipped"] == ["A1", "B0"]
    assert [one["id"] for one in found["lights"]] == ["A0", "B1"]
    assert "keep their shipped program, for want of two green stages: A1, B0" in capsys.readouterr().out


def test_who_loses_is_named(tmp_path: Path) -> None:
    """Max wave leaves a few vehicles from the north at red for long while the west is full."""
    config = configured(tmp_path, *[vehicle(f"x{n}", 1.5 * n) for n in range(130)], end_s=300.0)
    assert control(config, tmp_path / "out", "--controller", "max-wave") == 0
    names = {one["name"] for one in summary(tmp_path / "out")["losers"]["edges"]}
    assert NORTH_IN in names
    assert NORTH_IN in (tmp_path / "out" / "report.html").read_text()
