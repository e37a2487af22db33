"""Blocking the box: who came in on green behind others who stood, and stands in it when the cross direction goes.

blocked_box: crossed the line on its own green; on coming into the box somebody slower than `SLOW_MPS` was ahead of it,
in the box or so near behind it that there was no room for its own length and `ROOM_M`; and it stood in the box
`IN_CROSS_S` into the green of a group whose way crosses its own, without a break since before that green began. Must:
whoever was ahead was slower than `MUST_SLOW_MPS`, with `MUST_ROOM_M` for the room; it stands `MUST_DEPTH_M` inside, had
stood for `MUST_BEFORE_S` when the cross green began, and stands until `MUST_CROSS_S` into it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.site import Approach, Site, Zone
from nutgiao.models.contracts.words import CLASS_CODE, Indication, VehicleClass, ViolationKind, ZoneKind
from nutgiao.simulation.breakers_deed import Deed, done_by, frame_of
from nutgiao.simulation.breakers_lamps import Lamps
from nutgiao.simulation.breakers_zones import depths
from nutgiao.simulation.street import STEP_S, RoadUsers, Street

STANDING_MPS = 0.5
SLOW_MPS, ROOM_M, MUST_SLOW_MPS, MUST_ROOM_M, ASIDE_M = 3.0, 4.0, 1.5, 1.0, 1.2
IN_CROSS_S, MUST_CROSS_S, MUST_BEFORE_S, MUST_DEPTH_M = 2.0, 5.0, 2.0, 1.0
_GREENS = frozenset({Indication.GREEN, Indication.PERMISSIVE_GREEN})


@dataclass(slots=True)
class _Visit:
    """A vehicle on its way from an approach through the junction."""

    approach: Approach
    x_m: float
    crossed_s: float = math.nan
    group: str = ""
    inside: bool = False
    behind_slow: bool = False
    behind_standing: bool = False
    stood_s: float = math.nan


class BoxWitness:
    """Who blocks the boxes of some sites.

    Args:
        street: a running street.
        sites: site of each junction.
        lamps: of the street.
    """

    def __init__(self, street: Street, sites: Mapping[str, Site], lamps: Lamps) -> None:
        self._street, self._lamps = street, lamps
        code = {name: index for index, name in enumerate(street.edges)}
        self._boxes: list[tuple[str, Zone]] = []
        self._leg: dict[int, tuple[str, Approach]] = {}
        self._group: dict[tuple[str, str, int], str] = {}
        self._visits: dict[str, tuple[str, _Visit]] = {}
        self._waiting: dict[str, float] = {}  # stands in a cross green that began then
        self._done: set[str] = set()
        self._inner = np.array([edge.startswith(":") for edge in street.edges])
        for node, site in sites.items():
            boxes = [zone for zone in site.zones if zone.kind is ZoneKind.BOX]
            self._boxes += [(node, zone) for zone in boxes]
            junction = street.junctions[node]
            for approach in site.approaches if boxes else ():
                self._leg[code[junction.legs[approach.id].edge]] = (node, approach)
                for link in junction.links:
                    if link.arm == approach.id:
                        self._group |= {(node, approach.id, code[inner]): link.group for inner in link.inner_edges}

        self._legs = np.isin(np.arange(len(street.edges)), list(self._leg))

    def observe(self, users: RoadUsers) -> list[Deed]:
        """See `nutgiao.simulation.breakers_truth.Witness`."""
        if not self._boxes:
            return []
        self._follow(users)
        row = {name: i for i, name in enumerate(users.ids)}
        deep = {node: depths(box.polygon_m, users.centre_m) for node, box in self._boxes}
        found: list[Deed] = []
        for name, (node, visit) in self._visits.items():
            i = row[name]
            depth = float(deep[node][i])
            if depth > 0.0 and not visit.inside:
                visit.inside = True
                visit.behind_slow = _no_room(users, i, deep[node], SLOW_MPS, ROOM_M)
                visit.behind_standing = _no_room(users, i, deep[node], MUST_SLOW_MPS, MUST_ROOM_M)
            still = depth > 0.0 and users.speed_mps[i] < STANDING_MPS
            if not still:
                visit.stood_s = math.nan
            elif math.isnan(visit.stood_s):
                visit.stood_s = users.time_s
            found += self._judge(users, i, node, visit, depth)
        return found

    def finish(self) -> list[Deed]:
        """See `nutgiao.simulation.breakers_truth.Witness`; the last seconds are too short to say."""
        return []

    def _follow(self, users: RoadUsers) -> None:
        """Who comes by which approach, and when it crossed the line."""
        now: set[str] = set()
        near = self._inner[users.edge] | self._legs[users.edge]
        for i in np.flatnonzero(near & (users.classes != CLASS_CODE[VehicleClass.PEDESTRIAN])).tolist():
            name, edge = users.ids[i], int(users.edge[i])
            leg = self._leg.get(edge)
            known = self._visits.get(name)
            if leg is not None and (known is None or known[0] != leg[0]):
                x, _ = frame_of(leg[1], users.front_m[i, 0], users.front_m[i, 1])
                self._visits[name] = known = (leg[0], _Visit(leg[1], x))
                self._done.discard(name)
            if known is None or (leg is None and not self._inner[edge]):
                continue  # beyond the junction
            now.add(name)
            node, visit = known
            x, _ = frame_of(visit.approach, users.front_m[i, 0], users.front_m[i, 1])
            if visit.x_m > 0.0 >= x:
                visit.crossed_s = users.time_s - STEP_S * x / (x - visit.x_m)
            visit.x_m = x
            visit.group = visit.group or self._group.get((node, visit.approach.id, edge), "")
        self._visits = {name: one for name, one in self._visits.items() if name in now}
        self._waiting = {name: one for name, one in self._waiting.items() if name in now}

    def _judge(self, users: RoadUsers, i: int, node: str, visit: _Visit, depth: float) -> list[Deed]:
        """Whether a vehicle is certain to have blocked the box by now."""
        name, now_s = users.ids[i], users.time_s
        if name in self._done:
            return []
        if math.isnan(visit.stood_s):
            green_s = self._waiting.pop(name, None)
            return [] if green_s is None else [self._deed(users, i, node, visit, green_s, must=False)]
        green_s = self._cross_green_s(node, visit, now_s)
        if green_s is None or now_s - green_s < IN_CROSS_S:
            return []
        self._waiting.setdefault(name, green_s)
        if now_s - green_s < MUST_CROSS_S:
            return []
        before_s = green_s - visit.stood_s
        must = visit.behind_standing and depth >= MUST_DEPTH_M and before_s >= MUST_BEFORE_S
        del self._waiting[name]
        return [self._deed(users, i, node, visit, green_s, must=must)]

    def _cross_green_s(self, node: str, visit: _Visit, now_s: float) -> float | None:
        """When the green of a crossing way began, of one who came in on green and stood then; None if it did not."""
        group, stood_s, junction = visit.group, visit.stood_s, self._street.junctions[node]
        own = (
            self._lamps.at(node, group, visit.crossed_s)
            if group and visit.behind_slow and visit.crossed_s == visit.crossed_s
            else None
        )
        if own is None or own.indication not in _GREENS:
            return None
        for other in junction.groups:
            links = junction.links_of(other)
            if other == group or junction.links[links[0]].is_crossing:
                continue
            if not junction.foes[np.ix_(junction.links_of(group), links)].any():
                continue
            shown = self._lamps.at(node, other, now_s)
            if shown is not None and shown.indication in _GREENS and shown.since_s >= stood_s:
                return shown.since_s
        return None

    def _deed(self, users: RoadUsers, i: int, node: str, visit: _Visit, green_s: float, *, must: bool) -> Deed:
        self._done.add(users.ids[i])
        numbers = {"stands_in_cross_green_s": users.time_s - green_s, "entered_after_s": visit.crossed_s - green_s}
        kind = ViolationKind.BLOCKED_BOX
        return done_by(kind, node, visit.approach.id, users, i, green_s, numbers, must=must)


def _no_room(users: RoadUsers, i: int, deep_m: NDArray[np.float64], slower_mps: float, room_m: float) -> bool:
    """Whether a vehicle so slow is ahead of row i in its way, in the box or too near behind it to leave it clear."""
    bearing = math.radians(users.heading_deg[i])
    off = users.centre_m - users.centre_m[i]
    ahead = off[:, 0] * math.sin(bearing) + off[:, 1] * math.cos(bearing)
    aside = np.abs(off[:, 1] * math.sin(bearing) - off[:, 0] * math.cos(bearing))
    rear_behind_box_m = -deep_m - 0.5 * users.size_m[:, 0]
    near = (ahead > 0.5) & (aside < ASIDE_M) & (rear_behind_box_m < users.size_m[i, 0] + room_m)
    near &= (users.speed_mps < slower_mps) & (users.classes != CLASS_CODE[VehicleClass.PEDESTRIAN])
    return bool(near.any())
