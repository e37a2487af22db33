from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nutgiao.cli.control_priority import MODULE as PRIORITY
from nutgiao.cli.controllers import CONTROLLERS, GreedyMaker, HorizonMaker
from nutgiao.models.contracts.errors import ConfigError, SimulationFailed
from nutgiao.models.contracts.step_guard import LampsRefused
from nutgiao.models.queueing.junction.tables import RED
from nutgiao.optimizer.control.pressure import Aim
from nutgiao.simulation.control import drive as driving
from nutgiao.simulation.control.decisions import EDGES_MS, decisions, total_counts
from nutgiao.simulation.control.drive import ControllerMaker, Drive, Loop, drive, loop
from nutgiao.simulation.control.lights import read_lights
from nutgiao.simulation.stage_order import ChangeRule
from nutgiao.simulation.trial import run_trial
from nutgiao.simulation.variant import Setup
from tests.support.controlled_nets import TellStages, street_with_crossings, street_with_odd_lights
from tests.support.junction_nets import EAST_OUT, WEST_IN, vehicle, write
from tests.support.plan_spaces import busy_street


def short_street(folder: Path, end_s: float = 120.0) -> Setup:
    return Setup(replace(busy_street(folder), end_s=end_s))


def runs_of(row: Sequence[int]) -> list[tuple[int, int]]:
    """Stage and seconds, one after the other."""
    found: list[tuple[int, int]] = []
    for stage in row:
        found = [*found[:-1], (stage, found[-1][1] + 1)] if found and found[-1][0] == stage else [*found, (stage, 1)]
    return found


def shown(setup: Setup, *wishes: int, **more: Any) -> list[tuple[int, int]]:
    return runs_of(drive(setup, 1, Loop(TellStages(wishes), seconds=True, **more)).shown["A0"])


def test_further_stages_may_be_used_if_asked(tmp_path: Path) -> None:
    setup = short_street(tmp_path)
    few, many = (len(read_lights(setup.scenario, ChangeRule(), 5.0, more).states) for more in (0, 4))
    assert many > few
    row = drive(setup, 1, Loop(TellStages((many - 1,)), seconds=True, more_stages=4)).shown["A0"]
    assert row[-1] == many - 1


def test_the_same_seed_gives_the_same_run_and_another_seed_another_one(tmp_path: Path) -> None:
    setup = short_street(tmp_path)
    how = Loop(HorizonMaker(), seconds=True)
    first, again, other = (drive(setup, seed, how) for seed in (1, 1, 2))
    assert replace(first.trial, cpu_s=0.0) == replace(again.trial, cpu_s=0.0)
    assert (first.shown, first.switches) == (again.shown, again.switches)
    assert other.trial.edge_delay_s != first.trial.edge_delay_s


def test_two_threads_of_a_worker_take_turns(tmp_path: Path) -> None:
    setup, how = short_street(tmp_path, 60.0), Loop(TellStages((0,)))
    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(lambda seed: drive(setup, seed, how).trial, (1, 2)))
    alone = [drive(setup, seed, how).trial for seed in (1, 2)]
    assert [replace(one, cpu_s=0.0) for one in found] == [replace(one, cpu_s=0.0) for one in alone]


@pytest.mark.parametrize("name", [one for one in CONTROLLERS if one != "fixed"])
def test_each_controller_does_much_better_than_a_program_that_does_not_fit(name: str, tmp_path: Path) -> None:
    setup = short_street(tmp_path, 300.0)
    found = drive(setup, 1, Loop(CONTROLLERS[name].make))
    shipped = run_trial(setup.scenario, (), 1)
    assert found.trial.delay_s < 0.6 * shipped.delay_s
    assert found.trial.scheduled == shipped.scheduled
    assert (found.trial.collisions, found.trial.gridlocked, found.refused) == (0, False, {})


def test_amber_all_red_and_least_green_are_kept_whatever_is_wished(tmp_path: Path) -> None:
    wishes = [1, 0] * 30
    rule = ChangeRule(4, 2)
    found = shown(short_street(tmp_path), *wishes, rule=rule, least_green_s=7.0)
    changes = [seconds for stage, seconds in found[1:-1] if stage < 0]
    greens = [seconds for stage, seconds in found[:-1] if stage >= 0]
    assert set(changes) == {6}
    assert min(greens) >= 7
    assert len(greens) > 3


def test_a_wish_during_a_change_does_not_turn_it_round(tmp_path: Path) -> None:
    found = shown(short_street(tmp_path), *[0] * 10, 1, *[0] * 60)
    assert [stage for stage, _ in found[:3]] == [0, -1, 1]


def test_what_each_second_showed_is_told_only_if_asked(tmp_path: Path) -> None:
    setup = short_street(tmp_path, 60.0)
    assert drive(setup, 1, Loop(TellStages((0,)))).shown == {}
    assert drive(setup, 1, Loop(TellStages((0,)), seconds=True)).shown == {"A0": (0,) * 60}


def test_half_a_second_of_step_is_a_choice_a_second_all_the_same(tmp_path: Path) -> None:
    setup = Setup(replace(short_street(tmp_path, 60.0).scenario, step_s=0.5))
    assert len(drive(setup, 1, Loop(TellStages((0,)), seconds=True)).shown["A0"]) == 60


@pytest.mark.parametrize("make", [GreedyMaker(Aim.WAVE), HorizonMaker()], ids=["max-wave", "horizon"])
def test_lights_with_fewer_than_two_green_stages_keep_their_program(make: ControllerMaker, tmp_path: Path) -> None:
    street = street_with_odd_lights(tmp_path)
    states = write(
        tmp_path / "states.add.xml",
        *[f'<timedEvent type="SaveTLSStates" source="{name}" dest="{name}.xml"/>' for name in ("A1", "B0")],
        root="additional",
    )
    setup = Setup(replace(street, additional=(*street.additional, states)))
    found = drive(setup, 1, Loop(make))
    assert found.kept_shipped == ("A1", "B0")
    assert set(found.switches) == {"A0", "B1"}
    greens = (tmp_path / "A1.xml").read_text()
    assert {f'state="{letter * 12}"' in greens for letter in "Gyr"} == {True}
    assert 'programID="odd"' in greens
    assert f'state="{"o" * 12}"' in (tmp_path / "B0.xml").read_text()


def test_a_street_on_which_no_light_has_a_choice_is_refused(tmp_path: Path) -> None:
    street = busy_street(tmp_path)
    program = '<tlLogic id="A0" type="static" programID="one" offset="0"><phase duration="90" state="GGGGGGGGGGGG"/>'
    one = write(tmp_path / "one.add.xml", f"{program}</tlLogic>", root="additional")
    with pytest.raises(ConfigError, match="no light has two green stages"):
        drive(Setup(replace(street, additional=(one,))), 1, Loop(HorizonMaker()))


def test_what_sumo_refuses_is_told_in_its_words_and_the_next_run_goes_well(tmp_path: Path) -> None:
    good = short_street(tmp_path, 60.0)
    lost = write(tmp_path / "lost.rou.xml", vehicle("lost", 1, f"{EAST_OUT} {WEST_IN}"))
    bad = Setup(replace(good.scenario, routes=(lost,)))
    with pytest.raises(SimulationFailed, match="lost"):
        drive(bad, 1, Loop(TellStages((0,))))
    assert drive(good, 1, Loop(TellStages((0,)))).trial.scheduled > 0


class Strict:
    """A guard that allows only what it was told."""

    def __init__(self, *allowed: str) -> None:
        self.allowed, self.steps = allowed, 0

    def check(self, state: str) -> tuple[str, ...]:
        return () if state in self.allowed else ("not allowed",)

    def step(self, state: str) -> None:
        self.steps += 1
        if state not in self.allowed:
            raise LampsRefused(self.steps, ())


def test_a_wish_that_the_guard_refuses_is_not_done_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    setup = short_street(tmp_path)
    first = read_lights(setup.scenario, ChangeRule()).states[0]
    guard = Strict(first)
    monkeypatch.setattr(driving, "guards", lambda *_: {0: guard})
    found = drive(setup, 1, Loop(TellStages((0,) * 20 + (1,)), seconds=True))
    assert found.shown["A0"] == (0,) * 120
    assert found.refused == {"A0": 100}
    assert guard.steps == 120


def test_what_the_guard_does_not_allow_to_stand_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driving, "guards", lambda *_: {0: Strict()})
    with pytest.raises(LampsRefused):
        drive(short_street(tmp_path), 1, Loop(TellStages((0,))))


def test_the_guard_of_the_network_refuses_a_change_that_is_too_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hasty(*args: Any) -> Any:
        lights = read_lights(*args)
        return replace(lights, changes=dict.fromkeys(lights.changes, ()))

    setup = short_street(tmp_path)
    monkeypatch.setattr(driving, "read_lights", hasty)
    found = drive(setup, 1, Loop(TellStages((0,) * 20 + (1,)), seconds=True))
    assert set(found.shown["A0"]) == {0}
    assert found.refused["A0"] == 100
    assert 1 in drive(setup, 1, Loop(TellStages((0,) * 20 + (1,)), seconds=True, guarded=False)).shown["A0"]


def test_a_crossing_gets_green_though_no_controller_sees_who_stands_there(tmp_path: Path) -> None:
    street = street_with_crossings(tmp_path)
    lights = read_lights(street, ChangeRule())
    walks = [k for k in lights.links_of(0) if lights.link_lane[k, 0] < 0]
    assert walks
    row = drive(Setup(street), 1, Loop(TellStages((0,)), seconds=True)).shown["A0"]
    served = {stage: set(np.flatnonzero(lights.right[stage] != RED).tolist()) for stage in lights.stages_of(0)}
    for walk in walks:
        red_s = [
            seconds for stage, seconds in runs_of([stage >= 0 and walk in served[stage] for stage in row]) if not stage
        ]
        assert max(red_s, default=0) <= 100


def test_a_vehicle_that_stands_for_five_minutes_gets_green(tmp_path: Path) -> None:
    street = busy_street(tmp_path)
    lights = read_lights(street, ChangeRule())
    north = lights.street.lane_ids.index("top0A0_0")
    links = [k for k in lights.links_of(0) if lights.lanes[lights.link_lane[k, 0]] == north]
    away = next(stage for stage in lights.stages_of(0) if lights.right[stage, links[0]] == RED)
    found = [(stage, green_s) for stage, green_s in shown(Setup(street), away) if stage >= 0]
    first = next(k for k, (stage, _) in enumerate(found) if stage == away)
    assert 295 <= found[first][1] <= 330
    assert found[first + 1][0] != away


def test_an_unknown_detection_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match=r"no detection 'radar'.*perfect, camera, loops"):
        loop(HorizonMaker(), [], "radar")


def test_a_loop_is_named_by_all_that_it_is_set_to() -> None:
    usual = loop(HorizonMaker(), ["nutgiao.optimizer.control.horizon"])
    assert "0x" not in repr(usual)
    for other in (
        loop(HorizonMaker(20.0), ["nutgiao.optimizer.control.horizon"]),
        loop(HorizonMaker(), ["nutgiao.optimizer.control.pressure"]),
        loop(HorizonMaker(), ["nutgiao.optimizer.control.horizon"], rule=ChangeRule(4, 0)),
    ):
        assert repr(other) != repr(usual)


def test_all_code_that_decides_a_run_counts_for_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    find, digested = importlib.util.find_spec, set[str]()

    def told(name: str, package: str | None = None) -> ModuleSpec | None:
        digested.add(name.removeprefix("nutgiao."))
        return find(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", told)
    loop(HorizonMaker(), [CONTROLLERS["horizon"].module, PRIORITY], "camera")
    assert digested >= {
        "cli.control_frames", "cli.control_priority", "cli.controllers",
        "models.contracts.priority_desk", "models.queueing.hidden_tail", "models.queueing.shares",
        "optimizer.control.frame", "optimizer.control.framed", "optimizer.control.horizon",
        "optimizer.control.priority",
        "simulation.conflicts", "simulation.contradictions", "simulation.plan_space", "simulation.signal_programs",
        "simulation.virtual_camera",
        "simulation.control.areas", "simulation.control.movements", "simulation.control.shipped_plan",
    }  # fmt: skip


def test_quantiles_and_histogram_of_the_choices() -> None:
    took_ms = np.array([0.05] * 50 + [3.0] * 49 + [4000.0])
    found = decisions(took_ms, 2)
    assert found.p50_ms == pytest.approx((0.05 + 3.0) / 2)
    assert found.light_p50_ms == pytest.approx(found.p50_ms / 2)
    assert found.worst_ms == 4000.0
    assert sum(found.counts) == 100
    assert found.counts[0] == 50
    assert found.counts[EDGES_MS.index(1.0)] == 49
    assert found.counts[-1] == 1
    assert total_counts([found, found])[0] == 100
    assert total_counts([]) == [0] * len(EDGES_MS)


def test_a_drive_is_kept_and_read_back(tmp_path: Path) -> None:
    from nutgiao.simulation.run_cache import RunCache

    found = drive(short_street(tmp_path, 60.0), 1, Loop(TellStages((0,)), seconds=True))
    cache = RunCache(tmp_path / "cache")
    cache.put("ab", found)
    assert cache.get("ab", Drive) == found
