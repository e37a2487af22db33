"""Not giving way on a crossing: driving on without slowing close before, or through, somebody who walks across."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.lanes.memory import TrackMemory
from nutgiao.edge.violation.again import Again
from nutgiao.edge.violation.rule import Post, Scene, Violation
from nutgiao.edge.violation.trace import SignalTrace
from nutgiao.edge.violation.zones import PEDESTRIAN, ZoneWatch
from nutgiao.models.contracts.words import CLASSES, Indication, VehicleClass, ViolationKind, ZoneKind
from nutgiao.models.jit import kernel
from nutgiao.models.queueing.mcu import LENGTH_BY_CODE_M, WIDTH_BY_CODE_M

Floats = NDArray[np.float64]

_FAR_MPS, _FAR_S, _WAS_IN, _DONE = range(4)
"""Columns of the memory."""


@dataclass(frozen=True, slots=True)
class CrossingSettings:
    """How sure the rule must be.

    Attributes:
        slowest_mps: at least this fast on entering the crossing; slower, a driver can still stop for a step.
        kept_share: speed on entering, as a share of that before the crossing, from which on it did not slow.
        before_m: it was seen at least so far before the crossing, not longer ago than 4 s.
        walking_mps: the person walks at least so fast, towards or over the vehicle's way,
        running_mps: and is no faster: a rider whose machine is hidden is not on foot.
        reaches_s: in so long the person reaches the vehicle's way or has left it; shorter than a person's stride takes
            to stop.
        clear_m: room that a vehicle leaves beside a person who is let by.
        ahead_m: farther ahead than this along the vehicle's way nobody is in danger.
        max_sd_m: largest standard error of both places.
        min_hits: detections of both.
    """

    slowest_mps: float = 3.0
    kept_share: float = 0.85
    before_m: float = 8.0
    walking_mps: float = 0.5
    running_mps: float = 3.0
    reaches_s: float = 1.0
    clear_m: float = 0.3
    ahead_m: float = 8.0
    max_sd_m: float = 0.8
    min_hits: int = 6


class CrossingRule:
    """Right of way on the crossings that one camera sees, once per vehicle.

    Args:
        post: where it stands watch.
        settings: how sure it must be.
    """

    def __init__(self, post: Post, settings: CrossingSettings) -> None:
        self._settings, self._camera = settings, post.camera.id
        self._watch = ZoneWatch(post, (ZoneKind.CROSSING,), set(VehicleClass))
        self.zones = self._watch.zones
        self._memory = TrackMemory(far_mps=np.nan, far_s=np.nan, was_in=0.0, done=0.0)
        self._again = Again()

    def step(self, scene: Scene, trace: SignalTrace) -> list[Violation]:
        """See `nutgiao.edge.violation.rule.GroundRule`."""
        s, tracks = self._settings, scene.tracks
        self._memory.follow(tracks.numbers)
        m = self._memory.rows
        places = self._watch.step(scene, trace)
        pairs = np.empty((len(tracks), 4))
        n = cut_off(
            scene.time_s, places.middle_m, tracks.velocity_mps, places.speed_mps, places.depth_m, places.which,
            places.sd_m, places.meant, tracks.unseen_s, tracks.classes, tracks.hits, LENGTH_BY_CODE_M, WIDTH_BY_CODE_M,
            s.slowest_mps, s.kept_share, s.before_m, s.walking_mps, s.running_mps, s.reaches_s, s.clear_m, s.ahead_m,
            s.max_sd_m, s.min_hits, m, pairs,
        )  # fmt: skip
        self._again.follow(tracks)
        found = []
        for row, other, before_mps, beside_m in pairs[:n].tolist():
            i, j = int(row), int(other)
            zone = self.zones[int(places.which[j])]
            if not all(_walks(trace, group, scene.time_s) for group in zone.signal_groups):
                continue
            m[i, _DONE] = 1.0
            if not self._again.is_new(tracks, i):
                continue
            speed = float(np.hypot(*tracks.velocity_mps[i]))
            found.append(
                Violation(
                    kind=ViolationKind.CROSSING_PRIORITY,
                    approach=None,
                    lane=None,
                    camera=self._camera,
                    track=tracks.ids[i],
                    number=int(tracks.numbers[i]),
                    vehicle_class=CLASSES[int(tracks.classes[i])],
                    occurred_s=scene.time_s,
                    confidence=round(min(1.0, speed / before_mps) * float(min(tracks.scores[i], tracks.scores[j])), 3),
                    numbers={
                        "speed_mps": round(speed, 2),
                        "speed_before_mps": round(before_mps, 2),
                        "person_beside_way_m": round(beside_m, 2),
                        "person_speed_mps": round(float(np.hypot(*tracks.velocity_mps[j])), 2),
                        "position_sd_m": round(float(places.sd_m[i]), 2),
                        "person_sd_m": round(float(places.sd_m[j]), 2),
                        "hits": float(tracks.hits[i]),
                        "person_hits": float(tracks.hits[j]),
                    },
                    moments=(scene.time_s - 1.5, scene.time_s, scene.time_s + 1.0),
                    signal_group=zone.signal_groups[0] if zone.signal_groups else None,
                    zone=zone.id,
                )
            )
        return found


def crossing_rule(post: Post, settings: CrossingSettings) -> CrossingRule | None:
    """The rule, if the site has a crossing."""
    rule = CrossingRule(post, settings)
    return rule if rule.zones else None


def _walks(trace: SignalTrace, group: str, time_s: float) -> bool:
    """Whether people on foot certainly had green then."""
    run = trace.run_at(group, time_s)
    return run is not None and run.indication is Indication.GREEN


@kernel(
    "i8(f8, f8[:, ::1], f8[:, ::1], f8[::1], f8[::1], i8[::1], f8[::1], b1[::1], f8[::1], i1[::1], i8[::1], f8[::1],"
    " f8[::1], f8, f8, f8, f8, f8, f8, f8, f8, f8, i8, f8[:, ::1], f8[:, ::1])",
    lean=True,
)
def cut_off(
    time_s: float,
    middle_m: Floats,
    velocity_mps: Floats,
    speed_mps: Floats,
    depth_m: Floats,
    which: NDArray[np.int64],
    sd_m: Floats,
    meant: NDArray[np.bool_],
    unseen_s: Floats,
    classes: NDArray[np.int8],
    hits: NDArray[np.int64],
    length_m: Floats,
    width_m: Floats,
    slowest_mps: float,
    kept_share: float,
    before_m: float,
    walking_mps: float,
    running_mps: float,
    reaches_s: float,
    clear_m: float,
    ahead_m: float,
    max_sd_m: float,
    min_hits: int,
    memory: Floats,
    pairs: Floats,
) -> int:
    """Who comes onto a crossing now, as fast as before, in the way of somebody who walks over it.

    Args:
        time_s: capture time.
        middle_m: ``(n, 2)`` middles of the footprints.
        velocity_mps: ``(n, 2)``.
        speed_mps: ``(n,)``.
        depth_m: ``(n,)`` how deep each is in the crossing nearest to it, negative outside.
        which: ``(n,)`` which crossing that is.
        sd_m: ``(n,)`` standard errors of the places.
        meant: ``(n,)`` on a crossing that means this class now.
        unseen_s: ``(n,)`` since the last detection.
        classes: ``(n,)``.
        hits: ``(n,)`` detections.
        length_m: ``(classes,)`` typical lengths.
        width_m: ``(classes,)`` typical widths.
        slowest_mps: see `CrossingSettings`, as are the next nine.
        kept_share: there.
        before_m: there.
        walking_mps: there.
        running_mps: there.
        reaches_s: there.
        clear_m: there.
        ahead_m: there.
        max_sd_m: there.
        min_hits: there.
        memory: ``(n, 4)`` what was known before; brought up to this frame.
        pairs: ``(n, 4)`` output: row of the vehicle, row of the person, speed before, metres from the vehicle's way to
            the person.

    Returns:
        How many rows of the output are filled.
    """
    n, found = len(depth_m), 0
    for i in range(n):
        m, speed = memory[i], speed_mps[i]
        if classes[i] == PEDESTRIAN:
            continue
        half_length = 0.5 * length_m[classes[i]]
        if depth_m[i] < -before_m - half_length and unseen_s[i] == 0.0:
            m[_FAR_MPS], m[_FAR_S] = speed, time_s
        entering = meant[i] and m[_WAS_IN] == 0.0
        m[_WAS_IN] = 1.0 if depth_m[i] >= 0.0 else 0.0
        if (
            not entering
            or m[_DONE] > 0.0
            or unseen_s[i] > 0.0
            or hits[i] < min_hits
            or sd_m[i] > max_sd_m
            or not time_s - m[_FAR_S] <= 4.0  # also for NaN
            or speed < max(slowest_mps, kept_share * m[_FAR_MPS])
        ):
            continue
        ux, uy = velocity_mps[i, 0] / speed, velocity_mps[i, 1] / speed
        for j in range(n):
            if (
                classes[j] != PEDESTRIAN
                or which[j] != which[i]
                or depth_m[j] < 0.0
                or unseen_s[j] > 0.0
                or hits[j] < min_hits
                or sd_m[j] > max_sd_m
                or not walking_mps <= speed_mps[j] <= running_mps
            ):
                continue
            dx, dy = middle_m[j, 0] - middle_m[i, 0], middle_m[j, 1] - middle_m[i, 1]
            ahead, left = dx * ux + dy * uy, ux * dy - uy * dx
            closing = -np.sign(left) * (ux * velocity_mps[j, 1] - uy * velocity_mps[j, 0])
            beside = np.abs(left) - 0.5 * width_m[classes[i]] - clear_m
            in_way = beside <= 0.0 or (closing >= walking_mps and beside <= closing * reaches_s)
            if 0.0 < ahead <= ahead_m + half_length and in_way:
                pairs[found, 0], pairs[found, 1] = i, j
                pairs[found, 2], pairs[found, 3] = m[_FAR_MPS], np.abs(left)
                found += 1
                break
    return found
