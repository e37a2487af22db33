"""What the junction kernel reads: lights with links and stages, and who comes when, as plain arrays."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias, get_type_hints

import numpy as np
from numba import float64, int32, types
from numpy.typing import NDArray

I4: TypeAlias = NDArray[np.int32]
I4S: TypeAlias = np.ndarray[tuple[int, int], np.dtype[np.int32]]
F8: TypeAlias = NDArray[np.float64]
F8S: TypeAlias = np.ndarray[tuple[int, int], np.dtype[np.float64]]

NONE = -1
"""In place of a link, lane, exit or stage."""

RED, YIELD, STOP, GREEN = range(4)
"""What a link may show in a stage: YIELD gives way, STOP halts first and gives way."""


class Cluster(NamedTuple):
    """Lights that are planned as one; links, lanes and stages of all of them in one row, light after light.

    Attributes:
        light_link: ``(lights + 1,)`` first link of each.
        light_stage: ``(lights + 1,)`` first stage of each.
        link_light: ``(links,)``.
        link_lane: ``(links, 4)`` lanes that it leaves, `NONE` behind them.
        link_to: ``(links,)`` lane of this cluster that it leads to.
        link_exit: ``(links,)`` street outside the cluster that it leads to.
        link_inside: ``(links,)`` how many wait inside the junction and leave when the green ends.
        yield_ptr: ``(links + 1,)``.
        yield_to: whom each link gives way to.
        right: ``(stages, links)`` what each link shows.
        slow_s: ``(links,)`` headway beyond that of a queue that goes straight on.
        travel_s: ``(links,)`` from the stop line to that of ``link_to``.
        change_s: ``(stages, stages)`` change interval; 0 where nobody loses green.
        tail_s: ``(stages, stages)`` for how long who loses green still has it after the change has begun: where walkers
            must be off the road first.
        least_s: ``(stages,)`` shortest green.
        room_veh: ``(lanes,)`` how many a lane holds.
    """

    light_link: I4
    light_stage: I4
    link_light: I4
    link_lane: I4S
    link_to: I4
    link_exit: I4
    link_inside: I4
    yield_ptr: I4
    yield_to: I4
    right: I4S
    slow_s: F8
    travel_s: F8
    change_s: F8S
    tail_s: F8S
    least_s: F8
    room_veh: F8


class Area(NamedTuple):
    """Lights that are planned as one, and their numbers among all lights of a network.

    Attributes:
        cluster: the lights.
        lights: their numbers.
        links: number among all lights' links of each of the cluster's.
        lanes: the same of lanes.
        exits: the same of streets.
        stages: the same of stages.
    """

    cluster: Cluster
    lights: I4
    links: I4
    lanes: I4
    exits: I4
    stages: I4


class Outlook(NamedTuple):
    """What is known at this second.

    Attributes:
        lane_ptr: ``(lanes + 1,)`` first vehicle of each lane; in the order in which they will reach the line.
        link: ``(vehicles,)`` that it takes.
        onward: ``(vehicles,)`` link of this cluster that it takes after that one, or `NONE`.
        halted: ``(vehicles,)`` 1 if it stands.
        arrive_s: ``(vehicles,)`` from now, when it would be at the line if nothing hindered it.
        weight: ``(vehicles,)`` what its delay counts.
        exit_veh: ``(exits,)`` vehicles that fit into each street now.
        exit_per_s: ``(exits,)`` how fast it empties.
        stage: ``(lights,)`` that shows, or that ends while lights change.
        coming: ``(lights,)`` that the lights change to, or `NONE`.
        left_s: ``(lights,)`` of the change.
        green_s: ``(lights,)`` for how long the stage has shown.
        since_s: ``(links,)`` for how long a link has been green; of a red one any number.
        passed_s: ``(lanes,)`` since the last vehicle went over the line.
        inside_veh: ``(lanes,)`` vehicles on the lane itself.
    """

    lane_ptr: I4
    link: I4
    onward: I4
    halted: I4
    arrive_s: F8
    weight: F8
    exit_veh: F8
    exit_per_s: F8
    stage: I4
    coming: I4
    left_s: F8
    green_s: F8
    since_s: F8
    passed_s: F8
    inside_veh: F8


class Scratch(NamedTuple):
    """Working memory of a look ahead.

    Attributes:
        head: ``(lanes,)`` next vehicle of the outlook.
        chain_head: ``(lanes,)`` next of those that came from another light of the cluster.
        chain_end: ``(lanes,)`` behind the last of them.
        chain_link: ``(lanes, places)`` their links.
        shows: ``(links,)`` what a link shows in this second.
        now: ``(lights,)`` stage.
        next: ``(lights,)`` stage after the change.
        step: ``(lights,)`` of the script that comes next.
        waits: ``(links,)`` vehicles inside that still may go.
        chain_s: ``(lanes, places)`` when they arrive.
        chain_weight: ``(lanes, places)``.
        green_from: ``(links,)``.
        stage_from: ``(lights,)``.
        change_to: ``(lights,)`` end of the change.
        last_s: ``(lanes,)`` last passage.
        crossed_s: ``(links,)`` last passage.
        exit_veh: ``(exits,)`` room left.
        inside_veh: ``(lanes,)`` vehicles on the lane.
    """

    head: I4
    chain_head: I4
    chain_end: I4
    chain_link: I4S
    shows: I4
    now: I4
    next: I4
    step: I4
    waits: I4
    chain_s: F8S
    chain_weight: F8S
    green_from: F8
    stage_from: F8
    change_to: F8
    last_s: F8
    crossed_s: F8
    exit_veh: F8
    inside_veh: F8


(
    HEADWAY_S, START_S, STOP_GO_S, GAP_S, AFTER_S, AMBER_S, STOP_COST_S, END_COST_S, RATIO, FLEX, STOP_EVERY_S, BLOCKED,
) = range(12)  # fmt: skip
"""Places in the table of figures: headway in a queue, start-up loss, halt of one that must stop first, gap that one who
gives way needs before and after another, share of the amber that is used, what a stop and a vehicle left over count,
how much better another stage must serve to be taken by the rule that goes on after a script, and weight of those who
give way in it, headway of those who must all stop first, and what a second costs in which the first of a lane has green
towards a street of the cluster that is full."""

USUAL = np.array([1.9, 1.5, 1.5, 3.0, 1.5, 1.0, 4.0, 8.0, 1.1, 0.6, 4.5, 5.0])
"""SUMO's car, 13.9 m/s. Headways by place in the queue, and those of the scenario's own vehicles, were tried: they made
no difference beyond chance (cologne1, cologne3, ingolstadt1, three seeds).

Turns on red: of 363 passages from a queue in arterial4x4 a tenth followed within 4.2 s, a quarter within 6 s, those who
gave way among them; without a headway of their own that network lost 869 s a vehicle instead of 751 s (one seed).

Green towards a full street: SUMO's drivers enter it with their tail in the junction, and lights 12 m apart can lock
each other. Delay on ingolstadt21 at 0, 2, 5 and 30 s: 94, 138, 44, 69 s (seed 3), 78, 80, 50, 91 s (seed 2); at 0, 5,
30 s: 76, 44, 102 s (seed 6), 48, 49, 117 s (seed 7).
"""

PLACES = 64
"""Vehicles that may come to a lane from other lights of the cluster in a look ahead."""


def scratch(cluster: Cluster, exits: int) -> Scratch:
    """Working memory for a cluster."""
    lanes, links, lights = len(cluster.room_veh), len(cluster.link_light), len(cluster.light_link) - 1
    size = {"lanes": lanes, "links": links, "lights": lights, "exits": max(1, exits)}
    of = {
        "head": "lanes", "chain_head": "lanes", "chain_end": "lanes", "shows": "links", "now": "lights",
        "next": "lights", "step": "lights", "waits": "links", "green_from": "links", "stage_from": "lights",
        "change_to": "lights", "last_s": "lanes", "crossed_s": "links", "exit_veh": "exits", "inside_veh": "lanes",
    }  # fmt: skip
    made: dict[str, Any] = {}
    for name, hint in get_type_hints(Scratch).items():
        kind = np.int32 if hint in (I4, I4S) else np.float64
        made[name] = np.zeros(size[of[name]] if name in of else (lanes, PLACES), kind)
    return Scratch(**made)


def table(kind: type[NamedTuple]) -> Any:
    """The Numba type of a table, read from its annotations."""
    base: Any = types.BaseTuple
    hints = get_type_hints(kind).values()
    columns = [types.Array(int32 if h in (I4, I4S) else float64, 2 if h in (I4S, F8S) else 1, "C") for h in hints]
    return base.from_types(columns, kind)
