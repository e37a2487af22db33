"""Not giving way on a crossing: who drives onto it before somebody who walks over it with the lamp.

crossing_priority: the front came onto the crossing at `DRIVEN_MPS` or more while all its lamps for people on foot were
green, and somebody on foot was before it, no farther than `AHEAD_M`, in its way or on the way into it within `SOON_S`.
Must: somebody who walks was in its way already or within `MUST_SOON_S`, no farther than `MUST_AHEAD_M`, and it had not
slowed: `MUST_MPS` or more, and at least `KEPT_SHARE` of its speed in each of the last `BEFORE_S`.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.site import Site, Zone
from nutgiao.models.contracts.words import CLASS_CODE, Indication, VehicleClass, ViolationKind, ZoneKind
from nutgiao.simulation.breakers_deed import Deed, done_by
from nutgiao.simulation.breakers_lamps import Lamps
from nutgiao.simulation.breakers_zones import beside, depths
from nutgiao.simulation.street import STEP_S, RoadUsers

DRIVEN_MPS, AHEAD_M, SOON_S, BODY_M = 1.5, 10.0, 2.5, 1.0
MUST_MPS, MUST_AHEAD_M, MUST_SOON_S, MUST_BODY_M, MUST_WALKED_MPS = 3.5, 6.0, 0.7, 0.3, 0.7
KEPT_SHARE, BEFORE_S = 0.92, 3.0
_GREENS = frozenset({Indication.GREEN, Indication.PERMISSIVE_GREEN})


class CrossingWitness:
    """Who drives onto the crossings of some sites before somebody on foot.

    Args:
        sites: site of each junction.
        lamps: of the street.
    """

    def __init__(self, sites: Mapping[str, Site], lamps: Lamps) -> None:
        self._lamps = lamps
        self._zones = [
            (node, site, zone) for node, site in sites.items() for zone in site.zones if zone.kind is ZoneKind.CROSSING
        ]
        self._inside: dict[str, set[str]] = {zone.id + node: set() for node, _, zone in self._zones}
        self._speeds: dict[str, deque[float]] = {}

    def observe(self, users: RoadUsers) -> list[Deed]:
        """See `nutgiao.simulation.breakers_truth.Witness`."""
        if not self._zones:
            return []
        on_foot = users.classes == CLASS_CODE[VehicleClass.PEDESTRIAN]
        vehicles, walkers = np.flatnonzero(~on_foot), np.flatnonzero(on_foot)
        kept = int(BEFORE_S / STEP_S) + 1
        before = self._speeds
        self._speeds = {users.ids[i]: before.get(users.ids[i], deque(maxlen=kept)) for i in vehicles.tolist()}
        found: list[Deed] = []
        for node, site, zone in self._zones:
            inside = vehicles[depths(zone.polygon_m, users.front_m[vehicles]) > 0.0]
            was, now = self._inside[zone.id + node], {users.ids[i] for i in inside.tolist()}
            self._inside[zone.id + node] = now
            here = walkers[depths(zone.polygon_m, users.centre_m[walkers]) > -BODY_M]
            if not len(here) or not self._walk(node, zone, users.time_s):
                continue
            for i in inside.tolist():
                if users.ids[i] not in was:
                    found += self._entered(users, i, here, node, site, zone)
        for i in vehicles.tolist():
            self._speeds[users.ids[i]].append(float(users.speed_mps[i]))
        return found

    def finish(self) -> list[Deed]:
        """See `nutgiao.simulation.breakers_truth.Witness`."""
        return []

    def _walk(self, node: str, zone: Zone, time_s: float) -> bool:
        """Whether all lamps for people on foot show green."""
        shown = [self._lamps.at(node, group, time_s) for group in zone.signal_groups]
        return all(one is not None and one.indication in _GREENS for one in shown)

    def _entered(
        self, users: RoadUsers, i: int, walkers: NDArray[np.intp], node: str, site: Site, zone: Zone
    ) -> list[Deed]:
        """What row i did, who has just come onto the crossing."""
        speed = float(users.speed_mps[i])
        near = _in_way(users, i, walkers, AHEAD_M, SOON_S, BODY_M)
        if speed < DRIVEN_MPS or not near:
            return []
        clear = _in_way(users, i, walkers, MUST_AHEAD_M, MUST_SOON_S, MUST_BODY_M)
        walking = any(users.speed_mps[j] >= MUST_WALKED_MPS for j in clear)
        last = self._speeds[users.ids[i]]
        steady = len(last) == last.maxlen and speed >= max(MUST_MPS, KEPT_SHARE * max(last))
        approach, _ = beside(site, users.front_m[i])
        kind, numbers = ViolationKind.CROSSING_PRIORITY, {"speed_mps": speed, "people": float(len(near))}
        must = walking and steady
        return [done_by(kind, node, approach.id, users, i, users.time_s, numbers, must=must, zone=zone.id)]


def _in_way(
    users: RoadUsers, i: int, walkers: NDArray[np.intp], ahead_m: float, soon_s: float, body_m: float
) -> list[int]:
    """Rows of those on foot who are in the way of row i, or will be so soon as they walk now."""
    bearing = math.radians(users.heading_deg[i])
    along, left = np.array([math.sin(bearing), math.cos(bearing)]), np.array([-math.cos(bearing), math.sin(bearing)])
    half = 0.5 * float(users.size_m[i, 1]) + body_m
    found = []
    for j in walkers.tolist():
        off = users.centre_m[j] - users.front_m[i]
        walks = math.radians(users.heading_deg[j])
        aside_mps = float(users.speed_mps[j]) * float(np.array([math.sin(walks), math.cos(walks)]) @ left)
        aside = float(off @ left)
        then = aside + aside_mps * soon_s
        crosses = abs(aside) <= half or abs(then) <= half or aside * then < 0.0
        if 0.0 < float(off @ along) <= ahead_m and crosses:
            found.append(j)
    return found
