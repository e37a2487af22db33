from __future__ import annotations

import numpy as np

from nutgiao.edge.annotate import pixelate_bystanders
from nutgiao.models.contracts.words import CLASS_CODE, VehicleClass
from nutgiao.models.vision.detections import Detections

MOTORCYCLE = np.array([CLASS_CODE[VehicleClass.MOTORCYCLE]], np.int8)


def covered(box: tuple[int, int, int, int]) -> np.ndarray:
    """Where a picture of noise was changed, ``(400, 300)`` bool."""
    image = np.random.default_rng(3).integers(0, 255, (400, 300, 3)).astype(np.uint8)
    before = image.copy()
    pixelate_bystanders(image, Detections(np.array([box], np.float32), np.ones(1, np.float32), MOTORCYCLE))
    return (image != before).any(axis=2)


def test_of_a_whole_rider_head_and_plate_are_covered() -> None:
    changed = covered((100, 100, 200, 300))
    assert changed[105:165, 105:195].mean() > 0.95
    assert changed[215:295, 115:185].mean() > 0.95
    assert not changed[172:208, :].any()  # the back, by which nobody is known


def test_of_a_rider_whom_the_lower_edge_cuts_everything_is_covered() -> None:
    """The head of who rides into the camera fills what is left of the box."""
    assert covered((50, 250, 250, 400))[255:398, 55:245].mean() > 0.95
