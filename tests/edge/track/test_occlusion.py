"""A vehicle out of sight is drawn where the camera would see it."""

from __future__ import annotations

import numpy as np
import pytest

from nutgiao.edge.track.occlusion import follow_box
from nutgiao.models.contracts.words import VehicleClass
from nutgiao.models.vision.homography import fit_homography
from tests.support.scenes import Pinhole, approach

LEG, CAMERA = approach(), Pinhole()
MAP = fit_homography(np.array(CAMERA.camera(LEG).ground_pairs))


@pytest.mark.parametrize(("from_m", "to_m"), [(50.0, 45.0), (30.0, 38.0), (10.0, 2.0)])
def test_the_box_moves_and_grows_with_the_ground_point(from_m: float, to_m: float) -> None:
    before, after = (CAMERA.box(x, 4.5, VehicleClass.MOTORCYCLE) for x in (from_m, to_m))
    box, foot = before.astype(np.float32), np.array([(before[0] + before[2]) / 2, before[3]])
    ground = MAP.ground(np.array([[(after[0] + after[2]) / 2, after[3]]]))
    follow_box(np.append(ground[0], [0.0, 0.0]), MAP.to_ground, MAP.to_image, box, foot)
    assert box == pytest.approx(after, abs=2.0)  # only its length does not scale with the rest
    assert foot == pytest.approx([(after[0] + after[2]) / 2, after[3]], abs=0.01)


def test_behind_the_camera_the_box_stays_as_it_was() -> None:
    box, foot = np.array([1, 2, 3, 4], np.float32), np.array([2.0, 4.0])
    way = np.array([np.sin(np.radians(LEG.heading_deg)), np.cos(np.radians(LEG.heading_deg))])
    behind = np.array(LEG.origin_m) + 80.0 * way  # the mast stands 38 m beyond the line
    follow_box(np.append(behind, [0.0, 0.0]), MAP.to_ground, MAP.to_image, box, foot)
    assert box.tolist() == [1, 2, 3, 4]
