"""Deeds on zones: standing of one's own will where it is banned, and riding along a pavement.

- stopping, parking: stood in a zone that bans it because it had a stop there, as SUMO itself says of it; whom a queue
  or a lamp holds has none. Stopping from `STOPPED_S` on, parking from `PARKED_S`. Must: `MUST_STOP_S` or `MUST_PARK_S`
  in which nobody crawled or stood within `CLEAR_M` ahead of it, so that nothing on the road explains the standing.
- pavement: rode `RIDDEN_M` along a pavement without a break. Must: `MUST_RIDE_M` of it at `MUST_RIDE_MPS` or more,
  middle of the machine `MUST_DEPTH_M` inside.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.site import Approach, Site, Zone
from nutgiao.models.contracts.words import CLASS_CODE, CLASSES, TWO_WHEELERS, VehicleClass, ViolationKind, ZoneKind
from nutgiao.simulation.breakers_deed import Deed, done_by, frame_of
from nutgiao.simulation.street import STEP_S, RoadUsers, Street

Floats = NDArray[np.float64]

STANDING_MPS = 0.3
STOPPED_S, PARKED_S = 15.0, 60.0
MUST_STOP_S, MUST_PARK_S = 40.0, 200.0
CLEAR_M, SLOW_MPS, SAME_LANE_M = 20.0, 2.0, 2.4
RIDDEN_M, RIDDEN_MPS = 5.0, 1.0
MUST_RIDE_M, MUST_RIDE_MPS, MUST_DEPTH_M = 15.0, 2.5, 0.5
SEEN_M = 50.0
_BANS = {
    ZoneKind.NO_STOPPING: ViolationKind.STOPPING,
    ZoneKind.BUS_STOP: ViolationKind.STOPPING,
    ZoneKind.NO_PARKING: ViolationKind.PARKING,
}
_LEAST_S = {ViolationKind.STOPPING: STOPPED_S, ViolationKind.PARKING: PARKED_S}
_MUST_S = {ViolationKind.STOPPING: MUST_STOP_S, ViolationKind.PARKING: MUST_PARK_S}


@dataclass(slots=True)
class _Stand:
    """Somebody who stands of his own will."""

    since_s: float
    row: int
    last_s: float
    clear_s: float = 0.0


class StandWitness:
    """Who stops and parks in the zones of some sites.

    Args:
        street: a running street.
        sites: site of each junction.
    """

    def __init__(self, street: Street, sites: Mapping[str, Site]) -> None:
        self._street = street
        self._zones = [(node, site, zone) for node, site in sites.items() for zone in site.zones if zone.kind in _BANS]
        self._stands: dict[tuple[str, str], _Stand] = {}
        self._told: set[tuple[str, str]] = set()
        self._users: RoadUsers | None = None

    def observe(self, users: RoadUsers) -> list[Deed]:
        """See `nutgiao.simulation.breakers_truth.Witness`."""
        if not self._zones:
            return []
        self._users = users
        slow = (users.speed_mps < STANDING_MPS) & (users.classes != CLASS_CODE[VehicleClass.PEDESTRIAN])
        still = np.flatnonzero(slow)
        found: list[Deed] = []
        for node, site, zone in self._zones:
            kind = _BANS[zone.kind]
            here = still[depths(zone.polygon_m, users.centre_m[still]) > 0.0]
            for i in here.tolist():
                name = users.ids[i]
                if not _meant(zone, CLASSES[users.classes[i]]) or not self._street.stands_by_choice(name):
                    continue
                stand = self._stands.setdefault((zone.id, name), _Stand(users.time_s, i, users.time_s))
                stand.row, stand.last_s = i, users.time_s
                stand.clear_s += 0.0 if _held(users, i) else STEP_S
                if stand.clear_s >= _MUST_S[kind] and (zone.id, name) not in self._told:
                    self._told.add((zone.id, name))
                    found.append(self._deed(kind, node, site, zone, users, stand, must=True))
            found += self._gone(node, site, zone, users)
        return found

    def _gone(self, node: str, site: Site, zone: Zone, users: RoadUsers) -> list[Deed]:
        """Who drove on, having stood too short or with too many ahead for a must."""
        kind, found = _BANS[zone.kind], []
        for (place, name), stand in list(self._stands.items()):
            if place != zone.id or stand.last_s == users.time_s:
                continue
            del self._stands[place, name]
            if (place, name) not in self._told and name in users.ids and stand.last_s - stand.since_s >= _LEAST_S[kind]:
                stand.row = users.ids.index(name)
                found.append(self._deed(kind, node, site, zone, users, stand, must=False))
        return found

    def finish(self) -> list[Deed]:
        """See `nutgiao.simulation.breakers_truth.Witness`."""
        users, found = self._users, []
        for node, site, zone in self._zones:
            kind = _BANS[zone.kind]
            for (place, name), stand in self._stands.items():
                long = stand.last_s - stand.since_s >= _LEAST_S[kind]
                if users is not None and place == zone.id and long and (place, name) not in self._told:
                    found.append(self._deed(kind, node, site, zone, users, stand, must=False))
        return found

    def _deed(
        self, kind: ViolationKind, node: str, site: Site, zone: Zone, users: RoadUsers, stand: _Stand, *, must: bool
    ) -> Deed:
        approach, on_it = beside(site, users.centre_m[stand.row])
        numbers = {"stood_s": stand.last_s - stand.since_s, "clear_s": stand.clear_s}
        where = "" if on_it else zone.id  # as the rule tells it: of the approach, if it stands on one
        return done_by(kind, node, approach.id, users, stand.row, stand.since_s, numbers, must=must, zone=where)


class PavementWitness:
    """Who rides along the pavements of some sites.

    Args:
        sites: site of each junction.
    """

    def __init__(self, sites: Mapping[str, Site]) -> None:
        self._zones = [
            (node, site, zone) for node, site in sites.items() for zone in site.zones if zone.kind is ZoneKind.PAVEMENT
        ]
        self._rides: dict[tuple[str, str], list[float]] = {}  # since when, way, way that must be told
        self._told: set[tuple[str, str]] = set()
        self._two_wheeled = np.array([one in TWO_WHEELERS for one in CLASSES])

    def observe(self, users: RoadUsers) -> list[Deed]:
        """See `nutgiao.simulation.breakers_truth.Witness`."""
        found: list[Deed] = []
        if not self._zones:
            return found
        riding = np.flatnonzero(self._two_wheeled[users.classes] & (users.speed_mps >= RIDDEN_MPS))
        for node, site, zone in self._zones:
            depth = depths(zone.polygon_m, users.centre_m[riding])
            on_it = {users.ids[i]: (i, float(d)) for i, d in zip(riding.tolist(), depth, strict=True) if d > 0.0}
            for name, (i, deep_m) in on_it.items():
                ride = self._rides.setdefault((zone.id, name), [users.time_s, 0.0, 0.0])
                way = float(users.speed_mps[i]) * STEP_S
                approach, _ = beside(site, users.centre_m[i])
                x, _ = frame_of(approach, users.front_m[i, 0], users.front_m[i, 1])
                clear = deep_m >= MUST_DEPTH_M and users.speed_mps[i] >= MUST_RIDE_MPS and 0.0 < x <= SEEN_M
                ride[1], ride[2] = ride[1] + way, ride[2] + way if clear else 0.0
                if ride[2] >= MUST_RIDE_M and (zone.id, name) not in self._told:
                    found.append(self._deed(node, site, zone, users, i, ride, must=True))
            for place, name in list(self._rides):
                if place == zone.id and name not in on_it:
                    ride = self._rides.pop((place, name))
                    if ride[1] >= RIDDEN_M and (place, name) not in self._told and name in users.ids:
                        found.append(self._deed(node, site, zone, users, users.ids.index(name), ride, must=False))
        return found

    def finish(self) -> list[Deed]:
        """See `nutgiao.simulation.breakers_truth.Witness`; who is still riding is told of within the next metres."""
        return []

    def _deed(
        self, node: str, site: Site, zone: Zone, users: RoadUsers, i: int, ride: list[float], *, must: bool
    ) -> Deed:
        self._told.add((zone.id, users.ids[i]))
        approach, _ = beside(site, users.centre_m[i])
        kind, numbers = ViolationKind.PAVEMENT, {"ridden_m": ride[1], "clear_m": ride[2]}
        return done_by(kind, node, approach.id, users, i, ride[0], numbers, must=must, zone=zone.id)


def depths(polygon_m: tuple[tuple[float, float], ...], points_m: Floats) -> Floats:
    """How deep points lie in a polygon: distance to its nearest side, negative outside.

    Args:
        polygon_m: corners in turn.
        points_m: ``(n, 2)``.

    Returns:
        ``(n,)`` metres.
    """
    corners = np.array(polygon_m)
    nearest, inside = np.full(len(points_m), np.inf), np.zeros(len(points_m), bool)
    for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        side = b - a
        share = np.clip((points_m - a) @ side / (side @ side), 0.0, 1.0)
        nearest = np.minimum(nearest, np.hypot(*(points_m - a - share[:, None] * side).T))
        spans = (a[1] > points_m[:, 1]) != (b[1] > points_m[:, 1])
        with np.errstate(divide="ignore", invalid="ignore"):
            at = a[0] + (points_m[:, 1] - a[1]) * side[0] / side[1]
        inside ^= spans & (points_m[:, 0] < at)
    return np.where(inside, nearest, -nearest)


def beside(site: Site, place_m: Floats) -> tuple[Approach, bool]:
    """The approach on which a place is, or beside which; and whether it is on it, upstream of the line."""

    def off(approach: Approach) -> float:
        x, y = frame_of(approach, place_m[0], place_m[1])
        along = max(-x, x - approach.length_m, 0.0)
        return math.hypot(along, max(-y, y - approach.width_m, 0.0))

    nearest = min(site.approaches, key=off)
    return nearest, off(nearest) == 0.0


def _meant(zone: Zone, who: VehicleClass) -> bool:
    exempt = zone.kind is ZoneKind.BUS_STOP and who is VehicleClass.BUS
    return not exempt and (not zone.classes or who in zone.classes)


def _held(users: RoadUsers, i: int) -> bool:
    """Whether somebody crawls or stands near ahead of row i, as it points."""
    bearing = math.radians(users.heading_deg[i])
    off = users.centre_m - users.centre_m[i]
    ahead = off[:, 0] * math.sin(bearing) + off[:, 1] * math.cos(bearing)
    aside = np.abs(off[:, 1] * math.sin(bearing) - off[:, 0] * math.cos(bearing))
    near = (ahead > 0.5) & (ahead < CLEAR_M) & (aside < SAME_LANE_M) & (users.speed_mps < SLOW_MPS)
    return bool((near & (users.classes != CLASS_CODE[VehicleClass.PEDESTRIAN])).any())
