"""A case: a violation with all that its bundle needs, taken out of the ring before it is overwritten."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nutgiao.edge.evidence.ring import FrameRing, RingFrame
from nutgiao.edge.violation.rule import Violation
from nutgiao.edge.violation.trace import SignalTrace
from nutgiao.models.contracts.site import Approach, Camera
from nutgiao.models.contracts.words import Indication
from nutgiao.models.vision.homography import Homography


@dataclass(frozen=True, slots=True)
class TraceRow:
    """Where the vehicle was in one frame, and what its lamp showed.

    Attributes:
        time_s: capture time.
        x_m: front, upstream of the line.
        y_m: from the kerb.
        speed_mps: along the approach.
        sd_m: standard error of x.
        seen: detected in this frame, not predicted.
        lamp: what the signal group showed.
    """

    time_s: float
    x_m: float
    y_m: float
    speed_mps: float
    sd_m: float
    seen: bool
    lamp: Indication


@dataclass(frozen=True, slots=True)
class Still:
    """A frame chosen as a picture of the case.

    Attributes:
        name: before, at or beyond.
        frame: the frame.
        lamp: what the signal group showed.
        box_px: box of the vehicle in it, None if the ring no longer knows.
    """

    name: str
    frame: RingFrame
    lamp: Indication
    box_px: tuple[float, float, float, float] | None


@dataclass(frozen=True, slots=True)
class Case:
    """What a bundle is made of.

    Attributes:
        violation: what happened.
        approach: where.
        camera: who saw it.
        homography: the camera's map.
        stills: before, at and beyond.
        trace: every frame of the vehicle that the ring still has.
    """

    violation: Violation
    approach: Approach
    camera: Camera
    homography: Homography
    stills: tuple[Still, ...]
    trace: tuple[TraceRow, ...]


def open_case(
    violation: Violation,
    approach: Approach,
    camera: Camera,
    homography: Homography,
    ring: FrameRing,
    signals: SignalTrace,
) -> Case:
    """Collects the material of a violation.

    Args:
        violation: what happened.
        approach: where.
        camera: who saw it.
        homography: the camera's map.
        ring: the camera's ring.
        signals: what the lamps showed.

    Returns:
        The case; its trace is empty if the ring no longer knows the track.
    """

    def lamp(time_s: float) -> Indication:
        group = violation.signal_group or approach.signal_group
        return signals.indication_at(group, time_s)

    stills = []
    for name, moment in zip(("before", "at", "beyond"), violation.moments, strict=True):
        frame = ring.nearest(moment)
        found = _find(frame, violation.number)
        box = None if found is None else tuple(float(v) for v in frame.placed[found[0]].boxes_px[found[1]])
        stills.append(Still(name, frame, lamp(frame.time_s), box))  # type: ignore[arg-type]  # four by its shape
    rows = []
    for frame in ring.frames():
        found = _find(frame, violation.number)
        if found is not None:
            placed, i = frame.placed[found[0]], found[1]
            rows.append(
                TraceRow(
                    frame.time_s,
                    float(placed.x_m[i]),
                    float(placed.y_m[i]),
                    float(placed.speed_mps[i]),
                    float(placed.sd_m[i]),
                    bool(placed.unseen_s[i] == 0.0),
                    lamp(frame.time_s),
                )
            )
    return Case(violation, approach, camera, homography, tuple(stills), tuple(rows))


def _find(frame: RingFrame, number: int) -> tuple[int, int] | None:
    """Approach and row of a track in a frame."""
    for k, placed in enumerate(frame.placed):
        i = int(np.searchsorted(placed.numbers, number))
        if i < len(placed) and placed.numbers[i] == number:
            return k, i
    return None
