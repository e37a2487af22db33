"""Platoons between signals: queue delay over one repeated cycle, and how a platoon spreads on its way.

Sources: cyclic flow profiles and platoon dispersion as in D. I. Robertson, TRANSYT, RRL Report LR 253, 1969.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.jit import kernel

WARM_CYCLES = 2


@kernel("f8(f8[::1], b1[::1], f8, f8, f8[::1])")
def cyclic_queue(
    arrivals: NDArray[np.float64],
    green: NDArray[np.bool_],
    saturation: float,
    storage: float,
    departures: NDArray[np.float64],
) -> float:
    """Runs a point queue through repeated cycles until it repeats itself, and measures the last.

    Args:
        arrivals: ``(cycle,)`` MCU per second.
        green: ``(cycle,)`` whether the queue may discharge in that second.
        saturation: MCU per second of green.
        storage: MCU that the link holds.
        departures: ``(cycle,)`` MCU per second, written.

    Returns:
        MCU seconds of delay in the measured cycle. Seconds of queue above the storage count five-fold: they block the
        junction upstream.
    """
    queue = 0.0
    delay = 0.0
    cycle = len(arrivals)
    for _turn in range(WARM_CYCLES + 1):
        delay = 0.0
        for second in range(cycle):
            queue += arrivals[second]
            out = min(queue, saturation) if green[second] else 0.0
            queue -= out
            departures[second] = out
            delay += queue + 4.0 * max(0.0, queue - storage)
    return delay


@kernel("void(f8[::1], i8, f8[::1])")
def disperse(departures: NDArray[np.float64], travel_s: int, arrivals: NDArray[np.float64]) -> None:
    """Spreads a repeated departure profile over its way: Robertson's recurrence with alpha 0.35 and beta 0.8.

    Args:
        departures: ``(cycle,)`` MCU per second at the upstream line.
        travel_s: mean travel time of the platoon, whole seconds.
        arrivals: ``(cycle,)`` MCU per second at the downstream line, written; the sum is kept.
    """
    cycle = len(departures)
    first = int(0.8 * travel_s)
    smoothing = 1.0 / (1.0 + 0.35 * first)
    flow = 0.0
    for second in range(cycle):
        flow = smoothing * departures[(second - first) % cycle] + (1.0 - smoothing) * flow
    # What one turn leaves of itself, (1 - F)^cycle, adds up as a geometric series: the profile repeats for ever.
    flow /= 1.0 - (1.0 - smoothing) ** cycle if smoothing < 1.0 else 1.0
    for second in range(cycle):
        flow = smoothing * departures[(second - first) % cycle] + (1.0 - smoothing) * flow
        arrivals[second] = flow
    total_in = 0.0
    total_out = 0.0
    for second in range(cycle):
        total_in += departures[second]
        total_out += arrivals[second]
    if total_out > 0.0:
        for second in range(cycle):
            arrivals[second] *= total_in / total_out
