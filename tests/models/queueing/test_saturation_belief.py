"""What is believed gives way to what is seen, and the intervals hold what they promise."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgiao.models.queueing.saturation_belief import Belief, Prior, student_t

HEADWAY = Prior(mean=2.0, spread=0.25, noise=0.5)


@pytest.mark.parametrize(("freedom", "expected"), [(6, 1.9432), (10, 1.8125), (30, 1.6973), (1e6, 1.6449)])
def test_interval_has_the_width_of_the_table_of_students_t(freedom: float, expected: float) -> None:
    assert student_t(freedom) == pytest.approx(expected, rel=2e-3)


def test_without_observations_the_prior_stands() -> None:
    estimate = Belief.of(HEADWAY).estimate()
    assert estimate.value == 2.0
    assert estimate.used == 0.0
    assert estimate.high - 2.0 == pytest.approx(student_t(6.0) * 0.25)


@given(
    values=st.lists(st.floats(0.5, 5.0), min_size=1, max_size=30),
    weights=st.lists(st.floats(0.0, 1.0), min_size=30, max_size=30),
)
def test_streaming_says_what_the_closed_form_says(values: list[float], weights: list[float]) -> None:
    belief = Belief.of(HEADWAY)
    for value, weight in zip(values, weights, strict=False):
        belief.add(value, weight)
    w, x = np.array(weights[: len(values)]), np.array(values)
    strength = 4.0  # (0.5 / 0.25)^2
    mean = (strength * 2.0 + (w * x).sum()) / (strength + w.sum())
    # every squared distance to the posterior mean, the prior's included
    scale = 3.0 * 0.25 + 0.5 * ((w * (x - mean) ** 2).sum() + strength * (2.0 - mean) ** 2)
    assert belief.mean == pytest.approx(mean)
    assert belief.scale == pytest.approx(scale)
    assert belief.used == pytest.approx(w.sum())


def test_interval_narrows_with_the_root_of_what_was_seen() -> None:
    random = np.random.default_rng(1)
    belief = Belief.of(HEADWAY)
    widths = []
    for count in (400, 1200):
        for value in random.normal(1.8, 0.5, count):
            belief.add(float(value))
        estimate = belief.estimate()
        widths.append(estimate.high - estimate.low)
    assert widths[0] / widths[1] == pytest.approx(math.sqrt(1600 / 400), rel=0.1)
    assert belief.mean == pytest.approx(1.8, abs=0.04)
