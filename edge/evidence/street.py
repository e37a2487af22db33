"""Draws the street into a still: lanes, the stop line, and the line, lane or zone that the violation is about."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.evidence.case import Case
from nutgiao.edge.lanes.geometry import ApproachFrame
from nutgiao.models.contracts.site import Approach
from nutgiao.models.contracts.words import ViolationKind

Image = NDArray[np.uint8]
Floats = NDArray[np.float64]
Colour = tuple[int, int, int]

ABOUT: Colour = (0, 220, 255)  # BGR, the same as the vehicle's frame: both are what the case is about
_SHADE: Colour = (20, 20, 20)
_LANES: Colour = (110, 110, 110)
_STOP_LINE: Colour = (255, 255, 255)
_CONFLICT: Colour = (70, 70, 200)

STEP_M = 0.5
"""Lines are drawn in steps of this: one that runs on beside the camera or behind it is drawn as far as it is seen."""
FARTHEST_PX = 1e4
FINE_BITS = 3
"""Corners lie on an eighth of a pixel: at whole ones a straight line of short steps staggers."""
NEAR_M = 2.0
"""Of a lane or its border that has no length of its own the drawn piece begins so far inside the junction."""

_AT_STOP_LINE = (ViolationKind.RED_LIGHT, ViolationKind.ENTERED_ON_AMBER, ViolationKind.STOP_LINE)
_IN_LANE = (
    ViolationKind.WRONG_LANE, ViolationKind.BUS_LANE, ViolationKind.BANNED_TURN, ViolationKind.BANNED_UTURN
)  # fmt: skip


def draw_street(picture: Image, case: Case, scale: float) -> None:
    """Draws lanes, stop line and conflict area where they lie on the ground, and over them what the case is about.

    Args:
        picture: ``(h, w, 3)`` BGR, in place.
        case: the case.
        scale: pixels of the picture per pixel of the calibrated one.
    """
    if case.approach is not None:
        frame = ApproachFrame(case.approach)
        far, across = case.camera.view_m[1], np.array([0.0, frame.width_m])
        for y in frame.edges_m:
            _draw(picture, case, frame.ground(np.array([0.0, far]), np.full(2, y)), scale, _LANES, 1)
        _draw(picture, case, frame.ground(np.zeros(2), across), scale, _STOP_LINE, 2)
        conflict = np.full(2, -case.approach.stop_line.conflict_m)
        _draw(picture, case, frame.ground(conflict, across), scale, _CONFLICT, 1)
    about_m = about(case)
    if about_m is not None:
        _draw(picture, case, about_m, scale, _SHADE, 3)
        _draw(picture, case, about_m, scale, ABOUT, 1)


def about(case: Case) -> Floats | None:
    """What the violation is about, on the ground.

    Args:
        case: the case.

    Returns:
        ``(n, 2)`` metres: the outline of a zone or lane, first point again at the end, or the ends of a line; None
        where no piece of ground is meant, as of a helmet.
    """
    violation, approach = case.violation, case.approach
    if case.zone is not None:
        corners = np.array(case.zone.polygon_m, np.float64)
        return np.concatenate([corners, corners[:1]])
    if approach is None:
        return None
    frame, far = ApproachFrame(approach), case.camera.view_m[1]
    if violation.kind in _AT_STOP_LINE:
        return frame.ground(np.zeros(2), np.array([0.0, frame.width_m]))
    if violation.kind == ViolationKind.SOLID_LINE:
        return _solid_line(approach, frame, violation.numbers)
    lane = next((k for k, one in enumerate(approach.lanes) if one.id == violation.lane), None)
    if violation.kind not in _IN_LANE or lane is None:
        return None
    only = approach.lanes[lane].only
    near = only.from_m if violation.kind == ViolationKind.BUS_LANE and only is not None else -NEAR_M
    right, left = frame.edges_m[lane : lane + 2]
    return frame.ground(np.array([near, far, far, near, near]), np.array([right, right, left, left, right]))


def _solid_line(approach: Approach, frame: ApproachFrame, numbers: dict[str, float]) -> Floats | None:
    """The line between lanes that was passed; of several the one next to the lane that was left."""
    left, entered = (int(numbers.get(key, 0)) for key in ("from_lane", "to_lane"))
    if not (1 <= left <= len(approach.lanes) and 1 <= entered <= len(approach.lanes)) or left == entered:
        return None
    passed = left if entered > left else left - 1  # lanes count from 1 at the kerb, borders from 0
    solid_m = approach.lanes[passed - 1].solid_left_m or 0.0
    return frame.ground(np.array([0.0, solid_m]), np.full(2, frame.edges_m[passed]))


def _draw(picture: Image, case: Case, points_m: Floats, scale: float, colour: Colour, thickness: int) -> None:
    """Draws a line through points of the ground, as far as the camera sees them."""
    pieces = []
    for begin, end in itertools.pairwise(points_m):
        steps = max(1, int(np.ceil(np.hypot(*(end - begin)) / STEP_M)))
        pieces.append(begin + np.linspace(0.0, 1.0, steps + 1)[:, None] * (end - begin))
    uv = case.homography.image(np.concatenate(pieces)) * scale
    near = np.abs(np.nan_to_num(uv, nan=2 * FARTHEST_PX)) < FARTHEST_PX
    seen: NDArray[np.bool_] = np.asarray((np.isfinite(uv) & near).all(axis=1))
    for run in np.split(np.arange(len(uv)), np.flatnonzero(np.diff(seen)) + 1):
        if seen[run[0]] and len(run) > 1:
            fine = (uv[run] * (1 << FINE_BITS)).round().astype(np.int32)
            cv2.polylines(picture, [fine], False, colour, thickness, cv2.LINE_AA, FINE_BITS)
