"""Lights along a route: where they stand, which links serve each direction, and what vehicles do there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from nutgiao.models.contracts.errors import ConfigError
from nutgiao.models.contracts.program import LampProgram, LampStep
from nutgiao.simulation.corridor_lights import green_spans, read_route, read_ways
from nutgiao.simulation.networks.build import build_network
from nutgiao.simulation.sumo_process import run_tool
from tests.support.junction_nets import square, vehicle, write

ROUTE = ("left0A0", "A0B0", "B0right0")


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return square(tmp_path_factory.mktemp("square"))


def test_lights_stand_where_the_edges_end(net: Path) -> None:
    route = read_route(net, ROUTE)
    assert [light.light for light in route.lights] == ["A0", "B0"]
    near, far = (light.distance_m for light in route.lights)
    assert 180 < near < 200
    assert far - near == pytest.approx(200.0, abs=1.0)  # from stop line to stop line, as netgenerate laid the streets
    assert route.limit_mps == pytest.approx(13.89, abs=0.01)


def test_edges_between_are_found(net: Path) -> None:
    assert read_route(net, ("left0A0", "B0right0")) == read_route(net, ROUTE)


def test_the_way_back_is_the_same_street_read_the_other_way(net: Path) -> None:
    there = read_route(net, ROUTE)
    back = read_route(net, ("right0B0", "B0A0", "A0left0"))
    for light in there.lights:
        mirrored = next(one for one in back.lights if one.light == light.light)
        assert (mirrored.inbound, mirrored.outbound) == (light.outbound, light.inbound)
        assert light.outbound
        assert light.inbound


def test_a_street_that_ends_in_one_way_edges_is_two_way_all_the_same(tmp_path: Path) -> None:
    route = read_route(build_network(tmp_path), ("W_j1", "j3_E"))
    assert route.edges == ("W_j1", "j1_j2", "j2_j3", "j3_E")
    assert all(light.inbound for light in route.lights)


@pytest.mark.parametrize(
    ("edges", "problem"),
    [
        (("left0A0", "nowhere"), "no edge nowhere"),
        (("A0left0", "B0right0"), "no way from A0left0"),
        (("left0A0", "left0A0"), "no light on the way"),
    ],
)
def test_what_is_no_route_is_told(net: Path, edges: tuple[str, ...], problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        read_route(net, edges)


def test_greens_are_told_by_the_clock_and_only_while_all_links_have_it() -> None:
    steps = ((10, "Gr"), (5, "GG"), (3, "yy"), (12, "rr"))
    made = tuple(LampStep(state=state, duration_s=float(seconds)) for seconds, state in steps)
    program = LampProgram(light="J", id="0", offset_s=7.0, steps=made)
    assert green_spans(program, [0]) == [(7.0, 22.0)]
    assert green_spans(program, [0, 1]) == [(17.0, 22.0)]


def test_a_vehicles_way_runs_up_the_route_and_the_other_direction_down(net: Path, tmp_path: Path) -> None:
    routes = write(
        tmp_path / "two.rou.xml",
        vehicle("east", 0, " ".join(ROUTE)),
        vehicle("west", 0, "right0B0 B0A0 A0left0"),
        vehicle("off", 0, "bottom0A0 A0A1 A1top0"),
    )
    fcd = tmp_path / "fcd.xml"
    run_tool("sumo", ["-n", str(net), "-r", str(routes), "-e", "120", "--fcd-output", str(fcd), "--no-step-log"], "fcd")
    route = read_route(net, ROUTE)
    up, down = sorted(read_ways(fcd, route, 0.0, 120.0), key=lambda way: way[0][1])
    assert [far for _, far in up] == sorted(far for _, far in up)
    assert [far for _, far in down] == sorted((far for _, far in down), reverse=True)
    assert up[-1][1] > route.lights[-1].distance_m
    assert down[0][1] > route.lights[-1].distance_m > route.lights[0].distance_m > down[-1][1]
    (short, _) = sorted(read_ways(fcd, replace(route), 10.0, 20.0), key=lambda way: way[0][1])
    assert (short[0][0], short[-1][0]) == (10.0, 20.0)
