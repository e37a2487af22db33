"""What a lower frame rate costs in accuracy, measured on recorded street cameras."""

from __future__ import annotations

from typing import NamedTuple


class RateCost(NamedTuple):
    """Accuracy at one frame rate.

    Attributes:
        fps: frames per second that are looked at.
        hota: HOTA of the tracker on the given detections, 0..100.
        counted: vehicles told by a line over those that crossed it, as a share.
    """

    fps: float
    hota: float
    counted: float


SOURCE = (
    "vnroad VN-02..04 (RT-DETR-S detections, MIT) with frames left out; make it anew: benchmarks.vision_frame_rates"
)

COSTS = (
    RateCost(30.0, 49.2, 1.014),
    RateCost(15.0, 47.2, 1.007),
    RateCost(7.5, 47.7, 1.007),
    RateCost(5.0, 47.8, 0.986),
    RateCost(2.0, 41.1, 0.528),
)
"""In falling order of the rate. Counts are of 144 vehicles at four lines; at 2 frames a second many are gone before a
track is sure."""


def cost_at(fps: float) -> RateCost:
    """Accuracy at a frame rate, on a straight line between the measured ones; beyond them, that of the nearest.

    Args:
        fps: frames per second.
    """
    below = [one for one in COSTS if one.fps <= fps]
    above = [one for one in COSTS if one.fps >= fps]
    if not below or not above:
        one = (below or above)[0 if below else -1]
        return one._replace(fps=fps)
    low, high = below[0], above[-1]
    share = 0.0 if high.fps == low.fps else (fps - low.fps) / (high.fps - low.fps)
    return RateCost(fps, low.hota + share * (high.hota - low.hota), low.counted + share * (high.counted - low.counted))
