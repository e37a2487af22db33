"""True queues: who stands or crawls before a stop line, and how far back, second by second."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.site import Approach

QUEUED_MPS = 1.4
"""Slower than 5 km/h is queued."""

CHAIN_M = 25.0
"""A queue ends where the next slow vehicle is further behind than this."""


class TrueLaneState(msgspec.Struct, frozen=True, array_like=True):
    """Queue of one lane at one second: vehicles slower than `QUEUED_MPS`, also ahead of the line.

    Attributes:
        time_s: seconds since midnight.
        node: junction.
        approach: approach.
        lane: lane from the kerb, 0 first; -1 for the whole approach.
        queue_veh: vehicles in the queue.
        back_of_queue_m: from the stop line to the rear of the last one; 0 without a queue.
    """

    time_s: float
    node: str
    approach: str
    lane: int
    queue_veh: int
    back_of_queue_m: float


def lane_states(
    time_s: float,
    places: Sequence[tuple[str, Approach]],
    index: NDArray[np.int32],
    x: NDArray[np.float64],
    rear: NDArray[np.float64],
    y: NDArray[np.float64],
) -> list[TrueLaneState]:
    """Queues of every approach and lane at one instant.

    Args:
        time_s: the instant.
        places: node and approach, in the order that ``index`` points to.
        index: ``(n,)`` approach of each slow vehicle.
        x: ``(n,)`` front of each, metres upstream of its stop line.
        rear: ``(n,)`` rear of each.
        y: ``(n,)`` metres from the kerb.
    """
    queues: dict[tuple[int, int], list[tuple[float, float]]] = {}
    order = np.argsort(x)
    rows = zip(index[order].tolist(), x[order].tolist(), rear[order].tolist(), y[order].tolist(), strict=True)
    for k, front, back, across in rows:
        queues.setdefault((k, lane_at(places[k][1], across)), []).append((front, back))
        queues.setdefault((k, -1), []).append((front, back))
    return [
        TrueLaneState(time_s, node, approach.id, lane, *_chain(queues.get((k, lane), [])))
        for k, (node, approach) in enumerate(places)
        for lane in range(-1, len(approach.lanes))
    ]


def lane_at(approach: Approach, y: float) -> int:
    """Lane at so many metres from the kerb, counted from the kerb."""
    border = 0.0
    for number, lane in enumerate(approach.lanes):
        border += lane.width_m
        if y < border:
            return number
    return len(approach.lanes) - 1


def _chain(queue: list[tuple[float, float]]) -> tuple[int, float]:
    """Vehicles and back of the queue that begins with the slow vehicle nearest to the line.

    Args:
        queue: (front, rear) of slow vehicles, nearest first, metres upstream of the line.
    """
    reach = queue[0][1] if queue else 0.0
    count = 0
    for front, rear in queue:
        if front - reach > CHAIN_M:
            break
        reach = max(reach, rear)
        count += 1
    return count, round(max(0.0, reach), 1)
