"""Which detection belongs to which track: the cheapest assignment in which a row may also stay alone.

Shortest augmenting paths with dual variables (Jonker and Volgenant 1987), for cost matrices of which most entries are
forbidden. Staying alone costs ``miss_cost``: it acts like a private column of each row, so no square padding is needed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.jit import kernel


@kernel("void(f8[:, ::1], f8, i8[::1])")
def assign_kernel(  # noqa: PLR0912, PLR0915 - one algorithm, read beside its source
    cost: NDArray[np.float64], miss_cost: float, column_of: NDArray[np.int64]
) -> None:
    """Finds the assignment of least total cost.

    Args:
        cost: ``(n, m)`` cost of giving column j to row i; ``inf`` forbids it.
        miss_cost: cost of leaving a row alone; an entry that costs more than two of them is never worth it.
        column_of: ``(n,)`` output: the row's column, or -1.
    """
    n, m = cost.shape
    row_of = np.full(m, -1, np.int64)
    u = np.zeros(n)  # duals: u[i] + v[j] <= cost[i, j], u[i] <= miss_cost, v[j] <= 0, equal along the assignment
    v = np.zeros(m)
    distance = np.empty(m)
    from_row = np.empty(m, np.int64)
    done = np.empty(m, np.bool_)
    for start in range(n):
        column_of[start] = -1
        for j in range(m):
            distance[j] = np.inf
            done[j] = False
        row, reached = start, 0.0
        alone_row, alone_at = -1, np.inf  # the cheapest row on the tree to be left alone
        end = -1
        while True:
            if reached + miss_cost - u[row] < alone_at:
                alone_at, alone_row = reached + miss_cost - u[row], row
            nearest, best = -1, np.inf
            for j in range(m):
                if done[j]:
                    continue
                through = reached + cost[row, j] - u[row] - v[j]
                if through < distance[j]:
                    distance[j], from_row[j] = through, row
                if distance[j] < best:
                    best, nearest = distance[j], j
            if best >= alone_at:  # also when no column is left
                break
            done[nearest] = True
            reached = best
            if row_of[nearest] < 0:
                end = nearest
                break
            row = row_of[nearest]
        total = alone_at if end < 0 else reached
        u[start] += total  # before the path is turned, row_of still tells who held which column
        for j in range(m):
            if done[j] and distance[j] < total:
                v[j] -= total - distance[j]
                u[row_of[j]] += total - distance[j]
        column, row = end, -1
        if end < 0:  # free the column of the row that is left alone
            column = column_of[alone_row]
            column_of[alone_row] = -1
            if alone_row == start:
                continue
        while True:
            row = from_row[column]
            previous = column_of[row]
            row_of[column], column_of[row] = row, column
            if row == start:
                break
            column = previous


def assign(cost: NDArray[np.float64], miss_cost: float) -> NDArray[np.int64]:
    """Gives each row a column or none, at the least total cost.

    Args:
        cost: ``(n, m)`` float64, ``inf`` where forbidden; NaN is taken as forbidden.
        miss_cost: cost of leaving a row alone.

    Returns:
        ``(n,)`` column of each row, -1 for none.
    """
    n, m = cost.shape
    column_of = np.full(n, -1, np.int64)
    if n and m:
        assign_kernel(np.ascontiguousarray(np.where(np.isnan(cost), np.inf, cost)), miss_cost, column_of)
    return column_of
