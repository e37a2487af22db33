"""What is remembered of each track from frame to frame, kept in step with the tracks by their ascending numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


class TrackMemory:
    """One row of named values per track.

    Args:
        **start: value of each column for a new track; its type is the column's type.
    """

    def __init__(self, **start: float | bool) -> None:
        dtype = [("number", np.int64)] + [(name, np.dtype(type(value))) for name, value in start.items()]
        self._start = np.array([(0, *start.values())], dtype)
        self.rows: NDArray[Any] = self._start[:0].copy()

    def follow(self, numbers: NDArray[np.int64]) -> NDArray[Any]:
        """Adds new tracks and drops those that are gone.

        Args:
            numbers: ``(n,)`` tracks now, ascending; `rows` follows their order.

        Returns:
            The rows of the tracks that are gone.
        """
        old = self.rows
        if len(numbers) == len(old) and np.array_equal(numbers, old["number"]):
            return old[:0]
        rows = np.repeat(self._start, len(numbers))
        rows["number"] = numbers
        gone = np.ones(len(old), np.bool_)
        if len(old):
            where = np.minimum(np.searchsorted(old["number"], numbers), len(old) - 1)
            known = old["number"][where] == numbers
            rows[known] = old[where[known]]
            gone[where[known]] = False
        self.rows = rows
        return old[gone]
