"""How mixed streams start and stop: every motorcycle-equivalent unit has the same headway, wherever it stood."""

from __future__ import annotations

import numpy as np

from nutgiao.models.queueing.network.physics import Settings, scalars
from nutgiao.models.queueing.network.tables import QUEUE_POSITIONS, Behaviour

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
    delay_s, start_s, follow_s = box
    settings = Settings(
        insert_s=insert_s, entry_loss_s=0.0, merge_s=merge_s,
        box_delay_s=delay_s, after_box_s=start_s, follow_box_s=follow_s,
    )  # fmt: skip
    rows_m = _FOREMOST_M + np.arange(QUEUE_POSITIONS) * row_m
    return Behaviour(
        headway_s=np.ones(QUEUE_POSITIONS),
        speed_mps=np.sqrt(2 * accel_mps2 * rows_m),
        amber_s=np.full(QUEUE_POSITIONS, amber_s),
        scalar=scalars(settings, lost_s, 1.0),
    )
