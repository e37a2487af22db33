"""Speeds that a camera tells of SUMO's vehicles: the 95 % interval holds the true one as often as it says."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from nutgiao.edge.perception import Perception
from nutgiao.models.contracts.site import Site
from nutgiao.models.contracts.words import Indication
from nutgiao.models.vision.calibration import Calibration, PairNoise, calibrate
from nutgiao.models.vision.detections import DetectedFrame
from nutgiao.models.vision.speed import SpeedInterval, map_speed_sd, speed_interval
from nutgiao.simulation.street import STEP_S, RoadUsers, Street
from nutgiao.simulation.virtual_camera import VirtualCamera, pinhole_of

Open = Callable[..., Street]
Floats = NDArray[np.float64]

EDGE_PX = np.array([1.4, 2.0])
CLICKS = PairNoise(px=1.5, m=0.05, scale_share=0.01)
SIDE = 2
"""Frames before and after the one whose speed is asked for: a second each."""


@pytest.fixture
def frames(open_street: Open) -> list[RoadUsers]:
    """A red that lets a queue stand, then a green, seen twice a second."""
    kinds = ["car", "motorcycle", "motorcycle", "motorcycle"]
    found = []
    with open_street(*[(f"v{k}", kinds[k % 4], 1.1 * k, "N1_j1 j1_S1") for k in range(50)]) as street:
        groups = street.junctions["j1"].groups
        for second in range(80):
            street.show("j1", dict.fromkeys(groups, Indication.GREEN if second >= 25 else Indication.RED))
            found += [street.step(), street.step()]
    return found


def windows(frames: list[RoadUsers], site: Site) -> list[tuple[Floats, float]]:
    """Pieces of the ways of vehicles that drive before the north camera: ``(2 SIDE + 1, 2)`` fronts and true speed.

    SUMO moves by the speed after each step, so the motion at an instant is the mean of the steps before and after it.
    """
    approach = site.approach("north")
    bearing = np.radians(approach.heading_deg)
    way = np.array([np.sin(bearing), np.cos(bearing)])
    paths: dict[str, dict[int, Floats]] = {}
    for k, users in enumerate(frames):
        for name, front in zip(users.ids, users.front_m, strict=True):
            if -8.0 < -(front - approach.origin_m) @ way < 60.0:
                paths.setdefault(name, {})[k] = front
    found = []
    for path in paths.values():
        for k in path:
            if all(k + step in path for step in range(-SIDE, SIDE + 1)):
                true = float(np.hypot(*(path[k + 1] - path[k - 1])) / (2 * STEP_S))
                if true > 1.0:
                    found.append((np.array([path[k + step] for step in range(-SIDE, SIDE + 1)]), true))
    return found


def clicked(random: np.random.Generator, site: Site) -> Calibration:
    """A calibration that somebody made with shaky clicks and a tape that is stretched."""
    camera = next(one for one in site.cameras if one.approaches == ("north",))
    pairs = np.array(camera.ground_pairs)
    pairs[:, :2] = pinhole_of(site.approach("north")).project(np.column_stack([pairs[:, 2:], np.zeros(len(pairs))]))
    pairs += random.normal(0.0, [CLICKS.px, CLICKS.px, CLICKS.m, CLICKS.m], pairs.shape)
    middle = pairs[:, 2:].mean(axis=0)
    pairs[:, 2:] = middle + (pairs[:, 2:] - middle) * (1.0 + random.normal(0.0, CLICKS.scale_share))
    return calibrate(pairs, CLICKS)


def test_ninety_five_of_a_hundred_intervals_hold_the_true_speed(
    frames: list[RoadUsers], sites: dict[str, Site]
) -> None:
    random = np.random.default_rng(8)
    site, pieces = sites["j1"], windows(frames, sites["j1"])
    assert len(pieces) > 200
    pinhole = pinhole_of(site.approach("north"))
    time_s = STEP_S * np.arange(-SIDE, SIDE + 1)
    held, told, of_map = [], [], []
    for _ in range(40):
        calibration = clicked(random, site)
        for n in random.choice(len(pieces), 40, replace=False):
            fronts, true = pieces[n]
            exact = pinhole.project(np.column_stack([fronts, np.zeros(len(fronts))]))
            feet = exact + random.normal(0.0, EDGE_PX, exact.shape)
            speed = speed_interval(time_s, feet, np.broadcast_to(EDGE_PX, feet.shape), calibration, 0.0)
            assert speed is not None
            held.append(speed.low_mps <= true <= speed.high_mps)
            told.append(speed.sd_mps)
            of_map.append(speed.map_sd_mps)
    assert 0.93 <= np.mean(held) <= 0.97
    assert np.median(told) < 1.0
    assert np.median(of_map) < np.median(told)


def test_the_error_of_the_map_is_that_of_the_speeds_that_maps_of_other_clicks_give(sites: dict[str, Site]) -> None:
    random = np.random.default_rng(9)
    site = sites["j1"]
    approach = site.approach("north")
    bearing = np.radians(approach.heading_deg)
    way = np.array([np.sin(bearing), np.cos(bearing)])
    ground = approach.origin_m - np.array([[5.0], [40.0]]) * way
    ends = [np.column_stack([ground + side * 5.0 * way, np.zeros(2)]) for side in (-0.5, 0.5)]
    pixels = [pinhole_of(approach).project(end) for end in ends]
    maps = [clicked(random, site) for _ in range(40)]
    speeds = [np.hypot(*(m.homography.ground(pixels[1]) - m.homography.ground(pixels[0])).T) / 0.5 for m in maps]
    stated = np.mean([map_speed_sd(m, ground, np.broadcast_to(10.0 * way, (2, 2))) for m in maps], axis=0)
    made = np.std(speeds, axis=0)
    assert (stated > 0.75 * made).all()
    assert (stated < 1.5 * made).all()


def test_a_departure_comes_with_its_interval_from_boxes_to_the_event(open_street: Open, sites: dict[str, Site]) -> None:
    site = sites["j1"]
    camera = next(one for one in site.cameras if one.approaches == ("north",))
    approach = site.approach("north")
    bearing = np.radians(approach.heading_deg)
    way = np.array([np.sin(bearing), np.cos(bearing)])
    eye = VirtualCamera(camera, approach, np.random.default_rng(3))
    perception = Perception(site, "j1", "t", cameras=(camera.id,))
    measured: list[tuple[float, SpeedInterval | None]] = []
    crossed: list[tuple[float, float, float]] = []  # instant, and the speeds between which SUMO had it in that step
    before: dict[str, tuple[float, float]] = {}
    with open_street(*[(f"v{k}", "motorcycle", 5.0 * k, "N1_j1 j1_S1") for k in range(16)]) as street:
        green = dict.fromkeys(street.junctions["j1"].groups, Indication.GREEN)
        for k in range(220):
            street.show("j1", green)
            users = street.step()
            perception.on_frame(DetectedFrame(camera.id, users.time_s, k, eye.see(users)))
            if k % 2:
                measured += [(one.time_s, one.measured) for one in perception.second(users.time_s).crossings]
            upstream = (-(users.front_m - approach.origin_m) @ way).tolist()
            now = dict(zip(users.ids, zip(upstream, users.speed_mps.tolist(), strict=True), strict=True))
            for name, (x_m, speed) in now.items():
                if name in before and before[name][0] > 0.0 >= x_m:
                    crossed.append((users.time_s + x_m / speed, *sorted([speed, before[name][1]])))
            before = now
    assert len(crossed) >= 15
    assert len(measured) >= 13
    held = []
    for time_s, speed in measured:
        true_s, slowest, fastest = min(crossed, key=lambda one: abs(one[0] - time_s))
        assert abs(time_s - true_s) < 0.7
        assert speed is not None
        assert speed.high_mps - speed.low_mps < 4.0
        held.append(speed.low_mps <= fastest and speed.high_mps >= slowest)
    assert np.mean(held) > 0.85
