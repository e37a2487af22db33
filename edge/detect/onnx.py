"""The detector that runs ONNX weights: one call of onnxruntime per tile between the pure parts of models.vision."""

from __future__ import annotations

from pathlib import Path

import cv2
import msgspec
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from nutgiao.edge.detect.detector import Sight
from nutgiao.models.contracts.errors import ModelUnavailable
from nutgiao.models.vision.cards import DEFAULT_CARD, YOLOX_NANO_COCO, ModelCard
from nutgiao.models.vision.detections import Detections
from nutgiao.models.vision.riders import join_riders
from nutgiao.models.vision.tiles import gather, tile_grid, untile
from nutgiao.models.vision.yolo import (
    GROUP_OF_CODE,
    GROUP_OF_PEOPLE,
    Letterbox,
    read_head,
    suppress_detections,
    to_blob,
    to_road_users,
)

PROVIDERS = ("TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider")
"""Execution providers in the order they are tried; those that this build of onnxruntime lacks are left out."""

FAINT_SCORE = 0.04
"""Weaker boxes are nothing; between this and the card's threshold they only serve to hide faces."""

GREY = (114, 114, 114)
COCO_CLASSES = 80


class OnnxDetector:
    """A YOLO network behind onnxruntime.

    Args:
        path: the ONNX file.
        card: how to read it; None looks at the shape of its output and assumes the COCO classes.
        threads: threads of one call on the CPU; 0 leaves it to onnxruntime. Two detectors of one thread each carry more
            frames than one of two: 96 ms of CPU per frame with one thread, 148 ms with two (YOLOv8n, 640x640, AVX2).
        tiles: columns and rows of overlapping tiles that are looked at besides the whole picture; (1, 1) is none.

    Raises:
        ModelUnavailable: if the file cannot be loaded or is no detector that we can read.
    """

    def __init__(
        self, path: Path, card: ModelCard | None = None, *, threads: int = 0, tiles: tuple[int, int] = (1, 1)
    ) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        available = onnxruntime.get_available_providers()
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=[name for name in PROVIDERS if name in available]
            )
        except Exception as error:  # onnxruntime raises a dozen types that share only this
            raise ModelUnavailable(
                f"{path}: onnxruntime cannot load this file ({str(error).strip().splitlines()[0][:200]}). "
                "Is it a detector in ONNX form? 'nutgiao models list' shows the weights that are known to work."
            ) from error
        self._input = self._session.get_inputs()[0].name
        self._output = self._session.get_outputs()[0].name
        self.card = card or self._guess_card(path)
        self._tiles = tiles

    @property
    def provider(self) -> str:
        """The execution provider in use, for the record."""
        return str(self._session.get_providers()[0])

    def look(self, image: NDArray[np.uint8]) -> Sight:
        """Finds the road users in one picture; see `Detector.look`."""
        picture_px = (image.shape[1], image.shape[0])
        found = [self._call(image)]
        if self._tiles != (1, 1):
            for tile in tile_grid(picture_px, *self._tiles):
                left, top, right, bottom = tile
                found.append(untile(self._call(image[top:bottom, left:right]), tile, picture_px))
        boxes = gather(found)
        sure = boxes.scores >= self.card.score_min
        users = join_riders(suppress_detections(boxes.select(sure), self.card.nms_iou))
        # Only people: a faint "bus" as large as the street would cover the whole picture.
        return Sight(users, boxes.select(~sure & (GROUP_OF_CODE[boxes.classes] <= GROUP_OF_PEOPLE)))

    def _call(self, image: NDArray[np.uint8]) -> Detections:
        card = self.card
        box = Letterbox.fit((image.shape[1], image.shape[0]), card.input_px, centred=card.letterbox_centred)
        canvas: NDArray[np.uint8] = cv2.copyMakeBorder(  # type: ignore[assignment]  # a border keeps the type
            cv2.resize(image, (box.width_px, box.height_px), interpolation=cv2.INTER_LINEAR),
            box.top_px,
            card.input_px[1] - box.height_px - box.top_px,
            box.left_px,
            card.input_px[0] - box.width_px - box.left_px,
            cv2.BORDER_CONSTANT,
            value=GREY,
        )
        blob = to_blob(canvas, bgr=card.bgr, scale=card.scale)
        output = self._session.run([self._output], {self._input: blob})[0]
        found = to_road_users(card, *read_head(card, output), score_min=FAINT_SCORE)
        edges = np.array([image.shape[1], image.shape[0]] * 2, np.float32)
        return Detections(np.clip(box.to_picture(found.boxes_px), 0.0, edges), found.scores, found.classes)

    def _guess_card(self, path: Path) -> ModelCard:
        """A card for a file of the user's own: the head by the output's shape, COCO classes, licence unknown."""
        height, width = self._session.get_inputs()[0].shape[2:4]
        shape = self._session.get_outputs()[0].shape
        like: ModelCard | None = None
        if len(shape) == 3 and shape[1] == 4 + COCO_CLASSES:
            like = DEFAULT_CARD
        elif len(shape) == 3 and shape[2] == 5 + COCO_CLASSES:
            like = YOLOX_NANO_COCO
        if like is None or not isinstance(height, int) or not isinstance(width, int):
            raise ModelUnavailable(
                f"{path}: its output {shape} is neither a YOLOv8 or YOLO11 head (1, {4 + COCO_CLASSES}, n) nor a YOLOX "
                f"head (1, n, {5 + COCO_CLASSES}) with the COCO classes and a fixed input size "
                f"({self._session.get_inputs()[0].shape}). Export it so, without built-in suppression."
            )
        return msgspec.structs.replace(
            like,
            name=path.name,
            input_px=(width, height),
            licence="LicenseRef-unknown",
            licence_note="This file was brought by the user: its licence is for the user to know.",
            sha256="",
            size_bytes=path.stat().st_size,
            wheel=None,
        )
