"""Engines for another size of picture: the real weights answer as before, whatever runs them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from nutgiao.edge.detect.engines import parse_size, resized
from nutgiao.edge.detect.graph import resize_network
from nutgiao.edge.detect.onnx import OnnxDetector
from nutgiao.edge.detect.runtimes import Device, available, open_runtime
from nutgiao.edge.detect.store import WeightsStore, known_card
from nutgiao.models.contracts.errors import ModelUnavailable
from nutgiao.models.vision.cards import YOLOV8N_COCO, ModelCard
from nutgiao.models.vision.detections import Detections
from nutgiao.models.vision.gate import iou
from tests.edge.detect.conftest import FrameOf
from tests.support.weights import yolov8n_path

pytest.importorskip("onnx", reason="engines are made with the extra 'engines'")

Image = np.ndarray


@pytest.fixture(scope="module")
def street(frame_of: FrameOf) -> Image:
    """A crowded picture of 16:9, from the middle of the clip."""
    return frame_of("clips/vn_bridge_motorbikes_25fps.mp4", 60)


@pytest.fixture(scope="module")
def wide(store: WeightsStore) -> ModelCard:
    return resized(store, YOLOV8N_COCO, (640, 384))


def assert_same(one: Detections, other: Detections, px: float, score: float) -> None:
    """Each box has its like in the other answer."""
    assert len(one) == len(other) > 5
    like = iou(one.boxes_px, other.boxes_px).argmax(axis=1)
    assert sorted(like.tolist()) == list(range(len(one)))
    assert np.abs(one.boxes_px - other.boxes_px[like]).max() <= px
    assert np.abs(one.scores - other.scores[like]).max() <= score
    assert (one.classes == other.classes[like]).all()


def test_rewritten_for_its_own_size_the_network_answers_the_same_to_the_last_bit(tmp_path: Path) -> None:
    keep = tuple(YOLOV8N_COCO.class_map)
    resize_network(yolov8n_path(), tmp_path / "same.onnx", (640, 640), keep)
    blob = np.random.default_rng(1).random((1, 3, 640, 640), np.float32)
    before = open_runtime(yolov8n_path(), Device.CPU, 1).run(blob)
    after = open_runtime(tmp_path / "same.onnx", Device.CPU, 1).run(blob)
    assert after.shape == (1, 10, 8400)
    assert np.array_equal(after, before[:, [0, 1, 2, 3, *(4 + code for code in keep)]])


def test_wide_engine_answers_as_the_square_one_but_for_the_padding(
    store: WeightsStore, wide: ModelCard, street: Image
) -> None:
    square = OnnxDetector(yolov8n_path(), YOLOV8N_COCO, threads=2, device=Device.CPU).look(street).users
    found = OnnxDetector(store.path(wide), wide, threads=2, device=Device.CPU).look(street).users
    sure = square.select(square.scores >= 0.4)
    like = iou(sure.boxes_px, found.boxes_px)
    # Grey rows nearer to the picture's edge change the scores of what stands there a little.
    assert like.max(axis=1).min() > 0.8
    assert np.abs(sure.scores - found.scores[like.argmax(axis=1)]).max() < 0.1
    assert abs(len(found) - len(square)) <= 2


def test_openvino_and_onnxruntime_answer_alike(store: WeightsStore, wide: ModelCard, street: Image) -> None:
    pytest.importorskip("openvino", reason="the extra 'openvino' is not installed")
    for path, card in ((yolov8n_path(), YOLOV8N_COCO), (store.path(wide), wide)):
        one = OnnxDetector(path, card, threads=1, device=Device.CPU)
        other = OnnxDetector(path, card, threads=1, device=Device.OPENVINO)
        assert other.provider.startswith("OpenVINO")
        assert_same(one.look(street).users, other.look(street).users, px=1.0, score=0.01)


def test_several_pictures_in_one_call_are_answered_as_one_by_one(store: WeightsStore, wide: ModelCard) -> None:
    blobs = np.random.default_rng(2).random((2, 3, 384, 640), np.float32)
    for device in {Device.CPU, Device.OPENVINO} & set(available()):
        network = open_runtime(store.path(wide), device, 1)
        together = np.array(network.run(blobs))
        for i in range(2):
            assert np.allclose(together[i], network.run(blobs[i : i + 1])[0], atol=2e-3), device


def test_engine_is_found_with_its_card_until_its_file_is_touched(store: WeightsStore, wide: ModelCard) -> None:
    assert store.engines()[wide.name] == wide == known_card(store.path(wide))
    assert wide.made_from == YOLOV8N_COCO.sha256
    copy = store.folder / "copy.onnx"
    copy.write_bytes(store.path(wide).read_bytes() + b"\0")
    copy.with_suffix(".json").write_bytes(store.path(wide).with_suffix(".json").read_bytes())
    assert known_card(copy) is None


def test_device_that_does_not_start_is_left_out_and_told(
    store: WeightsStore, wide: ModelCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    if Device.CUDA in available():
        pytest.skip("CUDA starts here")
    with pytest.raises(ModelUnavailable, match="cuda is not installed on this machine"):
        open_runtime(store.path(wide), Device.CUDA)
    monkeypatch.setattr("nutgiao.edge.detect.runtimes.available", lambda: (Device.CUDA, Device.CPU))
    detector = OnnxDetector(store.path(wide), wide, threads=1)
    assert detector.provider.startswith("CPUExecutionProvider (did not start: cuda: ")


def test_what_cannot_be_resized_says_so(
    street_data: Callable[[str], Path], tmp_path: Path, store: WeightsStore
) -> None:
    with pytest.raises(ModelUnavailable, match="anchor tables"):
        resize_network(street_data("models/yolox_nano.onnx"), tmp_path / "x.onnx", (416, 256))
    with pytest.raises(ModelUnavailable, match="multiples of 32"):
        resize_network(yolov8n_path(), tmp_path / "x.onnx", (640, 360))
    for wrong in ("640x360", "640", "0x0", "x", "-32x32"):
        with pytest.raises(ValueError, match="multiples of 32"):
            parse_size(wrong)
