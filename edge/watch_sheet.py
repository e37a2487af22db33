"""A contact sheet: frames from all over a clip side by side, to see at a glance how the watching went."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.errors import NutgiaoError

WIDTH_PX = 800
GAP_PX = 6


class ContactSheet:
    """Keeps evenly spaced frames of a clip whose length nobody knows, in bounded memory.

    Every frame is kept at first; when twice as many as asked for are there, every other one goes and only every second,
    fourth, eighth... frame is kept from then on.

    Args:
        count: frames on the sheet, at most; at least half as many if the clip has them.
    """

    def __init__(self, count: int) -> None:
        self._count, self._every = count, 1
        self._kept: list[tuple[int, NDArray[np.uint8]]] = []

    def wants(self, number: int) -> bool:
        """Whether frame ``number``, counted from 1, is to be added."""
        return (number - 1) % self._every == 0

    def add(self, number: int, drawn: NDArray[np.uint8]) -> None:
        """Adds a drawn frame, reduced.

        Args:
            number: of the frame, counted from 1.
            drawn: ``(h, w, 3)`` uint8 BGR.
        """
        height = round(drawn.shape[0] * WIDTH_PX / drawn.shape[1])
        small = np.asarray(cv2.resize(drawn, (WIDTH_PX, height), interpolation=cv2.INTER_AREA), np.uint8)
        self._kept.append((number, small))
        while len(self._kept) > 2 * self._count:
            self._every *= 2
            self._kept = [one for one in self._kept if self.wants(one[0])]

    def write(self, path: Path) -> None:
        """Writes the sheet, as square as it goes; nothing if no frame came.

        Raises:
            NutgiaoError: if the file cannot be written.
        """
        if not self._kept:
            return
        chosen = np.linspace(0, len(self._kept) - 1, min(self._count, len(self._kept))).round().astype(int)
        pictures = [self._kept[i][1] for i in np.unique(chosen).tolist()]
        columns = math.ceil(math.sqrt(len(pictures) * pictures[0].shape[0] / pictures[0].shape[1]))
        rows = math.ceil(len(pictures) / columns)
        height, width = pictures[0].shape[0] + GAP_PX, WIDTH_PX + GAP_PX
        sheet = np.full((rows * height + GAP_PX, columns * width + GAP_PX, 3), 32, np.uint8)
        for i, picture in enumerate(pictures):
            top, left = (i // columns) * height + GAP_PX, (i % columns) * width + GAP_PX
            sheet[top : top + picture.shape[0], left : left + WIDTH_PX] = picture
        if not cv2.imwrite(str(path), sheet):
            raise NutgiaoError(f"{path}: the contact sheet cannot be written; is the disk full?")
