"""Places in the frame of an approach: the same whichever end of the vehicle the camera sees."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgiao.edge.lanes.geometry import ApproachFrame
from nutgiao.models.contracts.words import CLASS_CODE, VehicleClass
from nutgiao.models.vision.homography import fit_homography
from tests.support.scenes import Pinhole, approach, to_ground


@given(x=st.floats(-30, 90), y=st.floats(-5, 15), heading=st.floats(0, 359.9))
def test_into_the_frame_and_back(x: float, y: float, heading: float) -> None:
    leg = approach(heading_deg=heading)
    frame = ApproachFrame(leg)
    ground = to_ground(leg, np.array([x]), np.array([y]))
    assert np.allclose(frame.place(ground), [[x], [y]], atol=1e-9)
    assert np.allclose(frame.ground(np.array([x]), np.array([y])), ground, atol=1e-9)


@pytest.mark.parametrize("kind", [VehicleClass.MOTORCYCLE, VehicleClass.CAR, VehicleClass.BUS])
@pytest.mark.parametrize(
    "camera", [Pinhole(), Pinhole(x_m=95.0, downstream=True)], ids=["sees the front", "sees the rear"]
)
def test_the_front_bumper_is_found_from_either_side(camera: Pinhole, kind: VehicleClass) -> None:
    leg = approach()
    homography = fit_homography(np.array(camera.camera(leg).ground_pairs))
    for x in (2.0, 20.0, 40.0):
        box = camera.box(x, 4.5, kind)
        foot = np.array([[(box[0] + box[2]) / 2, box[3]]])
        towards = homography.towards_camera(foot)
        code = np.array([CLASS_CODE[kind]], np.int8)
        found_x, found_y = ApproachFrame(leg).front(homography.ground(foot), towards, code)
        assert found_x[0] == pytest.approx(x, abs=0.15)
        assert found_y[0] == pytest.approx(4.5, abs=0.15)


def test_a_rider_between_two_lanes_stays_in_the_first_one() -> None:
    frame = ApproachFrame(approach())  # lanes of 3 m
    lane = np.array([-1])
    lanes = []
    for y in (2.8, 3.2, 2.9, 3.3, 3.5, 2.9, 2.5):
        lane = frame.lane_of(np.array([y]), lane)
        lanes.append(int(lane[0]))
    assert lanes == [0, 0, 0, 0, 1, 1, 0]


def test_beside_the_road_the_nearest_lane_is_meant() -> None:
    frame = ApproachFrame(approach())
    assert frame.lane_of(np.array([-2.0, 20.0]), np.array([-1, -1])).tolist() == [0, 2]
    assert frame.on_carriageway(np.array([-2.0, -0.3, 4.0, 20.0])).tolist() == [False, True, True, False]
