from __future__ import annotations

from pathlib import Path

import pytest

from nutgiao.models.contracts.errors import ConfigError
from nutgiao.simulation.scenario import Scenario, make_scenario, parse_time_s
from tests.support.junction_nets import write

TRIP = '<trip id="t" depart="10" from="a" to="b"/>'


@pytest.fixture
def net(tmp_path: Path) -> Path:
    return write(tmp_path / "street.net.xml", '<edge id="a"/>', root="net")


def with_demand(net: Path, *demand: str, begin_s: float = 0.0, end_s: float = 60.0, step_s: float = 1.0) -> Scenario:
    routes = write(net.with_name("street.rou.xml"), *demand)
    return make_scenario("street", net, [routes], begin_s, end_s, step_s=step_s)


def test_files_and_period_stand_as_given(net: Path) -> None:
    made = with_demand(net, TRIP, end_s=90.0, step_s=0.5)
    assert (made.name, made.net, made.begin_s, made.end_s, made.step_s) == ("street", net, 0.0, 90.0, 0.5)


@pytest.mark.parametrize("key", ["net-file", "route-files", "additional-files"])
def test_a_missing_file_is_told_with_its_key(net: Path, key: str) -> None:
    routes, none = write(net.with_name("street.rou.xml"), TRIP), net.with_name("none.xml")
    given = {"net-file": net, "route-files": routes, "additional-files": routes} | {key: none}
    with pytest.raises(ConfigError, match=f"street at '{key}': .*none.xml does not exist"):
        make_scenario(
            "street", given["net-file"], [given["route-files"]], 0.0, 60.0, additional=[given["additional-files"]]
        )


def test_demand_given_as_network_is_told(net: Path) -> None:
    routes = write(net.with_name("street.rou.xml"), TRIP)
    with pytest.raises(ConfigError, match="root <net> is needed"):
        make_scenario("street", routes, [routes], 0.0, 60.0)


def test_an_empty_network_is_told(net: Path) -> None:
    write(net, root="net")
    with pytest.raises(ConfigError, match="the network is empty"):
        with_demand(net, TRIP)


def test_a_period_that_ends_before_it_begins_is_told(net: Path) -> None:
    with pytest.raises(ConfigError, match="'end': 25200 is not after begin, 25200"):
        with_demand(net, TRIP, begin_s=25_200.0, end_s=25_200.0)


@pytest.mark.parametrize("step_s", [0.0, -1.0, 0.3, 2.0])
def test_steps_that_do_not_make_a_second_are_told(net: Path, step_s: float) -> None:
    with pytest.raises(ConfigError, match="step-length"):
        with_demand(net, TRIP, step_s=step_s)


def test_no_vehicle_in_the_period_is_told_with_how_many_are_outside(net: Path) -> None:
    with pytest.raises(ConfigError, match=r"'begin': no vehicle departs from 20 to 60 s \(1 depart at other times\)"):
        with_demand(net, TRIP, begin_s=20.0)


def test_a_demand_of_people_only_is_told(net: Path) -> None:
    with pytest.raises(ConfigError, match=r"there are only people.*Name a file with vehicles, trips or flows"):
        with_demand(net, '<person id="p" depart="1"><walk edges="a"/></person>')


def test_an_empty_demand_is_told(net: Path) -> None:
    with pytest.raises(ConfigError, match="'route-files': no vehicle departs"):
        with_demand(net, '<vType id="car"/>')


@pytest.mark.parametrize(
    "flow",
    [
        '<flow id="f" begin="0" end="9999" number="5" from="a" to="b"/>',
        '<flow id="f" period="20" from="a" to="b"/>',
        '<flow id="f" begin="00:00:30" end="0:1:0:0" probability="0.1" from="a" to="b"/>',
    ],
)
def test_a_flow_counts_if_it_overlaps_the_period(net: Path, flow: str) -> None:
    assert with_demand(net, flow, begin_s=20.0).begin_s == 20.0


def test_a_flow_that_is_over_does_not_count(net: Path) -> None:
    with pytest.raises(ConfigError, match="no vehicle departs"):
        with_demand(net, '<flow id="f" begin="0" end="20" number="5" from="a" to="b"/>', begin_s=20.0)


def test_vehicles_may_stand_in_an_additional_file(net: Path) -> None:
    extra, routes = write(net.with_name("x.add.xml"), TRIP), write(net.with_name("street.rou.xml"))
    assert make_scenario("street", net, [routes], 0.0, 60.0, additional=[extra]).additional == (extra,)


@pytest.mark.parametrize(
    ("trip", "problem"),
    [('<trip id="t" from="a" to="b"/>', "has no depart"), ('<trip id="t" depart="triggered"/>', "fixed times")],
)
def test_a_departure_without_a_time_is_told_with_the_vehicle(net: Path, trip: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=f"'trip t': .*{problem}"):
        with_demand(net, trip)


@pytest.mark.parametrize(
    ("text", "seconds"), [("25200", 25_200.0), ("7:00:00", 25_200.0), ("1:00:00:30.5", 86_430.5), ("12.25", 12.25)]
)
def test_times_are_read_as_sumo_writes_them(text: str, seconds: float) -> None:
    assert parse_time_s(text) == seconds


@pytest.mark.parametrize("text", ["soon", "", "triggered"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no time"):
        parse_time_s(text)
