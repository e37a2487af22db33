"""A street before a light that is too short to change lanes on: who enters it on another lane than his blocks it."""

from __future__ import annotations

from pathlib import Path

import libsumo
import pytest

from nutgiao.models.queueing.junction.tables import NONE
from nutgiao.simulation.control.entries import Entries
from nutgiao.simulation.control.lights import Lights, read_lights
from nutgiao.simulation.control.perfect import PerfectSight
from nutgiao.simulation.stage_order import ChangeRule
from tests.support.junction_nets import junction, scenario, vehicle
from tests.support.short_street import SHORT, short_street
from tests.support.watched_streets import running

RIGHT, LEFT = f"{SHORT}_0", f"{SHORT}_1"


@pytest.fixture
def lights(tmp_path: Path) -> Lights:
    return read_lights(short_street(tmp_path), ChangeRule(3, 0))


def number(lights: Lights, lane: str) -> int:
    return int(lights.lanes.tolist().index(lights.street.lane_ids.index(lane)))


@pytest.mark.parametrize(("behind", "wants", "comes_on"), [("NM", LEFT, RIGHT), ("NM", RIGHT, RIGHT),
                                                           ("WM", LEFT, LEFT), ("WM", RIGHT, RIGHT)])  # fmt: skip
def test_who_can_enter_one_lane_only_stays_on_it(lights: Lights, behind: str, wants: str, comes_on: str) -> None:
    edge, best = list(lights.street.edges).index(behind), number(lights, wants)
    assert Entries(lights).lane(edge, best, {best}) == number(lights, comes_on)


def test_there_is_time_to_change_on_a_long_street(tmp_path: Path) -> None:
    lights = read_lights(scenario(junction(tmp_path), vehicle("v", 0.0)), ChangeRule(3, 0))
    entries = Entries(lights)
    assert not any(entries.short)
    assert entries.lane(0, 1, {1}) == 1
    assert not entries.stays(NONE)


def test_a_left_turner_from_the_north_is_told_on_the_right_lane_until_it_has_changed(tmp_path: Path) -> None:
    made = short_street(tmp_path)
    told: dict[str, set[str]] = {"NM": set(), "WM": set()}
    with running(made) as (sumo, lights):
        left = next(link for link, lanes in enumerate(lights.link_lane.tolist()) if number(lights, LEFT) in lanes)
        sight = PerfectSight(sumo, lights)
        for _ in range(200):
            seen = sight.look()
            names = {known.key: name for name, known in sight._known.items()}
            for key, link, lane in zip(seen.key.tolist(), seen.link.tolist(), seen.lane.tolist(), strict=True):
                assert (link == left) == ("JL" in libsumo.vehicle.getRoute(names[key]))
                here = libsumo.vehicle.getLaneID(names[key])
                row = lights.street.lane_ids[lights.lanes[lane]]
                if here.startswith(SHORT):
                    assert row == here  # where it is it stands, whatever it wants
                elif link == left and here in ("NM_0", "WM_0"):
                    told[here[:2]].add(row)
            sumo.simulationStep()
    assert told == {"NM": {RIGHT}, "WM": {LEFT}}
