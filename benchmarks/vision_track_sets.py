"""Recorded detections with human ground truth, as trackers and their judge take them: KITTI, vnroad and Hang Giay."""

from __future__ import annotations

import configparser
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

KITTI_FPS, KITTI_PX, KITTI_SEQUENCES = 10.0, (1242, 375), 21
_SAME_BOX = 0.7  # overlap with a region from which a box of Hang Giay is left out of the score


@dataclass(frozen=True, slots=True)
class Recording:
    """Detections of one sequence.

    Attributes:
        name: of the sequence.
        fps: frames per second.
        size_px: width and height of the picture.
        boxes: per frame ``(m, 5)`` left, top, right, bottom, score.
        truth: per frame ``(n, 5)`` identity and box; empty for KITTI, whose judge reads its files.
        left_out: per frame ``(m,)`` boxes that are tracked but not scored.
    """

    name: str
    fps: float
    size_px: tuple[int, int]
    boxes: list[Floats]
    truth: list[Floats]
    left_out: list[NDArray[np.bool_]]


@dataclass(frozen=True, slots=True)
class TrackingSet:
    """Sequences that are scored together.

    Attributes:
        name: of the set.
        recordings: its sequences.
        judged: what the judge is told besides the boxes.
        parts: sequences that are scored apart, too: settings chosen on those named odd are judged on those named even.
    """

    name: str
    recordings: list[Recording]
    judged: dict[str, Any]
    parts: dict[str, list[str]] = field(default_factory=dict)

    def write(self, file: Path) -> None:
        """Writes boxes and truth for the processes that run rivals and judge."""
        rows: dict[str, Any] = {"count": len(self.recordings)}
        for k, one in enumerate(self.recordings):
            rows[f"boxes-{k}"], rows[f"starts-{k}"] = _stacked(one.boxes, 5)
            rows[f"truth-{k}"], rows[f"truth-starts-{k}"] = _stacked(one.truth, 5)
            rows[f"left-out-{k}"] = np.concatenate([np.zeros(0, np.bool_), *one.left_out])
            rows[f"fps-{k}"], rows[f"size-{k}"] = one.fps, np.array(one.size_px)
        np.savez_compressed(file, **rows)


def load(folder: Path) -> list[TrackingSet]:
    """All sets that are there.

    Args:
        folder: ``mot`` in the data folder.
    """
    sets = [_kitti(folder / "kitti", kind) for kind in ("Car", "Pedestrian")]
    sets.append(_vnroad(folder / "vnroad"))
    sets.append(_hang_giay(folder / "hanoi_hanggiay" / "HG-01"))
    return sets


def _kitti(folder: Path, kind: str) -> TrackingSet:
    lines = (folder / "evaluate_tracking.seqmap.training").read_text().splitlines()
    frames = {line.split()[0]: int(line.split()[3]) for line in lines}
    recordings = []
    for file in sorted((folder / "det_rrc" / kind).glob("*.txt")):
        text = file.read_text().split()
        rows = np.array([line.split(",") for line in text], float).reshape(-1, 6)
        boxes = [rows[rows[:, 0] == t, 1:] for t in range(frames[file.stem])]
        kept = [np.zeros(len(b), np.bool_) for b in boxes]
        recordings.append(Recording(file.stem, KITTI_FPS, KITTI_PX, boxes, [], kept))
    names = [one.name for one in recordings]
    judged = {
        "kind": "kitti",
        "class": kind.lower(),
        "truth": str(folder / "gt_label_02"),
        "frames": [len(one.boxes) for one in recordings],
    }
    parts = {"odd": [n for n in names if int(n) % 2], "even": [n for n in names if not int(n) % 2]}
    return TrackingSet(f"KITTI {kind.lower()}s", recordings, judged, parts)


def _vnroad(folder: Path) -> TrackingSet:
    names = ("VN-02", "VN-03", "VN-04")
    recordings = [_mot(folder / "gt" / name, folder / "det" / "RT_DETR_S" / f"{name}.txt") for name in names]
    parts = {"odd": ["VN-03"], "even": ["VN-02", "VN-04"]}
    return TrackingSet("vnroad", recordings, {"kind": "plain"}, parts)


def _hang_giay(folder: Path) -> TrackingSet:
    one = _mot(folder, folder / "det" / "det_units.txt")
    regions = json.loads((folder / "ignore_boxes_xyxy.json").read_text())
    left_out = []
    for k, boxes in enumerate(one.boxes):
        there = np.array(regions.get(str(k + 1), []), float).reshape(-1, 4)
        left_out.append((_overlaps(boxes, there) > _SAME_BOX).any(axis=1))
    recording = Recording(one.name, one.fps, one.size_px, one.boxes, one.truth, left_out)
    return TrackingSet("Hang Giay", [recording], {"kind": "plain"})


def _mot(folder: Path, detections: Path) -> Recording:
    """One sequence in the format of MOTChallenge."""
    told = configparser.ConfigParser()
    told.read(folder / "seqinfo.ini")
    about = told["Sequence"]
    found, truth = np.loadtxt(detections, delimiter=",", ndmin=2), np.loadtxt(folder / "gt" / "gt.txt", delimiter=",")
    truth = truth[truth[:, 6] > 0]
    times = range(1, int(about["seqLength"]) + 1)
    boxes = [np.column_stack([_corners(rows), rows[:, 6]]) for rows in (found[found[:, 0] == t] for t in times)]
    real = [np.column_stack([rows[:, 1], _corners(rows)]) for rows in (truth[truth[:, 0] == t] for t in times)]
    size = (int(about["imWidth"]), int(about["imHeight"]))
    kept = [np.zeros(len(b), np.bool_) for b in boxes]
    return Recording(about["name"], float(about["frameRate"]), size, boxes, real, kept)


def _corners(rows: Floats) -> Floats:
    """Left, top, right, bottom of rows of MOTChallenge."""
    return np.column_stack([rows[:, 2:4], rows[:, 2:4] + rows[:, 4:6]])


def _overlaps(one: Floats, two: Floats) -> Floats:
    """``(n, m)`` intersection over union."""
    low, high = np.maximum(one[:, None, :2], two[None, :, :2]), np.minimum(one[:, None, 2:4], two[None, :, 2:4])
    common = np.prod(np.clip(high - low, 0.0, None), axis=2)
    both = np.prod(one[:, 2:4] - one[:, :2], axis=1)[:, None] + np.prod(two[:, 2:4] - two[:, :2], axis=1)[None]
    return common / np.maximum(both - common, 1e-9)


def _stacked(frames: list[Floats], columns: int) -> tuple[Floats, NDArray[np.int64]]:
    """All frames below one another, and where each begins."""
    starts = np.concatenate([[0], np.cumsum([len(rows) for rows in frames], dtype=np.int64)])
    return np.concatenate([np.zeros((0, columns)), *frames]), starts
