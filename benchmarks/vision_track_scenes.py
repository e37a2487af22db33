"""Drawn scenes with known identities: dense moving traffic, and a standing queue whose boxes jitter and go missing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WIDTH_PX, HEIGHT_PX = 1920, 1080
FPS = 30.0


@dataclass(frozen=True, slots=True)
class Drawn:
    """A scene, frame by frame.

    Attributes:
        name: of the scene.
        fps: frames per second.
        size_px: width and height of the picture.
        boxes: per frame ``(m, 5)`` left, top, right, bottom, score.
        truth: per frame ``(m,)`` who each box is.
    """

    name: str
    fps: float
    size_px: tuple[int, int]
    boxes: list[NDArray[np.float64]]
    truth: list[NDArray[np.int64]]


def dense(objects: int, frames: int, seed: int) -> Drawn:
    """Rows of road users that drive across the picture, one in ten crosses them; whoever leaves comes back as another.

    Boxes of 36-60 by 40-70 px in up to 15 rows that overlap in the picture, 4-8 px a frame, every edge jitters by 1 px,
    3 in 100 boxes are missed, scores between 0.45 and 0.95.

    Args:
        objects: how many are in the picture at a time.
        frames: how many frames at 30 per second.
        seed: of the places, speeds, sizes and errors.
    """
    rng = np.random.default_rng(seed)
    crossing = np.arange(objects) % 10 == 9
    rows = max(3, min(15, objects // 6))
    row = np.arange(objects) % rows
    speed = np.where(row % 2 == 0, 1.0, -1.0) * (4.0 + 4.0 * rng.random(rows))[row]
    gap = WIDTH_PX / np.ceil(objects / rows)
    along = (np.arange(objects) // rows) * gap + rng.uniform(0.0, 0.3 * gap, objects)
    across = HEIGHT_PX * (row + 0.5) / rows
    along[crossing], across[crossing] = across[crossing], rng.uniform(0.0, WIDTH_PX, crossing.sum())
    size = np.column_stack([rng.uniform(36.0, 60.0, objects), rng.uniform(40.0, 70.0, objects)])
    boxes, truth = [], []
    for frame in range(frames):
        length = np.where(crossing, HEIGHT_PX, WIDTH_PX).astype(float)
        swing = 6.0 * np.sin(0.05 * frame + np.arange(objects))  # nobody drives quite evenly
        where = along + speed * frame + swing
        lap = np.floor(where / length).astype(np.int64)
        where -= lap * length
        middle = np.where(crossing[:, None], np.column_stack([across, where]), np.column_stack([where, across]))
        edges = np.hstack([middle - 0.5 * size, middle + 0.5 * size]) + rng.normal(0.0, 1.0, (objects, 4))
        seen = rng.random(objects) > 0.03
        boxes.append(np.column_stack([edges, rng.uniform(0.45, 0.95, objects)])[seen])
        truth.append((np.arange(objects) + objects * (lap + 1000))[seen])
    return Drawn(f"dense-{objects}", FPS, (WIDTH_PX, HEIGHT_PX), boxes, _named(truth))


def standing(objects: int, frames: int, seed: int) -> Drawn:
    """A queue at a red lamp as a camera ahead sees it: overlapping boxes, 1.5 px jitter, 5 in 100 missed.

    Args:
        objects: how many stand.
        frames: how many frames at 30 per second.
        seed: of the errors.
    """
    rng = np.random.default_rng(seed)
    abreast, deep = np.arange(objects) % 6, np.arange(objects) // 6
    scale = 1.0 / (1.0 + 0.09 * deep)  # further back is smaller
    bottom = HEIGHT_PX * (0.35 + 0.6 * scale**1.5)
    middle = 0.5 * WIDTH_PX + (abreast - 2.5) * 150.0 * scale
    wide, high = 90.0 * scale, 170.0 * scale
    still = np.column_stack([middle - wide / 2, bottom - high, middle + wide / 2, bottom])
    boxes, truth = [], []
    for _ in range(frames):
        seen = rng.random(objects) > 0.05
        edges = still + rng.normal(0.0, 1.5, (objects, 4))
        boxes.append(np.column_stack([edges, rng.uniform(0.45, 0.95, objects)])[seen])
        truth.append(np.arange(objects)[seen])
    return Drawn(f"standing-{objects}", FPS, (WIDTH_PX, HEIGHT_PX), boxes, truth)


def switches(ids: list[NDArray[np.int64]], truth: list[NDArray[np.int64]]) -> int:
    """How often somebody got another identity than before.

    Args:
        ids: per frame ``(m,)`` what the tracker said of each box, below 0 for nothing.
        truth: per frame ``(m,)`` who it is.
    """
    last: dict[int, int] = {}
    changed = 0
    for said, who in zip(ids, truth, strict=True):
        for name, person in zip(said.tolist(), who.tolist(), strict=True):
            if name >= 0:
                changed += last.get(person, name) != name
                last[person] = name
    return changed


def _named(truth: list[NDArray[np.int64]]) -> list[NDArray[np.int64]]:
    """The same identities, numbered from 0."""
    names = np.unique(np.concatenate(truth))
    return [np.searchsorted(names, frame) for frame in truth]
