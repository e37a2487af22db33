"""Corrects a class by the size of a box on the ground, which a network that sees only pixels cannot know."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.words import CLASS_CODE, VehicleClass
from nutgiao.models.vision.detections import Detections
from nutgiao.models.vision.homography import Homography

LARGE_WIDTH_M = 2.5
"""Buses and trucks are 2.3-2.5 m wide and 2.8 m over the mirrors, a 16-seat van 2.0 and 2.3 m. COCO networks call the
van a bus from behind, and as a bus its front would be looked for 11 m ahead of its tail, over the stop line."""


def ground_width_m(detections: Detections, homography: Homography) -> NDArray[np.float64]:
    """Width on the ground between the lower corners of each box: ``(n,)`` metres, NaN beyond the horizon.

    Args:
        detections: road users in pixels of the calibrated picture.
        homography: map to the ground.
    """
    boxes = detections.boxes_px.astype(np.float64)
    left, right = homography.ground(boxes[:, [0, 3]]), homography.ground(boxes[:, [2, 3]])
    return np.asarray(np.linalg.norm(right - left, axis=1), np.float64)


def narrow_is_no_bus(detections: Detections, homography: Homography) -> Detections:
    """Calls a bus or truck that is too narrow for one a car; a box is never narrower than what is in it.

    Args:
        detections: road users in pixels of the calibrated picture.
        homography: map to the ground.

    Returns:
        The same boxes, some classes changed.
    """
    large = np.isin(detections.classes, [CLASS_CODE[VehicleClass.BUS], CLASS_CODE[VehicleClass.TRUCK]])
    narrow = large & (ground_width_m(detections, homography) < LARGE_WIDTH_M)
    classes = np.where(narrow, CLASS_CODE[VehicleClass.CAR], detections.classes).astype(np.int8)
    return Detections(detections.boxes_px, detections.scores, classes)
