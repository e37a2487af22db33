"""A street full of motorcycles as the network kernel has it: lanes are strips of width, vehicles count in MCU.

Discharge per metre of width, in motorcycle-equivalent units, is nearly constant in mixed traffic. So a lane of width
``w`` lets one MCU pass every ``3600 / (S w)`` seconds, a vehicle takes as many of these as it weighs, and it stands on
``area / w`` metres. Two-wheelers filter past those who cannot, and left turners who wait in the junction leave room for
those behind them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nutgiao.models.contracts.words import TWO_WHEELERS, VehicleClass
from nutgiao.models.queueing.network.model import QueueModel
from nutgiao.models.queueing.network.physics import Settings, VehicleKind, amber_used_s
from nutgiao.models.queueing.network.streams import stream_behaviour
from nutgiao.models.queueing.network.tables import F8, Behaviour, Demand, Network
from nutgiao.simulation.lane_demand import demand_of, read_vehicles
from nutgiao.simulation.lane_network import SignalGroups, network_of, signal_groups
from nutgiao.simulation.lane_street import Street, read_street
from nutgiao.simulation.site_programs import PlanShape
from nutgiao.simulation.vehicle_kinds import read_kinds
from nutgiao.simulation.vehicles import TYPES

CLASSES: tuple[VehicleClass, ...] = (
    VehicleClass.MOTORCYCLE, VehicleClass.CAR, VehicleClass.BICYCLE, VehicleClass.TRUCK, VehicleClass.BUS,
)  # fmt: skip
"""The kernel's classes; the first one is the ordinary vehicle."""


@dataclass(frozen=True, slots=True)
class MixedSettings:
    """What a mixed street can be calibrated by.

    The defaults of the first group were measured on the demonstration corridor: SUMO's sublane model, 13,000
    departures, 2,500 of them with a standing queue behind them.

    Attributes:
        saturation_mcu_h_m: discharge per metre of width.
        lost_s: from green to the first front at the end of the lane.
        amber_s: amber that a discharging queue still uses.
        wave_mps: speed at which a start travels upstream.
        mcu: what a class counts.
        area_m2: road that a standing vehicle takes.
        filter_s: seconds of queue that a two-wheeler passes by filtering.
        box_places: most vehicles that wait in the junction.
        boxed_block: how many must wait in the junction until they stand in the way of those behind them.
        turn_mcu: what a turn over a crossing costs at least, in MCU of the lane.
        merge_s: least headway of two streams that merge into one lane.
        insert_s: least headway of those who enter.
        after_box_s: start of who waited in the junction.
        follow_box_s: the next one out of it.
        drag: factor on the time lost by dawdling.
        gap: factor on the gaps that those who give way need.
        lane_change_veh: what a lane change is worth, in MCU of queue.
    """

    saturation_mcu_h_m: float = 1920.0
    lost_s: float = 1.6
    amber_s: float = 1.6
    wave_mps: float = 4.2
    mcu: tuple[float, ...] = (1.0, 3.1, 1.5, 5.0, 5.0)
    area_m2: tuple[float, ...] = (3.0, 16.4, 3.0, 36.0, 36.0)
    filter_s: float = 1.0
    box_places: float = 6.0
    boxed_block: float = 6.0
    turn_mcu: float = 1.0
    merge_s: float = 0.5
    insert_s: float = 0.3
    after_box_s: float = 1.2
    follow_box_s: float = 2.4
    drag: float = 1.0
    gap: float = 1.0
    lane_change_veh: float = 0.5


@dataclass(frozen=True, slots=True)
class MixedStreet:
    """A mixed street with everyone who drives on it.

    Attributes:
        street: the SUMO network.
        shapes: of the plans, in the order of the street's traffic lights.
        kinds: vehicles of `CLASSES` as SUMO has them.
        groups: of its signals.
        demand: who drives; vehicles' groups are indices into `CLASSES`.
        begin_s: time of day of second 0.
        duration_s: length of a run.
    """

    street: Street
    shapes: tuple[PlanShape, ...]
    kinds: tuple[VehicleKind, ...]
    groups: SignalGroups
    demand: Demand
    begin_s: float
    duration_s: int

    def model(self, settings: MixedSettings | None = None) -> QueueModel:
        """The kernel, ready to try plans."""
        network, how = mixed_network(self, settings or MixedSettings())
        speed_sd = np.zeros(len(CLASSES))  # quick ones pass slow ones: nobody sets the pace of a whole stream
        return QueueModel(network, how, self.groups.programs, self.demand, self.begin_s, self.duration_s, speed_sd)

    def plan(self, green_s: Mapping[str, Sequence[int]], offset_s: Mapping[str, float]) -> tuple[F8, F8]:
        """Lengths of the kernel's stages and its offsets under a plan, told by junction."""
        stages = np.concatenate([shape.phases.durations_s(green_s[shape.junction]) for shape in self.shapes])
        return stages.astype(np.float64), np.array([float(offset_s[shape.junction]) for shape in self.shapes])


def read_mixed_street(
    net: Path, routes: Path, shapes: Mapping[str, PlanShape], begin_s: float, end_s: float
) -> MixedStreet:
    """Reads a mixed street and those who drive on it.

    Walkers are left out, and so is who drives on one edge only (the strips of the wrong-way riders).

    Args:
        net: SUMO network.
        routes: vehicles with routes; their types are those of `simulation.vehicles`.
        shapes: of each signalised junction's plans.
        begin_s: of the period.
        end_s: of the period.

    Raises:
        ConfigError: if a file is broken or does not fit the other.
    """
    ordered = tuple(shapes[name] for name in sorted(shapes))
    street = read_street(net, [shape.program(shape.phases.least_s, 0.0) for shape in ordered])
    types = read_kinds((routes,))
    kind_of = {
        name: (CLASSES.index(one.vehicle_class), types[name][1])
        for name, one in TYPES.items()
        if one.vehicle_class in CLASSES
    }
    vehicles = [v for v in read_vehicles(routes, begin_s, end_s) if len(v.edges) > 1]
    demand = demand_of(street, vehicles, kind_of)
    demand.vehicles.group = demand.vehicles.kind
    return MixedStreet(
        street=street,
        shapes=ordered,
        kinds=tuple(types[one.value][0] for one in CLASSES),
        groups=signal_groups(street),
        demand=demand,
        begin_s=begin_s,
        duration_s=round(end_s - begin_s),
    )


def mixed_network(mixed: MixedStreet, s: MixedSettings) -> tuple[Network, Behaviour]:
    """The kernel's network and behaviour under these settings."""
    motorcycle = mixed.kinds[0]
    # A bicycle gets a motorcycle's pace: it keeps to the kerb and is passed, but the kernel's lanes know no passing of
    # those who drive.
    kinds = tuple(motorcycle if one is VehicleClass.BICYCLE else k for one, k in zip(CLASSES, mixed.kinds, strict=True))
    base = Settings(
        drag=s.drag, gap_stand=s.gap, gap_move=s.gap, gap_box=s.gap, lane_change_veh=s.lane_change_veh,
        merge_s=s.merge_s, insert_s=s.insert_s, entry_loss_s=0.0, box_places=s.box_places,
    )  # fmt: skip
    network = network_of(mixed.street, kinds, base, mixed.groups)
    street, width = mixed.street, mixed.street.lane_width_m
    space = np.array(s.area_m2)[:, None] / width
    lanes, links = network.lanes, network.links
    lanes.storage_m = np.maximum(street.lane_length_m, 1.01 * space.max(axis=0))
    lanes.moving_m = lanes.storage_m
    lanes.places = np.ceil(lanes.storage_m / space.min(axis=0)).astype(np.int32) + 1
    lanes.slot = np.cumsum(lanes.places) - lanes.places
    lanes.wave_s = street.lane_length_m / s.wave_mps
    lanes.boxed_block = round(s.boxed_block)
    lanes.per_m = width / s.area_m2[0]
    lanes.headway = 3600.0 / (s.saturation_mcu_h_m * width)
    network.travel.space_m = space
    network.kinds.headway = s.mcu
    network.kinds.filter_s = [s.filter_s if one in TWO_WHEELERS else 0.0 for one in CLASSES]
    turns = street.link_speed_mps < 0.99 * street.lane_speed_mps[street.link_from]
    links.headway_s = np.where(turns & (street.link_signal >= 0), s.turn_mcu, 0.0)
    links.amber_s = np.maximum(s.amber_s, amber_used_s(motorcycle, links.mps))
    network.boxes.places = int(s.box_places)
    network.boxes.slot = np.arange(len(network.boxes)) * int(s.box_places)
    how = stream_behaviour(
        s.lost_s, s.amber_s, s.merge_s, s.insert_s, motorcycle.accel_mps2, box=(2.0, s.after_box_s, s.follow_box_s)
    )
    return network, how
