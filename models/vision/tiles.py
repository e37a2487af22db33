"""Tiles: overlapping parts of a picture, so that far motorcycles are large enough for a network's fixed input."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nutgiao.models.contracts.site import Camera
from nutgiao.models.vision.detections import Detections

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels."""

CUT_MARGIN_PX = 2.0


@dataclass(frozen=True, slots=True)
class Tiling:
    """Which parts of a camera's pictures are looked at besides the whole.

    Attributes:
        columns: of an even grid over the whole picture.
        rows: of it; one column and one row are no grid.
        parts: left, top, right, bottom as shares of width and height: where the site needs a closer look.
    """

    columns: int = 1
    rows: int = 1
    parts: tuple[tuple[float, float, float, float], ...] = ()

    @classmethod
    def of(cls, camera: Camera) -> Tiling:
        """What a site file asks for, in pictures of any size."""
        width, height = camera.width_px, camera.height_px
        parts = tuple((left / width, top / height, right / width, bottom / height)
                      for left, top, right, bottom in camera.tile_boxes_px)  # fmt: skip
        return cls(*camera.tiles, parts)

    def boxes(self, picture_px: tuple[int, int]) -> tuple[Box, ...]:
        """The parts in a picture of that width and height."""
        width, height = picture_px
        grid = tile_grid(picture_px, self.columns, self.rows) if self.columns * self.rows > 1 else []
        placed = [
            (round(left * width), round(top * height), round(right * width), round(bottom * height))
            for left, top, right, bottom in self.parts
        ]
        return (*grid, *placed)


WHOLE = Tiling()
"""Nothing besides the whole picture."""


def tile_grid(picture_px: tuple[int, int], columns: int, rows: int, overlap: float = 0.2) -> list[Box]:
    """Splits a picture evenly into tiles that overlap.

    Args:
        picture_px: width and height.
        columns: tiles side by side.
        rows: tiles one above the other.
        overlap: share of a tile that its neighbour sees too, at least as large as the largest thing to be found whole.

    Returns:
        Left, top, right, bottom of each tile, row by row; together they cover the picture.

    Raises:
        ValueError: if there is no tile, or the overlap is not in 0..0.9.
    """
    if columns < 1 or rows < 1 or not 0.0 <= overlap <= 0.9:
        raise ValueError(f"cannot cut {columns}x{rows} tiles with overlap {overlap}")

    def spans(length: int, count: int) -> list[tuple[int, int]]:
        size = length / (count - (count - 1) * overlap)
        starts = [i * size * (1.0 - overlap) for i in range(count)]
        return [(math.floor(start), min(length, math.ceil(start + size))) for start in starts]

    return [
        (left, top, right, bottom)
        for top, bottom in spans(picture_px[1], rows)
        for left, right in spans(picture_px[0], columns)
    ]


def untile(detections: Detections, tile: Box, picture_px: tuple[int, int]) -> Detections:
    """Detections of a tile in pixels of the picture, without those that the tile's inner edges cut.

    Args:
        detections: boxes in pixels of the tile.
        tile: left, top, right, bottom of the tile in the picture.
        picture_px: width and height of the picture.

    Returns:
        Whole boxes only; what an inner edge cut is whole in the neighbour or in the full picture.
    """
    left, top, right, bottom = tile
    boxes = detections.boxes_px + np.array([left, top, left, top], np.float32)
    whole = np.ones(len(detections), np.bool_)
    if left > 0:
        whole &= boxes[:, 0] > left + CUT_MARGIN_PX
    if top > 0:
        whole &= boxes[:, 1] > top + CUT_MARGIN_PX
    if right < picture_px[0]:
        whole &= boxes[:, 2] < right - CUT_MARGIN_PX
    if bottom < picture_px[1]:
        whole &= boxes[:, 3] < bottom - CUT_MARGIN_PX
    return Detections(boxes, detections.scores, detections.classes).select(whole)


def gather(parts: Sequence[Detections]) -> Detections:
    """All detections of several parts one after another."""
    if not parts:
        return Detections.empty()
    return Detections(
        np.concatenate([part.boxes_px for part in parts]),
        np.concatenate([part.scores for part in parts]),
        np.concatenate([part.classes for part in parts]),
    )
