from __future__ import annotations

import math

import pytest

from nutgiao.models.intervals import interval


def test_the_interval_is_the_one_of_the_textbook() -> None:
    #  Student 1908: hours of sleep gained, mean 1.58, s = 1.23 over ten patients, t(9) = 2.262
    found = interval([1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4])
    assert found.mean == pytest.approx(1.58)
    assert (found.low, found.high) == (pytest.approx(0.70, abs=0.01), pytest.approx(2.46, abs=0.01))


def test_a_single_value_says_nothing_about_its_spread() -> None:
    assert math.isinf(interval([3.0]).half)


def test_many_values_have_nearly_the_normal_interval() -> None:
    found = interval([0.0, 1.0] * 500)
    assert found.half == pytest.approx(1.962 * 0.5 / math.sqrt(999), rel=1e-3)


def test_no_value_is_no_mean() -> None:
    with pytest.raises(ValueError, match="no value"):
        interval([])
