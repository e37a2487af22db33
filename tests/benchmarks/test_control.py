from __future__ import annotations

from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any

import pytest

from benchmarks import control, plan_rivals
from nutgiao.simulation.control.decisions import Decisions
from nutgiao.simulation.control.drive import Drive
from nutgiao.simulation.signal_programs import shipped_programs
from nutgiao.simulation.trial import Trial, run_trial
from tests.support.plan_spaces import busy_street

TRIAL = Trial(
    seed=1, delay_s=11.0, depart_delay_s=0.0, stops=0.5, scheduled=10, departed=10, arrived=9, collisions=0,
    emergency_brakings=0, gridlocked=False, edge_delay_s={}, edge_vehicles={}, cpu_s=1.0,
)  # fmt: skip
TOOK = Decisions(1, 1.0, 9.0, 30.0, 1.0, 9.0, (1,))


def driven(**more: Any) -> Drive:
    return Drive(replace(TRIAL, **more), TOOK, {"A0": 100}, (), {}, {})


def rows(perfect: list[Any], camera: list[Any], loops: list[Any], name: str = "cologne1") -> dict[str, dict[str, Any]]:
    seeds = (1, 2)
    shipped = [replace(TRIAL, seed=seed, delay_s=40.0) for seed in seeds]
    actuated = [replace(TRIAL, seed=seed, delay_s=30.0) for seed in seeds]
    found = {
        control.SHIPPED: shipped, control.ACTUATED: actuated, control.PERFECT: perfect, control.CAMERA: camera,
        control.LOOPS: loops,
    }  # fmt: skip
    return {row: control.row_of(name, row, seeds, some) for row, some in found.items()}


def held(found: list[dict[str, Any]]) -> dict[str, bool]:
    return {one["name"].partition(": ")[2] or one["name"]: one["pass"] for one in found}


GOOD = [driven(), driven(seed=2)]


def test_all_targets_hold_where_everything_is_well() -> None:
    assert set(held(control.targets_of("cologne1", rows(GOOD, GOOD, GOOD), all_red=False)).values()) == {True}


@pytest.mark.parametrize(
    ("worse", "which"),
    [
        ({"delay_s": 14.0}, "delay, perfect"),
        ({"collisions": 1}, "collisions and jams, nutgiao perfect"),
        ({"gridlocked": True}, "collisions and jams, nutgiao perfect"),
        ({"emergency_brakings": 1}, "emergency brakings, nutgiao perfect"),
    ],
)
def test_each_target_can_be_missed(worse: dict[str, Any], which: str) -> None:
    bad = [driven(**worse), driven(seed=2)]
    found = held(control.targets_of("cologne1", rows(bad, GOOD, GOOD), all_red=False))
    assert not found[which]


def test_cameras_may_cost_fifteen_percent_and_loops_must_beat_actuated_lights() -> None:
    slow = [driven(delay_s=31.0), driven(delay_s=31.0, seed=2)]
    found = held(control.targets_of("cologne1", rows(GOOD, slow, slow), all_red=False))
    assert (found["camera over perfect"], found["loops"]) == (False, False)


def test_a_row_that_lacks_a_seed_is_a_miss() -> None:
    found = held(control.targets_of("cologne1", rows([driven(), None], GOOD, GOOD), all_red=False))
    assert not found["delay, perfect"]
    assert not found["camera over perfect"]


def test_where_junctions_can_lock_each_other_the_worst_seed_counts() -> None:
    uneven = [driven(delay_s=20.0), driven(delay_s=50.0, seed=2)]
    found = control.targets_of("ingolstadt21", rows(uneven, uneven, uneven, "ingolstadt21"), all_red=False)
    assert found[0]["name"] == "ingolstadt21: worst seed, perfect"
    assert (found[0]["value"], found[0]["pass"]) == (50.0, False)


def test_with_all_red_no_delay_is_asked_for_but_safety_is() -> None:
    found = held(control.targets_of("cologne1", rows(GOOD, GOOD, GOOD), all_red=True))
    assert "delay, perfect" not in found
    assert "collisions and jams, nutgiao perfect" in found


def test_every_scenario_has_a_target() -> None:
    assert set(control.TARGETS_S) == set(control.NAMES)
    assert all(0 < one < inf for one in control.TARGETS_S.values())


def test_delay_based_lights_are_another_control_than_actuated_ones(tmp_path: Path) -> None:
    street = busy_street(tmp_path)
    programs = shipped_programs(street)
    kinds = {
        kind: plan_rivals.actuated(programs, tmp_path / f"{kind}.xml", kind) for kind in ("actuated", "delay_based")
    }
    delay_s = {kind: run_trial(street, (), 1, [path]).delay_s for kind, path in kinds.items()}
    assert delay_s["actuated"] != delay_s["delay_based"]
    assert 'type="delay_based"' in kinds["delay_based"].read_text()
