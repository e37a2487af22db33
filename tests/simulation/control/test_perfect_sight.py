"""What perfect detection tells of room: who is inside a junction already takes it on the street behind."""

from __future__ import annotations

from pathlib import Path

import libsumo
import numpy as np

from nutgiao.models.queueing.junction.seen import Seen, Showing
from nutgiao.models.queueing.junction.tables import I4
from nutgiao.simulation.control.drive import Loop, drive
from nutgiao.simulation.control.lights import Lights
from nutgiao.simulation.variant import Setup
from tests.support.controlled_nets import street_with_odd_lights

NOTES: list[tuple[list[float], dict[str, str]]] = []
"""Of each second: what was told, and the lane of each vehicle."""
LANES: list[str] = []


class Noting:
    """Keeps every stage and writes down what it is told."""

    def choose(self, seen: Seen, showing: Showing) -> I4:
        where = {name: libsumo.vehicle.getLaneID(name) for name in libsumo.vehicle.getIDList()}
        NOTES.append((seen.inside_veh.tolist(), where))
        return showing.stage.astype(np.int32)


def noting(lights: Lights) -> Noting:
    NOTES.clear()
    LANES[:] = [lights.street.lane_ids[lane] for lane in lights.lanes]
    return Noting()


def test_who_is_inside_a_junction_takes_room_behind_it(tmp_path: Path) -> None:
    drive(Setup(street_with_odd_lights(tmp_path)), 1, Loop(noting))
    inside = 0
    for second, (told, where) in enumerate(NOTES):
        due = dict.fromkeys(LANES, 0)
        for name, lane in where.items():
            seen_on = lane
            for _, later in NOTES[second:]:  # where he comes out
                seen_on = later.get(name, seen_on)
                if not seen_on.startswith(":"):
                    break
            inside += lane.startswith(":") and seen_on in due
            if seen_on in due:
                due[seen_on] += 1
        assert told == [due[lane] for lane in LANES], second
    assert inside > 50
