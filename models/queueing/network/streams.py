"""How mixed streams start and stop: every motorcycle-equivalent unit has the same headway, wherever it stood."""

from __future__ import annotations

import numpy as np

from nutgiao.models.queueing.network import tables as at
from nutgiao.models.queueing.network.tables import QUEUE_POSITIONS, SCALARS, Behaviour

_FOREMOST_M = 2.6
"""The first row stands so far from the line (crosswalk's edge)."""


def stream_behaviour(
    lost_s: float,
    amber_s: float,
    merge_s: float,
    insert_s: float,
    accel_mps2: float = 2.6,
    row_m: float = 0.94,
    box: tuple[float, float, float] = (2.0, 1.2, 2.4),
) -> Behaviour:
    """Headways in MCU; `LANE.headway` makes seconds of them.

    Args:
        lost_s: from green to the first front over the line.
        amber_s: amber that a discharging queue still uses.
        merge_s: least headway of two streams that merge into one lane.
        insert_s: least headway of those who enter the network.
        accel_mps2: with which a queue starts.
        row_m: length of queue per vehicle.
        box: way to the waiting place in the junction, start out of it, and headway of those who follow, in seconds.
    """
    scalar = np.zeros(SCALARS)
    delay_s, start_s, follow_s = box
    for index, value in (
        (at.START_S, lost_s), (at.AFTER_GAP_S, 1.2), (at.AFTER_FULL_S, 0.7), (at.INSERT_S, insert_s),
        (at.ENTRY_LOSS_S, 0.0), (at.BOX_DELAY_S, delay_s), (at.MERGE_S, merge_s), (at.PATIENCE_S, 2.0),
        (at.FULL_POSITION, 3.0), (at.PENALTY_VEH, 8.0), (at.YIELD_MPS, 6.4), (at.YIELD_HEADWAY_S, 1.0),
        (at.LOOK_S, 1.5), (at.AFTER_BOX_S, start_s), (at.FOLLOW_BOX_S, follow_s),
    ):  # fmt: skip
        scalar[index] = value
    rows_m = _FOREMOST_M + np.arange(QUEUE_POSITIONS) * row_m
    return Behaviour(
        headway_s=np.ones(QUEUE_POSITIONS),
        speed_mps=np.sqrt(2 * accel_mps2 * rows_m),
        amber_s=np.full(QUEUE_POSITIONS, amber_s),
        scalar=scalar,
    )
