"""Stills of a case: the real picture with bystanders covered, or a drawing of what a camera without pixels saw."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.evidence.blur import cover
from nutgiao.edge.evidence.case import Case, Still
from nutgiao.edge.evidence.ring import RingFrame
from nutgiao.edge.evidence.street import ABOUT, draw_street
from nutgiao.edge.evidence.subject import jpeg
from nutgiao.models.contracts.site_lamps import LampBox
from nutgiao.models.contracts.words import CLASS_CODE, TWO_WHEELERS, Indication, VehicleClass

Image = NDArray[np.uint8]

DRAWN_WIDTH_PX = 640
_QUALITIES = (85, 75, 65, 50, 35)
_STILL_BYTES, _DRAWN_BYTES = 130_000, 36_000  # three of them leave the clip its share of 1.5 MB
_HEAD_SHARE, _HEAD_MARGIN = 0.24, 0.5  # height of the enlarged signal head in the picture; what is shown around it
_OTHER = (150, 150, 150)
_UNKNOWN = (90, 90, 90)
_LAMPS = {
    Indication.RED: (40, 40, 230),
    Indication.RED_AMBER: (40, 120, 240),
    Indication.AMBER: (30, 180, 250),
    Indication.FLASHING_AMBER: (30, 180, 250),
    Indication.GREEN: (80, 190, 60),
    Indication.PERMISSIVE_GREEN: (80, 190, 60),
}
_PEOPLE = [CLASS_CODE[name] for name in (*TWO_WHEELERS, VehicleClass.PEDESTRIAN)]


def draw_still(case: Case, still: Still) -> bytes:
    """Draws a still and encodes it as JPEG.

    Args:
        case: the case.
        still: which moment.

    Returns:
        The JPEG file: as wide as the kept picture, or `DRAWN_WIDTH_PX` where there is none.
    """
    picture = still.frame.picture()
    drawn = picture is None
    if picture is None:
        scale = DRAWN_WIDTH_PX / case.camera.width_px
        picture = np.full((round(case.camera.height_px * scale), DRAWN_WIDTH_PX, 3), 46, np.uint8)
        for left, top, right, bottom in (still.frame.detections.boxes_px * scale).astype(int):
            cv2.rectangle(picture, (left, top), (right, bottom), _OTHER, 1)
    else:
        scale = picture.shape[1] / case.camera.width_px
        head = _head(case, still.frame, picture, scale)
        cover(picture, still.frame, case.frames, case.violation.number, scale)
    draw_street(picture, case, scale)
    mark(picture, still.box_px, scale)
    if not drawn and head is not None:
        _inset(picture, head, still.lamp)
    caption(picture, case, still.frame, still.lamp, still.name)
    return jpeg(picture, _QUALITIES, _DRAWN_BYTES if drawn else _STILL_BYTES)


def shows_lamp(case: Case, still: Still) -> bool:
    """Whether the signal head is enlarged in a still."""
    return still.frame.jpeg is not None and _lamp_box(case) is not None


def mark(picture: Image, box_px: NDArray[np.float64] | None, scale: float) -> None:
    """Draws a frame around the vehicle, in place; nothing where its box is not known.

    Args:
        picture: ``(h, w, 3)`` BGR.
        box_px: ``(4,)`` pixels of the calibrated picture.
        scale: pixels of the picture per pixel of the box.
    """
    if box_px is not None:
        left, top, right, bottom = np.clip(box_px * scale, -1e4, 1e4).round().astype(int).tolist()
        cv2.rectangle(picture, (left, top), (right, bottom), ABOUT, 2)


def caption(picture: Image, case: Case, frame: RingFrame, lamp: Indication, name: str) -> None:
    """Writes above a picture what it shows, with the lamp as it was, in place.

    Args:
        picture: ``(h, w, 3)`` BGR.
        case: the case.
        frame: which of its frames.
        lamp: what the signal group showed then.
        name: of the still; empty in a clip.
    """
    violation = case.violation
    width = picture.shape[1]
    size = max(0.3, min(0.42, width / 1500))
    cv2.rectangle(picture, (0, 0), (width, 26), (20, 20, 20), -1)
    cv2.circle(picture, (14, 13), 8, _LAMPS.get(lamp, _UNKNOWN), -1, cv2.LINE_AA)
    place = violation.zone or violation.approach
    after_s = frame.time_s - violation.occurred_s
    words = (lamp, violation.kind, place, name, f"{after_s:+.2f} s", violation.track)
    text = "  ".join(str(word) for word in words if word)
    cv2.putText(picture, text, (30, 18), cv2.FONT_HERSHEY_SIMPLEX, size, (235, 235, 235), 1, cv2.LINE_AA)


def _lamp_box(case: Case) -> LampBox | None:
    """The head of the group that matters, if the site says where it is."""
    group = case.violation.signal_group or (case.approach.signal_group if case.approach is not None else None)
    return next((lamp for lamp in case.camera.lamps if lamp.signal_group == group), None)


def _head(case: Case, frame: RingFrame, picture: Image, scale: float) -> Image | None:
    """The signal head, enlarged; covered like everything else where somebody is before or behind it."""
    lamp = _lamp_box(case)
    if lamp is None:
        return None
    boxes = np.array([*lamp.boxes_px.values()]) * scale
    (left, top), (right, bottom) = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    margin = _HEAD_MARGIN * max(right - left, 8.0)
    height, width = picture.shape[:2]
    x0, x1 = max(0, int(left - margin)), min(width, int(right + margin) + 1)
    y0, y1 = max(0, int(top - margin)), min(height, int(bottom + margin) + 1)
    if x1 - x0 < 2 or y1 - y0 < 2:
        return None
    people = frame.detections.boxes_px[np.isin(frame.detections.classes, _PEOPLE)] * scale
    if ((people[:, :2] < (x1, y1)).all(axis=1) & (people[:, 2:] > (x0, y0)).all(axis=1)).any():
        picture = picture.copy()
        cover(picture, frame, case.frames, -1, scale)
    enlarge = _HEAD_SHARE * height / (y1 - y0)
    size = (max(2, round((x1 - x0) * enlarge)), max(2, round((y1 - y0) * enlarge)))
    return np.asarray(cv2.resize(picture[y0:y1, x0:x1], size, interpolation=cv2.INTER_CUBIC), np.uint8)


def _inset(picture: Image, head: Image, lamp: Indication) -> None:
    """Puts the signal head into the upper right corner, framed in the colour that was reported."""
    height, width = head.shape[0], min(head.shape[1], picture.shape[1] // 2)
    left = picture.shape[1] - width - 6
    picture[32 : 32 + height, left : left + width] = head[:, :width]
    cv2.rectangle(picture, (left, 32), (left + width, 32 + height), _LAMPS.get(lamp, _UNKNOWN), 2)
