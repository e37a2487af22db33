"""Kernel that tries scripts for one light of a cluster and says which one costs least."""

from __future__ import annotations

from numba import float64, int32, int64, void

from nutgiao.models.jit import kernel
from nutgiao.models.queueing.junction.lookahead import look_ahead
from nutgiao.models.queueing.junction.tables import F8, F8S, I4S, Cluster, Outlook, Scratch, table

_CHOOSE = void(
    table(Cluster), table(Outlook), float64[:, ::1], int32[:, ::1], float64[:, ::1], int32[:, ::1], int64, float64[::1],
    int64, table(Scratch), float64[::1], float64[::1],
)  # fmt: skip


@kernel(_CHOOSE, lean=True)
def try_scripts(
    c: Cluster,
    o: Outlook,
    script_s: F8S,
    script_stage: I4S,
    tried_s: F8S,
    tried_stage: I4S,
    light: int,
    p: F8,
    horizon_s: int,
    w: Scratch,
    pass_s: F8,
    cost_s: F8,
) -> None:
    """Costs each script of a light while the others keep theirs.

    Args:
        c: lights.
        o: what is known now.
        script_s: ``(lights, steps)`` of all lights; that of ``light`` is overwritten.
        script_stage: ``(lights, steps)``.
        tried_s: ``(scripts, steps)``.
        tried_stage: ``(scripts, steps)``.
        light: whose.
        p: figures.
        horizon_s: seconds.
        w: working memory.
        pass_s: ``(vehicles,)`` working memory.
        cost_s: ``(scripts,)`` output.
    """
    steps = script_s.shape[1]
    for k in range(len(cost_s)):
        for z in range(steps):
            script_s[light, z] = tried_s[k, z]
            script_stage[light, z] = tried_stage[k, z]
        cost_s[k] = look_ahead(c, o, script_s, script_stage, p, horizon_s, w, pass_s)
