"""What a run of the truth suite is, and what it brought: deeds, how well they were seen, and what was told."""

from __future__ import annotations

import msgspec

from benchmarks.vision_counts import Quality
from nutgiao.models.contracts.words import ViolationName
from nutgiao.simulation.breakers_deed import Deed

QUALITIES = (Quality("good", 0.0, 0.0), Quality("fair", 0.08, 1.5), Quality("poor", 0.2, 3.0))
"""As in the counts' benchmark: boxes left out besides those that the virtual camera misses, and error of the edges."""


class RunCase(msgspec.Struct, frozen=True, kw_only=True):
    """What is run.

    Attributes:
        network: "corridor" or a RESCO scenario.
        seed: of demand, drivers and cameras.
        begin_s: start, the network's seconds.
        seconds: how long.
        lawful: nobody breaks a rule on purpose.
    """

    network: str
    seed: int
    begin_s: int
    seconds: int
    lawful: bool = False


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A violation as a camera told it, with who it was.

    Attributes:
        quality: of the camera.
        kind: what was told.
        node: junction.
        place: approach or zone.
        time_s: when it is said to have happened.
        track: id of the track.
        vehicle: SUMO's name of who was under the track's boxes then; empty if nobody was.
        vehicle_class: as told.
        true_class: of that vehicle.
        lane: as told.
        numbers: what it was told with.
    """

    quality: str
    kind: ViolationName
    node: str
    place: str
    time_s: float
    track: str
    vehicle: str
    vehicle_class: str
    true_class: str
    lane: str
    numbers: dict[str, float]


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """How well a doer was seen around the deed.

    Attributes:
        tracked: by quality, share of the frames in which some track lay on the body.
        visible: mean share of the body that nothing hid.
    """

    tracked: dict[str, float]
    visible: float


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a run brought.

    Attributes:
        case: what was run.
        crossings: vehicles that passed a stop line, by SUMO.
        deeds: what was done.
        seen: of each deed, how well.
        told: what the rules told.
        cpu_s: processor time.
    """

    case: RunCase
    crossings: int
    deeds: list[Deed]
    seen: list[Seen]
    told: list[Told]
    cpu_s: float
