"""From passages to who stands where: kinematic-wave reconstruction of every queue, second by second."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.jit import kernel
from nutgiao.models.queueing.network.tables import F8

NEVER_S = 1e9
"""Passage of a vehicle that has not passed."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How queues move up, and where.

    Attributes:
        speed_mps: ``(lanes,)`` free speed.
        length_m: ``(lanes,)``.
        wave_s: time per vehicle that a start takes to travel upstream.
        move_s: time to move up by one place and stand again.
        brake_s: time lost by braking to a stand.
        launch_s: time from the start to the line of the first one.
    """

    speed_mps: F8
    length_m: F8
    wave_s: float = 1.1
    move_s: float = 7.0
    brake_s: float = 4.5
    launch_s: float = 1.0


SETBACK_M = 1.0
"""The first one stands this far before the line; measured."""


@kernel("void(i8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8, f8, f8, f8, f8[:, ::1])")
def halting(
    first: NDArray[np.int64],
    arrival_s: F8,
    passage_s: F8,
    speed_mps: F8,
    space_m: F8,
    length_m: F8,
    wave_s: float,
    move_s: float,
    brake_s: float,
    launch_s: float,
    out: F8,
) -> None:
    """Counts the standing vehicles of each lane at the end of each second.

    A driver repeats his leader's path ``wave_s`` later and ``space_m`` farther back (Newell 2002). So the vehicle ``k``
    places behind another one may move up when that one has passed the line, ``k`` waves later; until then it stands at
    ``k`` spaces from the line. It counts as standing when it has had the time to come there and to brake.

    Args:
        first: ``(lanes + 1,)`` first vehicle of each lane.
        arrival_s: ``(n,)`` arrival at the line if nobody stood in the way, in the order of passage.
        passage_s: ``(n,)`` passage of the line, `NEVER_S` for none.
        speed_mps: ``(lanes,)`` free speed.
        space_m: ``(lanes,)`` room of a standing vehicle.
        length_m: ``(lanes,)`` who stands farther back stands in the junction before the lane.
        wave_s: time per vehicle that a start takes to travel upstream.
        move_s: time to move up by one place and stand again.
        brake_s: time lost by braking to a stand.
        launch_s: time from the start to the line of the first one.
        out: ``(seconds, lanes)`` standing vehicles.
    """
    out[:] = 0.0
    seconds, lanes = out.shape
    for lane in range(lanes):
        per_place = space_m[lane] / speed_mps[lane]
        for i in range(first[lane], first[lane + 1]):
            begin = -1e9
            deepest = 0
            for k in range(i - first[lane] + 1):
                released = passage_s[i - k] + k * wave_s
                if released <= arrival_s[i] - k * per_place:
                    break
                deepest = k
            for k in range(deepest, -1, -1):
                released = passage_s[i - k] + k * wave_s
                stands = max(begin, arrival_s[i] - k * per_place + brake_s)
                leaves = released - launch_s
                if leaves - stands > 0.5 and k * space_m[lane] + SETBACK_M < length_m[lane]:
                    for second in range(max(0, int(np.ceil(stands)) - 1), min(seconds, int(np.ceil(leaves)) - 1)):
                        out[second, lane] += 1.0
                begin = released + move_s
