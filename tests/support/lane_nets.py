"""Small street networks for the queue kernel: drawn by hand lane by lane, or by chance."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from nutgiao.models.queueing.network.batch import reset, settle
from nutgiao.models.queueing.network.kernel import advance
from nutgiao.models.queueing.network.physics import Settings, VehicleKind, behaviour
from nutgiao.models.queueing.network.run import new_state
from nutgiao.models.queueing.network.tables import (
    AMBER,
    BOX,
    CHOICE,
    F8,
    FOE,
    GREEN,
    KIND,
    LANE,
    LEAVES,
    LINK,
    NO_LINK,
    OPTION,
    RED,
    STOP,
    TRACED,
    TRAVEL,
    VEHICLE,
    YIELD,
    Behaviour,
    Demand,
    Network,
    Programs,
    State,
    records,
)  # fmt: skip

ENTER_2_S = Settings(insert_s=2.0)
"""Theory knows no least headway at the entrance; this one is shorter than any that is tried."""
SPACE_M = VehicleKind().space_m
CAR, BUS, MOTORCYCLE = 0, 1, 2
KIND_SPACE_M = (SPACE_M, 14.5, 2.5)
KIND_HEADWAY = (1.0, 1.6, 0.5)
KIND_FILTER_S = (0.0, 0.0, 30.0)


def examples(count: int) -> int:
    """Fewer where the kernel runs as plain Python, a hundred times slower."""
    return max(2, count // 12) if os.environ.get("NUMBA_DISABLE_JIT") == "1" else count


class Case(NamedTuple):
    """Everything a run needs."""

    net: Network
    how: Behaviour
    programs: Programs
    demand: Demand
    stage_s: F8
    offset_s: F8
    pace: F8
    begin_s: float


class Passage(NamedTuple):
    """Of a stop line; the link is negative at the end of a route."""

    lane: int
    vehicle: int
    link: int
    arrival_s: float
    passage_s: float


class Run:
    """A case under way in the kernel."""

    def __init__(self, case: Case, horizon_s: int, passages: int = 20_000) -> None:
        self.case = case
        self.state: State = new_state(case.net, case.programs, case.demand, horizon_s)
        self._trace = np.zeros((passages, 4))
        self.again()

    def again(self) -> Run:
        """Empties the street."""
        c = self.case
        reset(c.net, c.programs, c.demand, c.stage_s, c.offset_s, c.pace, c.begin_s, self.state)
        return self

    def to(self, begin: int, end: int) -> Run:
        """Lets the street live from ``begin`` to ``end``."""
        c = self.case
        advance(c.net, c.how, c.programs, c.demand, c.stage_s, self.state, begin, end, self._trace)
        return self

    @property
    def trace(self) -> F8:
        """``(passages, 4)`` lane, arrival, passage, vehicle."""
        assert self.state.clock[TRACED] < len(self._trace), "the trace is full"
        return self._trace[: self.state.clock[TRACED]]

    def settled(self, end_s: float) -> tuple[F8, F8]:
        """Delay and stops by group of vehicles."""
        groups = int(self.case.demand.vehicles.group.max(initial=0)) + 1
        delay_s, stops = np.full(groups, np.nan), np.full(groups, np.nan)
        settle(self.case.net, self.case.demand, self.state, end_s, delay_s, stops)
        return delay_s, stops

    def on_lanes(self) -> list[list[int]]:
        """Vehicles in the ring of each lane, the first one first."""
        drawn, q, ring = self.case.net.lanes, self.state.lanes, self.state.ring["vehicle"].tolist()
        rows = zip(*(x.tolist() for x in (drawn["slot"], drawn["places"], q["head"], q["count"])), strict=True)
        return [[ring[slot + (head + j) % places] for j in range(count)] for slot, places, head, count in rows]

    def in_boxes(self) -> list[list[int]]:
        """Vehicles that wait inside the junction, by box."""
        ring = self.state.box_ring["vehicle"].tolist()
        starts = self.case.net.boxes["slot"].tolist()
        return [ring[s : s + n] for s, n in zip(starts, self.state.box_count.tolist(), strict=True)]

    def passages(self) -> list[Passage]:
        """The trace, told in words."""
        demand, steps = self.case.demand, {}
        told = []
        for lane, arrival_s, passage_s, vehicle in self.trace.tolist():
            step = steps.get(vehicle, demand.vehicles["step"][int(vehicle)])
            steps[vehicle] = step + 1  # each step of a route is one passage
            choice = demand.choices[demand.step_choice[step]]
            options = demand.options[choice["first"] : choice["end"]]
            (link,) = options["link"][options["lane"] == int(lane)].tolist()
            told.append(Passage(int(lane), int(vehicle), link, arrival_s, passage_s))
        return told


@dataclass
class Draft:
    """A street drawn edge by edge and link by link; numbers are given in the order of drawing."""

    edges: list[list[int]] = field(default_factory=list)
    lanes: list[dict[str, float]] = field(default_factory=list)
    links: list[dict[str, float]] = field(default_factory=list)
    foes: dict[int, list[int]] = field(default_factory=dict)
    controllers: list[list[list[int]]] = field(default_factory=list)  # stages, lamp per group
    groups: list[int] = field(default_factory=list)  # lamp at first; those of controllers stand before the others
    vehicles: list[tuple[float, int, tuple[int, ...], float, int]] = field(default_factory=list)
    ends: set[int] = field(default_factory=set)  # edges that nobody drives along, only into

    def edge(self, lanes: int = 1, length_m: float = 200.0, mps: float = 13.9, **lane: float) -> int:
        """An edge of equal lanes."""
        first = len(self.lanes)
        places = max(1.0, np.floor(length_m / SPACE_M + 0.3))
        common = {
            "edge": len(self.edges), "length_m": length_m, "mps": mps, "storage_m": places * SPACE_M + 0.01,
            "moving_m": max(2.0, places) * SPACE_M + 0.01,
            "wave_s": length_m * 1.1 / SPACE_M, "boxed_block": 1, "per_m": 1 / SPACE_M, "change_veh": 0.5,
            "headway": 1.0, "ramp": 1 / (3.9 * mps),
        }  # fmt: skip
        self.lanes += [common | lane for _ in range(lanes)]
        self.edges.append(list(range(first, first + lanes)))
        return len(self.edges) - 1

    def signals(self, *stages: Sequence[int]) -> list[int]:
        """A controller with the lamps of its groups in each stage; draw all of them before links without signals."""
        first = len(self.groups)
        self.controllers.append([list(stage) for stage in stages])
        self.groups += [RED] * len(stages[0])
        return list(range(first, len(self.groups)))

    def always(self, lamp: int) -> int:
        """A group that shows the same for ever."""
        self.groups.append(lamp)
        return len(self.groups) - 1

    def link(
        self, lane: int, to: int, group: int, foes: Sequence[int] = (), box_places: int = 0, **other: float
    ) -> int:
        """A way through a junction."""
        common = {
            "lane": lane, "to": to, "group": group, "box_places": box_places, "time_s": 1.5, "headway_s": 1.8,
            "mps": 10.0, "brake_s": 0.3, "amber_s": 1.9, "gap_standing_s": 5.0, "gap_moving_s": 3.5, "gap_boxed_s": 4.0,
        }  # fmt: skip
        self.links.append(common | other)
        self.foes[len(self.links) - 1] = list(foes)
        return len(self.links) - 1

    def drive(self, depart_s: float, *edges: int, kind: int = CAR, entry_share: float = 0.9, sums: int = 0) -> None:
        """A vehicle."""
        self.vehicles.append((depart_s, kind, edges, entry_share, sums))

    def case(
        self,
        stage_s: Sequence[float] = (),
        offset_s: Sequence[float] = (),
        begin_s: float = 0.0,
        pace: Sequence[float] | None = None,
        settings: Settings | None = None,
    ) -> Case:
        """The kernel's arrays."""
        demand = self._demand()
        return Case(
            self._network(), behaviour(VehicleKind(), settings or ENTER_2_S), self._programs(), demand,
            np.array(stage_s, np.float64), np.array(offset_s, np.float64),
            np.ones(len(self.vehicles)) if pace is None else np.array(pace, np.float64), begin_s,
        )  # fmt: skip

    def _network(self) -> Network:
        lane = records(LANE, len(self.lanes))
        travel = records(TRAVEL, (len(KIND_SPACE_M), len(self.lanes)))
        slot = 0
        for i, drawn in enumerate(self.lanes):
            for name in set(lane.dtype.names) & drawn.keys():
                lane[name][i] = drawn[name]
            lane.slot[i], lane.places[i] = slot, int(drawn["moving_m"] / min(KIND_SPACE_M)) + 1
            slot += int(lane.places[i])
            for k, space_m in enumerate(KIND_SPACE_M):
                travel.time_s[k, i] = drawn["length_m"] / (drawn["mps"] - 0.65)
                travel.drag_s[k, i] = travel.time_s[k, i] - drawn["length_m"] / drawn["mps"]
                travel.space_m[k, i] = space_m
        link = records(LINK, len(self.links))
        boxes = [k for k, drawn in enumerate(self.links) if drawn["box_places"]]
        box = records(BOX, len(boxes))
        foes = []
        for k, drawn in enumerate(self.links):
            for name in set(link.dtype.names) & drawn.keys():
                link[name][k] = drawn[name]
            link.box[k] = boxes.index(k) if k in boxes else -1
            link.foes[k] = len(foes)
            foes += self.foes[k]
            link.foes_end[k] = len(foes)
        for b, k in enumerate(boxes):
            box.link[b], box.places[b] = k, int(self.links[k]["box_places"])
            box.slot[b] = box.places[:b].sum()
        foe = records(FOE, len(foes))
        foe.link = foes
        foe.lane, foe.group = link.lane[foes], link.group[foes]
        foe.edge = lane.edge[link.to[foes]]
        foe.clear_s = 1.0
        kind = records(KIND, len(KIND_SPACE_M))
        kind.headway, kind.filter_s = KIND_HEADWAY, KIND_FILTER_S
        return Network(lane, travel, kind, link, foe, box, _i4(self.groups))

    def _programs(self) -> Programs:
        stage_ptr, group_ptr, lamp_ptr, change_ptr = [0], [0], [], [0]
        lamp: list[int] = []
        changes: list[tuple[int, int]] = []
        for stages in self.controllers:
            for p, lamps in enumerate(stages):
                lamp_ptr.append(len(lamp))
                lamp += lamps
                changes += [(group_ptr[-1] + g, x) for g, x in enumerate(lamps) if x != stages[p - 1][g]]
                change_ptr.append(len(changes))
            stage_ptr.append(stage_ptr[-1] + len(stages))
            group_ptr.append(group_ptr[-1] + len(stages[0]))
        return Programs(
            _i4(stage_ptr), _i4(group_ptr), _i4(lamp_ptr), _i4(lamp), _i4(change_ptr),
            _i4([g for g, _ in changes]), _i4([x for _, x in changes]),
        )  # fmt: skip

    def _demand(self) -> Demand:
        rows: list[list[tuple[int, int]]] = []
        first: dict[tuple[int, ...], int] = {}
        for _, _, edges, _, _ in self.vehicles:
            if edges not in first:
                first[edges] = len(rows)
                rows += self.lanes_that_lead_on(edges)
        members: dict[int, list[int]] = {}
        for v in sorted(range(len(self.vehicles)), key=lambda v: self.vehicles[v][0]):
            members.setdefault(self.vehicles[v][2][0], []).append(v)
        vehicle = records(VEHICLE, len(self.vehicles))
        for v, (depart_s, kind, edges, share, sums) in enumerate(self.vehicles):
            vehicle.depart_s[v], vehicle.kind[v], vehicle.entry_share[v] = depart_s, kind, share
            vehicle.step[v], vehicle.group[v] = first[edges], sums
        assert all(rows), "somewhere no lane leads on"
        flat = [x for row in rows for x in row]
        ends = np.cumsum([len(row) for row in rows])
        choice, option = records(CHOICE, len(rows)), records(OPTION, len(flat))
        choice.first, choice.end = [0, *ends[:-1]], ends
        option.lane, option.link = [x[0] for x in flat], [x[1] for x in flat]
        option.penalty = [0.1 * (x[0] % 3) for x in flat]  # any would do
        return Demand(
            vehicle, _i4([0, *np.cumsum([len(m) for m in members.values()])]),
            _i4([v for m in members.values() for v in m]), _i4(list(range(len(rows)))), choice, option,
        )  # fmt: skip

    def lanes_that_lead_on(self, edges: tuple[int, ...]) -> list[list[tuple[int, int]]]:
        """For each edge of a route the lanes from which it can be driven to its end, and the links that they take."""
        last = edges[-1]
        row = [(lane, LEAVES if last in self.ends else NO_LINK) for lane in self.edges[last]]
        rows = [row]
        for edge in reversed(edges[:-1]):
            reached = {lane for lane, _ in row}
            onward: dict[int, int] = {}
            for k, drawn in enumerate(self.links):
                if drawn["lane"] in self.edges[edge] and drawn["to"] in reached:
                    onward.setdefault(int(drawn["lane"]), k)
            row = sorted(onward.items())
            rows.append(row)
        return rows[::-1]


def random_case(seed: int, junctions: int, vehicles: int, horizon_s: int) -> Case:
    """A street by chance: shared lanes, short lanes, merges, waiting rooms, signals and none, buses, motorcycles."""
    rng = np.random.default_rng(seed)
    draft = Draft()
    ways: list[tuple[int | None, int | None]] = []  # from and to which junction
    for j in range(junctions):
        ways += [(None, j), (j, None)]
        ways += [(j, int(rng.integers(junctions))) for _ in range(int(rng.integers(1, 3)))]
    for _ in ways:
        draft.edge(
            int(rng.integers(1, 4)), float(rng.choice([4.0, 20.0, 45.0, 120.0])), change_veh=rng.choice([0.5, 3.0])
        )
    stage_s: list[float] = []
    offset_s: list[float] = []
    group_of: list[list[int]] = []
    signalised = rng.random(junctions) < 0.7
    for with_signals in signalised:
        group_of.append(draft.signals(*_stages(rng)) if with_signals else [])
        if with_signals:
            lengths = rng.choice([0.0, 3.0, 7.5, 20.0, 31.0], len(draft.controllers[-1]))
            lengths[int(rng.integers(len(lengths)))] = 12.0
            stage_s += lengths.tolist()
            offset_s.append(float(rng.choice([1e-17, rng.integers(-100, 100) / 2])))
    main, minor, stop = draft.always(GREEN), draft.always(YIELD), draft.always(STOP)
    movements: dict[int, list[int]] = {}
    for j in range(junctions):
        here: list[int] = []
        out = [e for e, (origin, _) in enumerate(ways) if origin == j]
        for e in [e for e, (_, target) in enumerate(ways) if target == j]:
            for f in out:
                if rng.random() < 0.25 and f != out[0]:
                    continue
                movements.setdefault(e, []).append(f)
                keep = int(rng.integers(len(draft.edges[e])))
                for lane in draft.edges[e]:
                    if lane != draft.edges[e][keep] and rng.random() < 0.4:
                        continue
                    group = int(rng.choice(group_of[j] or [main, minor, stop]))
                    foes = [k for k in here if rng.random() < 0.3]
                    here.append(
                        draft.link(
                            lane, int(rng.choice(draft.edges[f])), group, foes,
                            int(rng.integers(1, 4)) if foes and rng.random() < 0.5 else 0,
                            headway_s=float(rng.choice([1.5, 2.2])), mps=float(rng.choice([5.0, 12.0])),
                            time_s=float(rng.choice([0.0, 1.5])),
                        )
                    )  # fmt: skip
    draft.ends = {e for e, (_, target) in enumerate(ways) if target is None and rng.random() < 0.5}
    entries = [e for e, (origin, _) in enumerate(ways) if origin is None]
    for _ in range(vehicles):
        route = [int(rng.choice(entries))]
        while len(route) < 7 and movements.get(route[-1]):
            onward = [f for f in movements[route[-1]] if f not in draft.ends or rng.random() < 0.5]
            if not onward:
                break
            route.append(int(rng.choice(onward)))
        route = _possible(draft, route)
        share = float(rng.choice([0.0, 0.5, 0.95]))
        draft.drive(
            rng.uniform(0, 0.7 * horizon_s), *route, kind=int(rng.choice(3)), entry_share=share, sums=len(route) % 3
        )
    pace = np.clip(1 + 0.2 * rng.standard_normal(vehicles), 0.6, 1.5)
    return draft.case(stage_s, offset_s, float(rng.choice([0.0, 25_200.0])), pace.tolist())


def _stages(rng: np.random.Generator) -> list[list[int]]:
    """Two to four stages of two or three groups; every group is green somewhere, amber may follow green."""
    stages = int(rng.integers(2, 5))
    columns = []
    for _ in range(int(rng.integers(2, 4))):
        column = [int(x) for x in rng.choice([RED, RED, AMBER, GREEN, YIELD, STOP], stages)]
        column[int(rng.integers(stages))] = int(rng.choice([GREEN, YIELD]))
        columns.append(column)
    return [list(stage) for stage in zip(*columns, strict=True)]


def _possible(draft: Draft, route: list[int]) -> list[int]:
    """The longest beginning of a route on which lanes lead on."""
    return next(route[:n] for n in range(len(route), 0, -1) if all(draft.lanes_that_lead_on(tuple(route[:n]))))


def _i4(values: Sequence[int]) -> np.ndarray:
    return np.array(values, np.int32)
