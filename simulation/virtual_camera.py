"""A camera that sees the simulated street as a detector would: boxes with noise, misses and covers, never the truth."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.site import Approach, Camera
from nutgiao.models.contracts.words import CLASS_CODE, VehicleClass
from nutgiao.models.vision.detections import Detections
from nutgiao.simulation.optics import cover, picture_boxes, report
from nutgiao.simulation.street import RoadUsers
from nutgiao.simulation.vehicles import SIZE_M

SETBACK_M = 38.0
"""The mast stands so far beyond the stop line, on the far side of the junction."""

HEIGHT_M = 8.5
PITCH_DEG = 11.6
FOCAL_PX = 2040.0
WIDTH_PX, HEIGHT_PX = 1280, 720

EDGE_NOISE_PX = 1.5
EDGE_NOISE_SHARE = 0.015
FALSE_BOXES_PER_FRAME = 0.01
CONFUSED_SHARE = 0.02
HALF_SEEN_HEIGHT_PX, HEIGHT_SLOPE_PX = 22.0, 4.0
HALF_SEEN_SHARE, SHARE_SLOPE = 0.32, 0.06
"""A body of this height in pixels, or with this share uncovered, is found every second time."""

CUT_SHARE = 0.7
"""A detector guesses the hidden part of a body: a box is cut by this share of what is covered."""

MARKS_M = (-12.0, 0.0, 18.0, 42.0, 75.0)
"""Where marks of a calibration lie, upstream of the stop line."""

_DETECTOR = np.array([
    EDGE_NOISE_PX, EDGE_NOISE_SHARE, HALF_SEEN_HEIGHT_PX, HEIGHT_SLOPE_PX, HALF_SEEN_SHARE, SHARE_SLOPE,
    WIDTH_PX, HEIGHT_PX,
])  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pinhole:
    """A pinhole camera above flat ground.

    Attributes:
        position_m: x, y, z in network coordinates.
        heading_deg: direction it looks to, clockwise from +y.
        pitch_deg: how far it looks down.
        focal_px: focal length.
    """

    position_m: tuple[float, float, float]
    heading_deg: float
    pitch_deg: float = PITCH_DEG
    focal_px: float = FOCAL_PX

    def parameters(self) -> NDArray[np.float64]:
        """``(10,)`` position, forward (2), cos and sin of the pitch, focal length, middle of the picture."""
        bearing, pitch = math.radians(self.heading_deg), math.radians(self.pitch_deg)
        forward = (math.sin(bearing), math.cos(bearing))
        middle = (WIDTH_PX / 2, HEIGHT_PX / 2)
        return np.array([*self.position_m, *forward, math.cos(pitch), math.sin(pitch), self.focal_px, *middle])

    def project(self, points_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Projects points.

        Args:
            points_m: ``(n, 3)`` network coordinates and height, metres, in front of the camera.

        Returns:
            ``(n, 2)`` pixels.
        """
        px, py, pz, fx, fy, cosine, sine, focal, cu, cv = self.parameters()
        ahead = (points_m[:, 0] - px) * fx + (points_m[:, 1] - py) * fy
        right = (points_m[:, 0] - px) * fy - (points_m[:, 1] - py) * fx
        below = pz - points_m[:, 2]
        depth = ahead * cosine + below * sine
        return np.stack([cu + focal * right / depth, cv + focal * (below * cosine - ahead * sine) / depth], axis=1)


def pinhole_of(
    approach: Approach,
    setback_m: float = SETBACK_M,
    height_m: float = HEIGHT_M,
    pitch_deg: float = PITCH_DEG,
    focal_px: float = FOCAL_PX,
) -> Pinhole:
    """A camera that looks at an approach head-on from the far side of its junction.

    Args:
        approach: over whose middle it hangs.
        setback_m: how far beyond the stop line.
        height_m: above the ground.
        pitch_deg: how far it looks down.
        focal_px: focal length.
    """
    bearing = math.radians(approach.heading_deg)
    dx, dy = math.sin(bearing), math.cos(bearing)
    x0, y0 = approach.origin_m
    half = approach.width_m / 2
    position = (x0 + setback_m * dx - half * dy, y0 + setback_m * dy + half * dx, height_m)
    return Pinhole(position, (approach.heading_deg + 180.0) % 360.0, pitch_deg, focal_px)


def ground_pairs(
    approach: Approach, pinhole: Pinhole | None = None, marks_m: tuple[float, ...] = MARKS_M
) -> tuple[tuple[float, float, float, float], ...]:
    """Marks on the ground with where they lie in the picture, in whole pixels as a person would click them.

    Args:
        approach: whose two edges are marked.
        pinhole: camera; None: the one that looks at the approach head-on.
        marks_m: distances of the marks from the line, positive upstream.
    """
    bearing = math.radians(approach.heading_deg)
    dx, dy = math.sin(bearing), math.cos(bearing)
    marks = []
    for x in marks_m:
        for y in (0.0, approach.width_m):
            marks.append((approach.origin_m[0] - x * dx - y * dy, approach.origin_m[1] - x * dy + y * dx, 0.0))
    pixels = (pinhole or pinhole_of(approach)).project(np.array(marks))
    return tuple(
        (float(round(u)), float(round(v)), round(mx, 2), round(my, 2))
        for (u, v), (mx, my, _) in zip(pixels, marks, strict=True)
    )


def site_camera(
    approach: Approach,
    name: str,
    view_m: tuple[float, float],
    pinhole: Pinhole | None = None,
    marks_m: tuple[float, ...] = MARKS_M,
) -> Camera:
    """The site file's entry of a virtual camera.

    Args:
        approach: that it looks at.
        name: its id.
        view_m: nearest and farthest it sees, metres upstream of the line.
        pinhole: see `ground_pairs`, as is the next.
        marks_m: there.
    """
    return Camera(
        id=name,
        source=f"virtual:{name}",
        width_px=WIDTH_PX,
        height_px=HEIGHT_PX,
        approaches=(approach.id,),
        ground_pairs=ground_pairs(approach, pinhole, marks_m),
        view_m=view_m,
        noise_px=2.0,
    )


class VirtualCamera:
    """One camera of the simulated street.

    Args:
        camera: the camera in the site file.
        approach: the approach that it looks at.
        random: its own generator; the same seed gives the same boxes.
        pinhole: where it hangs; None: head-on, see `pinhole_of`.
    """

    def __init__(
        self, camera: Camera, approach: Approach, random: np.random.Generator, pinhole: Pinhole | None = None
    ) -> None:
        self.id = camera.id
        self._pinhole = pinhole or pinhole_of(approach)
        self._parameters = self._pinhole.parameters()
        self._random = random
        self._count = 0
        self._make_room(512)

    def see(self, users: RoadUsers) -> Detections:
        """What the detector behind this camera reports at one instant.

        Args:
            users: everyone on the street.

        Returns:
            Boxes in a random order; nothing in them tells which road user is which.
        """
        if len(users) + 1 > len(self._rows):
            self._make_room(2 * len(users) + 1)
        count = picture_boxes(
            self._parameters, users.centre_m, users.heading_deg, users.size_m, self._rows, self._whole
        )
        self._count = count
        cover(self._whole, count, float(WIDTH_PX), float(HEIGHT_PX), CUT_SHARE, self._seen, self._visible)
        random = self._random
        uniform = random.random((count, 2))
        classes = _confuse(users.classes[self._rows[:count]], uniform[:, 1])
        boxes = np.empty((count, 4), np.float32)
        scores, codes = np.empty(count, np.float32), np.empty(count, np.int8)
        normal = random.standard_normal((count, 5))
        kept = report(
            self._seen, self._whole, self._visible, count, classes, normal, uniform, _DETECTOR, boxes, scores, codes
        )
        found = Detections(boxes, scores, codes).select(random.permutation(kept))
        return self._with_false_box(found) if random.random() < FALSE_BOXES_PER_FRAME else found

    def bodies(self) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float64]]:
        """Who was before the camera when it last saw; for truth only, no detector knows it.

        Returns:
            ``(m,)`` rows of the road users, ``(m, 4)`` their whole boxes in pixels, ``(m,)`` visible share of each.
        """
        m = self._count
        return self._rows[:m].copy(), self._whole[:m].astype(np.float32), self._visible[:m].copy()

    def _make_room(self, size: int) -> None:
        self._rows = np.empty(size, np.int64)
        self._whole, self._seen = np.empty((size, 4)), np.empty((size, 4))
        self._visible = np.empty(size)

    def _with_false_box(self, found: Detections) -> Detections:
        """Adds a shadow or a sign taken for a rider, somewhere on the road."""
        x, y, _, fx, fy, *_ = self._parameters
        ahead, aside = self._random.uniform(30.0, 100.0), self._random.uniform(-5.0, 5.0)
        place = np.array([(x + ahead * fx + aside * fy, y + ahead * fy - aside * fx)])
        box, row = np.empty((1, 4)), np.empty(1, np.int64)
        heading = np.array([self._pinhole.heading_deg])
        picture_boxes(self._parameters, place, heading, np.array([SIZE_M[VehicleClass.MOTORCYCLE]]), row, box)
        return Detections(
            np.concatenate([found.boxes_px, box.astype(np.float32)]),
            np.append(found.scores, np.float32(self._random.uniform(0.26, 0.5))),
            np.append(found.classes, np.int8(CLASS_CODE[VehicleClass.MOTORCYCLE])),
        )


_SWAP = np.arange(len(CLASS_CODE), dtype=np.int8)
for _a, _b in ((VehicleClass.MOTORCYCLE, VehicleClass.BICYCLE), (VehicleClass.CAR, VehicleClass.TRUCK)):
    _SWAP[[CLASS_CODE[_a], CLASS_CODE[_b]]] = CLASS_CODE[_b], CLASS_CODE[_a]


def _confuse(classes: NDArray[np.int8], draw: NDArray[np.float64]) -> NDArray[np.int8]:
    """Every fiftieth motorcycle is taken for a bicycle, car for a truck, and the other way round."""
    return np.where(draw < CONFUSED_SHARE, _SWAP[classes], classes)
