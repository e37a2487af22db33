"""Stills of a case: the real picture with bystanders pixelated, or a drawing of what a camera without pixels saw."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.evidence.case import Case, Still
from nutgiao.edge.evidence.ring import STILL_WIDTH_PX
from nutgiao.edge.lanes.geometry import ApproachFrame
from nutgiao.models.contracts.errors import EvidenceBroken
from nutgiao.models.contracts.words import Indication

Image = NDArray[np.uint8]

_QUALITIES, _STILL_BYTES = (80, 65, 50, 35), 36_000  # the best that keeps three stills and the rest below 120 kB
_BLOCK_PX = 8
_SUBJECT = (0, 220, 255)  # BGR
_OTHER = (150, 150, 150)
_LAMPS = {
    Indication.RED: (40, 40, 230),
    Indication.RED_AMBER: (40, 120, 240),
    Indication.AMBER: (30, 180, 250),
    Indication.FLASHING_AMBER: (30, 180, 250),
    Indication.GREEN: (80, 190, 60),
    Indication.PERMISSIVE_GREEN: (80, 190, 60),
}


def draw_still(case: Case, still: Still) -> bytes:
    """Draws a still and encodes it as JPEG, 640 pixels wide.

    Args:
        case: the case.
        still: which moment.

    Returns:
        The JPEG file.

    Raises:
        EvidenceBroken: if it cannot be encoded.
    """
    scale = STILL_WIDTH_PX / case.camera.width_px
    boxes = still.frame.boxes_px * scale
    subject = None if still.box_px is None else np.asarray(still.box_px) * scale
    if still.frame.image is not None:
        picture = still.frame.image.copy()
        _pixelate(picture, boxes, subject)
    else:
        picture = np.full((round(case.camera.height_px * scale), STILL_WIDTH_PX, 3), 46, np.uint8)
        for left, top, right, bottom in boxes.astype(int):
            cv2.rectangle(picture, (left, top), (right, bottom), _OTHER, 1)
    _draw_street(picture, case, scale)
    if subject is not None:
        left, top, right, bottom = subject.round().astype(int)
        cv2.rectangle(picture, (int(left), int(top)), (int(right), int(bottom)), _SUBJECT, 2)
    _caption(picture, case, still)
    for quality in _QUALITIES:
        done, file = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
        if not done:
            raise EvidenceBroken(f"the still '{still.name}' could not be encoded as JPEG")
        if len(file) <= _STILL_BYTES:
            break
    return bytes(file.tobytes())


def _pixelate(picture: Image, boxes: NDArray[np.float32], subject: NDArray[np.float64] | None) -> None:
    """Makes everyone unrecognisable but the one whom the case is about, in place."""
    height, width = picture.shape[:2]
    kept = None
    if subject is not None:
        left, top, right, bottom = np.clip(subject, 0, [width, height, width, height]).round().astype(int)
        kept = (slice(int(top), int(bottom)), slice(int(left), int(right)))
    saved = None if kept is None else picture[kept].copy()
    for box in boxes:
        left, top, right, bottom = np.clip(box, 0, [width, height, width, height]).round().astype(int)
        if right - left < 2 or bottom - top < 2:
            continue
        part = picture[top:bottom, left:right]
        small = cv2.resize(
            part,
            (max(1, (right - left) // _BLOCK_PX), max(1, (bottom - top) // _BLOCK_PX)),
            interpolation=cv2.INTER_AREA,
        )
        picture[top:bottom, left:right] = cv2.resize(
            small, (right - left, bottom - top), interpolation=cv2.INTER_NEAREST
        )
    if kept is not None and saved is not None:
        picture[kept] = saved


def _draw_street(picture: Image, case: Case, scale: float) -> None:
    """Draws lanes, the stop line and the edge of the conflict area where they lie on the ground."""
    frame = ApproachFrame(case.approach)
    far = case.camera.view_m[1]
    for y in frame.edges_m:
        _line(picture, case, scale, np.array([0.0, far]), np.full(2, y), (110, 110, 110), 1)
    across = np.array([0.0, frame.width_m])
    _line(picture, case, scale, np.zeros(2), across, (255, 255, 255), 2)
    _line(picture, case, scale, np.full(2, -case.approach.stop_line.conflict_m), across, (70, 70, 200), 1)


def _line(
    picture: Image,
    case: Case,
    scale: float,
    x_m: NDArray[np.float64],
    y_m: NDArray[np.float64],
    colour: tuple[int, int, int],
    thickness: int,
) -> None:
    """Draws a line on the ground of the approach."""
    uv = case.homography.image(ApproachFrame(case.approach).ground(x_m, y_m)) * scale
    if np.isfinite(uv).all() and np.abs(uv).max() < 1e5:
        (u0, v0), (u1, v1) = uv.round().astype(int).tolist()
        cv2.line(picture, (u0, v0), (u1, v1), colour, thickness, cv2.LINE_AA)


def _caption(picture: Image, case: Case, still: Still) -> None:
    """Writes what the still shows, with the lamp as it was."""
    violation = case.violation
    cv2.rectangle(picture, (0, 0), (STILL_WIDTH_PX, 26), (20, 20, 20), -1)
    cv2.circle(picture, (14, 13), 8, _LAMPS.get(still.lamp, (90, 90, 90)), -1, cv2.LINE_AA)
    after_s = still.frame.time_s - violation.occurred_s
    text = f"{still.lamp}  {violation.kind}  {violation.approach}  {still.name}  {after_s:+.2f} s  {violation.track}"
    cv2.putText(picture, text, (30, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (235, 235, 235), 1, cv2.LINE_AA)
