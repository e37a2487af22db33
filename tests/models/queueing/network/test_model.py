"""Many plans at once tell what each of them tells alone, on however many cores."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nutgiao.models.contracts.errors import ContractError
from nutgiao.models.queueing.network.model import QueueModel
from nutgiao.models.queueing.network.tables import LEFT
from tests.support.lane_nets import CAR, Case, examples, random_case

DURATION_S = 200


def model_of(case: Case) -> QueueModel:
    return QueueModel(case.net, case.how, case.programs, case.demand, case.begin_s, DURATION_S, [0.1, 0.1, 0.2])


def plans_of(case: Case, seed: int, plans: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.integers(1, 40, (plans, len(case.stage_s))), rng.integers(-60, 60, (plans, len(case.offset_s)))


@settings(max_examples=examples(25))
@given(seed=st.integers(0, 10**6), plans=st.integers(1, 5), seeds=st.integers(1, 3))
def test_a_batch_is_its_runs_one_by_one_whatever_the_number_of_workers(seed: int, plans: int, seeds: int) -> None:
    case = random_case(seed, 3, 60, DURATION_S)
    model = model_of(case)
    stage_s, offset_s = plans_of(case, seed, plans)
    alone = [[model.run(stage_s[p], offset_s[p], s) for s in range(1, seeds + 1)] for p in range(plans)]
    for workers in (1, 2, 3, 2):
        batch = model.evaluate(stage_s, offset_s, seeds, workers)
        assert batch.delay_s.tolist() == alone
    model.run(stage_s[-1], offset_s[-1], seeds)
    assert batch.left[-1, -1] == model.state.clock[LEFT]


def test_drivers_of_another_seed_drive_otherwise() -> None:
    case = random_case(7, 3, 60, DURATION_S)
    stage_s, offset_s = plans_of(case, 7, 1)
    delay_s = model_of(case).evaluate(stage_s, offset_s, seeds=[1, 2, 1]).delay_s[0]
    assert delay_s[0] == delay_s[2] != delay_s[1]


def test_groups_of_vehicles_add_up_to_all_of_them() -> None:
    case = random_case(11, 4, 80, DURATION_S)
    model = model_of(case)
    stage_s, offset_s = plans_of(case, 11, 3)
    outcome = model.evaluate(stage_s, offset_s, 2)
    share = np.bincount(case.demand.vehicles.group) / len(case.demand.vehicles)
    assert np.nansum(outcome.group_delay_s * share, axis=2) == pytest.approx(outcome.delay_s)
    assert (outcome.delay_s > 0).all()
    assert (outcome.left <= len(case.demand.vehicles)).all()


def test_a_plan_that_no_clock_can_show_is_refused() -> None:
    case = next(case for seed in range(99) if len((case := random_case(seed, 3, 10, DURATION_S)).offset_s))
    model = model_of(case)
    stages, controllers = len(case.stage_s), len(case.offset_s)
    good, still = np.full((1, stages), 20.0), np.zeros((1, controllers))
    for stage_s, offset_s in (
        (good[:, 1:], still), (good[0], still), (good, still[:, 1:]), (good * 0, still), (-good, still),
        (good * np.nan, still), (good, still + np.inf),
    ):  # fmt: skip
        with pytest.raises(ContractError):
            model.evaluate(stage_s, offset_s)


def test_classes_count_by_their_room() -> None:
    """Nothing in the batch mixes classes up: only cars, or the same with buses, is another delay."""
    case = random_case(21, 2, 80, DURATION_S)
    stage_s, offset_s = plans_of(case, 21, 1)
    mixed = model_of(case).evaluate(stage_s, offset_s).delay_s
    case.demand.vehicles.kind = CAR
    assert model_of(case).evaluate(stage_s, offset_s).delay_s != mixed
