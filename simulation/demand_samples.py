"""Samples of a scenario's demand for a robust search: the same vehicles, each a few seconds earlier or later."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.queueing.network.model import QueueModel
from nutgiao.models.queueing.network.physics import Settings
from nutgiao.models.queueing.network.tables import Demand
from nutgiao.simulation.queue_model import QueueScenario
from nutgiao.simulation.vehicle_kinds import OCCUPANCY


@dataclass(frozen=True, slots=True)
class Groups:
    """Vehicles that count together.

    Attributes:
        members: ``(groups,)`` vehicles.
        persons: ``(groups,)`` aboard each of them.
        approach: ``(groups,)`` number of the edge on which they enter.
        approaches: ids of these edges.
    """

    members: NDArray[np.int64]
    persons: NDArray[np.float64]
    approach: NDArray[np.int64]
    approaches: tuple[str, ...]


def grouped(scenario: QueueScenario) -> tuple[Demand, Groups]:
    """The demand with a group for each edge of entry and class."""
    demand = scenario.demand
    keys = [(v.edges[0], scenario.kind_of[v.vtype][1]) for v in scenario.vehicles]
    names = sorted(set(keys))
    number = {key: g for g, key in enumerate(names)}
    approaches = sorted({edge for edge, _ in names})
    place = {edge: a for a, edge in enumerate(approaches)}
    vehicles = demand.vehicles.copy()
    vehicles.group = [number[key] for key in keys]
    groups = Groups(
        np.bincount(vehicles.group, minlength=len(names)).astype(np.int64),
        np.array([OCCUPANCY.get(vclass, 1.0) for _, vclass in names]),
        np.array([place[edge] for edge, _ in names], np.int64),
        tuple(approaches),
    )
    return demand._replace(vehicles=vehicles), groups


def jittered(demand: Demand, spread_s: float, duration_s: float, seed: int) -> Demand:
    """The demand with each departure moved by up to ``spread_s`` earlier or later, within the period.

    Args:
        demand: as scheduled.
        spread_s: half the width of the uniform distribution.
        duration_s: of the period.
        seed: of the sample.
    """
    vehicles = demand.vehicles.copy()
    moved = vehicles.depart_s + np.random.default_rng(seed).uniform(-spread_s, spread_s, len(vehicles))
    vehicles.depart_s = np.rint(np.clip(moved, 0.0, duration_s - 1.0))
    order = demand.source_vehicle.copy()
    for first, end in zip(demand.source_ptr[:-1].tolist(), demand.source_ptr[1:].tolist(), strict=True):
        mine = demand.source_vehicle[first:end]
        order[first:end] = mine[np.argsort(vehicles.depart_s[mine], kind="stable")]
    return demand._replace(vehicles=vehicles, source_vehicle=order)


def samples(
    scenario: QueueScenario, count: int, spread_s: float, seed: int, settings: Settings | None = None
) -> tuple[list[QueueModel], Groups]:
    """The street with the demand as scheduled, and with ``count`` - 1 jittered ones.

    Args:
        scenario: the street and its vehicles.
        count: samples in all.
        spread_s: as in `jittered`.
        seed: of the samples.
        settings: of the kernel.
    """
    demand, groups = grouped(scenario)
    base = scenario.model(settings)
    speed_sd = [kind.speed_sd for kind in scenario.kinds]
    demands = [demand, *(jittered(demand, spread_s, base.duration_s, seed + k) for k in range(1, count))]
    made = [
        QueueModel(base.net, base.how, base.programs, one, base.begin_s, base.duration_s, speed_sd) for one in demands
    ]
    return made, groups
