"""What the lamps of every group show, second by second, when given greens run: the ground of every safety check."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.rings import Place, interstage_s, places_of, ring_s, walk_cut_s
from nutgiao.models.contracts.site import Signals
from nutgiao.models.contracts.words import Indication

RED, GREEN, AMBER = 0, 1, 2
INDICATIONS = {RED: Indication.RED, GREEN: Indication.GREEN, AMBER: Indication.AMBER}


def stage_lamps(signals: Signals) -> tuple[tuple[int, ...], ...]:
    """What the lamps show while a stage stands: its groups green, all others red.

    Returns:
        For each stage the lamp of each group, both in the site's order.
    """
    return tuple(
        tuple(GREEN if group.id in stage.groups else RED for group in signals.groups) for stage in signals.stages
    )


def expand(signals: Signals, cycles: Sequence[Sequence[int]], orders: Sequence[Sequence[int]] = ()) -> NDArray[np.int8]:
    """Expands cycles of displayed greens into lamps.

    Every stage is followed by its interstage; after the last stage comes the interstage to the first. A crossing that
    ends stops walk early enough for its clearance (`walk_cut_s`); clearance itself shows red: nobody starts any more.

    Args:
        signals: signal side of the site.
        cycles: greens per stage in the site's order, one row a cycle, seconds.
        orders: order of the stages in each cycle; none at all if all run in the site's own.

    Returns:
        ``(seconds, groups)`` int8 of `RED`, `GREEN`, `AMBER`, groups in the site's order.
    """
    keys = [(tuple(cycle), tuple(order)) for cycle, order in zip(cycles, orders or [()] * len(cycles), strict=True)]
    drawn = {key: expand_cycle(signals, *key) for key in set(keys)}
    return np.concatenate([drawn[key] for key in keys])


def expand_cycle(signals: Signals, green_s: Sequence[int], order: Sequence[int] = ()) -> NDArray[np.int8]:
    """One cycle of `expand`.

    A ring that is done before the others rests in its last green until the barrier, as in the street; a plan that needs
    this is refused.
    """
    drawn = []
    for section in places_of(signals, order):
        seconds = [ring_s(signals, ring, green_s) for ring in section]
        lamps = np.full((max(seconds), len(signals.groups)), RED, np.int8)
        for ring, used in zip(section, seconds, strict=True):
            parts = [_stage(signals, place, green_s[place.stage]) for place in ring[:-1]]
            parts.append(_stage(signals, ring[-1], green_s[ring[-1].stage] + max(seconds) - used))
            np.maximum(lamps, np.concatenate(parts), out=lamps)  # a group belongs to one ring, the others leave it red
        drawn.append(lamps)
    return np.concatenate(drawn)


def stage_starts(signals: Signals, green_s: Sequence[int], order: Sequence[int] = ()) -> list[int]:
    """Second of the cycle at which each stage's green starts, stages in the site's order."""
    starts = [0] * len(signals.stages)
    begin = 0
    for section in places_of(signals, order):
        for ring in section:
            clock = begin
            for place in ring:
                starts[place.stage] = clock
                clock += green_s[place.stage] + interstage_s(signals, place.now, place.then)
        begin += max(ring_s(signals, ring, green_s) for ring in section)
    return starts


def _stage(signals: Signals, place: Place, green: int) -> NDArray[np.int8]:
    lamps = np.full((green + interstage_s(signals, place.now, place.then), len(signals.groups)), RED, np.int8)
    own = signals.stages[place.stage].groups
    for column, group in enumerate(signals.groups):
        if group.id not in own:
            continue
        if group.id in place.then:
            lamps[:, column] = GREEN
        elif group.pedestrian:
            lamps[: max(0, green - walk_cut_s(signals, place.now, place.then, group.id)), column] = GREEN
        else:
            lamps[:green, column] = GREEN
            lamps[green : green + group.amber_s, column] = AMBER
    return lamps
