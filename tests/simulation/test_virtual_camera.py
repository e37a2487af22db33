from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from nutgiao.models.contracts.site import Approach, Camera, Site
from nutgiao.models.contracts.words import CLASS_CODE, VehicleClass
from nutgiao.simulation.street import RoadUsers
from nutgiao.simulation.vehicles import SIZE_M
from nutgiao.simulation.virtual_camera import HEIGHT_PX, WIDTH_PX, VirtualCamera, pinhole_of


def homography(pairs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pixels to metres by the plain direct linear transform."""
    shift = pairs[:, 2:].mean(axis=0)
    rows = []
    for u, v, x, y in pairs:
        a, b, c, d = u / 1000, v / 1000, (x - shift[0]) / 100, (y - shift[1]) / 100
        rows += [[a, b, 1, 0, 0, 0, -c * a, -c * b, -c], [0, 0, 0, a, b, 1, -d * a, -d * b, -d]]
    h = np.linalg.svd(np.array(rows))[2][-1].reshape(3, 3)
    undo = np.array([[100.0, 0, shift[0]], [0, 100.0, shift[1]], [0, 0, 1]])
    return undo @ h @ np.diag([1e-3, 1e-3, 1.0])


def scene(approach: Approach, *bodies: tuple[VehicleClass, float, float]) -> RoadUsers:
    """Road users by class, metres upstream of the line (front) and metres from the kerb (middle)."""
    bearing = math.radians(approach.heading_deg)
    ahead = np.array([math.sin(bearing), math.cos(bearing)])
    left = np.array([-ahead[1], ahead[0]])
    front = np.array([np.array(approach.origin_m) - x * ahead + y * left for _, x, y in bodies]).reshape(-1, 2)
    size = np.array([SIZE_M[c] for c, _, _ in bodies]).reshape(-1, 3)
    n = len(bodies)
    return RoadUsers(
        time_s=0.0,
        ids=tuple(str(k) for k in range(n)),
        front_m=front,
        centre_m=front - 0.5 * size[:, :1] * ahead,
        heading_deg=np.full(n, approach.heading_deg),
        speed_mps=np.zeros(n),
        size_m=size,
        classes=np.array([CLASS_CODE[c] for c, _, _ in bodies], np.int8),
        edge=np.zeros(n, np.int32),
        slot=np.arange(n, dtype=np.int32),
        fresh=np.zeros(n, bool),
    )


@pytest.fixture(params=["west", "south"])
def view(request: pytest.FixtureRequest, sites: dict[str, Site]) -> tuple[Camera, Approach]:
    approach = sites["j1"].approach(request.param)
    return next(c for c in sites["j1"].cameras if c.approaches == (approach.id,)), approach


def test_ground_point_comes_back_through_the_clicked_pairs(view: tuple[Camera, Approach]) -> None:
    camera, approach = view
    matrix = homography(np.array(camera.ground_pairs))
    for x in (-12.0, -3.0, 0.0, 8.0, 20.0, 35.0):
        users = scene(approach, (VehicleClass.CAR, x, 2.5))
        pixel = pinhole_of(approach).project(np.array([[*users.front_m[0], 0.0]]))[0]
        ground = matrix @ (*pixel, 1.0)
        assert np.hypot(*(ground[:2] / ground[2] - users.front_m[0])) < 0.3


def test_bottom_of_a_box_lies_at_the_front_wheel(view: tuple[Camera, Approach]) -> None:
    camera, approach = view
    users = scene(approach, (VehicleClass.MOTORCYCLE, 5.0, 2.0))
    matrix = homography(np.array(camera.ground_pairs))
    eye = VirtualCamera(camera, approach, np.random.default_rng(1))
    seen = [eye.see(users) for _ in range(40)]
    boxes = np.concatenate([found.boxes_px for found in seen if len(found) == 1])
    bottom = matrix @ np.stack([boxes[:, [0, 2]].mean(axis=1), boxes[:, 3], np.ones(len(boxes))])
    error = np.hypot(*((bottom[:2] / bottom[2]).T - users.front_m[0]).T)
    assert len(boxes) > 35
    assert np.median(error) < 0.4


def test_rider_behind_a_bus_is_not_seen_and_beside_it_is(view: tuple[Camera, Approach]) -> None:
    camera, approach = view
    eye = VirtualCamera(camera, approach, np.random.default_rng(2))
    middle = approach.width_m / 2
    bus = (VehicleClass.BUS, 10.0, middle)
    behind = [eye.see(scene(approach, bus, (VehicleClass.MOTORCYCLE, 24.0, middle))) for _ in range(50)]
    beside = [eye.see(scene(approach, bus, (VehicleClass.MOTORCYCLE, 10.0, middle + 2.2))) for _ in range(50)]
    two_wheeled = [CLASS_CODE[VehicleClass.MOTORCYCLE], CLASS_CODE[VehicleClass.BICYCLE]]

    def riders(frames: list) -> int:  # type: ignore[type-arg]
        return sum(int(np.isin(found.classes[found.scores > 0.55], two_wheeled).sum()) for found in frames)

    assert riders(behind) == 0
    assert riders(beside) >= 45


def test_nothing_outside_the_picture_is_seen(view: tuple[Camera, Approach]) -> None:
    camera, approach = view
    eye = VirtualCamera(camera, approach, np.random.default_rng(3))
    users = scene(
        approach, (VehicleClass.CAR, -45.0, 2.0), (VehicleClass.CAR, 140.0, 2.0), (VehicleClass.CAR, 0.0, -40.0)
    )
    found = [eye.see(users) for _ in range(30)]
    assert sum(int((one.scores > 0.55).sum()) for one in found) == 0


def test_boxes_lie_inside_the_picture_and_the_same_seed_sees_the_same(view: tuple[Camera, Approach]) -> None:
    camera, approach = view
    random = np.random.default_rng(4)
    crowd = scene(
        approach,
        *[
            (VehicleClass.MOTORCYCLE, float(random.uniform(-14, 90)), float(random.uniform(0, approach.width_m)))
            for _ in range(60)
        ],
    )
    first, again = (VirtualCamera(camera, approach, np.random.default_rng(5)) for _ in range(2))
    for _ in range(5):
        a, b = first.see(crowd), again.see(crowd)
        np.testing.assert_array_equal(a.boxes_px, b.boxes_px)
        np.testing.assert_array_equal(a.scores, b.scores)
        assert 5 < len(a) < 60  # a crowd hides many of its own
        assert (a.boxes_px >= 0.0).all()
        assert (a.boxes_px[:, [0, 2]] <= WIDTH_PX).all()
        assert (a.boxes_px[:, [1, 3]] <= HEIGHT_PX).all()
        assert (a.boxes_px[:, 2:] > a.boxes_px[:, :2]).all()


def test_far_riders_are_missed_more_often_than_near_ones(view: tuple[Camera, Approach]) -> None:
    camera, approach = view
    eye = VirtualCamera(camera, approach, np.random.default_rng(6))

    def share(x: float) -> float:
        users = scene(approach, (VehicleClass.MOTORCYCLE, x, 2.0))
        return sum(len(eye.see(users)) > 0 for _ in range(200)) / 200

    assert share(0.0) > 0.93
    assert share(100.0) < share(0.0)


def test_empty_street_gives_an_empty_answer(view: tuple[Camera, Approach]) -> None:
    camera, approach = view
    eye = VirtualCamera(camera, approach, np.random.default_rng(7))
    assert sum(len(eye.see(scene(approach))) for _ in range(20)) <= 3
