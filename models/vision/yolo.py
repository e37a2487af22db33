"""The arithmetic around a YOLO network: letterbox, reading the two heads, our classes, non-maximum suppression."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.words import CLASS_CODE, TWO_WHEELERS, VehicleClass
from nutgiao.models.jit import kernel
from nutgiao.models.vision.cards import Head, ModelCard
from nutgiao.models.vision.detections import Detections

STRIDES = (8, 16, 32)
"""Pixels between the anchors of the three grids of a YOLOv8, YOLO11 or YOLOX head."""

GROUP_OF_PEOPLE = 1
"""Groups up to this one, persons and two-wheelers, are boxes that show a person."""

_GROUPS = {VehicleClass.PEDESTRIAN: 0, VehicleClass.MOTORCYCLE: 1, VehicleClass.BICYCLE: 1}
GROUP_OF_CODE = np.array([_GROUPS.get(name, 2) for name in VehicleClass], np.int8)
"""Class code -> suppression group. One thing gets one box even if the network calls it a car and a truck, or a
motorcycle and a bicycle; a rider never suppresses the machine under them."""


@dataclass(frozen=True, slots=True)
class Letterbox:
    """How a picture lies inside a network's fixed input: scaled evenly, the rest grey.

    Attributes:
        scale: input pixels per picture pixel.
        left_px: grey columns left of the picture.
        top_px: grey rows above it.
        width_px: width of the scaled picture, input pixels.
        height_px: its height.
    """

    scale: float
    left_px: int
    top_px: int
    width_px: int
    height_px: int

    @staticmethod
    def fit(picture_px: tuple[int, int], input_px: tuple[int, int], *, centred: bool) -> Letterbox:
        """The largest even scale at which the whole picture fits.

        Args:
            picture_px: width and height of the picture.
            input_px: width and height of the network's input.
            centred: True splits the padding over both sides (YOLOv8), False puts it right and below (YOLOX).

        Returns:
            The geometry.

        Raises:
            ValueError: if a side is not positive.
        """
        if min(*picture_px, *input_px) <= 0:
            raise ValueError(f"a picture of {picture_px} does not fit into {input_px}")
        scale = min(input_px[0] / picture_px[0], input_px[1] / picture_px[1])
        width = max(1, round(picture_px[0] * scale))
        height = max(1, round(picture_px[1] * scale))
        left, top = ((input_px[0] - width) // 2, (input_px[1] - height) // 2) if centred else (0, 0)
        return Letterbox(scale, left, top, width, height)

    def to_input(self, boxes_px: NDArray[np.float32]) -> NDArray[np.float32]:
        """Boxes ``(n, 4)`` of the picture in pixels of the input."""
        return (boxes_px * np.float32(self.scale) + self._shift()).astype(np.float32)

    def to_picture(self, boxes_px: NDArray[np.float32]) -> NDArray[np.float32]:
        """Boxes ``(n, 4)`` of the input in pixels of the picture."""
        return ((boxes_px - self._shift()) / np.float32(self.scale)).astype(np.float32)

    def _shift(self) -> NDArray[np.float32]:
        return np.array([self.left_px, self.top_px, self.left_px, self.top_px], np.float32)


@kernel("void(u1[:, :, ::1], f4, b1, f4[:, :, ::1])")
def _fill_blob(picture: NDArray[np.uint8], scale: float, bgr: bool, blob: NDArray[np.float32]) -> None:
    """Writes ``(h, w, 3)`` BGR bytes into ``(3, h, w)`` scaled values."""
    for c in range(3):
        plane = c if bgr else 2 - c
        for y in range(picture.shape[0]):
            for x in range(picture.shape[1]):
                blob[plane, y, x] = scale * picture[y, x, c]


def to_blob(
    picture: NDArray[np.uint8], *, bgr: bool, scale: float, out: NDArray[np.float32] | None = None
) -> NDArray[np.float32]:
    """A letterboxed BGR picture as the network wants it.

    Args:
        picture: ``(h, w, 3)`` uint8 BGR.
        bgr: True keeps the channel order, False makes it RGB.
        scale: factor on the values.
        out: ``(1, 3, h, w)`` to write into: new memory for each picture costs six times the work itself (2.2 ms, 0.3 ms
            in memory that is there; 640x384, one core).

    Returns:
        ``(1, 3, h, w)`` float32, contiguous.
    """
    blob = np.empty((1, 3, *picture.shape[:2]), np.float32) if out is None else out
    _fill_blob(np.ascontiguousarray(picture), scale, bgr, blob[0])
    return blob


def _corners(centre: NDArray[np.float32], size: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.concatenate((centre - size / 2, centre + size / 2), axis=1).astype(np.float32)


def decode_yolov8(output: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Reads a YOLOv8 head.

    Args:
        output: ``(1, 4 + classes, anchors)``: centre x, y, width, height in input pixels, then class scores.

    Returns:
        Boxes ``(anchors, 4)`` left, top, right, bottom in input pixels, and class scores ``(anchors, classes)``.

    Raises:
        ValueError: if the shape is not that of this head.
    """
    if output.ndim != 3 or output.shape[0] != 1 or output.shape[1] < 5:
        raise ValueError(f"a YOLOv8 head gives (1, 4 + classes, anchors), not {output.shape}")
    rows = output[0].T
    return _corners(rows[:, 0:2], rows[:, 2:4]), np.ascontiguousarray(rows[:, 4:])


@lru_cache(maxsize=8)
def cells(input_px: tuple[int, int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The cells of the grids of strides 8, 16 and 32, one grid after another, row by row.

    Args:
        input_px: width and height of the network's input.

    Returns:
        Upper left corners ``(n, 2)`` in cells (x, y), and strides ``(n, 1)`` in pixels; both may only be read, since
        the next picture gets the same.
    """
    grids = [np.indices((input_px[1] // s, input_px[0] // s), np.float32)[::-1].reshape(2, -1).T for s in STRIDES]
    corners = np.concatenate(grids)
    strides = np.concatenate([np.full((len(grid), 1), s, np.float32) for grid, s in zip(grids, STRIDES, strict=True)])
    corners.flags.writeable = strides.flags.writeable = False
    return corners, strides


def decode_yolox(
    output: NDArray[np.float32], input_px: tuple[int, int]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Reads a YOLOX head: ``centre = (offset + cell) * stride``, ``size = exp(log size) * stride`` (Ge et al. 2021).

    Args:
        output: ``(1, anchors, 5 + classes)``, the grids of strides 8, 16 and 32 one after another, row by row.
        input_px: width and height of the network's input.

    Returns:
        Boxes ``(anchors, 4)`` left, top, right, bottom in input pixels, and scores ``(anchors, classes)``:
        objectness times class.

    Raises:
        ValueError: if the shape is not that of this head.
    """
    grid, stride = cells(input_px)
    if output.ndim != 3 or output.shape[:2] != (1, len(grid)) or output.shape[2] < 6:
        raise ValueError(f"a YOLOX head for {input_px} gives (1, {len(grid)}, 5 + classes), not {output.shape}")
    rows = output[0]
    # The clip keeps a wild logit finite; exp(8) strides are already larger than any picture.
    size = np.exp(np.minimum(rows[:, 2:4], 8.0)) * stride
    return _corners((rows[:, 0:2] + grid) * stride, size), rows[:, 4:5] * rows[:, 5:]


def decode_end_to_end(output: NDArray[np.float32], classes: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Reads an end-to-end head, as of YOLOv10 and YOLO26: what is left after suppression inside the network.

    Args:
        output: ``(1, n, 6)``: left, top, right, bottom in input pixels, score, class.
        classes: how many the network knows at least.

    Returns:
        Boxes ``(n, 4)`` in input pixels, and scores ``(n, classes)``, zero but for the class of each box.

    Raises:
        ValueError: if the shape is not that of this head.
    """
    if output.ndim != 3 or output.shape[0] != 1 or output.shape[2] != 6:
        raise ValueError(f"an end-to-end head gives (1, n, 6), not {output.shape}")
    rows = output[0]
    codes = rows[:, 5].astype(np.intp)
    known = np.flatnonzero((codes >= 0) & (codes < classes))
    scores = np.zeros((len(rows), classes), np.float32)
    scores[known, codes[known]] = rows[known, 4]
    return np.ascontiguousarray(rows[:, :4]), scores


def read_head(card: ModelCard, output: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Reads the output of a model by its card: boxes ``(n, 4)`` in input pixels and scores ``(n, classes)``."""
    if card.head is Head.YOLOV8:
        return decode_yolov8(output)
    if card.head is Head.END_TO_END:
        return decode_end_to_end(output, max(card.class_map) + 1)
    return decode_yolox(output, card.input_px)


def to_road_users(
    card: ModelCard, boxes_px: NDArray[np.float32], scores: NDArray[np.float32], score_min: float | None = None
) -> Detections:
    """Takes the road users out of a network's classes, before suppression.

    COCO networks call many step-through scooters "bicycle". Here a two-wheeler scores with the better of the two names
    and is a motorcycle unless the network is sure of the bicycle: `ModelCard.bicycle_score_min`, `bicycle_margin`.

    Args:
        card: the model's card.
        boxes_px: ``(n, 4)`` boxes.
        scores: ``(n, classes)`` scores.
        score_min: threshold; None takes the card's.

    Returns:
        The boxes above the threshold.
    """
    # Most anchors see nothing: drop them first.
    sources = np.fromiter(card.class_map, np.intp)
    known = scores[:, sources]
    alive = np.flatnonzero(known.max(axis=1, initial=0.0) >= (card.score_min if score_min is None else score_min))
    boxes_px, known = boxes_px[alive], known[alive]
    by_class = np.zeros((len(alive), len(CLASS_CODE)), np.float32)
    for column, name in enumerate(card.class_map.values()):
        code = CLASS_CODE[name]
        np.maximum(by_class[:, code], known[:, column], out=by_class[:, code])
    motorcycle, bicycle = (CLASS_CODE[name] for name in (VehicleClass.MOTORCYCLE, VehicleClass.BICYCLE))
    machine = by_class[:, [CLASS_CODE[name] for name in TWO_WHEELERS]].max(axis=1)
    pedals = (by_class[:, bicycle] >= card.bicycle_score_min) & (
        by_class[:, bicycle] >= card.bicycle_margin * by_class[:, motorcycle]
    )
    by_class[:, bicycle] = np.where(pedals, machine, 0.0)
    by_class[:, motorcycle] = np.where(pedals, 0.0, machine)
    classes = by_class.argmax(axis=1).astype(np.int8)
    return Detections(boxes_px, by_class.max(axis=1, initial=0.0), classes)


@kernel("void(f4[:, ::1], i1[::1], f8, b1[::1])")
def _suppress(boxes: NDArray[np.float32], groups: NDArray[np.int8], iou_max: float, keep: NDArray[np.bool_]) -> None:
    """Greedy suppression of boxes in falling order of score; ``keep`` comes in all True."""
    n = boxes.shape[0]
    for i in range(n):
        if not keep[i]:
            continue
        area_i = (boxes[i, 2] - boxes[i, 0]) * (boxes[i, 3] - boxes[i, 1])
        for j in range(i + 1, n):
            if not keep[j] or groups[i] != groups[j]:
                continue
            width = min(boxes[i, 2], boxes[j, 2]) - max(boxes[i, 0], boxes[j, 0])
            height = min(boxes[i, 3], boxes[j, 3]) - max(boxes[i, 1], boxes[j, 1])
            if width <= 0.0 or height <= 0.0:
                continue
            inter = width * height
            area_j = (boxes[j, 2] - boxes[j, 0]) * (boxes[j, 3] - boxes[j, 1])
            if inter > iou_max * (area_i + area_j - inter):
                keep[j] = False


def suppress(
    boxes_px: NDArray[np.float32], scores: NDArray[np.float32], groups: NDArray[np.int8], iou_max: float
) -> NDArray[np.intp]:
    """Non-maximum suppression within groups: of boxes that overlap too much the best one stays.

    Args:
        boxes_px: ``(n, 4)`` left, top, right, bottom.
        scores: ``(n,)``.
        groups: ``(n,)``; boxes of different groups never suppress each other.
        iou_max: overlap (intersection over union) that is still two things, 0..1.

    Returns:
        Indices that stay, best first; equal scores keep their order.
    """
    order = np.argsort(-scores, kind="stable")
    keep = np.ones(len(order), np.bool_)
    _suppress(
        np.ascontiguousarray(boxes_px[order], np.float32),
        np.ascontiguousarray(groups[order], np.int8),
        float(iou_max),
        keep,
    )
    return order[keep]


def suppress_detections(detections: Detections, iou_max: float) -> Detections:
    """Non-maximum suppression of road users by their suppression groups (`GROUP_OF_CODE`)."""
    groups = GROUP_OF_CODE[detections.classes]
    return detections.select(suppress(detections.boxes_px, detections.scores, groups, iou_max))
