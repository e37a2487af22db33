"""Scores identities with TrackEval; started inside its environment, so it imports none of us.

Input: ``request.json answer.json``. The request names a set and, for each answer to score, a file of ids; the answer
holds HOTA, DetA, AssA, MOTA and identity switches of each, over all sequences and over parts of them. KITTI goes
through TrackEval's own preparation (vans, sitting persons, hidden and cut-off boxes and "don't care" regions are no
errors); the other sets have one class and no regions but those of Hang Giay, whose boxes are left out before.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from trackeval.datasets import Kitti2DBox
from trackeval.metrics import CLEAR, HOTA

Sequence = dict[str, Any]


def kitti(set_: dict[str, Any]) -> tuple[list[Sequence], Any]:
    """Ground truth of KITTI as TrackEval reads it."""
    set_name, folder, frames = set_["class"], set_["truth"], set_["frames"]
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "label_02").symlink_to(folder)
        rows = "".join(f"{name} empty 000000 {count:06d}\n" for name, count in zip(set_["names"], frames, strict=True))
        (Path(place) / "evaluate_tracking.seqmap.training").write_text(rows)
        for name in set_["names"]:  # the reader wants a file per tracker, too
            (Path(place) / "none" / "data").mkdir(parents=True, exist_ok=True)
            (Path(place) / "none" / "data" / f"{name}.txt").write_text("")
        reader = Kitti2DBox({
            "GT_FOLDER": place,
            "TRACKERS_FOLDER": place,
            "OUTPUT_FOLDER": place,
            "TRACKERS_TO_EVAL": ["none"],
            "CLASSES_TO_EVAL": [set_name],
            "SPLIT_TO_EVAL": "training",
            "PRINT_CONFIG": False,
        })  # fmt: skip
        return [reader._load_raw_file(None, name, is_gt=True) for name in set_["names"]], reader


def prepared_kitti(truth: Sequence, reader: Any, kind: str, boxes: list[Any], ids: list[Any]) -> Sequence:
    """One sequence, ready for the metrics."""
    code = reader.class_name_to_class_id[kind]
    raw = dict(truth)
    raw["tracker_ids"] = [i[i >= 0].astype(int) for i in ids]
    raw["tracker_dets"] = [b[i >= 0, :4] for b, i in zip(boxes, ids, strict=True)]
    raw["tracker_classes"] = [np.full(len(i), code) for i in raw["tracker_ids"]]
    raw["tracker_confidences"] = [np.ones(len(i)) for i in raw["tracker_ids"]]
    raw["similarity_scores"] = [
        reader._calculate_similarities(g, t) for g, t in zip(raw["gt_dets"], raw["tracker_dets"], strict=True)
    ]
    return dict(reader.get_preprocessed_seq_data(raw, kind))


def prepared_plain(truth: list[Any], boxes: list[Any], ids: list[Any]) -> Sequence:
    """One sequence of one class without regions, ready for the metrics. Truth per frame: ``(n, 5)`` id and box."""
    names = np.unique(np.concatenate([t[:, 0] for t in truth])) if truth else np.zeros(0)
    said = np.unique(np.concatenate([i[i >= 0] for i in ids]))
    data: Sequence = {"gt_ids": [], "tracker_ids": [], "similarity_scores": []}
    for t, b, i in zip(truth, boxes, ids, strict=True):
        data["gt_ids"].append(np.searchsorted(names, t[:, 0]))
        data["tracker_ids"].append(np.searchsorted(said, i[i >= 0]))
        ious = Kitti2DBox._calculate_box_ious(t[:, 1:], b[i >= 0, :4], box_format="x0y0x1y1")
        data["similarity_scores"].append(ious)
    data["num_gt_ids"], data["num_tracker_ids"] = len(names), len(said)
    data["num_gt_dets"] = sum(len(x) for x in data["gt_ids"])
    data["num_tracker_dets"] = sum(len(x) for x in data["tracker_ids"])
    data["num_timesteps"] = len(truth)
    return data


def split(rows: Any, starts: Any) -> list[Any]:
    """Rows of all frames, frame by frame."""
    return [rows[a:b] for a, b in itertools.pairwise(starts.tolist())]


def combined(hota: Any, clear: Any, results: dict[str, Any], names: list[str]) -> dict[str, float]:
    """The figures over some sequences together."""
    h = hota.combine_sequences({name: results[name][0] for name in names})
    c = clear.combine_sequences({name: results[name][1] for name in names})
    figures = {key: 100.0 * float(np.mean(h[key])) for key in ("HOTA", "DetA", "AssA")}
    return {**figures, "MOTA": 100.0 * float(c["MOTA"]), "switches": int(c["IDSW"])}


def main(request_file: str, answer_file: str) -> None:
    """Scores all answers of a request."""
    request = json.loads(Path(request_file).read_text())
    data, hota, clear = np.load(request["sequences"]), HOTA(), CLEAR({"PRINT_CONFIG": False})
    count = int(data["count"])
    names = [str(name) for name in request["names"]]
    boxes = [split(data[f"boxes-{k}"], data[f"starts-{k}"]) for k in range(count)]
    reader, truths = None, []
    with contextlib.redirect_stdout(io.StringIO()):
        if request["kind"] == "kitti":
            truths, reader = kitti(request)
        else:
            truths = [split(data[f"truth-{k}"], data[f"truth-starts-{k}"]) for k in range(count)]
    answer: dict[str, Any] = {}
    for name, file in request["answers"].items():
        given = np.load(file)
        for setting in range(int(given["settings"])):
            results = {}
            for k in range(count):
                ids = np.where(data[f"left-out-{k}"], -1, given[f"ids-{setting}-{k}"])
                frames = split(ids, data[f"starts-{k}"])
                if reader is not None:
                    ready = prepared_kitti(truths[k], reader, request["class"], boxes[k], frames)
                else:
                    ready = prepared_plain(truths[k], boxes[k], frames)
                with contextlib.redirect_stdout(io.StringIO()):
                    results[names[k]] = hota.eval_sequence(ready), clear.eval_sequence(ready)
            figures: dict[str, Any] = combined(hota, clear, results, names)
            for part, chosen in request["parts"].items():
                figures[part] = combined(hota, clear, results, chosen)
            answer.setdefault(name, []).append(figures)
    Path(answer_file).write_text(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:3])
