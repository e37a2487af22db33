"""What two loops a lane tell of who comes to a light."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nutgiao.models.queueing.junction.seen import Seen
from nutgiao.simulation.control.lights import read_lights
from nutgiao.simulation.control.loops import LoopFigures, LoopSight
from nutgiao.simulation.control.passages import Loops
from nutgiao.simulation.stage_order import ChangeRule
from tests.support.junction_nets import WEST_IN, junction, scenario, vehicle
from tests.support.plan_spaces import busy_street
from tests.support.watched_streets import looks, quiet_street, running, turning_street, two_lights, with_bare_light


def test_who_has_come_over_the_advance_loop_and_not_over_the_line_is_between_them(tmp_path: Path) -> None:
    with running(busy_street(tmp_path)) as (sumo, lights):
        loops = Loops(sumo, lights, 45.0)
        names = [lights.street.lane_ids[lane] for lane in lights.lanes]
        length_m = lights.street.lane_length_m[lights.lanes]
        between, most = np.zeros(len(names)), 0.0
        for _ in range(400):
            loops.count()
            between += loops.came - loops.went
            at = [(sumo.vehicle.getLaneID(v), sumo.vehicle.getLanePosition(v)) for v in sumo.vehicle.getIDList()]
            true = [
                sum(lane == name and end - x <= 45.0 for lane, x in at)
                for name, end in zip(names, length_m, strict=True)
            ]
            assert between.tolist() == true
            most = max(most, between.max())
            sumo.simulationStep()
    assert most >= 5


def test_the_counts_of_a_lane_with_one_way_out_give_its_queue(tmp_path: Path) -> None:
    with running(turning_street(tmp_path, every_s=9, count=40)) as (sumo, lights):
        sight = LoopSight(sumo, lights)
        west = [lights.street.lane_ids[lane].startswith(WEST_IN) for lane in lights.lanes].index(True)
        length_m = float(lights.street.lane_length_m[lights.lanes[west]])
        wrong, most = [], 0
        for _ in range(360):
            seen = sight.look()
            at = [(sumo.vehicle.getLaneID(v), sumo.vehicle.getLanePosition(v)) for v in sumo.vehicle.getIDList()]
            true = sum(lane.startswith(WEST_IN) and length_m - x <= 45.0 for lane, x in at)
            wrong.append(abs(int(np.count_nonzero(seen.lane == west)) - true))
            most = max(most, true)
            sumo.simulationStep()
    assert most >= 4
    assert np.mean(wrong) < 0.05


def test_a_queue_over_the_advance_loop_is_known_to_go_on(tmp_path: Path) -> None:
    with running(busy_street(tmp_path)) as (sumo, lights):
        longest = max(int(np.count_nonzero(seen.halted)) for seen in looks(LoopSight(sumo, lights), 300))
    assert longest > 8, "no more than six stand between the loops"


def test_nobody_upstream_of_the_advance_loop_is_known(tmp_path: Path) -> None:
    made = scenario(junction(tmp_path), vehicle("one", 0.0), end_s=100.0)
    with running(made) as (sumo, lights):
        sight = LoopSight(sumo, lights)
        for _ in range(60):
            rows = len(sight.look().key)
            if "one" in sumo.vehicle.getIDList() and sumo.vehicle.getLaneID("one").startswith(WEST_IN):
                end_m = sumo.lane.getLength(sumo.vehicle.getLaneID("one")) - sumo.vehicle.getLanePosition("one")
                assert rows == int(end_m <= 45.0)
            sumo.simulationStep()


def test_a_lane_shorter_than_that_has_its_loop_at_the_entrance(tmp_path: Path) -> None:
    with running(quiet_street(tmp_path)) as (sumo, lights):
        assert max(Loops(sumo, lights, 500.0).between_m) == pytest.approx(
            lights.street.lane_length_m[lights.lanes].max()
        )
        assert set(Loops(sumo, lights, 45.0).between_m) == {45.0}


def test_those_who_have_passed_a_line_are_announced_to_the_next_light(tmp_path: Path) -> None:
    first = {}
    for neighbours in (False, True):
        with running(two_lights(tmp_path)) as (sumo, lights):
            links = lights.links_of(lights.ids.index("B0"))
            rows = looks(LoopSight(sumo, lights, LoopFigures(neighbours=neighbours)), 150)
        first[neighbours] = next(s for s, seen in enumerate(rows) if np.isin(seen.link, links).any())
    assert first[True] < first[False] - 3


def same(one: Seen, other: Seen) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in Seen.__slots__)


def test_where_vehicles_will_go_changes_nothing_as_long_as_they_have_not_turned(tmp_path: Path) -> None:
    answers = []
    for turned in (False, True):
        with running(turning_street(tmp_path, count=60)) as (sumo, lights):
            sight = LoopSight(sumo, lights)
            looks(sight, 120)
            for name in sumo.vehicle.getIDList() if turned else ():
                if sumo.vehicle.getLaneID(name).startswith(WEST_IN):
                    sumo.vehicle.setRoute(name, [WEST_IN, "A0top0"])
            answers.append(sight.look())
    assert len(answers[0].key) > 2
    assert same(*answers)


def test_an_empty_street_has_no_rows_and_a_bare_light_does_no_harm(tmp_path: Path) -> None:
    made = replace(quiet_street(tmp_path, 4), end_s=400.0)
    bare = with_bare_light(read_lights(made, ChangeRule(3, 0)))
    with running(made, bare) as (sumo, lights):
        rows = [len(seen.key) for seen in looks(LoopSight(sumo, lights), 300)]
    assert max(rows) > 0
    assert rows[0] == rows[-1] == 0
