"""Shares are learnt from what is seen, and deals keep to them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgiao.models.queueing.shares import Shares


@given(st.lists(st.floats(0.01, 10.0), min_size=1, max_size=6), st.integers(1, 60))
def test_every_stretch_of_the_deals_has_the_shares(prior: list[float], count: int) -> None:
    shares = Shares(prior)
    dealt = np.bincount([shares.deal() for _ in range(count)], minlength=len(prior))
    wanted = count * np.array(prior) / sum(prior)
    assert np.all(np.abs(dealt - wanted) < len(prior))


def test_shares_follow_what_is_seen_and_forget() -> None:
    shares = Shares([1.0, 1.0], memory_veh=50.0)
    for _ in range(200):
        shares.learn(0)
    assert shares.shares()[0] > 0.95
    for _ in range(200):
        shares.learn(1)
    assert shares.shares()[1] > 0.9


def test_only_what_is_allowed_is_dealt_and_nothing_if_nothing_is() -> None:
    shares = Shares([5.0, 1.0, 0.0])
    assert {shares.deal([1]) for _ in range(5)} == {1}
    assert shares.deal([2]) == -1
    assert shares.deal([]) == -1
    assert shares.shares([0, 1]) == pytest.approx([5 / 6, 1 / 6, 0.0])
