"""What perfect detection tells of room: who is inside a junction takes it where he comes out and where his tail is."""

from __future__ import annotations

from pathlib import Path

import libsumo
import numpy as np
import pytest

from nutgiao.models.queueing.junction.seen import Seen, Showing
from nutgiao.models.queueing.junction.tables import I4
from nutgiao.simulation.control.drive import Loop, drive
from nutgiao.simulation.control.lights import Lights
from nutgiao.simulation.control.perfect import PerfectSight
from nutgiao.simulation.variant import Setup
from tests.support.controlled_nets import street_with_odd_lights
from tests.support.junction_nets import EAST_OUT, NORTH_IN, SOUTH_OUT, WEST_IN, junction, scenario, vehicle
from tests.support.watched_streets import running

LENGTH_M = 5.0
NOTES: list[tuple[list[float], dict[str, tuple[str, float, float]]]] = []
"""Of each second: what was told, and of each vehicle its lane, the metres on it, and all that it has driven."""
LANES: list[str] = []
LENGTHS_M: dict[str, float] = {}


class Noting:
    """Keeps every stage and writes down what it is told."""

    def choose(self, seen: Seen, showing: Showing) -> I4:
        of = libsumo.vehicle
        where = {name: (of.getLaneID(name), of.getLanePosition(name), of.getDistance(name)) for name in of.getIDList()}
        NOTES.append((seen.inside_veh.tolist(), where))
        return showing.stage.astype(np.int32)


def noting(lights: Lights) -> Noting:
    NOTES.clear()
    LENGTHS_M.update(zip(lights.street.lane_ids, lights.street.lane_length_m.tolist(), strict=True))
    LANES[:] = [lights.street.lane_ids[lane] for lane in lights.lanes]
    return Noting()


def test_who_is_inside_a_junction_takes_room_where_he_comes_out_and_where_his_tail_is(tmp_path: Path) -> None:
    drive(Setup(street_with_odd_lights(tmp_path)), 1, Loop(noting))
    inside = tails = 0
    left: dict[str, tuple[str, float]] = {}  # the last street, and what had been driven at its end
    for second, (told, where) in enumerate(NOTES):
        due = dict.fromkeys(LANES, 0)
        for name, (lane, on_it_m, driven_m) in where.items():
            seen_on = lane
            for _, later in NOTES[second:]:  # where he comes out
                seen_on = later.get(name, (seen_on, 0.0, 0.0))[0]
                if not seen_on.startswith(":"):
                    break
            inside += lane.startswith(":") and seen_on in due
            if seen_on in due:
                due[seen_on] += 1
            if not lane.startswith(":") and (name not in left or driven_m > left[name][1] + LENGTH_M):
                left[name] = (lane, driven_m - on_it_m + LENGTHS_M[lane])
            behind, end_m = left[name]
            if lane != behind and driven_m - end_m < LENGTH_M - 1.0:
                tails += 1
                due[behind] += behind in due
        assert told == [due[lane] for lane in LANES], second
    assert inside > 50
    assert tails > 20


def test_those_who_wait_outside_come_in_one_after_the_other(tmp_path: Path) -> None:
    even = '<vType id="even" speedFactor="1" speedDev="0"/>'
    ways = (f"{WEST_IN} {EAST_OUT}", f"{NORTH_IN} {SOUTH_OUT}")
    both = [vehicle(f"{way[0]}{n}", 0.0, way, 'type="even"') for way in ways for n in range(20)]
    with running(scenario(junction(tmp_path), even, *both)) as (sumo, lights):
        sight = PerfectSight(sumo, lights)
        sumo.simulationStep()
        waiting = len(sumo.simulation.getPendingVehicles())
        seen = sight.look()
        assert waiting > 30
        for lane in set(seen.lane.tolist()):
            arrive_s = np.sort(seen.arrive_s[seen.lane == lane])
            assert len(arrive_s) == 20
            assert np.diff(arrive_s)[1:] == pytest.approx(1.9)  # the first is on the street
            assert arrive_s[0] < arrive_s[1] < arrive_s[0] + 20.0
