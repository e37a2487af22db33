"""The junction kernel: what a script of stages costs the vehicles that are known, second by second."""

from __future__ import annotations

from numba import float64, int32, int64

from nutgiao.models.jit import inlined, kernel
from nutgiao.models.queueing.junction.passages import STAYS, left_over, passage
from nutgiao.models.queueing.junction.signals import signals
from nutgiao.models.queueing.junction.tables import F8, F8S, I4S, Cluster, Outlook, Scratch, table

_AGES_S = -1.0e3
_LONG_S = 1.0e6


@inlined
def _reset(c: Cluster, o: Outlook, w: Scratch) -> None:
    for lane in range(len(c.room_veh)):
        w.head[lane] = o.lane_ptr[lane]
        w.chain_head[lane] = 0
        w.chain_end[lane] = 0
        w.last_s[lane] = -o.passed_s[lane]
        w.inside_veh[lane] = o.inside_veh[lane]
    for i in range(len(c.link_light)):
        w.green_from[i] = -o.since_s[i]
        w.crossed_s[i] = _AGES_S
        w.waits[i] = 0
    for e in range(len(o.exit_veh)):
        w.exit_veh[e] = o.exit_veh[e]
    for g in range(len(c.light_link) - 1):
        w.now[g] = o.stage[g]
        w.next[g] = o.coming[g]
        w.step[g] = 0
        w.change_to[g] = o.left_s[g]
        w.stage_from[g] = -o.green_s[g]


_CLUSTER, _OUTLOOK, _SCRATCH = table(Cluster), table(Outlook), table(Scratch)
LOOKAHEAD = float64(_CLUSTER, _OUTLOOK, float64[:, ::1], int32[:, ::1], float64[::1], int64, _SCRATCH, float64[::1])


@kernel(LOOKAHEAD, lean=True)
def look_ahead(
    c: Cluster,
    o: Outlook,
    script_s: F8S,
    script_stage: I4S,
    p: F8,
    horizon_s: int,
    w: Scratch,
    pass_s: F8,
) -> float:
    """Runs the cluster for some seconds.

    Args:
        c: lights.
        o: what is known now.
        script_s: ``(lights, steps)`` seconds from now, ascending.
        script_stage: ``(lights, steps)`` stage that a light turns to then, or keeps up to then; behind the end, marked
            by `NONE`, it turns to the stage that serves most vehicles a second.
        p: figures, as named in `tables`.
        horizon_s: seconds.
        w: working memory.
        pass_s: ``(vehicles,)`` output: when each goes over its line; a large number if it does not.

    Returns:
        Weighted delay of all, seconds, with what stops and those left over count.
    """
    _reset(c, o, w)
    cost_s = 0.0
    lanes = len(c.room_veh)
    lights = len(c.light_link) - 1
    for k in range(len(pass_s)):
        pass_s[k] = _LONG_S
    for second in range(horizon_s):
        t = float(second)
        for g in range(lights):
            signals(c, o, w, p, script_s, script_stage, g, t)
        for e in range(len(o.exit_veh)):
            w.exit_veh[e] = min(w.exit_veh[e] + o.exit_per_s[e], o.exit_veh[e] + 6.0)
        for turn in range(2):  # first those who need not give way
            for lane in range(lanes):
                while True:
                    spent_s = passage(c, o, w, p, lane, turn == 0, t, pass_s)
                    if spent_s < 0.0:
                        cost_s += STAYS - spent_s
                        break
                    cost_s += spent_s
    return cost_s + left_over(c, o, w, p, float(horizon_s))
