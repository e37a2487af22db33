"""Builders of small scenes: a straight approach, a camera above it, and vehicles that go where a test says."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from nutgiao.edge.perception import Perception, SecondResult
from nutgiao.edge.snapshot import Snapshot
from nutgiao.models.contracts.site import Approach, Camera, Lane, Name, Site, StopLine
from nutgiao.models.contracts.words import CLASS_CODE, Indication, Turn, VehicleClass
from nutgiao.models.vision.detections import DetectedFrame, Detections

SIZE_M = {
    VehicleClass.MOTORCYCLE: (1.9, 0.7, 1.6),
    VehicleClass.BICYCLE: (1.7, 0.6, 1.6),
    VehicleClass.CAR: (4.4, 1.8, 1.5),
    VehicleClass.BUS: (11.0, 2.5, 3.1),
    VehicleClass.TRUCK: (7.5, 2.3, 2.8),
    VehicleClass.PEDESTRIAN: (0.4, 0.5, 1.65),
}
WIDTH_PX, HEIGHT_PX, FOCAL_PX = 1280, 720, 1600.0
HEADING_DEG, ORIGIN_M = 30.0, (200.0, -50.0)
START_S = 1_790_000_000.0

RED, AMBER, GREEN, UNKNOWN = Indication.RED, Indication.AMBER, Indication.GREEN, Indication.UNKNOWN


@dataclass
class Vehicle:
    """Goes along the approach: x of its front upstream of the line, by seconds since the start; None is not there."""

    where: Callable[[float], float | None]
    y_m: float = 2.0
    kind: VehicleClass = VehicleClass.MOTORCYCLE
    wrong_way: bool = False


def drive(speed_mps: float, crosses_s: float) -> Callable[[float], float]:
    """Constant speed, with the front on the line at that second."""
    return lambda t: (crosses_s - t) * speed_mps


def stand(x_m: float) -> Callable[[float], float]:
    return lambda t: x_m


def brake(from_mps: float, stops_at_m: float, at_s: float, decel_mps2: float = 2.5) -> Callable[[float], float]:
    """Comes at constant speed and brakes to stand at a place at that second."""

    def where(t: float) -> float:
        left_s = max(0.0, at_s - t)
        braking_s = min(left_s, from_mps / decel_mps2)
        return stops_at_m + 0.5 * decel_mps2 * braking_s**2 + from_mps * (left_s - braking_s)

    return where


def start(x_m: float, at_s: float, accel_mps2: float = 1.5, top_mps: float = 8.0) -> Callable[[float], float]:
    """Stands and drives off at that second."""

    def where(t: float) -> float:
        moving_s = max(0.0, t - at_s)
        pulling_s = min(moving_s, top_mps / accel_mps2)
        return x_m - 0.5 * accel_mps2 * pulling_s**2 - top_mps * (moving_s - pulling_s)

    return where


def approach(**changes: object) -> Approach:
    lanes = tuple(Lane(id=f"lane_{k + 1}", width_m=3.0, turns=(Turn.THROUGH,)) for k in range(3))
    values: dict[str, object] = {
        "id": "west",
        "origin_m": ORIGIN_M,
        "heading_deg": HEADING_DEG,
        "lanes": lanes,
        "signal_group": "g",
        "stop_line": StopLine(overrun_tolerance_m=1.0, two_wheeler_tolerance_m=3.0, conflict_m=8.0),
    }
    return Approach(**(values | changes))  # type: ignore[arg-type]


class Pinhole:
    """A camera above the road, looking along it: from beyond the junction at fronts, or from behind at rears."""

    def __init__(self, x_m: float = -38.0, y_m: float = 4.5, height_m: float = 9.0, downstream: bool = False) -> None:
        self.x, self.y, self.height, self.sign = x_m, y_m, height_m, -1.0 if downstream else 1.0
        aim = math.atan2(height_m, 45.0)
        self.cosine, self.sine = math.cos(aim), math.sin(aim)

    def pixel(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        ahead, below = self.sign * (x - self.x), self.height - z
        aside = self.sign * (y - self.y)  # y grows to the left of travel, which is right for who looks upstream
        depth = ahead * self.cosine + below * self.sine
        down = below * self.cosine - ahead * self.sine
        return np.stack([WIDTH_PX / 2 + FOCAL_PX * aside / depth, HEIGHT_PX / 2 + FOCAL_PX * down / depth], axis=-1)

    def box(self, x: float, y: float, kind: VehicleClass, wrong_way: bool = False) -> np.ndarray:
        length, width, height = SIZE_M[kind]
        body = (0.0, -length) if wrong_way else (0.0, length)
        corners = np.array(
            [(x + dx, y + dy, z) for dx in body for dy in (-width / 2, width / 2) for z in (0.0, height)]
        )
        uv = self.pixel(corners[:, 0], corners[:, 1], corners[:, 2])
        return np.concatenate([uv.min(axis=0), uv.max(axis=0)])

    def camera(self, leg: Approach, view_m: tuple[float, float] = (-12.0, 60.0)) -> Camera:
        xs, ys = np.meshgrid([-10.0, 0.0, 20.0, 45.0, 70.0], [0.0, 9.0])
        uv = self.pixel(xs.ravel(), ys.ravel(), np.zeros(10))
        ground = to_ground(leg, xs.ravel(), ys.ravel())
        pairs = tuple((*map(float, p), *map(float, g)) for p, g in zip(uv, ground, strict=True))
        return Camera(
            id="cam",
            source="virtual:cam",
            width_px=WIDTH_PX,
            height_px=HEIGHT_PX,
            approaches=(leg.id,),
            ground_pairs=pairs,  # type: ignore[arg-type]
            view_m=view_m,
        )


def to_ground(leg: Approach, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """From the approach's frame to the ground plane, written out on its own."""
    bearing = math.radians(leg.heading_deg)
    way, left = np.array([math.sin(bearing), math.cos(bearing)]), np.array([-math.cos(bearing), math.sin(bearing)])
    return np.array(leg.origin_m) - np.asarray(x)[:, None] * way + np.asarray(y)[:, None] * left


def site(leg: Approach | None = None, pinhole: Pinhole | None = None) -> Site:
    leg = leg or approach()
    camera = (pinhole or Pinhole()).camera(leg)
    return Site(
        schema="nutgiao/site/1", id="j1", name=Name(vi="Ngã tư", en="Crossing"), approaches=(leg,), cameras=(camera,)
    )


@dataclass
class Scene:
    """Vehicles before a camera, with a detector's noise and misses."""

    vehicles: Sequence[Vehicle]
    pinhole: Pinhole = field(default_factory=Pinhole)
    noise_px: float = 1.5
    noise_share: float = 0.0
    miss_share: float = 0.0
    seed: int = 1
    seen_m: tuple[float, float] = (-14.0, 85.0)

    def __post_init__(self) -> None:
        self.random = np.random.default_rng(self.seed)
        self.index = 0

    def detections(self, t: float) -> Detections:
        boxes, codes = [], []
        for vehicle in self.vehicles:
            x = vehicle.where(t)
            if x is None or not self.seen_m[0] < x < self.seen_m[1] or self.random.random() < self.miss_share:
                continue
            box = self.pinhole.box(x, vehicle.y_m, vehicle.kind, vehicle.wrong_way)
            size = np.tile(box[2:] - box[:2], 2)
            boxes.append(box + self.random.normal(size=4) * (self.noise_px + self.noise_share * size))
            codes.append(CLASS_CODE[vehicle.kind])
        order = self.random.permutation(len(boxes))
        return Detections(
            np.array(boxes, np.float32).reshape(-1, 4)[order],
            np.full(len(boxes), 0.9, np.float32),
            np.array(codes, np.int8)[order],
        )

    def frame(self, t: float) -> DetectedFrame:
        self.index += 1
        return DetectedFrame("cam", START_S + t, self.index, self.detections(t))


@dataclass
class Watched:
    """All that a perception said about a scene."""

    seconds: list[SecondResult]
    snapshots: list[Snapshot]

    @property
    def violations(self) -> list:
        return [violation for second in self.seconds for violation in second.violations]

    @property
    def crossings(self) -> list:
        return [crossing for second in self.seconds for crossing in second.crossings]

    @property
    def ids(self) -> set[str]:
        return {name for snapshot in self.snapshots for name in snapshot.ids}


def watch(
    perception: Perception,
    scene: Scene,
    seconds: int,
    lamp: Callable[[int], Indication | None] = lambda t: GREEN,
    fps: float = 2.0,
) -> Watched:
    """Runs a scene: the lamps of each whole second, then its frames up to then, then the second is closed."""
    watched, k = Watched([], []), 0
    for t in range(seconds):
        shown = lamp(t)
        if shown is not None:
            perception.on_signal(START_S + t, {"g": shown})
        while k / fps <= t:
            watched.snapshots.append(perception.on_frame(scene.frame(k / fps)))
            k += 1
        watched.seconds.append(perception.second(START_S + t))
    return watched
