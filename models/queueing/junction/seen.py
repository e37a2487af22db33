"""Who is on the way to a light, as a camera, loops or a simulator tell it: the rows that a look ahead starts from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.queueing.junction.tables import F8, I4


@dataclass(frozen=True, slots=True)
class Seen:
    """Vehicles before their next light, in any order; links and lanes are numbered over all lights.

    Attributes:
        key: ``(n,)`` a number for each vehicle that stays while it is seen.
        lane: ``(n,)`` on which it will come to the line.
        link: ``(n,)`` that it takes.
        arrive_s: ``(n,)`` from now, when it would be at the line if nothing hindered it.
        halted: ``(n,)`` whether it stands.
        weight: ``(n,)`` what its delay counts.
        next_link: ``(n,)`` of the light behind this one, or -1 if nobody knows or there is none.
        next_s: ``(n,)`` from this line to that.
        exit_veh: ``(exits,)`` vehicles that fit into each street behind a light now.
        inside_veh: ``(lanes,)`` vehicles on each lane.
        passed_s: ``(lanes,)`` since the last vehicle went over the line.
    """

    key: NDArray[np.int64]
    lane: I4
    link: I4
    arrive_s: F8
    halted: NDArray[np.bool_]
    weight: F8
    next_link: I4
    next_s: F8
    exit_veh: F8
    inside_veh: F8
    passed_s: F8


@dataclass(frozen=True, slots=True)
class Showing:
    """What the lights show now.

    Attributes:
        stage: ``(lights,)`` that shows, or that ends while lights change; numbered over all lights.
        coming: ``(lights,)`` that the lights change to, or -1.
        left_s: ``(lights,)`` of the change.
        green_s: ``(lights,)`` for how long the stage has shown.
        since_s: ``(links,)`` for how long a link has been green.
    """

    stage: I4
    coming: I4
    left_s: F8
    green_s: F8
    since_s: F8


PACE_SHARE = 0.75
"""Of the speed limit, what those keep who drive freely in a town: motorcycles in Hanoi ride at 30 to 40 km/h (assumed,
and as the simulated street has it)."""


def free_s(distance_m: float, speed_mps: float, limit_mps: float, accel_mps2: float = 2.6) -> float:
    """Seconds to drive a distance if nothing hinders: first faster up to the limit (SUMO's usual 2.6 m/s2)."""
    distance_m = max(0.0, distance_m)
    ramp_m = max(0.0, limit_mps**2 - speed_mps**2) / (2.0 * accel_mps2)
    if distance_m < ramp_m:
        return float(np.sqrt(speed_mps**2 + 2.0 * accel_mps2 * distance_m) - speed_mps) / accel_mps2
    return max(0.0, limit_mps - speed_mps) / accel_mps2 + (distance_m - ramp_m) / limit_mps
