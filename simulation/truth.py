"""What really happened on the street, read step by step from what road users did, not from what they were made for."""

from __future__ import annotations

import math
from collections.abc import Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.site import Site
from nutgiao.models.contracts.words import CLASS_CODE, CLASSES, TWO_WHEELERS, Indication, VehicleClass, ViolationKind
from nutgiao.simulation.queues import QUEUED_MPS, TrueLaneState, lane_states
from nutgiao.simulation.street import STEP_S, RoadUsers, Street

STANDING_MPS = 0.3
STANDING_S = 2.0
WRONG_WAY_M = 10.0
SPEED_MARGIN = 1.10
_GREEN, _AMBER, _RED = 0, 1, 2
_NO = -1


class TrueViolation(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that was broken.

    Attributes:
        kind: which.
        node: junction.
        approach: approach that it belongs to.
        time_s: red light: the line was crossed; stop line: standing began; wrong way: 10 m were ridden; speed: the
            fastest moment. Seconds since midnight.
        vehicle: SUMO's name.
        vehicle_class: class of the road user.
        numbers: what justifies it: ``into_red_s``, ``conflict_s``, ``beyond_m``, ``stood_s``, ``ridden_m``, ``x_m``,
            ``speed_mps``, ``limit_mps``.
    """

    kind: ViolationKind
    node: str
    approach: str
    time_s: float
    vehicle: str
    vehicle_class: str
    numbers: dict[str, float]


class _Visits:
    """What is known of each road user's present visit to an approach, one row per slot."""

    def __init__(self, size: int) -> None:
        self.approach = np.full(size, _NO, np.int32)
        self.x = np.full(size, np.nan)
        self.crossed_s = np.full(size, np.nan)
        self.crossed_lamp = np.full(size, _NO, np.int8)
        self.stood_since_s = np.full(size, np.nan)
        self.over_line = np.zeros(size, bool)
        self.fastest_mps = np.zeros(size)
        self.fastest_s = np.zeros(size)
        self.fastest_x = np.zeros(size)
        self.against_m = np.zeros(size)

    def grown(self, size: int) -> _Visits:
        bigger = _Visits(size)
        for name, values in vars(self).items():
            getattr(bigger, name)[: len(values)] = values
        return bigger

    def restart(self, slots: NDArray[np.int32]) -> None:
        for name, values in vars(_Visits(1)).items():
            getattr(self, name)[slots] = values[0]


class TruthRecorder:
    """Records violations and queues of a run.

    Attributes:
        violations: in the order in which they became certain.
        lane_states: each second, each approach and lane.
    """

    def __init__(self, street: Street, sites: Mapping[str, Site]) -> None:
        """Ties the sites' approaches to the street's edges.

        Args:
            street: a running street.
            sites: site of each junction.
        """
        self.violations: list[TrueViolation] = []
        self.lane_states: list[TrueLaneState] = []
        self._street = street
        self._places = [(node, approach) for node, site in sites.items() for approach in site.approaches]
        self._visits = _Visits(1024)
        self._pending: dict[int, TrueViolation] = {}
        self._of_edge = np.full(len(street.edges), _NO, np.int32)
        self._against_edge = np.full(len(street.edges), _NO, np.int32)
        self._inner = np.array([edge.startswith(":") for edge in street.edges])
        self._own_left = np.zeros(len(street.edges), bool)
        code = {name: index for index, name in enumerate(street.edges)}
        for index, (node, approach) in enumerate(self._places):
            junction = street.junctions[node]
            self._of_edge[code[junction.legs[approach.id].edge]] = index
            for link in junction.links:
                if link.arm == approach.id and link.group == approach.left_signal_group:
                    self._own_left[[code[edge] for edge in link.inner_edges]] = True
        self._find_wrong_way_edges()
        bearings = np.radians([approach.heading_deg for _, approach in self._places])
        self._ahead = np.stack([np.sin(bearings), np.cos(bearings)], axis=1)
        self._origin = np.array([approach.origin_m for _, approach in self._places])
        lines = [approach.stop_line for _, approach in self._places]
        self._conflict = np.array([line.conflict_m for line in lines])
        self._tolerance = np.array([[line.overrun_tolerance_m, line.two_wheeler_tolerance_m] for line in lines])
        self._left_lane_from = np.array([
            math.inf if approach.left_signal_group is None else approach.width_m - approach.lanes[-1].width_m
            for _, approach in self._places
        ])  # fmt: skip
        self._limit = np.array([approach.speed_limit_mps for _, approach in self._places])
        # lamp and start of red, by approach and by group: 0 its own, 1 the left turn's
        self._lamp = np.full((len(self._places), 2), _RED, np.int8)
        self._red_since = np.full((len(self._places), 2), street.time_s)  # what was red before counts from here
        self._two_wheeled = np.array([name in TWO_WHEELERS for name in CLASSES])

    def observe(self, users: RoadUsers) -> None:
        """Takes note of one step; call it after each `Street.step`."""
        vehicles = np.flatnonzero(users.classes != CLASS_CODE[VehicleClass.PEDESTRIAN])
        slot, edge = users.slot[vehicles], users.edge[vehicles]
        if len(slot) and slot.max() >= len(self._visits.x):
            self._visits = self._visits.grown(2 * int(slot.max()) + 1)
        self._look_at_lamps(users.time_s)
        visits = self._visits
        visits.restart(slot[users.fresh[vehicles]])
        here = np.where(self._inner[edge], visits.approach[slot], self._of_edge[edge])
        changed = here != visits.approach[slot]
        self._leave(users, vehicles[changed & (visits.approach[slot] != _NO)])
        visits.restart(slot[changed & (self._against_edge[edge] == _NO)])
        visits.approach[slot] = here
        self._ride_against(users, vehicles[self._against_edge[edge] != _NO])
        on = vehicles[here != _NO]
        index = here[here != _NO]
        x, y = self._frame(users.front_m[on], index)
        group = self._groups(users.edge[on], index, y)
        self._cross(users, on, index, group, x)
        self._stand(users, on, index, group, x)
        self._race(users, on, index, x)
        visits.x[users.slot[on]] = x
        if users.time_s % 1.0 == 0.0:
            rear = x + users.size_m[on, 0]
            waiting = (users.speed_mps[on] < QUEUED_MPS) & (x > -self._conflict[index])
            for k in np.flatnonzero(waiting & (users.classes[on] == CLASS_CODE[VehicleClass.BUS])):
                waiting[k] = not self._street.serves_stop(users.ids[on[k]])
            self.lane_states += lane_states(
                users.time_s, self._places, index[waiting], x[waiting], rear[waiting], y[waiting]
            )

    def finish(self) -> None:
        """Closes what is pending when the run ends; call it once."""
        self.violations += self._pending.values()
        self._pending.clear()

    def _find_wrong_way_edges(self) -> None:
        """An edge inside an approach's ground that points the other way is where people ride against the traffic."""
        for code, edge in enumerate(self._street.edges):
            if self._inner[code] or self._of_edge[code] != _NO:
                continue
            (x0, y0), (x1, y1) = self._street.edge_line(edge)
            for index, (_, approach) in enumerate(self._places):
                bearing = math.radians(approach.heading_deg)
                hx, hy = math.sin(bearing), math.cos(bearing)
                along = ((x1 - x0) * hx + (y1 - y0) * hy) / math.hypot(x1 - x0, y1 - y0)
                dx, dy = x0 - approach.origin_m[0], y0 - approach.origin_m[1]
                upstream, across = -(dx * hx + dy * hy), -dx * hy + dy * hx
                if along < -0.9 and 0 < upstream < approach.length_m and 0 < across < approach.width_m:
                    self._against_edge[code] = index

    def _frame(
        self, points: NDArray[np.float64], index: NDArray[np.int32]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Points in their approaches' frames: metres upstream of the line, and from the kerb."""
        offset, ahead = points - self._origin[index], self._ahead[index]
        return -(offset * ahead).sum(axis=1), offset[:, 1] * ahead[:, 0] - offset[:, 0] * ahead[:, 1]

    def _look_at_lamps(self, time_s: float) -> None:
        """Lamps of the step that ends now: they were set before it began."""
        for index, (node, approach) in enumerate(self._places):
            shown = self._street.shown[node]
            for column, group in enumerate(
                (approach.signal_group, approach.left_signal_group or approach.signal_group)
            ):
                lamp = (
                    _RED if shown[group] is Indication.RED else _AMBER if shown[group] is Indication.AMBER else _GREEN
                )
                if lamp == _RED and self._lamp[index, column] != _RED:
                    self._red_since[index, column] = time_s - STEP_S
                self._lamp[index, column] = lamp

    def _groups(self, edge: NDArray[np.int32], index: NDArray[np.int32], y: NDArray[np.float64]) -> NDArray[np.int8]:
        """0 for road users who obey the approach's group, 1 for those who obey the left turn's own."""
        left = np.where(self._inner[edge], self._own_left[edge], y > self._left_lane_from[index])
        return left.astype(np.int8)

    def _cross(
        self,
        users: RoadUsers,
        rows: NDArray[np.intp],
        index: NDArray[np.int32],
        group: NDArray[np.int8],
        x: NDArray[np.float64],
    ) -> None:
        visits, slot = self._visits, users.slot[rows]
        before = visits.x[slot]
        with np.errstate(invalid="ignore", divide="ignore"):
            over = (before > 0.0) & (x <= 0.0)
            instant = users.time_s - STEP_S * (0.0 - x) / (before - x)
            visits.crossed_s[slot[over]] = instant[over]
            visits.crossed_lamp[slot[over]] = self._lamp[index, group][over]
            into = (before > -self._conflict[index]) & (x <= -self._conflict[index])
            entered = users.time_s - STEP_S * (-self._conflict[index] - x) / (before - x)
        red = self._lamp[index, group] == _RED
        since = self._red_since[index, group]
        for k in np.flatnonzero(into & red & (since <= visits.crossed_s[slot])):
            crossed = float(visits.crossed_s[slot[k]])
            numbers = {
                "into_red_s": round(crossed - float(since[k]), 2),
                "conflict_s": round(float(entered[k]), 2),
                "speed_mps": round(float(users.speed_mps[rows[k]]), 2),
            }
            stood = self._pending.pop(int(slot[k]), None)
            if stood is not None:
                numbers["stood_from_s"] = stood.time_s
            self._note(ViolationKind.RED_LIGHT, users, int(rows[k]), int(index[k]), crossed, numbers)

    def _stand(
        self,
        users: RoadUsers,
        rows: NDArray[np.intp],
        index: NDArray[np.int32],
        group: NDArray[np.int8],
        x: NDArray[np.float64],
    ) -> None:
        visits, slot = self._visits, users.slot[rows]
        red = self._lamp[index, group] == _RED
        tolerance = self._tolerance[index, self._two_wheeled[users.classes[rows]].astype(np.int8)]
        beyond = (-x > tolerance) & (-x < self._conflict[index])
        still = red & beyond & (users.speed_mps[rows] < STANDING_MPS) & (visits.crossed_lamp[slot] != _GREEN)
        visits.stood_since_s[slot[~still]] = np.nan
        begun = still & np.isnan(visits.stood_since_s[slot])
        visits.stood_since_s[slot[begun]] = users.time_s - STEP_S
        stood = users.time_s - visits.stood_since_s[slot]
        for k in np.flatnonzero(still & (stood >= STANDING_S) & ~visits.over_line[slot]):
            visits.over_line[slot[k]] = True
            since, crossed = float(visits.stood_since_s[slot[k]]), float(visits.crossed_s[slot[k]])
            numbers = {"beyond_m": round(float(-x[k]), 2), "stood_s": float(stood[k])}
            if not math.isnan(crossed):
                numbers["crossed_before_s"] = round(since - crossed, 2)
            # certain only when the red is over: who goes on into the junction ran it instead
            self._pending[int(slot[k])] = self._violation(
                ViolationKind.STOP_LINE, users, int(rows[k]), int(index[k]), since, numbers
            )
        for k in np.flatnonzero(still) if self._pending else ():
            pending = self._pending.get(int(slot[k]))
            if pending is not None:
                pending.numbers["stood_s"] = float(stood[k])
        for k in np.flatnonzero(~red) if self._pending else ():
            found = self._pending.pop(int(slot[k]), None)
            if found is not None:
                self.violations.append(found)

    def _race(self, users: RoadUsers, rows: NDArray[np.intp], index: NDArray[np.int32], x: NDArray[np.float64]) -> None:
        visits, slot, speed = self._visits, users.slot[rows], users.speed_mps[rows]
        over = (x > 0.0) & (speed > SPEED_MARGIN * self._limit[index]) & (speed > visits.fastest_mps[slot])
        visits.fastest_mps[slot[over]] = speed[over]
        visits.fastest_s[slot[over]] = users.time_s
        visits.fastest_x[slot[over]] = x[over]
        for k in np.flatnonzero((x <= 0.0) & (visits.fastest_mps[slot] > 0.0)):
            numbers = {
                "speed_mps": round(float(visits.fastest_mps[slot[k]]), 2),
                "limit_mps": float(self._limit[index[k]]),
                "x_m": round(float(visits.fastest_x[slot[k]]), 1),
            }
            time = float(visits.fastest_s[slot[k]])
            self._note(ViolationKind.SPEED, users, int(rows[k]), int(index[k]), time, numbers)
            visits.fastest_mps[slot[k]] = 0.0

    def _ride_against(self, users: RoadUsers, rows: NDArray[np.intp]) -> None:
        visits, slot = self._visits, users.slot[rows]
        ridden = visits.against_m[slot]
        further = ridden + users.speed_mps[rows] * STEP_S
        visits.against_m[slot] = further
        for k in np.flatnonzero((ridden < WRONG_WAY_M) & (further >= WRONG_WAY_M)):
            index = int(self._against_edge[users.edge[rows[k]]])
            x, _ = self._frame(users.front_m[rows[k : k + 1]], np.array([index], np.int32))
            numbers = {"ridden_m": round(float(further[k]), 1), "x_m": round(float(x[0]), 1)}
            self._note(ViolationKind.WRONG_WAY, users, int(rows[k]), index, users.time_s, numbers)

    def _leave(self, users: RoadUsers, rows: NDArray[np.intp]) -> None:
        """Someone is in the next street: what was pending of the last visit is settled."""
        for slot in users.slot[rows]:
            found = self._pending.pop(int(slot), None)
            if found is not None:
                self.violations.append(found)

    def _violation(
        self, kind: ViolationKind, users: RoadUsers, row: int, index: int, time_s: float, numbers: dict[str, float]
    ) -> TrueViolation:
        node, approach = self._places[index]
        return TrueViolation(
            kind=kind,
            node=node,
            approach=approach.id,
            time_s=round(time_s, 2),
            vehicle=users.ids[row],
            vehicle_class=CLASSES[users.classes[row]].value,
            numbers=numbers,
        )

    def _note(
        self, kind: ViolationKind, users: RoadUsers, row: int, index: int, time_s: float, numbers: dict[str, float]
    ) -> None:
        self.violations.append(self._violation(kind, users, row, index, time_s, numbers))
