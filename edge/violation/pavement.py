"""Riding on the pavement: a two-wheeler that goes along it, not one that crosses it to a gate or is pushed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.lanes.memory import TrackMemory
from nutgiao.edge.violation.again import Again
from nutgiao.edge.violation.rule import Post, Scene, Violation
from nutgiao.edge.violation.trace import SignalTrace
from nutgiao.edge.violation.zones import ZoneWatch
from nutgiao.models.contracts.words import CLASSES, TWO_WHEELERS, ViolationKind, ZoneKind
from nutgiao.models.jit import kernel

Floats = NDArray[np.float64]

_SINCE, _X, _Y, _HITS, _DEPTH, _DONE = range(6)
"""Columns of the memory."""


@dataclass(frozen=True, slots=True)
class PavementSettings:
    """How sure the rule must be.

    Attributes:
        along_m: way along the pavement without a break; pavements are 2 to 6 m wide, so who crosses one to a gate stays
            below.
        along_share: so much of the way lies along the kerb; 0.9 is an angle of 26 degrees.
        speed_mps: at least this fast all the way: somebody on foot who pushes a machine walks 1.4 m/s.
        inside_m: the middle of the footprint is so far inside the zone, besides its standard error.
        max_sd_m: largest standard error of the place.
        max_unseen_s: longest time without detection on the way.
        min_hits: detections on the way.
    """

    along_m: float = 10.0
    along_share: float = 0.9
    speed_mps: float = 2.0
    inside_m: float = 0.2
    max_sd_m: float = 0.8
    max_unseen_s: float = 1.0
    min_hits: int = 5


class PavementRule:
    """Riding on the pavements that one camera sees, once per rider.

    Args:
        post: where it stands watch.
        settings: how sure it must be.
    """

    def __init__(self, post: Post, settings: PavementSettings) -> None:
        self._settings, self._camera = settings, post.camera.id
        self._watch = ZoneWatch(post, (ZoneKind.PAVEMENT,), TWO_WHEELERS)
        self.zones = self._watch.zones
        self._memory = TrackMemory(since=np.nan, x=0.0, y=0.0, hits=0.0, depth=np.inf, done=0.0)
        self._again = Again()

    def step(self, scene: Scene, trace: SignalTrace) -> list[Violation]:
        """See `nutgiao.edge.violation.rule.GroundRule`; the lamps do not matter."""
        s, tracks = self._settings, scene.tracks
        self._memory.follow(tracks.numbers)
        m = self._memory.rows
        places = self._watch.step(scene, trace)
        sure = places.meant & (places.sd_m <= s.max_sd_m) & (places.depth_m >= s.inside_m + places.sd_m)
        far = np.empty(len(tracks), np.bool_)
        ride(
            scene.time_s, places.middle_m, places.along, places.depth_m, sure, places.speed_mps, tracks.unseen_s,
            s.speed_mps, s.along_m, s.along_share, s.max_unseen_s, s.min_hits, m, far,
        )  # fmt: skip
        self._again.follow(tracks)
        found = []
        for i in far.nonzero()[0].tolist():
            if not self._again.is_new(tracks, i):
                continue
            since_s, now_s, sd_m = float(m[i, _SINCE]), scene.time_s, max(float(places.sd_m[i]), 0.05)
            way_m = math.hypot(places.middle_m[i, 0] - m[i, _X], places.middle_m[i, 1] - m[i, _Y])
            found.append(
                Violation(
                    kind=ViolationKind.PAVEMENT,
                    approach=None,
                    lane=None,
                    camera=self._camera,
                    track=tracks.ids[i],
                    number=int(tracks.numbers[i]),
                    vehicle_class=CLASSES[int(tracks.classes[i])],
                    occurred_s=since_s,
                    confidence=round(0.5 * (1.0 + math.erf(float(m[i, _DEPTH]) / sd_m / math.sqrt(2.0))), 3),
                    numbers={
                        "along_m": round(way_m, 2),
                        "speed_mps": round(way_m / max(now_s - since_s, 1e-3), 2),
                        "least_inside_zone_m": round(float(m[i, _DEPTH]), 2),
                        "position_sd_m": round(sd_m, 2),
                        "hits": float(m[i, _HITS]),
                    },
                    moments=(since_s, 0.5 * (since_s + now_s), now_s),
                    zone=self.zones[int(places.which[i])].id,
                )
            )
        return found


def pavement_rule(post: Post, settings: PavementSettings) -> PavementRule | None:
    """The rule, if the site has a pavement."""
    rule = PavementRule(post, settings)
    return rule if rule.zones else None


@kernel(
    "void(f8, f8[:, ::1], f8[:, ::1], f8[::1], b1[::1], f8[::1], f8[::1], f8, f8, f8, f8, i8, f8[:, ::1], b1[::1])",
    lean=True,
)
def ride(
    time_s: float,
    middle_m: Floats,
    along: Floats,
    depth_m: Floats,
    sure: NDArray[np.bool_],
    speed_mps: Floats,
    unseen_s: Floats,
    least_mps: float,
    along_m: float,
    along_share: float,
    max_unseen_s: float,
    min_hits: int,
    memory: Floats,
    far: NDArray[np.bool_],
) -> None:
    """Who has ridden far enough along a pavement, told once.

    Args:
        time_s: capture time.
        middle_m: ``(n, 2)`` middles of the footprints.
        along: ``(n, 2)`` direction of the nearest side of the zone.
        depth_m: ``(n,)`` how deep each is in it.
        sure: ``(n,)`` certainly on a pavement that means this class now.
        speed_mps: ``(n,)`` over the ground.
        unseen_s: ``(n,)`` since the last detection.
        least_mps: see `PavementSettings.speed_mps`, as are the next four.
        along_m: there.
        along_share: there.
        max_unseen_s: there.
        min_hits: there.
        memory: ``(n, 6)`` what was known before; brought up to this frame.
        far: ``(n,)`` output.
    """
    for i in range(len(depth_m)):
        m = memory[i]
        far[i] = False
        if unseen_s[i] > 0.0 and unseen_s[i] <= max_unseen_s:
            continue
        if unseen_s[i] > 0.0 or not sure[i] or speed_mps[i] < least_mps:
            m[_SINCE] = np.nan
            continue
        if np.isnan(m[_SINCE]):
            m[_SINCE], m[_X], m[_Y], m[_HITS], m[_DEPTH] = time_s, middle_m[i, 0], middle_m[i, 1], 0.0, np.inf
        m[_HITS] += 1.0
        m[_DEPTH] = min(m[_DEPTH], depth_m[i])
        dx, dy = middle_m[i, 0] - m[_X], middle_m[i, 1] - m[_Y]
        way = np.hypot(dx, dy)
        straight = np.abs(dx * along[i, 0] + dy * along[i, 1]) >= along_share * way
        if way >= along_m and straight and m[_HITS] >= min_hits and m[_DONE] == 0.0:
            far[i] = True
            m[_DONE] = 1.0
