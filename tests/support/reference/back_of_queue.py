"""Estimate and interval of the back of queue, from the words of the error model."""

from __future__ import annotations

import math

from tests.support.reference.hidden_tail import Tail, back_behind_view


def back_of_queue(
    now_s: float, seen_m: float, sure_m: float, tail: Tail, far_m: float, length_m: float, quality: float
) -> tuple[float, float, float]:
    """Estimate, lower and upper end, metres."""
    back, high = seen_m, seen_m
    low = min(sure_m, seen_m - 2.0 - 0.15 * seen_m)
    if seen_m > 0:
        high = seen_m + 2.5 + 0.15 * seen_m + 12.0 * (1.0 - quality)
    if seen_m > far_m - 20.0:
        high = max(high, far_m + 45.0)
    if tail.hidden:
        came = tail.rate_mps * tail.spell_s
        variance = 18.0**2 + 6.0 * came + (0.15 * tail.flowed_m) ** 2
        fewer = 1.645 * math.sqrt(variance + (0.6 * came) ** 2)
        more = 1.645 * math.sqrt(variance + (3.0 * came) ** 2)
        least, middle, most = (back_behind_view(now_s, tail.arrived_m + d, tail.past) for d in (-fewer, 0.0, more))
        if middle >= 0:
            back, low = max(seen_m, far_m + middle), seen_m
        if least >= 0:
            low = far_m + least
        if most >= 0:
            high = max(high, far_m + most)
    back = min(back, length_m)
    return back, max(0.0, min(low, back)), min(max(high, back), max(length_m, back))
