"""What is remembered of a track stays with it while others come and go."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nutgiao.edge.lanes.memory import TrackMemory


@given(steps=st.lists(st.sets(st.integers(1, 20)), max_size=15))
def test_rows_follow_their_tracks(steps: list[set[int]]) -> None:
    memory, expected = TrackMemory(number=0.0, value=np.nan), dict[float, float]()
    for k, present in enumerate(steps):
        numbers = np.array(sorted(present), np.int64)
        gone = memory.follow(numbers)
        assert set(gone[:, 0].tolist()) == expected.keys() - present
        for number, (_, value) in zip(numbers.tolist(), memory.rows.tolist(), strict=True):
            assert value == expected[number] if number in expected else np.isnan(value)
        memory.rows[:, 0], memory.rows[:, 1] = numbers, k
        expected = dict.fromkeys(numbers.tolist(), float(k))
