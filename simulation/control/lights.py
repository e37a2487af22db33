"""The lights of a SUMO network as a controller knows them: links, lanes, stages and the changes between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.queueing.junction.tables import GREEN, NONE, RED, STOP, YIELD
from nutgiao.simulation.conflicts import read_lights_of
from nutgiao.simulation.control.more_stages import further_states
from nutgiao.simulation.lane_street import Street, read_street
from nutgiao.simulation.link_conflicts import ConflictMatrix, read_matrices
from nutgiao.simulation.plan_space import is_green_stage
from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.signal_programs import shipped_programs
from nutgiao.simulation.stage_order import ChangeRule, Light, arranged

VEHICLE_M = 7.5
"""Room that a standing vehicle takes: SUMO's car of 5 m and its gap of 2.5 m."""

RIGHT = {"G": GREEN, "g": YIELD, "s": STOP}

Ints = NDArray[np.int32]


@dataclass(frozen=True)
class Lights:
    """All lights of a network; links, lanes and stages are numbered over all of them.

    Attributes:
        street: the network.
        ids: of the lights.
        light_link: ``(lights + 1,)`` first link of each; a link is a letter of its light's state.
        light_stage: ``(lights + 1,)`` first stage of each.
        states: green states, stage by stage.
        changes: from stage to stage of the same light the states in between, second by second.
        lanes: lane of the street of each lane before a light.
        exits: lane of the street behind each exit.
        exit_lit: ``(exits,)`` 1 if it leads to another light.
        link_lane: ``(links, 4)`` lanes before the light, -1 behind them.
        link_exit: ``(links,)``.
        connection_link: ``(connections of the street,)`` link, or -1.
        right: ``(stages, links)``.
        yields: per link those that it gives way to.
        inside: ``(links,)`` how many wait inside the junction.
        least_s: shortest green.
        rule: amber and all-red of the changes.
        rules: what each light may show, and who is in whose way there.
        matrices: conflicts of the links, by light.
    """

    street: Street
    ids: tuple[str, ...]
    light_link: Ints
    light_stage: Ints
    states: tuple[str, ...]
    changes: dict[tuple[int, int], tuple[str, ...]]
    lanes: Ints
    exits: Ints
    exit_lit: Ints
    link_lane: Ints
    link_exit: Ints
    connection_link: Ints
    right: Ints
    yields: tuple[tuple[int, ...], ...]
    inside: Ints
    least_s: float
    rule: ChangeRule
    rules: tuple[Light, ...]
    matrices: Mapping[str, ConflictMatrix]

    def stages_of(self, light: int) -> range:
        """Numbers of a light's stages."""
        return range(int(self.light_stage[light]), int(self.light_stage[light + 1]))

    def links_of(self, light: int) -> range:
        """Numbers of a light's links."""
        return range(int(self.light_link[light]), int(self.light_link[light + 1]))


def read_lights(scenario: Scenario, rule: ChangeRule, least_s: float = 5.0, more_stages: int = 0) -> Lights:
    """Reads the lights of a scenario.

    Args:
        scenario: with lights.
        rule: amber and all-red between its green stages.
        least_s: shortest green.
        more_stages: how many further stages a light may get, in which nobody gives way.

    Raises:
        ConfigError: if network or programs are broken.
    """
    matrices = read_matrices(scenario.net)
    lights = read_lights_of(scenario, shipped_programs(scenario), matrices)
    programs = [light.shipped for light in lights]
    street = read_street(scenario.net, programs)
    states, changes, light_stage = _stages(lights, rule, more_stages)
    letters = [len(one.states[0]) for one in programs]
    light_link = np.concatenate([[0], np.cumsum(letters)]).astype(np.int32)
    lit = street.link_signal >= 0
    connection_link = np.where(lit, light_link[street.link_signal] + street.link_index, NONE).astype(np.int32)
    lanes = np.unique(street.link_from[lit]).astype(np.int32)
    exits = np.unique(street.link_to[lit]).astype(np.int32)
    links = int(light_link[-1])
    link_lane = np.full((links, 4), NONE, np.int32)
    link_exit = np.full(links, NONE, np.int32)
    inside = np.zeros(links, np.int32)
    for c in np.flatnonzero(lit).tolist():
        link, lane = int(connection_link[c]), int(np.searchsorted(lanes, street.link_from[c]))
        row = link_lane[link]
        if lane not in row and (row == NONE).any():
            row[int(np.argmax(row == NONE))] = lane
        if link_exit[link] == NONE:
            link_exit[link] = np.searchsorted(exits, street.link_to[c])
        if street.link_waits_inside[c]:
            inside[link] = max(1, int(street.link_first_m[c] / VEHICLE_M))
    yields: list[tuple[int, ...]] = []
    for light, program in enumerate(programs):
        matrix = matrices.get(program.id)
        for k in range(letters[light]):
            whom = np.flatnonzero(matrix.yields[k]) if matrix is not None and k < len(matrix.yields) else ()
            yields.append(tuple(int(light_link[light] + j) for j in whom))
    return Lights(
        street=street, ids=tuple(one.id for one in programs), light_link=light_link, light_stage=light_stage,
        states=states, changes=changes, lanes=lanes, exits=exits,
        exit_lit=np.isin(exits, lanes).astype(np.int32), link_lane=link_lane, link_exit=link_exit,
        connection_link=connection_link, right=_rights(states, light_stage, light_link), yields=tuple(yields),
        inside=inside, least_s=least_s, rule=rule, rules=tuple(lights), matrices=matrices,
    )  # fmt: skip


def _stages(
    lights: Sequence[Light], rule: ChangeRule, more: int
) -> tuple[tuple[str, ...], dict[tuple[int, int], tuple[str, ...]], Ints]:
    states: list[str] = []
    changes: dict[tuple[int, int], tuple[str, ...]] = {}
    first = [0]
    for light in lights:
        own = light.states or tuple(dict.fromkeys(s for s in light.shipped.states if is_green_stage(s)))
        if light.states and more:
            own += further_states(light, more)
        for a in range(len(own)):
            for b in range(len(own)):
                if a != b:
                    changes[first[-1] + a, first[-1] + b] = _change(light, own, a, b, rule)
        states += own
        first.append(first[-1] + len(own))
    return tuple(states), changes, np.array(first, np.int32)


def _change(light: Light, states: Sequence[str], a: int, b: int, rule: ChangeRule) -> tuple[str, ...]:
    """The states between two green stages, one a second."""
    pair = Light(light.shipped, (states[a], states[b]), (1.0, 1.0), light.conflicts, light.walk_clear_s)
    made = arranged(pair, (0, 1), rule)
    until = made.state_of.index(1)
    seconds: list[str] = []
    for state, duration_s in zip(made.program.states[1:until], made.program.durations_s[1:until], strict=True):
        seconds += [state] * round(duration_s)
    return tuple(seconds)


def _rights(states: Sequence[str], light_stage: Ints, light_link: Ints) -> Ints:
    right = np.full((len(states), int(light_link[-1])), RED, np.int32)
    for light in range(len(light_stage) - 1):
        for stage in range(light_stage[light], light_stage[light + 1]):
            row = [RIGHT.get(letter, RED) for letter in states[stage]]
            right[stage, light_link[light] : light_link[light + 1]] = row
    return right
