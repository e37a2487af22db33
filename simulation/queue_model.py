"""Any SUMO scenario on the queue kernel: reads it, freezes its routes if need be, and tries plans on it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.errors import ConfigError
from nutgiao.models.queueing.network.halting import Standing
from nutgiao.models.queueing.network.model import QueueModel
from nutgiao.models.queueing.network.physics import Settings, VehicleKind, behaviour
from nutgiao.models.queueing.network.tables import Demand
from nutgiao.simulation.frozen_routes import freeze
from nutgiao.simulation.lane_demand import RoutedVehicle, demand_of, read_vehicles
from nutgiao.simulation.lane_network import SignalGroups, network_of, signal_groups
from nutgiao.simulation.lane_street import Street, read_street
from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.signal_programs import Timings, shipped_programs
from nutgiao.simulation.vehicle_kinds import read_kinds


@dataclass(frozen=True)
class QueueScenario:
    """A scenario as the kernel needs it; `model` builds the kernel's tables for one set of `Settings`.

    Attributes:
        scenario: where it came from, with frozen routes.
        street: its network.
        vehicles: who drives.
        kinds: classes of vehicles, the most frequent one first.
        kind_of: vehicle type to class and SUMO class.
    """

    scenario: Scenario
    street: Street
    vehicles: list[RoutedVehicle]
    kinds: tuple[VehicleKind, ...]
    kind_of: dict[str, tuple[int, str]]

    def model(self, settings: Settings | None = None) -> QueueModel:
        """The kernel, ready to try plans.

        Raises:
            ConfigError: if a route does not fit the network.
        """
        s = settings or Settings()
        return QueueModel(
            network_of(self.street, self.kinds, s, self.groups),
            behaviour(self.kinds[0], s),
            self.groups.programs,
            self.demand,
            self.scenario.begin_s,
            round(self.scenario.end_s - self.scenario.begin_s),
            [kind.speed_sd for kind in self.kinds],
        )

    @cached_property
    def groups(self) -> SignalGroups:
        """What shows the same, the same for all settings."""
        return signal_groups(self.street)

    @cached_property
    def demand(self) -> Demand:
        """Who drives where, the same for all settings."""
        return demand_of(self.street, self.vehicles, self.kind_of)

    def plan(self, timings: Timings) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Stage lengths and offsets of a plan, in the kernel's order; the shipped ones where it names none."""
        stages, offsets = [], []
        for program in self.street.programs:
            offset_s, durations_s = timings.get(program.id, (program.offset_s, program.durations_s))
            stages.append(np.asarray(durations_s, np.float64))
            offsets.append(float(offset_s))
        return np.concatenate(stages) if stages else np.zeros(0), np.array(offsets)

    def standing(self, **changes: float) -> Standing:
        """How queues stand and move up on its lanes."""
        speed = np.minimum(self.street.lane_speed_mps, self.kinds[0].max_speed_mps)
        return Standing(speed, self.street.lane_length_m, **changes)


def read_queue_scenario(scenario: Scenario, cache: Path | None = None, seed: int = 1) -> QueueScenario:
    """Reads a scenario.

    Args:
        scenario: any; trips and flows are driven once in SUMO to learn their routes.
        cache: folder for the frozen routes; None if every vehicle has its route already.
        seed: of that run.

    Raises:
        ConfigError: if a file is missing or broken, or something is not supported, with the cure.
        SimulationFailed: if SUMO refuses the scenario.
    """
    frozen = scenario if cache is None else freeze(scenario, cache, seed).scenario
    programs = shipped_programs(frozen)
    street = read_street(frozen.net, programs)
    vehicles = [v for path in frozen.routes for v in read_vehicles(path, frozen.begin_s, frozen.end_s)]
    if not vehicles:
        period = f"{frozen.begin_s:g} to {frozen.end_s:g} s"
        raise ConfigError(
            str(frozen.routes[0]), None, "vehicle", f"nobody sets out in {period}.", "Mend begin and end."
        )
    vehicles.sort(key=lambda v: v.depart_s)
    types = read_kinds((*frozen.additional, *frozen.routes))
    count: dict[str, int] = {}
    for v in vehicles:
        count[v.vtype] = count.get(v.vtype, 0) + 1
    kinds: list[VehicleKind] = []
    kind_of: dict[str, tuple[int, str]] = {}
    for vtype in sorted(count, key=lambda t: (-count[t], t)):
        if vtype not in types:
            raise ConfigError(str(frozen.routes[0]), None, f"vType {vtype}", "is not defined.", "Add it to the file.")
        kind, vclass = types[vtype]
        if kind not in kinds:
            kinds.append(kind)
        kind_of[vtype] = (kinds.index(kind), vclass)
    return QueueScenario(frozen, street, vehicles, tuple(kinds), kind_of)
