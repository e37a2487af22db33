"""Tracks move between pools whole."""

from __future__ import annotations

import numpy as np

from nutgiao.edge.track.pool import Pool


def numbered(numbers: list[int]) -> Pool:
    """Every value of a track is its number."""
    pool = Pool()
    for name in Pool.__slots__:
        column = getattr(pool, name)
        values = np.broadcast_to(
            np.array(numbers).reshape(-1, *[1] * (column.ndim - 1)), (len(numbers), *column.shape[1:])
        )
        setattr(pool, name, values.astype(column.dtype))
    return pool


def test_what_is_taken_out_and_added_again_is_the_same() -> None:
    pool, even = numbered([1, 2, 3, 4]), np.array([False, True, False, True])
    odd, rest = pool.take(~even), pool.take(even)
    rest.append(odd)
    assert len(rest) == 4
    expected = numbered([2, 4, 1, 3])
    for name in Pool.__slots__:
        assert np.array_equal(getattr(rest, name), getattr(expected, name))
        assert getattr(rest, name).flags.c_contiguous
