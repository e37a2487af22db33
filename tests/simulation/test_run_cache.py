from __future__ import annotations

import errno
import multiprocessing
import os
import resource
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from nutgiao.models.contracts.errors import SimulationFailed
from nutgiao.simulation.pools import LocalPool
from nutgiao.simulation.run_cache import RunCache
from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.setup_runs import Runs, run_setup
from nutgiao.simulation.trial import Trial
from nutgiao.simulation.variant import Setup
from tests.support.junction_nets import write
from tests.support.plan_spaces import busy_street


@pytest.fixture
def street(tmp_path: Path) -> Scenario:
    made = busy_street(tmp_path)
    light = write(tmp_path / "light.add.xml", '<include href="inner.add.xml"/>', root="additional")
    write(tmp_path / "inner.add.xml", "<!-- nothing yet -->", root="additional")
    return replace(made, additional=(light,), end_s=60.0)


def trial(seed: int = 1, delay_s: float = 0.1 + 0.2) -> Trial:
    return Trial(seed, delay_s, 0.0, 0.0, 9, 9, 9, 0, 0, False, {"e": 1.0}, {"e": 9}, 0.5, {"e": (0.0, 1.5)})


def test_a_result_comes_back_to_the_last_digit(tmp_path: Path) -> None:
    cache = RunCache(tmp_path / "cache")
    assert cache.get("ab12", Trial) is None
    cache.put("ab12", trial())
    assert cache.get("ab12", Trial) == trial()


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s.net.write_bytes(s.net.read_bytes().replace(b"13.89", b"13.88", 1)),
        lambda s: s.routes[0].write_bytes(s.routes[0].read_bytes() + b"\n"),
        lambda s: s.additional[0].write_bytes(s.additional[0].read_bytes() + b" "),
        lambda s: s.additional[0].with_name("inner.add.xml").write_text("<additional> </additional>"),
    ],
    ids=["network", "demand", "additional file", "a file that is included"],
)
def test_a_changed_byte_in_any_input_gives_another_key(change: Callable[[Scenario], object], street: Scenario) -> None:
    before = RunCache(Path("c")).key("trial", Setup(street), 1)
    assert RunCache(Path("c")).key("trial", Setup(street), 1) == before
    change(street)
    assert RunCache(Path("c")).key("trial", Setup(street), 1) != before


def test_options_seed_period_and_what_is_stuck_give_other_keys(street: Scenario) -> None:
    cache = RunCache(Path("c"))
    setup = Setup(street)
    keys = [
        cache.key("trial", setup, 1),
        cache.key("trial", setup, 2),
        cache.key("corridor", setup, 1),
        cache.key("tracks", setup, 1, 600.0),
        cache.key("trial", Setup(replace(street, options=("--scale=1.2",))), 1),
        cache.key("trial", Setup(replace(street, end_s=61.0)), 1),
        cache.key("trial", replace(setup, stuck={"d": True}), 1),
        cache.key("trial", replace(setup, stuck={"d": False}), 1),
        cache.key("trial", replace(setup, left_out=frozenset({"w1"})), 1),
    ]
    assert len(set(keys)) == len(keys)


def test_where_the_files_lie_does_not_matter(street: Scenario, tmp_path: Path) -> None:
    moved = tmp_path / "moved.net.xml"
    moved.write_bytes(street.net.read_bytes())
    cache = RunCache(Path("c"))
    assert cache.key("trial", Setup(street), 1) == cache.key("trial", Setup(replace(street, net=moved)), 1)


@pytest.mark.parametrize(
    "damage",
    [
        lambda b: b[: len(b) // 2],
        lambda b: b"",
        lambda b: b.replace(b'"seed":1', b'"seed":7'),
        lambda b: b"\xff\x00" + b,
    ],
    ids=["cut off", "empty", "a digit changed", "something else"],
)
def test_a_broken_file_is_told_and_the_run_made_again(
    damage: Callable[[bytes], bytes], street: Scenario, tmp_path: Path
) -> None:
    said: list[str] = []
    pool = LocalPool(1)
    try:
        first = Runs(pool, RunCache(tmp_path / "cache", said.append))
        whole = first.trials({"unchanged": Setup(street)}, (1,))
        (file,) = (tmp_path / "cache").rglob("*.json")
        good = file.read_bytes()
        file.write_bytes(damage(good))
        second = Runs(pool, RunCache(tmp_path / "cache", said.append))
        again = second.trials({"unchanged": Setup(street)}, (1,))
    finally:
        pool.close()
    assert second.made == 1
    assert again["unchanged"][1].delay_s == whole["unchanged"][1].delay_s
    assert RunCache(tmp_path / "cache").get(file.stem, Trial) is not None
    assert len(said) == 1
    assert f"{file} is broken" in said[0]
    assert "the run is made again" in said[0]


def test_a_second_time_no_run_is_made(street: Scenario, tmp_path: Path) -> None:
    pool = LocalPool(1)
    try:
        Runs(pool, RunCache(tmp_path / "cache")).trials({"unchanged": Setup(street)}, (1, 2))
        again = Runs(pool, RunCache(tmp_path / "cache"))
        assert set(again.trials({"unchanged": Setup(street)}, (1, 2))["unchanged"]) == {1, 2}
    finally:
        pool.close()
    assert (again.made, again.kept) == (0, 2)


def keep_writing(folder: str, count: int) -> int:
    """Writes and reads one result again and again; how often it was not whole."""
    said: list[str] = []
    cache = RunCache(Path(folder), said.append)
    for number in range(count):
        cache.put("ab12", trial(number, number / 7.0))
        found = cache.get("ab12", Trial)
        assert found is not None
    return len(said)


def test_two_processes_at_once_see_whole_files_only(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        broken = pool.starmap(keep_writing, [(str(tmp_path / "cache"), 300)] * 2)
    assert broken == [0, 0]
    assert [path.name for path in (tmp_path / "cache").rglob("*.*")] == ["ab12.json"]


def test_a_full_disk_is_told_once_and_the_results_are_there_all_the_same(
    street: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_path: Path, _body: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    said: list[str] = []
    pool = LocalPool(1)
    try:
        runs = Runs(pool, RunCache(tmp_path / "cache", said.append))
        monkeypatch.setattr(Path, "write_bytes", full)
        found = runs.trials({"unchanged": Setup(street)}, (1, 2))
    finally:
        pool.close()
    assert set(found["unchanged"]) == {1, 2}
    assert len(said) == 1
    assert "the disk is full" in said[0]
    assert "--cache" in said[0]


def put_under_limit(folder: str, limit_bytes: int) -> list[str]:
    """Keeps a result where no file may be longer than the limit, as on a disk that is full just then."""
    said: list[str] = []
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))
    RunCache(Path(folder), said.append).put("ab12", trial())
    return said


def test_a_file_that_may_not_grow_leaves_nothing_half_written(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        said = pool.apply(put_under_limit, (str(tmp_path / "cache"), 100))
    assert len(said) == 1
    assert "the disk is full" in said[0]
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_no_room_for_what_sumo_writes_is_told_with_the_cure(street: Scenario) -> None:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        said = pool.apply(run_under_limit, (Setup(street), 2_000))
    assert "busy: there is no room for SUMO's outputs in" in said
    assert "TMPDIR" in said


def run_under_limit(setup: Setup, limit_bytes: int) -> str:
    """Runs SUMO where no file may be longer than the limit."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))
    try:
        run_setup(setup, 1)
    except SimulationFailed as error:
        return str(error)
    return "nothing happened"
