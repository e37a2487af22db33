"""Kernel that says how far a queue reaches behind the end of the view, by the kinematic wave theory of traffic.

Vehicles that stand in a queue move off one after the other: the state of the traffic at the end of the view travels
upstream at the wave speed w. In Newell's form (A simplified theory of kinematic waves in highway traffic, Transp. Res.
B 27(4), 1993), with lengths of standing queue as the unit of count, the label of whoever is x metres behind the end of
the view is F(t - x/w) + x, where F is what has flowed into the view. The tail is where the label reaches A(t), what has
joined: F at the instant when the queue grew out of view, and since then the shock wave of the learnt rate of arrivals.
When the end of the view has drained, the tail has passed it (break point C of Liu et al., Real-time queue length
estimation for congested signalized intersections, Transp. Res. C 17(4), 2009). What leaves must have come: the rate is
the mean of what left over the line; as long as the end of the view is jammed although A has flowed in, it is raised.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.jit import kernel
from nutgiao.models.queueing.lane_kernel import BACK_M, END_SPEED, END_VEH, REACH_M

Floats = NDArray[np.float64]

WAVE_MPS = 4.7
"""Speed of the discharge wave upstream, measured in mixed traffic: 4.5 to 5 m/s."""

FREE_FLOW_MPS = 10.0
"""Speed of those who come."""

QUEUE_AREA_M2: tuple[float, ...] = (3.6, 3.6, 17.8, 39.5, 39.5, 0.0)
"""Street that a vehicle takes in a standing queue, by code of its class, measured in mixed traffic."""

SLOW_MPS = 1.6
"""Between the speeds at which vehicles join and leave a queue."""

REACHES_M = 6.0  # a queue whose back is this near the end of the view reaches it,
STANDS_MPS, SURE_S = 2.5, 2.0  # and grows out of view when those there have been this slow for so long
BESIDE_SHARE = 0.3  # of the view: a queue longer than this whose end nobody sees is as long as the one beside it
UNSEEN_MPS, UNSEEN_S = 8.0, 4.0  # where nobody is seen and nobody waits, the end of the view runs free after a while
FREE_MPS = 5.5  # who enters the view faster than this is not held up by a queue
LEAST_FLOW_M = 10.0  # nobody at the end of the view is the end of the queue if so much has flowed, else a shadow
CLEAR_S = 6.0  # the tail has passed when that was so for so long; wrong by 32 % then, by 35 with 3 s and 36 with 9
LEARN_S = 200.0  # the rate of arrivals is a mean over about two cycles
HISTORY = 128  # seconds; the wave runs 600 m meanwhile

HIDDEN, FLOWED_M, ARRIVED_M, RATE_MPS, SPELL_S, FREE_S, END_MPS, HEAD, LEFT_M = range(9)
"""Columns of the state: whether the tail is beyond the view; F and A since then; learnt rate of arrivals; for how long
it has been hidden; how long the end of the view has run free; speed there; newest place of the history."""
STATES = 9

AT_S, FLOW_M, SPEED_MPS = range(3)
"""Rows of the history: time, F and speed at the end of the view."""


@kernel("f8(f8)", lean=True)
def shock_mps(rate_mps: float) -> float:
    """How fast the tail of a standing queue grows: it moves towards those who come, and so meets more of them.

    Args:
        rate_mps: arrivals past a fixed point, metres of standing queue per second.

    Returns:
        Speed of the shock wave, q / (k_jam - q / v), in units where k_jam is 1.
    """
    return rate_mps / (1.0 - min(rate_mps / FREE_FLOW_MPS, 0.5))


@kernel("f8(f8, f8, f8[:, ::1], i8)", lean=True)
def back_behind_view(time_s: float, arrived_m: float, history: Floats, head: int) -> float:
    """How far behind the end of the view the last vehicle stands.

    Args:
        time_s: now.
        arrived_m: A(t), metres of standing queue.
        history: ``(3, HISTORY)`` ring.
        head: its newest place.

    Returns:
        Metres behind the end of the view; -1 if nobody stands there.
    """
    size = history.shape[1]
    back, before_x, before_label = -1.0, 0.0, -np.inf
    place = head + 1
    for j in range(size):
        place = place - 1 if place > 0 else size - 1
        x = (time_s - history[AT_S, place]) * WAVE_MPS
        label = history[FLOW_M, place] + x
        slow = history[SPEED_MPS, place] < SLOW_MPS
        if label >= arrived_m:
            if j == 0:
                return -1.0
            share = (arrived_m - before_label) / (label - before_label) if label > before_label else 1.0
            return before_x + share * (x - before_x) if slow else back
        if slow:
            back = x
        before_x, before_label = x, label
    return back


@kernel("void(f8, f8, f8[:, ::1], f8[::1], f8, f8[:, ::1], f8[:, :, ::1])", lean=True)
def follow_tails(
    time_s: float,
    dt_s: float,
    sums: Floats,
    departed_m: Floats,
    far_m: float,
    state: Floats,
    history: Floats,
) -> None:
    """Follows the tails of all lanes one second further.

    Args:
        time_s: now.
        dt_s: since the last call.
        sums: ``(lanes, 11)`` of `nutgiao.models.queueing.lane_kernel.lane_sums`.
        departed_m: ``(lanes,)`` what left over the stop line since then, metres of standing queue.
        far_m: end of the view.
        state: ``(lanes, 9)`` brought up to now.
        history: ``(lanes, 3, HISTORY)`` rings, brought up to now.
    """
    for k in range(len(sums)):
        s, h = state[k], history[k]
        at_end = sums[k, REACH_M] >= far_m - REACHES_M
        stands_at_end = sums[k, BACK_M] >= far_m - REACHES_M
        seen = sums[k, END_VEH] > 0.0
        if seen:
            s[END_MPS] = max(sums[k, END_SPEED] / sums[k, END_VEH], 0.0)
        elif sums[k, BACK_M] == 0.0:  # nobody there and nobody waits: the wave has gone by unseen
            s[END_MPS] += (UNSEEN_MPS - s[END_MPS]) * min(dt_s / UNSEEN_S, 1.0)
        if s[HIDDEN] == 0.0:
            s[RATE_MPS] += (departed_m[k] / dt_s - s[RATE_MPS]) * min(dt_s / LEARN_S, 1.0)
            beside = False  # a lane that shows nobody at the end while the queue beside it stands there is hidden
            for b in (k - 1, k + 1):
                if 0 <= b < len(sums) and sums[b, BACK_M] >= far_m - REACHES_M:
                    beside = not seen and sums[k, BACK_M] > BESIDE_SHARE * far_m
            stands = (stands_at_end and s[END_MPS] < STANDS_MPS) or beside
            s[SPELL_S] = s[SPELL_S] + dt_s if stands else 0.0
            if s[SPELL_S] < SURE_S:
                continue
            s[HIDDEN], s[SPELL_S], s[FREE_S], s[FLOWED_M], s[LEFT_M] = 1.0, 0.0, 0.0, 0.0, 0.0
            s[ARRIVED_M] = max(sums[k, BACK_M] - far_m, 0.0)
            for j in range(h.shape[1]):  # a standing queue as far as the history goes: who comes joins its end
                place = (int(s[HEAD]) - j) % h.shape[1]
                h[AT_S, place], h[FLOW_M, place], h[SPEED_MPS, place] = time_s - dt_s - j, 0.0, 0.0
        speed = s[END_MPS]
        s[SPELL_S] += dt_s
        s[LEFT_M] += departed_m[k]
        s[FLOWED_M] += dt_s * speed * WAVE_MPS / (speed + WAVE_MPS)
        s[ARRIVED_M] += dt_s * shock_mps(s[RATE_MPS])
        drained = s[FLOWED_M] >= s[ARRIVED_M]
        if drained and at_end and speed < FREE_MPS:
            s[RATE_MPS] += (s[FLOWED_M] - s[ARRIVED_M]) / LEARN_S  # more have arrived than was learnt
            s[ARRIVED_M], drained = s[FLOWED_M], False
        passed = drained or (not seen and s[FLOWED_M] > LEAST_FLOW_M)
        s[FREE_S] = s[FREE_S] + dt_s if passed else 0.0
        head = int(s[HEAD] + 1.0) % h.shape[1]
        s[HEAD] = head
        h[AT_S, head], h[FLOW_M, head], h[SPEED_MPS, head] = time_s, s[FLOWED_M], speed
        if s[FREE_S] >= CLEAR_S:
            share = 1.0 - np.exp(-s[SPELL_S] / LEARN_S)
            s[RATE_MPS] += (s[LEFT_M] / s[SPELL_S] - s[RATE_MPS]) * share
            s[HIDDEN], s[SPELL_S] = 0.0, 0.0
