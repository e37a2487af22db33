"""The piece of ground that a violation is about can be seen in its stills, where it lies, and in no original."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace

import cv2
import msgspec
import numpy as np
import pytest

from nutgiao.edge.evidence.case import Case
from nutgiao.edge.evidence.clip import originals
from nutgiao.edge.evidence.picture import draw_still
from nutgiao.edge.evidence.street import about
from nutgiao.edge.perception import Perception
from nutgiao.models.contracts.evidence import geometry_hash
from nutgiao.models.contracts.site import Lane, Zone
from nutgiao.models.contracts.site_rules import KeptLane, RuleSetting
from nutgiao.models.contracts.words import Turn, VehicleClass, ViolationKind, ViolationName, ZoneKind
from nutgiao.models.vision.detections import DetectedFrame
from tests.support.scenes import GREEN, RED, Pinhole, Scene, Vehicle, approach, drive, site, watch
from tests.support.zone_scenes import zone

BUSES = KeptLane(classes=(VehicleClass.BUS,), from_m=20.0)
LEG = approach(
    lanes=(
        Lane(id="kerb", width_m=3.0, turns=(Turn.THROUGH,), solid_left_m=30.0),
        Lane(id="middle", width_m=3.0, turns=(Turn.THROUGH,), only=BUSES),
        Lane(id="left", width_m=3.0, turns=(Turn.LEFT,)),
    )
)


class Grey(Scene):
    """Grey pictures: every yellow pixel in a still has been drawn."""

    def frame(self, t: float) -> DetectedFrame:
        plain = super().frame(t)
        image = np.full((720, 1280, 3), 90, np.uint8)
        return DetectedFrame(plain.camera, plain.time_s, plain.index, plain.detections, image)


@pytest.fixture(scope="module")
def red_light() -> Case:
    perception = Perception(site(LEG), "j1", "b1")
    scene = Grey([Vehicle(drive(8.0, 11.0), 4.5)])
    (violation,) = watch(perception, scene, 16, lambda t: RED if t >= 8 else GREEN).violations
    return perception.case(violation)


def told_of(case: Case, kind: ViolationName, zone: Zone | None = None, **more: float) -> Case:
    """The same pictures, with another violation in them."""
    name = None if zone is None else zone.id
    return replace(case, violation=replace(case.violation, kind=kind, zone=name, numbers=more), zone=zone)


def yellow(case: Case, points_m: list[tuple[float, float]]) -> list[bool]:
    """Whether the still shows something drawn at points of the approach's frame, by the scene's own camera."""
    still = case.stills[0]
    picture = cv2.imdecode(np.frombuffer(draw_still(case, still), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    found = []
    for x, y in points_m:
        u, v = Pinhole().pixel(np.array([x]), np.array([y]), np.zeros(1))[0].round().astype(int)
        part = picture[v - 3 : v + 4, u - 3 : u + 4].astype(int)
        assert part.shape == (7, 7, 3), (x, y)
        found.append(bool(((part[..., 2] - part[..., 0] > 60) & (part[..., 1] - part[..., 0] > 40)).any()))
    return found


def test_a_zone_is_outlined_where_it_lies(red_light: Case) -> None:
    box = zone(ZoneKind.BOX, (-6.0, 6.0), (1.0, 8.0))
    case = told_of(red_light, ViolationKind.BLOCKED_BOX, box)
    assert all(yellow(case, [(-6.0, 4.0), (6.0, 2.5), (0.0, 1.0), (2.0, 8.0)]))
    assert not any(yellow(case, [(2.0, 2.0), (9.0, 6.0)]))  # neither filled nor beside it


def test_the_stop_line_is_what_a_red_light_is_about(red_light: Case) -> None:
    assert all(yellow(red_light, [(0.0, 1.0), (0.0, 8.0)]))
    assert not any(yellow(red_light, [(6.0, 1.0), (-6.0, 7.5)]))


def test_the_solid_line_that_was_passed_is_drawn_and_no_other(red_light: Case) -> None:
    for way in ({"from_lane": 1.0, "to_lane": 2.0}, {"from_lane": 2.0, "to_lane": 1.0}):
        case = told_of(red_light, ViolationKind.SOLID_LINE, **way)
        assert all(yellow(case, [(5.0, 3.0), (20.0, 3.0)]))
        assert not any(yellow(case, [(5.0, 6.0), (38.0, 3.0)]))  # not the next line, nor where it is broken


def test_a_kept_lane_is_outlined_from_where_it_begins(red_light: Case) -> None:
    case = replace(
        told_of(red_light, ViolationKind.BUS_LANE),
        violation=replace(red_light.violation, kind=ViolationKind.BUS_LANE, lane="middle", numbers={}),
    )
    assert all(yellow(case, [(25.0, 3.0), (25.0, 6.0), (20.0, 4.5)]))
    assert not any(yellow(case, [(10.0, 3.0), (10.0, 6.0)]))


def test_a_helmet_is_about_no_piece_of_ground(red_light: Case) -> None:
    assert about(told_of(red_light, ViolationKind.NO_HELMET)) is None


def test_a_zone_that_runs_on_behind_the_camera_is_drawn_as_far_as_it_is_seen(red_light: Case) -> None:
    pavement = zone(ZoneKind.PAVEMENT, (-200.0, 10.0), (1.0, 8.0))
    assert all(yellow(told_of(red_light, ViolationKind.PAVEMENT, pavement), [(10.0, 2.0), (4.0, 8.0), (-5.0, 1.0)]))


def test_the_originals_stay_as_the_camera_gave_them(red_light: Case) -> None:
    box = zone(ZoneKind.BOX, (-6.0, 6.0), (1.0, 8.0))
    case = told_of(red_light, ViolationKind.BLOCKED_BOX, box)
    draw_still(case, case.stills[0])
    packed = originals(case)
    assert packed is not None
    with zipfile.ZipFile(io.BytesIO(packed)) as files:
        pictures = [files.read(name) for name in files.namelist() if name.endswith(".jpg")]
    assert pictures == [frame.jpeg for frame in case.filmed]
    for data in pictures:
        plain = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        assert plain is not None
        assert np.abs(plain.astype(int) - 90).max() <= 2


def test_another_shape_of_the_zone_is_another_version_of_the_geometry(red_light: Case) -> None:
    leg, camera = red_light.approach, red_light.camera
    narrow, wide = (zone(ZoneKind.BOX, (-6.0, 6.0), (1.0, y)) for y in (7.0, 8.0))
    assert len({geometry_hash(leg, camera, one) for one in (None, narrow, wide)}) == 3


def test_a_zone_of_the_site_reaches_the_still() -> None:
    """From the rule to the picture: somebody rides along the pavement."""
    pavement = zone(ZoneKind.PAVEMENT, (-8.0, 55.0), (-4.0, -0.6))
    asked = (RuleSetting(kind=ViolationKind.PAVEMENT),)
    town = msgspec.structs.replace(site(LEG), zones=(pavement,), rules=asked)
    perception = Perception(town, "j1", "b1")
    scene = Grey([Vehicle(drive(6.0, 10.0), -2.2)])
    (violation,) = watch(perception, scene, 16, lambda t: GREEN).violations
    case = perception.case(violation)
    assert case.zone == pavement
    assert all(yellow(case, [(30.0, -0.6), (12.0, -4.0)]))
