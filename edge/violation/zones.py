"""Where road users are in the zones of a site: the middle of each footprint, and how deep it lies in which zone."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.lanes.memory import TrackMemory
from nutgiao.edge.violation.rule import Post, Scene
from nutgiao.edge.violation.trace import SignalTrace
from nutgiao.models.contracts.hours import certainly_hold
from nutgiao.models.contracts.site import Zone
from nutgiao.models.contracts.words import CLASS_CODE, CLASSES, TWO_WHEELERS, VehicleClass, ZoneKind
from nutgiao.models.jit import kernel
from nutgiao.models.queueing.mcu import LENGTH_BY_CODE_M, WIDTH_BY_CODE_M
from nutgiao.models.vision.polygon import deepest, flat

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

PEDESTRIAN = CLASS_CODE[VehicleClass.PEDESTRIAN]
TWO_WHEELER = np.array([name in TWO_WHEELERS for name in CLASSES])
"""``(classes,)``."""

HEADING_MPS = 1.5
"""Above this speed the way of a track's velocity is that of its body."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the n tracks of a scene are in zones.

    Attributes:
        middle_m: ``(n, 2)`` middle of each footprint on the ground.
        depth_m: ``(n,)`` metres inside the zone in which it lies deepest; negative outside of all.
        which: ``(n,)`` index of that zone.
        along: ``(n, 2)`` direction of the side of the zone that is nearest.
        sd_m: ``(n,)`` standard error of the place, the larger of both axes.
        speed_mps: ``(n,)`` over the ground.
        meant: ``(n,)`` inside a zone that is in force now and means this class.
    """

    middle_m: Floats
    depth_m: Floats
    which: NDArray[np.int64]
    along: Floats
    sd_m: Floats
    speed_mps: Floats
    meant: Bools


class ZoneWatch:
    """The zones of some kinds, in the eyes of one camera.

    Args:
        post: where the rule stands watch.
        kinds: which zones.
        classes: who is meant where a zone names no classes.
    """

    def __init__(self, post: Post, kinds: Collection[ZoneKind], classes: Collection[VehicleClass]) -> None:
        self.zones: tuple[Zone, ...] = tuple(zone for zone in post.site.zones if zone.kind in kinds)
        self._corners, self._starts = flat([zone.polygon_m for zone in self.zones])
        self._map = post.calibration.homography
        self._offset_h = post.site.utc_offset_h
        named = [set(zone.classes or classes) for zone in self.zones]
        self._classes = np.array([[name in one for name in CLASSES] for one in named], np.bool_)
        self._in_force, self._looked = self._classes, (-1, math.nan)
        self._memory = TrackMemory(way_x=0.0, way_y=0.0)

    def step(self, scene: Scene, trace: SignalTrace) -> Places:
        """Places the tracks of one frame.

        Args:
            scene: the frame.
            trace: how far the clock may be off: outside hours that hold for certain, a zone means nobody.
        """
        tracks, in_force = scene.tracks, self._now(scene.time_s, trace.clock_off_s)
        self._memory.follow(tracks.numbers)
        n = len(tracks)
        middle, depth, which, along = np.empty((n, 2)), np.empty(n), np.empty(n, np.int64), np.empty((n, 2))
        sd, speed, meant = np.empty(n), np.empty(n), np.empty(n, np.bool_)
        place_in_zones(
            tracks.ground_m, tracks.velocity_mps, tracks.covariance, tracks.classes, LENGTH_BY_CODE_M, WIDTH_BY_CODE_M,
            self._map.to_ground, self._corners, self._starts, in_force, self._memory.rows, middle, depth,
            which, along, sd, speed, meant,
        )  # fmt: skip
        return Places(middle, depth, which, along, sd, speed, meant)

    def _now(self, time_s: float, off_s: float) -> Bools:
        """``(zones, classes)`` who is meant now for certain, looked at once a second."""
        now = (int(time_s), off_s)
        if now != self._looked:
            self._looked = now
            force = np.array(
                [certainly_hold(zone.hours, time_s, self._offset_h, off_s) for zone in self.zones], np.bool_
            )
            self._in_force = self._classes & force[:, None]
        return self._in_force


def on_approaches(scene: Scene) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Where tracks are in the frames of their approaches.

    Returns:
        ``(n,)`` index of the approach, -1 off all; ``(n,)`` front upstream of its line and ``(n,)`` from its kerb, NaN
        off all.
    """
    n = len(scene.tracks)
    approach, x_m, y_m = np.full(n, -1), np.full(n, np.nan), np.full(n, np.nan)
    for k, placed in enumerate(scene.placed):
        rows = scene.tracks.numbers.searchsorted(placed.numbers)
        approach[rows], x_m[rows], y_m[rows] = k, placed.x_m, placed.y_m
    return approach, x_m, y_m


@kernel(
    "void(f8[:, ::1], f8[:, ::1], f8[:, :, ::1], i1[::1], f8[::1], f8[::1], f8[:, ::1], f8[:, ::1], i8[::1],"
    " b1[:, ::1], f8[:, ::1], f8[:, ::1], f8[::1], i8[::1], f8[:, ::1], f8[::1], f8[::1], b1[::1])",
    lean=True,
)
def place_in_zones(
    ground_m: Floats,
    velocity_mps: Floats,
    covariance: Floats,
    classes: NDArray[np.int8],
    length_m: Floats,
    width_m: Floats,
    to_ground: Floats,
    corners: Floats,
    starts: NDArray[np.int64],
    in_force: Bools,
    memory: Floats,
    middle_m: Floats,
    depth_m: Floats,
    which: NDArray[np.int64],
    along_side: Floats,
    sd_m: Floats,
    speed_mps: Floats,
    meant: Bools,
) -> None:
    """Middles of the footprints, from the seen bottom centres of the boxes, and where they lie in the zones.

    The same geometry as `nutgiao.edge.lanes.geometry.fronts`: the seen point lies from the middle towards the camera by
    the support of the footprint in that direction. Which way a body points is known from when it moved; of one that
    never did, the support is taken as the mean of half its length and half its width.

    Args:
        ground_m: ``(n, 2)`` seen points.
        velocity_mps: ``(n, 2)``.
        covariance: ``(n, 4, 4)`` of place and velocity.
        classes: ``(n,)``.
        length_m: ``(classes,)`` typical length.
        width_m: ``(classes,)`` typical width.
        to_ground: ``(3, 3)`` the camera's map.
        corners: ``(corners, 2)`` of `nutgiao.models.vision.polygon.flat`.
        starts: ``(zones + 1,)`` likewise.
        in_force: ``(zones, classes)`` who is meant now.
        memory: ``(n, 2)`` unit vector of each body, 0 while unknown; brought up to this frame.
        middle_m: output, as the next ones, of `Places`.
        depth_m: there.
        which: there.
        along_side: there, `Places.along`.
        sd_m: there.
        speed_mps: there.
        meant: there.
    """
    for i in range(len(ground_m)):
        speed = np.hypot(velocity_mps[i, 0], velocity_mps[i, 1])
        speed_mps[i] = speed
        sd_m[i] = np.sqrt(max(covariance[i, 0, 0], covariance[i, 1, 1]))
        if speed > HEADING_MPS:
            memory[i, 0], memory[i, 1] = velocity_mps[i, 0] / speed, velocity_mps[i, 1] / speed
        gx, gy = ground_m[i, 0], ground_m[i, 1]
        dx, dy = to_ground[0, 1] - gx * to_ground[2, 1], to_ground[1, 1] - gy * to_ground[2, 1]
        distance = np.hypot(dx, dy)
        dx, dy = dx / distance, dy / distance
        half_length, half_width = 0.5 * length_m[classes[i]], 0.5 * width_m[classes[i]]
        support = 0.5 * (half_length + half_width)
        if memory[i, 0] != 0.0 or memory[i, 1] != 0.0:
            along = np.abs(dx * memory[i, 0] + dy * memory[i, 1])
            across = np.abs(dx * memory[i, 1] - dy * memory[i, 0])
            support = along * half_length + across * half_width
        middle_m[i, 0], middle_m[i, 1] = gx - dx * support, gy - dy * support
    deepest(middle_m, corners, starts, depth_m, which, along_side)
    for i in range(len(ground_m)):
        meant[i] = depth_m[i] >= 0.0 and in_force[which[i], classes[i]]
