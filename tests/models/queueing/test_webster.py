"""Webster's formulas against his own figures and against what must hold for any demand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgiao.models.queueing.webster import cycle_s, random_delay_s, splits_s


def test_the_textbook_cycle() -> None:
    assert cycle_s(10.0, [0.3, 0.3]) == pytest.approx(50.0)  # (1.5 * 10 + 5) / (1 - 0.6)


def test_a_saturated_junction_has_no_best_cycle() -> None:
    assert math.isinf(cycle_s(10.0, [0.6, 0.5]))


def test_greens_follow_the_flow_ratios() -> None:
    assert splits_s(60, [0.4, 0.2], [5, 5], [99, 99]) == (40, 20)


def test_a_quiet_stage_keeps_its_least_green() -> None:
    assert splits_s(60, [0.5, 0.01], [5, 12], [99, 99]) == (48, 12)


def test_least_greens_that_do_not_fit_are_refused() -> None:
    assert splits_s(20, [0.5, 0.5], [12, 12], [99, 99]) is None


def test_a_stage_at_its_longest_green_leaves_the_rest_to_others() -> None:
    assert splits_s(60, [0.8, 0.1], [5, 5], [40, 99]) == (40, 20)


@given(
    st.lists(st.tuples(st.floats(0.01, 1.0), st.integers(1, 30), st.integers(0, 60)), min_size=1, max_size=6),
    st.floats(0, 1),
)
def test_splits_use_every_second_inside_the_bounds(stages: list[tuple[float, int, int]], share: float) -> None:
    ratios, least = [ratio for ratio, _, _ in stages], [low for _, low, _ in stages]
    most = [low + room for _, low, room in stages]
    total = sum(least) + int(share * (sum(most) - sum(least)))
    greens = splits_s(total, ratios, least, most)
    assert greens is not None
    assert sum(greens) == total
    assert all(low <= green <= high for low, green, high in zip(least, greens, most, strict=True))


@given(st.floats(100, 8000), st.floats(0.05, 1.5), st.floats(0.001, 0.3))
def test_more_saturation_never_waits_less(flow: float, saturation: float, more: float) -> None:
    assert random_delay_s(flow, saturation + more) >= random_delay_s(flow, saturation)
