"""The vehicle alone, cut out of the frames in which it is largest and sharpest: for its plate and whoever reads it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.evidence.blur import cover
from nutgiao.edge.evidence.case import Case
from nutgiao.edge.evidence.ring import RingFrame
from nutgiao.models.contracts.evidence import PlateNote

Image = NDArray[np.uint8]

MOST_VIEWS = 8
_DECODED = 16  # the largest ones, of which the sharpest are kept
_CUT_SHARE = 0.1  # of a box outside the picture, above which the vehicle counts as cut
_PLATE_BYTES, _SIDE_PX = 60_000, 480
_QUALITIES = (90, 80, 65, 50)


@dataclass(frozen=True, slots=True, eq=False)
class SubjectView:
    """The vehicle in one frame.

    Attributes:
        time_s: capture time.
        image: ``(h, w, 3)`` BGR of its box; who stands in front of it is covered, so no other plate can be read there.
    """

    time_s: float
    image: Image


@dataclass(frozen=True, slots=True, eq=False)
class PlateFound:
    """What a reader made of the views.

    Attributes:
        note: the answer, or why there is none.
        picture: ``(h, w, 3)`` BGR of the plate; None if none was found.
    """

    note: PlateNote
    picture: Image | None = None


PlateLook = Callable[[Sequence[SubjectView]], PlateFound]
"""Reads the plate of one vehicle from its views, best first."""


def subject_views(case: Case, most: int = MOST_VIEWS) -> tuple[SubjectView, ...]:
    """Cuts the vehicle out of the frames that show it best.

    Args:
        case: the case.
        most: how many views at most.

    Returns:
        Best first, judged by width times the deviation of the Laplacian; empty without pixels.
    """
    number = case.violation.number
    sized = []
    for frame in case.filmed:
        box = frame.box_of(number)
        if box is not None and _seen(frame, number) and _inside(box, case) >= 1.0 - _CUT_SHARE:
            sized.append(((box[2] - box[0]) * (box[3] - box[1]), frame, box))
    sized.sort(key=lambda one: -one[0])
    ranked = []
    for _, frame, box in sized[:_DECODED]:
        image = frame.picture()
        if image is None:
            continue
        scale = image.shape[1] / case.camera.width_px
        cover(image, frame, case.frames, number, scale)
        left, top, right, bottom = np.maximum(box * scale, 0.0).round().astype(int).tolist()
        part = image[top:bottom, left:right].copy()
        if min(part.shape[:2]) >= 8:
            sharp = cv2.Laplacian(cv2.cvtColor(part, cv2.COLOR_BGR2GRAY), cv2.CV_64F).std()
            ranked.append((float(sharp) * part.shape[1], SubjectView(frame.time_s, part)))
    ranked.sort(key=lambda one: -one[0])
    return tuple(view for _, view in ranked[:most])


def plate_jpeg(picture: Image) -> bytes:
    """A picture of a plate or a vehicle as JPEG, small enough to be sent."""
    side = max(picture.shape[:2])
    if side > _SIDE_PX:
        size = (round(picture.shape[1] * _SIDE_PX / side), round(picture.shape[0] * _SIDE_PX / side))
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    return jpeg(picture, _QUALITIES, _PLATE_BYTES)


def jpeg(picture: Image, qualities: Sequence[int], limit_bytes: int) -> bytes:
    """The best JPEG of a picture below a size, or the smallest one.

    Args:
        picture: ``(h, w, 3)`` BGR.
        qualities: to try, best first.
        limit_bytes: size wanted.
    """
    data = b""
    for quality in qualities:
        _, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
        data = bytes(encoded.tobytes())
        if len(data) <= limit_bytes:
            break
    return data


def _seen(frame: RingFrame, number: int) -> bool:
    i = int(np.searchsorted(frame.tracks.numbers, number))
    return bool(frame.tracks.unseen_s[i] == 0.0)


def _inside(box: NDArray[np.float64], case: Case) -> float:
    """Share of a box that lies in the picture."""
    limit = [case.camera.width_px, case.camera.height_px] * 2
    left, top, right, bottom = np.clip(box, 0, limit)
    whole = (box[2] - box[0]) * (box[3] - box[1])
    return float((right - left) * (bottom - top) / whole) if whole > 0 else 0.0
