from __future__ import annotations

import numpy as np

from nutgiao.edge.annotate import pixelate_bystanders
from nutgiao.models.contracts.words import CLASS_CODE, VehicleClass
from nutgiao.models.vision.detections import Detections

MOTORCYCLE = np.array([CLASS_CODE[VehicleClass.MOTORCYCLE]], np.int8)


def covered(*boxes: tuple[int, int, int, int]) -> np.ndarray:
    """Where a picture of noise was changed, ``(400, 300)`` bool."""
    return (pixelated(*boxes) != noise()).any(axis=2)


def noise() -> np.ndarray:
    """A picture ``(400, 300, 3)``."""
    return np.random.default_rng(3).integers(0, 255, (400, 300, 3)).astype(np.uint8)


def pixelated(*boxes: tuple[int, int, int, int]) -> np.ndarray:
    """The picture after it, with a motorcycle in every box."""
    image, n = noise(), len(boxes)
    found = Detections(np.array(boxes, np.float32), np.ones(n, np.float32), np.repeat(MOTORCYCLE, n))
    pixelate_bystanders(image, found)
    return image


def test_of_a_whole_rider_head_and_plate_are_covered() -> None:
    changed = covered((100, 100, 200, 300))
    assert changed[105:165, 105:195].mean() > 0.95
    assert changed[215:295, 115:185].mean() > 0.95
    assert not changed[172:208, :].any()  # the back, by which nobody is known


def test_of_a_rider_whom_the_lower_edge_cuts_everything_is_covered() -> None:
    """The head of who rides into the camera fills what is left of the box."""
    assert covered((50, 250, 250, 400))[255:398, 55:245].mean() > 0.95


def test_a_cut_rider_is_covered_also_where_the_box_ends_short_of_the_rim() -> None:
    """Networks draw the lower edge of a cut box some pixels too high: chin and mouth of a near rider stayed sharp."""
    assert covered((50, 100, 250, 394))[105:390, 55:245].mean() > 0.95


def test_a_whole_rider_near_the_rim_is_no_cut_one() -> None:
    """A gap of more than a twentieth of the box is street below the wheels."""
    assert not covered((50, 100, 250, 380))[202:250, :].any()


def test_of_a_rider_whose_machine_somebody_nearer_hides_the_chin_is_covered() -> None:
    """A box that holds head and shoulders only has its chin lower than a third of the way down."""
    alone, behind = covered((100, 100, 180, 160)), covered((100, 100, 180, 160), (90, 140, 200, 300))
    assert not alone[122:130, 105:175].any()
    assert behind[102:158, 105:175].mean() > 0.95


def test_a_sliver_of_a_rider_at_the_side_of_the_picture_is_as_coarse_as_a_whole_one() -> None:
    """Six blocks across what the left rim leaves of a box would show a face."""
    head = pixelated((0, 100, 30, 300))[102:168, :30]
    shades = len(np.unique(head.reshape(-1, 3), axis=0))
    assert shades <= 2 * 6  # columns times rows of blocks at least a sixteenth of the box high
