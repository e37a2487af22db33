"""The typed door of the network kernel: one run, or many plans and seeds over all cores."""

from __future__ import annotations

from typing import Any

import numpy as np

from nutgiao.models.queueing.network.tables import (
    CLOCK,
    CONTROLLER_STATE,
    GROUP_STATE,
    LANE_STATE,
    PLACE,
    SOURCE_STATE,
    VEHICLE_STATE,
    Demand,
    Network,
    Programs,
    State,
    records,
)  # fmt: skip


def new_state(net: Network, programs: Programs, demand: Demand, horizon_s: int, workers: int | None = None) -> State:
    """A workspace for runs of this length, or one row of it for each worker."""

    def shape(n: int) -> Any:
        return n if workers is None else (workers, n)

    def i4(n: int) -> Any:
        return np.zeros(shape(n), np.int32)

    lanes, boxes, sources = len(net.lanes), len(net.boxes), len(demand.source_ptr) - 1
    return State(
        clock=i4(CLOCK),
        lanes=records(LANE_STATE, shape(lanes)),
        ring=records(PLACE, shape(int(net.lanes.places.sum()))),
        groups=records(GROUP_STATE, shape(len(net.group_lamp))),
        passed_s=np.zeros(shape(len(net.links))),
        box_count=i4(boxes),
        box_ring=records(PLACE, shape(int(net.boxes.places.sum()))),
        vehicles=records(VEHICLE_STATE, shape(len(demand.vehicles))),
        sources=records(SOURCE_STATE, shape(sources)),
        controllers=records(CONTROLLER_STATE, shape(len(programs.stage_ptr) - 1)),
        calendar=i4(horizon_s),
        stages_due=i4(horizon_s),
        waiting=i4(int(net.lanes.edge.max()) + 1),
        behind=i4(lanes + sources + boxes),
    )
