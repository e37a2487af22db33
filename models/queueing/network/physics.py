"""From lengths, speeds and vehicle types to the times that the network kernel works with.

The figures were measured in SUMO 1.28 (Krauss, step 1 s) on 15,100 departures of five networks and 75,000 of a straight
test road; a street of its own is told by a `Settings` with other values.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nutgiao.models.queueing.network import tables as at
from nutgiao.models.queueing.network.tables import F8, SCALARS, Behaviour

_SLOW_M, _SLOW_MPS2, _QUICK_MPS2 = 5.8, 2.6, 5.0
_SLOW_HEADWAY_S = np.array([2.89, 2.27, 2.07, 1.95, 1.88, 1.81, 1.77, 1.74, 1.69, 1.67, 1.65, 1.60])
_SLOW_MPS = np.array([1.9, 5.0, 6.5, 7.9, 8.9, 10.0, 11.1, 11.9, 12.4, 13.3, 14.0, 14.5])
_QUICK_M = 7.5
_QUICK_HEADWAY_S = np.array([2.64, 2.05, 1.92, 1.83, 1.77, 1.76, 1.74, 1.72, 1.72, 1.70, 1.70, 1.70])
_QUICK_MPS = np.array([3.7, 7.6, 10.3, 12.3, 13.6, 14.8, 15.4, 15.3, 15.3, 15.3, 15.3, 15.3])
"""Headway behind the n-th vehicle of a standing queue and its speed at the line: slow is 5.8 m with 2.6 m/s2, quick
7.5 m with 5 m/s2."""


@dataclass(frozen=True, slots=True)
class VehicleKind:
    """A class of vehicles as a car-following model has it.

    Attributes:
        length_m: bumper to bumper.
        min_gap_m: kept to the next one when standing.
        accel_mps2: largest acceleration.
        decel_mps2: comfortable deceleration.
        max_speed_mps: what it can do.
        sigma: Krauss's dawdling, 0..1.
        tau_s: reaction time.
        speed_sd: spread of the drivers' speed factors.
        speed_factor: mean share of the limit that they drive.
    """

    length_m: float = 5.0
    min_gap_m: float = 2.5
    accel_mps2: float = 2.6
    decel_mps2: float = 4.5
    max_speed_mps: float = 55.55
    sigma: float = 0.5
    tau_s: float = 1.0
    speed_sd: float = 0.1
    speed_factor: float = 1.0

    @property
    def space_m(self) -> float:
        """Room that it takes when standing."""
        return self.length_m + self.min_gap_m

    @property
    def drag_mps(self) -> float:
        """Speed that dawdling costs on average: sigma a / 2 (Krauss 1998)."""
        return 0.5 * self.sigma * self.accel_mps2


@dataclass(frozen=True, slots=True)
class Settings:
    """What a network can be calibrated by; the defaults serve every network.

    Attributes:
        start_s: green to the first front over the line, for 2.6 m/s2.
        after_gap_s: the same after a gap in the opposing stream.
        after_full_s: the same after the exit was full.
        amber: factor on the amber that is used.
        insert_s: least headway of those who enter the network.
        entry_loss_s: time lost by entering.
        box_delay_s: from the line to the waiting place in the junction.
        merge_s: least headway of two streams that merge into one lane.
        patience_s: a head that stood shorter than this never stopped.
        penalty_veh: what a lane that ends soon is worth, in vehicles of queue.
        yield_speed_mps: speed at which a driver who gives way looks.
        look_s: slack between foes.
        after_box_s: from the gap to the start of a vehicle in the box.
        follow_box_s: the next one out of the box.
        reaction_s: headway that a moving platoon has beyond the time its room takes.
        headway: factor on the headways of a discharging queue.
        lane_change_veh: what a lane change is worth, in vehicles of queue,
        lane_change_m: and how much dearer it is on an edge of this length.
        wave_s: time per vehicle that a start takes to travel upstream,
        short_wave_s: and on a lane that holds but one.
        gap_stand: factor on the gap needed from standing,
        gap_move: on the move,
        gap_box: and from the box.
        clear: factor on the time that a vehicle blocks those who yield to it.
        drag: factor on the dawdling.
        loss: factor on the time lost by accelerating and braking.
        slots: how much of another vehicle's room makes a place.
        box_places: most vehicles that wait in one box.
    """

    start_s: float = 0.609
    after_gap_s: float = 1.46
    after_full_s: float = 0.669
    amber: float = 1.3
    insert_s: float = 2.75
    entry_loss_s: float = 0.403
    box_delay_s: float = 1.87
    merge_s: float = 1.7
    patience_s: float = 1.34
    penalty_veh: float = 8.61
    yield_speed_mps: float = 7.26
    look_s: float = 1.78
    after_box_s: float = 1.38
    follow_box_s: float = 1.48
    reaction_s: float = 1.31
    headway: float = 1.0
    lane_change_veh: float = 0.536
    lane_change_m: float = 39.7
    wave_s: float = 1.1
    short_wave_s: float = 0.753
    gap_stand: float = 1.04
    gap_move: float = 1.26
    gap_box: float = 1.55
    clear: float = 0.25
    drag: float = 1.05
    loss: float = 1.05
    slots: float = 0.3
    box_places: float = 4.0


def quickness(kind: VehicleKind) -> float:
    """0 for an ordinary car's acceleration of 2.6 m/s2, 1 for 5 m/s2."""
    return float(np.clip((kind.accel_mps2 - _SLOW_MPS2) / (_QUICK_MPS2 - _SLOW_MPS2), 0.0, 1.0))


def platoon_mps(kind: VehicleKind, limit_mps: F8) -> F8:
    """Speed of a platoon at the line: dawdling and its slowest leader keep it below the limit."""
    q = quickness(kind)
    speed: F8 = np.maximum(1.0, (0.92 - 0.02 * q) * limit_mps - (0.6 + 0.35 * q))
    return speed


def platoon_headway_s(kind: VehicleKind, limit_mps: F8, s: Settings) -> F8:
    """Headway of a moving platoon: reaction and the time that a vehicle's room takes."""
    return s.reaction_s + kind.space_m / platoon_mps(kind, limit_mps)


def amber_used_s(kind: VehicleKind, speed_mps: F8) -> F8:
    """How long after the start of amber the last one crosses who cannot stop any more.

    Whoever needs more than the distance to the line to brake passes; braking in steps of 1 s takes
    ``n v - b n (n + 1) / 2`` with ``n = floor(v / b)``.
    """
    n = np.floor(speed_mps / kind.decel_mps2)
    gap_m = n * speed_mps - kind.decel_mps2 * n * (n + 1) / 2
    used_s: F8 = np.maximum(0.0, gap_m) / np.maximum(speed_mps, 0.1)
    return used_s


def scalars(s: Settings, start_s: float, yield_headway_s: float) -> F8:
    """The constants of a `Behaviour`, ``(SCALARS,)``."""
    scalar = np.zeros(SCALARS)
    for index, value in (
        (at.START_S, start_s), (at.AFTER_GAP_S, s.after_gap_s), (at.AFTER_FULL_S, s.after_full_s),
        (at.INSERT_S, s.insert_s), (at.ENTRY_LOSS_S, s.entry_loss_s), (at.BOX_DELAY_S, s.box_delay_s),
        (at.MERGE_S, s.merge_s), (at.PATIENCE_S, s.patience_s),
        (at.PENALTY_VEH, s.penalty_veh), (at.YIELD_MPS, s.yield_speed_mps),
        (at.YIELD_HEADWAY_S, yield_headway_s), (at.LOOK_S, s.look_s),
        (at.AFTER_BOX_S, s.after_box_s), (at.FOLLOW_BOX_S, s.follow_box_s),
    ):  # fmt: skip
        scalar[index] = value
    return scalar


def behaviour(kind: VehicleKind, s: Settings) -> Behaviour:
    """Headways and speeds by position in the queue of one vehicle kind, and the rest of the constants."""
    q = quickness(kind)
    speed = (1 - q) * _SLOW_MPS + q * _QUICK_MPS
    room = (1 - q) * _SLOW_M + q * _QUICK_M
    behind = np.append(speed[1:], speed[-1])
    headway = (1 - q) * _SLOW_HEADWAY_S + q * _QUICK_HEADWAY_S + (kind.space_m - room) / behind
    headway[-1] = 0.0  # a platoon that never stopped keeps the headway of its lane and link
    speed[-1] = 99.0
    scalar = scalars(s, s.start_s * (1 - 0.48 * q), s.reaction_s + kind.space_m / s.yield_speed_mps)
    return Behaviour(headway * s.headway, speed, s.amber * amber_used_s(kind, speed), scalar)


def time_from_rest_s(distance_m: F8, speed_mps: F8, accel_mps2: float) -> F8:
    """Time to cover a distance from standstill up to a speed."""
    ramp = np.minimum(distance_m, speed_mps**2 / (2 * accel_mps2))
    time_s: F8 = np.sqrt(2 * ramp / accel_mps2) + (distance_m - ramp) / speed_mps
    return time_s
