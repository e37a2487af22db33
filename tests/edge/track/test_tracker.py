"""Identities in the scenes that break trackers: two frames a second, dense standing queues, misses, gaps."""

from __future__ import annotations

import numpy as np
import pytest

from nutgiao.edge.track.prior import ApproachPrior
from nutgiao.edge.track.settings import TrackerSettings
from nutgiao.edge.track.tracker import Tracker
from nutgiao.edge.track.tracks import Tracks
from nutgiao.models.contracts.errors import ContractError
from nutgiao.models.contracts.words import CLASS_CODE, CLASSES, Turn, VehicleClass
from nutgiao.models.vision.detections import Detections
from nutgiao.models.vision.homography import fit_homography
from tests.support.movements import way
from tests.support.scenes import START_S, Pinhole, Scene, Vehicle, approach, brake, drive, stand, start


def tracker(boot: str = "b1", pinhole: Pinhole | None = None) -> Tracker:
    leg = approach()
    camera = (pinhole or Pinhole()).camera(leg)
    homography = fit_homography(np.array(camera.ground_pairs))
    return Tracker(f"j1-cam-{boot}", homography, (camera.width_px, camera.height_px), ApproachPrior.of([leg]))


def follow(scene: Scene, times: list[float], missing: tuple[int, ...] = ()) -> list[Tracks]:
    """Tracks after each frame; frames that are missing never reach the tracker."""
    eye = tracker()
    return [eye.step(START_S + t, scene.detections(t)) for k, t in enumerate(times) if k not in missing]


def every(period_s: float, until_s: float) -> list[float]:
    return [k * period_s for k in range(round(until_s / period_s))]


def crowd() -> list[Vehicle]:
    """Sixty motorcycles in rows of six, as they stand at a red lamp."""
    return [Vehicle(stand(0.5 + 2.4 * (k // 6)), y_m=0.8 + 1.45 * (k % 6)) for k in range(60)]


def ids(frames: list[Tracks]) -> set[str]:
    return {name for tracks in frames for name in tracks.ids}


@pytest.mark.parametrize("speed_mps", [4.0, 8.0, 10.0])
def test_a_platoon_at_two_frames_a_second_keeps_its_ids(speed_mps: float) -> None:
    platoon = [Vehicle(drive(speed_mps, 8.0 + k * 12.0 / speed_mps), y_m=1.5 + 3.0 * (k % 3)) for k in range(9)]
    frames = follow(Scene(platoon), every(0.5, 30.0))
    assert len(ids(frames)) == len(platoon)


def test_a_new_vehicle_is_confirmed_with_its_third_frame() -> None:
    frames = follow(Scene([Vehicle(drive(9.0, 6.0))]), every(0.5, 3.0))
    assert [len(tracks) for tracks in frames[:4]] == [0, 0, 1, 1]
    assert frames[-1].velocity_mps[0] == pytest.approx([4.5, 7.8], abs=1.5)  # 9 m/s at a heading of 30 degrees


@pytest.mark.slow
def test_a_standing_queue_of_sixty_keeps_its_ids_for_a_thousand_frames() -> None:
    # boxes overlap in the picture, every edge jitters by 1.5 px, and one box in twenty is missed
    frames = follow(Scene(crowd(), miss_share=0.05), every(0.5, 500.0))
    assert len(ids(frames)) <= 61  # at most one switch
    assert len(frames[-1]) == 60


def test_ids_survive_three_lost_frames_in_a_row() -> None:
    cars = [Vehicle(drive(7.0, 9.0 + 2.0 * k), 4.5, VehicleClass.CAR) for k in range(4)]
    times = every(0.2, 12.0)
    frames = follow(Scene(cars), times, missing=(20, 21, 22, 40, 41, 42))
    assert len(ids(frames)) == 4


@pytest.mark.parametrize(("least_overlap", "names"), [(0.3, 1), (1.1, 2)])
def test_who_is_hidden_below_is_held_by_the_picture(least_overlap: float, names: int) -> None:
    """The wheels go behind something: on the ground the box jumps back by metres, in the picture it is the same."""
    leg, scene = approach(), Scene([Vehicle(stand(12.0))], noise_px=0.5, miss_share=0.0)
    camera = Pinhole().camera(leg)
    settings = TrackerSettings(least_overlap=least_overlap)
    size = camera.width_px, camera.height_px
    eye = Tracker("t", fit_homography(np.array(camera.ground_pairs)), size, ApproachPrior.of([leg]), settings=settings)
    seen = []
    for k in range(30):
        found = scene.detections(k / 2)
        if k >= 12:
            boxes = np.array(found.boxes_px)
            boxes[:, 3] -= 0.45 * (boxes[:, 3] - boxes[:, 1])
            found = Detections(boxes, found.scores, found.classes)
        seen.append(eye.step(START_S + k / 2, found))
    assert len(ids(seen)) == names
    assert len(seen[-1]) == 1


@pytest.mark.parametrize("turn", [Turn.LEFT, Turn.RIGHT])
@pytest.mark.parametrize("speed_mps", [4.0, 5.5])
def test_who_turns_beyond_the_line_keeps_the_id_at_two_frames_a_second(turn: Turn, speed_mps: float) -> None:
    """From above, 20 pixels a metre: the picture's y is the way against the approach, its x runs to the right."""
    pairs = np.array([[1000.0 + 20.0 * y, 1000.0 - 20.0 * x, y, x] for x in (-50.0, 50.0) for y in (-50.0, 50.0)])
    leg = approach(origin_m=(0.0, 0.0), heading_deg=0.0)
    eye = Tracker("t", fit_homography(pairs), (2000, 2000), ApproachPrior.of([leg]), noise_px=6.0)
    turning, random = way(turn, speed_mps, 1.5), np.random.default_rng(1)
    seen = []
    for k in range(30):
        x, y = turning(0.5 * k)
        if not (abs(x) < 40.0 and abs(y) < 40.0):
            continue
        foot = np.array([1000.0 - 20.0 * y, 1000.0 + 20.0 * x]) + random.normal(0.0, 4.0, 2)
        box = np.array([[foot[0] - 10.0, foot[1] - 40.0, foot[0] + 10.0, foot[1]]], np.float32)
        seen.append(eye.step(START_S + 0.5 * k, Detections(box, np.array([0.9], np.float32), np.zeros(1, np.int8))))
    assert len(ids(seen)) == 1
    assert seen[-1].unseen_s[0] == 0.0


@pytest.mark.parametrize("fps", [2.0, 6.0, 25.0])
def test_the_frame_rate_does_not_matter(fps: float) -> None:
    riders = [Vehicle(brake(9.0, 1.0 + 2.6 * k, 9.0 + 0.4 * k), y_m=1.0 + 1.8 * (k % 4)) for k in range(12)]
    frames = follow(Scene(riders), every(1 / fps, 16.0))
    assert len(ids(frames)) == 12
    assert np.abs(frames[-1].velocity_mps).max() < 0.7


def test_a_queue_that_starts_keeps_its_ids() -> None:
    queue = [Vehicle(start(1.0 + 2.8 * (k // 4), 6.0 + 0.6 * (k // 4)), y_m=1.0 + 2.0 * (k % 4)) for k in range(24)]
    frames = follow(Scene(queue), every(0.5, 22.0))
    assert len(ids(frames)) == 24


def test_a_candidate_has_no_id_and_a_lone_false_box_never_gets_one() -> None:
    eye = tracker()
    box = Pinhole().box(20.0, 3.0, VehicleClass.MOTORCYCLE)[None].astype(np.float32)
    flash = Detections(box, np.array([0.9], np.float32), np.zeros(1, np.int8))
    assert len(eye.step(START_S, flash)) == 0
    assert len(eye.tentative()) == 1
    for k in range(1, 4):
        assert len(eye.step(START_S + k, Detections.empty())) == 0
    assert len(eye.tentative()) == 0


def test_ids_carry_node_camera_and_boot() -> None:
    scene = Scene([Vehicle(stand(10.0))])
    for boot in ("b1", "b2"):
        eye = tracker(boot)
        for t in every(0.5, 2.0):
            tracks = eye.step(START_S + t, scene.detections(t))
        assert tracks.ids == (f"j1-cam-{boot}-1",)


def test_the_class_is_what_most_detections_said() -> None:
    scene, eye = Scene([Vehicle(stand(10.0), 4.5, VehicleClass.CAR)]), tracker()
    for k in range(20):
        seen = scene.detections(0.5 * k)
        if k % 5 == 1:
            seen = Detections(seen.boxes_px, seen.scores, np.array([CLASS_CODE[VehicleClass.TRUCK]], np.int8))
        tracks = eye.step(START_S + 0.5 * k, seen)
    assert [CLASSES[c] for c in tracks.classes] == [VehicleClass.CAR]


def test_a_weak_detection_keeps_a_track_but_starts_none() -> None:
    scene, eye = Scene([Vehicle(stand(10.0))]), tracker()
    for k in range(12):
        seen = scene.detections(0.5 * k)
        weak = Detections(seen.boxes_px, np.full(1, 0.2, np.float32), seen.classes)
        tracks = eye.step(START_S + 0.5 * k, seen if 2 <= k < 6 else weak)
        assert len(tracks) == (k >= 4)
        assert not tracks.coasting.any()


def test_a_lost_track_coasts_for_two_seconds_and_ends() -> None:
    eye, scene = tracker(), Scene([Vehicle(stand(20.0))])
    for t in every(0.5, 4.0):
        eye.step(START_S + t, scene.detections(t))
    alive = [len(eye.step(START_S + t, Detections.empty())) for t in (4.0, 4.5, 5.0, 5.5, 6.0, 6.5)]
    assert alive == [1, 1, 1, 1, 0, 0]


def test_a_rider_whom_a_bus_hides_is_waited_for() -> None:
    # seen from ahead: the rider stands, a bus draws up before him for 20 s and drives on
    bus = Vehicle(lambda t: 40.0 if t < 4 else 8.0 if t < 24 else None, 4.5, VehicleClass.BUS)
    rider = Vehicle(lambda t: None if 4 <= t < 24 else 22.0, y_m=4.7)
    eye, scene = tracker(), Scene([rider, bus])
    names = []
    for t in every(0.5, 27.0):
        tracks = eye.step(START_S + t, scene.detections(t))
        names.append({name for name, c in zip(tracks.ids, tracks.classes, strict=True) if CLASSES[c] in {"motorcycle"}})
    assert names[6] == names[30] == names[-1] != set()


def test_a_box_cut_by_the_one_before_it_stands_where_the_vehicle_does() -> None:
    eye, camera = tracker(), Pinhole()
    leg_x = [4.0, 6.5]
    queue = [Vehicle(drive(5.0, 20.0 + 3 * k), y_m=1.0 + 1.5 * (k % 5)) for k in range(30)]  # whole boxes to learn from
    scene = Scene(queue, noise_px=0.5)
    for t in every(0.5, 40.0):
        eye.step(START_S + t, scene.detections(t))
    front, behind = (camera.box(x, 4.5, VehicleClass.MOTORCYCLE) for x in leg_x)
    behind[3] = behind[1] + 0.4 * (behind[3] - behind[1])  # only its upper part shows over the one ahead
    seen = Detections(np.array([front, behind], np.float32), np.full(2, 0.9, np.float32), np.zeros(2, np.int8))
    for k in range(12):
        tracks = eye.step(START_S + 60.0 + 0.5 * k, seen)
    apart = np.linalg.norm(tracks.ground_m[0] - tracks.ground_m[1])
    assert apart == pytest.approx(2.5, abs=0.8)  # its lower edge alone would put it 3 m further back


def test_frames_out_of_order_are_refused() -> None:
    eye = tracker()
    eye.step(START_S, Detections.empty())
    with pytest.raises(ContractError, match="order"):
        eye.step(START_S, Detections.empty())


def test_the_same_frames_give_the_same_tracks() -> None:
    one, two = (follow(Scene(crowd(), miss_share=0.2), every(0.5, 10.0))[-1] for _ in range(2))
    assert one.ids == two.ids
    assert np.array_equal(one.ground_m, two.ground_m)
