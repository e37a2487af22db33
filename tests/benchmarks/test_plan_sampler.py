from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.plan_sampler import (
    LONGEST_CYCLE_S,
    SEEDS,
    SHORTEST_CYCLE_S,
    SHORTEST_GREEN_S,
    is_green,
    sample_plan,
    sample_plans,
    shipped_plan,
)
from nutgiao.simulation.signal_programs import SignalProgram

CROSSROADS = SignalProgram("j", 12.0, (42.0, 3.0, 2.0, 30.0, 3.0), ("GGrr", "yyrr", "rrrr", "rrGg", "rrgy"))
SPLITS = SignalProgram("k", 0.0, (60.0, 3.0, 12.0, 3.0), ("Gr", "yr", "rG", "ry"))

stages = st.tuples(st.integers(1, 60), st.sampled_from(["Gr", "gG", "rG", "yr", "rr", "Gy", "uu"]))
programs = st.lists(st.lists(stages, min_size=1, max_size=8), min_size=1, max_size=4).map(
    lambda lists: [
        SignalProgram(str(n), 0.0, tuple(float(s) for s, _ in one), tuple(state for _, state in one))
        for n, one in enumerate(lists)
    ]
)


@given(programs, st.integers(0, 2**31), st.integers(0, 60))
def test_a_plan_keeps_the_rules(shipped: list[SignalProgram], seed: int, number: int) -> None:
    plan = sample_plan(shipped, seed, number)
    assert list(plan) == [program.id for program in shipped]
    cycles = set()
    for program in shipped:
        offset_s, durations_s = plan[program.id]
        green = np.array([is_green(state) for state in program.states])
        assert durations_s.dtype == np.int64
        assert np.array_equal(durations_s[~green], np.array(program.durations_s)[~green])
        assert np.all(durations_s[green] >= SHORTEST_GREEN_S)
        assert offset_s >= 0
        if green.any():
            cycles.add(int(durations_s.sum()))
            assert offset_s < durations_s.sum()
    needed = max(
        sum(SHORTEST_GREEN_S if is_green(s) else d for d, s in zip(p.durations_s, p.states, strict=True))
        for p in shipped
    )
    assert len(cycles) <= 1
    assert all(max(SHORTEST_CYCLE_S, needed) <= c <= max(LONGEST_CYCLE_S, needed) for c in cycles)


def test_amber_and_all_red_are_not_adjustable() -> None:
    assert [is_green(state) for state in CROSSROADS.states] == [True, False, False, True, False]


def test_the_same_seed_and_number_give_the_same_plan_however_many_are_drawn() -> None:
    few, many = sample_plans([CROSSROADS], "reporting", 5), sample_plans([CROSSROADS], "reporting", 40)
    for one, other in zip(few, many, strict=False):
        assert one["j"][0] == other["j"][0]
        assert np.array_equal(one["j"][1], other["j"][1])


def test_development_and_reporting_share_no_plan() -> None:
    drawn = {
        name: {
            (offset_s, *durations_s.tolist())
            for plan in sample_plans([CROSSROADS], name, 40)
            for offset_s, durations_s in plan.values()
        }
        for name in SEEDS
    }
    assert len(drawn["development"]) == len(drawn["reporting"]) == 40
    assert not drawn["development"] & drawn["reporting"]


def test_plans_scatter_less_the_higher_the_concentration() -> None:
    def spread(kind: int) -> float:
        plans = [sample_plan([SPLITS], 5, 6 * n + kind)["k"][1] for n in range(200)]
        return float(np.std([(one[0] - 5) / (one[0] + one[2] - 10) for one in plans]))

    wild, middle, tame = (spread(kind) for kind in range(3))
    assert wild > middle > tame


def test_every_other_three_plans_lie_around_the_shipped_splits() -> None:
    def mean_share(first: int) -> float:
        plans = [sample_plan([SPLITS], 5, 6 * n + first)["k"][1] for n in range(400)]
        return float(np.mean([(one[0] - 5) / (one[0] + one[2] - 10) for one in plans]))

    assert mean_share(2) == pytest.approx(0.5, abs=0.03)
    assert mean_share(5) == pytest.approx((60 - 4) / (60 - 4 + 12 - 4), abs=0.03)


def test_stages_that_keep_their_length_must_last_whole_seconds() -> None:
    with pytest.raises(ValueError, match="traffic light j: amber and red stages must last whole seconds"):
        sample_plan([SignalProgram("j", 0.0, (30.0, 3.5), ("G", "y"))], 1, 0)


def test_the_shipped_programs_are_a_plan_too() -> None:
    offset_s, durations_s = shipped_plan([CROSSROADS])["j"]
    assert (offset_s, durations_s.tolist()) == (12, [42, 3, 2, 30, 3])
