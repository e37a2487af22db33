"""Stopping and parking where it is banned: a vehicle that stands of its own will, not one that a queue or a lamp holds.

A second counts only while nothing on the road explains the standing. Who is lost behind a bus and found again in the
same place is one vehicle, and told once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.lanes.memory import TrackMemory
from nutgiao.edge.violation.rule import Post, Scene, Violation
from nutgiao.edge.violation.standing_count import (
    ASKED,
    AT_X,
    AT_Y,
    AWAY,
    BEHIND,
    CODE,
    FREE,
    LAST_S,
    SINCE,
    TOLD,
    stand,
)
from nutgiao.edge.violation.trace import SignalTrace
from nutgiao.edge.violation.zones import TWO_WHEELER, Places, ZoneWatch, on_approaches
from nutgiao.models.contracts.site import Approach
from nutgiao.models.contracts.words import CLASSES, Indication, VehicleClass, ViolationKind, ZoneKind
from nutgiao.models.queueing.mcu import LENGTH_BY_CODE_M

Floats = NDArray[np.float64]

_AT_S = 5.0  # between the second still and the last; the first shows how it came to stand
_ASK_S = 0.5  # a new track's place has settled by then
_GO = frozenset({Indication.GREEN, Indication.PERMISSIVE_GREEN})
_BUSES = frozenset({VehicleClass.BUS, VehicleClass.PEDESTRIAN})


@dataclass(frozen=True, slots=True)
class StandingSettings:
    """How sure the rule must be that somebody stands of his own will.

    Attributes:
        standing_s: so many counted seconds on an approach, where the lamp and the queue are known.
        off_approach_s: the same elsewhere, where a lamp out of view may hold the vehicle: longer than any red may be
            (a site's default is 150 s).
        behind_s: the same behind somebody who was told of: longer than anybody waits to pull out.
        suspect_s: after so many counted seconds it is suspected: pictures of how it came to stand are kept from now on.
        green_s: on green for so long, a queue at the line has driven off.
        line_m: nearer to the stop line than this, the lamp explains the standing unless it is green and others drive
            off beside the vehicle: at a green a driver waits rightly while the junction is blocked.
        gap_m: whoever stands within so much ahead, bumper to bumper, explains it as well; off the approaches, where
            nobody knows which way is ahead, all round.
        flow_mps: traffic as fast as this beside a vehicle shows that there is no jam; riders who filter through one are
            slower,
        flow_s: and so long after the last of them there may be one again.
        inside_m: the middle of the footprint is so far inside the zone, besides its standard error.
        within_m: it stays within so much of where it came to stand, or two standard errors,
        away_s: and has left when it was seen further away for so long.
        max_unseen_s: no second counts in which it was not seen for longer.
        found_s: who was lost while standing and is found in the same place within so long goes on counting.
        told_s: so long after somebody who was told of was lost, whoever stands there is that vehicle,
        left_s: and so long after it was seen to leave, for tracks hop.
        min_hits: detections of the track.
    """

    standing_s: float = 30.0
    off_approach_s: float = 180.0
    behind_s: float = 180.0
    suspect_s: float = 8.0
    green_s: float = 15.0
    line_m: float = 15.0
    gap_m: float = 12.0
    flow_mps: float = 5.0
    flow_s: float = 20.0
    inside_m: float = 0.3
    within_m: float = 1.0
    away_s: float = 2.0
    max_unseen_s: float = 1.0
    found_s: float = 15.0
    told_s: float = 600.0
    left_s: float = 60.0
    min_hits: int = 10


@dataclass(frozen=True, slots=True)
class ParkingSettings(StandingSettings):
    """The same for parking, which begins where a short halt ends.

    Attributes:
        standing_s: Vietnamese law tells parking from stopping by no time; three minutes are those of the German road
            code (StVO, section 12(2)), and longer than letting somebody out takes.
    """

    standing_s: float = 180.0


@dataclass(slots=True)
class _Place:
    """Where somebody stood who was lost or told of."""

    x_m: float
    y_m: float
    two_wheeler: bool
    until_s: float
    since_s: float = math.nan
    free_s: float = 0.0
    behind_s: float = 0.0
    number: int = -1

    def fits(self, x_m: float, y_m: float, two_wheeler: bool) -> bool:
        """Whether somebody stands in the same place; parked motorcycles stand closer than cars."""
        near_m = 1.0 if two_wheeler else 2.0
        return two_wheeler == self.two_wheeler and math.hypot(x_m - self.x_m, y_m - self.y_m) <= near_m


class StandingRule:
    """Stopping or parking in the zones of one camera.

    Args:
        post: where it stands watch.
        kind: stopping or parking.
        settings: how sure it must be.
    """

    def __init__(self, post: Post, kind: ViolationKind, settings: StandingSettings) -> None:
        self._kind, self._settings, self._camera = kind, settings, post.camera.id
        kinds = (ZoneKind.NO_PARKING,) if kind is ViolationKind.PARKING else (ZoneKind.NO_STOPPING, ZoneKind.BUS_STOP)
        self._watch = ZoneWatch(post, kinds, set(VehicleClass) - {VehicleClass.PEDESTRIAN})
        self.zones = self._watch.zones
        self._no_bus = np.array([zone.kind is ZoneKind.BUS_STOP for zone in self.zones], np.bool_)
        self._memory = TrackMemory(
            t=np.nan, since=np.nan, x=0.0, y=0.0, away=np.nan, free=0.0, behind=0.0, told=0.0, asked=0.0, flow=-np.inf,
            code=0.0,
        )  # fmt: skip
        self._lost: list[_Place] = []
        self._told: list[_Place] = []

    def step(self, scene: Scene, trace: SignalTrace) -> list[Violation]:
        """See `nutgiao.edge.violation.rule.GroundRule`."""
        s, tracks, now_s = self._settings, scene.tracks, scene.time_s
        gone = self._memory.follow(tracks.numbers)
        m = self._memory.rows
        self._lose(gone, now_s)
        places = self._watch.step(scene, trace)
        meant = places.meant & ~(self._no_bus[places.which] & (tracks.classes == CLASS_BUS))
        meant &= places.depth_m >= s.inside_m + places.sd_m
        if not meant.any() and not (m[:, SINCE] == m[:, SINCE]).any():
            m[:, LAST_S] = now_s
            return []
        approach, x_m, y_m = on_approaches(scene)
        green = np.array([self._long_green(one, trace, now_s) for one in scene.approaches], np.bool_)
        long_enough = np.empty(len(tracks), np.bool_)
        stand(
            now_s, places.middle_m, places.sd_m, places.speed_mps, tracks.unseen_s, tracks.classes, meant, approach,
            x_m, y_m, green, LENGTH_BY_CODE_M, s.standing_s, s.off_approach_s, s.behind_s, s.line_m, s.gap_m,
            s.flow_mps, s.flow_s, s.within_m, s.away_s, s.max_unseen_s, m, long_enough,
        )  # fmt: skip
        self._find_again(tracks.numbers, now_s)
        self._keep_told(tracks.numbers, now_s)
        begun = (m[:, ASKED] == 1.0) & (m[:, FREE] >= s.suspect_s) & (m[:, TOLD] == 0.0) & (m[:, SINCE] <= now_s)
        found = []
        for i in begun.nonzero()[0].tolist():
            m[i, ASKED] = 2.0
            found.append(replace(self._violation(scene, places, approach, i), final=False))
        return found + [
            self._violation(scene, places, approach, i)
            for i in long_enough.nonzero()[0].tolist()
            if tracks.hits[i] >= s.min_hits and self._is_new(tracks.numbers, i, now_s)
        ]

    def _long_green(self, approach: Approach, trace: SignalTrace, now_s: float) -> bool:
        """Whether all lamps of an approach have shown green for long enough."""
        for group in {approach.signal_group, approach.left_signal_group or approach.signal_group}:
            run = trace.run_at(group, now_s)
            if run is None or run.indication not in _GO or now_s - run.start_s < self._settings.green_s:
                return False
        return True

    def _lose(self, gone: Floats, now_s: float) -> None:
        """Keeps in mind who was lost while standing there."""
        self._lost = [place for place in self._lost if place.until_s >= now_s]
        for row in gone[(gone[:, SINCE] == gone[:, SINCE]) & (gone[:, TOLD] == 0.0)]:
            if row[FREE] + row[BEHIND] > 0.0 and np.isnan(row[AWAY]):
                two_wheeler = bool(TWO_WHEELER[int(row[CODE])])
                until_s, figures = now_s + self._settings.found_s, row[[SINCE, FREE, BEHIND]].tolist()
                self._lost.append(_Place(float(row[AT_X]), float(row[AT_Y]), two_wheeler, until_s, *figures))

    def _find_again(self, numbers: NDArray[np.int64], now_s: float) -> None:
        """Lets who was lost and stands there again go on from where it was."""
        m = self._memory.rows
        new = (m[:, ASKED] == 0.0) & (m[:, SINCE] <= now_s - _ASK_S)
        for i in new.nonzero()[0].tolist():
            m[i, ASKED] = 1.0
            here = (float(m[i, AT_X]), float(m[i, AT_Y]), bool(TWO_WHEELER[int(m[i, CODE])]))
            for place in self._lost:
                if place.fits(*here):
                    m[i, SINCE] = place.since_s
                    m[i, FREE] += place.free_s
                    m[i, BEHIND] += place.behind_s
                    self._lost.remove(place)
                    break

    def _keep_told(self, numbers: NDArray[np.int64], now_s: float) -> None:
        """Keeps the places of those who were told of for as long as they may be meant again."""
        self._told = [place for place in self._told if place.until_s >= now_s]
        for place in self._told:
            i = int(numbers.searchsorted(place.number))
            if i >= len(numbers) or numbers[i] != place.number:
                place.number = -1
            elif np.isnan(self._memory.rows[i, SINCE]):
                place.number, place.until_s = -1, min(place.until_s, now_s + self._settings.left_s)
            else:
                place.until_s = now_s + self._settings.told_s

    def _is_new(self, numbers: NDArray[np.int64], i: int, now_s: float) -> bool:
        """Whether who stands there is nobody who was told of; in any case it is told of now."""
        row = self._memory.rows[i]
        row[TOLD] = 1.0
        here = (float(row[AT_X]), float(row[AT_Y]), bool(TWO_WHEELER[int(row[CODE])]))
        until_s = now_s + self._settings.told_s
        for place in self._told:
            if place.number < 0 and place.fits(*here):
                place.number, place.until_s = int(numbers[i]), until_s
                return False
        self._told.append(_Place(*here, until_s, number=int(numbers[i])))
        return True

    def _violation(self, scene: Scene, places: Places, approach: NDArray[np.int64], i: int) -> Violation:
        row, tracks, now_s = self._memory.rows[i], scene.tracks, scene.time_s
        since_s, sd_m = float(row[SINCE]), max(float(places.sd_m[i]), 0.05)
        zone = self.zones[int(places.which[i])]
        leg = scene.approaches[int(approach[i])] if approach[i] >= 0 else None
        return Violation(
            kind=self._kind,
            approach=None if leg is None else leg.id,
            lane=None,
            camera=self._camera,
            track=tracks.ids[i],
            number=int(tracks.numbers[i]),
            vehicle_class=CLASSES[int(tracks.classes[i])],
            occurred_s=since_s,
            confidence=round(0.5 * (1.0 + math.erf(float(places.depth_m[i]) / sd_m / math.sqrt(2.0))), 3),
            numbers={
                "standing_s": round(now_s - since_s, 1),
                "counted_s": round(float(row[FREE]), 1),
                "counted_behind_others_s": round(float(row[BEHIND]), 1),
                "inside_zone_m": round(float(places.depth_m[i]), 2),
                "position_sd_m": round(sd_m, 2),
                "hits": float(tracks.hits[i]),
            },
            moments=(since_s, max(since_s, now_s - _AT_S), now_s),
            zone=zone.id,
        )


CLASS_BUS = CLASSES.index(VehicleClass.BUS)


def stopping_rule(post: Post, settings: StandingSettings) -> StandingRule | None:
    """The rule on stopping, if the site has a zone for it."""
    rule = StandingRule(post, ViolationKind.STOPPING, settings)
    return rule if rule.zones else None


def parking_rule(post: Post, settings: ParkingSettings) -> StandingRule | None:
    """The rule on parking, if the site has a zone for it."""
    rule = StandingRule(post, ViolationKind.PARKING, settings)
    return rule if rule.zones else None
