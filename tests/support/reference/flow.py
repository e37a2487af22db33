"""What a frame says of one track: joins, leaves, arrives, departs."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass
class Sight:
    x_m: float
    speed_mps: float
    sideways_mps: float
    sd_m: float
    unseen_s: float
    born_x_m: float
    crossed: bool


@dataclass
class Known:
    """What was known of the track before; None of it for a new one."""

    queued: bool
    stood: bool
    since_s: float
    departed: bool


@dataclass
class Verdict:
    queued: bool
    coming: bool
    slow_s: float
    new_in_mid_view: bool
    arrives: bool
    departs: bool


def judge(now_s: float, sight: Sight, known: Known | None, far_m: float) -> Verdict:
    """One track in one frame; `known` is brought up to date."""
    new, k = known is None, known or Known(False, False, 0.0, False)
    pace = abs(sight.speed_mps) if sight.x_m >= 0 else math.hypot(sight.speed_mps, sight.sideways_mps)
    queued = pace < (7 / 3.6 if k.queued else 5 / 3.6)
    if queued and not k.queued:
        k.since_s = now_s
    k.queued, k.stood = queued, k.stood or queued
    from_upstream = sight.born_x_m > 0 and (sight.born_x_m > 0.5 * far_m or sight.speed_mps > 7 / 3.6)
    beyond = -sight.x_m - (2 * sight.sd_m if sight.unseen_s > 0 else 0)
    over = (beyond > 1.0 and sight.speed_mps > 5 / 3.6) or beyond > 2.5
    came = sight.born_x_m - sight.x_m > 4.0
    departs = over and sight.crossed and not k.departed and came
    k.departed = k.departed or departs
    return Verdict(
        queued=queued,
        coming=not k.stood,
        slow_s=now_s - k.since_s if queued else 0.0,
        new_in_mid_view=new and sight.born_x_m < 0.75 * far_m,
        arrives=new and from_upstream,
        departs=departs,
    )
