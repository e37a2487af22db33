"""The phases of a site's plans: whatever the greens, they show what the timeline shows, second by second."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgiao.models.contracts.errors import ContractError
from nutgiao.models.contracts.site import Signals
from nutgiao.models.contracts.timeline import expand_cycle
from nutgiao.models.queueing.network.phases import phases_of
from tests.support.dual_ring import dual_ring
from tests.support.sites import shipped

SITES = ("demo-j1", "demo-j2", "demo-j3")


def signals_of(name: str) -> Signals:
    signals = shipped(name).signals
    assert signals is not None
    return signals


pytestmark = pytest.mark.slow  # no kernel runs here: once with everything else is enough


@pytest.mark.parametrize("name", SITES)
@given(longer=st.lists(st.integers(0, 60), min_size=8, max_size=8))
def test_phases_show_what_the_timeline_shows(name: str, longer: list[int]) -> None:
    signals = signals_of(name)
    phases = phases_of(signals)
    greens = tuple(least + more for least, more in zip(phases.least_s, longer, strict=False))
    lamps = np.repeat(phases.lamps, phases.durations_s(greens), axis=0)
    assert np.array_equal(lamps, expand_cycle(signals, greens))


@given(longer=st.lists(st.integers(0, 60), min_size=3, max_size=3))
def test_phases_of_another_order_show_what_the_timeline_shows_in_it(longer: list[int]) -> None:
    signals = signals_of("demo-j2")
    phases = phases_of(signals, (0, 2, 1))
    greens = tuple(least + more for least, more in zip(phases.least_s, longer, strict=True))
    lamps = np.repeat(phases.lamps, phases.durations_s(greens), axis=0)
    assert np.array_equal(lamps, expand_cycle(signals, greens, (0, 2, 1)))
    assert not np.array_equal(lamps[-len(lamps) // 2 :], expand_cycle(signals, greens)[-len(lamps) // 2 :])


def test_lamps_of_rings_have_no_fixed_sequence() -> None:
    signals = dual_ring().signals
    assert signals is not None
    with pytest.raises(ContractError, match="rings"):
        phases_of(signals)


def test_a_green_below_the_least_is_refused_by_stage() -> None:
    signals = signals_of("demo-j2")
    with pytest.raises(ContractError, match=r"stage 1 has 2 s; the site's least is 6 s"):
        phases_of(signals).durations_s((30, 2, 20))


def test_a_plan_of_another_site_is_refused() -> None:
    signals = signals_of("demo-j2")
    with pytest.raises(ContractError, match="2 greens; the site has 3 stages"):
        phases_of(signals).durations_s((30, 20))
