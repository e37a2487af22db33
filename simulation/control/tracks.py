"""A vehicle as boxes at lights know it, and the rows that a controller is told of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from nutgiao.models.queueing.junction.seen import Seen
from nutgiao.models.queueing.junction.tables import F8, NONE
from nutgiao.models.queueing.shares import Shares
from nutgiao.simulation.control.lights import VEHICLE_M

Row = tuple[int, int, int, float, bool, int, float]
"""Key, lane, link, arrival, whether it stands, next link and the time to it."""


@dataclass(slots=True)
class Track:
    """A vehicle as the boxes know it.

    Attributes:
        key: its number.
        approach: that it is on, or announced for.
        lane: of the street; -1 if it is only announced.
        distance_m: to the line.
        speed_mps: now.
        length_m: of the body.
        outcome: of the approach.
        place: zone and lane whose shares it was dealt from.
        learns: shares that learn from what it does, each with its approach.
        onward: approach behind this light, outcome there and free travel time from line to line; None if unknown.
        unseen_s: since it was seen.
        stood_s: for how long it has stood.
    """

    key: int
    approach: int
    lane: int
    distance_m: float
    speed_mps: float
    length_m: float
    outcome: int = NONE
    place: tuple[int, int] = (NONE, NONE)
    learns: list[Shares] = field(default_factory=list)
    onward: tuple[int, int, float] | None = None
    unseen_s: float = 0.0
    stood_s: float = 0.0


def fits_veh(free_m: F8) -> F8:
    """Vehicles that fit into free lengths of lanes, as they queue up: half a metre closer than the mean."""
    room_veh: F8 = np.maximum(0.0, free_m) / (VEHICLE_M - 0.5)
    return room_veh


def seen_of(rows: Sequence[Row], exit_veh: F8, inside_veh: F8, passed_s: F8) -> Seen:
    """What is told of all vehicles and lanes; each vehicle weighs the same."""
    made = tuple(zip(*rows, strict=True)) if rows else ((),) * 7
    return Seen(
        key=np.array(made[0], np.int64),
        lane=np.array(made[1], np.int32),
        link=np.array(made[2], np.int32),
        arrive_s=np.array(made[3], np.float64),
        halted=np.array(made[4], np.bool_),
        weight=np.ones(len(rows)),
        next_link=np.array(made[5], np.int32),
        next_s=np.array(made[6], np.float64),
        exit_veh=exit_veh,
        inside_veh=inside_veh,
        passed_s=passed_s.copy(),
    )
