"""The corridor's mixed traffic in the queue kernel: strips of width, vehicles in MCU, plans as the sites have them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nutgiao.models.contracts.errors import ConfigError
from nutgiao.models.contracts.site import Site
from nutgiao.models.queueing.network.tables import LEFT, TRACED
from nutgiao.simulation.demand import WORKDAY, make_demand
from nutgiao.simulation.evaluate import run
from nutgiao.simulation.mixed_network import CLASSES, MixedSettings, MixedStreet, read_mixed_street
from nutgiao.simulation.networks.build import STOPS_FILE, build_network
from nutgiao.simulation.networks.network import read_network
from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.site_programs import PlanShape, plan_shape
from nutgiao.simulation.street import LATERAL_RESOLUTION_M, STEP_S
from nutgiao.simulation.vehicles import TYPES

BEGIN_S, SECONDS = 25_500.0, 300
MEASURED = MixedSettings()
ALWAYS_GREEN = {"j1": (100, 14), "j2": (90, 6, 14), "j3": (100, 14)}
LANE_M = 3.2

Read = Callable[..., MixedStreet]


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_network(tmp_path_factory.mktemp("mixed"))


@pytest.fixture(scope="module")
def shapes(net: Path, sites: dict[str, Site]) -> dict[str, PlanShape]:
    junctions = read_network(net)
    return {name: plan_shape(junctions[name], site.signals) for name, site in sites.items() if site.signals is not None}


@pytest.fixture
def read(net: Path, shapes: dict[str, PlanShape], tmp_path: Path) -> Read:
    """Reads the corridor with the given (id, type, second, edges)."""

    def street(*vehicles: tuple[str, str, float, str]) -> MixedStreet:
        lines = [one.xml() for one in TYPES.values()]
        for name, kind, second, edges in sorted(vehicles, key=lambda v: v[2]):
            lines.append(
                f'<vehicle id="{name}" type="{kind}" depart="{BEGIN_S + second}"><route edges="{edges}"/></vehicle>'
            )
        routes = tmp_path / "test.rou.xml"
        routes.write_text("<routes>" + "".join(lines) + "</routes>", encoding="utf-8")
        return read_mixed_street(net, routes, shapes, BEGIN_S, BEGIN_S + SECONDS)

    return street


def passages(mixed: MixedStreet, lane: str, greens: dict[str, Sequence[int]], green_from_s: float) -> np.ndarray:
    """Seconds at which vehicles pass the end of a lane; j1's main green begins at ``green_from_s``."""
    model = mixed.model()
    trace = np.zeros((20_000, 4))
    offsets = dict.fromkeys(("j1", "j2", "j3"), BEGIN_S + green_from_s)
    model.run(*mixed.plan(greens, offsets), trace=trace)
    rows = trace[: model.state.clock[TRACED]]
    return np.asarray(rows[rows[:, 0] == mixed.street.lane_ids.index(lane), 2])


@pytest.mark.parametrize("kind", ["motorcycle", "car", "truck"])
def test_a_queue_discharges_by_width_and_mcu(read: Read, kind: str) -> None:
    mixed = read(*((f"v{i}", kind, i / 10, "W_j1 j1_j2") for i in range(40)))
    both = [passages(mixed, f"W_j1_{lane}", ALWAYS_GREEN, 60.0) for lane in (1, 2)]
    assert len(both[0]) + len(both[1]) == 40
    mcu = MEASURED.mcu[[one.value for one in CLASSES].index(kind)]
    for times in both:
        assert times[0] == pytest.approx(60.0 + MEASURED.lost_s)
        headway_s = mcu * 3600.0 / (MEASURED.saturation_mcu_h_m * LANE_M)
        assert np.diff(times) == pytest.approx(headway_s, rel=1e-9)


def test_motorcycles_stand_on_less_road_than_cars(read: Read) -> None:
    mixed = read(("a", "car", 0.0, "W_j1 j1_j2"))
    model = mixed.model()
    lane = mixed.street.lane_ids.index("W_j1_1")
    space = {one.value: model.net.travel[k, lane].space_m for k, one in enumerate(CLASSES)}
    assert space["motorcycle"] == pytest.approx(3.0 / LANE_M)
    assert space["car"] == pytest.approx(16.4 / LANE_M)
    assert space["bus"] > space["car"] > 5 * space["motorcycle"]


def test_a_motorcycle_filters_past_a_car_that_came_just_before(read: Read) -> None:
    riders = [("m", "motorcycle", 4.0, "N1_j1 j1_S1")]
    cars = [(f"c{i}", "car", 1.0 + i / 2, "N1_j1 j1_S1") for i in range(6)]
    mixed = read(*cars, *riders)
    plan = mixed.plan(ALWAYS_GREEN, dict.fromkeys(("j1", "j2", "j3"), BEGIN_S + 5.0))

    def motorcycle_s(filter_s: float) -> float:
        found = mixed.model(replace(MEASURED, filter_s=filter_s)).evaluate(*(np.array([x]) for x in plan))
        return float(found.group_delay_s[0, 0, 0])

    assert motorcycle_s(5.0) < motorcycle_s(0.0) - 1.0


def test_phases_are_what_sumo_is_given(shapes: dict[str, PlanShape], read: Read) -> None:
    mixed = read(("a", "car", 0.0, "W_j1 j1_j2"))
    greens = {"j1": (40, 30), "j2": (33, 9, 20), "j3": (50, 20)}
    lengths, offsets = mixed.plan(greens, {"j1": 3, "j2": 5, "j3": 7})
    programs = [shapes[name].program(greens[name], 0.0) for name in ("j1", "j2", "j3")]
    assert lengths.tolist() == [d for program in programs for d in program.durations_s]
    assert offsets.tolist() == [3, 5, 7]
    assert np.diff(mixed.model().programs.stage_ptr).tolist() == [len(p.states) for p in programs]


def test_riders_of_the_alleys_are_left_out(read: Read) -> None:
    mixed = read(("a", "car", 0.0, "W_j1 j1_j2"), ("alley_w1_0", "motorcycle_wrong_way", 3.0, "alley_w1"))
    assert len(mixed.demand.vehicles) == 1


def test_a_route_that_no_lane_leads_along_is_refused(read: Read) -> None:
    with pytest.raises(ConfigError, match="no lane of W_j1"):
        read(("a", "car", 0.0, "W_j1 j1_N1"))


def test_the_kernel_and_sumo_agree_which_plan_is_better(
    net: Path, shapes: dict[str, PlanShape], tmp_path: Path
) -> None:
    routes = make_demand(3, BEGIN_S, BEGIN_S + SECONDS, WORKDAY, tmp_path)
    mixed = read_mixed_street(net, routes, shapes, BEGIN_S, BEGIN_S + SECONDS)
    options = ("--lateral-resolution", f"{LATERAL_RESOLUTION_M}")
    street = Scenario("mixed", net, (routes,), BEGIN_S, BEGIN_S + SECONDS, (STOPS_FILE,), STEP_S, options)
    offsets = dict.fromkeys(shapes, 0.0)
    kernel, sumo = [], []
    for greens in (
        {"j1": (52, 25), "j2": (42, 8, 20), "j3": (52, 25)},
        {"j1": (14, 60), "j2": (14, 8, 60), "j3": (14, 60)},
    ):
        model = mixed.model()
        kernel.append(model.run(*mixed.plan(greens, offsets)))
        assert model.state.clock[LEFT] > 0
        programs = [shape.program(greens[name], offsets[name]) for name, shape in shapes.items()]
        sumo.append(run(street, programs).delay_s)
    assert sumo[1] > 1.2 * sumo[0]
    assert kernel[1] > 1.2 * kernel[0]
    assert kernel == pytest.approx(sumo, rel=0.3)
