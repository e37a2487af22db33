"""A safety guard for each light that is driven second by second, from its network and its shipped program."""

from __future__ import annotations

from nutgiao.simulation.control.lights import Lights, light_rules
from nutgiao.simulation.light_guard import NO_LIMIT_S, Bounds, LightGuard, light_table
from nutgiao.simulation.link_conflicts import read_matrices
from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.stage_order import ChangeRule


def guards(scenario: Scenario, lights: Lights, rule: ChangeRule) -> dict[int, LightGuard]:
    """Light to its guard; lights with fewer than two green stages have none.

    No green and no red is too long: a light on demand stays where nobody else comes, and `Overdue` serves who waits.

    Args:
        scenario: with the lights.
        lights: of its network.
        rule: amber and all-red between their stages.

    Raises:
        ConfigError: if network or programs are broken.
    """
    matrices = read_matrices(scenario.net)
    bounds = Bounds(round(lights.least_s), NO_LIMIT_S, NO_LIMIT_S)
    found = {}
    for light, known in enumerate(light_rules(scenario)):
        matrix = matrices.get(known.shipped.id)
        if len(lights.stages_of(light)) > 1 and matrix is not None:
            found[light] = LightGuard(light_table(known, matrix, rule, bounds))
    return found
