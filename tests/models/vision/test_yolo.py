from __future__ import annotations

import cv2
import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from nutgiao.models.contracts.words import CLASS_CODE, VehicleClass
from nutgiao.models.vision.cards import YOLOV8N_COCO, YOLOX_NANO_COCO
from nutgiao.models.vision.detections import Detections
from nutgiao.models.vision.yolo import (
    Letterbox,
    decode_yolov8,
    decode_yolox,
    suppress,
    suppress_detections,
    to_blob,
    to_road_users,
)

sides = st.integers(1, 4000)


@given(width=sides, height=sides, into=st.sampled_from([(640, 640), (416, 416), (640, 384)]), centred=st.booleans())
def test_letterbox_fits_and_keeps_the_aspect(width: int, height: int, into: tuple[int, int], centred: bool) -> None:
    box = Letterbox.fit((width, height), into, centred=centred)
    assert 1 <= box.width_px <= into[0]
    assert 1 <= box.height_px <= into[1]
    assert box.width_px == into[0] or box.height_px == into[1]
    assert box.left_px + box.width_px <= into[0]
    assert box.top_px + box.height_px <= into[1]
    assert abs(box.width_px - width * box.scale) <= 0.5 or box.width_px == 1
    if not centred:
        assert (box.left_px, box.top_px) == (0, 0)


@given(
    width=st.integers(16, 4000),
    height=st.integers(16, 4000),
    centred=st.booleans(),
    corners=hnp.arrays(np.float32, (5, 4), elements=st.floats(0, 1, width=32)),
)
def test_letterbox_round_trip(
    width: int, height: int, centred: bool, corners: np.ndarray[tuple[int, int], np.dtype[np.float32]]
) -> None:
    boxes = corners * np.array([width, height, width, height], np.float32)
    box = Letterbox.fit((width, height), (640, 640), centred=centred)
    np.testing.assert_allclose(box.to_picture(box.to_input(boxes)), boxes, atol=0.01 + 1e-6 * max(width, height) * 8)
    inside = box.to_input(boxes)
    assert inside.min() >= -0.01
    assert inside.max() <= 640.5 + 0.5


def test_letterbox_refuses_an_empty_picture() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        Letterbox.fit((0, 480), (640, 640), centred=True)


def test_blob_reverses_channels_and_scales() -> None:
    picture = np.zeros((2, 3, 3), np.uint8)
    picture[0, 0] = (255, 128, 0)  # blue, green, red
    rgb = to_blob(picture, bgr=False, scale=1 / 255)
    assert rgb.shape == (1, 3, 2, 3)
    assert rgb[0, :, 0, 0].tolist() == pytest.approx([0.0, 128 / 255, 1.0])
    assert to_blob(picture, bgr=True, scale=1.0)[0, :, 0, 0].tolist() == [255.0, 128.0, 0.0]


def test_yolov8_head_gives_corners_and_scores() -> None:
    output = np.zeros((1, 84, 3), np.float32)
    output[0, :4, 1] = (100, 50, 20, 10)
    output[0, 4 + 3, 1] = 0.9
    boxes, scores = decode_yolov8(output)
    assert boxes[1].tolist() == [90, 45, 110, 55]
    assert scores.shape == (3, 80)
    assert scores[1].argmax() == 3
    with pytest.raises(ValueError, match="YOLOv8 head"):
        decode_yolov8(np.zeros((1, 3549), np.float32))


@given(
    index=st.integers(0, 3548),
    offset=st.tuples(st.floats(-1, 2), st.floats(-1, 2)),
    log_size=st.tuples(st.floats(-2, 3), st.floats(-2, 3)),
)
def test_yolox_head_decodes_each_grid_cell(
    index: int, offset: tuple[float, float], log_size: tuple[float, float]
) -> None:
    output = np.zeros((1, 3549, 85), np.float32)
    output[0, index] = [*offset, *log_size, 0.5, *([0.0] * 80)]
    output[0, index, 5 + 2] = 0.8
    boxes, scores = decode_yolox(output, (416, 416))
    # Written to be read: which of the three grids, which row and column.
    for stride in (8, 16, 32):
        across = 416 // stride
        if index < across * across:
            break
        index -= across * across
    row, column = divmod(index, across)
    at = int(np.flatnonzero(scores[:, 2] > 0)[0])
    x, y = (column + offset[0]) * stride, (row + offset[1]) * stride
    w, h = np.exp(log_size[0]) * stride, np.exp(log_size[1]) * stride
    np.testing.assert_allclose(boxes[at], [x - w / 2, y - h / 2, x + w / 2, y + h / 2], rtol=1e-4, atol=1e-2)
    assert scores[at, 2] == pytest.approx(0.4)


def test_yolox_head_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="3549"):
        decode_yolox(np.zeros((1, 8400, 85), np.float32), (416, 416))


def two_wheeler(bicycle: float, motorcycle: float) -> VehicleClass:
    scores = np.zeros((1, 80), np.float32)
    scores[0, 1], scores[0, 3] = bicycle, motorcycle
    found = to_road_users(YOLOV8N_COCO, np.array([[0, 0, 10, 20]], np.float32), scores)
    assert found.scores[0] == pytest.approx(max(bicycle, motorcycle))
    return list(VehicleClass)[found.classes[0]]


def test_scooter_that_the_network_calls_a_bicycle_is_a_motorcycle() -> None:
    assert two_wheeler(bicycle=0.38, motorcycle=0.05) is VehicleClass.MOTORCYCLE
    assert two_wheeler(bicycle=0.60, motorcycle=0.45) is VehicleClass.MOTORCYCLE
    assert two_wheeler(bicycle=0.70, motorcycle=0.10) is VehicleClass.BICYCLE


def test_classes_that_do_not_drive_and_weak_scores_are_dropped() -> None:
    scores = np.zeros((3, 80), np.float32)
    scores[0, 9] = 0.9  # a traffic light
    scores[1, 2] = 0.24
    scores[2, 7] = 0.5
    found = to_road_users(YOLOV8N_COCO, np.zeros((3, 4), np.float32), scores)
    assert found.classes.tolist() == [CLASS_CODE[VehicleClass.TRUCK]]
    nobody = to_road_users(YOLOX_NANO_COCO, np.zeros((0, 4), np.float32), np.zeros((0, 80), np.float32))
    assert len(nobody) == 0


@st.composite
def crowds(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    n = draw(st.integers(0, 40))
    corner = draw(hnp.arrays(np.int64, (n, 2), elements=st.integers(0, 120)))
    size = draw(hnp.arrays(np.int64, (n, 2), elements=st.integers(1, 60)))
    order = np.random.default_rng(draw(st.integers(0, 999))).permutation(n)
    scores = (0.3 + 0.6 * (order + 1) / (n + 1)).astype(np.float32)  # all different: ties may go either way
    return np.hstack([corner, corner + size]).astype(np.float32), scores


@given(crowd=crowds(), iou=st.sampled_from([0.3, 0.45, 0.6, 0.8]))
def test_suppression_agrees_with_opencv(crowd: tuple[np.ndarray, np.ndarray], iou: float) -> None:
    boxes, scores = crowd
    ours = suppress(boxes, scores, np.zeros(len(boxes), np.int8), iou)
    as_sizes = np.hstack([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]])
    theirs = np.asarray(cv2.dnn.NMSBoxes(as_sizes.tolist(), scores.tolist(), 0.0, iou)).ravel() if len(boxes) else []
    assert ours.tolist() == list(theirs)


@given(crowd=crowds(), iou=st.floats(0.1, 0.9))
def test_suppression_keeps_the_best_and_nothing_that_overlaps_it(
    crowd: tuple[np.ndarray, np.ndarray], iou: float
) -> None:
    boxes, scores = crowd
    groups = (np.arange(len(boxes)) % 2).astype(np.int8)
    kept = suppress(boxes, scores, groups, iou)
    assert np.all(np.diff(scores[kept]) <= 0)
    for group in (0, 1):
        members = np.flatnonzero(groups == group)
        mine = kept[groups[kept] == group]
        alone = suppress(boxes[members], scores[members], np.zeros(len(members), np.int8), iou)
        assert mine.tolist() == members[alone].tolist()  # groups do not see each other
        if len(members):
            assert members[scores[members].argmax()] in mine
    assert suppress(boxes[kept], scores[kept], groups[kept], iou).tolist() == list(range(len(kept)))


def test_a_car_that_is_also_a_truck_is_one_thing_and_a_rider_never_hides_the_machine() -> None:
    names = [
        VehicleClass.CAR,
        VehicleClass.TRUCK,
        VehicleClass.MOTORCYCLE,
        VehicleClass.BICYCLE,
        VehicleClass.PEDESTRIAN,
    ]
    found = Detections(
        np.array([[0, 0, 100, 100]] * 2 + [[200, 0, 240, 100]] * 3, np.float32),
        np.array([0.8, 0.6, 0.5, 0.7, 0.9], np.float32),
        np.array([CLASS_CODE[name] for name in names], np.int8),
    )
    kept = suppress_detections(found, 0.6)
    assert [names[i] for i in (4, 0, 3)] == [list(VehicleClass)[code] for code in kept.classes]


def test_cards_name_a_licence_and_a_hash() -> None:
    for card in (YOLOV8N_COCO, YOLOX_NANO_COCO):
        assert len(card.sha256) == 64
        assert card.licence_note
        assert msgspec.json.decode(msgspec.json.encode(card))["licence"] == card.licence
    assert YOLOV8N_COCO.copyleft
    assert not YOLOX_NANO_COCO.copyleft
