from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from distributed import LocalCluster

from nutgiao.cli import main as cli
from nutgiao.cli import whatif_run
from nutgiao.simulation import pools, setup_runs
from nutgiao.simulation.pools import Call
from nutgiao.simulation.sumo_process import run_tool
from tests.support.junction_nets import EAST_OUT, NORTH_IN, WEST_IN, junction, vehicle, write
from tests.support.plan_spaces import busy_street

QUICK = ("--seeds", "2", "--workers", "1")


def configured(folder: Path, *more: str, end_s: float = 300.0) -> Path:
    """The busy street as a .sumocfg, with further demand."""
    street = busy_street(folder)
    demand = write(folder / "more.rou.xml", *more)
    path = folder / "busy.sumocfg"
    path.write_text(
        f'<configuration><input><net-file value="{street.net.name}"/>'
        f'<route-files value="{street.routes[0].name},{demand.name}"/></input>'
        f'<time><begin value="0"/><end value="{end_s}"/></time></configuration>'
    )
    return path


def summary(out: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((out / "summary.json").read_text())
    return found


def whatif(config: Path, out: Path, *words: str) -> int:
    return cli.main(["whatif", str(config), "--out", str(out), *QUICK, *words])


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Configuration and folder of a study with three quarters more vehicles, a bus line among them."""
    folder = tmp_path_factory.mktemp("street")
    bus = '<vType id="bus" vClass="bus"/>'
    buses = [vehicle(f"b{n}", 50 * n + 3, more='type="bus" line="32"') for n in range(6)]
    config = configured(folder, bus, *buses)
    assert whatif(config, folder / "out", "--change", "demand=1.75", "--seeds", "4") == 0
    return config, folder / "out"


def test_the_verdict_says_what_changed_and_that_it_is_more_than_chance(done: tuple[Path, Path]) -> None:
    found = summary(done[1])
    assert found["significant"] is True
    assert "With 1.75 times the demand, delay rises by" in str(found["verdict"])
    assert "significant (95 % interval +" in str(found["verdict"])
    assert found["more_delay_s"]["low"] > 0  # type: ignore[index]
    assert found["more_delay_s"]["pairs"] == 4  # type: ignore[index]


def test_persons_count_by_the_class_that_they_ride_in(done: tuple[Path, Path]) -> None:
    before = summary(done[1])["unchanged"]
    assert before["person_delay_s"]["mean"] != before["delay_s"]["mean"]  # type: ignore[index]


def test_edges_classes_and_lines_that_lose_are_named(done: tuple[Path, Path]) -> None:
    losers = summary(done[1])["losers"]
    names = {kind: {one["name"] for one in found} for kind, found in losers.items()}  # type: ignore[attr-defined]
    assert WEST_IN in names["edges"]
    assert "passenger" in names["classes"]
    assert names["lines"] <= {"32"}


def test_the_report_has_both_plots_and_needs_nothing_from_outside(done: tuple[Path, Path]) -> None:
    page = (done[1] / "report.html").read_text()
    assert page.count("<svg") == 2
    assert f">{WEST_IN}</text>" in page
    assert "Each line is a vehicle" in page
    assert "<polyline" in page
    assert not re.search(r"https?://|src=|@import|<link", page)


def test_the_same_command_again_makes_no_run(done: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    config, out = done
    before = summary(out)
    monkeypatch.setattr(pools.LocalPool, "submit", lambda *_: pytest.fail("a run is made"))
    assert whatif(config, out, "--change", "demand=1.75", "--seeds", "4") == 0
    after = summary(out)
    assert after["spent"]["sumo_runs"] == 0  # type: ignore[index]
    for key in ("verdict", "unchanged", "changed", "losers"):
        assert after[key] == before[key]


def test_a_changed_byte_in_the_demand_makes_runs_again(tmp_path: Path) -> None:
    config = configured(tmp_path, end_s=60.0)
    assert whatif(config, tmp_path / "out", "--change", "demand=1.5") == 0
    with (tmp_path / "street.rou.xml").open("a") as file:
        file.write("\n")
    assert whatif(config, tmp_path / "out", "--change", "demand=1.5") == 0
    assert summary(tmp_path / "out")["spent"]["from_cache"] == 0  # type: ignore[index]


def test_help_of_a_change_lists_all_kinds_with_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(["whatif", "--change", "help"])
    assert end.value.code == 0
    out = capsys.readouterr().out
    for kind in ("plan=", "demand=1.2", "close=", "detector-failure=", "motorcycles=0.8"):
        assert f"--change {kind}" in out


def test_several_changes_combine_and_a_changed_plan_is_handed_over(tmp_path: Path) -> None:
    config = configured(tmp_path, end_s=120.0)
    logic = (junction(tmp_path).read_text().partition("<tlLogic")[2]).partition("</tlLogic>")[0]
    plan = write(tmp_path / "plan.add.xml", f"<tlLogic{logic.replace('42', '20')}</tlLogic>", root="additional")
    words = ("--change", f"plan={plan}", "--change", "demand=1.2", "--change", f"close={NORTH_IN}_0@50-80")
    assert whatif(config, tmp_path / "out", *words) == 0
    assert [one["change"] for one in summary(tmp_path / "out")["changes"]] == [  # type: ignore[attr-defined]
        f"plan={plan}", "demand=1.2", f"close={NORTH_IN}_0@50-80",
    ]  # fmt: skip
    assert 'programID="nutgiao"' in (tmp_path / "out" / "tls.add.xml").read_text()


def test_who_never_gets_in_is_told_with_the_place(tmp_path: Path) -> None:
    crowd = [vehicle(f"c{n}", 100) for n in range(300)]
    assert whatif(configured(tmp_path, *crowd, end_s=200.0), tmp_path / "out", "--change", "demand=1.1") == 0
    found = summary(tmp_path / "out")
    never = found["changed"]["never_entered"]  # type: ignore[index]
    assert never["vehicles"] > 100
    assert never["edges"][0]["edge"] == WEST_IN
    assert "Vehicles that never get in: " in str(found["verdict"])
    assert "Who never got in" in (tmp_path / "out" / "report.html").read_text()


def test_who_has_no_other_way_is_told_with_an_example(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert whatif(configured(tmp_path, end_s=120.0), tmp_path / "out", "--change", f"close={NORTH_IN}") == 0
    assert "Vehicles without another way, which are not counted: 6" in capsys.readouterr().out
    barred = summary(tmp_path / "out")["no_other_way"]
    assert barred["vehicles"] == 6  # type: ignore[index]
    assert "begins on top0A0, which is closed" in barred["examples"][0]  # type: ignore[index]


def test_a_scenario_without_lights_is_compared_all_the_same(tmp_path: Path) -> None:
    config = configured(tmp_path, end_s=100.0)
    options = ["--grid", "--grid.number", "1", "--grid.length", "200", "--grid.attach-length", "200"]
    run_tool("netgenerate", [*options, "--no-turnarounds", "--output-file", str(tmp_path / "junction.net.xml")], "net")
    assert whatif(config, tmp_path / "out", "--change", "demand=1.5") == 0
    assert "the scenario has no traffic lights" in summary(tmp_path / "out")["notes"]  # type: ignore[operator]
    assert "there is no way to show" in (tmp_path / "out" / "report.html").read_text()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("demand=0", "'--change demand=0': the factor 0 is not above 0"),
        ("close=nowhere", "has no lane or edge 'nowhere'"),
        ("detector-failure=all", "has no actuated light, so no detector can fail"),
        ("plan=gone.add.xml", "gone.add.xml: does not exist"),
        ("weather=rain", "there is no change 'weather'"),
    ],
)
def test_a_change_that_does_not_fit_is_refused_with_the_cure(
    change: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert whatif(configured(tmp_path), tmp_path / "out", "--change", change) == 2
    assert said in capsys.readouterr().err


def test_what_sumo_refuses_is_told_in_its_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = configured(tmp_path, vehicle("lost", 1, f"{EAST_OUT} {WEST_IN}"))
    assert whatif(config, tmp_path / "out", "--change", "demand=1.5") == 2
    err = capsys.readouterr().err
    assert "the unchanged scenario does not run" in err
    assert "lost" in err


def test_a_seed_on_which_sumo_crashes_is_told_and_the_others_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(setup_runs, "run_setup", crashes_on_2)
    code = whatif(configured(tmp_path, end_s=60.0), tmp_path / "out", "--change", "demand=1.5", "--seeds", "3")
    assert code == 1
    found = summary(tmp_path / "out")
    assert found["changed"]["seeds"] == [1, 3]  # type: ignore[index]
    assert len(found["failed_runs"]) == 2  # type: ignore[arg-type]
    out = capsys.readouterr().out
    assert "sumo gave up (exit code -11)" in out
    assert "2 paired seeds" in out


def crashes_on_2(setup: object, seed: int) -> object:
    from nutgiao.models.contracts.errors import SimulationFailed

    if seed == 2:
        raise SimulationFailed("busy: sumo gave up (exit code -11): ")
    return ORIGINAL(setup, seed)  # type: ignore[arg-type]


ORIGINAL = setup_runs.run_setup


def killed_first(note: str) -> int:
    """Tells its process, which the test kills; the second time it ends."""
    path = Path(note)
    if path.exists():
        return 7
    path.write_text(str(os.getpid()), encoding="utf-8")
    signal.pause()
    return 0


def test_a_worker_that_is_killed_is_replaced_and_the_run_made_again(tmp_path: Path) -> None:
    from threading import Thread
    from time import sleep

    note = tmp_path / "pid"

    def kill() -> None:
        while not (note.exists() and note.read_text()):
            sleep(0.05)
        os.kill(int(note.read_text()), signal.SIGKILL)

    killer = Thread(target=kill)
    killer.start()
    pool = pools.LocalPool(2)
    try:
        outcomes = pools.side_by_side(pool, [Call("one", killed_first, (str(note),)), Call("other", abs, (-3,))])
    finally:
        pool.close()
        killer.join()
    assert [one.value for one in outcomes] == [7, 3]


def test_where_no_scheduler_listens_the_address_and_the_cure_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = configured(tmp_path, end_s=60.0)
    assert whatif(config, tmp_path / "out", "--change", "demand=1.5", "--scheduler", "tcp://127.0.0.1:1") == 2
    err = capsys.readouterr().err
    assert "no scheduler answers at tcp://127.0.0.1:1" in err
    assert "dask scheduler" in err


def test_on_a_cluster_the_summary_is_the_same(tmp_path: Path) -> None:
    config = configured(tmp_path, end_s=120.0)
    change = ("--change", "demand=1.5")
    assert whatif(config, tmp_path / "here", *change) == 0
    with LocalCluster(n_workers=1, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        assert whatif(config, tmp_path / "there", *change, "--scheduler", cluster.scheduler_address) == 0
    here, there = summary(tmp_path / "here"), summary(tmp_path / "there")
    assert {**here, "spent": None} == {**there, "spent": None}
    assert (tmp_path / "there" / "report.html").stat().st_size > 5_000


def test_on_a_full_disk_the_results_are_still_told_and_nothing_is_made_twice(tmp_path: Path) -> None:
    config = configured(tmp_path, end_s=120.0)
    out, cache = tmp_path / "out", tmp_path / "cache"
    words = [str(config), "--out", str(out), "--cache", str(cache), *QUICK, "--change", "demand=1.2"]
    assert cli.main(["whatif", *words]) == 0
    (out / "report.html").unlink()
    limit = (out / "summary.json").stat().st_size - 100
    code = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}));"
        "from nutgiao.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    found = subprocess.run([sys.executable, "-c", code, "whatif", *words], capture_output=True, text=True, check=False)
    assert found.returncode == 1
    assert "With 1.2 times the demand, delay" in found.stdout
    assert f"cannot write {out}" in found.stdout.replace("\n", "")
    assert "Make room or name another --out" in found.stdout
    assert cli.main(["whatif", *words]) == 0
    assert summary(out)["spent"]["sumo_runs"] == 0  # type: ignore[index]


def test_one_seed_claims_nothing(tmp_path: Path) -> None:
    assert whatif(configured(tmp_path, end_s=60.0), tmp_path / "out", "--change", "demand=3", "--seeds", "5-5") == 0
    found = summary(tmp_path / "out")
    assert found["significant"] is False
    assert "a single pair of runs says nothing about chance" in str(found["verdict"])


def test_the_window_of_the_trajectories_is_where_most_vehicles_halt() -> None:
    from types import SimpleNamespace

    series = (0.0,) * 20 + (5.0,) * 10 + (0.0,) * 30
    runs = [SimpleNamespace(halting_veh={"a": series, "b": (0.0,) * 60})]
    assert whatif_run.window_s(runs, 25_200.0) == 25_200.0 + 20 * 60.0  # type: ignore[arg-type]


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 48 kB."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=48k", "tmpfs", str(place)]
    try:
        allowed = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        allowed = False
    if not allowed:
        pytest.skip("nothing may be mounted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_disk_that_fills_up_costs_the_files_and_not_the_results(
    tiny_disk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = configured(tmp_path, end_s=600.0)
    assert whatif(config, tiny_disk / "out", "--change", "demand=1.2", "--seeds", "3") == 1
    out = capsys.readouterr().out
    assert "results cannot be kept in" in out
    assert "the disk is full" in out
    assert "With 1.2 times the demand, delay" in out
    assert "report.html: No space left on device" in out
