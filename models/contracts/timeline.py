"""What the lamps of every group show, second by second, when given greens run: the ground of every safety check."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.plan import interstage_s, walk_cut_s
from nutgiao.models.contracts.site import Signals
from nutgiao.models.contracts.words import Indication

RED, GREEN, AMBER = 0, 1, 2
INDICATIONS = {RED: Indication.RED, GREEN: Indication.GREEN, AMBER: Indication.AMBER}


def expand(signals: Signals, cycles: Sequence[Sequence[int]]) -> NDArray[np.int8]:
    """Expands cycles of displayed greens into lamps.

    Every stage is followed by its interstage; after the last stage comes the interstage to the first. A crossing that
    ends stops walk early enough for its clearance (`walk_cut_s`); clearance itself shows red: nobody starts any more.

    Args:
        signals: signal side of the site.
        cycles: greens per stage, one row a cycle, seconds.

    Returns:
        ``(seconds, groups)`` int8 of `RED`, `GREEN`, `AMBER`, groups in the site's order.
    """
    drawn = {greens: expand_cycle(signals, greens) for greens in {tuple(cycle) for cycle in cycles}}
    return np.concatenate([drawn[tuple(cycle)] for cycle in cycles])


def expand_cycle(signals: Signals, green_s: Sequence[int]) -> NDArray[np.int8]:
    """One cycle of `expand`."""
    return np.concatenate([_stage(signals, k, green_s[k]) for k in range(len(signals.stages))])


def stage_starts(signals: Signals, green_s: Sequence[int]) -> list[int]:
    """Second of the cycle at which each stage's green starts."""
    starts, clock = [], 0
    count = len(signals.stages)
    for k in range(count):
        starts.append(clock)
        clock += green_s[k] + interstage_s(signals, k, (k + 1) % count)
    return starts


def _stage(signals: Signals, k: int, green: int) -> NDArray[np.int8]:
    after = (k + 1) % len(signals.stages)
    between = interstage_s(signals, k, after)
    now, then = set(signals.stages[k].groups), set(signals.stages[after].groups)
    lamps = np.full((green + between, len(signals.groups)), RED, np.int8)
    for column, group in enumerate(signals.groups):
        if group.id not in now:
            continue
        if group.id in then:
            lamps[:, column] = GREEN
        elif group.pedestrian:
            lamps[: max(0, green - walk_cut_s(signals, k, after, group.id)), column] = GREEN
        else:
            lamps[:green, column] = GREEN
            lamps[green : green + group.amber_s, column] = AMBER
    return lamps
