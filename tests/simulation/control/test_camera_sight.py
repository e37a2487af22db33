"""What boxes with cameras know of who comes to a light: not more than cameras can see."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import libsumo
import numpy as np
import pytest

from nutgiao.models.queueing.junction.seen import Seen
from nutgiao.simulation.control.camera import CameraSight
from nutgiao.simulation.control.lights import Lights, read_lights
from nutgiao.simulation.stage_order import ChangeRule
from tests.support.junction_nets import EAST_OUT, WEST_IN, junction, scenario, vehicle
from tests.support.plan_spaces import busy_street
from tests.support.watched_streets import (
    SHARES,
    SHARP,
    looks,
    quiet_street,
    running,
    turning_street,
    two_lights,
    with_bare_light,
)


def in_view(lights: Lights, view_m: float) -> int:
    """How many vehicles are nearer to a stop line than that."""
    before = {lights.street.lane_ids[lane]: lights.street.lane_length_m[lane] for lane in lights.lanes}
    vehicle_ = libsumo.vehicle
    places = [(vehicle_.getLaneID(v), vehicle_.getLanePosition(v)) for v in vehicle_.getIDList()]
    return sum(lane in before and before[lane] - pos_m <= view_m for lane, pos_m in places)


def same(one: Seen, other: Seen) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in Seen.__slots__)


@pytest.mark.parametrize("view_m", [40.0, 80.0])
def test_nobody_beyond_the_view_is_known_and_everybody_in_it(tmp_path: Path, view_m: float) -> None:
    with running(quiet_street(tmp_path)) as (sumo, lights):
        sight = CameraSight(sumo, lights, figures=replace(SHARP, view_m=view_m))
        counts = []
        for _ in range(300):
            counts.append((len(sight.look().key), in_view(lights, view_m)))
            sumo.simulationStep()
    known, true = np.array(counts).T
    assert true.max() >= 2
    assert np.mean(known == true) > 0.99


def test_who_waits_to_enter_the_network_is_not_known(tmp_path: Path) -> None:
    with running(busy_street(tmp_path)) as (sumo, lights):
        sight = CameraSight(sumo, lights)
        for _ in range(200):
            keys = len(sight.look().key)
            sumo.simulationStep()
        waiting = len(sumo.simulation.getPendingVehicles())
        assert keys < in_view(lights, 300.0) + waiting + 3


def test_a_queue_that_reaches_the_end_of_the_view_is_known_to_go_on(tmp_path: Path) -> None:
    with running(busy_street(tmp_path)) as (sumo, lights):
        sight = CameraSight(sumo, lights, figures=replace(SHARP, view_m=40.0))
        longest = (0, 0)
        for seen in looks(sight, 300):
            longest = max(longest, (int(np.count_nonzero(seen.halted)), len(seen.key)))
    assert longest[0] > 7, "no more than five stand in a view of 40 m"


def test_keys_stay_with_vehicles_and_gaps_are_bridged(tmp_path: Path) -> None:
    for figures, most in ((SHARP, 40), (replace(SHARP, near_miss=0.1, far_miss=0.3, miss_s=1.5), 50)):
        with running(quiet_street(tmp_path)) as (sumo, lights):
            keys = {int(key) for seen in looks(CameraSight(sumo, lights, 3, figures), 390) for key in seen.key}
        assert 40 <= len(keys) <= most


def test_the_same_seed_gives_the_same_rows_and_another_seed_others(tmp_path: Path) -> None:
    made = turning_street(tmp_path, count=40)
    runs = []
    for seed in (1, 1, 2):
        with running(made) as (sumo, lights):
            runs.append(looks(CameraSight(sumo, lights, seed), 150))
    assert all(same(a, b) for a, b in zip(runs[0], runs[1], strict=True))
    assert not all(same(a, b) for a, b in zip(runs[0], runs[2], strict=True))


def test_where_vehicles_will_go_changes_nothing_as_long_as_they_have_not_turned(tmp_path: Path) -> None:
    made = turning_street(tmp_path, count=60)
    answers = []
    for turned in (False, True):
        with running(made) as (sumo, lights):
            sight = CameraSight(sumo, lights, 1)
            looks(sight, 120)
            if turned:
                before = [v for v in sumo.vehicle.getIDList() if sumo.vehicle.getLaneID(v).startswith(WEST_IN)]
                assert len(before) > 5
                for name in before:
                    sumo.vehicle.setRoute(name, [WEST_IN, "A0top0"])
            answers.append(sight.look())
    assert len(answers[0].key) > 5
    assert same(*answers)


def test_the_shares_of_a_shared_lane_are_learnt_from_those_who_have_left(tmp_path: Path) -> None:
    made = turning_street(tmp_path)
    with running(made) as (sumo, lights):
        sight = CameraSight(sumo, lights, 1)
        looks(sight, 950)
        approach = next(k for k, one in enumerate(sight.views.approaches) if sight.turns.zone(k, one.mouths[0], 0) == 0
                        and lights.street.lane_ids[one.mouths[0]].startswith(WEST_IN))  # fmt: skip
        own = sight.views.approaches[approach]
        learnt = sight.turns.spot(approach, own.mouths[0], 0).shares()
        exits = [lights.street.lane_ids[lights.exits[lights.link_exit[link]]] for _, link in own.outcomes[:-1]]
    assert len(exits) == 3
    for way, share in SHARES.items():
        edge = way.split()[1]
        assert learnt[next(k for k, lane in enumerate(exits) if lane.startswith(edge))] == pytest.approx(
            share, abs=0.08
        )


def rows_before(sight: CameraSight, lights: Lights, light: str, seconds: int) -> list[set[int]]:
    """Keys of those before one light, second by second."""
    links = lights.links_of(lights.ids.index(light))
    return [set(seen.key[np.isin(seen.link, links)].tolist()) for seen in looks(sight, seconds)]


def test_a_neighbour_announces_who_comes_and_he_keeps_his_number(tmp_path: Path) -> None:
    made = two_lights(tmp_path)
    known = {}
    for neighbours in (False, True):
        with running(made) as (sumo, lights):
            sight = CameraSight(sumo, lights, figures=replace(SHARP, neighbours=neighbours))
            first = rows_before(sight, lights, "A0", 120)
        with running(made) as (sumo, lights):
            sight = CameraSight(sumo, lights, figures=replace(SHARP, neighbours=neighbours))
            behind = rows_before(sight, lights, "B0", 120)
        known[neighbours] = (
            set().union(*first),
            set().union(*behind),
            next(s for s, keys in enumerate(behind) if keys),
        )
    assert not known[False][0] & known[False][1], "without neighbours each box has numbers of its own"
    assert known[True][1] <= known[True][0], "everybody before the second light was known at the first"
    assert known[True][2] < known[False][2] - 3, "and is known before he comes into view"


def test_who_was_announced_and_does_not_come_is_withdrawn(tmp_path: Path) -> None:
    with running(two_lights(tmp_path, turn=0.5)) as (sumo, lights):
        sight = CameraSight(sumo, lights, figures=SHARP)
        rows = rows_before(sight, lights, "B0", 390)
        assert len(sumo.vehicle.getIDList()) == 0
    assert any(rows)
    assert not rows[-1]


def test_an_empty_street_has_no_rows_and_room_everywhere(tmp_path: Path) -> None:
    made = scenario(junction(tmp_path), vehicle("late", 200.0), end_s=250.0)
    with running(made) as (sumo, lights):
        seen = looks(CameraSight(sumo, lights), 100)[-1]
    assert len(seen.key) == len(seen.link) == len(seen.next_s) == 0
    assert seen.exit_veh.min() > 20.0
    assert seen.inside_veh.shape == seen.passed_s.shape == (4,)


def test_a_light_that_no_lane_leads_to_does_no_harm(tmp_path: Path) -> None:
    made = quiet_street(tmp_path, 4)
    bare = with_bare_light(read_lights(made, ChangeRule(3, 0)))
    with running(made, bare) as (sumo, lights):
        seen = [one for one in looks(CameraSight(sumo, lights), 60) if len(one.key)]
    assert seen


def test_who_stands_in_the_view_of_an_exit_takes_its_room(tmp_path: Path) -> None:
    stop = f'<stop lane="{EAST_OUT}_0" endPos="30" duration="500"/>'
    made = scenario(junction(tmp_path), vehicle("halts", 0.0, inside=stop), end_s=250.0)
    with running(made) as (sumo, lights):
        rooms = np.array([seen.exit_veh for seen in looks(CameraSight(sumo, lights, figures=SHARP), 150)])
    assert rooms[0].min() > 20.0
    assert rooms[-1].min() == pytest.approx((30.0 - 5.0) / 7.0, abs=0.5)
