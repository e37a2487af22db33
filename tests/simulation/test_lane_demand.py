"""Vehicles of a demand file as the kernel drives them: who, when, and on which lanes a route can be driven on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nutgiao.models.contracts.errors import ConfigError
from nutgiao.models.queueing.network.tables import ENTERED, LEAVES, LEFT, NO_LINK, Demand
from nutgiao.simulation.lane_demand import RoutedVehicle, demand_of, read_vehicles
from nutgiao.simulation.lane_street import Street, read_street
from nutgiao.simulation.queue_model import read_queue_scenario
from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.signal_programs import shipped_programs
from tests.support.junction_nets import scenario, vehicle, write
from tests.support.lane_crossing import crossing

KINDS = {"car": (0, "passenger"), "bus": (1, "bus")}


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return crossing(tmp_path_factory.mktemp("crossing"))


@pytest.fixture(scope="module")
def street(net: Path) -> Street:
    return read_street(net, shipped_programs(Scenario("street", net, (), 0.0, 1.0)))


def drives(edges: str, depart_s: float = 0.0, vtype: str = "car", *, anywhere: bool = False) -> RoutedVehicle:
    return RoutedVehicle(f"{vtype}{depart_s:g}", depart_s, vtype, tuple(edges.split()), anywhere)


def options(street: Street, demand: Demand, vehicle: int, step: int) -> dict[str, tuple[int, float]]:
    """Lanes that lead on at a step of a vehicle's route: link and penalty."""
    choice = demand.choices[demand.step_choice[demand.vehicles.step[vehicle] + step]]
    rows = demand.options[choice.first : choice.end]
    return {street.lane_ids[row.lane]: (int(row.link), float(row.penalty)) for row in rows}


def test_a_left_turn_leads_over_the_left_lane_and_a_lane_change_costs(street: Street) -> None:
    demand = demand_of(street, [drives("EM MC CS")], KINDS)
    before, at_line, last = (options(street, demand, 0, step) for step in range(3))
    assert set(at_line) == {"MC_1"}
    assert street.lane_ids[street.link_to[at_line["MC_1"][0]]] == "CS_0"
    assert set(before) == {"EM_0", "EM_1"}
    assert before["EM_1"][1] == 0.0
    assert 0.0 < before["EM_0"][1] <= 1.0
    assert last["CS_0"] == (LEAVES, 0.0)


def test_who_must_change_lanes_arrives(net: Path, tmp_path: Path) -> None:
    cars = [vehicle(f"v{i}", 4 * i, "EM MC CS") for i in range(20)]
    made = scenario(net, *cars, end_s=900.0)
    model = read_queue_scenario(made).model()
    (program,) = shipped_programs(made)
    model.run(np.array(program.durations_s), np.array([program.offset_s]))
    assert model.state.clock[[ENTERED, LEFT]].tolist() == [20, 20]


def test_a_lane_for_buses_is_for_buses(street: Street) -> None:
    demand = demand_of(street, [drives("CM ME"), drives("CM ME", 1.0, "bus")], KINDS)
    assert "ME_1" not in options(street, demand, 0, 1)
    assert "ME_1" in options(street, demand, 1, 1)


def test_who_ends_where_others_drive_on_leaves_at_the_end_of_the_lane(street: Street) -> None:
    demand = demand_of(street, [drives("WC CM"), drives("WC CM ME", 1.0)], KINDS)
    assert {link for link, _ in options(street, demand, 0, 1).values()} == {NO_LINK}
    assert {link for link, _ in options(street, demand, 1, 2).values()} == {LEAVES}


def test_links_of_a_step_lead_to_lanes_of_the_next_one(street: Street) -> None:
    routes = ["WC CM ME", "WC CN", "EM MC CW", "EM MC CN", "NC CM ME", "SC CW", "RM ME"]
    demand = demand_of(street, [drives(r, float(i)) for i, r in enumerate(routes)], KINDS)
    for v, route in enumerate(routes):
        edges = route.split()
        for step, edge in enumerate(edges):
            rows = options(street, demand, v, step)
            assert rows
            assert set(rows) <= {street.lane_ids[i] for i in street.edges[edge]}
            for lane, (link, _) in rows.items():
                if step + 1 < len(edges):
                    assert street.lane_ids[street.link_from[link]] == lane
                    assert int(street.link_to[link]) in street.edges[edges[step + 1]]


def test_equal_routes_share_their_steps_and_sources_are_in_order(street: Street) -> None:
    cars = [drives("WC CM ME", float(i)) for i in range(5)] + [drives("RM ME", float(i)) for i in range(5, 8)]
    demand = demand_of(street, cars, KINDS)
    assert len(set(demand.vehicles.step[:5].tolist())) == 1
    assert len(demand.step_choice) == 5
    assert sorted(demand.source_vehicle.tolist()) == list(range(8))
    assert len(demand.source_ptr) == 3
    for first, end in zip(demand.source_ptr[:-1], demand.source_ptr[1:], strict=True):
        members = demand.source_vehicle[first:end]
        assert (np.diff(demand.vehicles.depart_s[members]) >= 0).all()


def test_who_may_appear_anywhere_does_and_the_others_begin_at_the_begin(street: Street) -> None:
    cars = [drives("WC CN", float(i), anywhere=i % 2 == 0) for i in range(40)]
    one, same, other = (demand_of(street, cars, KINDS, seed).vehicles.entry_share for seed in (1, 1, 2))
    assert one.tolist() == same.tolist() != other.tolist()
    length_m = street.lane_length_m[street.edges["WC"][0]]
    assert one[1::2] == pytest.approx(1 - 7.5 / length_m)
    assert one[::2].std() > 0.1
    assert ((one >= 0) & (one <= 1)).all()


@pytest.mark.parametrize(
    ("edges", "told"),
    [("WC RM", "leads to RM"), ("WC nowhere", "nowhere is not in the network"), ("CN SC", "leads to SC")],
)
def test_a_route_that_nobody_can_drive_is_refused(street: Street, edges: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        demand_of(street, [drives(edges)], KINDS)


def test_a_vehicle_of_no_known_type_is_refused(street: Street) -> None:
    with pytest.raises(ConfigError, match="rocket is unknown"):
        demand_of(street, [drives("WC CN", vtype="rocket")], KINDS)


# --- the file ---------------------------------------------------------------------------------------------------------


def test_those_of_the_period_are_read_in_the_order_of_departure(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.rou.xml",
        '<route id="r" edges="RM ME"/>',
        vehicle("early", 99.0, "WC CN"),
        vehicle("second", 130.5, "WC CN", more='departPos="random_free"'),
        '<vehicle id="first" depart="0:01:40" route="r" type="bus"/>',
        vehicle("late", 200.0, "WC CN"),
    )
    assert read_vehicles(path, 100.0, 200.0) == [
        RoutedVehicle("first", 0.0, "bus", ("RM", "ME"), False),
        RoutedVehicle("second", 30.5, "DEFAULT_VEHTYPE", ("WC", "CN"), True),
    ]


@pytest.mark.parametrize(
    "element",
    [
        '<trip id="x" depart="1" from="WC" to="CN"/>',
        '<flow id="x" begin="0" end="9" number="3" from="WC" to="CN"/>',
        '<vehicle id="x" depart="1"/>',
        '<vehicle id="x" depart="1" route="unknown"/>',
    ],
)
def test_who_has_no_route_is_told_to_be_frozen_first(tmp_path: Path, element: str) -> None:
    with pytest.raises(ConfigError, match="Freeze the routes"):
        read_vehicles(write(tmp_path / "a.rou.xml", element), 0.0, 100.0)
