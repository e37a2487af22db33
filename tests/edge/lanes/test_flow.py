"""Who joins, leaves, arrives and departs: the kernel judges each track as plain words do."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nutgiao.edge.lanes.flow import ARRIVED_MCU, DEPARTED, DEPARTED_VEH, KNOWN, QUEUED, SINCE_S, SLOW_S, STOOD, take_in
from tests.support.reference.flow import Known, Sight, judge

FAR_M = 60.0
BY_CLASS = np.array([[1.9, 1.7], [0.7, 0.6], [1.0, 1.4], [3.6, 3.6]])

sight = st.builds(
    Sight,
    x_m=st.floats(-6.0, 60.0),
    speed_mps=st.floats(-3.0, 12.0),
    sideways_mps=st.floats(-3.0, 3.0),
    sd_m=st.floats(0.0, 1.0),
    unseen_s=st.sampled_from([0.0, 0.5]),
    born_x_m=st.floats(-5.0, 60.0),
    crossed=st.booleans(),
)
known = st.none() | st.builds(
    Known, queued=st.booleans(), stood=st.booleans(), since_s=st.floats(0.0, 90.0), departed=st.booleans()
)


@given(tracks=st.lists(st.tuples(sight, known), max_size=12))
def test_kernel_judges_as_plain_words_do(tracks: list[tuple[Sight, Known | None]]) -> None:
    n = len(tracks)
    memory = np.zeros((n, 13))
    for row, (_, k) in zip(memory, tracks, strict=True):
        if k is not None:
            row[[KNOWN, QUEUED, STOOD, SINCE_S, DEPARTED]] = 1.0, k.queued, k.stood, k.since_s, k.departed
    names = ("x_m", "speed_mps", "sideways_mps", "sd_m", "unseen_s", "born_x_m")
    columns = [np.array([getattr(s, name) for s, _ in tracks], np.float64) for name in names]
    crossed = np.array([50.0 if s.crossed else np.nan for s, _ in tracks], np.float64)
    counts, figures, lane = np.zeros((1, 4)), np.zeros((7, n + 2)), np.zeros(n + 2, np.int64)
    flags, departs = np.zeros((3, n + 2), np.bool_), np.zeros(n + 2, np.bool_)
    classes, hits = np.zeros(n, np.int8), np.full(n, 9)
    lanes, owed = np.zeros(n, np.int64), np.zeros(1, np.bool_)
    track = (*columns, crossed, lanes, classes, hits)
    left = take_in(100.0, *track, FAR_M, BY_CLASS, owed, memory, counts, figures, lane, flags, departs)
    expected = [judge(100.0, s, k, FAR_M) for s, k in tracks]
    assert flags[:, :n].T.tolist() == [[v.queued, v.coming, v.new_in_mid_view] for v in expected]
    assert figures[SLOW_S, :n].tolist() == [v.slow_s for v in expected]
    assert departs[:n].tolist() == [v.departs for v in expected]
    assert left == counts[0, DEPARTED_VEH] == sum(v.departs for v in expected)
    assert counts[0, ARRIVED_MCU] == sum(v.arrives for v in expected)
