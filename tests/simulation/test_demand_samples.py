from __future__ import annotations

import numpy as np
import pytest

from nutgiao.simulation.demand_samples import grouped, jittered, samples
from nutgiao.simulation.queue_model import QueueScenario, read_queue_scenario
from tests.support.junction_nets import NORTH_IN, WEST_IN
from tests.support.plan_spaces import busy_street


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> QueueScenario:
    return read_queue_scenario(busy_street(tmp_path_factory.mktemp("busy")))


def test_vehicles_are_grouped_by_where_they_enter(street: QueueScenario) -> None:
    _, groups = grouped(street)
    found = dict(zip(groups.approaches, groups.members.tolist(), strict=True))
    assert found == {WEST_IN: 150, NORTH_IN: 30}
    assert groups.persons.tolist() == [1.5, 1.5]


def test_a_sample_moves_everybody_a_little_and_loses_nobody(street: QueueScenario) -> None:
    demand, _ = grouped(street)
    moved = jittered(demand, 15.0, 600.0, seed=3)
    change = moved.vehicles.depart_s - demand.vehicles.depart_s
    assert np.abs(change).max() <= 16.0
    assert np.ptp(change) > 10.0
    assert sorted(moved.source_vehicle.tolist()) == sorted(demand.source_vehicle.tolist())
    for first, end in zip(moved.source_ptr[:-1], moved.source_ptr[1:], strict=True):
        assert np.all(np.diff(moved.vehicles.depart_s[moved.source_vehicle[first:end]]) >= 0)


def test_the_first_sample_is_the_demand_as_scheduled(street: QueueScenario) -> None:
    models, _ = samples(street, 3, 15.0, 1)
    stage, offset = street.plan({})
    delays = [model.evaluate([stage], [offset]).delay_s[0, 0] for model in models]
    assert delays[0] == pytest.approx(street.model().evaluate([stage], [offset]).delay_s[0, 0])
    assert len(set(delays)) == 3
