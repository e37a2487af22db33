"""Places in the frame of an approach: the same whichever end of the vehicle the camera sees."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgiao.edge.lanes.geometry import ApproachFrame, fronts
from nutgiao.models.contracts.site import Approach
from nutgiao.models.contracts.words import CLASS_CODE, CLASSES, VehicleClass
from nutgiao.models.queueing.mcu import LENGTH_BY_CODE_M, WIDTH_BY_CODE_M
from nutgiao.models.vision.homography import Homography, fit_homography
from tests.support.scenes import Pinhole, approach, to_ground


def front(ground: np.ndarray, leg: Approach, homography: Homography, code: int) -> tuple[np.ndarray, np.ndarray]:
    frame, x, y = ApproachFrame(leg), np.empty(len(ground)), np.empty(len(ground))
    size = np.full(len(ground), LENGTH_BY_CODE_M[code]), np.full(len(ground), WIDTH_BY_CODE_M[code])
    fronts(ground, *size, frame.origin, frame.way, homography.to_ground, homography.to_image, x, y)
    return x, y


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
        ground = homography.ground(np.array([[(box[0] + box[2]) / 2, box[3]]]))
        (found_x,), (found_y,) = front(ground, leg, homography, CLASS_CODE[kind])
        assert found_x == pytest.approx(x, abs=0.15)
        assert found_y == pytest.approx(4.5, abs=0.15)


@given(x=st.floats(-30, 90), y=st.floats(-20, 30), downstream=st.booleans(), code=st.integers(0, len(CLASSES) - 1))
def test_the_kernel_places_the_footprint_as_the_homography_does(
    x: float, y: float, downstream: bool, code: int
) -> None:
    leg, camera = approach(), Pinhole(x_m=95.0, downstream=True) if downstream else Pinhole()
    homography = fit_homography(np.array(camera.camera(leg).ground_pairs))
    frame, ground = ApproachFrame(leg), to_ground(leg, np.array([x]), np.array([y]))
    towards = homography.towards_camera(homography.image(ground))
    along, across = towards @ frame.way, towards @ frame.left
    half_length, half_width = LENGTH_BY_CODE_M[code] / 2, WIDTH_BY_CODE_M[code] / 2
    support = np.abs(along) * half_length + np.abs(across) * half_width
    expected = x + along * support - half_length, y - across * support
    assert np.allclose(front(ground, leg, homography, code), expected, atol=1e-6)


def test_nobody_stands_behind_the_camera() -> None:
    leg, camera = approach(), Pinhole()
    homography = fit_homography(np.array(camera.camera(leg).ground_pairs))
    assert np.isnan(front(to_ground(leg, np.array([-80.0]), np.array([4.5])), leg, homography, 0)).all()


def test_the_road_reaches_a_little_over_its_kerbs() -> None:
    frame = ApproachFrame(approach())
    assert frame.on_carriageway(np.array([-2.0, -0.3, 4.0, 20.0])).tolist() == [False, True, True, False]
