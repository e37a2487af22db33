"""How many labelled riders of a Hanoi junction are found, whole picture beside tiles, and how many boxes that takes.

Run alone: ``python -m benchmarks.vision_detect``. The data are 32 pictures with 361 labelled riders. Labels are drawn
with a wide margin around rider and machine, so a rider counts as found if a road user's box overlaps it by IoU 0.3,
one box for one rider: with it the whole picture gives the published 92 %. IoU 0.5 is shown beside it. Far and queued
riders are often not labelled: recall is asked of those taller than 45 px. Even and odd frames are shown apart. Size and
tiles were chosen among seven with all figures in view, so this is no blind test of that choice.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from benchmarks.result import Result, console, only_help, target
from nutgiao.edge.detect.detector import Detector
from nutgiao.edge.detect.engines import resized
from nutgiao.edge.detect.gate import Picture, pictures_in
from nutgiao.edge.detect.onnx import OnnxDetector
from nutgiao.edge.detect.store import WeightsStore, store_folder
from nutgiao.models.vision.cards import YOLOV8N_COCO
from nutgiao.models.vision.gate import iou
from nutgiao.models.vision.tiles import WHOLE, Tiling

TALL_PX = 45.0
IOUS = (0.3, 0.5)
TILED_INPUT = (640, 576)
TILES = (2, 1)
RECALL_MIN = 0.97
BOXES_MAX = 1.2


@dataclass(frozen=True)
class Found:
    """One way of looking at all pictures: ``tall`` riders, which of them were hit at each IoU, and boxes per frame."""

    name: str
    hits: dict[float, NDArray[np.bool_]]
    even: NDArray[np.bool_]
    boxes: float
    tall_boxes: float

    def recall(self, overlap: float, odd: bool | None = None) -> float:
        """Share of the tall riders that was found; of even or odd frames only, if asked."""
        which = np.ones(len(self.even), bool) if odd is None else self.even != odd
        return float(self.hits[overlap][which].mean())

    def row(self) -> dict[str, Any]:
        """For the table and the file."""
        return {
            "what": self.name,
            "riders": len(self.even),
            "recall_iou30": self.recall(0.3),
            "recall_iou50": self.recall(0.5),
            "recall_iou30_even": self.recall(0.3, odd=False),
            "recall_iou30_odd": self.recall(0.3, odd=True),
            "boxes_per_frame": self.boxes,
            "boxes_taller_45px_per_frame": self.tall_boxes,
        }


def matched(truth_px: NDArray[np.float32], found_px: NDArray[np.float32], overlap: float) -> NDArray[np.bool_]:
    """``(n,)`` which truths have a box of their own: pairs are made in falling order of overlap."""
    table = iou(truth_px, found_px)
    hit = np.zeros(len(truth_px), bool)
    while table.size and table.max() >= overlap:
        one, other = np.unravel_index(int(table.argmax()), table.shape)
        hit[one] = True
        table[one], table[:, other] = -1.0, -1.0
    return hit


def look(name: str, detector: Detector, pictures: list[Picture], tiling: Tiling = WHOLE) -> Found:
    """Looks at every picture."""
    hits: dict[float, list[bool]] = {overlap: [] for overlap in IOUS}
    even: list[bool] = []
    boxes = tall_boxes = 0
    for one in pictures:
        image = one.read()
        truth = one.truth(image).boxes_px
        tall = truth[:, 3] - truth[:, 1] > TALL_PX
        users = detector.look(image, tiling.boxes((image.shape[1], image.shape[0]))).users.boxes_px
        for overlap in IOUS:
            hits[overlap] += matched(truth, users, overlap)[tall].tolist()
        even += [int(one.path.stem[-4:]) % 2 == 0] * int(tall.sum())
        boxes += len(users)
        tall_boxes += int(np.sum(users[:, 3] - users[:, 1] > TALL_PX))
    n = len(pictures)
    return Found(name, {k: np.array(v) for k, v in hits.items()}, np.array(even), boxes / n, tall_boxes / n)


def measure(full: bool = False, threads: int = 2) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Detection, for `benchmarks.vision` and for itself; the engine for tiles is made in this user's store.

    Args:
        full: changes nothing: there are 32 pictures.
        threads: of the network.

    Returns:
        Rows and targets.
    """
    data, store = Path(os.environ["NUTGIAO_DATA"]), WeightsStore(store_folder(os.environ, Path.home()))
    made_with, judged_by = pictures_in(data / "detection" / "hanoi_riders")
    pictures = made_with + judged_by
    weights = store.pull(YOLOV8N_COCO, confirm=lambda card: True)
    engine = resized(store, YOLOV8N_COCO, TILED_INPUT)
    plain = look("YOLOv8n 640x640, whole picture", OnnxDetector(weights, YOLOV8N_COCO, threads=threads), pictures)
    size = "x".join(map(str, TILED_INPUT))
    tiled = look(
        f"YOLOv8n {size}, whole picture and {TILES[0]}x{TILES[1]} tiles",
        OnnxDetector(store.path(engine), engine, threads=threads),
        pictures,
        Tiling(*TILES),
    )
    ratio = tiled.boxes / plain.boxes
    rival = f"whole picture: {plain.recall(0.3):.3f} with {plain.boxes:.2f} boxes"
    targets = [
        target("riders taller than 45 px found (IoU 0.3), with tiles", tiled.recall(0.3), ">=", RECALL_MIN, "", rival),
        target("road users per frame beside the whole picture", ratio, "<=", BOXES_MAX, "x", rival),
        target(
            "the same, those taller than 45 px", tiled.tall_boxes / plain.tall_boxes, "<=", BOXES_MAX, "x",
            f"whole picture: {plain.tall_boxes:.2f}",
        ),
    ]  # fmt: skip
    return [plain.row(), tiled.row()], targets


def main() -> None:
    """Runs it alone."""
    result = Result("vision_detect", full=False)
    result.rows, result.targets = measure()
    out = console()
    table = Table(title="riders of Giang Vo")
    for key in result.rows[0]:
        table.add_column(key)
    for row in result.rows:
        table.add_row(*(f"{value:.4f}" if isinstance(value, float) else str(value) for value in row.values()))
    out.print(table)
    result.finish(out)


if __name__ == "__main__":
    only_help(__doc__)
    main()
