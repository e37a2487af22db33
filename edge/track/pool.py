"""Filters of a tracker side by side, as arrays that kernels work on in place."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.words import CLASSES


class Pool:
    """Row i of every array is one track; confirmed tracks and candidates are pools of their own."""

    __slots__ = (
        "born_m",
        "born_s",
        "boxes_px",
        "classes",
        "covariance",
        "foot_px",
        "hidden_s",
        "hits",
        "misses",
        "numbers",
        "pointing",
        "scores",
        "seen_s",
        "state",
        "votes",
    )

    def __init__(self) -> None:
        self.numbers = np.zeros(0, np.int64)  # all zero among candidates
        self.state = np.zeros((0, 4))
        self.covariance = np.zeros((0, 4, 4))
        self.pointing = np.zeros((0, 2))
        self.boxes_px = np.zeros((0, 4), np.float32)
        self.foot_px = np.zeros((0, 2))
        self.scores = np.zeros(0, np.float32)
        self.hidden_s = np.zeros(0)  # when it was last known to be hidden
        self.votes = np.zeros((0, len(CLASSES)))  # sum of its detections' scores, by class
        self.classes = np.zeros(0, np.int8)  # the one with most votes
        self.hits = np.zeros(0, np.int64)
        self.misses = np.zeros(0, np.int64)  # frames in a row without detection
        self.born_s = np.zeros(0)
        self.born_m = np.zeros((0, 2))
        self.seen_s = np.zeros(0)

    def __len__(self) -> int:
        return len(self.hits)

    def take(self, chosen: NDArray[np.bool_]) -> Pool:
        """The chosen rows as a pool of their own."""
        taken, rows = Pool.__new__(Pool), chosen.nonzero()[0]
        for name in self.__slots__:
            setattr(taken, name, getattr(self, name).take(rows, axis=0))
        return taken

    def append(self, other: Pool) -> None:
        """Adds the rows of another pool below."""
        for name in self.__slots__:
            setattr(self, name, np.concatenate((getattr(self, name), getattr(other, name))))
