"""Runs one rival tracker over recorded detections; started inside the rival's own environment, importing none of us.

Input: ``name sequences.npz answers.npz settings.json``. The sequences hold the boxes of all frames below one another
(``boxes-k``, ``(n, 5)`` left, top, right, bottom, score; ``starts-k``, ``(frames + 1,)``; ``fps-k``; ``size-k``). The
answer holds, for each setting ``s`` and sequence ``k``, one number per box (``ids-s-k``): the identity that the rival
gave it, or -1; and ``seconds-s-k``, the time spent in the rival alone. The box that is scored is always the detection.
"""

from __future__ import annotations

import itertools
import json
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

Step = Callable[[Any], "np.ndarray[Any, Any]"]

GRIDS: dict[str, dict[str, list[Any]]] = {
    "trackers ByteTrack": {
        "track_activation_threshold": [0.3, 0.6],
        "minimum_consecutive_frames": [1, 2],
        "minimum_iou_threshold": [0.1, 0.3],
        "high_conf_det_threshold": [0.4, 0.6],
    },
    "trackers OC-SORT": {
        "high_conf_det_threshold": [0.3, 0.6],
        "minimum_consecutive_frames": [1, 3],
        "minimum_iou_threshold": [0.1, 0.3],
        "direction_consistency_weight": [0.0, 0.2],
    },
    "trackers SORT": {
        "track_activation_threshold": [0.3, 0.6],
        "minimum_consecutive_frames": [1, 2, 3],
        "minimum_iou_threshold": [0.1, 0.3],
    },
    "boxmot ByteTrack": {
        "track_thresh": [0.3, 0.45, 0.6],
        "match_thresh": [0.7, 0.8, 0.9],
        "track_buffer": [30, 60],
    },
    "boxmot OC-SORT": {
        "det_thresh": [0.3, 0.6],
        "min_hits": [1, 3],
        "iou_threshold": [0.1, 0.3],
        "use_byte": [False, True],
    },
}
"""What each rival may be tuned over; the first setting that is run is always its own default."""


def settings_of(name: str) -> list[dict[str, Any]]:
    """The rival's defaults (no options at all), then every point of its grid."""
    grid = GRIDS[name]
    return [{}, *(dict(zip(grid, point, strict=True)) for point in itertools.product(*grid.values()))]


def of_trackers(name: str, options: dict[str, Any], fps: float, size: tuple[int, int]) -> Step:
    """A tracker of the PyPI package `trackers`, from boxes to ids."""
    import supervision
    import trackers

    kind = {"ByteTrack": "ByteTrackTracker", "OC-SORT": "OCSORTTracker", "SORT": "SORTTracker"}[name]
    tracker = getattr(trackers, kind)(frame_rate=fps, **options)

    def step(boxes: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        ids, rows = np.full(len(boxes), -1), np.arange(len(boxes))
        seen = supervision.Detections(
            xyxy=boxes[:, :4].copy(),
            confidence=boxes[:, 4].copy(),
            class_id=np.zeros(len(boxes), int),
            data={"row": rows},
        )
        found = tracker.update(seen)
        if len(found):
            ids[found.data["row"]] = found.tracker_id
        return ids

    return step


def of_boxmot(name: str, options: dict[str, Any], fps: float, size: tuple[int, int]) -> Step:
    """A tracker of `boxmot`, from boxes to ids. Its detectors' class column is 0 throughout."""
    from boxmot.trackers.box.bytetrack.tracker import ByteTrack
    from boxmot.trackers.box.ocsort.tracker import OcSort

    options = dict(options)
    if name == "ByteTrack":
        buffer = options.pop("track_buffer", 30)
        tracker = ByteTrack(track_buffer=round(buffer * fps / 30.0), frame_rate=30, **options)
    else:
        tracker = OcSort(max_age=round(fps), **options)
    picture = np.zeros((size[1], size[0], 3), np.uint8)

    def step(boxes: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        ids = np.full(len(boxes), -1)
        rows = np.column_stack([boxes, np.zeros(len(boxes))]) if len(boxes) else np.empty((0, 6))
        found = np.asarray(tracker.update(rows, picture))
        if len(found):
            ids[found[:, 7].astype(int)] = found[:, 4].astype(int)
        return ids

    return step


def main(name: str, sequences: str, answers: str, settings: str) -> None:
    """Runs every setting over every sequence."""
    warnings.filterwarnings("ignore")
    data, out = np.load(sequences), {}
    package, kind = name.split(" ", 1)
    make = of_trackers if package == "trackers" else of_boxmot
    with open(settings, encoding="utf-8") as file:
        tried = json.load(file)
    for s, options in enumerate(tried):
        for k in range(int(data["count"])):
            boxes, starts = data[f"boxes-{k}"], data[f"starts-{k}"]
            step = make(kind, options, float(data[f"fps-{k}"]), tuple(data[f"size-{k}"].tolist()))
            ids, spent = np.full(len(boxes), -1), 0.0
            for first, last in itertools.pairwise(starts.tolist()):
                begun = time.perf_counter()
                ids[first:last] = step(boxes[first:last])
                spent += time.perf_counter() - begun
            out[f"ids-{s}-{k}"], out[f"seconds-{s}-{k}"] = ids, np.array(spent)
    out["settings"] = np.array(len(tried))
    np.savez_compressed(answers, **out)


if __name__ == "__main__":
    main(*sys.argv[1:5])
