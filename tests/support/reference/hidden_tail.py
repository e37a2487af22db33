"""The tail behind the view, by plain lists: everything is remembered, nothing is a ring."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

W_MPS = 4.7


@dataclass
class Instant:
    """Time, what had flowed into the view by then, and the speed at its end."""

    at_s: float
    flow_m: float
    speed_mps: float


@dataclass
class Tail:
    hidden: bool = False
    rate_mps: float = 0.0
    end_mps: float = 0.0
    stood_s: float = 0.0
    spell_s: float = 0.0
    free_s: float = 0.0
    flowed_m: float = 0.0
    arrived_m: float = 0.0
    left_m: float = 0.0
    past: list[Instant] = field(default_factory=list)


def back_behind_view(now_s: float, arrived_m: float, past: list[Instant]) -> float:
    """Where the last who stands is: the labels along the road, from the end of the view upstream."""
    points = [((now_s - p.at_s) * W_MPS, p.flow_m, p.speed_mps < 1.6) for p in reversed(past)]
    labels = [(x, flow + x, slow) for x, flow, slow in points]
    back = -1.0
    for j, (x, label, slow) in enumerate(labels):
        if label < arrived_m:
            back = x if slow else back
            continue
        if j == 0:
            return -1.0
        x0, label0, _ = labels[j - 1]
        tail = x if label == label0 else x0 + (arrived_m - label0) / (label - label0) * (x - x0)
        return tail if slow else back
    return back


def follow(
    tail: Tail,
    now_s: float,
    dt_s: float,
    far_m: float,
    back_m: float,
    reach_m: float,
    end_speed: float,
    end_veh: int,
    departed_m: float,
    beside_m: float,
) -> None:
    """One second of one lane; ``beside_m`` is the longest seen back of a neighbour lane."""
    if end_veh:
        tail.end_mps = max(end_speed / end_veh, 0.0)
    elif back_m == 0:
        tail.end_mps += (8.0 - tail.end_mps) * min(dt_s / 4.0, 1.0)
    if not tail.hidden:
        tail.rate_mps += (departed_m / dt_s - tail.rate_mps) * min(dt_s / 200.0, 1.0)
        stands_at_end = back_m >= far_m - 6 and tail.end_mps < 2.5
        longer_beside = beside_m >= far_m - 6 and not end_veh and back_m > 0.3 * far_m
        tail.stood_s = tail.stood_s + dt_s if stands_at_end or longer_beside else 0.0
        if tail.stood_s < 2.0:
            return
        arrived = max(back_m - far_m, 0.0)
        standing = [Instant(now_s - dt_s - j, 0.0, 0.0) for j in range(127, -1, -1)]
        rate, end = tail.rate_mps, tail.end_mps
        tail.__init__(hidden=True, rate_mps=rate, end_mps=end, arrived_m=arrived, past=standing)  # type: ignore[misc]
    tail.spell_s += dt_s
    tail.left_m += departed_m
    tail.flowed_m += dt_s * tail.end_mps * W_MPS / (tail.end_mps + W_MPS)
    tail.arrived_m += dt_s * tail.rate_mps / (1.0 - min(tail.rate_mps / 10.0, 0.5))
    drained = tail.flowed_m >= tail.arrived_m
    if drained and reach_m >= far_m - 6 and tail.end_mps < 5.5:  # still jammed: more must have arrived
        tail.rate_mps += (tail.flowed_m - tail.arrived_m) / 200.0
        tail.arrived_m, drained = tail.flowed_m, False
    passed = drained or (not end_veh and tail.flowed_m > 10)
    tail.free_s = tail.free_s + dt_s if passed else 0.0
    tail.past = [*tail.past, Instant(now_s, tail.flowed_m, tail.end_mps)][-128:]
    if tail.free_s >= 6.0:
        learnt = 1.0 - math.exp(-tail.spell_s / 200.0)
        tail.rate_mps += (tail.left_m / tail.spell_s - tail.rate_mps) * learnt
        tail.hidden, tail.stood_s = False, 0.0
