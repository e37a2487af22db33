from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from nutgiao.models.contracts.errors import ConfigError
from nutgiao.simulation.changes import parse_changes
from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.setup_runs import run_setup
from nutgiao.simulation.signal_programs import shipped_programs
from nutgiao.simulation.variant import Pair, make_pair
from tests.support.junction_nets import NORTH_IN, SOUTH_OUT, WEST_IN, junction, scenario, square, vehicle, write
from tests.support.plan_spaces import busy_street

ROUND, BARRED = "left0A0 A0B0 B0B1 B1right1", "A0B0"


def made(street: Scenario, folder: Path, *changes: str) -> Pair:
    return make_pair(street, parse_changes(changes), folder / "changed")


def detour(folder: Path, *more: str, end_s: float = 400.0) -> Scenario:
    """Twenty vehicles with a way over A0B0 and another one over A0A1, and whoever else is named."""
    runs = [vehicle(f"v{n}", 5 * n, ROUND) for n in range(20)]
    return scenario(square(folder), *runs, *more, end_s=end_s)


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    return busy_street(tmp_path_factory.mktemp("busy"))


# --- closures -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [BARRED, f"{BARRED}_0"])
def test_who_can_go_another_way_does_and_arrives(place: str, tmp_path: Path) -> None:
    pair = made(detour(tmp_path), tmp_path, f"close={place}")
    before, after = run_setup(pair.base, 1), run_setup(pair.changed, 1)
    assert before.arrived == after.arrived == 20
    assert before.edge_vehicles[BARRED] == 20
    assert BARRED not in after.edge_vehicles
    assert after.edge_vehicles["A0A1"] == 20
    assert pair.stranded is not None
    assert not pair.stranded.ids


def test_who_has_no_other_way_is_named_and_counts_in_neither_run(tmp_path: Path) -> None:
    begins, ends = vehicle("begins", 101, "A0B0 B0B1"), vehicle("ends", 100, "left0A0 A0B0")
    stops = vehicle("stops", 102, ROUND, 'line="7"', '<stop lane="A0B0_0" endPos="50" duration="5"/>')
    late = vehicle("late", 900, "A0B0 B0B1")
    flow = '<flow id="f" begin="103" end="113" number="3" from="left0A0" to="A0B0"/>'
    pair = made(detour(tmp_path, ends, begins, stops, flow, late), tmp_path, f"close={BARRED}")
    assert pair.stranded is not None
    assert pair.stranded.ids == {"begins", "ends", "stops", "f"}
    assert "vehicle ends: ends on A0B0, which is closed" in pair.stranded.examples
    before, after = run_setup(pair.base, 1), run_setup(pair.changed, 1)
    assert (before.scheduled, before.not_counted) == (20, 6)
    assert (after.scheduled, after.not_counted) == (20, 0)
    assert before.edge_vehicles[BARRED] == 26  # they drive all the same


def test_a_closure_for_a_time_closes_only_then(tmp_path: Path) -> None:
    pair = made(detour(tmp_path), tmp_path, f"close={BARRED}@40-70")
    used = run_setup(pair.changed, 1).edge_vehicles
    assert 0 < used["A0A1"] < 20
    assert used[BARRED] + used["A0A1"] == 20


def test_a_closure_that_leaves_nobody_a_way_is_refused(busy: Scenario, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nobody has a way to where he wants to go"):
        made(busy, tmp_path, f"close={WEST_IN}", f"close={NORTH_IN}")


def test_an_unknown_lane_is_named_with_what_may_be_meant(busy: Scenario, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=rf"no lane or edge 'left0A0_7'. Did you mean {WEST_IN}_0"):
        made(busy, tmp_path, "close=left0A0_7")


def test_a_closure_outside_the_simulated_time_is_refused(busy: Scenario, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is outside the simulated time, 0 to 600 s"):
        made(busy, tmp_path, f"close={WEST_IN}@700-800")


# --- demand ---------------------------------------------------------------------------------------------------------


def test_the_demand_grows_but_buses_keep_their_timetable(tmp_path: Path) -> None:
    bus = '<vType id="bus" vClass="bus"/>'
    buses = [vehicle(f"b{n}", 20 * n + 1, f"{NORTH_IN} {SOUTH_OUT}", 'type="bus" line="9"') for n in range(10)]
    cars = [vehicle(f"c{n}", 10 * n + 2) for n in range(20)]
    street = scenario(junction(tmp_path), bus, *sorted([*buses, *cars], key=departure), end_s=400.0)
    pair = made(street, tmp_path, "demand=1.5")
    before, after = run_setup(pair.base, 1), run_setup(pair.changed, 1)
    assert (before.type_vehicles["bus"], after.type_vehicles["bus"]) == (10, 10)
    assert 27 <= after.type_vehicles["DEFAULT_VEHTYPE"] <= 35  # SUMO counts the buses when it spreads the others
    assert after.line_vehicles == {"9": 10}
    assert any("keep their timetable" in note for note in pair.notes)


def departure(text: str) -> float:
    found = re.search(r'depart="([\d.]+)"', text)
    assert found
    return float(found[1])


def test_a_factor_multiplies_the_one_that_the_scenario_has(busy: Scenario, tmp_path: Path) -> None:
    pair = made(replace(busy, options=("--scale=0.5",)), tmp_path, "demand=1.2")
    assert pair.changed.scenario.options == ("--scale=0.6",)
    assert pair.base.scenario.options == ("--scale=0.5",)


# --- motorcycles ----------------------------------------------------------------------------------------------------


def classes(pair: Pair) -> Counter[str]:
    found: Counter[str] = Counter()
    for name, count in run_setup(pair.changed, 1).type_vehicles.items():
        found[pair.class_of.get(name, "passenger")] += count
    return found


@pytest.mark.parametrize(
    "types",
    [
        (),
        ('<vType id="t"/>',),
        ('<vTypeDistribution id="t"><vType id="a"/><vType id="b" probability="2" length="6"/></vTypeDistribution>',),
        ('<vType id="a"/><vType id="b" vClass="passenger"/><vTypeDistribution id="t" vTypes="a b"/>',),
        ('<vType id="DEFAULT_VEHTYPE" length="4.5"/>',),
    ],
    ids=["no type", "a type", "types in a distribution", "types named in a distribution", "the default as written"],
)
def test_so_many_private_vehicles_become_motorcycles_however_their_type_is_written(
    types: tuple[str, ...], tmp_path: Path
) -> None:
    named = 'type="t"' if types and 'id="t"' in types[-1] else ""
    lorry = '<vType id="lorry" vClass="truck"/>'
    cars = [vehicle(f"v{n}", 2 * n, more=named) for n in range(100)]
    street = scenario(junction(tmp_path), *types, lorry, *cars, vehicle("l", 201, more='type="lorry"'), end_s=260.0)
    pair = made(street, tmp_path, "motorcycles=0.8")
    found = classes(pair)
    assert found["truck"] == 1
    assert 70 <= found["motorcycle"] <= 90
    assert found["motorcycle"] + found["passenger"] == 100
    assert "--lateral-resolution=0.8" in pair.base.scenario.options
    assert "--lateral-resolution=0.8" in pair.changed.scenario.options


def test_all_or_no_motorcycles_are_all_or_none(busy: Scenario, tmp_path: Path) -> None:
    assert classes(made(busy, tmp_path / "all", "motorcycles=1"))["passenger"] == 0
    assert classes(made(busy, tmp_path / "none", "motorcycles=0"))["motorcycle"] == 0


def test_packed_demand_is_rewritten_too(busy: Scenario, tmp_path: Path) -> None:
    packed = tmp_path / "street.rou.xml.gz"
    text = (
        busy.routes[0]
        .read_text()
        .replace("<routes>", '<routes><vType id="t"/>')
        .replace('depart="', 'type="t" depart="')
    )
    packed.write_bytes(gzip.compress(text.encode()))
    assert classes(made(replace(busy, routes=(packed,)), tmp_path, "motorcycles=0.5"))["motorcycle"] > 60


# --- plans ----------------------------------------------------------------------------------------------------------


def test_a_plan_is_in_force_whether_it_is_xml_or_json(busy: Scenario, tmp_path: Path) -> None:
    (program,) = shipped_programs(busy)
    stages = [
        {"state": state, "duration_s": 20.0 if "G" in state else duration_s}
        for state, duration_s in zip(program.states, program.durations_s, strict=True)
    ]
    body = {"lights": [{"id": "A0", "offset_s": 5.0, "stages": stages}]}
    (tmp_path / "plan.json").write_text(json.dumps(body))
    phases = "".join(f'<phase duration="{one["duration_s"]}" state="{one["state"]}"/>' for one in stages)
    logic = f'<tlLogic id="A0" type="static" programID="0" offset="5">{phases}</tlLogic>'
    write(tmp_path / "tls.add.xml", logic, root="additional")
    found = []
    for name in ("plan.json", "tls.add.xml"):
        pair = make_pair(busy, parse_changes([f"plan={tmp_path / name}"]), tmp_path / f"changed-{name}")
        found.append(run_setup(pair.changed, 1).delay_s)
    assert found[0] == found[1] != run_setup(make_pair(busy, (), tmp_path / "same").base, 1).delay_s


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("gone.json", None, "gone.json: does not exist"),
        ("gone.add.xml", None, "gone.add.xml: does not exist"),
        ("bad.json", "{", "bad.json at 'lights': is no plan"),
        ("bad.json", "{}", "lacks 'lights'"),
        ("none.add.xml", "<additional/>", "has no program of a traffic light"),
        ("other.add.xml", '<additional><tlLogic id="Z9"><phase duration="9" state="GG"/></tlLogic></additional>',
         "has no such traffic light. Its lights are A0"),
        ("short.add.xml", '<additional><tlLogic id="A0"><phase duration="9" state="Gr"/></tlLogic></additional>',
         "the state 'Gr' has 2 letters"),
    ],
)  # fmt: skip
def test_a_plan_that_does_not_fit_is_named(
    name: str, text: str | None, said: str, busy: Scenario, tmp_path: Path
) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError, match=re.escape(said)):
        made(busy, tmp_path, f"plan={tmp_path / name}")


# --- detectors ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def actuated(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    street = busy_street(tmp_path_factory.mktemp("actuated"))
    text = street.net.read_text().replace('type="static"', 'type="actuated"')
    street.net.write_text(re.sub(r'(<phase duration="\d+"\s+state="[^"]*G[^"]*")', r'\1 minDur="5" maxDur="60"', text))
    return street


def test_detectors_stuck_on_make_every_green_as_long_as_may_be(actuated: Scenario, tmp_path: Path) -> None:
    well, on, off = (
        run_setup(made(actuated, tmp_path / str(k), *how).changed, 1)
        for k, how in enumerate(((), ("detector-failure=all",), ("detector-failure=all:off",)))
    )
    assert on.delay_s > 1.5 * well.delay_s
    assert off.delay_s != well.delay_s


def test_one_detector_can_fail_alone(actuated: Scenario, tmp_path: Path) -> None:
    pair = made(actuated, tmp_path, "detector-failure=A0_0_D1.0:on")
    assert pair.changed.stuck == {"A0_0_D1.0": True}
    assert not pair.base.stuck


def test_an_unknown_detector_is_named_with_those_there_are(actuated: Scenario, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no actuated light has a detector 'A0_0_D9.0'. There are A0_0_D"):
        made(actuated, tmp_path, "detector-failure=A0_0_D9.0")


def test_where_no_light_is_actuated_no_detector_can_fail(busy: Scenario, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"busy has no actuated light.*all lights have fixed times"):
        made(busy, tmp_path, "detector-failure=all")


def test_detectors_of_an_actuated_plan_can_fail_with_it(busy: Scenario, tmp_path: Path) -> None:
    (program,) = shipped_programs(busy)
    phases = "".join(f'<phase duration="20" minDur="5" maxDur="40" state="{state}"/>' for state in program.states)
    plan = write(
        tmp_path / "a.add.xml", f'<tlLogic id="A0" type="actuated" programID="x">{phases}</tlLogic>', root="additional"
    )
    assert len(made(busy, tmp_path, f"plan={plan}", "detector-failure=all").changed.stuck) == 4


# --- lights ---------------------------------------------------------------------------------------------------------


def test_a_scenario_without_lights_can_be_changed_but_not_its_plan(busy: Scenario, tmp_path: Path) -> None:
    from nutgiao.simulation.sumo_process import run_tool

    net = tmp_path / "plain.net.xml"
    options = ["--grid", "--grid.number", "1", "--grid.length", "200", "--grid.attach-length", "200"]
    run_tool("netgenerate", [*options, "--no-turnarounds", "--output-file", str(net)], "net")
    plain = replace(busy, net=net)
    assert "the scenario has no traffic lights" in made(plain, tmp_path, "demand=1.2").notes
    with pytest.raises(ConfigError, match="has no traffic lights, so no plan can change"):
        made(plain, tmp_path, f"plan={tmp_path / 'tls.add.xml'}")
