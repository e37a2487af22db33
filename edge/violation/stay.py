"""Who drives on where it may not be: seen there steadily, over some way and time; told once, lost and found or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.lanes.memory import TrackMemory
from nutgiao.edge.lanes.placed import PlacedTracks
from nutgiao.edge.track.tracks import Tracks
from nutgiao.edge.violation.again import Again
from nutgiao.edge.violation.rule import Post, Violation, seen_by
from nutgiao.edge.violation.trace import SignalTrace
from nutgiao.models.contracts.hours import Hours, certainly_hold
from nutgiao.models.contracts.site import Approach
from nutgiao.models.contracts.words import CLASSES, VehicleClass, ViolationKind
from nutgiao.models.jit import kernel

Floats = NDArray[np.float64]

_START_S, _START_X, _LAST_X, _HITS, _GAPS, _DONE = range(6)
"""Columns of the memory."""


@dataclass(frozen=True, slots=True)
class StaySettings:
    """How sure it must be that somebody drives there.

    Attributes:
        distance_m: way downstream, without a break,
        held_s: and time.
        min_hits: detections of the track on that way, all of the same class.
        hits_per_gap: detections that make up for one frame without.
        min_seen: detections of the track in all: its class is by vote.
        max_sd_m: largest standard error of the front's place.
    """

    distance_m: float = 20.0
    held_s: float = 2.0
    min_hits: int = 6
    hits_per_gap: int = 2
    min_seen: int = 10
    max_sd_m: float = 2.0


@dataclass(frozen=True, slots=True)
class Stay:
    """Somebody drove on there.

    Attributes:
        row: of the frame in which it became certain.
        start_s: when it began.
        start_x_m: where then, upstream of the line.
    """

    row: int
    start_s: float
    start_x_m: float


class StayWatch:
    """Follows who drives on where some classes may not.

    Args:
        settings: how sure it must be.
        classes: who may not.
    """

    def __init__(self, settings: StaySettings, classes: frozenset[VehicleClass]) -> None:
        self._settings = settings
        self._meant = np.array([one in classes for one in CLASSES])
        self._again = Again()
        self._memory = TrackMemory(start_s=np.nan, start_x=np.nan, last_x=np.nan, hits=0.0, gaps=0.0, done=0.0)

    def step(self, placed: PlacedTracks, tracks: Tracks, there: NDArray[np.bool_]) -> list[Stay]:
        """Takes one frame in.

        Args:
            placed: tracks of the approach.
            tracks: all tracks of the frame.
            there: ``(n,)`` who of the approach is in the place that it is about.

        Returns:
            Who became certain in this frame and was not told of a moment ago under another number.
        """
        self._memory.follow(placed.numbers)
        self._again.follow(tracks)
        s, m, certain = self._settings, self._memory.rows, np.empty(len(placed), np.bool_)
        stay(
            placed.time_s,
            placed.x_m,
            placed.sd_m,
            placed.unseen_s,
            placed.hits,
            there & self._meant.take(placed.classes),
            s.distance_m,
            s.held_s,
            s.min_hits,
            s.hits_per_gap,
            s.min_seen,
            s.max_sd_m,
            m,
            certain,
        )
        found = []
        for i in certain.nonzero()[0].tolist():
            row = int(tracks.numbers.searchsorted(placed.numbers[i]))
            if self._again.is_new(tracks, row):
                found.append(Stay(i, float(m[i, _START_S]), float(m[i, _START_X])))
        return found


def stay_told(
    stay: Stay,
    placed: PlacedTracks,
    trace: SignalTrace,
    post: Post,
    approach: Approach,
    *,
    kind: ViolationKind,
    hours: Sequence[Hours],
    numbers: Mapping[str, float],
) -> Violation | None:
    """The violation that a stay is, if the sign's hours held for certain when it began and now; None if not.

    Args:
        stay: what became certain.
        placed: tracks of the approach in that frame.
        trace: how far the clock may be off.
        post: whose camera saw it.
        approach: where.
        kind: what was done.
        hours: of the sign.
        numbers: figures besides how far and long it drove there.
    """
    start_s, now_s, i = stay.start_s, placed.time_s, stay.row
    for each_s in (start_s, now_s):
        if not certainly_hold(hours, each_s, post.site.utc_offset_h, trace.clock_off_s):
            return None
    hits = float(placed.hits[i])
    return seen_by(
        approach,
        post.camera.id,
        placed,
        i,
        kind=kind,
        occurred_s=start_s,
        confidence=min(hits / (hits + 2.0), 0.99),
        numbers={"driven_m": stay.start_x_m - float(placed.x_m[i]), "driven_s": now_s - start_s, **numbers},
        moments=(start_s, 0.5 * (start_s + now_s), now_s),
    )


@kernel("void(f8, f8[::1], f8[::1], f8[::1], i8[::1], b1[::1], f8, f8, i8, i8, i8, f8, f8[:, ::1], b1[::1])")
def stay(
    time_s: float,
    x_m: Floats,
    sd_m: Floats,
    unseen_s: Floats,
    hits: NDArray[np.int64],
    there: NDArray[np.bool_],
    distance_m: float,
    held_s: float,
    min_hits: int,
    hits_per_gap: int,
    min_seen: int,
    max_sd_m: float,
    memory: Floats,
    certain: NDArray[np.bool_],
) -> None:
    """Follows who stays: who has driven far and long enough, told once.

    Args:
        time_s: capture time.
        x_m: ``(n,)`` front, upstream of the line.
        sd_m: ``(n,)`` standard error of x.
        unseen_s: ``(n,)`` seconds since the last detection.
        hits: ``(n,)`` detections of each track in all.
        there: ``(n,)`` in the place, and of a class that may not be.
        distance_m: see `StaySettings`, as are the next five.
        held_s: there.
        min_hits: there.
        hits_per_gap: there.
        min_seen: there; who drives fast has gone far enough before, and is told of when seen so often.
        max_sd_m: there.
        memory: ``(n, 6)`` what was known before; brought up to this frame.
        certain: ``(n,)`` output.
    """
    for i in range(len(x_m)):
        m, x = memory[i], x_m[i]
        certain[i] = False
        if not there[i] or sd_m[i] > max_sd_m:
            m[_START_S] = np.nan
            continue
        if unseen_s[i] > 0.0:
            m[_GAPS] += 1.0
            continue
        if np.isnan(m[_START_S]) or x > m[_LAST_X] + 2.0:  # backwards by more than jitter: begin anew
            m[_START_S], m[_START_X], m[_HITS], m[_GAPS] = time_s, x, 0.0, 0.0
        m[_HITS] += 1.0
        m[_LAST_X] = x
        far = m[_START_X] - x >= distance_m and time_s - m[_START_S] >= held_s and hits[i] >= min_seen
        if far and not m[_DONE] and m[_HITS] >= max(min_hits, hits_per_gap * m[_GAPS]):
            certain[i] = True
            m[_DONE] = 1.0
