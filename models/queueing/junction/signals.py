"""Steps of the junction kernel: what the lights show, second by second, under a script or by the rule behind it."""

from __future__ import annotations

from nutgiao.models.jit import inlined
from nutgiao.models.queueing.junction.tables import (
    AMBER_S,
    F8,
    F8S,
    FLEX,
    GREEN,
    HEADWAY_S,
    I4S,
    NONE,
    RATIO,
    RED,
    START_S,
    YIELD,
    Cluster,
    Outlook,
    Scratch,
)

AMBER_GO = 4
"""Shown in the first second of amber, when who is close still goes."""

_MOST_SERVED = 25


@inlined
def _begin(c: Cluster, w: Scratch, g: int, stage: int, t: float) -> None:
    """The stage shows from now on."""
    old = w.now[g]
    for i in range(c.light_link[g], c.light_link[g + 1]):
        if c.right[stage, i] != RED and c.right[old, i] == RED:
            w.green_from[i] = t
    w.now[g] = stage
    w.next[g] = NONE
    w.stage_from[g] = t


@inlined
def _serves(c: Cluster, o: Outlook, w: Scratch, p: F8, g: int, stage: int, t: float) -> float:
    """How many are served in a second if the stage shows for as long as its longest queue needs, with the change."""
    setup_s = 0.0 if stage == w.now[g] else c.change_s[w.now[g], stage] - c.tail_s[w.now[g], stage] + p[START_S]
    served = 0.0
    longest = 0
    for lane in range(len(c.room_veh)):
        k = w.head[lane]
        end = o.lane_ptr[lane + 1]
        q = w.chain_head[lane]
        if k >= end and q >= w.chain_end[lane]:
            continue
        if c.link_light[o.link[k] if k < end else w.chain_link[lane, q]] != g:
            continue
        count = 0
        limit_s = t + setup_s + 2.0
        while k < end and count < _MOST_SERVED and o.arrive_s[k] <= limit_s + p[HEADWAY_S] * count:
            right = c.right[stage, o.link[k]]
            if right == RED:
                break
            served += o.weight[k] if right == GREEN else p[FLEX] * o.weight[k]
            count += 1
            k += 1
        while q < w.chain_end[lane] and count < _MOST_SERVED and w.chain_s[lane, q] <= limit_s + p[HEADWAY_S] * count:
            right = c.right[stage, w.chain_link[lane, q]]
            if right == RED:
                break
            served += w.chain_weight[lane, q] if right == GREEN else p[FLEX] * w.chain_weight[lane, q]
            count += 1
            q += 1
        longest = max(longest, count)
    if longest == 0:
        return 0.0
    green_s = longest * p[HEADWAY_S]
    if stage != w.now[g]:
        green_s = max(green_s, c.least_s[stage])
    return float(served / (setup_s + green_s))


@inlined
def _wanted(c: Cluster, o: Outlook, w: Scratch, p: F8, script_s: F8S, script_stage: I4S, g: int, t: float) -> int:
    """The stage that a light turns to now: the script's, or behind its end the one that serves most."""
    k = w.step[g]
    now = int(w.now[g])
    if k < script_s.shape[1] and script_stage[g, k] != NONE:
        if t < script_s[g, k]:
            return now
        w.step[g] = k + 1
        if script_stage[g, k] != now:
            return int(script_stage[g, k])
        if k + 1 < script_s.shape[1] and script_stage[g, k + 1] != NONE:
            return now
    best = NONE
    most = p[RATIO] * _serves(c, o, w, p, g, now, t)
    for stage in range(c.light_stage[g], c.light_stage[g + 1]):
        if stage != now:
            rate = _serves(c, o, w, p, g, stage, t)
            if rate > most:
                most = rate
                best = stage
    return now if best == NONE else best


@inlined
def _lamps(c: Cluster, w: Scratch, p: F8, g: int, t: float) -> None:
    """What the links of a light show in this second."""
    now = w.now[g]
    nxt = w.next[g]
    for i in range(c.light_link[g], c.light_link[g + 1]):
        right = c.right[now, i]
        if nxt == NONE or right == RED:
            w.shows[i] = right
        elif c.right[nxt, i] != RED:
            w.shows[i] = min(right, c.right[nxt, i])
        else:
            into_s = t - (w.change_to[g] - c.change_s[now, nxt]) - c.tail_s[now, nxt]
            if into_s < 0.0:
                w.shows[i] = right
            elif right == YIELD and into_s < 1.0 and w.waits[i] < c.link_inside[i]:
                w.shows[i] = AMBER_GO  # who waits inside the junction leaves it
            else:
                w.shows[i] = AMBER_GO if right != YIELD and into_s < p[AMBER_S] else RED


@inlined
def signals(c: Cluster, o: Outlook, w: Scratch, p: F8, script_s: F8S, script_stage: I4S, g: int, t: float) -> None:
    """Begins changes and stages that are due at a light, and sets its lamps."""
    if w.next[g] != NONE and t >= w.change_to[g]:
        _begin(c, w, g, w.next[g], t)
    if w.next[g] == NONE and t - w.stage_from[g] >= c.least_s[w.now[g]]:
        want = _wanted(c, o, w, p, script_s, script_stage, g, t)
        if want != w.now[g]:
            if c.change_s[w.now[g], want] > 0.0:
                w.next[g] = want
                w.change_to[g] = t + c.change_s[w.now[g], want]
                for i in range(c.light_link[g], c.light_link[g + 1]):
                    w.waits[i] = 0
            else:
                _begin(c, w, g, want, t)
    _lamps(c, w, p, g, t)
