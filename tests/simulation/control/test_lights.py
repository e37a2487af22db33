"""Lights of a network as a controller knows them."""

from __future__ import annotations

from math import ceil
from pathlib import Path

from nutgiao.simulation.control.areas import areas
from nutgiao.simulation.control.guards import guards
from nutgiao.simulation.control.lights import read_lights
from nutgiao.simulation.plan_space import crossing_need_s
from nutgiao.simulation.stage_order import ChangeRule
from tests.support.plan_spaces import busy_street, street_with_crossings

RULE = ChangeRule(3, 1)


def test_whoever_is_on_a_crossing_reaches_the_other_side_before_others_start(tmp_path: Path) -> None:
    street = street_with_crossings(tmp_path)
    lights = read_lights(street, RULE)
    need_s = crossing_need_s(street)[lights.ids[0]]
    assert need_s
    ended = 0
    for (now, then), seconds in lights.changes.items():
        ends = [link for link in need_s if lights.states[now][link] in "Gg" and lights.states[then][link] == "r"]
        for link in ends:
            ended += 1
            assert all(state[link] == "r" for state in seconds)
            assert len(seconds) >= ceil(need_s[link])
    assert ended


def test_every_change_passes_the_guard(tmp_path: Path) -> None:
    street = street_with_crossings(tmp_path)
    lights = read_lights(street, RULE, more_stages=6)
    for (now, then), seconds in lights.changes.items():
        (guard,) = guards(lights).values()
        for state in (*[lights.states[now]] * 10, *seconds, *[lights.states[then]] * 10):
            guard.step(state)


def test_a_light_alone_is_a_cluster_of_its_own(tmp_path: Path) -> None:
    lights = read_lights(busy_street(tmp_path), RULE)
    ((cluster, own, links, lanes, _, stages),) = areas(lights, 40.0)
    assert own.tolist() == [0]
    assert cluster.right.shape == (len(stages), len(links))
    assert len(cluster.room_veh) == len(lanes)
    for a in range(len(stages)):
        for b in range(len(stages)):
            assert cluster.change_s[a, b] == len(lights.changes.get((int(stages[a]), int(stages[b])), ()))
