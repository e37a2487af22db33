"""A case: a violation with all that its bundle needs, collected while it happens and for a while after."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.evidence.ring import RingFrame
from nutgiao.edge.violation.rule import Violation
from nutgiao.edge.violation.trace import SignalTrace
from nutgiao.models.contracts.errors import EvidenceBroken
from nutgiao.models.contracts.evidence import LampRun
from nutgiao.models.contracts.site import Approach, Camera, Zone
from nutgiao.models.contracts.words import Indication
from nutgiao.models.vision.homography import Homography

STILLS = ("before", "at", "beyond")
AROUND_S = 3.0
"""The clip runs from so long before the first still to so long after the last: QCVN 05:2024/BCA, 2.2.2.2, asks for the
moments before, during and after, and gives no length."""
PATIENCE_S = 5.0
"""A camera that has sent nothing for so long after its last picture was due is not waited for any more."""
HOLE_S = 1.0
"""A longer time without a picture is told: five a second are due."""


@dataclass(frozen=True, slots=True)
class TraceRow:
    """Where the vehicle was in one frame, and what its lamp showed.

    Attributes:
        time_s: capture time.
        x_m: front, upstream of the line; NaN off the approach.
        y_m: from the kerb; NaN off the approach.
        ground_m: on the site's ground plane.
        speed_mps: along the approach; off it, in any direction.
        sd_m: standard error of x; off the approach, of the place on the ground.
        seen: detected in this frame, not predicted.
        score: of its last detection.
        lamp: what the signal group showed.
    """

    time_s: float
    x_m: float
    y_m: float
    ground_m: tuple[float, float]
    speed_mps: float
    sd_m: float
    seen: bool
    score: float
    lamp: Indication


@dataclass(frozen=True, slots=True)
class Still:
    """A frame chosen as a picture of the case.

    Attributes:
        name: before, at or beyond.
        frame: the frame.
        lamp: what the signal group showed.
        box_px: ``(4,)`` box of the vehicle in it, None if it was not known then.
    """

    name: str
    frame: RingFrame
    lamp: Indication
    box_px: NDArray[np.float64] | None


@dataclass(frozen=True, slots=True)
class Case:
    """What a bundle is made of.

    Attributes:
        violation: what happened.
        approach: where, None for an act on a zone that belongs to no approach.
        camera: who saw it.
        homography: the camera's map.
        stills: before, at and beyond.
        trace: the vehicle's way, as far back as the ring knew it, until after the last still.
        frames: frames around the moments, oldest first; those of the clip have a picture.
        shown: what the signal group showed in each of them.
        lamps: the same as runs, with who told.
        missing: in words what of the time before, during or after there is no picture of.
        troubles: in words what happened to the camera or the clock meanwhile.
        zone: on which it happened, None where no zone is meant.
    """

    violation: Violation
    approach: Approach | None
    camera: Camera
    homography: Homography
    stills: tuple[Still, ...]
    trace: tuple[TraceRow, ...]
    frames: tuple[RingFrame, ...]
    shown: tuple[Indication, ...]
    lamps: tuple[LampRun, ...]
    missing: tuple[str, ...]
    troubles: tuple[str, ...]
    zone: Zone | None = None

    @property
    def filmed(self) -> tuple[RingFrame, ...]:
        """Frames with a picture."""
        return tuple(frame for frame in self.frames if frame.jpeg is not None)

    def of_stills(self, why: str) -> Case:
        """The case with no other pictures than its stills.

        Args:
            why: in words; it goes into the manifest.
        """
        kept = {still.frame.index for still in self.stills}
        pairs = [(f, lamp) for f, lamp in zip(self.frames, self.shown, strict=True) if f.index in kept]
        frames, shown = zip(*pairs, strict=True)
        return replace(self, frames=frames, shown=shown, missing=(why,))


class OpenCase:
    """A case that still collects frames.

    Args:
        violation: what is suspected or certain.
        approach: where, None for an act on a zone.
        camera: who sees it.
        homography: the camera's map.
        signals: what the lamps show; the case goes on asking it.
        before: frames that the ring has kept.
        zone: on which it happened, None where no zone is meant.
    """

    def __init__(
        self,
        violation: Violation,
        approach: Approach | None,
        camera: Camera,
        homography: Homography,
        signals: SignalTrace,
        before: tuple[RingFrame, ...],
        zone: Zone | None = None,
    ) -> None:
        self.violation, self._zone = violation, zone
        self._approach, self._camera, self._homography, self._signals = approach, camera, homography, signals
        self._group = violation.signal_group or (approach.signal_group if approach is not None else None)
        self._frames: dict[int, RingFrame] = {}
        self._rows: list[TraceRow] = []
        self._last_s = float("-inf")
        self._troubles: list[str] = []
        self._keep_nearest(before)
        for frame in before:
            self.take(frame)

    @property
    def until_s(self) -> float:
        """Capture time until which pictures are wanted."""
        return max(self.violation.moments) + AROUND_S

    @property
    def bytes(self) -> int:
        """Of the pictures that it holds; other cases may hold the same ones."""
        return sum(len(frame.jpeg or b"") for frame in self._frames.values())

    def tell(self, violation: Violation, ring: tuple[RingFrame, ...]) -> None:
        """The rule has told of it again: it may be certain now, or its moments may have moved."""
        self.violation = violation
        self._keep_nearest(ring)
        for frame in ring:
            if self._wanted(frame.time_s):
                self._frames.setdefault(frame.index, frame)

    def take(self, frame: RingFrame) -> None:
        """Takes in the next frame of the camera; none after a trouble: the same number may be another vehicle then."""
        if frame.time_s - self._last_s > PATIENCE_S and self._last_s > float("-inf"):
            self.trouble(f"no frame of the camera for {frame.time_s - self._last_s:.0f} s")
        if self._troubles:
            return
        if self._wanted(frame.time_s):
            self._frames.setdefault(frame.index, frame)
        row = self._row(frame) if frame.time_s <= self.until_s else None
        if row is not None and (self._wanted(frame.time_s) or not self._rows or self._rows[-1].time_s < row.time_s - 1):
            self._rows.append(row)  # once a second is enough of somebody who stands for minutes
        self._last_s = frame.time_s

    def trouble(self, words: str) -> None:
        """Notes what has happened to the camera or the clock; what comes after it is not waited for."""
        if words not in self._troubles:
            self._troubles.append(words)

    def whole(self, now_s: float) -> bool:
        """Everything has come, or nothing more will.

        Args:
            now_s: time now, seconds since the epoch.
        """
        given_up = now_s > self.until_s + PATIENCE_S or now_s < self._last_s - PATIENCE_S
        return self._last_s >= self.until_s or bool(self._troubles) or given_up

    def without_pictures(self) -> None:
        """Lets all pictures go but those of the stills, to make room for other cases."""
        kept = {frame.index for frame in self._chosen()}
        self._frames = {index: frame for index, frame in self._frames.items() if index in kept}
        self.trouble("the box had no memory left for more pictures of this case")

    def close(self) -> Case:
        """The case as it is now.

        Raises:
            EvidenceBroken: if there is not a single frame.
        """
        if not self._frames:
            raise EvidenceBroken("no frame of the camera was kept")
        frames = tuple(self._frames[index] for index in sorted(self._frames))
        violation = self.violation
        stills = []
        for name, frame in zip(STILLS, self._chosen(), strict=True):
            stills.append(Still(name, frame, self._lamp(frame.time_s), frame.box_of(violation.number)))
        from_s = min([violation.moments[0] - AROUND_S, *(row.time_s for row in self._rows[:1])])
        if self._last_s < self.until_s - HOLE_S:
            self.trouble(f"nothing came from the camera after {self._last_s - violation.occurred_s:+.1f} s of the act")
        return Case(
            violation,
            self._approach,
            self._camera,
            self._homography,
            tuple(stills),
            tuple(self._rows),
            frames,
            tuple(self._lamp(frame.time_s) for frame in frames),
            self._runs(from_s),
            _holes([frame.time_s for frame in frames if frame.jpeg is not None], violation.moments),
            tuple(self._troubles),
            self._zone,
        )

    def _wanted(self, time_s: float) -> bool:
        return any(abs(time_s - moment) <= AROUND_S for moment in self.violation.moments)

    def _keep_nearest(self, frames: tuple[RingFrame, ...]) -> None:
        """A still is made even of a moment that the ring knows only roughly."""
        for moment in self.violation.moments if frames else ():
            nearest = _nearest(frames, moment)
            self._frames.setdefault(nearest.index, nearest)

    def _chosen(self) -> tuple[RingFrame, ...]:
        """The frames of the stills: those in which the vehicle is known, and before, at and after the act in order."""
        before_s, at_s, beyond_s = self.violation.moments
        known = [f for f in self._frames.values() if f.box_of(self.violation.number) is not None]
        at = _nearest(known or self._frames.values(), at_s)
        before = [frame for frame in known if frame.time_s < at.time_s] or list(self._frames.values())
        beyond = [frame for frame in known if frame.time_s > at.time_s] or list(self._frames.values())
        return _nearest(before, before_s), at, _nearest(beyond, beyond_s)

    def _lamp(self, time_s: float) -> Indication:
        return Indication.UNKNOWN if self._group is None else self._signals.indication_at(self._group, time_s)

    def _runs(self, from_s: float) -> tuple[LampRun, ...]:
        group = self._group
        runs = [] if group is None else self._signals.runs_between(group, from_s, self.until_s)
        return tuple(
            LampRun(
                group=group or "",
                indication=run.indication,
                start_s=run.start_s,
                last_s=run.last_s,
                source=run.source,
                confidence=run.confidence,
                countdown_end_s=None if run.ends_s is None else round(run.ends_s, 1),
            )
            for run in runs
        )

    def _row(self, frame: RingFrame) -> TraceRow | None:
        """Where the vehicle is in a frame; None if nobody knows."""
        number, tracks = self.violation.number, frame.tracks
        i = int(np.searchsorted(tracks.numbers, number))
        if i == len(tracks) or tracks.numbers[i] != number:
            return None
        x, y, speed = np.nan, np.nan, float(np.hypot(*tracks.velocity_mps[i]))
        sd = float(np.sqrt(max(0.0, tracks.covariance[i, 0, 0] + tracks.covariance[i, 1, 1])))
        approaches = self._camera.approaches
        if self._approach is not None and self._approach.id in approaches:
            placed = frame.placed[approaches.index(self._approach.id)]
            k = int(np.searchsorted(placed.numbers, number))
            if k < len(placed) and placed.numbers[k] == number:
                x, y, sd = float(placed.x_m[k]), float(placed.y_m[k]), float(placed.sd_m[k])
                speed = float(placed.speed_mps[k])
        ground = (float(tracks.ground_m[i, 0]), float(tracks.ground_m[i, 1]))
        seen, score = bool(tracks.unseen_s[i] == 0.0), float(tracks.scores[i])
        return TraceRow(frame.time_s, x, y, ground, speed, sd, seen, score, self._lamp(frame.time_s))


def _nearest(frames: Iterable[RingFrame], moment: float) -> RingFrame:
    """The frame nearest in time, among those with a picture if there are any."""
    there = list(frames)
    return min([f for f in there if f.jpeg is not None] or there, key=lambda frame: abs(frame.time_s - moment))


def _holes(times: list[float], moments: tuple[float, ...]) -> tuple[str, ...]:
    """What of the time around the moments there is no picture of; nothing where the camera has none at all."""
    if not times:
        return ()
    told = []
    for begin_s, end_s in _windows(moments):
        inside = [begin_s, *(t for t in times if begin_s <= t <= end_s), end_s]
        for a, b in pairwise(inside):
            if b - a > HOLE_S:
                told.append(f"no picture for {b - a:.1f} s, from {a - moments[1]:+.1f} s of the act on")
    return tuple(told)


def _windows(moments: tuple[float, ...]) -> list[tuple[float, float]]:
    """Times around the moments, joined where they overlap."""
    joined: list[tuple[float, float]] = []
    for moment in sorted(moments):
        begin_s, end_s = moment - AROUND_S, moment + AROUND_S
        if joined and begin_s <= joined[-1][1]:
            joined[-1] = (joined[-1][0], end_s)
        else:
            joined.append((begin_s, end_s))
    return joined
