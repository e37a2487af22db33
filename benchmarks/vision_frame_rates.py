"""What a lower frame rate costs: vnroad's cameras with frames left out, HOTA and line counts.

``python -m benchmarks.vision_frame_rates`` prints the table that `nutgiao.cli.plan_capacity_costs` keeps.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.result import console, only_help
from benchmarks.vision_track import FOLDER, OURS, _judge, _ours, follow
from benchmarks.vision_track_sets import Recording, TrackingSet, load

RATES_FPS = (30, 15, 7.5, 5, 2)
"""The recordings' 30 frames a second divided by whole numbers."""

SET = "vnroad"
LINES = (0.4, 0.5, 0.6, 0.7)
"""Lines across the picture, as shares of its height; their counts are added up."""


def thinned(one: Recording, every: int) -> Recording:
    """The recording with only every so manieth frame."""
    return replace(
        one,
        fps=one.fps / every,
        boxes=one.boxes[::every],
        truth=one.truth[::every],
        left_out=one.left_out[::every],
    )


def crossings(frames: list[tuple[NDArray[np.int64], NDArray[np.float64]]], line_px: float) -> int:
    """Tracks that are on one side of a line at first and on the other at last, by the middle of their lower edge.

    Args:
        frames: ids and ``(n, 4)`` boxes of each frame.
        line_px: row of the line.
    """
    first: dict[int, bool] = {}
    last: dict[int, bool] = {}
    for ids, boxes in frames:
        for name, box in zip(ids.tolist(), boxes, strict=True):
            if name >= 0:
                below = bool(box[3] > line_px)
                first.setdefault(name, below)
                last[name] = below
    return sum(first[name] != last[name] for name in first)


def main() -> int:
    """Prints a line for each rate."""
    data = Path(os.environ["NUTGIAO_DATA"]) / "mot"
    whole = next(one for one in load(data) if one.name == SET)
    FOLDER.mkdir(parents=True, exist_ok=True)
    shown = console()
    for rate in RATES_FPS:
        every = [max(1, round(one.fps / rate)) for one in whole.recordings]
        thin = TrackingSet(
            f"{SET} at {rate}", [thinned(o, k) for o, k in zip(whole.recordings, every, strict=True)], whole.judged
        )
        boxes = FOLDER / f"{SET}-at-{rate}.npz"
        thin.write(boxes)
        scored, reason = _judge(thin, boxes, {OURS: _ours(thin)})
        hota = scored[OURS][0]["HOTA"] if scored else reason
        true = told = 0
        for full, one in zip(whole.recordings, thin.recordings, strict=True):
            ids, _ = follow(one.fps, one.size_px, one.boxes)
            for share in LINES:
                line = share * one.size_px[1]
                true += crossings([(rows[:, 0].astype(np.int64), rows[:, 1:]) for rows in full.truth], line)
                told += crossings([(i, b[:, :4]) for i, b in zip(ids, one.boxes, strict=True)], line)
        shown.print(
            f"{thin.recordings[0].fps:4.1f} fps: HOTA {hota}, counts told {told}, true {true}, share {told / true:.3f}"
        )
    return 0


if __name__ == "__main__":
    only_help(__doc__)
    sys.exit(main())
