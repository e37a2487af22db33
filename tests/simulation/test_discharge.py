"""What leaves a queue in SUMO is written down in order, with its place; the estimator finds SUMO's own headways."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from nutgiao.models.contracts.words import VehicleClass
from nutgiao.simulation.discharge import Green, learn, record
from tests.support.junction_nets import EAST_OUT, NORTH_IN, SOUTH_OUT, WEST_IN, junction, scenario, vehicle

WEST, NORTH = f"{WEST_IN}_0", f"{NORTH_IN}_0"


@pytest.fixture(scope="module")
def greens(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Green]]:
    """A queue of 20 cars, one of them a bus, waits from the west whenever it turns green; few come from the north."""
    net = junction(tmp_path_factory.mktemp("net"))
    bus = '<vType id="bus" vClass="bus" length="12"/>'
    west = [(2.0 * n, vehicle(f"w{n}", 2.0 * n, more='type="bus"' if n == 5 else "")) for n in range(600)]
    north = [(60.0 * n + 0.5, vehicle(f"n{n}", 60.0 * n + 0.5, f"{NORTH_IN} {SOUTH_OUT}")) for n in range(20)]
    return record(scenario(net, bus, *(text for _, text in sorted(west + north)), end_s=1200.0))


def test_every_lane_has_its_greens_with_amber_and_red(greens: dict[str, list[Green]]) -> None:
    assert len(greens[WEST]) == pytest.approx(1200 / 90, abs=2)
    for green in greens[WEST]:
        assert green.amber_s - green.start_s == 42.0
        assert green.red_s - green.amber_s == 3.0


def test_departures_are_in_order_within_their_green(greens: dict[str, list[Green]]) -> None:
    for every in greens.values():
        for green in every:
            times = [one.time_s for one in green.departures]
            assert times == sorted(times)
            assert all(green.start_s < time <= green.red_s for time in times)
            assert all(one.letter in "Ggy" for one in green.departures)


def test_places_count_up_from_the_line(greens: dict[str, list[Green]]) -> None:
    for green in greens[WEST][2:]:
        places = [one.place for one in green.departures if one.place]
        assert places == list(range(1, len(places) + 1))
        assert green.stood - len(places) == green.left
    assert max(green.stood for green in greens[WEST]) > 15


def test_classes_and_turns_are_told(greens: dict[str, list[Green]]) -> None:
    seen = [one for green in greens[WEST] for one in green.departures]
    assert Counter(one.vehicle_class for one in seen)[VehicleClass.BUS] == 1
    assert {one.turn for one in seen} == {"s"}


def test_the_estimator_finds_the_headways_of_sumos_car(greens: dict[str, list[Green]]) -> None:
    report = learn(greens[WEST]).report()
    # 5 m + 2.5 m, accel 2.6: front to line 1 m, so the first crosses half a second after green
    assert report.headway_s[0].value == pytest.approx(0.54, abs=0.25)
    assert report.headway_s[1].value == pytest.approx(3.24, abs=0.2)
    assert report.headway_s[2].value == pytest.approx(2.43, abs=0.15)
    assert report.headway_s[-1].value == pytest.approx(1.95, abs=0.1)
    assert report.end_gain_s.high < 2.0
    assert report.departures > 150


def test_those_who_find_the_road_free_are_no_queue(greens: dict[str, list[Green]]) -> None:
    report = learn(greens[NORTH]).report()
    assert report.headway_s[-1].used == 0.0
    assert report.dropped["free"] > 0


def test_the_same_seed_gives_the_same_departures(tmp_path: Path) -> None:
    street = scenario(junction(tmp_path), *(vehicle(f"w{n}", 3.0 * n, f"{WEST_IN} {EAST_OUT}") for n in range(40)))
    assert record(street, seed=3) == record(street, seed=3)
