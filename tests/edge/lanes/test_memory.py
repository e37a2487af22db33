"""What is remembered of a track stays with it while others come and go."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nutgiao.edge.lanes.memory import TrackMemory


@given(steps=st.lists(st.sets(st.integers(1, 20)), max_size=15))
def test_rows_follow_their_tracks(steps: list[set[int]]) -> None:
    memory, expected = TrackMemory(value=np.nan), dict[int, float]()
    for k, present in enumerate(steps):
        gone = memory.follow(np.array(sorted(present), np.int64))
        assert set(gone["number"].tolist()) == expected.keys() - present
        for number, value in zip(memory.rows["number"].tolist(), memory.rows["value"].tolist(), strict=True):
            assert value == expected[number] if number in expected else np.isnan(value)
        memory.rows["value"] = float(k)
        expected = dict.fromkeys(present, float(k))
