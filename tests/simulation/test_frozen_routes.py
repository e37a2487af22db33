from __future__ import annotations

import gzip
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

from nutgiao.models.contracts.errors import SimulationFailed
from nutgiao.simulation import evaluate
from nutgiao.simulation.frozen_routes import FrozenRoutes, freeze
from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.xml_elements import elements
from tests.support.junction_nets import scenario, square, vehicle, write

BY_A1, BY_B0 = "left0A0 A0A1 A1B1 B1right1", "left0A0 A0B0 B0B1 B1right1"
TRIP = '<trip id="{}" depart="{}" from="left0A0" to="B1right1" {}/>'


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return square(tmp_path_factory.mktemp("net"))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "frozen"


def vehicles(frozen: FrozenRoutes) -> dict[str, ET.Element]:
    (path,) = frozen.scenario.routes
    return {one.attrib["id"]: one for one in elements(path) if one.tag == "vehicle"}


def edges(element: ET.Element) -> str:
    route = element.find("route")
    assert route is not None
    return route.attrib["edges"]


def jam(count: int = 40) -> list[str]:
    """Vehicles that fill the way by A1."""
    return [vehicle(f"jam{n}", n, "A0A1 A1top0") for n in range(count)]


def by_depart(*demand: str) -> list[str]:
    return sorted(demand, key=lambda one: float(one.split('depart="')[1].split('"')[0]))


def test_who_has_a_route_keeps_it(net: Path, out: Path) -> None:
    named = f'<route id="long" edges="{BY_B0}"/>'
    frozen = freeze(scenario(net, named, vehicle("a", 0, BY_A1), '<vehicle id="b" depart="1" route="long"/>'), out)
    assert {name: edges(one) for name, one in vehicles(frozen).items()} == {"a": BY_A1, "b": BY_B0}
    assert (frozen.vehicles, frozen.driven, frozen.guessed) == (2, 0, 0)


def test_trips_get_the_route_that_they_drove_in_the_traffic_of_the_moment(net: Path, out: Path) -> None:
    fixed = freeze(scenario(net, *by_depart(*jam(), TRIP.format("late", 120, ""))), out)
    free = freeze(scenario(net, TRIP.format("late", 120, "")), out)
    assert edges(vehicles(fixed)["late"]) == BY_B0
    assert edges(vehicles(free)["late"]) in (BY_A1, BY_B0)
    assert (fixed.driven, free.driven) == (1, 1)


def test_each_vehicle_of_a_flow_stands_for_itself(net: Path, out: Path) -> None:
    flow = '<flow id="f" begin="10" end="70" number="4" from="left0A0" to="B1right1" departSpeed="max"/>'
    found = vehicles(freeze(scenario(net, flow), out))
    assert list(found) == ["f.0", "f.1", "f.2", "f.3"]
    assert [float(one.attrib["depart"]) for one in found.values()] == [10.0, 25.0, 40.0, 55.0]
    assert {one.attrib["departSpeed"] for one in found.values()} == {"max"}


def test_random_flows_are_those_of_the_seed(net: Path, out: Path) -> None:
    street = scenario(net, '<flow id="f" begin="0" end="300" probability="0.2" from="left0A0" to="B1right1"/>')
    first, again = freeze(street, out / "a", seed=7), freeze(street, out / "b", seed=7)
    assert first.scenario.routes[0].read_bytes() == again.scenario.routes[0].read_bytes()
    assert freeze(street, out / "c", seed=8).scenario.routes[0].read_bytes() != again.scenario.routes[0].read_bytes()
    assert evaluate.run(first.scenario, seed=8).scheduled == first.vehicles


def test_who_never_got_in_gets_the_fastest_route_and_his_own_time(net: Path, out: Path) -> None:
    stop = '<stop lane="left0A0_0" endPos="8" duration="10000"/>'
    blocked = vehicle("stands", 0, BY_A1, 'departPos="base"', stop)
    flow = '<flow id="f" begin="31.5" end="91.5" number="2" from="left0A0" to="A0bottom0"/>'
    frozen = freeze(scenario(net, blocked, TRIP.format("t", 20.25, ""), flow), out)
    found = vehicles(frozen)
    assert {name: float(one.attrib["depart"]) for name, one in found.items()} == {
        "stands": 0.0,
        "t": 20.25,
        "f.0": 31.5,
        "f.1": 61.5,
    }
    assert edges(found["t"]) in (BY_A1, BY_B0)
    assert edges(found["f.0"]) == "left0A0 A0bottom0"
    assert (frozen.vehicles, frozen.driven, frozen.guessed) == (4, 0, 3)
    assert frozen.left_out == {"stop": 1}


def test_departures_stay_as_written_and_random_ones_random(net: Path, out: Path) -> None:
    frozen = freeze(scenario(net, vehicle("a", 3.5, BY_A1, 'departPos="random_free" departLane="best"')), out)
    assert vehicles(frozen)["a"].attrib == {
        "id": "a",
        "depart": "3.50",
        "departPos": "random_free",
        "departLane": "best",
    }


def test_types_come_along_wherever_they_stand(net: Path, tmp_path: Path, out: Path) -> None:
    kinds = tmp_path / "kinds.add.xml.gz"
    kinds.write_bytes(gzip.compress(b'<additional><vType id="van" length="7"/></additional>'))
    mixed = '<vTypeDistribution id="mixed"><vType id="short" length="4" probability="1"/></vTypeDistribution>'
    street = scenario(net, mixed, TRIP.format("a", 0, 'type="van"'), TRIP.format("b", 1, 'type="mixed"'))
    frozen = freeze(replace(street, additional=(kinds,)), out)
    assert [one.attrib["id"] for one in elements(frozen.scenario.routes[0]) if one.tag == "vType"] == ["van", "short"]
    assert {name: one.get("type") for name, one in vehicles(frozen).items()} == {"a": "van", "b": "short"}
    assert evaluate.run(frozen.scenario).scheduled == 2


def test_demand_of_additional_files_is_frozen_too_and_the_rest_stays(net: Path, tmp_path: Path, out: Path) -> None:
    stop_only = write(tmp_path / "stops.add.xml", '<busStop id="s" lane="A0A1_0" endPos="50"/>', root="additional")
    both = write(
        tmp_path / "both.add.xml",
        '<busStop id="q" lane="A0B0_0" endPos="50"/>',
        TRIP.format("a", 0, ""),
        '<person id="p" depart="1"><walk edges="A0A1"/></person>',
        root="additional",
    )
    street = replace(scenario(net, TRIP.format("b", 5, "")), additional=(stop_only, both))
    frozen = freeze(street, out)
    assert list(vehicles(frozen)) == ["a", "b"]
    assert frozen.left_out == {"person": 1}
    assert frozen.scenario.additional[0] == stop_only
    assert [one.tag for one in elements(frozen.scenario.additional[1])] == ["busStop"]
    assert evaluate.run(frozen.scenario).scheduled == 2


def test_only_the_period_is_frozen(net: Path, out: Path) -> None:
    street = scenario(net, *(TRIP.format(f"t{n}", 20 * n, "") for n in range(10)), begin_s=60.0, end_s=140.0)
    assert list(vehicles(freeze(street, out))) == ["t3", "t4", "t5", "t6"]


def test_what_multiplied_the_demand_is_spent(net: Path, out: Path) -> None:
    street = replace(scenario(net, TRIP.format("a", 0, "")), options=("--scale=3", "--lateral-resolution=0.8"))
    frozen = freeze(street, out)
    assert frozen.vehicles == 3
    assert frozen.scenario.options == ("--lateral-resolution=0.8",)
    assert evaluate.run(frozen.scenario).scheduled == 3


def test_a_street_with_fixed_routes_is_as_it_was(net: Path, out: Path) -> None:
    street = scenario(net, *by_depart(*jam(), *(vehicle(f"v{n}", 3 * n + 0.5, BY_B0) for n in range(60))))
    assert evaluate.run(freeze(street, out).scenario).delay_s == pytest.approx(evaluate.run(street).delay_s)


def test_only_the_frozen_files_are_left_behind(net: Path, out: Path) -> None:
    freeze(scenario(net, TRIP.format("a", 0, "")), out)
    assert [path.name for path in out.iterdir()] == ["street.rou.xml"]


@pytest.mark.parametrize(
    "trip",
    ['<trip id="a" depart="0" from="left0A0" to="nowhere"/>', '<trip id="a" depart="0" from="B1right1" to="left0A0"/>'],
)
def test_a_trip_that_cannot_be_driven_is_told_in_sumos_words(net: Path, out: Path, trip: str) -> None:
    with pytest.raises(SimulationFailed, match=r"street: .*'a'"):
        freeze(scenario(net, trip), out)


def test_frozen_trips_drive_the_same_way_under_other_signals(net: Path, out: Path) -> None:
    street: Scenario = scenario(net, *by_depart(*jam(), *(TRIP.format(f"t{n}", 5 * n, "") for n in range(30))))
    frozen = freeze(street, out)
    again = freeze(frozen.scenario, out / "again", seed=5)
    assert {n: edges(one) for n, one in vehicles(again).items()} == {
        n: edges(one) for n, one in vehicles(frozen).items()
    }
