"""What everything beside the network costs for each frame with 100 road users in it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmarks.result import target
from benchmarks.vision_track_scenes import dense
from nutgiao.configs.loader import load_site
from nutgiao.edge.camera.video import FileSource
from nutgiao.edge.detect.onnx import FAINT_SCORE, Pad
from nutgiao.edge.detect.road_users import RoadUsers
from nutgiao.edge.perception import Perception
from nutgiao.models.contracts.words import CLASS_CODE, VehicleClass
from nutgiao.models.vision.cards import DEFAULT_CARD, ModelCard
from nutgiao.models.vision.detections import DetectedFrame, Detections
from nutgiao.models.vision.riders import join_riders
from nutgiao.models.vision.yolo import read_head, suppress_detections, to_road_users

Row = dict[str, Any]

OBJECTS = 100
ANCHORS_EACH = 8
"""Anchors that see the same road user: what suppression has to deal with."""

LARGEST_MS = 3.0
CLIP = "clips/beijing_junction_uadetrac_30fps.mp4"
SIZE_PX = (960, 540)
REPEATS = 200
GROWTH_MIB = 4.0
"""So much more memory at the end than after a fifth of the frames is noise of the allocator."""


def parts(data: Path) -> tuple[list[Row], list[Row]]:
    """Milliseconds of one core for each part; the one target is their sum.

    Args:
        data: folder with the clips; without it decoding has no row and is not in the sum.

    Returns:
        Rows and targets.
    """
    card = road_users_only(DEFAULT_CARD)
    output, picture = drawn_output(card), np.random.default_rng(1).integers(0, 255, (*SIZE_PX[::-1], 3), np.uint8)
    boxes = to_road_users(card, *read_head(card, output), score_min=FAINT_SCORE)
    alone = suppress_detections(boxes, card.nms_iou)
    site = load_site("giangvo")
    camera = msgspec.structs.replace(site.cameras[0], lamps=())
    small = np.zeros((camera.height_px, camera.width_px, 3), np.uint8)
    pad, users, mind = Pad(card), RoadUsers(site, camera, small), Perception(site, "giangvo", "bench")
    frames = moving(REPEATS + 20)
    feed = iter(enumerate(frames))

    def follow() -> None:
        index, found = next(feed)
        mind.on_frame(DetectedFrame(camera.id, index / 25.0, index, found))
        if index % 25 == 24:
            mind.second((index + 1) / 25.0)

    todo: dict[str, Callable[[], object]] = {
        "letterbox": lambda: pad.place(picture),
        "read head": lambda: to_road_users(card, *read_head(card, output), score_min=FAINT_SCORE),
        "suppress": lambda: suppress_detections(boxes, card.nms_iou),
        "join riders": lambda: join_riders(alone),
        "fit to site": lambda: users.of(frames[0]),
        "track and lanes": follow,
    }
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        rows = [{"what": "part", "part": name, "cpu_ms": cost_ms(act)} for name, act in todo.items()]
    finally:
        cv2.setNumThreads(threads)
    total = sum(row["cpu_ms"] for row in rows)
    if (data / CLIP).is_file():
        rows.append(
            {"what": "part", "part": f"decode {SIZE_PX[0]}x{SIZE_PX[1]} H.264", "cpu_ms": decode_ms(data / CLIP)}
        )
    with_decode = sum(row["cpu_ms"] for row in rows)
    rows.append({"what": "part", "part": "all but the network and decoding", "cpu_ms": total})
    rows.append({"what": "part", "part": "all but the network", "cpu_ms": with_decode})
    name = f"everything beside the network with {OBJECTS} road users: a frame"
    return rows, [target(name, with_decode, "<=", LARGEST_MS, "ms", "asked")]


def cost_ms(act: Callable[[], object]) -> float:
    """Milliseconds of processor time of one call: the least of five rounds."""
    for _ in range(REPEATS // 20):
        act()
    rounds = []
    for _ in range(5):
        before = time.process_time()
        for _ in range(REPEATS // 5):
            act()
        rounds.append(time.process_time() - before)
    return 1000.0 * min(rounds) / (REPEATS // 5)


def decode_ms(path: Path) -> float:
    """Milliseconds of processor time of decoding a frame, all threads together."""
    before, count = time.process_time(), 0
    with FileSource(path, "bench") as source:
        while source.read() is not None:
            count += 1
    return 1000.0 * (time.process_time() - before) / count


def road_users_only(card: ModelCard) -> ModelCard:
    """The card of the engine that `nutgiao models export` makes of it: it tells only classes of road users."""
    return msgspec.structs.replace(card, class_map=dict(enumerate(card.class_map.values())), input_px=(640, 384))


def drawn_output(card: ModelCard) -> NDArray[np.float32]:
    """What the network would say of a picture with `OBJECTS` motorcycles with riders, cars and people in it."""
    rng = np.random.default_rng(1)
    anchors = card.input_px[0] * card.input_px[1] * 21 // 1024
    classes = list(card.class_map.values())
    output = rng.uniform(0.0, 0.01, (1, 4 + len(classes), anchors)).astype(np.float32)
    rows = rng.permutation(anchors)[: OBJECTS * ANCHORS_EACH].reshape(OBJECTS, ANCHORS_EACH)
    centre, size = rng.uniform((20, 20), (620, 360), (OBJECTS, 2)), rng.uniform(10, 40, (OBJECTS, 2))
    kinds = rng.integers(0, len(classes), OBJECTS)
    for i in range(OBJECTS):
        output[0, :2, rows[i]] = centre[i] + rng.normal(0.0, 1.0, (ANCHORS_EACH, 2))
        output[0, 2:4, rows[i]] = size[i] + rng.normal(0.0, 1.0, (ANCHORS_EACH, 2))
        output[0, 4 + kinds[i], rows[i]] = rng.uniform(0.3, 0.9, ANCHORS_EACH)
    return output


def moving(frames: int) -> list[Detections]:
    """`OBJECTS` road users that drive through Giang Vo's picture, frame by frame."""
    scene = dense(OBJECTS, frames, seed=1)
    scale = np.array([640 / scene.size_px[0], 480 / scene.size_px[1]] * 2)
    code = CLASS_CODE[VehicleClass.MOTORCYCLE]
    return [
        Detections(
            (boxes[:, :4] * scale).astype(np.float32),
            boxes[:, 4].astype(np.float32),
            np.full(len(boxes), code, np.int8),
        )
        for boxes in scene.boxes
    ]
