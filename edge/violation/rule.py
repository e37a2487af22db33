"""What every rule is: a small state machine over tracks, lamps and time that yields violations with their figures."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from nutgiao.edge.lanes.placed import PlacedTracks
from nutgiao.edge.lanes.speedometer import Speedometer
from nutgiao.edge.track.tracks import Tracks
from nutgiao.edge.violation.rider_votes import RiderVotes
from nutgiao.edge.violation.trace import SignalTrace
from nutgiao.models.contracts.site import Approach, Camera, Site
from nutgiao.models.contracts.words import CLASSES, TWO_WHEELERS, Turn, VehicleClass, ViolationName
from nutgiao.models.vision.calibration import Calibration

BETWEEN_LANES_M = 0.7
"""A rider this near to the next lane may as well be in it."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A violation as one camera saw it; a person decides what it is.

    Attributes:
        kind: what was done.
        approach: where; None for an act on a zone that belongs to no approach.
        lane: in which lane, None where no lane is meant.
        camera: who saw it.
        track: id of the track.
        number: number of the track within its camera.
        vehicle_class: by vote over the track.
        occurred_s: instant of the act.
        confidence: 0..1 of the rule.
        numbers: the figures that justify it, units in their names.
        moments: times of the three stills: before, at and beyond.
        signal_group: group whose lamp matters, None where none does.
        final: certain; a violation that is not may still be withdrawn without a word, or comes again as final.
        zone: id of the zone on which it happened, None where no zone is meant.
    """

    kind: ViolationName
    approach: str | None
    lane: str | None
    camera: str
    track: str
    number: int
    vehicle_class: VehicleClass
    occurred_s: float
    confidence: float
    numbers: dict[str, float]
    moments: tuple[float, float, float]
    signal_group: str | None = None
    final: bool = True
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """One frame of one camera with all that is known of its road users.

    Attributes:
        time_s: capture time.
        tracks: everybody, by number, in metres on the ground.
        placed: those on each approach that the camera watches, in the order of `approaches`.
        approaches: these approaches.
    """

    time_s: float
    tracks: Tracks
    placed: tuple[PlacedTracks, ...]
    approaches: tuple[Approach, ...]


@dataclass(frozen=True, slots=True)
class Post:
    """Where a rule stands watch, for its factory.

    Attributes:
        site: the junction, with its zones, permissions and local time.
        camera: whose tracks it gets.
        calibration: how the camera's picture lies on the ground, with its error.
        speedometer: measures speeds of the camera's tracks in the last seconds.
        riders: what a second network makes of the riders; None without one.
    """

    site: Site
    camera: Camera
    calibration: Calibration
    speedometer: Speedometer
    riders: RiderVotes | None = None


class Rule(Protocol):
    """A rule for one approach. A track that moves off or gets lost ends quietly."""

    def step(self, placed: PlacedTracks, trace: SignalTrace) -> Iterable[Violation]:
        """Takes one frame in, with the lamps known at least up to its time.

        Args:
            placed: tracks of the approach.
            trace: what the lamps showed.

        Returns:
            Violations that became suspected or final in this frame.
        """
        ...


class GroundRule(Protocol):
    """A rule for everything that one camera sees, on an approach or off it: zones, turns, crossings."""

    def step(self, scene: Scene, trace: SignalTrace) -> Iterable[Violation]:
        """Takes one frame in, with the lamps known at least up to its time.

        Args:
            scene: tracks of the camera and their places on its approaches.
            trace: what the lamps showed.

        Returns:
            Violations that became suspected or final in this frame.
        """
        ...


def groups_to_obey(approach: Approach, lane: int, y_m: float, vehicle_class: VehicleClass) -> tuple[str, ...]:
    """Signal groups that must *all* be red before a vehicle in this lane may be blamed.

    Where the left turn has an arrow of its own, a vehicle in a lane of one kind obeys one group. In a lane with both
    turns, and for two-wheelers near a lane from which one turns left, both must be red: the doubt is theirs.

    Args:
        approach: the approach.
        lane: index of the lane from the kerb.
        y_m: where it is, from the kerb.
        vehicle_class: who.

    Returns:
        One or two groups.
    """
    left = approach.left_signal_group
    if left is None or left == approach.signal_group:
        return (approach.signal_group,)
    turns_left = [not {Turn.LEFT, Turn.UTURN}.isdisjoint(each.turns) for each in approach.lanes]
    two_wheeler = vehicle_class in TWO_WHEELERS
    edge_m = sum(each.width_m for each in approach.lanes[: turns_left.index(True)]) if any(turns_left) else math.inf
    if not turns_left[lane] and not (two_wheeler and y_m > edge_m - BETWEEN_LANES_M):
        return (approach.signal_group,)
    if not two_wheeler and {Turn.LEFT, Turn.UTURN}.issuperset(approach.lanes[lane].turns):
        return (left,)
    return (approach.signal_group, left)


def class_of(placed: PlacedTracks, i: int) -> VehicleClass:
    """Class of row i."""
    return CLASSES[int(placed.classes[i])]


def seen_by(
    approach: Approach,
    camera: str,
    placed: PlacedTracks,
    i: int,
    *,
    kind: ViolationName,
    occurred_s: float,
    confidence: float,
    numbers: Mapping[str, float],
    moments: tuple[float, float, float],
    signal_group: str | None = None,
    final: bool = True,
) -> Violation:
    """A violation by row i of an approach; the arguments are those of `Violation`, its figures rounded to read well."""
    return Violation(
        kind=kind,
        approach=approach.id,
        lane=approach.lanes[int(placed.lanes[i])].id,
        camera=camera,
        track=placed.ids[i],
        number=int(placed.numbers[i]),
        vehicle_class=class_of(placed, i),
        occurred_s=occurred_s,
        confidence=round(min(max(confidence, 0.0), 1.0), 3),
        numbers={
            **{name: round(float(value), 2) for name, value in numbers.items()},
            "position_sd_m": round(float(placed.sd_m[i]), 2),
            "hits": float(placed.hits[i]),
        },
        moments=moments,
        signal_group=signal_group,
        final=final,
    )
