"""Changes of plan: they reach the offset in few bounded cycles, and the lamps on the way are those of a safe plan."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgiao.configs.loader import list_sites, load_site
from nutgiao.models.contracts.plan import cycle_of
from nutgiao.models.contracts.safety import Rule, check_transition
from nutgiao.models.contracts.site import Limits, Signals
from nutgiao.models.contracts.transition import MAX_CYCLES, STRETCH, shortest_greens, transition
from tests.support import strategies
from tests.support.crossroads import crossroads


def signals(limits: Limits | None = None) -> Signals:
    side = crossroads(limits=limits).signals
    assert side is not None
    return side


@given(st.data())
def test_the_reference_green_lands_on_its_offset(data: st.DataObject) -> None:
    side = data.draw(strategies.signals())
    greens = data.draw(strategies.greens(side))
    cycle = cycle_of(side, greens)
    boundary, offset = data.draw(st.integers(0, 10**9)), data.draw(st.integers(0, cycle - 1))
    cycles = transition(side, boundary, cycle, offset, greens)
    if cycles is None:
        return
    end = boundary + sum(cycle_of(side, row) for row in cycles)
    assert end % cycle == offset
    assert len(cycles) <= MAX_CYCLES
    for row in cycles:
        assert cycle_of(side, row) <= max(cycle * (1 + STRETCH), cycle)
        assert cycle_of(side, row) <= max(cycle, side.limits.cycle_max_s)
        assert cycle_of(side, row) >= min(cycle, side.limits.cycle_min_s)
        assert min(row) >= 1


@given(
    st.tuples(st.integers(20, 60), st.integers(20, 60)),
    st.tuples(st.integers(20, 60), st.integers(20, 60)),
    st.integers(0, 200),
    st.integers(0, 200),
)
def test_at_the_crossroads_every_change_passes_the_rules(
    before: tuple[int, int], after: tuple[int, int], boundary: int, offset: int
) -> None:
    side = signals()
    cycle = cycle_of(side, after)
    cycles = transition(side, boundary, cycle, offset % cycle, after)
    assert cycles is not None
    assert check_transition(side, before, cycles, after) == ()


@given(st.data())
def test_elsewhere_a_change_between_two_safe_plans_can_only_fail_on_lengths(data: st.DataObject) -> None:
    """A stretched cycle may keep somebody waiting too long; it never shows conflicting greens or cuts amber."""
    side = data.draw(strategies.signals())
    before, after = data.draw(strategies.greens(side, least=20)), data.draw(strategies.greens(side, least=20))
    if check_transition(side, before, (), before) or check_transition(side, after, (), after):
        return
    cycle = cycle_of(side, after)
    if not side.limits.cycle_min_s <= cycle <= side.limits.cycle_max_s:
        return
    cycles = transition(side, 0, cycle, data.draw(st.integers(0, cycle - 1)), after)
    if cycles is None:
        return
    rules = {refusal.rule for refusal in check_transition(side, before, cycles, after)}
    assert rules <= {Rule.MAX_GREEN, Rule.MAX_RED, Rule.MIN_GREEN, Rule.WALK}


def test_no_cycle_is_spent_when_the_offset_fits_already() -> None:
    assert transition(signals(), 1000, 90, 10, (40, 40)) == ()


@pytest.mark.parametrize(
    ("late", "cycles"),
    [
        (1, ((41, 40),)),  # a second is one stage's
        (10, ((45, 45),)),  # a stretch within a quarter of the cycle takes one cycle
        (22, ((51, 51),)),
        (85, ((35, 40),)),  # five seconds early are nearer than 85 late; the side's crossing has the least slack
        (30, ((47, 48), (48, 47))),
    ],
)
def test_the_nearer_way_is_taken(late: int, cycles: tuple[tuple[int, int], ...]) -> None:
    side = signals()
    found = transition(side, 0, 90, late, (40, 40))
    assert found is not None
    assert len(found) == len(cycles)
    assert [cycle_of(side, row) for row in found] == [cycle_of(side, row) for row in cycles]


def test_stages_never_fall_below_walk_and_clearance() -> None:
    assert shortest_greens(signals()) == (7 + 5, 7 + 7)
    found = transition(signals(Limits(cycle_max_s=90)), 0, 90, 60, (40, 40))
    assert found is not None
    assert all(main >= 12 and side >= 14 for main, side in found)


def test_an_offset_out_of_reach_is_told() -> None:
    tight = signals(Limits(cycle_min_s=90, cycle_max_s=90))
    assert transition(tight, 0, 90, 45, (40, 40)) is None


@pytest.mark.parametrize("name", [name for name in list_sites() if load_site(name).signals])
def test_from_any_row_of_a_shipped_table_any_other_can_be_reached_at_any_time(name: str) -> None:
    side = load_site(name).signals
    assert side is not None
    for before, after in product(side.time_of_day, repeat=2):
        cycle = cycle_of(side, after.green_s)
        for boundary in range(0, cycle, 7):
            cycles = transition(side, boundary, cycle, after.offset_s % cycle, after.green_s)
            assert cycles is not None
            assert check_transition(side, before.green_s, cycles, after.green_s) == ()
