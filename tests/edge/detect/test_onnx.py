from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from nutgiao.edge.camera.video import open_source
from nutgiao.edge.detect.detector import Detector
from nutgiao.edge.detect.onnx import OnnxDetector
from nutgiao.models.contracts.errors import ModelUnavailable
from nutgiao.models.contracts.words import CLASS_CODE, VehicleClass
from nutgiao.models.vision.cards import YOLOV8N_COCO, YOLOX_NANO_COCO, Head
from tests.support.weights import yolov8n_path

Image = np.ndarray


@pytest.fixture(scope="module")
def frame_45(street_data: Callable[[str], Path]) -> Image:
    with open_source(str(street_data("clips/hn_giangvo_langha_6fps.mp4")), "c1") as source:
        for _ in range(45):
            source.read()
        frame = source.read()
    assert frame is not None
    return frame.image


@pytest.fixture(scope="module")
def yolov8() -> OnnxDetector:
    return OnnxDetector(yolov8n_path(), YOLOV8N_COCO, threads=2)


@pytest.fixture(scope="module")
def yolox(street_data: Callable[[str], Path]) -> OnnxDetector:
    return OnnxDetector(street_data("models/yolox_nano.onnx"), YOLOX_NANO_COCO, threads=2)


def iou_with(boxes: Image, wanted: tuple[int, int, int, int]) -> Image:
    inter = np.clip(np.minimum(boxes[:, 2:], wanted[2:]) - np.maximum(boxes[:, :2], wanted[:2]), 0, None).prod(axis=1)
    area = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    return inter / (area + (wanted[2] - wanted[0]) * (wanted[3] - wanted[1]) - inter)


# Drawn by eye on frame 45: two riders with their machines beyond the line and on it, and the van at the left kerb.
RIDERS = ((202, 252, 239, 334), (292, 308, 329, 401))
VAN = (52, 254, 190, 434)


@pytest.mark.parametrize("name", ["yolov8", "yolox"])
def test_both_families_find_riders_and_the_van(name: str, frame_45: Image, request: pytest.FixtureRequest) -> None:
    detector: Detector = request.getfixturevalue(name)
    found = detector.look(frame_45).users
    two_wheelers = found.boxes_px[found.classes == CLASS_CODE[VehicleClass.MOTORCYCLE]]
    for rider in RIDERS:
        assert iou_with(two_wheelers, rider).max() > 0.6
    assert iou_with(found.boxes_px, VAN).max() > 0.7
    assert found.boxes_px.min() >= 0
    assert found.boxes_px[:, 2].max() <= 640
    assert found.boxes_px[:, 3].max() <= 480


def test_tiles_bring_back_far_motorcycles(yolov8: OnnxDetector, frame_45: Image) -> None:
    motorcycle = CLASS_CODE[VehicleClass.MOTORCYCLE]
    whole = yolov8.look(frame_45).users
    tiled = OnnxDetector(yolov8n_path(), YOLOV8N_COCO, threads=2, tiles=(2, 1)).look(frame_45).users
    assert np.sum(tiled.classes == motorcycle) > np.sum(whole.classes == motorcycle)
    for rider in RIDERS:
        assert np.sum(iou_with(tiled.boxes_px, rider) > 0.5) == 1  # and still one box each


def test_picture_of_any_shape(yolov8: OnnxDetector) -> None:
    for shape in ((1080, 1920, 3), (50, 700, 3), (33, 17, 3)):
        assert len(yolov8.look(np.full(shape, 90, np.uint8)).users) == 0


def test_file_of_the_users_own_is_read_by_its_shape(street_data: Callable[[str], Path], frame_45: Image) -> None:
    unknown = OnnxDetector(street_data("models/yolox_nano.onnx"), threads=2)
    assert unknown.card.head is Head.YOLOX
    assert unknown.card.input_px == (416, 416)
    assert unknown.card.licence == "LicenseRef-unknown"
    assert len(unknown.look(frame_45).users) > 5
    assert OnnxDetector(yolov8n_path()).card.head is Head.YOLOV8


def test_file_that_is_no_network(tmp_path: Path) -> None:
    file = tmp_path / "weights.onnx"
    file.write_bytes(b"not a network")
    with pytest.raises(ModelUnavailable, match=r"weights\.onnx: cannot load this file"):
        OnnxDetector(file)
    with pytest.raises(ModelUnavailable, match="cannot load"):
        OnnxDetector(tmp_path / "gone.onnx")


def test_faint_boxes_hide_faces_and_are_not_counted(yolov8: OnnxDetector, frame_45: Image) -> None:
    sight = yolov8.look(frame_45)
    assert sight.users.scores.min() >= YOLOV8N_COCO.score_min > sight.faint.scores.max()
    assert len(sight.faint) > len(sight.users)
