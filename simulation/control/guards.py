"""A safety guard for each light that is driven second by second, from its network and its shipped program."""

from __future__ import annotations

from nutgiao.simulation.control.lights import Lights
from nutgiao.simulation.light_guard import NO_LIMIT_S, Bounds, LightGuard, light_table


def guards(lights: Lights) -> dict[int, LightGuard]:
    """Light to its guard; lights with fewer than two green stages have none.

    No green and no red is too long: a light on demand stays where nobody else comes, and `Overdue` serves who waits.

    Raises:
        ConfigError: if a program contradicts the network.
    """
    bounds = Bounds(round(lights.least_s), NO_LIMIT_S, NO_LIMIT_S)
    found = {}
    for light, known in enumerate(lights.rules):
        matrix = lights.matrices.get(known.shipped.id)
        if len(lights.stages_of(light)) > 1 and matrix is not None:
            found[light] = LightGuard(light_table(known, matrix, lights.rule, bounds))
    return found
