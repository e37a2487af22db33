"""Who broke which rule on a running street, from SUMO's positions and lamps alone, and how clearly.

A deed that a careful witness may pass over in silence (a crossing just after the lamp changed, a lane's very edge) is
kept with `must` false: a rule that tells it is right, one that does not has missed nothing. By kind:

- red_light: the front crossed the line on red and came into the junction on the same red. Must: from 1 s into red on,
  the rule's grace and one report of the lamps, until 1 s before its end; where the left turn has a lamp of its own, of
  both.
- stop_line: stood for 2 s or more on red, front beyond the tolerance. Must: stood for `MUST_STAND_S`, 0.8 m further
  than the tolerance, did not go on into the junction on that red, and crossed the line on it or its amber: who came
  over the line before is held up by the junction as well. Where the left turn has a lamp of its own, both were red.
- wrong_way: went 10 m against the traffic of an approach. Must: always.
- banned_turn, banned_uturn: left the approach by a movement that its site bans, having crossed its line. Must: always.
- wrong_lane: left by a movement that the lane in which it crossed the line does not have. Must: it crossed
  `LANE_DEPTH_M` or more from every lane that has it.
- forbidden_road: drove on an approach that is banned for its class, up to `SEEN_M` from the line. Must: always.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Mapping

import msgspec
import numpy as np

from nutgiao.models.contracts.site import Approach, Site
from nutgiao.models.contracts.words import CLASS_CODE, CLASSES, Indication, Turn, VehicleClass, ViolationKind
from nutgiao.simulation.street import RoadUsers, Street
from nutgiao.simulation.truth import TrueViolation, TruthRecorder

MUST_RED_S = 1.0
MUST_STAND_S = 4.0
MUST_BEYOND_M = 0.8
MUST_AMBER_S = 3.0
LANE_DEPTH_M = 0.9
SEEN_M = 45.0
_LAMPS_KEPT_S = 300.0
_KINDS = frozenset({ViolationKind.RED_LIGHT, ViolationKind.STOP_LINE, ViolationKind.WRONG_WAY})
"""Kinds that are taken from `TruthRecorder`."""


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that was broken.

    Attributes:
        kind: which.
        node: junction.
        approach: approach on which it was seen.
        zone: zone that it belongs to; empty for deeds on an approach.
        time_s: the act, seconds of the simulation.
        noted_s: when it was certain.
        vehicle: SUMO's name.
        vehicle_class: class of the road user.
        must: a careful witness could not miss it.
        numbers: what justifies it.
    """

    kind: ViolationKind
    node: str
    approach: str
    zone: str = ""
    time_s: float
    noted_s: float
    vehicle: str
    vehicle_class: str
    must: bool
    numbers: dict[str, float]


class DeedRecorder:
    """Records deeds of a run.

    Args:
        street: a running street.
        sites: site of each junction.

    Attributes:
        deeds: in the order in which they became certain.
    """

    def __init__(self, street: Street, sites: Mapping[str, Site]) -> None:
        self.deeds: list[Deed] = []
        self._truth = TruthRecorder(street, sites)
        self._street, self._sites = street, sites
        self._lamps: dict[str, deque[tuple[float, dict[str, Indication]]]] = defaultdict(deque)
        self._moves = Movements(street, sites)
        self._told, self._taken = 0, 0
        self._waiting: list[TrueViolation] = []

    def observe(self, users: RoadUsers) -> None:
        """Takes note of one step; call it after each `Street.step`."""
        for node in self._sites:
            shown, lamps = self._street.shown[node], self._lamps[node]
            if not lamps or lamps[-1][1] != shown:
                lamps.append((users.time_s, dict(shown)))
            while len(lamps) > 1 and lamps[1][0] < users.time_s - _LAMPS_KEPT_S:
                lamps.popleft()
        self._truth.observe(users)
        self._translate(users.time_s)
        self.deeds += self._moves.observe(users)

    def finish(self) -> None:
        """Closes what is pending when the run ends; call it once."""
        self._truth.finish()
        self._translate(self._street.time_s, over=True)

    def taken(self) -> list[Deed]:
        """Deeds since the last call."""
        fresh = self.deeds[self._taken :]
        self._taken = len(self.deeds)
        return fresh

    def _translate(self, now_s: float, over: bool = False) -> None:
        self._waiting += [one for one in self._truth.violations[self._told :] if one.kind in _KINDS]
        self._told = len(self._truth.violations)
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            if not over and now_s < one.numbers.get("conflict_s", -math.inf) + MUST_RED_S:
                self._waiting.append(one)  # whether the red goes on is not known yet
                continue
            # nobody can tell what the run's end cut short
            self._note(one, one.kind, one.time_s, now_s, not over and self._must(one))
            if "stood_from_s" in one.numbers:
                self._note(one, ViolationKind.STOP_LINE, one.numbers["stood_from_s"], now_s, must=False)

    def _note(self, one: TrueViolation, kind: ViolationKind, time_s: float, now_s: float, must: bool) -> None:
        self.deeds.append(
            Deed(
                kind=kind,
                node=one.node,
                approach=one.approach,
                time_s=time_s,
                noted_s=now_s,
                vehicle=one.vehicle,
                vehicle_class=one.vehicle_class,
                must=must,
                numbers=one.numbers,
            )
        )

    def _must(self, one: TrueViolation) -> bool:
        approach, numbers = self._sites[one.node].approach(one.approach), one.numbers
        groups = {approach.signal_group, approach.left_signal_group or approach.signal_group}
        if one.kind is ViolationKind.RED_LIGHT:
            ends_s = numbers["conflict_s"] + MUST_RED_S
            # one red from before the crossing until after the entering
            ages = [self._red_for_s(one.node, group, ends_s) - (ends_s - one.time_s) for group in groups]
            return min(*ages, numbers["into_red_s"]) >= MUST_RED_S
        if one.kind is ViolationKind.STOP_LINE:
            line, two = approach.stop_line, one.vehicle_class in ("motorcycle", "bicycle")
            tolerance = line.two_wheeler_tolerance_m if two else line.overrun_tolerance_m
            if numbers["beyond_m"] < tolerance + MUST_BEYOND_M or numbers["stood_s"] < MUST_STAND_S:
                return False
            ages = [self._red_for_s(one.node, group, one.time_s + MUST_STAND_S) for group in groups]
            ago_s = numbers.get("crossed_before_s", math.inf) + MUST_STAND_S
            return min(ages) >= max(MUST_STAND_S, ago_s - MUST_AMBER_S)
        return True

    def _red_for_s(self, node: str, group: str, time_s: float) -> float:
        """How long a group had been red at an instant; 0 if it was not."""
        red_s: float | None = None
        for start_s, shown in self._lamps[node]:
            if start_s > time_s:
                break
            is_red = shown.get(group) is Indication.RED
            red_s = (start_s if red_s is None else red_s) if is_red else None
        return 0.0 if red_s is None else time_s - red_s


class Movements:
    """Movements that the signs of a site ban, told when a vehicle has left the junction.

    Args:
        street: a running street.
        sites: site of each junction; an approach without bans, whose lanes have all movements that SUMO's links have,
            is not watched.
    """

    def __init__(self, street: Street, sites: Mapping[str, Site]) -> None:
        self._code = {name: index for index, name in enumerate(street.edges)}
        self._by_edge: dict[int, tuple[str, Approach, dict[int, Turn]]] = {}
        self._under_way: dict[str, tuple[int, float, float]] = {}  # edge, y and time at the line
        self._last: dict[str, tuple[float, float]] = {}  # x and y
        for node, site in sites.items():
            junction = street.junctions[node]
            for approach in site.approaches:
                links = [link for link in junction.links if link.arm == approach.id and link.turn is not None]
                told = any(link.turn not in approach.lanes[self._lane(approach, link.lane)].turns for link in links)
                if approach.banned or approach.forbidden or told:
                    turns = {self._code[link.to_edge]: link.turn for link in links if link.turn is not None}
                    self._by_edge[self._code[junction.legs[approach.id].edge]] = (node, approach, turns)

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
                self._under_way[name] = (edge, before[1] + share * (y - before[1]), users.time_s - 0.5 * (1.0 - share))
            if approach.forbidden and x <= SEEN_M < (math.inf if before is None else before[0]):
                who = CLASSES[users.classes[i]]
                if any(who in one.classes for one in approach.forbidden):
                    found.append(_deed(ViolationKind.FORBIDDEN_ROAD, node, approach, users, i, users.time_s, y))
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
                for kind, must in _wrong_moves(approach, turn, y, CLASSES[users.classes[at]]):
                    found.append(_deed(kind, node, approach, users, at, crossed_s, y, must))
        return found


def _wrong_moves(approach: Approach, turn: Turn, y: float, who: VehicleClass) -> list[tuple[ViolationKind, bool]]:
    """What was wrong with a movement of somebody who crossed the line at y, and whether clearly."""
    edges = np.cumsum([0.0, *(lane.width_m for lane in approach.lanes)])
    lane = min(max(int(np.searchsorted(edges, y, "right")) - 1, 0), len(approach.lanes) - 1)
    if any(turn in ban.turns and (not ban.classes or who in ban.classes) for ban in approach.banned):
        return [(ViolationKind.BANNED_UTURN if turn is Turn.UTURN else ViolationKind.BANNED_TURN, True)]
    if turn in approach.lanes[lane].turns:
        return []
    off_m = min(
        (max(edges[k] - y, y - edges[k + 1]) for k, one in enumerate(approach.lanes) if turn in one.turns),
        default=math.inf,
    )
    return [(ViolationKind.WRONG_LANE, bool(off_m >= LANE_DEPTH_M))]


def _deed(
    kind: ViolationKind,
    node: str,
    approach: Approach,
    users: RoadUsers,
    i: int,
    at_s: float,
    y: float,
    must: bool = True,
) -> Deed:
    return Deed(
        kind=kind,
        node=node,
        approach=approach.id,
        time_s=round(float(at_s), 2),
        noted_s=users.time_s,
        vehicle=users.ids[i],
        vehicle_class=CLASSES[users.classes[i]].value,
        must=must,
        numbers={"from_kerb_m": round(float(y), 2)},
    )


def frame_of(approach: Approach, x_m: float, y_m: float) -> tuple[float, float]:
    """A place in an approach's frame: metres upstream of the line, and from the kerb."""
    bearing = math.radians(approach.heading_deg)
    hx, hy = math.sin(bearing), math.cos(bearing)
    dx, dy = x_m - approach.origin_m[0], y_m - approach.origin_m[1]
    return -(dx * hx + dy * hy), dy * hx - dx * hy
