"""Which lights of a network are planned together, and their tables for the junction kernel."""

from __future__ import annotations

import numpy as np

from nutgiao.models.queueing.junction.tables import NONE, Area, Cluster
from nutgiao.simulation.control.lights import VEHICLE_M, Lights

STRAIGHT_MPS = 13.9
"""The headway of a queue that goes straight on belongs to this speed. Who turns more slowly needs longer to clear his
own length: of queues that turned left in arterial4x4 the look ahead let 25 to 40 % too many go without this."""


def areas(lights: Lights, short_m: float) -> list[Area]:
    """Lights that stand closer than ``short_m`` are planned as one; those without a choice are left out."""
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
        _area(lights, [light for light in range(len(group)) if group[light] == name])
        for name in dict.fromkeys(group)
        if len(lights.stages_of(name)) > 1
    ]


def _area(lights: Lights, own: list[int]) -> Area:
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
    speed_mps = np.full(len(links), STRAIGHT_MPS)
    for c in np.flatnonzero(lights.connection_link >= 0).tolist():
        link, inside_mps = int(lights.connection_link[c]), max(1.0, float(street.link_speed_mps[c]))
        way_s[link] = street.link_length_m[c] / inside_mps
        if link in number:
            speed_mps[number[link]] = inside_mps
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
        slow_s=np.clip(VEHICLE_M / speed_mps - VEHICLE_M / STRAIGHT_MPS, 0.0, 2.0),
        yield_ptr=np.concatenate([[0], np.cumsum([len(one) for one in yields])]).astype(np.int32),
        yield_to=np.array([j for one in yields for j in one], np.int32),
        right=np.ascontiguousarray(lights.right[np.ix_(stages, links)]), travel_s=travel_s, change_s=change_s,
        tail_s=np.zeros_like(change_s),
        least_s=np.full(len(stages), lights.least_s), room_veh=street.lane_length_m[lights.lanes[lanes]] / VEHICLE_M,
    )  # fmt: skip
    return Area(cluster, np.array(own, np.int32), links, lanes, exits, stages)
