"""What is known about one frame of one camera: every confirmed track with its place on approach and lane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.lanes.placed import PlacedTracks
from nutgiao.edge.track.tracks import Tracks
from nutgiao.models.contracts.site import Approach


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is known about one frame, for drawing: n confirmed tracks.

    Attributes:
        camera: id of the camera.
        time_s: capture time.
        ids: ``n`` ids.
        numbers: ``(n,)`` number within the camera.
        boxes_px: ``(n, 4)``.
        classes: ``(n,)`` index into CLASSES.
        speed_mps: ``(n,)``.
        x_m: ``(n,)`` front, upstream of the stop line; NaN off every approach.
        y_m: ``(n,)`` from the kerb; NaN off every approach.
        approaches: ``n`` approach ids or None.
        lanes: ``n`` lane ids or None.
        queued: ``(n,)`` stands in a queue.
        coasting: ``(n,)`` not seen in this frame.
    """

    camera: str
    time_s: float
    ids: tuple[str, ...]
    numbers: NDArray[np.int64]
    boxes_px: NDArray[np.float32]
    classes: NDArray[np.int8]
    speed_mps: NDArray[np.float64]
    x_m: NDArray[np.float64]
    y_m: NDArray[np.float64]
    approaches: tuple[str | None, ...]
    lanes: tuple[str | None, ...]
    queued: NDArray[np.bool_]
    coasting: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.ids)


def snapshot_of(
    camera: str,
    tracks: Tracks,
    approaches: Sequence[Approach],
    placed: Sequence[PlacedTracks],
    queued: NDArray[np.bool_],
) -> Snapshot:
    """Puts tracks and their places together.

    Args:
        camera: id of the camera.
        tracks: n confirmed tracks of it.
        approaches: those that it watches.
        placed: the tracks on each of them.
        queued: ``(n,)`` stands in a queue.
    """
    n = len(tracks)
    x, y = np.full(n, np.nan), np.full(n, np.nan)
    where: list[str | None] = [None] * n
    lanes: list[str | None] = [None] * n
    for approach, on_approach in zip(approaches, placed, strict=True):
        rows = tracks.numbers.searchsorted(on_approach.numbers)
        x[rows], y[rows] = on_approach.x_m, on_approach.y_m
        names = [lane.id for lane in approach.lanes]
        for row, lane in zip(rows.tolist(), on_approach.lanes.tolist(), strict=True):
            where[row], lanes[row] = approach.id, names[lane]
    return Snapshot(
        camera=camera,
        time_s=tracks.time_s,
        ids=tracks.ids,
        numbers=tracks.numbers,
        boxes_px=tracks.boxes_px,
        classes=tracks.classes,
        speed_mps=np.hypot(tracks.velocity_mps[:, 0], tracks.velocity_mps[:, 1]),
        x_m=x,
        y_m=y,
        approaches=tuple(where),
        lanes=tuple(lanes),
        queued=queued,
        coasting=tracks.coasting,
    )
