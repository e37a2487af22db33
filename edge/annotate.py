"""Draws what the edge understood into the picture it saw, and makes bystanders unrecognisable before that."""

from __future__ import annotations

import colorsys
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.evidence.blur import person_blocks, pixelate
from nutgiao.edge.lanes.geometry import ApproachFrame
from nutgiao.edge.signal.lamp import LampReading
from nutgiao.edge.snapshot import Snapshot
from nutgiao.models.contracts.messages import LaneState
from nutgiao.models.contracts.site import Camera, Site
from nutgiao.models.contracts.words import CLASSES, TWO_WHEELERS, Indication, VehicleClass
from nutgiao.models.vision.detections import Detections
from nutgiao.models.vision.homography import Homography
from nutgiao.models.vision.riders import hidden_below

Image = NDArray[np.uint8]
Colour = tuple[int, int, int]

FONT = cv2.FONT_HERSHEY_SIMPLEX
FLAG_S = 2.0
"""How long a violation stays marked after it was found."""

MOVING_MPS = 1.0
"""Slower tracks are drawn without a speed: it would only be the jitter of boxes."""

TRAIL_S = 2.5
TRAIL_POINTS = 80
"""How far back a track's way is drawn."""

MIN_WIDTH_PX = 960
"""Smaller pictures are enlarged before drawing, so that labels can be read."""

SHORT = {
    VehicleClass.MOTORCYCLE: "moto",
    VehicleClass.BICYCLE: "bike",
    VehicleClass.CAR: "car",
    VehicleClass.BUS: "bus",
    VehicleClass.TRUCK: "truck",
    VehicleClass.PEDESTRIAN: "ped",
}


def _bgr(hue: float, saturation: float = 0.75, value: float = 1.0) -> Colour:
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, value)
    return (round(255 * blue), round(255 * green), round(255 * red))


CLASS_COLOURS: dict[VehicleClass, Colour] = {
    name: _bgr(hue)
    for name, hue in zip(CLASSES, (0.33, 0.45, 0.57, 0.08, 0.80, 0.15), strict=True)  # in the order of the vocabulary
}
WHITE: Colour = (255, 255, 255)
BLACK: Colour = (0, 0, 0)
RED: Colour = (0, 0, 255)
QUEUED: Colour = (0, 230, 255)
LAMP_COLOURS: dict[Indication, Colour] = {
    Indication.RED: RED,
    Indication.AMBER: (0, 190, 255),
    Indication.GREEN: (80, 220, 80),
    Indication.UNKNOWN: (150, 150, 150),
}


CUT_PX, CUT_SHARE = 3.0, 0.05
"""A box that ends nearer to the lower edge of the picture, in pixels or as a share of its height, may be cut by it:
networks draw the lower edge of a cut box short of the rim. In a clip of riders who drive into the camera, of 1,155
boxes of people over 40 px high that ended within a tenth of their height of the rim, 17 % were within 3 px of it, and
88 % within 3 px or 5 % of their height."""

HEAD_SHARE, HEAD_WIDTHS = 0.35, 0.75
"""How far down from its top a box may show a head and chin: as a share of the height of a whole person or rider; and in
widths of the box where somebody nearer hides the lower part and the height says nothing. Shoulders are about twice as
wide as a head is high, and a helmet and a bent arm come to that."""


def pixelate_bystanders(image: Image, detections: Detections) -> None:
    """Makes heads and plates of everything that was detected unrecognisable, in place.

    People in the street and their plates are personal data; nothing here is sharper than eight blocks across a head.
    Who was not detected is not covered: a person still looks at a video before it leaves the house.

    Args:
        image: ``(h, w, 3)`` uint8 BGR.
        detections: road users in pixels of this picture.
    """
    hidden = hidden_below(detections)
    for (left, top, right, bottom), code, behind in zip(detections.boxes_px, detections.classes, hidden, strict=True):
        name = CLASSES[code]
        height, width = bottom - top, right - left
        person = name in TWO_WHEELERS or name is VehicleClass.PEDESTRIAN
        blocks = person_blocks(width, height)
        if person and bottom >= image.shape[0] - max(CUT_PX, CUT_SHARE * height):
            pixelate(image, left, top, right, bottom, blocks)  # only the upper part is in it: the head may fill it
        elif person:
            head = max(HEAD_SHARE * height, HEAD_WIDTHS * width if behind else 0.0)
            pixelate(image, left, top, right, top + min(head, height), blocks)
            if name in TWO_WHEELERS:
                pixelate(image, left + 0.1 * width, top + 0.55 * height, right - 0.1 * width, bottom, blocks=8)
        else:
            pixelate(image, left, top + 0.45 * height, right, bottom, blocks=14)


@dataclass(frozen=True, slots=True)
class Street:
    """The lanes and stop lines of a site as one camera sees them.

    Attributes:
        lanes: id and ``(n, 2)`` outline of each lane, pixels of the calibrated picture.
        lines: ``(n, 2)`` points of each stop line.
    """

    lanes: tuple[tuple[str, NDArray[np.float64]], ...] = ()
    lines: tuple[NDArray[np.float64], ...] = ()

    @staticmethod
    def of(site: Site, camera: Camera, homography: Homography) -> Street:
        """Projects what the site file says into the picture.

        Args:
            site: the junction.
            camera: the camera.
            homography: its map to the ground.
        """
        lanes: list[tuple[str, NDArray[np.float64]]] = []
        lines = []
        for approach in (site.approach(name) for name in camera.approaches):
            frame = ApproachFrame(approach)
            for i, lane in enumerate(approach.lanes):
                near, far = frame.edges_m[i], frame.edges_m[i + 1]
                along = np.linspace(0.0, camera.view_m[1], 12)
                x = np.concatenate([along, along[::-1]])
                y = np.concatenate([np.full(12, near), np.full(12, far)])
                lanes.append((lane.id, homography.image(frame.ground(x, y))))
            across = np.linspace(0.0, frame.width_m, 12)
            lines.append(homography.image(frame.ground(np.zeros(12), across)))
        return Street(tuple(lanes), tuple(lines))


class Annotator:
    """Draws the frames of one camera.

    Args:
        picture_px: width and height of the pictures to come.
        scale: pixels of the picture per pixel of a snapshot's boxes, across and down.
        street: what to draw on the road; nothing where nobody has calibrated the camera. Then every track is labelled,
            else those on a watched approach.
    """

    def __init__(
        self, picture_px: tuple[int, int], scale: tuple[float, float] = (1.0, 1.0), street: Street | None = None
    ) -> None:
        enlarge = max(1, -(-MIN_WIDTH_PX // picture_px[0]))
        self.size_px = (picture_px[0] * enlarge, picture_px[1] * enlarge)
        self._scale = np.array(scale) * enlarge
        self._font = max(0.42, self.size_px[0] / 2800)
        self._everyone = street is None
        self._lanes = [(name, self._pixels(outline)) for name, outline in (street.lanes if street else ())]
        self._lines = [self._pixels(line) for line in (street.lines if street else ())]
        self._flags: dict[str, tuple[str, float]] = {}
        self._trails: dict[str, deque[tuple[float, int, int]]] = {}

    def _pixels(self, points_px: NDArray[np.float64]) -> NDArray[np.int32]:
        points = points_px[np.isfinite(points_px).all(axis=1)] * self._scale
        return np.asarray(np.round(points), np.int32)

    def flag(self, track: str, words: str, until_s: float) -> None:
        """Marks a track in red until a time."""
        self._flags[track] = (words, until_s)

    def draw(
        self, image: Image, snapshot: Snapshot, lamps: Sequence[LampReading], lanes: Mapping[str, LaneState], note: str
    ) -> Image:
        """Draws one frame.

        Args:
            image: ``(h, w, 3)`` uint8 BGR, as it came or pixelated.
            snapshot: the tracks of this instant.
            lamps: what the lamps show.
            lanes: the last lane states, by lane.
            note: a line of text for the top.

        Returns:
            A new picture of `size_px`.
        """
        canvas = np.asarray(cv2.resize(image, self.size_px, interpolation=cv2.INTER_LINEAR), np.uint8)
        self._draw_street(canvas, lamps, lanes)
        self._draw_trails(canvas, snapshot)
        # Far ones first, so that near boxes lie on top.
        order = np.argsort(snapshot.boxes_px[:, 3], kind="stable").tolist()
        for i in order:
            self._draw_box(canvas, snapshot, i)
        for i in order:
            self._draw_label(canvas, snapshot, i)
        self._draw_header(canvas, lamps, note)
        return canvas

    def _draw_street(self, canvas: Image, lamps: Sequence[LampReading], lanes: Mapping[str, LaneState]) -> None:
        if not self._lanes:
            return
        tint = canvas.copy()
        for name, polygon in self._lanes:
            state = lanes.get(name)
            full = min(1.0, state.occupancy) if state else 0.0
            cv2.fillPoly(tint, [polygon], _bgr(0.33 * (1.0 - full), 0.9, 0.9))
        cv2.addWeighted(tint, 0.18, canvas, 0.82, 0.0, dst=canvas)
        for _, polygon in self._lanes:
            cv2.polylines(canvas, [polygon], True, WHITE, 1, cv2.LINE_AA)
        colour = LAMP_COLOURS.get(lamps[0].indication, WHITE) if lamps else WHITE
        for line in self._lines:
            cv2.polylines(canvas, [line], False, colour, 3, cv2.LINE_AA)
        for name, polygon in self._lanes:
            state = lanes.get(name)
            if state is not None:
                bottom = polygon[polygon[:, 1] < self.size_px[1] - 8]
                x, y = bottom[:, 0].mean(), bottom[:, 1].max() if len(bottom) else self.size_px[1] - 8
                words = f"queue {state.queue_veh}"
                if state.ahead_veh:
                    words += f", {state.ahead_veh} ahead of the line"
                if state.queue_veh:
                    words += f", back {state.back_of_queue_m:.0f} m"
                self._text(canvas, words, (int(np.clip(x, 90, self.size_px[0] - 140)) - 80, int(y) - 4), WHITE)

    def _draw_trails(self, canvas: Image, snapshot: Snapshot) -> None:
        """Where each track's foot was in the last seconds: what swaps numbers shows as a kink."""
        now = {}
        for i, track in enumerate(snapshot.ids):
            if not self._labelled(snapshot, i):
                continue
            left, _, right, bottom = self._corners(snapshot, i)
            trail = now[track] = self._trails.get(track) or deque(maxlen=TRAIL_POINTS)
            trail.append((snapshot.time_s, (left + right) // 2, bottom))
            while trail[0][0] < snapshot.time_s - TRAIL_S:
                trail.popleft()
            points = np.array([point[1:] for point in trail], np.int32)
            cv2.polylines(canvas, [points], False, CLASS_COLOURS[CLASSES[snapshot.classes[i]]], 2, cv2.LINE_AA)
        self._trails = now

    def _labelled(self, snapshot: Snapshot, i: int) -> bool:
        return self._everyone or snapshot.approaches[i] is not None

    def _flag_of(self, snapshot: Snapshot, i: int) -> str:
        words, until_s = self._flags.get(snapshot.ids[i], ("", 0.0))
        return words if until_s > snapshot.time_s else ""

    def _corners(self, snapshot: Snapshot, i: int) -> tuple[int, int, int, int]:
        # A box that is predicted far outside the picture is more than OpenCV can draw.
        edges = np.clip(snapshot.boxes_px[i] * np.tile(self._scale, 2), -1e4, 1e4)
        left, top, right, bottom = np.round(edges).astype(int).tolist()
        return left, top, right, bottom

    def _draw_box(self, canvas: Image, snapshot: Snapshot, i: int) -> None:
        """A box: thick and red with a violation, thin where the track was not seen or is on no watched approach."""
        left, top, right, bottom = self._corners(snapshot, i)
        if self._flag_of(snapshot, i):
            cv2.rectangle(canvas, (left, top), (right, bottom), RED, 3)
        elif self._labelled(snapshot, i) or not snapshot.coasting[i]:
            thin = snapshot.coasting[i] or not self._labelled(snapshot, i)
            colour = CLASS_COLOURS[CLASSES[snapshot.classes[i]]]
            cv2.rectangle(canvas, (left, top), (right, bottom), colour, 1 if thin else 2)
        if snapshot.queued[i]:
            cv2.line(canvas, (left, bottom), (right, bottom), QUEUED, 4)

    def _draw_label(self, canvas: Image, snapshot: Snapshot, i: int) -> None:
        """Class, number and speed, for those on a watched approach and for violations."""
        words = self._flag_of(snapshot, i)
        if not words and (not self._labelled(snapshot, i) or snapshot.coasting[i]):
            return
        left, top, _, _ = self._corners(snapshot, i)
        name = CLASSES[snapshot.classes[i]]
        label = f"{words} {SHORT[name]} {snapshot.numbers[i]}".lstrip()
        if snapshot.speed_mps[i] >= MOVING_MPS:
            label += f" {3.6 * snapshot.speed_mps[i]:.0f} km/h"
        self._text(canvas, label, (left, max(12, top - 3)), WHITE, RED if words else CLASS_COLOURS[name])

    def _draw_header(self, canvas: Image, lamps: Sequence[LampReading], note: str) -> None:
        height = round(60 * self._font)
        cv2.rectangle(canvas, (0, 0), (self.size_px[0], height), BLACK, -1)
        x = 8
        for lamp in lamps:
            cv2.circle(
                canvas, (x + height // 2, height // 2), height // 3, LAMP_COLOURS.get(lamp.indication, WHITE), -1
            )
            words = f"{lamp.group} {lamp.indication.value}"
            cv2.putText(
                canvas, words, (x + height, round(0.68 * height)), FONT, self._font * 1.2, WHITE, 1, cv2.LINE_AA
            )
            x += height + round(260 * self._font)
        cv2.putText(canvas, note, (x + 10, round(0.68 * height)), FONT, self._font * 1.2, WHITE, 1, cv2.LINE_AA)

    def _text(self, canvas: Image, words: str, at: tuple[int, int], colour: Colour, back: Colour = BLACK) -> None:
        (width, height), base = cv2.getTextSize(words, FONT, self._font, 1)
        x, y = at
        cv2.rectangle(canvas, (x, y - height - 3), (x + width + 4, y + base - 1), tuple(c // 3 for c in back), -1)
        cv2.putText(canvas, words, (x + 2, y - 1), FONT, self._font, colour, 1, cv2.LINE_AA)
