from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks import reference
from nutgiao.models.contracts.errors import SimulationFailed
from nutgiao.simulation.evaluate import run as really_run
from tests.support.junction_nets import junction, scenario, vehicle


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache; the street that stands for every RESCO scenario has one junction."""
    street = scenario(junction(tmp_path), *(vehicle(f"v{n}", 3 * n) for n in range(30)), end_s=120.0)
    monkeypatch.setattr(reference, "fetch", lambda name: replace(street, name=name))
    return tmp_path / "cache"


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Seeds of the runs that SUMO really made."""
    made: list[int] = []

    def counted(scenario, programs=(), seed=1, halting_lanes=()):  # type: ignore[no-untyped-def]
        made.append(seed)
        return really_run(scenario, programs, seed, halting_lanes)

    monkeypatch.setattr(reference.evaluate, "run", counted)
    return made


def make(cache: Path, plans: int, *seeds: int) -> dict[tuple[int, int], float]:
    made = reference.make("grid4x4", "development", range(plans), seeds, cache)
    return {(number, seed): run.delay_s for number, seed, run in made}


def test_a_run_is_made_once(cache: Path, runs: list[int]) -> None:
    first = make(cache, 2, 1)
    assert make(cache, 3, 1, 2).items() >= first.items()
    assert runs == [1, 1, 1, 2, 2, 2]


def test_another_set_of_plans_is_another_set_of_runs(cache: Path, runs: list[int]) -> None:
    make(cache, 1, 1)
    next(iter(reference.make("grid4x4", "reporting", [0], [1], cache)))
    assert len(runs) == 2


def test_what_was_made_is_loaded_and_what_is_missing_is_marked(cache: Path) -> None:
    made = make(cache, 2, 1) | make(cache, 1, 2)
    loaded = reference.load("grid4x4", "development", seeds=(1, 2), plans=3, folder=cache)
    assert loaded.delay_s.shape == (3, 2)
    assert loaded.delay_s[0].tolist() == [made[0, 1], made[0, 2]]
    assert np.isnan(loaded.delay_s).tolist() == [[False, False], [False, True], [True, True]]
    assert (loaded.arrived >= 0).tolist() == [[True, True], [True, False], [False, False]]
    assert len(loaded.plans) == 3
    assert list(loaded.plans[0]) == ["A0"]


def test_every_fourth_plan_has_the_halting_vehicles_of_all_seeds(cache: Path) -> None:
    make(cache, 5, 1)
    make(cache, 1, 2)
    one = reference.load("grid4x4", "development", seeds=(1,), plans=5, folder=cache)
    assert sorted(one.halting) == [0, 4]
    assert one.halting[4].shape == (1, 120, len(one.lanes))
    assert one.halting[4].max() > 0
    assert sorted(reference.load("grid4x4", "development", (1, 2), 5, cache).halting) == [0]


def test_halting_vehicles_that_are_missing_are_made(cache: Path, runs: list[int]) -> None:
    make(cache, 1, 1)
    (counts,) = cache.rglob("*.npz")
    counts.unlink()
    make(cache, 1, 1)
    assert counts.exists()
    assert runs == [1, 1]


def test_a_run_that_failed_leaves_nothing_that_looks_like_one(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def gives_up(*_: object) -> None:
        raise SimulationFailed("street: sumo gave up")

    monkeypatch.setattr(reference.evaluate, "run", gives_up)
    with pytest.raises(SimulationFailed):
        make(cache, 1, 1)
    assert list((cache / "grid4x4").iterdir()) == []


def test_the_command_line_tells_a_mistake_without_a_traceback(
    cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def gives_up(*_: object) -> None:
        raise SimulationFailed("street: sumo gave up")

    monkeypatch.setenv("NUTGIAO_REFERENCES", str(cache))
    assert reference.main(["development", "grid4x4", "--plans", "1", "--seeds", "1"]) == 0
    monkeypatch.setattr(reference.evaluate, "run", gives_up)
    assert reference.main(["reporting", "grid4x4", "--plans", "1", "--seeds", "1"]) == 2
    assert "street: sumo gave up\n" in capsys.readouterr().err
