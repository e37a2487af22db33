from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nutgiao.models.contracts.errors import SimulationFailed
from nutgiao.simulation import evaluate
from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.signal_programs import SignalProgram, controlled_lanes, shipped_programs
from tests.support.junction_nets import EAST_OUT, NORTH_IN, SOUTH_OUT, WEST_IN, junction, scenario, vehicle

ALL_RED = "r" * 12
WEST, NORTH = f"{WEST_IN}_0", f"{NORTH_IN}_0"


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return junction(tmp_path_factory.mktemp("net"))


@pytest.fixture
def street(net: Path, tmp_path: Path) -> Scenario:
    """60 vehicles from the west and 20 from the north in five minutes."""
    west = [vehicle(f"w{n}", 4 * n) for n in range(60)]
    north = [vehicle(f"n{n}", 12 * n, f"{NORTH_IN} {SOUTH_OUT}") for n in range(20)]
    made = scenario(net, *sorted(west + north, key=lambda one: float(one.split('depart="')[1].split('"')[0])))
    return replace(made, routes=(made.routes[0].rename(tmp_path / "street.rou.xml"),))


def always(state: str) -> list[SignalProgram]:
    return [SignalProgram("A0", 0.0, (90.0,), (state,))]


def test_the_shipped_program_runs_when_none_is_given(street: Scenario) -> None:
    assert evaluate.run(street).delay_s == evaluate.run(street, shipped_programs(street)).delay_s


def test_more_green_for_the_busy_road_means_less_delay(street: Scenario) -> None:
    (program,) = shipped_programs(street)
    long, short = (replace(program, durations_s=(84.0 - green_s, 3.0, green_s, 3.0)) for green_s in (60.0, 15.0))
    assert evaluate.run(street, [long]).delay_s < evaluate.run(street, [short]).delay_s


def test_those_who_never_got_in_wait_to_the_end(net: Path) -> None:
    #  "stands" has the start of the lane to itself for ever; "behind" cannot get in: 300 - 20 s of delay, shared by two
    stop = f'<stop lane="{WEST}" endPos="8" duration="10000"/>'
    street = scenario(net, vehicle("stands", 0, more='departPos="base"', inside=stop), vehicle("behind", 20))
    found = evaluate.run(street)
    assert (found.scheduled, found.departed, found.arrived) == (2, 1, 0)
    assert found.depart_delay_s == pytest.approx((300 - 20) / 2)
    assert found.delay_s == pytest.approx(found.depart_delay_s + found.time_loss_s)


def test_those_still_on_the_way_count_as_far_as_they_came(net: Path) -> None:
    found = evaluate.run(scenario(net, vehicle("v", 0)), always(ALL_RED))
    assert (found.departed, found.arrived, found.depart_delay_s) == (1, 0, 0.0)
    assert 300 - 200 / 13.89 - 10 < found.delay_s < 300  # all but the drive to the line, at 13.89 m/s


def test_nobody_is_lifted_out_of_a_jam(street: Scenario) -> None:
    found = evaluate.run(replace(street, end_s=900.0), always(ALL_RED))
    assert (found.scheduled, found.arrived) == (80, 0)
    assert found.departed < 60


def test_vehicles_of_another_time_are_not_scheduled(street: Scenario) -> None:
    found = evaluate.run(replace(street, begin_s=100.0, end_s=200.0))
    assert found.scheduled == sum(100 <= 4 * n < 200 for n in range(60)) + sum(100 <= 12 * n < 200 for n in range(20))


def test_the_same_seed_gives_the_same_traffic_counted_or_not(street: Scenario) -> None:
    plain, again = evaluate.run(street, seed=3), evaluate.run(street, seed=3)
    counted = evaluate.run(street, seed=3, halting_lanes=[WEST])
    assert plain.delay_s == again.delay_s == counted.delay_s
    assert plain.arrived == counted.arrived
    assert evaluate.run(street, seed=4).delay_s != plain.delay_s


@pytest.mark.parametrize("step_s", [1.0, 0.5])
def test_halting_vehicles_are_counted_every_second_on_each_lane(street: Scenario, step_s: float) -> None:
    street = replace(street, step_s=step_s)
    lanes = [NORTH, WEST, f"{EAST_OUT}_0"]
    red = evaluate.run(street, always(ALL_RED), halting_lanes=lanes)
    assert red.halting is not None
    assert red.halting.shape == (300, 3)
    assert red.halting.dtype == np.uint8
    assert red.halting[0].tolist() == [0, 0, 0]  # they have only just set out
    assert red.halting[-1].sum() == red.departed  # all that came stand before the line
    assert red.halting[:, 2].max() == 0  # nobody got through
    assert np.all(np.diff(red.halting[60:, 1].astype(int)) >= -1)  # the queue grows; one may creep up for a moment


def test_all_controlled_lanes_can_be_counted(street: Scenario) -> None:
    found = evaluate.run(street, halting_lanes=controlled_lanes(street))
    assert found.halting is not None
    assert found.halting.max(axis=0).tolist()[0] == 0  # nobody comes from the south
    assert found.halting.max() >= 5


@pytest.mark.parametrize("lanes", [(), (WEST,)])
def test_what_sumo_says_when_it_gives_up_is_passed_on(net: Path, lanes: tuple[str, ...]) -> None:
    with pytest.raises(SimulationFailed, match=r"street: .*nowhere"):
        evaluate.run(scenario(net, vehicle("v", 0, f"{WEST_IN} nowhere")), halting_lanes=lanes)


def test_a_lane_that_is_not_there_is_told(street: Scenario) -> None:
    with pytest.raises(SimulationFailed, match=r"street: .*no_such_lane"):
        evaluate.run(street, halting_lanes=["no_such_lane"])


def test_a_run_without_vehicles_has_no_delay(street: Scenario) -> None:
    with pytest.raises(SimulationFailed, match="no vehicle was scheduled"):
        evaluate.run(replace(street, begin_s=600.0, end_s=700.0))


def test_options_of_the_scenario_reach_sumo(street: Scenario) -> None:
    assert evaluate.run(replace(street, options=("--scale=2",))).scheduled == 160


def test_sumo_alone_takes_some_cpu_time_and_leaves_no_file(street: Scenario) -> None:
    before = set(street.net.parent.iterdir())
    assert evaluate.bare_cpu_s(street, shipped_programs(street)) > 0.0
    assert set(street.net.parent.iterdir()) == before
