"""The assignment is the cheapest there is, with rows free to stay alone."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from nutgiao.models.vision.assignment import assign


def cheapest(cost: np.ndarray, miss_cost: float) -> float:
    """Tries everything."""

    def rest(row: int, taken: int) -> float:
        if row == len(cost):
            return 0.0
        best = miss_cost + rest(row + 1, taken)
        for column, value in enumerate(cost[row]):
            if not taken >> column & 1 and value < math.inf:
                best = min(best, value + rest(row + 1, taken | 1 << column))
        return best

    return rest(0, 0)


matrices = hnp.arrays(
    np.float64,
    st.tuples(st.integers(1, 5), st.integers(1, 5)),
    elements=st.one_of(st.floats(-5.0, 10.0), st.integers(0, 4).map(float), st.just(math.inf)),
)


@settings(max_examples=300, deadline=None)
@given(cost=matrices, miss_cost=st.floats(-2.0, 8.0))
def test_no_other_assignment_is_cheaper(cost: np.ndarray, miss_cost: float) -> None:
    columns = assign(cost, miss_cost)
    given_away = columns[columns >= 0]
    assert len(set(given_away.tolist())) == len(given_away)
    total = sum(cost[row, column] if column >= 0 else miss_cost for row, column in enumerate(columns))
    assert math.isclose(total, cheapest(cost, miss_cost), abs_tol=1e-9)


def test_greedy_would_be_wrong_here() -> None:
    # the first track is nearest to the second detection too, but then the second track would get nothing
    assert assign(np.array([[1.0, 0.9], [math.inf, 1.0]]), 5.0).tolist() == [0, 1]


def test_forbidden_and_unknown_pairs_are_never_made() -> None:
    assert assign(np.array([[math.inf, math.nan]]), 100.0).tolist() == [-1]


def test_nobody_and_nothing() -> None:
    assert assign(np.zeros((0, 3)), 1.0).tolist() == []
    assert assign(np.zeros((2, 0)), 1.0).tolist() == [-1, -1]
