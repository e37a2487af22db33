"""Road users put into rows: as many as pass the line side by side are one thing to the junction kernel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from nutgiao.models.contracts.words import CLASSES, VehicleClass
from nutgiao.models.queueing.junction.seen import Seen
from nutgiao.models.queueing.junction.tables import F8, HEADWAY_S, NONE, USUAL

PERSONS: Mapping[VehicleClass, float] = {
    VehicleClass.MOTORCYCLE: 1.3,
    VehicleClass.BICYCLE: 1.1,
    VehicleClass.CAR: 1.8,
    VehicleClass.BUS: 25.0,
    VehicleClass.TRUCK: 1.3,
    VehicleClass.PEDESTRIAN: 1.0,
}
"""Persons in a vehicle, of the size that is usual in Vietnamese towns (assumed; count them at the site)."""

PERSONS_BY_CODE: F8 = np.array([PERSONS[one] for one in CLASSES])


class Comer(NamedTuple):
    """Somebody on the way to the line, or several who come together.

    Attributes:
        lane: number of the lane.
        link: that is believed to be taken.
        arrive_s: from now, when the line would be reached if nothing hindered.
        mcu: motorcycle-equivalent units; may be a part of one, where somebody comes with a chance only.
        persons: whose delay counts.
        halted: stands.
        key: a number that stays while the road user is seen, `NONE` for one who is only expected.
    """

    lane: int
    link: int
    arrive_s: float
    mcu: float
    persons: float
    halted: bool = False
    key: int = NONE


def rows_of(comers: Sequence[Comer], row_mcu: F8, passed_s: F8) -> Seen:
    """Puts everybody into rows.

    On a lane those who arrive first fill the first row, up to `row_mcu`; a new row begins with the next one, or where a
    gap is longer than a headway. A row goes where its first one goes. Who fills more than a row by himself is followed
    by empty rows.

    Args:
        comers: in any order.
        row_mcu: ``(lanes,)`` of the site's tables.
        passed_s: ``(lanes,)`` since the last one went over the line.
    """
    rows: list[list[float]] = []
    lane, room = NONE, 0.0
    for one in sorted(comers, key=lambda comer: (comer.lane, comer.arrive_s)):
        full = row_mcu[one.lane]
        headways = (one.arrive_s - rows[-1][3]) / USUAL[HEADWAY_S] if one.lane == lane else np.inf
        if headways > 1.0 or room <= 0.0:
            # What the last row held too much is missing in this one: the flow is right on the average.
            room = min(full, room + full * max(1.0, headways))
            while room <= 0.0:
                rows.append([NONE, one.lane, rows[-1][2], rows[-1][3], 0.0, 0.0])
                room += full
            rows.append([one.key, one.lane, one.link, one.arrive_s, 0.0, 0.0])
        lane = one.lane
        rows[-1][4] = max(rows[-1][4], float(one.halted))
        rows[-1][5] += one.persons
        room -= one.mcu
    made = np.array(rows, np.float64).reshape(-1, 6)
    count = len(made)
    return Seen(
        key=made[:, 0].astype(np.int64),
        lane=made[:, 1].astype(np.int32),
        link=made[:, 2].astype(np.int32),
        arrive_s=np.ascontiguousarray(made[:, 3]),
        halted=made[:, 4] > 0.0,
        weight=np.ascontiguousarray(made[:, 5]),
        next_link=np.full(count, NONE, np.int32),
        next_s=np.zeros(count),
        exit_veh=np.zeros(0),
        inside_veh=np.bincount(made[:, 1].astype(np.int64), minlength=len(row_mcu)).astype(np.float64),
        passed_s=passed_s.copy(),
    )
