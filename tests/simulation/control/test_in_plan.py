"""Lights that keep to their shipped programs, in SUMO: fixed, in the cycle, and coordinated."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nutgiao.cli.control_frames import frames_of
from nutgiao.cli.controllers import kind_of
from nutgiao.models.contracts.errors import ConfigError
from nutgiao.models.contracts.words import ControlMode
from nutgiao.models.queueing.junction.tables import RED
from nutgiao.simulation.control.drive import Drive, Loop, drive
from nutgiao.simulation.control.lights import Lights, read_lights
from nutgiao.simulation.control.shipped_plan import shipped_plan
from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.signal_programs import SignalProgram, shipped_programs, write_programs
from nutgiao.simulation.stage_order import ChangeRule, arranged
from nutgiao.simulation.trial import run_trial
from nutgiao.simulation.variant import Setup
from tests.support.controlled_nets import street_with_crossings
from tests.support.frames import faults
from tests.support.junction_nets import write
from tests.support.plan_spaces import busy_street, street_with_needless_stages

CYCLE, COORDINATED, FIXED = ControlMode.CYCLE, ControlMode.COORDINATED, ControlMode.FIXED

RULE = ChangeRule(4)


def programmed(
    street: Scenario, folder: Path, greens_s: Sequence[float], offset_s: float = 0.0, order: Sequence[int] = ()
) -> Scenario:
    """The street with its green stages in a program of other greens, with the changes of the rule."""
    light = read_lights(street, RULE).rules[0]
    stages = tuple(order or range(len(light.states)))
    made = arranged(replace(light, green_s=tuple(greens_s)), stages, RULE).program
    path = write_programs(folder / "programmed.add.xml", [replace(made, offset_s=offset_s)])
    return replace(street, additional=(*street.additional, path))


def told(street: Scenario, folder: Path, name: str) -> tuple[Scenario, Path]:
    """The street, with a file in which SUMO says what A0 shows in each second."""
    event = f'<timedEvent type="SaveTLSStates" source="A0" dest="{folder / name}.xml"/>'
    path = write(folder / f"{name}.add.xml", event, root="additional")
    return replace(street, additional=(*street.additional, path)), folder / f"{name}.xml"


def states(path: Path) -> dict[float, str]:
    return {float(one.attrib["time"]): one.attrib["state"] for one in ET.parse(path).getroot().iter("tlsState")}


def in_plan(street: Scenario, controller: str, mode: ControlMode, rule: ChangeRule = RULE) -> tuple[Drive, Lights]:
    lights = read_lights(street, rule)
    kept = tuple(frames_of(lights, mode, street.begin_s)[0])
    how = Loop(kind_of(controller).made(mode, street.begin_s), rule=rule, seconds=True, in_plan=kept)
    return drive(Setup(street), 1, how), lights


@pytest.mark.parametrize(("offset_s", "begin_s"), [(0.0, 0.0), (37.0, 100.0), (-11.0, 63.0)])
def test_fixed_control_shows_each_second_what_sumo_shows_under_the_program(
    offset_s: float, begin_s: float, tmp_path: Path
) -> None:
    street = programmed(street_with_needless_stages(tmp_path), tmp_path, (24, 7, 19, 6), offset_s)
    street = replace(street, begin_s=begin_s, end_s=begin_s + 380.0)
    own, own_states = told(street, tmp_path, "own")
    run_trial(own, (), 1)
    other, other_states = told(street, tmp_path, "other")
    found, lights = in_plan(other, "fixed", FIXED)
    plan = shipped_plan(lights, 0, begin_s)
    assert (plan.cycle_s, plan.stages, plan.greens_s) == (72, (0, 1, 2, 3), (24, 7, 19, 6))
    ours, theirs = states(other_states), states(own_states)
    settled_s = begin_s + (0 if plan.offset_s == 0 else plan.cycle_s)
    times = [t for t in theirs if t >= settled_s]
    assert len(times) >= 300
    assert {t: ours[t] for t in times} == {t: theirs[t] for t in times}
    assert found.refused == {}


@pytest.mark.parametrize("mode", [CYCLE, COORDINATED])
@pytest.mark.parametrize("controller", ["horizon", "max-wave", "actuated"])
def test_each_controller_keeps_the_frame_and_no_lamp_is_refused(
    controller: str, mode: ControlMode, tmp_path: Path
) -> None:
    street = programmed(street_with_needless_stages(tmp_path), tmp_path, (24, 7, 19, 6), 37.0)
    found, lights = in_plan(street, controller, mode)
    plan = frames_of(lights, mode, street.begin_s)[0][0]
    row = found.shown["A0"]
    assert not faults(plan, row, 2 * plan.cycle_s)
    assert {0, 2} <= set(row)
    assert (found.refused, found.trial.collisions, found.trial.gridlocked) == ({}, 0, False)


def test_within_its_cycle_the_horizon_does_better_than_the_program(tmp_path: Path) -> None:
    street = programmed(busy_street(tmp_path), tmp_path, (30, 30), order=(1, 0))
    delay_s = {
        (name, mode): in_plan(street, name, mode)[0].trial.delay_s
        for name, mode in (("fixed", FIXED), ("horizon", CYCLE), ("horizon", COORDINATED))
    }
    assert delay_s["horizon", CYCLE] < 0.7 * delay_s["fixed", FIXED]
    assert delay_s["horizon", COORDINATED] < delay_s["fixed", FIXED]


def test_crossings_get_their_green_every_cycle_though_nobody_sees_who_stands_there(tmp_path: Path) -> None:
    street = street_with_crossings(tmp_path)
    for mode in (CYCLE, COORDINATED):
        found, lights = in_plan(street, "horizon", mode, ChangeRule())
        walks = lights.link_lane[:, 0] < 0
        plan = frames_of(lights, mode, street.begin_s)[0][0]
        walk = (lights.right[:, walks] != RED) & (lights.right[0, walks] == RED)
        assert walk.any()
        assert not faults(plan, found.shown["A0"], plan.cycle_s, np.flatnonzero(walk.any(axis=1)).tolist())


def test_a_green_that_goes_on_over_the_end_of_the_program_is_one(tmp_path: Path) -> None:
    street = busy_street(tmp_path)
    a, b = read_lights(street, ChangeRule()).states
    amber = [one.replace("G", "y").replace("g", "y") for one in (a, b)]
    program = SignalProgram("A0", 5.0, (10.0, 3.0, 20.0, 3.0, 15.0), (a, amber[0], b, amber[1], a))
    whole = replace(street, additional=(write_programs(tmp_path / "whole.add.xml", [program]),))
    plan = shipped_plan(read_lights(whole, ChangeRule()), 0, 2.0)
    assert plan == (51, 39, (0, 1), (25, 20), ((0, 3), (3, 0)))


def test_why_a_light_has_no_frame_is_said_and_a_program_that_does_not_fit_is_not_run(tmp_path: Path) -> None:
    street = busy_street(tmp_path)
    program = shipped_programs(street)[0]

    def problem(name: str, mode: ControlMode, *durations_s: float) -> str:
        path = write_programs(tmp_path / name, [replace(program, durations_s=durations_s)])
        lights = read_lights(replace(street, additional=(path,)), ChangeRule())
        return frames_of(lights, mode, 0.0)[1][0]

    assert "7.5 s is no whole second" in problem("half.add.xml", CYCLE, 42, 3, 7.5, 3)
    assert "green of 4 s is shorter than the shortest one, 5 s" in problem("short.add.xml", COORDINATED, 42, 3, 4, 3)
    with pytest.raises(ConfigError, match=r"traffic light A0.*green of 4 s.*Give --amber-s"):
        problem("short.add.xml", FIXED, 42, 3, 4, 3)
