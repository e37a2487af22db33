"""Kept lanes and solid lines, judged by the whole way of a vehicle.

- bus_lane: drove `LEAST_WAY_M` in a lane that is kept for others, middle of the body in it, upstream of where everybody
  may be there. Must: for `MUST_WAY_M` and `MUST_WAY_S` without a break, `LANE_DEPTH_M` or more from the lanes beside it
  and no farther than `SEEN_M` from the line.
- solid_line: the whole body was on one side of a line, then on the other, and over it on the solid stretch. Must: held
  either side `LANE_DEPTH_M` clear (`WIDE_DEPTH_M` for buses and trucks) for `MUST_HELD_S` and `MUST_HELD_M`, left the
  old one `MUST_INSIDE_M` within the stretch, and took no longer than `MUST_WITHIN_S`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.words import VehicleClass, ViolationKind
from nutgiao.simulation.breakers_deed import Deed
from nutgiao.simulation.breakers_paths import Path

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

LEAST_WAY_M = 10.0
MUST_WAY_M, MUST_WAY_S = 30.0, 3.0
SEEN_M = 60.0
LANE_DEPTH_M, WIDE_DEPTH_M = 0.9, 1.1
MUST_HELD_S, MUST_HELD_M = 2.0, 8.0
MUST_INSIDE_M, MUST_WITHIN_S = 4.0, 5.0
_WIDE = frozenset({VehicleClass.BUS, VehicleClass.TRUCK})


def kept_lane_deeds(path: Path, noted_s: float) -> list[Deed]:
    """Driving in lanes that are kept for others.

    Args:
        path: a way that has ended.
        noted_s: now.
    """
    t, x, y, _ = path.arrays()
    lanes, found = path.approach.lanes, []
    edges = np.cumsum([0.0, *(lane.width_m for lane in lanes)])
    for k, lane in enumerate(lanes):
        if lane.only is None or path.who in lane.only.classes:
            continue
        # beside the kerb and the middle of the road there is no other lane to be in
        depth = np.minimum(y - edges[k] if k > 0 else np.inf, edges[k + 1] - y if k < len(lanes) - 1 else np.inf)
        kept = x > lane.only.from_m
        ways = [(a, b) for a, b in stretches((depth > 0.0) & kept) if x[a] - x[b] >= LEAST_WAY_M]
        if not ways:
            continue
        clear = stretches((depth >= LANE_DEPTH_M) & kept & (x <= SEEN_M))
        must = any(x[a] - x[b] >= MUST_WAY_M and t[b] - t[a] >= MUST_WAY_S for a, b in clear)
        first, last = ways[0][0], ways[-1][1]
        numbers = {"driven_m": x[first] - x[last], "driven_s": t[last] - t[first], "from_m": x[first]}
        found.append(path.deed(ViolationKind.BUS_LANE, t[first], noted_s, numbers, must=must))
    return found


def solid_line_deeds(path: Path, noted_s: float) -> list[Deed]:
    """Changes of lane over solid lines.

    Args:
        path: a way that has ended.
        noted_s: now.
    """
    t, x, y, _ = path.arrays()
    found, line_m = [], 0.0
    depth = WIDE_DEPTH_M if path.who in _WIDE else LANE_DEPTH_M
    for lane in path.approach.lanes[:-1]:
        line_m += lane.width_m
        if lane.solid_left_m is None:
            continue
        off = y - line_m
        for i, j in changes(off, 0.5 * path.width_m, x > 0.0):
            if x[j] >= lane.solid_left_m:
                continue  # over before the line became solid
            left, entered = _held_until(off, depth, i), _held_from(off, depth, j, x > 0.0)
            must = False
            if left is not None and entered is not None:
                (a, b), (c, d) = left, entered
                must = all(x[p] - x[q] >= MUST_HELD_M and t[q] - t[p] >= MUST_HELD_S for p, q in ((a, b), (c, d)))
                must = must and x[b] <= lane.solid_left_m - MUST_INSIDE_M and t[c] - t[b] <= MUST_WITHIN_S
            numbers = {"left_at_m": x[i], "entered_at_m": x[j], "took_s": t[j] - t[i]}
            at_s = 0.5 * (t[i] + t[j])
            found.append(path.deed(ViolationKind.SOLID_LINE, at_s, noted_s, numbers, must=must))
    return found


def stretches(there: Bools) -> list[tuple[int, int]]:
    """First and last index of each run of true."""
    edge = np.flatnonzero(np.diff(np.concatenate([[False], there, [False]]).astype(np.int8)))
    return [(a, b - 1) for a, b in zip(edge[::2].tolist(), edge[1::2].tolist(), strict=True)]


def changes(off_m: Floats, half_m: float, before_line: Bools) -> Iterator[tuple[int, int]]:
    """When a body that was wholly on one side of a line was next wholly on the other.

    Args:
        off_m: ``(n,)`` middle of the body, left of the line.
        half_m: half its width.
        before_line: ``(n,)`` upstream of the stop line; only that counts.

    Yields:
        Last index on the old side and first on the new one.
    """
    side = np.where(np.abs(off_m) >= half_m, np.sign(off_m), 0.0) * before_line
    at = np.flatnonzero(side)
    for i, j in itertools.pairwise(at.tolist()):
        if side[i] != side[j]:
            yield i, j


def _held_until(off_m: Floats, depth_m: float, i: int) -> tuple[int, int] | None:
    """The stretch, the last one up to index i, in which the side of i was held so clearly."""
    held = [one for one in stretches(off_m * np.sign(off_m[i]) >= depth_m) if one[0] <= i]
    return (held[-1][0], min(held[-1][1], i)) if held else None


def _held_from(off_m: Floats, depth_m: float, j: int, before_line: Bools) -> tuple[int, int] | None:
    """The stretch, the first one from index j on, in which the side of j is held so clearly."""
    held = [one for one in stretches((off_m * np.sign(off_m[j]) >= depth_m) & before_line) if one[1] >= j]
    return (max(held[0][0], j), held[0][1]) if held else None
