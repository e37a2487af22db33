"""Identities without a map to the ground: only boxes in the picture, at any frame rate, with gaps and in crowds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from benchmarks.vision_track_scenes import Drawn, dense, standing, switches
from nutgiao.edge.track.picture import PictureTracker
from nutgiao.edge.track.settings import PictureSettings
from nutgiao.edge.track.tracks import Tracks
from nutgiao.models.contracts.errors import ContractError
from nutgiao.models.contracts.words import CLASS_CODE, VehicleClass
from nutgiao.models.vision.detections import Detections

RIDER, CAR = CLASS_CODE[VehicleClass.MOTORCYCLE], CLASS_CODE[VehicleClass.CAR]
PICTURE = (1280, 720)
START_S = 1_790_000_000.0


def eye(scope: str = "j1-cam-b1") -> PictureTracker:
    return PictureTracker(scope, PICTURE)


def seen(*boxes: Sequence[float], score: float = 0.95, kind: int = RIDER) -> Detections:
    found = np.array(boxes, np.float32).reshape(-1, 4)
    return Detections(found, np.full(len(found), score, np.float32), np.full(len(found), kind, np.int8))


def car(x: float, y: float = 300.0) -> tuple[float, float, float, float]:
    return (x, y, x + 80.0, y + 60.0)


def follow(scene: Drawn) -> tuple[list[np.ndarray], list[Tracks]]:
    """Which number each box got, frame by frame, and the tracks."""
    tracker, numbers, frames = PictureTracker("s", scene.size_px), [], []
    for k, boxes in enumerate(scene.boxes):
        found = seen(*boxes[:, :4].tolist())
        found = Detections(found.boxes_px, boxes[:, 4].astype(np.float32), found.classes)
        tracks = tracker.step(START_S + k / scene.fps, found)
        rows = np.flatnonzero(tracks.unseen_s == 0.0)
        now = {tracks.boxes_px[i].tobytes(): tracks.numbers[i] for i in rows}
        numbers.append(np.array([now.get(box.tobytes(), -1) for box in found.boxes_px]))
        frames.append(tracks)
    return numbers, frames


@pytest.mark.parametrize(("objects", "most"), [(50, 0), (100, 0), (300, 2)])
def test_dense_traffic_keeps_its_ids(objects: int, most: int) -> None:
    scene = dense(objects, 120, seed=objects)
    numbers, _ = follow(scene)
    assert switches(numbers, scene.truth) <= most  # of 300, two may lie over one another for a moment
    assert np.mean(np.concatenate(numbers[5:]) >= 0) > 0.97


@pytest.mark.slow
def test_a_standing_queue_of_sixty_keeps_its_ids_for_a_thousand_frames() -> None:
    scene = standing(60, 1000, seed=1)
    numbers, frames = follow(scene)
    assert switches(numbers, scene.truth) <= 1  # who is missed in the first picture may come in as another
    assert len(frames[-1]) == 60
    assert frames[-1].numbers.max() <= 61


@pytest.mark.parametrize("fps", [5.0, 10.0, 30.0])
def test_the_frame_rate_and_lost_frames_do_not_matter(fps: float) -> None:
    tracker, ids = eye(), set()
    for k in range(round(4 * fps)):
        if 0 < k % round(2 * fps) <= 3 * (fps > 5):  # three frames in a row are lost every two seconds
            continue
        t = k / fps
        ids |= set(tracker.step(START_S + t, seen(*(car(60 + 150 * t + 200 * q, 100 + 90 * q) for q in range(4)))).ids)
    assert len(ids) == 4


def test_waiting_for_a_second_look_depends_on_how_soon_it_comes() -> None:
    # at 10 frames a second a strong first detection counts at once; at 30 a second, with the third
    for fps, looks in ((10.0, 1), (30.0, 3)):
        tracker = eye()
        tracker.step(START_S, Detections.empty())
        counts = [len(tracker.step(START_S + k / fps, seen(car(300)))) for k in range(1, 7)]
        assert counts.index(1) == looks - 1


def test_a_flash_gets_no_id_where_frames_come_often() -> None:
    tracker = eye()
    for k in range(20):
        found = seen(car(300)) if k == 3 else Detections.empty()
        assert len(tracker.step(START_S + 0.02 * k, found)) == 0
        assert len(tracker.tentative()) == (3 <= k <= 3 + PictureSettings().candidate_misses)


def test_a_weak_detection_keeps_a_track_but_starts_none() -> None:
    tracker = eye()
    for k in range(12):
        tracks = tracker.step(START_S + 0.1 * k, seen(car(300), score=0.95 if 2 <= k < 6 else 0.3))
        assert len(tracks) == (k >= 2)
        assert not tracks.coasting.any()


def test_a_lost_track_coasts_and_ends_and_its_box_goes_along() -> None:
    tracker, coast_s = eye(), PictureSettings().coast_s
    for k in range(10):
        tracker.step(START_S + 0.1 * k, seen(car(100 + 20 * k)))
    for k in range(10, 40):
        tracks = tracker.step(START_S + 0.1 * k, Detections.empty())
        unseen_s = 0.1 * (k - 9)
        assert len(tracks) == (unseen_s < coast_s + 0.01)
        if len(tracks):
            assert tracks.unseen_s[0] == pytest.approx(unseen_s, abs=1e-5)
            assert tracks.boxes_px[0, 0] == pytest.approx(100 + 20 * k, abs=6.0)


def test_who_drives_out_of_the_picture_ends_at_once() -> None:
    tracker = eye()
    for k in range(10):
        tracker.step(START_S + 0.1 * k, seen(car(900 + 25 * k)))
    alive = [len(tracker.step(START_S + 1.0 + 0.1 * k, Detections.empty())) for k in range(6)]
    assert alive[0] == 1
    assert alive[-1] == 0


def test_the_class_is_what_the_scores_of_the_whole_track_say() -> None:
    tracker = eye()
    for k in range(20):  # twice as many weak looks for a rider as strong ones for a car
        sure = k % 3 == 0
        found = seen(car(300), score=0.95, kind=CAR) if sure else seen(car(300), score=0.4, kind=RIDER)
        tracks = tracker.step(START_S + 0.1 * k, found)
    assert tracks.classes.tolist() == [CAR]


def test_a_road_user_seen_twice_at_once_is_one() -> None:
    tracker = eye()
    for k in range(6):
        found = seen(car(300 + k), car(304 + k)) if k else seen(car(300))
        tracks = tracker.step(START_S + 0.1 * k, found)
    assert len(tracks) == 1


def test_numbers_ascend_though_candidates_are_confirmed_out_of_turn() -> None:
    tracker = eye()
    tracker.step(START_S, Detections.empty())
    for k in range(1, 9):  # the first begins weakly and is believed later than the others, who come one by one
        found = seen(car(100), *(car(200 + 100 * q, 500) for q in range(k)))
        scores = np.where(np.arange(len(found)) == 0, 0.5 if k == 1 else 0.3, 0.9).astype(np.float32)
        tracks = tracker.step(START_S + 0.02 * k, Detections(found.boxes_px, scores, found.classes))
        assert (np.diff(tracks.numbers) > 0).all()
        assert tracks.ids == tuple(f"j1-cam-b1-{n}" for n in tracks.numbers)
    assert len(tracks) >= 6


def test_there_is_no_place_on_the_ground_to_be_told() -> None:
    tracks = eye().step(START_S, seen(car(100), car(600)))
    assert np.isnan(tracks.ground_m).all()
    assert np.isnan(tracks.velocity_mps).all()


def test_frames_out_of_order_are_refused() -> None:
    tracker = eye()
    tracker.step(START_S, Detections.empty())
    with pytest.raises(ContractError, match="order"):
        tracker.step(START_S, Detections.empty())


def test_the_same_frames_give_the_same_tracks() -> None:
    one, two = (follow(dense(60, 40, seed=3))[1][-1] for _ in range(2))
    assert one.ids == two.ids
    assert np.array_equal(one.boxes_px, two.boxes_px)
