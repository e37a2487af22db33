"""Small junctions for the junction kernel: a crossing, one with an opposed left turn, and two lights in a row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nutgiao.models.queueing.junction.tables import GREEN, NONE, RED, YIELD, Cluster, Outlook

CHANGE_S = 3.0


def cluster(
    right: Sequence[Sequence[int]],
    lanes: Sequence[Sequence[int]],
    yields: Sequence[tuple[int, int]] = (),
    lights: Sequence[tuple[int, int]] | None = None,
    to: Sequence[int] | None = None,
    exits: Sequence[int] | None = None,
    inside: Sequence[int] | None = None,
    least_s: float = 5.0,
    room_veh: float = 20.0,
    tail_s: float = 0.0,
) -> Cluster:
    """Lights by what their links show.

    Args:
        right: per stage what each link shows.
        lanes: per link the lanes that it leaves.
        yields: pairs of links, the first gives way.
        lights: links and stages of each light.
        to: per link the lane that it leads to.
        exits: per link the street.
        inside: per link how many wait inside.
        least_s: shortest green.
        room_veh: of each lane.
        tail_s: for how long who loses green still has it.
    """
    links, stages = len(lanes), len(right)
    own = lights or [(links, stages)]
    change_s = np.zeros((stages, stages))
    light_of_stage = np.repeat(np.arange(len(own)), [count for _, count in own])
    for a in range(stages):
        for b in range(stages):
            loses = any(right[a][i] != RED and right[b][i] == RED for i in range(links))
            if light_of_stage[a] == light_of_stage[b] and loses:
                change_s[a, b] = CHANGE_S
    link_lane = np.full((links, 4), NONE, np.int32)
    for i, ways in enumerate(lanes):
        link_lane[i, : len(ways)] = ways
    whom = [[b for a, b in yields if a == i] for i in range(links)]
    return Cluster(
        light_link=np.cumsum([0, *(count for count, _ in own)]).astype(np.int32),
        light_stage=np.cumsum([0, *(count for _, count in own)]).astype(np.int32),
        link_light=np.repeat(np.arange(len(own)), [count for count, _ in own]).astype(np.int32),
        link_lane=link_lane,
        link_to=np.array(to or [NONE] * links, np.int32),
        link_exit=np.array(exits or [NONE] * links, np.int32),
        slow_s=np.zeros(links),
        link_inside=np.array(inside or [0] * links, np.int32),
        yield_ptr=np.cumsum([0, *(len(one) for one in whom)]).astype(np.int32),
        yield_to=np.array([j for one in whom for j in one], np.int32),
        right=np.array(right, np.int32),
        travel_s=np.full(links, 6.0),
        change_s=change_s,
        tail_s=np.full_like(change_s, tail_s) * (change_s > 0.0),
        least_s=np.full(stages, least_s),
        room_veh=np.full(1 + max(lane for ways in lanes for lane in ways), room_veh),
    )


def crossing() -> Cluster:
    """Two streets that take turns: stage 0 serves link 0, stage 1 link 1."""
    return cluster([[GREEN, RED], [RED, GREEN]], [[0], [1]], exits=[0, 1])


def opposed_left() -> Cluster:
    """Stage 0: straight on from the north (0) against a left turn from the south (1); stage 1: the side street (2)."""
    right = [[GREEN, YIELD, RED], [RED, RED, GREEN]]
    return cluster(right, [[0], [1], [2]], yields=[(1, 0)], exits=[0, 1, 2], inside=[0, 1, 0])


def two_in_a_row() -> Cluster:
    """Link 0 of the first light leads to lane 2, before link 2 of the second; links 1 and 3 are side streets."""
    right = [[GREEN, RED, RED, RED], [RED, GREEN, RED, RED], [RED, RED, GREEN, RED], [RED, RED, RED, GREEN]]
    return cluster(
        right, [[0], [1], [2], [3]], lights=[(2, 2), (2, 2)], to=[2, NONE, NONE, NONE], exits=[NONE, 0, 1, 2]
    )


def outlook(
    c: Cluster,
    cars: Sequence[tuple[int, int, float]],
    stage: Sequence[int] = (0,),
    green_s: float = 30.0,
    onward: int = NONE,
    exit_veh: float = 50.0,
    halted: bool = False,
) -> Outlook:
    """What is known: lane, link and arrival of each vehicle; the same onward link for those of lane 0."""
    ordered = sorted(cars, key=lambda one: (one[0], one[2]))
    lanes, links, exits = len(c.room_veh), len(c.link_light), 1 + max(0, int(c.link_exit.max()))
    count, lights = len(ordered), len(c.light_link) - 1
    return Outlook(
        lane_ptr=np.searchsorted([lane for lane, _, _ in ordered], np.arange(lanes + 1)).astype(np.int32),
        link=np.array([link for _, link, _ in ordered], np.int32),
        onward=np.array([onward if lane == 0 else NONE for lane, _, _ in ordered], np.int32),
        halted=np.full(count, int(halted), np.int32),
        arrive_s=np.array([at for _, _, at in ordered], np.float64),
        weight=np.ones(count),
        exit_veh=np.full(exits, exit_veh),
        exit_per_s=np.full(exits, 0.5),
        stage=np.array(stage, np.int32),
        coming=np.full(lights, NONE, np.int32),
        left_s=np.zeros(lights),
        green_s=np.full(lights, green_s),
        since_s=np.full(links, green_s),
        passed_s=np.full(lanes, 100.0),
        inside_veh=np.zeros(lanes),
    )
