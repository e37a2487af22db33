"""The kernel's street is SUMO's network: the same lanes, links, rights of way, waiting places and lamps."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import libsumo
import numpy as np
import pytest
import sumolib

from nutgiao.models.contracts.errors import ConfigError
from nutgiao.models.queueing.network.batch import reset
from nutgiao.models.queueing.network.kernel import advance
from nutgiao.models.queueing.network.physics import Settings, VehicleKind, behaviour
from nutgiao.models.queueing.network.run import new_state
from nutgiao.models.queueing.network.tables import AMBER, GREEN, RED, YIELD
from nutgiao.simulation import evaluate
from nutgiao.simulation.lane_demand import RoutedVehicle, demand_of
from nutgiao.simulation.lane_network import network_of, signal_groups
from nutgiao.simulation.lane_street import Street, read_street
from nutgiao.simulation.queue_model import read_queue_scenario
from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.signal_programs import shipped_programs, with_timings, write_programs
from tests.support.junction_nets import WEST_IN, scenario, square, vehicle
from tests.support.lane_crossing import crossing

CAR, BUS = VehicleKind(), VehicleKind(length_m=12.0)
LAMP = {"G": GREEN, "g": YIELD, "y": AMBER, "r": RED}


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return crossing(tmp_path_factory.mktemp("crossing"))


def read(net: Path) -> Street:
    return read_street(net, shipped_programs(Scenario("street", net, (), 0.0, 1.0)))


@pytest.fixture(scope="module")
def street(net: Path) -> Street:
    return read(net)


def link(street: Street, from_lane: str, to: str) -> int:
    """The one link from a lane to a lane or an edge."""
    found = [
        k
        for k, (f, t) in enumerate(zip(street.link_from, street.link_to, strict=True))
        if street.lane_ids[f] == from_lane and street.lane_ids[t].startswith(to)
    ]
    assert len(found) == 1
    return found[0]


def test_lanes_and_links_are_those_of_the_network(net: Path, street: Street) -> None:
    real = sumolib.net.readNet(str(net))
    lanes = {lane.getID(): lane for edge in real.getEdges() for lane in edge.getLanes()}
    assert set(street.lane_ids) == set(lanes)
    for i, name in enumerate(street.lane_ids):
        assert street.lane_length_m[i] == lanes[name].getLength()
        assert street.lane_speed_mps[i] == lanes[name].getSpeed()
        assert street.may_use(i, "passenger") == lanes[name].allows("passenger")
        assert street.may_use(i, "bus") == lanes[name].allows("bus")
    assert not street.may_use(street.lane_ids.index("ME_1"), "passenger")
    expected = {(c.getFromLane().getID(), c.getToLane().getID()) for x in lanes.values() for c in x.getOutgoing()}
    pairs = zip(street.link_from, street.link_to, strict=True)
    assert {(street.lane_ids[f], street.lane_ids[t]) for f, t in pairs} == expected
    assert len(street.link_from) == len(expected)


def test_who_yields_to_whom_is_what_the_junctions_say(net: Path, street: Street) -> None:
    """The file numbers a junction's links by their last lanes inside; the translator counts from the lanes outside."""
    root = ET.parse(net).getroot()
    via = {
        (f"{c.get('from')}_{c.get('fromLane')}", f"{c.get('to')}_{c.get('toLane')}"): c.get("via")
        for c in root.iter("connection")
    }
    goes_on = {f"{c.get('from')}_{c.get('fromLane')}": c.get("via") for c in root.iter("connection")}
    last_inside = {}
    for k, (f, t) in enumerate(zip(street.link_from, street.link_to, strict=True)):
        inside = via[street.lane_ids[f], street.lane_ids[t]]
        while goes_on.get(inside):
            inside = goes_on[inside]
        last_inside[inside] = k
    told = 0
    for junction in root.iter("junction"):
        order = [last_inside.get(lane) for lane in (junction.get("intLanes") or "").split()]
        for request in junction.iter("request"):
            yields_to = {order[i] for i, bit in enumerate(reversed(request.attrib["response"])) if bit == "1"}
            k = order[int(request.attrib["index"])]
            assert k is not None
            assert set(street.foes[k]) == yields_to
            told += len(yields_to)
    assert told > 10


def test_rights_of_way_are_what_a_driver_knows(street: Street) -> None:
    left, opposing = link(street, "WC_1", "CN"), link(street, "MC_0", "CW")
    assert opposing in street.foes[left]
    assert left not in street.foes[opposing]
    ramp, main = link(street, "RM_0", "ME_0"), link(street, "CM_0", "ME_0")
    assert main in street.foes[ramp]
    assert street.foes[main] == ()
    _, group_lamp, _ = signal_groups(street)
    link_group = signal_groups(street)[0]
    assert group_lamp[link_group[ramp]] == YIELD
    assert group_lamp[link_group[main]] == GREEN


def test_a_box_is_where_the_network_lets_one_wait_inside(net: Path, street: Street) -> None:
    inner = [j for j in ET.parse(net).getroot().iter("junction") if j.get("type") == "internal"]
    tables = network_of(street, (CAR,), Settings(), signal_groups(street))
    assert len(tables.boxes) == len(inner) > 0
    left = link(street, "WC_1", "CN")
    assert tables.boxes.link[tables.links.box[left]] == left
    assert tables.links.box[link(street, "WC_0", "CM")] == -1


@pytest.mark.parametrize(("inside_m", "clear"), [(2.3, 0), (12.4, 0), (12.6, 1), (19.9, 1), (20.1, 2)])
def test_who_waits_deep_inside_stands_in_nobodys_way(street: Street, inside_m: float, clear: int) -> None:
    """A car of 5 m with 2.5 m of gap is out of the way when its back is its own length beyond the line."""
    left = link(street, "WC_1", "CN")
    first_m = street.link_first_m.copy()
    first_m[left] = inside_m
    tables = network_of(replace(street, link_first_m=first_m), (CAR,), Settings(), signal_groups(street))
    assert tables.lanes.boxed_block[street.link_from[left]] == 1 + clear
    assert (tables.boxes.places >= 1).all()
    assert tables.boxes.slot.tolist() == (np.cumsum(tables.boxes.places) - tables.boxes.places).tolist()


def test_groups_show_in_every_stage_what_sumo_shows(street: Street) -> None:
    link_group, _, programs = signal_groups(street)
    (program,) = street.programs
    signalled = np.flatnonzero(street.link_signal == 0)
    assert len(signalled) > 8
    for p, state in enumerate(program.states):
        for k in signalled:
            assert programs.lamp[programs.lamp_ptr[p] + link_group[k]] == LAMP[state[street.link_index[k]]]
        changed = range(programs.change_ptr[p], programs.change_ptr[p + 1])
        before = program.states[p - 1]
        assert {programs.change_group[x] for x in changed} == {
            link_group[k] for k in signalled if state[street.link_index[k]] != before[street.link_index[k]]
        }
    unsignalled = np.flatnonzero(street.link_signal < 0)
    assert not set(link_group[signalled]) & set(link_group[unsignalled])


def test_tables_hold_together(street: Street) -> None:
    tables = network_of(street, (CAR, BUS), Settings(), signal_groups(street))
    lanes, links = tables.lanes, tables.links
    assert (lanes.slot == np.cumsum(lanes.places) - lanes.places).all()
    assert (lanes.places >= np.ceil(lanes.storage_m / CAR.space_m)).all()
    assert (links.foes_end - links.foes == [len(f) for f in street.foes]).all()
    for k in range(len(links)):
        foes = tables.foes[links.foes[k] : links.foes_end[k]]
        assert tuple(foes.link) == street.foes[k]
        assert (foes.lane == links.lane[foes.link]).all()
        assert (foes.group == links.group[foes.link]).all()
        assert (foes.edge == lanes.edge[links.to[foes.link]]).all()
    assert (tables.travel.time_s[1] >= tables.travel.time_s[0] - 1e-9).all()
    for name in ("time_s", "headway_s", "mps", "brake_s", "amber_s", "gap_standing_s", "gap_moving_s", "gap_boxed_s"):
        assert np.isfinite(links[name]).all()
        assert (links[name] >= 0).all()


def test_every_class_fits_into_every_lane(street: Street) -> None:
    """Otherwise one long vehicle would stand before a short lane for ever."""
    short = replace(street, lane_length_m=np.minimum(street.lane_length_m, 8.0))
    tables = network_of(short, (CAR, VehicleKind(length_m=18.0)), Settings(), signal_groups(short))
    assert (tables.travel.space_m.max(0) <= tables.lanes.storage_m).all()


def test_lamps_change_at_the_second_at_which_sumo_changes_them(tmp_path: Path) -> None:
    """Two cycles from a begin that is none of a cycle, with offsets by chance, second by second."""
    begin_s, seconds = 47.0, 190
    made = scenario(square(tmp_path), vehicle("v", 50, WEST_IN), begin_s=begin_s, end_s=begin_s + seconds)
    shipped = shipped_programs(made)
    rng = np.random.default_rng(5)
    timings = {p.id: (float(rng.integers(-80, 200)), rng.integers(4, 40, len(p.states))) for p in shipped}
    programs = with_timings(shipped, timings)
    street = read_street(made.net, programs)
    link_group, _, tables = signal_groups(street)
    (edge, *_) = street.edges
    demand = demand_of(street, [RoutedVehicle("v", 0.0, "car", (edge,), False)], {"car": (0, "passenger")})
    net, how = network_of(street, (CAR,), Settings(), signal_groups(street)), behaviour(CAR, Settings())
    stage_s = np.array([s for p in programs for s in p.durations_s])
    state = new_state(net, tables, demand, seconds)
    reset(net, tables, demand, stage_s, np.array([p.offset_s for p in programs]), np.ones(1), begin_s, state)
    extra = write_programs(tmp_path / "programs.add.xml", programs)
    libsumo.start(["sumo", *evaluate.sumo_options(replace(made, additional=(extra,)), 1)])
    try:
        for now in range(seconds):
            libsumo.simulationStep()
            advance(net, how, tables, demand, stage_s, state, now, now + 1, np.zeros((0, 4)))
            shown = {c: libsumo.trafficlight.getRedYellowGreenState(c) for c in street.controllers}
            for k in np.flatnonzero(street.link_signal >= 0):
                letter = shown[street.controllers[street.link_signal[k]]][street.link_index[k]]
                assert state.groups.lamp[link_group[k]] == LAMP[letter]
    finally:
        libsumo.close()


def test_what_is_no_network_is_refused(tmp_path: Path, net: Path) -> None:
    with pytest.raises(ConfigError, match="no lanes"):
        read_street(_written(tmp_path, "<net></net>"), [])
    with pytest.raises(ConfigError, match="no program"):
        read_street(net, [])
    (program,) = shipped_programs(Scenario("street", net, (), 0.0, 1.0))
    with pytest.raises(ConfigError, match="letters"):
        read_street(net, [replace(program, states=tuple(s[:3] for s in program.states))])
    with pytest.raises(ConfigError, match="shows"):
        read_street(net, [replace(program, states=tuple("?" * len(s) for s in program.states))])


def test_plans_of_a_crossing_rank_as_in_sumo(tmp_path: Path, net: Path) -> None:
    """Eight plans by chance, two seeds of SUMO: the kernel puts them in the same order."""
    rng = np.random.default_rng(3)
    routes = [
        "WC CM ME",
        "WC CM ME",
        "WC CN",
        "EM MC CW",
        "EM MC CS",
        "NC CS",
        "SC CN",
        "SC CM ME",
        "NC CM ME",
        "RM ME",
    ]
    cars = [vehicle(f"v{i}", depart_s, str(rng.choice(routes))) for i, depart_s in enumerate(range(0, 600, 2))]
    made = replace(scenario(net, *cars, end_s=800.0), name="crossing")
    made = replace(made, routes=(made.routes[0].rename(tmp_path / "crossing.rou.xml"),))
    (program,) = shipped_programs(made)
    queue = read_queue_scenario(made)
    model = queue.model()
    real, told = [], []
    for _ in range(8):
        greens = [float(rng.integers(6, 50)) if "G" in s and "y" not in s else 3.0 for s in program.states]
        plan = with_timings([program], {program.id: (0.0, np.array(greens, np.int64))})
        real.append(np.mean([evaluate.run(made, plan, seed).delay_s for seed in (1, 2)]))
        stage_s, offset_s = queue.plan({program.id: (0.0, np.array(greens, np.int64))})
        told.append(model.evaluate([stage_s], [offset_s], seeds=2).delay_s.mean())
    assert np.corrcoef(np.argsort(np.argsort(real)), np.argsort(np.argsort(told)))[0, 1] > 0.9


def _written(folder: Path, text: str) -> Path:
    path = folder / "empty.net.xml"
    path.write_text(text, encoding="utf-8")
    return path
