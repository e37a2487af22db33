"""The lights of a SUMO network as a controller knows them: links, lanes, stages and the changes between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.queueing.junction.tables import GREEN, NONE, RED, STOP, YIELD, Cluster
from nutgiao.simulation.conflicts import read_conflicts
from nutgiao.simulation.control.more_stages import further_states
from nutgiao.simulation.lane_street import Street, read_street
from nutgiao.simulation.link_conflicts import read_matrices
from nutgiao.simulation.plan_space import crossing_need_s, is_green_stage
from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.signal_programs import shipped_programs
from nutgiao.simulation.stage_order import ChangeRule, Conflicts, Light, arranged, light_of

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
    lights, matrices = light_rules(scenario), read_matrices(scenario.net)
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
        inside=inside, least_s=least_s,
    )  # fmt: skip


def light_rules(scenario: Scenario) -> list[Light]:
    """What each light of a scenario may show, who is in whose way there, and how long walkers need.

    Raises:
        ConfigError: if network or programs are broken.
    """
    conflicts, need_s = read_conflicts(scenario), crossing_need_s(scenario)
    return [
        light_of(one, conflicts.get(one.id, Conflicts({}, {})), need_s.get(one.id, {}))
        for one in shipped_programs(scenario)
    ]


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
                    changes[first[-1] + a, first[-1] + b] = change(light, own, a, b, rule)
        states += own
        first.append(first[-1] + len(own))
    return tuple(states), changes, np.array(first, np.int32)


def change(light: Light, states: Sequence[str], a: int, b: int, rule: ChangeRule) -> tuple[str, ...]:
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


def clusters(lights: Lights, short_m: float) -> list[tuple[Ints, Cluster, Ints, Ints, Ints, Ints]]:
    """Lights that stand closer than ``short_m`` are planned as one; those without a choice are left out.

    Returns:
        For each: numbers of its lights, its tables, and the numbers of its links, lanes, exits and stages.
    """
    street = lights.street
    light_of_lane = np.full(len(street.lane_ids), NONE)
    for light in range(len(lights.ids)):
        for link in lights.links_of(light):
            own = lights.link_lane[link]
            light_of_lane[lights.lanes[own[own != NONE]]] = light
    group = list(range(len(lights.ids)))
    for light in range(len(lights.ids)):
        for link in lights.links_of(light):
            if lights.link_exit[link] == NONE:
                continue
            lane = lights.exits[lights.link_exit[link]]
            other = int(light_of_lane[lane])
            if other in (NONE, light) or street.lane_length_m[lane] >= short_m:
                continue
            if min(len(lights.stages_of(light)), len(lights.stages_of(other))) > 1:
                old, new = group[other], group[light]
                group = [new if one == old else one for one in group]
    return [
        _cluster(lights, [light for light in range(len(group)) if group[light] == name])
        for name in dict.fromkeys(group)
        if len(lights.stages_of(name)) > 1
    ]


def _cluster(lights: Lights, own: list[int]) -> tuple[Ints, Cluster, Ints, Ints, Ints, Ints]:
    street = lights.street
    links = np.concatenate([np.array(lights.links_of(one)) for one in own]).astype(np.int32)
    stages = np.concatenate([np.array(lights.stages_of(one)) for one in own]).astype(np.int32)
    used = lights.link_lane[links]
    lanes = np.unique(used[used != NONE]).astype(np.int32)
    exits = np.unique(lights.link_exit[links])
    exits = exits[exits != NONE].astype(np.int32)
    number = {int(link): k for k, link in enumerate(links)}
    lane_of = {int(lights.lanes[lane]): k for k, lane in enumerate(lanes)}
    to, out = np.full((2, len(links)), NONE, np.int32)
    travel_s = np.zeros(len(links))
    way_s = {}
    for c in np.flatnonzero(lights.connection_link >= 0).tolist():
        way_s[int(lights.connection_link[c])] = street.link_length_m[c] / max(1.0, street.link_speed_mps[c])
    for k, link in enumerate(links.tolist()):
        exit_ = int(lights.link_exit[link])
        if exit_ == NONE:
            continue
        lane = int(lights.exits[exit_])
        if lane in lane_of:
            to[k] = lane_of[lane]
            travel_s[k] = way_s[link] + street.lane_length_m[lane] / street.lane_speed_mps[lane]
        else:
            out[k] = np.searchsorted(exits, exit_)
    yields = [[number[j] for j in lights.yields[link] if j in number] for link in links.tolist()]
    link_lane = np.full((len(links), 4), NONE, np.int32)
    for k, row in enumerate(used.tolist()):
        for z, lane in enumerate(one for one in row if one != NONE):
            link_lane[k, z] = np.searchsorted(lanes, lane)
    change_s = np.zeros((len(stages), len(stages)))
    for a, one in enumerate(stages.tolist()):
        for b, other in enumerate(stages.tolist()):
            change_s[a, b] = float(len(lights.changes.get((one, other), ())))
    cluster = Cluster(
        light_link=np.concatenate([[0], np.cumsum([len(lights.links_of(one)) for one in own])]).astype(np.int32),
        light_stage=np.concatenate([[0], np.cumsum([len(lights.stages_of(one)) for one in own])]).astype(np.int32),
        link_light=np.repeat(np.arange(len(own)), [len(lights.links_of(one)) for one in own]).astype(np.int32),
        link_lane=link_lane, link_to=to, link_exit=out, link_inside=lights.inside[links],
        yield_ptr=np.concatenate([[0], np.cumsum([len(one) for one in yields])]).astype(np.int32),
        yield_to=np.array([j for one in yields for j in one], np.int32),
        right=np.ascontiguousarray(lights.right[np.ix_(stages, links)]), travel_s=travel_s, change_s=change_s,
        least_s=np.full(len(stages), lights.least_s), room_veh=street.lane_length_m[lights.lanes[lanes]] / VEHICLE_M,
    )  # fmt: skip
    return np.array(own, np.int32), cluster, links, lanes, exits, stages
