"""A frame is taken in by one call: it does what its two kernels do one after the other, and counts who was lost."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nutgiao.edge.lanes import flow
from nutgiao.edge.lanes.frame import take_frame
from nutgiao.edge.lanes.vanished import BEFORE_END_M, CAPACITY, VALUES, hold

FAR_M, LANES = 60.0, 2
BY_CLASS = np.array([[1.9, 4.4], [0.7, 1.8], [1.0, 4.0], [3.6, 17.8]])


class Side:
    """What an estimator keeps from frame to frame."""

    def __init__(self, tracks: int) -> None:
        self.counts, self.figures = np.zeros((LANES, 4)), np.zeros((7, tracks + CAPACITY))
        self.lane, self.flags = np.zeros(tracks + CAPACITY, np.int64), np.zeros((3, tracks + CAPACITY), np.bool_)
        self.departs, self.table, self.hidden = np.zeros(tracks + CAPACITY, np.bool_), np.zeros((CAPACITY, VALUES)), 0

    def all(self) -> list[np.ndarray]:
        return [self.counts, self.figures, self.lane, self.flags, self.departs, self.table, np.array(self.hidden)]


@given(seed=st.integers(0, 2**32 - 1), frames=st.lists(st.integers(0, 12), min_size=1, max_size=5))
def test_one_call_does_what_the_two_kernels_do_one_after_the_other(seed: int, frames: list[int]) -> None:
    random = np.random.default_rng(seed)
    apart, together = Side(12), Side(12)
    owed = np.zeros(LANES, np.bool_)
    for time_s, n in enumerate(frames):
        x, speed, unseen = random.uniform(-6.0, 60.0, n), random.uniform(-1.0, 9.0, n), random.choice([0.0, 0.5], n)
        track = [x, speed, random.normal(0.0, 1.0, n), np.full(n, 0.3), unseen, random.uniform(-5.0, 60.0, n)]
        track += [
            np.where(x < 0.0, 1.0, np.nan),
            random.integers(0, LANES, n),
            random.integers(0, 2, n).astype(np.int8),
        ]
        track += [np.full(n, 9)]
        mine, gone = np.zeros((n, 13)), np.zeros((int(random.integers(0, 4)), 13))
        gone[:, flow.X], gone[:, flow.SPEED] = (
            random.uniform(-5.0, 60.0, len(gone)),
            random.uniform(0.0, 9.0, len(gone)),
        )
        gone[:, flow.LENGTH], gone[:, flow.HITS], theirs = 1.9, 9.0, mine.copy()
        told = flow.take_in(
            float(time_s), *track, FAR_M, BY_CLASS, owed, theirs, apart.counts, apart.figures, apart.lane, apart.flags,
            apart.departs,
        )  # fmt: skip
        apart.hidden = hold(
            0.5, FAR_M, gone, n, apart.figures, apart.lane, apart.flags, apart.table, apart.hidden
        )  # fmt: skip
        departing, together.hidden, lost = take_frame(
            float(time_s), 0.5, *track, FAR_M, BY_CLASS, owed, mine, gone, together.counts, together.figures,
            together.lane, together.flags, together.departs, together.table, together.hidden,
        )  # fmt: skip
        assert departing == told
        assert np.array_equal(mine, theirs)
        assert all(np.array_equal(a, b) for a, b in zip(apart.all(), together.all(), strict=True))
        assert lost == sum(0.0 < x_m < FAR_M - BEFORE_END_M for x_m in gone[:, flow.X])
