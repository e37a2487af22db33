"""Green bands of a corridor: the widest span of time in which one drives through all lights without stopping.

Little, J. D. C., Kelson, M. D. and Gartner, N. H. (1981), MAXBAND: a program for setting signals on arteries and
triangular networks, Transportation Research Record 795: the bandwidth of a direction is the part of the cycle in which
a vehicle can start at one end and reach the other at the given speed without meeting a red light. Here the offsets are
given, so the two directions do not bear on each other and each band is found exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

EXACT_S = 1e-9
"""What a sum of floats may be off by: spans that far apart touch."""

Span = tuple[float, float]
"""Start and end of a green, seconds; the end is later than the start, and may lie beyond the cycle."""


@dataclass(frozen=True, slots=True)
class Band:
    """The band of one direction.

    Attributes:
        start_s: when its first vehicle passes the first light of that direction, seconds of the cycle.
        width_s: bandwidth, seconds; 0 if nobody gets through without a stop.
    """

    start_s: float
    width_s: float


@dataclass(frozen=True, slots=True)
class TwoWayBand:
    """The bands of both directions.

    Attributes:
        outbound: from the first light to the last.
        inbound: from the last light to the first.
        cycle_s: common cycle.
        least_green_s: shortest green total of a light, outbound and inbound.
    """

    outbound: Band
    inbound: Band
    cycle_s: float
    least_green_s: tuple[float, float]

    @property
    def efficiency(self) -> float:
        """Share of the cycle that the bands fill, (b + b̄) / 2C."""
        return (self.outbound.width_s + self.inbound.width_s) / (2 * self.cycle_s)

    @property
    def attainability(self) -> float:
        """Bands over the greens that bound them, (b + b̄) / (g + ḡ) of the lights with the least green."""
        least = sum(self.least_green_s)
        return (self.outbound.width_s + self.inbound.width_s) / least if least else 0.0


def widest_band(greens: Sequence[Sequence[Span]], travel_s: Sequence[float], cycle_s: float) -> Band:
    """The widest band of one direction.

    Args:
        greens: of each light in the order of travel its greens of one cycle.
        travel_s: from the first light to each, seconds.
        cycle_s: common cycle.

    Returns:
        The band; of several equally wide ones that which starts first in the cycle.

    Raises:
        ValueError: if there is no light, the lists differ in length, or the cycle is not positive.
    """
    if not greens or len(greens) != len(travel_s) or not cycle_s > 0:
        raise ValueError(f"{len(greens)} lights, {len(travel_s)} travel times and a cycle of {cycle_s} s")
    free: list[Span] = [(0.0, cycle_s)]
    for light, travel in zip(greens, travel_s, strict=True):
        shifted = _unrolled([(start - travel, end - travel) for start, end in light], cycle_s)
        both = ((max(a, c), min(b, d)) for a, b in free for c, d in shifted)
        free = [(start, end) for start, end in both if end > start + EXACT_S]
    joined = _joined(free, cycle_s)
    start, end = max(joined, key=lambda span: (round(span[1] - span[0], 9), -span[0]), default=(0.0, 0.0))
    return Band(start, end - start)


def two_way_band(
    outbound: Sequence[Sequence[Span]],
    inbound: Sequence[Sequence[Span]],
    distance_m: Sequence[float],
    cycle_s: float,
    speed_mps: float,
    inbound_speed_mps: float | None = None,
) -> TwoWayBand:
    """The bands of both directions at given speeds.

    Args:
        outbound: greens of each light for those who go from the first to the last.
        inbound: greens of the same lights, in the same order, for those who come the other way.
        distance_m: of each light from the first.
        cycle_s: common cycle.
        speed_mps: progression speed.
        inbound_speed_mps: that of the other direction; None for the same.

    Raises:
        ValueError: as `widest_band`, or if a speed is not positive.
    """
    back_mps = speed_mps if inbound_speed_mps is None else inbound_speed_mps
    if not (speed_mps > 0 and back_mps > 0):
        raise ValueError(f"speeds {speed_mps} and {back_mps} m/s must be above 0")
    there = widest_band(outbound, [far / speed_mps for far in distance_m], cycle_s)
    back = widest_band(inbound[::-1], [(distance_m[-1] - far) / back_mps for far in distance_m[::-1]], cycle_s)
    least = tuple(
        min(sum(end - start for start, end in _joined(_unrolled(light, cycle_s), cycle_s)) for light in side)
        for side in (outbound, inbound)
    )
    return TwoWayBand(there, back, cycle_s, (least[0], least[1]))


def _unrolled(spans: Sequence[Span], cycle_s: float) -> list[Span]:
    """Greens as spans within 0 and the cycle, cut where they cross its end, in order and without overlap."""
    cut: list[Span] = []
    for start, end in spans:
        first, length = start % cycle_s, min(end - start, cycle_s)
        cut.append((first, min(first + length, cycle_s)))
        if first + length > cycle_s:
            cut.append((0.0, first + length - cycle_s))
    merged: list[Span] = []
    for start, end in sorted(cut):
        if merged and start <= merged[-1][1] + EXACT_S:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif end > start + EXACT_S:
            merged.append((start, end))
    return merged


def _joined(spans: Sequence[Span], cycle_s: float) -> list[Span]:
    """Spans in which one that ends with the cycle and one that starts with it are one."""
    ordered = sorted(spans)
    if len(ordered) > 1 and ordered[0][0] <= EXACT_S and ordered[-1][1] >= cycle_s - EXACT_S:
        return [*ordered[1:-1], (ordered[-1][0], cycle_s + ordered[0][1])]
    return ordered
