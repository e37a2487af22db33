"""Road users on a street with zones, as a tracker tells them: noise, breaks and new numbers, without pixels."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np

from nutgiao.edge.lanes.placement import Placement
from nutgiao.edge.lanes.speedometer import Speedometer
from nutgiao.edge.track.tracks import Tracks
from nutgiao.edge.violation.rule import GroundRule, Post, Scene, Violation
from nutgiao.edge.violation.trace import SignalTrace
from nutgiao.models.contracts.site import Approach, Signals, Site, Zone
from nutgiao.models.contracts.words import CLASS_CODE, Indication, VehicleClass, ZoneKind
from nutgiao.models.vision.calibration import Calibration, calibrate, noted_noise
from tests.support.scenes import GREEN, SIZE_M, START_S, approach, site, to_ground

Lamps = Callable[[float], Mapping[str, Indication]]


def always_green(t: float) -> Mapping[str, Indication]:
    return {"g": GREEN}


def zone(kind: ZoneKind, x: tuple[float, float], y: tuple[float, float], **more: object) -> Zone:
    """A rectangle in the frame of the approach: x upstream of its line, y from the kerb."""
    corners = to_ground(approach(), np.array([x[0], x[1], x[1], x[0]]), np.array([y[0], y[0], y[1], y[1]]))
    return Zone(id="z", kind=kind, polygon_m=tuple(map(tuple, corners.tolist())), **more)  # type: ignore[arg-type]


def site_with(*zones: Zone, signals: Signals | None = None, legs: Sequence[Approach] = ()) -> Site:
    return msgspec.structs.replace(site(), zones=zones, signals=signals, approaches=(approach(), *legs))


@functools.cache
def _calibration() -> Calibration:
    camera = site().cameras[0]
    return calibrate(np.array(camera.ground_pairs), noted_noise(camera.calibration))


def post_of(where: Site) -> Post:
    return Post(where, where.cameras[0], _calibration(), Speedometer(_calibration(), 2.0, 0.03))


@dataclass
class Actor:
    """Somebody: the middle of the footprint in the frame of the approach, None while it is not there.

    Attributes:
        where: x upstream of the line, y from the kerb, by seconds since the start.
        kind: class.
        lost: times in which no detection comes; a track lives for 1.5 s of them.
    """

    where: Callable[[float], tuple[float, float] | None]
    kind: VehicleClass = VehicleClass.CAR
    lost: Sequence[tuple[float, float]] = ()


@dataclass
class Street:
    """The street, before one camera.

    Attributes:
        site: with its zones.
        noise_m: standard error of a place.
        seed: of the noise.
        fps: frames per second.
        clock_off_s: how far the box's clock may be off.
    """

    site: Site
    noise_m: float = 0.12
    seed: int = 1
    fps: float = 4.0
    clock_off_s: float = 0.0
    told: list[Violation] = field(default_factory=list)

    def run(
        self, rule: GroundRule, actors: Sequence[Actor], seconds: float, lamps: Lamps = always_green
    ) -> list[Violation]:
        """What a rule tells of them."""
        for scene, trace in self.scenes(actors, seconds, lamps):
            self.told += [one for one in rule.step(scene, trace) if one.final]
        return self.told

    def scenes(self, actors: Sequence[Actor], seconds: float, lamps: Lamps = always_green):  # type: ignore[no-untyped-def]
        """The frames, with the lamps known a second ahead as the node has them."""
        random, post, trace = np.random.default_rng(self.seed), post_of(self.site), SignalTrace()
        trace.clock_off_s = self.clock_off_s
        legs = self.site.approaches
        placements = [Placement(leg, post.camera, post.calibration.homography) for leg in legs]
        numbers, memory = itertools.count(), [_Known() for _ in actors]
        reported = -1.0
        for k in range(int(seconds * self.fps)):
            t = k / self.fps
            while reported < t + 1.0:
                reported += 1.0
                trace.report(START_S + reported, lamps(reported))
            rows = []
            for actor, known in zip(actors, memory, strict=True):
                row = known.look(actor, t, 1.0 / self.fps, random, self.noise_m, numbers)
                if row is not None:
                    rows.append(row)
            rows.sort(key=lambda row: row[0])
            tracks = _tracks(START_S + t, rows, post, self.noise_m)
            placed = tuple(one.step(tracks) for one in placements)
            yield Scene(START_S + t, tracks, placed, legs), trace


class _Known:
    """What the tracker remembers of an actor."""

    def __init__(self) -> None:
        self.number, self.hits, self.unseen_s = -1, 0, 0.0
        self.at: np.ndarray | None = None
        self.born_s = 0.0

    def look(self, actor, t, dt, random, noise, numbers):  # type: ignore[no-untyped-def]
        place = actor.where(t)
        if place is None:
            self.at = None
            return None
        if any(start <= t < end for start, end in actor.lost):
            self.unseen_s += dt
            if self.at is None or self.unseen_s > 1.5:
                self.at = None
                return None
            return (self.number, actor.kind, self.at, np.zeros(2), self.hits, self.unseen_s, self.born_s)
        now, before, after = np.array(place), actor.where(t - 0.1), actor.where(t + 0.1)
        velocity = np.zeros(2)
        if before is not None and after is not None:
            velocity = (np.array(after) - np.array(before)) / 0.2
        if self.at is None:
            self.number, self.hits, self.born_s = next(numbers), 0, START_S + t
        self.hits, self.unseen_s = self.hits + 1, 0.0
        self.at = now + random.normal(size=2) * noise
        heading = velocity + random.normal(size=2) * 0.2
        return (self.number, actor.kind, self.at, heading, self.hits, 0.0, self.born_s)


def _tracks(time_s: float, rows, post: Post, noise: float) -> Tracks:  # type: ignore[no-untyped-def]
    n, leg = len(rows), approach()
    places = np.array([row[2] for row in rows]).reshape(-1, 2)
    middles = to_ground(leg, places[:, 0], places[:, 1])
    ways = np.array([row[3] for row in rows]).reshape(-1, 2)
    turned = to_ground(leg, ways[:, 0], ways[:, 1]) - np.array(leg.origin_m)
    plane = post.calibration.homography
    uv = plane.image(middles)
    aside = plane.towards_camera(uv) if n else np.zeros((0, 2))
    bearing = np.radians(leg.heading_deg)
    along = np.abs(aside @ np.array([np.sin(bearing), np.cos(bearing)]))
    across = np.sqrt(np.maximum(0.0, 1.0 - along**2))
    size = np.array([SIZE_M[row[1]] for row in rows]).reshape(-1, 3)
    seen = middles + aside * (0.5 * along * size[:, 0] + 0.5 * across * size[:, 1])[:, None]
    return Tracks(
        time_s=time_s,
        ids=tuple(f"j1-cam-b1-{row[0]}" for row in rows),
        numbers=np.array([row[0] for row in rows], np.int64),
        ground_m=np.ascontiguousarray(seen),
        velocity_mps=np.ascontiguousarray(turned),
        covariance=np.ascontiguousarray(np.tile(np.diag([noise**2, noise**2, 0.04, 0.04]), (n, 1, 1))),
        classes=np.array([CLASS_CODE[row[1]] for row in rows], np.int8),
        boxes_px=np.zeros((n, 4), np.float32),
        scores=np.full(n, 0.9, np.float32),
        hits=np.array([row[4] for row in rows], np.int64),
        born_s=np.array([row[6] for row in rows]),
        born_m=np.ascontiguousarray(seen),
        unseen_s=np.array([row[5] for row in rows], np.float64),
    )
