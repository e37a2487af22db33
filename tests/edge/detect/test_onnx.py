from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from nutgiao.edge.detect.detector import Detector
from nutgiao.edge.detect.onnx import OnnxDetector
from nutgiao.models.contracts.errors import ModelUnavailable
from nutgiao.models.contracts.words import CLASS_CODE, VehicleClass
from nutgiao.models.vision.cards import YOLOV8N_COCO, YOLOX_NANO_COCO, Head
from nutgiao.models.vision.gate import iou
from nutgiao.models.vision.tiles import Tiling
from tests.edge.detect.conftest import FrameOf
from tests.support.weights import yolov8n_path

Image = np.ndarray


@pytest.fixture(scope="module")
def frame_45(frame_of: FrameOf) -> Image:
    return frame_of("clips/hn_giangvo_langha_6fps.mp4", 45)


@pytest.fixture(scope="module")
def yolov8() -> OnnxDetector:
    return OnnxDetector(yolov8n_path(), YOLOV8N_COCO, threads=2)


@pytest.fixture(scope="module")
def yolox(street_data: Callable[[str], Path]) -> OnnxDetector:
    return OnnxDetector(street_data("models/yolox_nano.onnx"), YOLOX_NANO_COCO, threads=2)


# Drawn by eye on frame 45: two riders with their machines beyond the line and on it, and the van at the left kerb.
RIDERS = np.array([(202, 252, 239, 334), (292, 308, 329, 401)], np.float32)
VAN = np.array([(52, 254, 190, 434)], np.float32)


@pytest.mark.parametrize("name", ["yolov8", "yolox"])
def test_both_families_find_riders_and_the_van(name: str, frame_45: Image, request: pytest.FixtureRequest) -> None:
    detector: Detector = request.getfixturevalue(name)
    found = detector.look(frame_45).users
    two_wheelers = found.boxes_px[found.classes == CLASS_CODE[VehicleClass.MOTORCYCLE]]
    assert (iou(RIDERS, two_wheelers).max(axis=1) > 0.6).all()
    assert iou(VAN, found.boxes_px).max() > 0.7
    assert found.boxes_px.min() >= 0
    assert found.boxes_px[:, 2].max() <= 640
    assert found.boxes_px[:, 3].max() <= 480


def test_tiles_bring_back_far_motorcycles(yolov8: OnnxDetector, frame_45: Image) -> None:
    motorcycle = CLASS_CODE[VehicleClass.MOTORCYCLE]
    whole = yolov8.look(frame_45).users
    tiled = yolov8.look(frame_45, Tiling(2, 1).boxes((frame_45.shape[1], frame_45.shape[0]))).users
    assert np.sum(tiled.classes == motorcycle) > np.sum(whole.classes == motorcycle)
    assert ((iou(RIDERS, tiled.boxes_px) > 0.5).sum(axis=1) == 1).all()  # and still one box each


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
