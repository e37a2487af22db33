"""Row by row says what all rows at once say, and one odd row does not carry the rest away."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from nutgiao.models.queueing.saturation_regression import Regression

MEAN, SPREAD, NOISE = np.array([1.0, 2.0]), np.diag([4.0, 1.0]), 0.25


def start() -> Regression:
    return Regression.of(MEAN, SPREAD, NOISE)


@given(seed=st.integers(0, 2**32 - 1), count=st.integers(0, 40))
def test_row_by_row_is_generalised_least_squares_with_the_prior_as_further_rows(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    rows, costs = random.uniform(0.0, 3.0, (count, 2)), random.uniform(0.5, 2.0, count)
    values = rows @ MEAN + random.uniform(-0.4, 0.4, count)
    fit = start()
    for row, value, cost in zip(rows, values, costs, strict=True):
        fit.add(row, float(value), float(cost))
    # the prior is two rows that say: the coefficient is its mean, at the cost of its variance over the noise
    design = np.concatenate([np.eye(2), rows])
    root = np.sqrt(np.concatenate([np.diag(SPREAD) / NOISE, costs]))
    expected, *_ = np.linalg.lstsq(design / root[:, None], np.concatenate([MEAN, values]) / root, rcond=None)
    assume(fit.used == count)  # no row lies so far off that it weighs less
    np.testing.assert_allclose(fit.mean(), expected, rtol=1e-7)


def test_before_the_first_row_the_prior_stands() -> None:
    np.testing.assert_allclose(start().mean(), MEAN)
    np.testing.assert_allclose(start().covariance(), SPREAD)


def test_an_odd_row_weighs_less_the_farther_off_it_is() -> None:
    shifts = []
    for off in (1.0, 10.0, 100.0):
        fit = start()
        for k in range(50):
            fit.add(np.array([1.0, k % 3]), 1.0 + 2.0 * (k % 3), 1.0)
        before = fit.mean()
        fit.add(np.array([1.0, 1.0]), 3.0 + off, 1.0)
        shifts.append(float(np.abs(fit.mean() - before).sum()))
    assert shifts[1] < 2.0 * shifts[0]
    assert shifts[2] == pytest.approx(shifts[1], rel=0.1)


def test_a_stored_regression_is_the_same() -> None:
    fit = start()
    fit.add(np.array([1.0, 2.0]), 5.5, 1.0)
    assert msgspec.json.decode(msgspec.json.encode(fit), type=Regression) == fit
