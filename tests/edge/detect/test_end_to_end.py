"""Networks that suppress by themselves (YOLOv10, YOLO26) are read as well as those that leave it to us."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from nutgiao.edge.detect.onnx import OnnxDetector
from nutgiao.edge.detect.runtimes import Device
from nutgiao.models.vision.cards import DEFAULT_CARD, YOLOV8N_COCO, Head
from nutgiao.models.vision.gate import iou
from nutgiao.models.vision.yolo import decode_end_to_end
from tests.support.weights import yolov8n_path

onnx = pytest.importorskip("onnx", reason="the graph is built with the extra 'engines'")

KEPT = 300


@pytest.fixture(scope="module")
def end_to_end(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real YOLOv8n with an end as YOLO26 has it: the best 300 boxes as corners, score and class."""
    helper = onnx.helper
    model = onnx.load(str(yolov8n_path()))
    graph = model.graph
    constants = {"split": [2, 2, 80], "kept": [KEPT], "first": [0], "last": [2]}
    for name, values in constants.items():
        graph.initializer.append(onnx.numpy_helper.from_array(np.array(values, np.int64), name))
    graph.initializer.append(onnx.numpy_helper.from_array(np.array([0.5], np.float32), "half"))
    steps = [
        ("Transpose", ["output0"], ["rows"], {"perm": [0, 2, 1]}),
        ("Split", ["rows", "split"], ["centre", "size", "scores"], {"axis": 2}),
        ("Mul", ["size", "half"], ["reach"], {}),
        ("Sub", ["centre", "reach"], ["low"], {}),
        ("Add", ["centre", "reach"], ["high"], {}),
        ("ReduceMax", ["scores", "last"], ["best"], {"keepdims": 1}),
        ("ArgMax", ["scores"], ["code"], {"axis": 2, "keepdims": 1}),
        ("Cast", ["code"], ["class"], {"to": 1}),
        ("Concat", ["low", "high", "best", "class"], ["all"], {"axis": 2}),
        ("TopK", ["best", "kept"], ["top", "which"], {"axis": 1}),
        ("Squeeze", ["which", "last"], ["flat"], {}),
        ("Squeeze", ["flat", "first"], ["index"], {}),
        ("Gather", ["all", "index"], ["found"], {"axis": 1}),
    ]
    for kind, inputs, outputs, attributes in steps:
        graph.node.append(helper.make_node(kind, inputs, outputs, name=outputs[0], **attributes))
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info("found", onnx.TensorProto.FLOAT, [1, KEPT, 6]))
    onnx.checker.check_model(model)
    path = tmp_path_factory.mktemp("weights") / "yolo26-like.onnx"
    onnx.save(model, str(path))
    return path


def test_same_weights_with_both_ends_see_the_same_street(end_to_end: Path, street_data: Callable[[str], Path]) -> None:
    picture = sorted(street_data("detection/hanoi_riders").glob("*.png"))[0]
    image = np.asarray(cv2.imread(str(picture)), np.uint8)
    ours = OnnxDetector(end_to_end, threads=2, device=Device.CPU)
    assert ours.card.head is Head.END_TO_END
    assert ours.card.licence == "LicenseRef-unknown"
    found = ours.look(image).users
    known = OnnxDetector(yolov8n_path(), YOLOV8N_COCO, threads=2, device=Device.CPU).look(image).users
    # Only the best class of a box is told, so what hangs on the second best may differ: two-wheelers of two names.
    like = iou(known.boxes_px, found.boxes_px)
    assert (like.max(axis=1) > 0.95).mean() >= 0.9
    assert abs(len(known) - len(found)) <= 2


def test_end_to_end_rows_become_boxes_and_scores_by_class() -> None:
    rows = np.array([[[10, 20, 30, 40, 0.9, 3], [1, 2, 3, 4, 0.5, 79], [0, 0, 0, 0, 0, 0]]], np.float32)
    boxes, scores = decode_end_to_end(rows, max(DEFAULT_CARD.class_map) + 1)
    assert boxes[0].tolist() == [10, 20, 30, 40]
    assert scores[0].tolist() == pytest.approx([0, 0, 0, 0.9, 0, 0, 0, 0])
    assert not scores[1].any()  # a class that we do not watch
    with pytest.raises(ValueError, match=r"\(1, n, 6\)"):
        decode_end_to_end(rows[0], 8)
