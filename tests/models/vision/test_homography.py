"""The map to the ground goes both ways, tells its own error in metres, and refuses pairs that fix nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nutgiao.models.contracts.errors import ContractError
from nutgiao.models.vision.homography import Homography, fit_homography

FOCAL, HALF_WIDTH, HALF_HEIGHT = 1500.0, 640.0, 360.0


def pixels(ground: np.ndarray, height: float, pitch: float, heading: float) -> np.ndarray:
    """A pinhole at the origin's plumb line, written out without any matrix of the code under test."""
    ahead = ground @ [np.sin(heading), np.cos(heading)]
    right = ground @ [np.cos(heading), -np.sin(heading)]
    depth = ahead * np.cos(pitch) + height * np.sin(pitch)
    down = height * np.cos(pitch) - ahead * np.sin(pitch)
    return np.column_stack([HALF_WIDTH + FOCAL * right / depth, HALF_HEIGHT + FOCAL * down / depth])


def marks(heading: float) -> np.ndarray:
    """Ten marks on both kerbs of a road that the camera looks along, 15 to 80 m ahead."""
    ahead, right = (a.ravel() for a in np.meshgrid([15.0, 22.0, 35.0, 55.0, 80.0], [-5.0, 5.0]))
    way, side = np.array([np.sin(heading), np.cos(heading)]), np.array([np.cos(heading), -np.sin(heading)])
    return ahead[:, None] * way + right[:, None] * side


def fitted(height: float = 8.0, pitch: float = 0.2, heading: float = 0.7, shift: float = 0.0) -> Homography:
    ground = marks(heading)
    return fit_homography(np.hstack([pixels(ground, height, pitch, heading), ground + shift]))


@settings(max_examples=60, deadline=None)
@given(
    height=st.floats(4.0, 15.0),
    pitch=st.floats(0.05, 0.6),
    heading=st.floats(-3.1, 3.1),
    shift=st.floats(-1e5, 1e5),
)
def test_ground_to_picture_and_back_is_the_same_point(
    height: float, pitch: float, heading: float, shift: float
) -> None:
    homography = fitted(height, pitch, heading, shift)
    points = marks(heading)[::3] * 1.1 + shift
    assert np.allclose(homography.ground(homography.image(points)), points, atol=1e-4)
    assert np.allclose(homography.image(points), pixels(points - shift, height, pitch, heading), atol=0.02)
    assert homography.rms_m < 1e-4


def test_derivative_is_that_of_small_steps() -> None:
    homography = fitted()
    uv = np.array([[300.0, 400.0], [900.0, 250.0], [640.0, 600.0]])
    jacobian = homography.jacobian(uv)
    for axis in range(2):
        step = np.zeros(2)
        step[axis] = 1e-3
        numeric = (homography.ground(uv + step) - homography.ground(uv - step)) / 2e-3
        assert np.allclose(jacobian[:, :, axis], numeric, rtol=1e-5)


def test_a_pixel_of_noise_weighs_more_metres_far_away() -> None:
    homography = fitted(heading=0.0)
    near, far = homography.image(np.array([[0.0, 15.0], [0.0, 80.0]]))
    covariance = homography.ground_covariance(np.array([near, far]), np.ones(2), np.ones(2))
    along = np.sqrt(covariance[:, 1, 1])
    depth_near, depth_far = (ahead * np.cos(0.2) + 8.0 * np.sin(0.2) for ahead in (15.0, 80.0))
    assert along[1] / along[0] == pytest.approx((depth_far / depth_near) ** 2, rel=1e-3)


def test_down_the_picture_leads_to_the_camera() -> None:
    homography = fitted(heading=0.7)
    ground = marks(0.7)
    towards = homography.towards_camera(homography.image(ground))
    meeting = -8.0 * np.tan(0.2) * np.array([np.sin(0.7), np.cos(0.7)])  # just behind the foot of the mast
    assert np.allclose(towards, (meeting - ground) / np.linalg.norm(meeting - ground, axis=1, keepdims=True), atol=1e-6)


def test_error_is_told_in_metres_and_a_mistyped_mark_shows_when_left_out() -> None:
    ground = marks(0.0)
    uv = pixels(ground, 8.0, 0.2, 0.0)
    clicked = fit_homography(np.hstack([uv.round(), ground]))
    assert 0.0 < clicked.rms_m < clicked.leave_one_out_m < 1.0
    uv[4, 1] += 12.0
    assert fit_homography(np.hstack([uv, ground])).leave_one_out_m > 2 * clicked.leave_one_out_m


def test_four_pairs_fit_exactly_and_leave_nothing_to_check() -> None:
    ground = marks(0.0)[[0, 4, 5, 9]]
    homography = fit_homography(np.hstack([pixels(ground, 8.0, 0.2, 0.0), ground]))
    assert homography.rms_m < 1e-6
    assert np.isnan(homography.leave_one_out_m)


@pytest.mark.parametrize(
    "rows",
    [
        [0, 4, 5],  # too few
        [0, 1, 2, 3, 4],  # all on one kerb
        [0, 1, 2, 9],  # three of four on a line
        [0, 0, 4, 5],  # one twice
        [3, 3, 3, 3],
    ],
)
def test_pairs_that_fix_no_ground_are_refused(rows: list[int]) -> None:
    ground = marks(0.0)[rows]
    with pytest.raises(ContractError, match="ground_pairs"):
        fit_homography(np.hstack([pixels(ground, 8.0, 0.2, 0.0), ground]))


def test_sky_has_no_ground_point() -> None:
    assert np.isnan(fitted().ground(np.array([[640.0, -400.0]]))).all()
