"""The detector that runs ONNX weights: a network between the pure parts of models.vision."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.detect.detector import Detector, Look, Sight
from nutgiao.edge.detect.runtimes import Device, Runtime, open_runtime
from nutgiao.models.contracts.errors import ModelUnavailable
from nutgiao.models.vision.cards import DEFAULT_CARD, YOLOX_NANO_COCO, Head, ModelCard
from nutgiao.models.vision.detections import Detections
from nutgiao.models.vision.riders import join_riders
from nutgiao.models.vision.tiles import Box, gather, untile
from nutgiao.models.vision.yolo import (
    GROUP_OF_CODE,
    GROUP_OF_PEOPLE,
    Letterbox,
    read_head,
    suppress_detections,
    to_blob,
    to_road_users,
)

FAINT_SCORE = 0.04
"""Weaker boxes are nothing; between this and the card's threshold they only serve to hide faces."""

GREY = (114, 114, 114)
COCO_CLASSES = 80
END_TO_END_COLUMNS = 6

AT_ONCE = 8
"""Pictures in one call of an accelerator, tiles included; a larger batch makes the first of them wait for the last."""


class OnnxDetector(Detector):
    """A YOLO network in ONNX form.

    Args:
        path: the ONNX file.
        card: how to read it; None looks at the shape of its output and assumes the COCO classes.
        threads: threads of one call on the CPU; 0 leaves it to the library. Two detectors of one thread each carry more
            frames than one of two: 96 ms of CPU per frame with one thread, 148 ms with two (YOLOv8n, 640x640, AVX2).
        device: who computes.
        on_trial: lets an 8-bit engine run that the accuracy gate has not judged yet.

    Raises:
        ModelUnavailable: if the file cannot be loaded, is no detector that we can read, or is an 8-bit engine that has
            not passed the accuracy gate.
    """

    def __init__(
        self,
        path: Path,
        card: ModelCard | None = None,
        *,
        threads: int = 0,
        device: Device = Device.AUTO,
        on_trial: bool = False,
    ) -> None:
        if not on_trial:
            refuse_unproved(path, card)
        self._runtime = open_runtime(path, device, threads)
        self._card = card or _guess_card(path, self._runtime)
        self.at_once = AT_ONCE if self._runtime.gains_by_batch else 1
        width, height = self.card.input_px
        if self._runtime.input_shape[2:] not in ((height, width), (None, None)):
            raise ModelUnavailable(
                f"{path}: takes pictures of {self._runtime.input_shape[2:]} rows and columns, but its card says "
                f"{height}, {width}. Make the engine anew with 'nutgiao models export'."
            )
        self._pad = Pad(self.card)

    @property
    def card(self) -> ModelCard:
        """How the network is read."""
        return self._card

    @property
    def provider(self) -> str:
        """Who computes and what did not start, for the record."""
        failed = f" (did not start: {'; '.join(self._runtime.fallbacks)})" if self._runtime.fallbacks else ""
        return self._runtime.name + failed

    def look(self, image: NDArray[np.uint8], tiles: Sequence[Box] = ()) -> Sight:
        """See `Detector.look`."""
        return self.look_all([Look(image, tuple(tiles))])[0]

    def look_all(self, looks: Sequence[Look]) -> list[Sight]:
        """See `Detector.look_all`: pictures and tiles go through the network in calls of `at_once`."""
        images = []
        for look in looks:
            images += [look.image, *(look.image[top:bottom, left:right] for left, top, right, bottom in look.tiles)]
        found = [part for i in range(0, len(images), self.at_once) for part in self._call(images[i : i + self.at_once])]
        sights = []
        for look in looks:
            (whole, *parts), found = found[: 1 + len(look.tiles)], found[1 + len(look.tiles) :]
            picture_px = (look.image.shape[1], look.image.shape[0])
            uncut = [untile(part, tile, picture_px) for part, tile in zip(parts, look.tiles, strict=True)]
            sights.append(self._sight(gather([whole, *uncut])))
        return sights

    def _sight(self, boxes: Detections) -> Sight:
        sure = boxes.scores >= self.card.score_min
        users = join_riders(suppress_detections(boxes.select(sure), self.card.nms_iou))
        # Only people: a faint "bus" as large as the street would cover the whole picture.
        return Sight(users, boxes.select(~sure & (GROUP_OF_CODE[boxes.classes] <= GROUP_OF_PEOPLE)))

    def _call(self, images: Sequence[NDArray[np.uint8]]) -> list[Detections]:
        """Boxes in each picture, in pixels of it; all of them in one call of the network."""
        if len(images) > 1:
            placed = [letterboxed(image, self.card) for image in images]
            together = self._runtime.run(np.concatenate([blob for blob, _ in placed]))
            return [
                self._read(image, box, together[i : i + 1])
                for i, (image, (_, box)) in enumerate(zip(images, placed, strict=True))
            ]
        blob, box = self._pad.place(images[0])
        return [self._read(images[0], box, self._runtime.run(blob))]

    def _read(self, image: NDArray[np.uint8], box: Letterbox, output: NDArray[np.float32]) -> Detections:
        found = to_road_users(self.card, *read_head(self.card, output), score_min=FAINT_SCORE)
        edges = np.array([image.shape[1], image.shape[0]] * 2, np.float32)
        return Detections(np.clip(box.to_picture(found.boxes_px), 0.0, edges), found.scores, found.classes)


class Pad:
    """The input of a network, used again for each picture: new memory costs more than all the work on it.

    Args:
        card: the model's card.
    """

    def __init__(self, card: ModelCard) -> None:
        self._card, (width, height) = card, card.input_px
        self._canvas = np.empty((height, width, 3), np.uint8)
        self._blob = np.empty((1, 3, height, width), np.float32)
        self._box: Letterbox | None = None

    def place(self, image: NDArray[np.uint8]) -> tuple[NDArray[np.float32], Letterbox]:
        """A picture as the network takes it, and how it lies there.

        Args:
            image: ``(h, w, 3)`` uint8 BGR.

        Returns:
            ``(1, 3, input rows, input columns)`` float32, good until the next call, and the geometry.
        """
        card = self._card
        box = Letterbox.fit((image.shape[1], image.shape[0]), card.input_px, centred=card.letterbox_centred)
        if box != self._box:
            self._canvas[:], self._box = GREY, box
        inside = self._canvas[box.top_px : box.top_px + box.height_px, box.left_px : box.left_px + box.width_px]
        cv2.resize(image, (box.width_px, box.height_px), dst=inside, interpolation=cv2.INTER_LINEAR)
        return to_blob(self._canvas, bgr=card.bgr, scale=card.scale, out=self._blob), box


def letterboxed(image: NDArray[np.uint8], card: ModelCard) -> tuple[NDArray[np.float32], Letterbox]:
    """A picture as the network of a card takes it, and how it lies there; see `Pad.place`."""
    return Pad(card).place(image)


def refuse_unproved(path: Path, card: ModelCard | None) -> None:
    """Lets no 8-bit engine go live that lost too much on the site's own pictures, or that nobody has judged.

    Raises:
        ModelUnavailable: if it is one.
    """
    # The name of the operation stands in the file; a card of somebody's own could call the engine what it likes.
    if not path.is_file() or not ((card is not None and card.int8) or b"DequantizeLinear" in path.read_bytes()):
        return
    cure = "Make it with 'nutgiao models quantize NAME --pictures FOLDER', on pictures of this site."
    if card is None or card.verdict is None:
        raise ModelUnavailable(
            f"{path} calculates in 8-bit integers, and no verdict of the accuracy gate is beside it. {cure}"
        )
    if not card.verdict.passed:
        raise ModelUnavailable(f"{path} did not pass the accuracy gate: {card.verdict}. {cure}")


def _guess_card(path: Path, runtime: Runtime) -> ModelCard:
    """A card for a file of the user's own: the head by the output's shape, COCO classes, licence unknown."""
    shape, (height, width), like = runtime.output_shape, runtime.input_shape[2:4], None
    if len(shape) == 3 and shape[1] == 4 + COCO_CLASSES:
        like = DEFAULT_CARD
    elif len(shape) == 3 and shape[2] == 5 + COCO_CLASSES:
        like = YOLOX_NANO_COCO
    elif len(shape) == 3 and shape[2] == END_TO_END_COLUMNS:
        like = msgspec.structs.replace(DEFAULT_CARD, head=Head.END_TO_END)
    if like is None or height is None or width is None:
        raise ModelUnavailable(
            f"{path}: its output {shape} is neither a YOLOv8 or YOLO11 head (1, {4 + COCO_CLASSES}, n), nor an "
            f"end-to-end head of YOLO26 (1, n, {END_TO_END_COLUMNS}), nor a YOLOX head (1, n, {5 + COCO_CLASSES}) with "
            f"the COCO classes and a fixed input size ({runtime.input_shape}). Export it as one of these."
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
