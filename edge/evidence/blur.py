"""Makes everyone in a picture unrecognisable but the one whom a case is about."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.evidence.ring import RingFrame
from nutgiao.models.contracts.words import CLASS_CODE, VehicleClass
from nutgiao.models.vision.gate import iou

Image = NDArray[np.uint8]

PERSON_BLOCKS, VEHICLE_BLOCKS = 6, 12
"""Blocks across a box: a head is about a third of a rider's width, a plate a quarter of a car's, a face far less."""

BLOCKS_DOWN = 16
"""Blocks down a person's or rider's box at most: one that the picture's edge cuts at the side shows a few hands' width
of a head, and six blocks across that would show a face."""

NEAR_S = (-0.6, -0.3, 0.3, 0.6)
"""Boxes of the frames so long before and after are covered too: who is missed in one frame is mostly seen beside it."""

MARGIN = 0.08
"""Boxes are covered so much wider and higher, as a share of their size: detectors cut heads and bumpers."""

SAME_IOU = 0.5
"""A detection that overlaps the vehicle's own box so far is the vehicle."""

_WIDE = [CLASS_CODE[name] for name in (VehicleClass.CAR, VehicleClass.BUS, VehicleClass.TRUCK)]


def pixelate(image: Image, left: float, top: float, right: float, bottom: float, blocks: int) -> None:
    """Makes a part of a picture as coarse as so many blocks across, in place.

    Args:
        image: ``(h, w, 3)`` uint8 BGR.
        left: edges of the part, pixels; outside the picture is cut off.
        top: see above.
        right: see above.
        bottom: see above.
        blocks: across its width.
    """
    height, width = image.shape[:2]
    x0, x1 = max(0, int(left)), min(width, int(right) + 1)
    y0, y1 = max(0, int(top)), min(height, int(bottom) + 1)
    if x1 - x0 < 2 or y1 - y0 < 2:
        return
    rows = max(1, round(blocks * (y1 - y0) / (x1 - x0)))
    small = cv2.resize(image[y0:y1, x0:x1], (min(blocks, x1 - x0), min(rows, y1 - y0)), interpolation=cv2.INTER_AREA)
    image[y0:y1, x0:x1] = cv2.resize(small, (x1 - x0, y1 - y0), interpolation=cv2.INTER_NEAREST)


def person_blocks(width_px: float, height_px: float) -> int:
    """How many blocks across a person's or rider's box may keep, 1 to `PERSON_BLOCKS`.

    Args:
        width_px: of the box.
        height_px: of the box.
    """
    return max(1, min(PERSON_BLOCKS, round(BLOCKS_DOWN * float(width_px) / max(float(height_px), 1.0))))


def cover(image: Image, frame: RingFrame, near: Sequence[RingFrame], number: int, scale: float) -> None:
    """Covers all road users but one, in place: those detected or followed, now and in the frames beside it.

    What lies behind the vehicle is covered first and the vehicle put back; what stands in front of it, nearer to the
    camera, is covered after that. Who was detected in no frame near this one is not covered.

    Args:
        image: the frame's picture.
        frame: what is known of it.
        near: all frames of the case.
        number: track of the vehicle; where it is not known everybody is covered.
        scale: pixels of the picture per pixel of the boxes.
    """
    subject = frame.box_of(number)
    now = _others(frame, number)
    beside = [_others(one, number) for one in _beside(frame, near)]
    saved = None if subject is None else _part(image, subject * scale)
    before = None if saved is None else saved.copy()
    for box in np.concatenate([now, *beside]):
        _cover(image, box, scale)
    if saved is None or before is None or subject is None:
        return
    saved[:] = before
    for box in now:
        if box[3] > subject[3]:  # its foot is lower in the picture, so it is nearer to the camera
            _cover(image, box, scale)


def _beside(frame: RingFrame, near: Sequence[RingFrame]) -> list[RingFrame]:
    """The frames nearest to `NEAR_S`, each once; none that is much farther."""
    found: dict[int, RingFrame] = {}
    for off_s in NEAR_S:
        one = min(near, key=lambda other: abs(other.time_s - frame.time_s - off_s), default=frame)
        if one is not frame and abs(one.time_s - frame.time_s) <= 2.0 * NEAR_S[-1]:
            found[id(one)] = one
    return list(found.values())


def _others(frame: RingFrame, number: int) -> NDArray[np.float64]:
    """``(n, 5)`` boxes of everybody else, and how many blocks across they may keep."""
    tracks = frame.tracks
    found = [frame.detections] if frame.sighted is frame.detections else [frame.detections, frame.sighted]
    seen = np.concatenate([each.boxes_px for each in found]).astype(np.float64)
    boxes = np.concatenate([seen, tracks.boxes_px])
    classes = np.concatenate([*(each.classes for each in found), tracks.classes])
    blocks = np.where(np.isin(classes, _WIDE), VEHICLE_BLOCKS, PERSON_BLOCKS)
    other = np.concatenate([np.ones(len(seen), np.bool_), tracks.numbers != number])
    subject = frame.box_of(number)
    if subject is not None and len(seen):
        other[: len(seen)] &= iou(subject[None].astype(np.float32), seen.astype(np.float32))[0] < SAME_IOU
    return np.asarray(np.column_stack([boxes, blocks])[other], np.float64)


def _cover(image: Image, box: NDArray[np.float64], scale: float) -> None:
    left, top, right, bottom = (box[:4] * scale).tolist()
    aside, above = MARGIN * (right - left), MARGIN * (bottom - top)
    blocks = int(box[4])
    if blocks == PERSON_BLOCKS:
        blocks = person_blocks(right - left, bottom - top)
    pixelate(image, left - aside, top - above, right + aside, bottom + above, blocks)


def _part(image: Image, box: NDArray[np.float64]) -> Image:
    """The picture inside a box, as a view."""
    height, width = image.shape[:2]
    left, top, right, bottom = np.clip(box, 0, [width, height, width, height]).round().astype(int).tolist()
    return image[top:bottom, left:right]
