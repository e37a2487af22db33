"""A departure: one road user that crossed the stop line, told once."""

from __future__ import annotations

from dataclasses import dataclass

from nutgiao.models.contracts.words import VehicleClass
from nutgiao.models.vision.speed import SpeedInterval


@dataclass(frozen=True, slots=True)
class Crossing:
    """One front over the stop line.

    Attributes:
        time_s: instant of the crossing, interpolated between frames.
        approach: id of the approach.
        lane: id of the lane.
        track: id of the track.
        vehicle_class: by vote so far.
        speed_mps: at the crossing, as the tracker has it.
        measured: the same from the boxes around it, with its interval; None if they are too few.
    """

    time_s: float
    approach: str
    lane: str
    track: str
    vehicle_class: VehicleClass
    speed_mps: float
    measured: SpeedInterval | None = None
