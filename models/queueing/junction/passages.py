"""Steps of the junction kernel: who goes over the line, whom he gives way to, and what it costs."""

from __future__ import annotations

from nutgiao.models.jit import inlined
from nutgiao.models.queueing.junction.signals import AMBER_GO
from nutgiao.models.queueing.junction.tables import (
    AFTER_S,
    BLOCKED,
    END_COST_S,
    F8,
    GAP_S,
    GREEN,
    HEADWAY_S,
    NONE,
    PLACES,
    RED,
    START_S,
    STOP,
    STOP_COST_S,
    STOP_EVERY_S,
    STOP_GO_S,
    YIELD,
    Cluster,
    Outlook,
    Scratch,
)

_HALT_S = 1.5
"""Who loses less than this does not stop."""

STAYS = -1.0
"""In place of the cost of a passage; below it, by its cost, if there is no room behind the line."""


@inlined
def _leads(c: Cluster, i: int, lane: int) -> bool:
    """Whether a link leaves a lane."""
    found = False
    for z in range(4):
        if c.link_lane[i, z] == lane:
            found = True
    return found


@inlined
def _hindered(  # noqa: PLR0912 - one look at each foe
    c: Cluster, o: Outlook, w: Scratch, p: F8, i: int, lane: int, pass_s: float
) -> bool:
    """Whether somebody whom a link gives way to comes or has just gone."""
    for y in range(c.yield_ptr[i], c.yield_ptr[i + 1]):
        j = c.yield_to[y]
        shown = w.shows[j]
        if shown in (RED, STOP):
            continue
        if w.crossed_s[j] > pass_s - p[AFTER_S]:
            return True
        mutual = False  # two that give way to each other do not wait for ever
        if shown == YIELD:
            for z in range(c.yield_ptr[j], c.yield_ptr[j + 1]):
                if c.yield_to[z] == i:
                    mutual = True
        if mutual:
            continue
        for z in range(4):
            other = c.link_lane[j, z]
            if other == NONE:
                break
            if other == lane:
                continue
            k = w.head[other]
            if k < o.lane_ptr[other + 1] and o.link[k] == j:
                comes_s = max(o.arrive_s[k], w.last_s[other] + p[HEADWAY_S] + c.slow_s[j])
                if o.arrive_s[k] < w.green_from[j] + p[START_S]:
                    comes_s = max(comes_s, w.green_from[j] + p[START_S])
                x = c.link_exit[j]
                if comes_s < pass_s + p[GAP_S] and (x == NONE or w.exit_veh[x] >= 1.0):
                    return True
            q = w.chain_head[other]
            if q < w.chain_end[other] and w.chain_link[other, q] == j and w.chain_s[other, q] < pass_s + p[GAP_S]:
                return True
    return False


@inlined
def passage(  # noqa: PLR0911, PLR0912, PLR0915 - one reason after the other why he stays
    c: Cluster, o: Outlook, w: Scratch, p: F8, lane: int, protected: bool, t: float, pass_s: F8
) -> float:
    """Lets the first vehicle of a lane go in this second, if it may; what that costs, or `STAYS`."""
    k = w.head[lane]
    q = w.chain_head[lane]
    own = k < o.lane_ptr[lane + 1]
    chained = q < w.chain_end[lane]
    if chained and own and o.arrive_s[k] <= w.chain_s[lane, q]:
        chained = False
    if not own and not chained:
        return STAYS
    arrive_s = w.chain_s[lane, q] if chained else o.arrive_s[k]
    if arrive_s >= t + 1.0:
        return STAYS
    i = w.chain_link[lane, q] if chained else o.link[k]
    shown = w.shows[i]
    if shown == RED:
        return STAYS
    first = shown in (GREEN, AMBER_GO)
    if first != protected:
        return STAYS
    start_s = w.green_from[i] + p[START_S]
    at_s = max(start_s if arrive_s < start_s else arrive_s, w.last_s[lane] + p[HEADWAY_S] + c.slow_s[i])
    if shown == STOP:
        at_s = max(at_s, arrive_s + p[STOP_GO_S], w.last_s[lane] + p[STOP_EVERY_S])
    at_s = max(at_s, t)
    if at_s >= t + 1.0:
        return STAYS
    x = c.link_exit[i]
    if x != NONE and w.exit_veh[x] < 1.0:
        return STAYS
    onward = NONE if chained else o.onward[k]
    to = c.link_to[i]
    if to != NONE and onward != NONE and not _leads(c, onward, to):  # noqa: PLR1714 - kernels know no mixed tuples
        to = c.link_lane[onward, 0]  # it changes lanes on its way
    if to != NONE and (w.inside_veh[to] + 1.0 > c.room_veh[to] or w.chain_end[to] >= PLACES - 1):
        return float(STAYS - p[BLOCKED])
    if not first and _hindered(c, o, w, p, i, lane, at_s):
        return STAYS
    weight = w.chain_weight[lane, q] if chained else o.weight[k]
    lost_s = at_s - arrive_s
    cost_s = weight * lost_s
    stands = not chained and o.halted[k] == 1
    if lost_s > _HALT_S and not stands:
        cost_s += weight * p[STOP_COST_S] * min(1.0, (lost_s - _HALT_S) / 2.0)
    if shown == AMBER_GO:
        w.waits[i] += 1
    if chained:
        w.chain_head[lane] = q + 1
    else:
        pass_s[k] = at_s
        w.head[lane] = k + 1
    if x != NONE:
        w.exit_veh[x] -= 1.0
    if to != NONE:
        w.inside_veh[to] += 1.0
        if onward != NONE:
            z = w.chain_end[to]
            w.chain_s[to, z] = at_s + c.travel_s[i]
            w.chain_link[to, z] = onward
            w.chain_weight[to, z] = weight
            w.chain_end[to] = z + 1
    w.inside_veh[lane] = max(0.0, w.inside_veh[lane] - 1.0)
    w.last_s[lane] = at_s
    w.crossed_s[i] = at_s
    return float(cost_s)


@inlined
def left_over(c: Cluster, o: Outlook, w: Scratch, p: F8, end_s: float) -> float:
    """What those cost who have not gone."""
    cost_s = 0.0
    for lane in range(len(c.room_veh)):
        left = 0
        for k in range(w.head[lane], o.lane_ptr[lane + 1]):
            if o.arrive_s[k] < end_s:
                stop_s = 0.0 if o.halted[k] == 1 else p[STOP_COST_S]
                cost_s += o.weight[k] * (end_s - o.arrive_s[k] + p[END_COST_S] + p[HEADWAY_S] * left + stop_s)
                left += 1
        for q in range(w.chain_head[lane], w.chain_end[lane]):
            if w.chain_s[lane, q] < end_s:
                wait_s = end_s - w.chain_s[lane, q] + p[END_COST_S] + p[HEADWAY_S] * left + p[STOP_COST_S]
                cost_s += w.chain_weight[lane, q] * wait_s
                left += 1
    return cost_s
