"""Blocking the box: in on green though the exit was not clear, and still in it when the cross direction goes."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.lanes.memory import TrackMemory
from nutgiao.edge.violation.rule import Post, Scene, Violation, groups_to_obey
from nutgiao.edge.violation.trace import SignalTrace
from nutgiao.edge.violation.zones import PEDESTRIAN, Places, ZoneWatch
from nutgiao.models.contracts.site import Site
from nutgiao.models.contracts.words import CLASSES, Indication, VehicleClass, ViolationKind, ZoneKind
from nutgiao.models.jit import kernel
from nutgiao.models.queueing.mcu import LENGTH_BY_CODE_M, WIDTH_BY_CODE_M

Floats = NDArray[np.float64]

_INSIDE, _FULL, _STOOD, _X, _Y, _ENTERED, _DONE = range(7)
"""Columns of the memory."""
_GO = frozenset({Indication.GREEN, Indication.PERMISSIVE_GREEN})


@dataclass(frozen=True, slots=True)
class BlockedBoxSettings:
    """How sure the rule must be.

    Attributes:
        standing_s: it stands in the box when the cross direction gets green, and so long after: who clears it with the
            last of the old stage is let go.
        slow_mps: who is slower than this ahead of somebody who enters, in the box or too near behind it, shows that the
            exit is not clear.
        room_m: room that a vehicle needs behind the box besides its own length.
        beside_m: half the width of the way ahead, besides half the vehicle's own.
        within_m: it stands while it stays within so much of its place, or two standard errors.
        inside_m: the middle of the footprint is so far inside the box, besides its standard error.
        max_unseen_s: longest time without detection while it stands.
        min_hits: detections of the track.
    """

    standing_s: float = 3.0
    slow_mps: float = 2.0
    room_m: float = 2.0
    beside_m: float = 0.6
    within_m: float = 1.0
    inside_m: float = 0.5
    max_unseen_s: float = 1.0
    min_hits: int = 6


class BlockedBoxRule:
    """Vehicles that block the boxes that one camera sees, once per track.

    Args:
        post: where it stands watch.
        settings: how sure it must be.
    """

    def __init__(self, post: Post, settings: BlockedBoxSettings) -> None:
        self._settings, self._camera = settings, post.camera.id
        self._watch = ZoneWatch(post, (ZoneKind.BOX,), set(VehicleClass) - {VehicleClass.PEDESTRIAN})
        self.zones = self._watch.zones
        self._against = _conflicts(post.site)
        self._memory = TrackMemory(
            inside=0.0, full=0.0, stood=np.nan, x=0.0, y=0.0, entered=np.nan, done=0.0,
        )  # fmt: skip

    def step(self, scene: Scene, trace: SignalTrace) -> list[Violation]:
        """See `nutgiao.edge.violation.rule.GroundRule`."""
        s, tracks = self._settings, scene.tracks
        self._memory.follow(tracks.numbers)
        m = self._memory.rows
        places = self._watch.step(scene, trace)
        stands = np.empty(len(tracks), np.bool_)
        stand_in_box(
            scene.time_s, places.middle_m, tracks.velocity_mps, places.speed_mps, places.depth_m, places.which,
            places.sd_m, places.meant, tracks.unseen_s, tracks.classes, LENGTH_BY_CODE_M, WIDTH_BY_CODE_M, s.slow_mps,
            s.room_m, s.beside_m, s.within_m, s.inside_m, s.max_unseen_s, s.standing_s, m, stands,
        )  # fmt: skip
        found = []
        for i in stands.nonzero()[0].tolist():
            if tracks.hits[i] >= s.min_hits:
                violation = self._judge(scene, places, i, trace)
                if violation is not None:
                    m[i, _DONE] = 1.0
                    found.append(violation)
        return found

    def _judge(self, scene: Scene, places: Places, i: int, trace: SignalTrace) -> Violation | None:
        """Whether it came in on green, and stood there when the cross direction got green."""
        s, tracks, now_s = self._settings, scene.tracks, scene.time_s
        zone, row = self.zones[int(places.which[i])], self._memory.rows[i]
        came = _entry(scene, i)
        if came is None:
            return None
        k, own, crossed_s = came
        if any(not _goes(trace, group, crossed_s) for group in own):
            return None  # who came in on anything else is not for this rule, and in doubt for none
        stood_s = float(row[_STOOD])
        cross = set(zone.signal_groups).difference(own) if zone.signal_groups else set()
        for group in sorted(cross or set().union(*(self._against.get(name, set()) for name in own))):
            if not all(group in self._against.get(name, {group}) for name in own):
                continue  # the same stage as one of its own
            run = trace.run_at(group, now_s)
            if run is None or run.indication not in _GO or now_s - run.start_s < s.standing_s or run.start_s < stood_s:
                continue
            leg, sd_m = scene.approaches[k], max(float(places.sd_m[i]), 0.05)
            return Violation(
                kind=ViolationKind.BLOCKED_BOX,
                approach=leg.id,
                lane=None,
                camera=self._camera,
                track=tracks.ids[i],
                number=int(tracks.numbers[i]),
                vehicle_class=CLASSES[int(tracks.classes[i])],
                occurred_s=run.start_s,
                confidence=round(0.5 * (1.0 + math.erf(float(places.depth_m[i]) / sd_m / math.sqrt(2.0))), 3),
                numbers={
                    "entered_after_line_s": round(float(row[_ENTERED]) - crossed_s, 2),
                    "stood_before_cross_green_s": round(run.start_s - stood_s, 2),
                    "stands_in_cross_green_s": round(now_s - run.start_s, 2),
                    "inside_zone_m": round(float(places.depth_m[i]), 2),
                    "position_sd_m": round(sd_m, 2),
                    "hits": float(tracks.hits[i]),
                },
                moments=(float(row[_ENTERED]), run.start_s, now_s),
                signal_group=group,
                zone=zone.id,
            )
        return None


def blocked_box_rule(post: Post, settings: BlockedBoxSettings) -> BlockedBoxRule | None:
    """The rule, if the site has a box and knows which signal groups it has to be clear for."""
    rule = BlockedBoxRule(post, settings)
    return rule if rule.zones and knows_cross_groups(post.site) else None


def knows_cross_groups(site: Site) -> bool:
    """Whether boxes name the groups that they have to be clear for, or the site says which groups conflict."""
    return site.signals is not None or any(zone.signal_groups for zone in site.zones if zone.kind is ZoneKind.BOX)


def _conflicts(site: Site) -> dict[str, set[str]]:
    """Vehicle groups that conflict with each group."""
    found: dict[str, set[str]] = {}
    if site.signals is not None:
        feet = {group.id for group in site.signals.groups if group.pedestrian}
        for pair in site.signals.intergreens:
            if pair.from_group not in feet and pair.to_group not in feet:
                found.setdefault(pair.from_group, set()).add(pair.to_group)
                found.setdefault(pair.to_group, set()).add(pair.from_group)
    return found


def _entry(scene: Scene, i: int) -> tuple[int, Collection[str], float] | None:
    """By which approach a track came, which groups it had to obey, and when it crossed the line; None if unseen."""
    number = scene.tracks.numbers[i]
    for k, placed in enumerate(scene.placed):
        j = int(placed.numbers.searchsorted(number))
        if j < len(placed) and placed.numbers[j] == number and not np.isnan(placed.crossed_s[j]):
            leg, name = scene.approaches[k], CLASSES[int(placed.classes[j])]
            return k, groups_to_obey(leg, int(placed.lanes[j]), float(placed.y_m[j]), name), float(placed.crossed_s[j])
    return None


def _goes(trace: SignalTrace, group: str, time_s: float) -> bool:
    """Whether a group certainly showed green then."""
    run = trace.run_at(group, time_s)
    return run is not None and run.indication in _GO


@kernel(
    "void(f8, f8[:, ::1], f8[:, ::1], f8[::1], f8[::1], i8[::1], f8[::1], b1[::1], f8[::1], i1[::1], f8[::1], f8[::1],"
    " f8, f8, f8, f8, f8, f8, f8, f8[:, ::1], b1[::1])",
    lean=True,
)
def stand_in_box(
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
    length_m: Floats,
    width_m: Floats,
    slow_mps: float,
    room_m: float,
    beside_m: float,
    within_m: float,
    inside_m: float,
    max_unseen_s: float,
    standing_s: float,
    memory: Floats,
    stands: NDArray[np.bool_],
) -> None:
    """Who has stood in a box for long enough after entering it behind somebody who blocked the exit.

    Args:
        time_s: capture time.
        middle_m: ``(n, 2)`` middles of the footprints.
        velocity_mps: ``(n, 2)``.
        speed_mps: ``(n,)``.
        depth_m: ``(n,)`` how deep each is in the box nearest to it, negative outside.
        which: ``(n,)`` which box that is.
        sd_m: ``(n,)`` standard errors of the places.
        meant: ``(n,)`` in a box that means this class now.
        unseen_s: ``(n,)`` since the last detection.
        classes: ``(n,)``.
        length_m: ``(classes,)`` typical lengths.
        width_m: ``(classes,)`` typical widths.
        slow_mps: see `BlockedBoxSettings`, as are the next six.
        room_m: there.
        beside_m: there.
        within_m: there.
        inside_m: there.
        max_unseen_s: there.
        standing_s: there.
        memory: ``(n, 7)`` what was known before; brought up to this frame.
        stands: ``(n,)`` output: stands in it and has for long enough.
    """
    n = len(depth_m)
    for i in range(n):
        m = memory[i]
        stands[i] = False
        if classes[i] == PEDESTRIAN:
            continue
        if depth_m[i] < 0.0:
            m[_INSIDE], m[_STOOD] = 0.0, np.nan
            continue
        speed = speed_mps[i]
        if m[_INSIDE] == 0.0 and unseen_s[i] == 0.0:
            m[_INSIDE], m[_ENTERED], m[_FULL] = 1.0, time_s, 0.0
            if speed > 0.5:
                for j in range(n):
                    if j == i or speed_mps[j] >= slow_mps or classes[j] == PEDESTRIAN or which[j] != which[i]:
                        continue
                    dx, dy = middle_m[j, 0] - middle_m[i, 0], middle_m[j, 1] - middle_m[i, 1]
                    ahead = (dx * velocity_mps[i, 0] + dy * velocity_mps[i, 1]) / speed
                    beside = np.abs(dx * velocity_mps[i, 1] - dy * velocity_mps[i, 0]) / speed
                    room = -(0.5 * length_m[classes[j]] + length_m[classes[i]] + room_m)
                    half = 0.5 * (width_m[classes[i]] + width_m[classes[j]]) + beside_m
                    if ahead > 0.5 and beside < half and depth_m[j] > room:
                        m[_FULL] = 1.0
        moved = np.hypot(middle_m[i, 0] - m[_X], middle_m[i, 1] - m[_Y]) > max(within_m, 2.0 * sd_m[i])
        if np.isnan(m[_STOOD]) or moved or unseen_s[i] > max_unseen_s:
            m[_STOOD], m[_X], m[_Y] = time_s, middle_m[i, 0], middle_m[i, 1]
            if speed > slow_mps or unseen_s[i] > 0.0:
                m[_STOOD] = np.nan
        stands[i] = (
            meant[i]
            and m[_FULL] > 0.0
            and m[_DONE] == 0.0
            and unseen_s[i] == 0.0
            and depth_m[i] >= inside_m + sd_m[i]
            and time_s - m[_STOOD] >= standing_s
        )
