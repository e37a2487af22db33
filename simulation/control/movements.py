"""The movements at lights: who drives from which street into which, and in which stages they are served."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.queueing.junction.tables import GREEN, NONE, RED
from nutgiao.simulation.control.lights import Ints, Lights


class MovementTables(NamedTuple):
    """Movements of all lights in one row; one goes from a street before a light to a street behind it.

    Attributes:
        light_stage: ``(lights + 1,)`` first stage of each light.
        link_light: ``(links,)``.
        may_go: ``(stages, links)`` whether the link may go in the stage, giving way or not.
        counts: ``(stages, links)`` whether the link counts in the stage: it has the right of way there, or it may go
            and has the right of way in no stage.
        behind: ``(stages, lanes)`` for how many movements that count in the stage the lane lies on the street behind;
            only lanes that lead to another light.
    """

    light_stage: Ints
    link_light: Ints
    may_go: NDArray[np.bool_]
    counts: NDArray[np.bool_]
    behind: NDArray[np.float64]


def movements(lights: Lights) -> MovementTables:
    """Finds the movements of all lights."""
    edges = lights.street.lane_edge
    may_go, counts = lights.right != RED, lights.right == GREEN
    counts |= may_go & ~counts.any(axis=0)
    behind = np.zeros((len(lights.states), len(lights.lanes)))
    for light in range(len(lights.ids)):
        links: dict[tuple[int, int], list[int]] = {}
        for link in lights.links_of(light):
            lane, exit_ = int(lights.link_lane[link, 0]), int(lights.link_exit[link])
            if NONE not in (lane, exit_):
                pair = (int(edges[lights.lanes[lane]]), int(edges[lights.exits[exit_]]))
                links.setdefault(pair, []).append(link)
        for (_, edge), own in links.items():
            stages = slice(int(lights.light_stage[light]), int(lights.light_stage[light + 1]))
            behind[stages] += np.outer(counts[stages, own].any(axis=1), edges[lights.lanes] == edge)
    link_light = np.repeat(np.arange(len(lights.ids)), np.diff(lights.light_link)).astype(np.int32)
    return MovementTables(lights.light_stage, link_light, may_go, counts, behind)
