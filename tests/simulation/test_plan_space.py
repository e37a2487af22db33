from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nutgiao.models.contracts.errors import ConfigError
from nutgiao.simulation.plan_space import Limits, check_adjustable, crossing_need_s, is_green_stage, plan_space
from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.signal_programs import SignalProgram
from nutgiao.simulation.sumo_process import run_tool

PROGRAM = SignalProgram("A", 7.0, (30.0, 3.0, 2.0, 4.0, 3.0), ("GGr", "yyr", "rrr", "rrG", "rry"))


@pytest.mark.parametrize(
    ("state", "green"),
    [
        ("GGrr", True),
        ("rrgr", True),
        ("srrr", True),
        ("Gyrr", False),
        ("rrrr", False),
        ("rurr", False),
        ("yyyy", False),
    ],
)
def test_a_stage_may_change_if_somebody_drives_and_nobody_has_amber(state: str, green: bool) -> None:
    assert is_green_stage(state) is green


def test_amber_and_all_red_stay_as_shipped_to_the_second() -> None:
    space = plan_space([PROGRAM], Limits())
    assert space.green.tolist() == [True, False, False, True, False]
    assert space.least_s.tolist() == [5.0, 3.0, 2.0, 4.0, 3.0]  # the shipped green of 4 s may stay
    assert space.most_s.tolist() == [120.0, 3.0, 2.0, 120.0, 3.0]


def test_an_amber_of_half_seconds_stays_so() -> None:
    half = SignalProgram("A", 0.0, (30.0, 3.5), ("G", "y"))
    assert plan_space([half], Limits()).shipped_stage_s[1] == 3.5


def test_walkers_keep_what_they_need_or_what_they_have() -> None:
    need = {"A": {0: 8.2, 2: 60.0}}
    assert plan_space([PROGRAM], Limits(), need).least_s.tolist() == [9.0, 3.0, 2.0, 4.0, 3.0]


def test_bounds_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ConfigError, match="the least is above the most"):
        plan_space([PROGRAM], Limits(least_green_s=50, most_green_s=20))


def test_without_a_green_of_any_light_there_is_nothing_to_optimise(tmp_path: Path) -> None:
    scenario = Scenario("x", tmp_path / "x.net.xml", (), 0.0, 1.0)
    with pytest.raises(ConfigError, match="there is no traffic light"):
        check_adjustable(scenario, plan_space([], Limits()))
    red = SignalProgram("A", 0.0, (30.0,), ("rr",))
    with pytest.raises(ConfigError, match="no length may change"):
        check_adjustable(scenario, plan_space([red], Limits()))


def test_a_signalised_crossing_needs_its_length_at_walking_speed(tmp_path: Path) -> None:
    net = tmp_path / "walk.net.xml"
    options = ["--grid", "--grid.number", "1", "--grid.attach-length", "100", "--tls.set", "A0", "--crossings.guess"]
    run_tool("netgenerate", [*options, "--sidewalks.guess", "--output-file", str(net)], "walk")
    need = crossing_need_s(Scenario("walk", net, (), 0.0, 1.0))
    lengths = np.array(list(need["A0"].values())) * 1.2
    assert len(lengths) == 4
    assert np.all((lengths > 4) & (lengths < 30))
