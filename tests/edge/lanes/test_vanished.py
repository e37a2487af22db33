"""Who was seen to come cannot vanish: he stands behind the others until the queue moves or he is found again."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgiao.edge.lanes import flow
from nutgiao.edge.lanes.vanished import AGE_S, AT_M, CAPACITY, LENGTH_M, MPS, ON_LANE, STANDS, VALUES, hold
from tests.support.reference import vanished as plain
from tests.support.reference.vanished import Lost, Seen

FAR_M = 60.0

seen = st.builds(
    Seen,
    x_m=st.floats(-3.0, 60.0),
    length_m=st.sampled_from([1.9, 4.4]),
    lane=st.integers(0, 1),
    queued=st.booleans(),
    appeared=st.sampled_from([False, False, True]),
)
lost = st.builds(
    Lost,
    at_m=st.floats(3.0, 50.0),
    mps=st.floats(1.0, 9.0),
    length_m=st.sampled_from([1.9, 4.4]),
    lane=st.integers(0, 1),
)


class Table:
    """The kernel's table, filled and read by name."""

    def __init__(self) -> None:
        self.rows, self.count = np.zeros((CAPACITY, VALUES)), 0

    def step(self, dt_s: float, gone: list[Lost], sight: list[Seen]) -> None:
        rows = np.zeros((len(gone), 13))
        for row, g in zip(rows, gone, strict=True):
            row[[flow.X, flow.SPEED, flow.LENGTH, flow.LANE, flow.HITS]] = g.at_m, g.mps, g.length_m, g.lane, 20
        n = len(sight)
        figures, lane, flags = np.zeros((7, n + 1)), np.zeros(n + 1, np.int64), np.zeros((3, n + 1), np.bool_)
        for i, s in enumerate(sight):
            figures[[flow.X_M, flow.LENGTH_M], i] = s.x_m, s.length_m
            lane[i], flags[0, i], flags[2, i] = s.lane, s.queued, s.appeared
        self.count = hold(dt_s, FAR_M, rows, n, figures, lane, flags, self.rows, self.count)

    def read(self) -> list[tuple[float, ...]]:
        return [tuple(row[[AT_M, MPS, LENGTH_M, ON_LANE, AGE_S]]) for row in self.rows[: self.count]]


@given(
    gone=st.lists(lost, max_size=6, unique_by=lambda g: g.at_m), sights=st.lists(st.lists(seen, max_size=8), max_size=6)
)
def test_kernel_does_what_plain_words_say(gone: list[Lost], sights: list[list[Seen]]) -> None:
    table, others = Table(), [dataclasses.replace(g) for g in gone]
    for step, sight in enumerate([[], *sights]):
        table.step(0.5, gone if step == 0 else [], sight)
        others = plain.hold(0.5, others, sight)
        expected = sorted((g.at_m, g.mps, g.length_m, float(g.lane), g.age_s) for g in others)
        assert len(expected) == table.count
        assert np.allclose(np.array(sorted(table.read())), np.array(expected), rtol=0.0, atol=1e-9)


def test_a_rider_lost_behind_a_bus_stands_behind_it() -> None:
    table, bus = Table(), Seen(5.0, 11.0, 0, queued=True, appeared=False)
    table.step(0.5, [Lost(30.0, 6.0, 1.9, 0)], [bus])
    for _ in range(12):
        table.step(0.5, [], [bus])
    assert table.rows[0, STANDS] == 1.0
    assert 16.0 <= table.rows[0, AT_M] <= 17.5


def test_who_is_found_again_is_let_go_and_who_goes_on_leaves() -> None:
    table = Table()
    table.step(0.5, [Lost(30.0, 6.0, 1.9, 0)], [])
    table.step(0.5, [], [Seen(24.0, 1.9, 1, queued=False, appeared=True)])
    assert table.count == 0
    table.step(0.5, [Lost(30.0, 6.0, 1.9, 0)], [])
    for _ in range(12):
        table.step(0.5, [], [])
    assert table.count == 0


@pytest.mark.parametrize("other", [{"at_m": 1.0}, {"at_m": 58.0}, {"mps": 0.2}])
def test_who_crossed_the_line_had_not_come_or_stood_was_not_lost(other: dict[str, float]) -> None:
    table = Table()
    table.step(0.5, [dataclasses.replace(Lost(30.0, 6.0, 1.9, 0), **other)], [])
    assert table.count == 0
