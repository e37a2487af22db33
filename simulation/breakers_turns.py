"""Movements that the signs of a site ban, as vehicles really made them: told when they have left the junction.

- banned_turn, banned_uturn: left the approach by a movement that its site bans, having crossed its line. Must: always.
- wrong_lane: left by a movement that the lane in which it crossed the line does not have. Must: it crossed
  `LANE_DEPTH_M` or more from every lane that has it.
- forbidden_road: drove on an approach that is banned for its class, up to `SEEN_M` from the line. Must: always.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Mapping

import numpy as np

from nutgiao.models.contracts.site import Approach, Site
from nutgiao.models.contracts.words import CLASS_CODE, CLASSES, Turn, VehicleClass, ViolationKind
from nutgiao.simulation.breakers_deed import Deed, asked, done_by, frame_of
from nutgiao.simulation.street import STEP_S, RoadUsers, Street

LANE_DEPTH_M = 0.9
SEEN_M = 45.0


class OnRed(enum.Enum):
    """What a sign that lets some turn on red makes of a crossing on red."""

    UNKNOWN = enum.auto()  # still on its way
    FORBIDDEN = enum.auto()
    DOUBT = enum.auto()  # from the lane beside, or never seen to leave
    PERMITTED = enum.auto()


class Movements:
    """Movements that the signs of a site ban, told when a vehicle has left the junction.

    Args:
        street: a running street.
        sites: site of each junction; an approach without bans is watched only if some may turn on red there, or the
            site asks for the rule on lanes and some lane lacks a movement that SUMO's links have.
    """

    def __init__(self, street: Street, sites: Mapping[str, Site]) -> None:
        self._code = {name: index for index, name in enumerate(street.edges)}
        self._by_edge: dict[int, tuple[str, Approach, dict[int, Turn]]] = {}
        self._lanes_asked: set[int] = set()
        self._under_way: dict[str, tuple[int, float, float]] = {}  # edge, y and time at the line
        self._last: dict[str, tuple[float, float]] = {}  # x and y
        self._turned: dict[tuple[str, str], tuple[Turn, float]] = {}  # approach and vehicle: movement, y at the line
        for node, site in sites.items():
            junction = street.junctions[node]
            for approach in site.approaches:
                links = [link for link in junction.links if link.arm == approach.id and link.turn is not None]
                told = approach in asked(site, ViolationKind.WRONG_LANE) and any(
                    link.turn not in approach.lanes[self._lane(approach, link.lane)].turns for link in links
                )
                on_red = any(lane.on_red for lane in approach.lanes)
                if approach.banned or approach.forbidden or on_red or told:
                    turns = {self._code[link.to_edge]: link.turn for link in links if link.turn is not None}
                    edge = self._code[junction.legs[approach.id].edge]
                    self._by_edge[edge] = (node, approach, turns)
                    self._lanes_asked |= {edge} if told else set()

    @staticmethod
    def _lane(approach: Approach, lane: int) -> int:
        return min(max(lane, 0), len(approach.lanes) - 1)

    def observe(self, users: RoadUsers) -> list[Deed]:
        """Takes one step in.

        Returns:
            What was done by those who have just left a junction.
        """
        if not self._by_edge:
            return []
        found: list[Deed] = []
        watched = np.isin(users.edge, list(self._by_edge)) & (users.classes != CLASS_CODE[VehicleClass.PEDESTRIAN])
        for i in np.flatnonzero(watched).tolist():
            edge, name = int(users.edge[i]), users.ids[i]
            node, approach, _ = self._by_edge[edge]
            x, y = frame_of(approach, users.front_m[i, 0], users.front_m[i, 1])
            before = self._last.get(name)
            if before is not None and before[0] > 0.0 >= x:
                share = before[0] / (before[0] - x)
                self._under_way[name] = (
                    edge,
                    before[1] + share * (y - before[1]),
                    users.time_s - STEP_S * (1.0 - share),
                )
            if approach.forbidden and x <= SEEN_M < (math.inf if before is None else before[0]):
                who = CLASSES[users.classes[i]]
                if any(who in one.classes for one in approach.forbidden):
                    numbers = {"from_kerb_m": y}
                    found.append(
                        done_by(ViolationKind.FORBIDDEN_ROAD, node, approach.id, users, i, users.time_s, numbers)
                    )
            self._last[name] = (x, y)
        if not self._under_way:
            return found
        row = {name: i for i, name in enumerate(users.ids)}
        for name, (edge, y, crossed_s) in list(self._under_way.items()):
            node, approach, turns = self._by_edge[edge]
            at = row.get(name)
            turn = None if at is None else turns.get(int(users.edge[at]))
            if at is None or turn is not None:
                del self._under_way[name]
                self._last.pop(name, None)
            if at is not None and turn is not None:
                self._turned[approach.id, name] = (turn, y)
                for kind, must in _wrong_moves(approach, turn, y, CLASSES[users.classes[at]]):
                    if kind is ViolationKind.WRONG_LANE and edge not in self._lanes_asked:
                        continue
                    numbers = {"from_kerb_m": y}
                    found.append(done_by(kind, node, approach.id, users, at, crossed_s, numbers, must=must))
        return found

    def on_red(self, approach: Approach, vehicle: str, who: VehicleClass) -> OnRed:
        """Whether somebody who crossed the line of an approach on red was let by a sign.

        Args:
            approach: the approach.
            vehicle: SUMO's name.
            who: its class.
        """
        if not any(lane.on_red for lane in approach.lanes):
            return OnRed.FORBIDDEN
        if vehicle in self._under_way:
            return OnRed.UNKNOWN
        turned = self._turned.get((approach.id, vehicle))
        if turned is None:
            return OnRed.DOUBT
        turn, y = turned
        let = [
            any(turn in one.turns and (not one.classes or who in one.classes) for one in lane.on_red)
            for lane in approach.lanes
        ]
        return OnRed.PERMITTED if let[lane_at(approach, y)] else OnRed.DOUBT if any(let) else OnRed.FORBIDDEN

    def finish(self) -> list[Deed]:
        """See `nutgiao.simulation.breakers_truth.Witness`; who is still on the way has not turned."""
        return []


def lane_at(approach: Approach, y_m: float) -> int:
    """Index of the lane at a place, from the kerb; the nearest one beside the carriageway."""
    edges = np.cumsum([0.0, *(lane.width_m for lane in approach.lanes)])
    return min(max(int(np.searchsorted(edges, y_m, "right")) - 1, 0), len(approach.lanes) - 1)


def _wrong_moves(approach: Approach, turn: Turn, y: float, who: VehicleClass) -> list[tuple[ViolationKind, bool]]:
    """What was wrong with a movement of somebody who crossed the line at y, and whether clearly."""
    edges = np.cumsum([0.0, *(lane.width_m for lane in approach.lanes)])
    lane = lane_at(approach, y)
    if any(turn in ban.turns and (not ban.classes or who in ban.classes) for ban in approach.banned):
        return [(ViolationKind.BANNED_UTURN if turn is Turn.UTURN else ViolationKind.BANNED_TURN, True)]
    if turn in approach.lanes[lane].turns:
        return []
    off_m = min(
        (max(edges[k] - y, y - edges[k + 1]) for k, one in enumerate(approach.lanes) if turn in one.turns),
        default=math.inf,
    )
    return [(ViolationKind.WRONG_LANE, bool(off_m >= LANE_DEPTH_M))]
