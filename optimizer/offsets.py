"""Delay of a corridor under given greens and offsets, and a small search for better offsets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.site import apart_deg
from nutgiao.models.contracts.timeline import GREEN, expand_cycle
from nutgiao.models.queueing.platoon import cyclic_queue, disperse
from nutgiao.models.queueing.webster import random_delay_s
from nutgiao.optimizer.corridor import Junction, Stream

PLATOON_SHARE = 0.8
"""Share of an approach's arrivals that keep the shape of the upstream junction's discharge; the rest turns in."""
START_LOSS_S, AMBER_USED_S = 2, 1
"""Displayed green lost at its start and amber used at its end: the first 4 s of green discharge half as much."""


class CorridorDelay:
    """Predicts the corridor's delay for offsets, with cycle and greens fixed.

    Args:
        junctions: the corridor.
        greens: greens of each node, one common cycle.
        orders: order of the stages of each node; a node that is not named runs its site's own.
    """

    def __init__(
        self,
        junctions: Sequence[Junction],
        greens: Mapping[str, tuple[int, ...]],
        orders: Mapping[str, tuple[int, ...]] = MappingProxyType({}),
    ) -> None:
        self._junctions = {junction.node: junction for junction in junctions}
        lamps = {one.node: expand_cycle(one.signals, greens[one.node], orders.get(one.node, ())) for one in junctions}
        self.cycle_s = len(next(iter(lamps.values())))
        if any(len(rows) != self.cycle_s for rows in lamps.values()):
            raise ValueError(f"no common cycle: { {node: len(rows) for node, rows in lamps.items()} }")
        self._streams = _upstream_first([stream for junction in junctions for stream in junction.streams])
        self._green = {
            (stream.node, stream.approach, stream.group): _effective(lamps[stream.node][:, stream.group] == GREEN)
            for stream in self._streams
        }
        self._fixed = 0.0  # random delay does not depend on the offsets
        for stream in self._streams:
            share = float(self._green[stream.node, stream.approach, stream.group].mean())
            saturation = stream.flow_ratio / max(share, 1e-6)
            self._fixed += stream.flow_mcu_h / 3600 * random_delay_s(stream.flow_mcu_h, saturation)

    def rate(self, offsets: Mapping[str, int]) -> float:
        """Delay per second of the whole corridor, MCU seconds per second: the mean number that waits.

        Args:
            offsets: seconds after the master clock's zero, of each node.
        """
        cycle = self.cycle_s
        leaving: dict[tuple[str, str], NDArray[np.float64]] = {}
        total = 0.0
        platoon = np.empty(cycle)
        for stream in self._streams:
            flow = stream.flow_mcu_h / 3600.0
            arrivals = np.full(cycle, flow)
            upstream = leaving.get((stream.node, stream.approach))
            if upstream is not None and upstream.sum() > 0:
                disperse(upstream, stream.travel_s, platoon)
                arrivals = (1 - PLATOON_SHARE) * arrivals + PLATOON_SHARE * flow * cycle / platoon.sum() * platoon
            green = np.roll(self._green[stream.node, stream.approach, stream.group], offsets[stream.node])
            departures = np.empty(cycle)
            saturation = stream.saturation_mcu_h / 3600.0
            total += cyclic_queue(arrivals, np.ascontiguousarray(green), saturation, stream.storage_mcu, departures)
            for other in self._streams:
                if _feeds(stream, other):
                    key = (other.node, other.approach)
                    leaving[key] = leaving.get(key, np.zeros(cycle)) + departures
        return total / cycle + self._fixed

    def search(self, start: Mapping[str, int], step_s: int = 2) -> dict[str, int]:
        """Improves offsets one junction after the other until none helps; the first junction keeps its own.

        Args:
            start: offsets to begin with.
            step_s: grid of the search.
        """
        nodes = list(self._junctions)
        best = {node: start[node] % self.cycle_s for node in nodes}
        value = self.rate(best)
        improved = True
        while improved:
            improved = False
            for node in nodes[1:]:
                for offset in range(0, self.cycle_s, step_s):
                    trial = {**best, node: offset}
                    score = self.rate(trial)
                    if score < value - 1e-9:
                        best, value, improved = trial, score, True
        return best


def _effective(green: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Seconds of the cycle in which a queue discharges."""
    return np.asarray(np.roll(green, START_LOSS_S) & np.roll(green, AMBER_USED_S))


def _feeds(stream: Stream, other: Stream) -> bool:
    """Whether a stream runs straight on into another: its junction is upstream, and the direction is the same."""
    return other.upstream == stream.node and apart_deg(stream.heading_deg, other.heading_deg) < 45.0


def _upstream_first(streams: list[Stream]) -> list[Stream]:
    """Streams in an order in which each comes after those that feed it (a corridor has no rings per direction)."""
    ordered: list[Stream] = []
    waiting = list(streams)
    while waiting:
        ready = [stream for stream in waiting if not any(_feeds(other, stream) for other in waiting)]
        if not ready:  # a ring: start anywhere, its platoon is then taken as uniform
            ready = [waiting[0]]
        ordered += ready
        waiting = [s for s in waiting if s not in ready]
    return ordered
