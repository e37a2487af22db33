"""Kernel that puts the queue in view and the tail behind it together: back of queue with an interval of 90 %.

In view the interval is an error model by quantiles of what was measured: a vehicle at the end that is hidden or was
taken for another makes the error, not the noise of a position, so it is a share of the queue and a vehicle's length on
each side, and more where much is missed; near the end of the view the rest of the queue may stand unseen. Behind the
view the uncertainty is that of the arrivals since the tail was last seen and of the flow F into the view:
var A = START^2 + CLUMP * A' + (FEWER or MORE * A')^2 + (FLOW_ERROR * F)^2 with A' = rate * time: vehicles of unequal
size arrive at random, and queues grow out of view when many come. The ends of the interval run through the same wave
theory as the estimate itself.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.jit import kernel
from nutgiao.models.queueing.hidden_tail import ARRIVED_M, FLOWED_M, HEAD, HIDDEN, RATE_MPS, SPELL_S, back_behind_view
from nutgiao.models.queueing.lane_kernel import BACK_M, SURE_M

Floats = NDArray[np.float64]

BACK, LOW, HIGH = range(3)
"""Columns of the output."""

# Chosen on development runs of the demonstration corridor so that nine tenths of the seconds are covered.
BELOW_M, BELOW_SHARE, ABOVE_M, ABOVE_SHARE, MISSED_M = 2.0, 0.15, 2.5, 0.15, 12.0
CLUMP_M, FLOW_ERROR, START_M = 6.0, 0.15, 18.0
FEWER, MORE = 0.6, 3.0
NEAR_END_M, OVER_END_M = 20.0, 45.0
DEVIATIONS = 1.645


@kernel("void(f8, f8[:, ::1], f8[:, ::1], f8[:, :, ::1], f8, f8, f8, f8[:, ::1])", lean=True)
def backs_of_queue(
    time_s: float,
    sums: Floats,
    state: Floats,
    history: Floats,
    far_m: float,
    length_m: float,
    quality: float,
    out: Floats,
) -> None:
    """Back of queue of each lane.

    Args:
        time_s: now.
        sums: ``(lanes, 11)`` of `nutgiao.models.queueing.lane_kernel.lane_sums`.
        state: ``(lanes, 9)`` of `nutgiao.models.queueing.hidden_tail.follow_tails`.
        history: ``(lanes, 3, HISTORY)`` of the same.
        far_m: end of the view.
        length_m: from the line to the junction upstream: no queue is longer.
        quality: share of the road users believed to be there that are seen.
        out: ``(lanes, 3)`` output: estimate, lower and upper end.
    """
    for k in range(len(sums)):
        seen, sure = sums[k, BACK_M], sums[k, SURE_M]
        back = seen
        low = min(sure, seen - BELOW_M - BELOW_SHARE * seen)
        high = seen
        if seen > 0.0:
            high += ABOVE_M + ABOVE_SHARE * seen + MISSED_M * (1.0 - quality)
        if seen > far_m - NEAR_END_M:  # who stands behind a bus at the end of the view is not seen
            high = max(high, far_m + OVER_END_M)
        s = state[k]
        if s[HIDDEN]:
            grown = s[RATE_MPS] * s[SPELL_S]
            variance = START_M**2 + CLUMP_M * grown + (FLOW_ERROR * s[FLOWED_M]) ** 2
            fewer = DEVIATIONS * np.sqrt(variance + (FEWER * grown) ** 2)
            more = DEVIATIONS * np.sqrt(variance + (MORE * grown) ** 2)
            head = int(s[HEAD])
            middle = back_behind_view(time_s, s[ARRIVED_M], history[k], head)
            least = back_behind_view(time_s, s[ARRIVED_M] - fewer, history[k], head)
            most = back_behind_view(time_s, s[ARRIVED_M] + more, history[k], head)
            if middle >= 0.0:
                back, low = max(seen, far_m + middle), seen
            if least >= 0.0:
                low = far_m + least
            if most >= 0.0:
                high = max(high, far_m + most)
        back = min(back, length_m)
        out[k, BACK] = back
        out[k, LOW] = max(0.0, min(low, back))
        out[k, HIGH] = min(max(high, back), max(length_m, back))
