"""What is remembered of each track from frame to frame, kept in step with the tracks by their ascending numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.jit import kernel

Floats = NDArray[np.float64]


class TrackMemory:
    """One row of float64 values per track, for a kernel that knows the columns.

    Args:
        **start: value of each column for a new track, in the order of the columns.
    """

    def __init__(self, **start: float) -> None:
        self._start = np.array(list(start.values()), np.float64)
        self._numbers, self._told = np.zeros(0, np.int64), b""
        self.rows: Floats = np.zeros((0, len(start)))

    def follow(self, numbers: NDArray[np.int64]) -> Floats:
        """Adds new tracks and drops those that are gone.

        Args:
            numbers: ``(n,)`` tracks now, ascending; `rows` follows their order.

        Returns:
            The rows of the tracks that are gone.
        """
        told = numbers.tobytes()
        if told == self._told:  # most frames; a tenth of what comparing arrays costs
            return self.rows[:0]
        old, rows = self.rows, np.empty((len(numbers), len(self._start)))
        gone = np.empty(len(old), np.bool_)
        carry_over(self._numbers, old, numbers, self._start, rows, gone)
        self._numbers, self._told, self.rows = numbers, told, rows
        return old[gone]


@kernel("void(i8[::1], f8[:, ::1], i8[::1], f8[::1], f8[:, ::1], b1[::1])", lean=True)
def carry_over(
    old_numbers: NDArray[np.int64],
    old_rows: Floats,
    numbers: NDArray[np.int64],
    start: Floats,
    rows: Floats,
    gone: NDArray[np.bool_],
) -> None:
    """Copies the rows of tracks that are still there, in one walk along both ascending lists.

    Args:
        old_numbers: ``(k,)`` tracks before.
        old_rows: ``(k, columns)`` theirs.
        numbers: ``(n,)`` tracks now.
        start: ``(columns,)`` row of a new track.
        rows: ``(n, columns)`` output.
        gone: ``(k,)`` output: not there any more.
    """
    gone[:] = True
    k = 0
    for i in range(len(numbers)):
        while k < len(old_numbers) and old_numbers[k] < numbers[i]:
            k += 1
        if k < len(old_numbers) and old_numbers[k] == numbers[i]:
            for c in range(len(start)):
                rows[i, c] = old_rows[k, c]
            gone[k] = False
        else:
            for c in range(len(start)):
                rows[i, c] = start[c]
