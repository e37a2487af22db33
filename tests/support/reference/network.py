"""The street of the network kernel told with objects: lanes hold drivers, a calendar holds who acts in which second.

Every list of servers is last in, first out, as in the kernel, so that those of one second act in the same order.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TypeAlias

from nutgiao.models.queueing.network import tables as at
from nutgiao.models.queueing.network.tables import (
    AMBER,
    AT_FULL,
    AT_GAP,
    AT_RED,
    FLOWING,
    GREEN,
    LEAVES,
    NO_LINK,
    RED,
    RELEASED,
    STARTING,
    STOP,
    YIELD,
    Behaviour,
    Demand,
    Network,
    Programs,
)  # fmt: skip

LONG_AGO = -1e6
NEVER_STOPPED = at.QUEUE_POSITIONS - 1


@dataclass(eq=False)
class Kind:
    headway: float
    filter_s: float


@dataclass(eq=False)
class Driver:
    number: int
    kind: Kind
    pace: float
    depart_s: float
    entry_share: float
    sums: int
    steps: list[list[Option]]
    free_s: list[tuple[float, float, float]]  # per lane: travel time, dawdling in it, room
    step: int = 0
    delay_s: float = 0.0
    stops: int = 0

    def space_m(self, lane: Lane) -> float:
        return self.free_s[lane.number][2]


@dataclass(eq=False)
class Option:
    """A lane on which the route goes on, and the link by which it leaves that lane."""

    lane: Lane
    link: Link | None
    leaves: bool
    penalty: float


@dataclass(eq=False)
class Place:
    driver: Driver
    link: Link | None
    arrival_s: float


@dataclass(eq=False)
class Lane:
    number: int
    edge: int
    storage_m: float
    moving_m: float
    wave_s: float
    boxed_block: int
    per_m: float
    change_veh: float
    headway: float
    mps: float
    ramp: float
    places: deque[Place] = field(default_factory=deque)
    block: int = FLOWING
    position: int = 0
    boxed: int = 0
    used_m: float = 0.0
    free_s: float = LONG_AGO
    since_s: float = 0.0
    open_s: float = LONG_AGO
    merged_s: float = LONG_AGO


@dataclass(eq=False)
class Group:
    lamp: int
    since_s: float = LONG_AGO
    at_red: list[Lane] = field(default_factory=list)


@dataclass(eq=False)
class Link:
    lane: Lane
    to: Lane
    group: Group
    time_s: float
    headway_s: float
    mps: float
    brake_s: float
    amber_s: float
    gap_standing_s: float
    gap_moving_s: float
    gap_boxed_s: float
    box: Box | None = None
    foes: list[tuple[Link, float]] = field(default_factory=list)
    passed_s: float = LONG_AGO


@dataclass(eq=False)
class Box:
    link: Link
    room: int
    places: deque[Place] = field(default_factory=deque)


@dataclass(eq=False)
class Source:
    drivers: deque[Driver]
    entrances: int
    last_s: float = LONG_AGO

    def headway_s(self, least_s: float) -> float:
        """Between two of them, when they enter by all the lanes that lead on."""
        return least_s * (1.0 / max(1, self.entrances))


@dataclass(eq=False)
class Controller:
    stage_s: Sequence[float]
    groups: list[Group]
    lamps: list[Sequence[int]]  # per stage, one for each group
    stage: int = 0
    until_s: float = 0.0


Server: TypeAlias = Lane | Source | Box


class Way(Enum):
    """Through the junction."""

    FREE = auto()
    INTO_BOX = auto()
    BLOCKED = auto()


@dataclass(frozen=True)
class Passage:
    """Over the stop line, or out of the street at the end of a lane."""

    lane: int
    arrival_s: float
    passage_s: float
    vehicle: int


class Street:
    """The same street as the kernel's arrays, at second 0."""

    def __init__(
        self,
        net: Network,
        how: Behaviour,
        programs: Programs,
        demand: Demand,
        stage_s: Sequence[float],
        offset_s: Sequence[float],
        pace: Sequence[float],
        begin_s: float,
    ) -> None:
        self.how = [float(x) for x in how.scalar]
        self.queue_headway_s, self.queue_mps, self.queue_amber_s = (
            [float(x) for x in row] for row in (how.headway_s, how.speed_mps, how.amber_s)
        )
        self.entered = self.left = self.passed = 0
        self.trace: list[Passage] = []
        self.calendar: dict[int, list[Server]] = defaultdict(list)
        self.stages_due: dict[int, list[Controller]] = defaultdict(list)
        self.waiting: dict[int, list[Server]] = defaultdict(list)  # for room on this edge
        self.lanes = [
            Lane(
                i, int(x.edge), float(x.storage_m), float(x.moving_m), float(x.wave_s), int(x.boxed_block),
                float(x.per_m), float(x.change_veh), float(x.headway), float(x.mps), float(x.ramp),
            )
            for i, x in enumerate(net.lanes)
        ]  # fmt: skip
        self.groups = [Group(int(lamp)) for lamp in net.group_lamp]
        self.links = [
            Link(
                self.lanes[x.lane], self.lanes[x.to], self.groups[x.group], float(x.time_s), float(x.headway_s),
                float(x.mps), float(x.brake_s), float(x.amber_s), float(x.gap_standing_s), float(x.gap_moving_s),
                float(x.gap_boxed_s),
            )
            for x in net.links
        ]  # fmt: skip
        for link, x in zip(self.links, net.links, strict=True):
            link.foes = [(self.links[f.link], float(f.clear_s)) for f in net.foes[x.foes : x.foes_end]]
        self.boxes = [Box(self.links[x.link], int(x.places)) for x in net.boxes]
        for box in self.boxes:
            box.link.box = box
        kinds = [Kind(float(x.headway), float(x.filter_s)) for x in net.kinds]
        free = [[(float(x.time_s), float(x.drag_s), float(x.space_m)) for x in row] for row in net.travel]
        options = [
            Option(
                self.lanes[x.lane], None if x.link in (NO_LINK, LEAVES) else self.links[x.link], x.link == LEAVES,
                float(x.penalty),
            )
            for x in demand.options
        ]  # fmt: skip
        steps = [options[demand.choices[c].first : demand.choices[c].end] for c in demand.step_choice]
        self.drivers = [
            Driver(
                i, kinds[x.kind], float(p), float(x.depart_s), float(x.entry_share), int(x.group), steps[x.step :],
                free[x.kind],
            )
            for i, (x, p) in enumerate(zip(demand.vehicles, pace, strict=True))
        ]  # fmt: skip
        self.controllers = []
        for c in range(len(programs.stage_ptr) - 1):
            first, last = programs.group_ptr[c : c + 2]
            stages = range(*programs.stage_ptr[c : c + 2])
            starts = [programs.lamp_ptr[p] for p in stages]
            lamps = [[int(lamp) for lamp in programs.lamp[x : x + last - first]] for x in starts]
            controller = Controller([float(stage_s[p]) for p in stages], self.groups[first:last], lamps)
            self._set(controller, (begin_s - float(offset_s[c])) % sum(controller.stage_s))
            self.controllers.append(controller)
        self.sources = []
        for i in range(len(demand.source_ptr) - 1):
            members = demand.source_vehicle[demand.source_ptr[i] : demand.source_ptr[i + 1]]
            drivers = deque(self.drivers[v] for v in members)
            source = Source(drivers, sum(x.penalty <= 0 for x in drivers[0].steps[0]) if drivers else 1)
            self.sources.append(source)
            if source.drivers:
                self._act(source, source.drivers[0].depart_s, 0)

    def run(self, begin: int, end: int) -> None:
        for now in range(begin, end):
            while self.stages_due[now]:
                self._change_stage(self.stages_due[now].pop(), now)
            while self.calendar[now]:
                server = self.calendar[now].pop()
                if isinstance(server, Lane):
                    self._lane(server, now)
                elif isinstance(server, Source):
                    self._source(server, now)
                else:
                    self._box(server, now)

    def settled(self, end_s: float) -> tuple[dict[int, float], dict[int, int]]:
        """Delay and stops by group of vehicles, those still on the way or outside included."""
        delay_s: dict[int, float] = defaultdict(float)
        stops: dict[int, int] = defaultdict(int)
        for driver in self.drivers:
            delay_s[driver.sums] += driver.delay_s
            stops[driver.sums] += driver.stops
        holders = [*self.lanes, *self.boxes]
        since = [(p.driver, p.arrival_s) for holder in holders for p in holder.places]
        since += [(driver, driver.depart_s) for source in self.sources for driver in source.drivers]
        for driver, from_s in since:
            delay_s[driver.sums] += max(0.0, end_s - from_s)
        return delay_s, stops

    # --- signals ---

    def _set(self, controller: Controller, at_s: float) -> None:
        while controller.stage < len(controller.stage_s) - 1 and at_s >= controller.stage_s[controller.stage]:
            at_s -= controller.stage_s[controller.stage]
            controller.stage += 1
        controller.until_s = max(0.0, controller.stage_s[controller.stage] - at_s)
        self.stages_due[math.ceil(controller.until_s)].append(controller)
        for group, lamp in zip(controller.groups, controller.lamps[controller.stage], strict=True):
            group.lamp, group.since_s = lamp, -at_s

    def _change_stage(self, controller: Controller, now: int) -> None:
        while math.ceil(controller.until_s) <= now:  # passes over stages of no length
            before = controller.lamps[controller.stage]
            controller.stage = (controller.stage + 1) % len(controller.lamps)
            controller.until_s += controller.stage_s[controller.stage]
            for group, old, lamp in zip(controller.groups, before, controller.lamps[controller.stage], strict=True):
                if lamp != old:
                    group.lamp, group.since_s = lamp, float(now)
                    while lamp >= GREEN and group.at_red:
                        lane = group.at_red.pop()
                        lane.block = RELEASED
                        self.calendar[now].append(lane)
        self.stages_due[math.ceil(controller.until_s)].append(controller)

    # --- servers ---

    def _act(self, server: Server, time_s: float, now: int) -> None:
        self.calendar[max(int(time_s), now)].append(server)

    def _lane(self, lane: Lane, now: int) -> None:  # noqa: PLR0911 - each return is one thing that may hold a driver
        """Its first driver passes the line, stands for a reason, or is not there yet."""
        first, why = lane.places[0], lane.block
        link = first.link
        time_s = max(first.arrival_s, lane.free_s)
        if time_s >= now + 1:
            self._act(lane, time_s, now)
            return
        if link is None:
            time_s = float(now) if time_s < now - 1.0 else time_s
            self._start(lane, time_s, now)
            self._pass(lane, time_s, now)
            return
        if time_s < now and (why != FLOWING or time_s < now - 1.0):
            time_s = float(now)
        if self._must_stop(lane, first, link, time_s):
            lane.block = AT_RED
            link.group.at_red.append(lane)
            return
        way, again_s = self._way(lane, link, time_s)
        if way == Way.BLOCKED:
            self._stand(lane, AT_GAP, now)
            self._act(lane, max(again_s, now + 1.0), now)
            return
        if way == Way.INTO_BOX:
            start_s = self._start(lane, time_s, now)
            if start_s is not None:
                time_s = max(time_s, start_s)
                self._pass(lane, time_s, now)
                self._into_box(link, first.driver, time_s, now)
            return
        # room at the exit
        exit_s = time_s + link.time_s
        target, opens_s = self._choose(first.driver, first.driver.step + 1, exit_s, link.to)
        if target is None:
            self._stand(lane, AT_FULL, now)
            self._wait_for_room(lane, first.driver, first.driver.step + 1, opens_s, exit_s - time_s, now)
            return
        merge_s = link.to.merged_s + self.how[at.MERGE_S]
        if merge_s > exit_s:
            time_s += merge_s - exit_s
            exit_s = merge_s
            if time_s >= now + 1:
                lane.free_s = time_s
                self._act(lane, time_s, now)
                return
        start_s = self._start(lane, time_s, now)
        if start_s is None:
            return
        if start_s > time_s:
            exit_s += start_s - time_s
            time_s = start_s
        mps, brake_s = self._pass(lane, time_s, now)
        first.driver.step += 1
        self._join(first.driver, target, link, exit_s, mps, brake_s, now)

    def _source(self, source: Source, now: int) -> None:
        """The first one outside enters the street."""
        driver = source.drivers[0]
        time_s = max(driver.depart_s, source.last_s + source.headway_s(self.how[at.INSERT_S]))
        if time_s >= now + 1:
            self._act(source, time_s, now)
            return
        time_s = max(time_s, float(now))
        target, opens_s = self._choose(driver, 0, time_s, None)
        if target is None:
            self._wait_for_room(source, driver, 0, opens_s, 0.0, now)
            return
        driver.delay_s += time_s - driver.depart_s
        self.entered += 1
        source.drivers.popleft()
        source.last_s = time_s
        if source.drivers:
            self._act(source, max(source.drivers[0].depart_s, time_s + source.headway_s(self.how[at.INSERT_S])), now)
        self._join(driver, target, None, time_s, 99.0, self.how[at.ENTRY_LOSS_S], now)

    def _box(self, box: Box, now: int) -> None:
        """The first one who waits in the junction drives on."""
        first, link = box.places[0], box.link
        time_s = max(float(now), first.arrival_s)
        again_s = self._foes(link, time_s, link.gap_boxed_s)
        if again_s is not None:
            self._act(box, max(again_s, now + 1.0), now)
            return
        exit_s = time_s + link.time_s
        target, opens_s = self._choose(first.driver, first.driver.step + 1, exit_s, link.to)
        if target is None:
            self._wait_for_room(box, first.driver, first.driver.step + 1, opens_s, exit_s - time_s, now)
            return
        merge_s = link.to.merged_s + self.how[at.MERGE_S]
        if merge_s > exit_s:
            time_s += merge_s - exit_s
            exit_s = merge_s
        after_s, follow_s = self.how[at.AFTER_BOX_S], self.how[at.FOLLOW_BOX_S]
        first.driver.delay_s += time_s + after_s - first.arrival_s
        first.driver.step += 1
        link.passed_s = time_s
        link.lane.boxed -= 1
        box.places.popleft()
        for place in box.places:
            place.arrival_s = max(place.arrival_s, time_s + follow_s)
        if box.places:
            self._act(box, box.places[0].arrival_s, now)
        exit_s += after_s - 0.3 * link.time_s
        self._join(first.driver, target, link, exit_s, min(self.queue_mps[1], link.mps), 0.0, now)

    # --- what a driver looks at ---

    def _must_stop(self, lane: Lane, first: Place, link: Link, time_s: float) -> bool:
        group = link.group
        if group.lamp > AMBER:
            return False
        used_s = link.amber_s
        if first.arrival_s < lane.free_s:
            used_s = min(used_s, self.queue_amber_s[lane.position])
        return group.lamp == RED or lane.block in (AT_RED, RELEASED) or time_s >= group.since_s + used_s

    def _way(self, lane: Lane, link: Link, time_s: float) -> tuple[Way, float]:
        """Whether the way through the junction is free, and if not, when to look again."""
        lamp, box = link.group.lamp, link.box
        waits_inside = len(box.places) if box else 0
        if lane.boxed >= lane.boxed_block and not waits_inside:
            return Way.BLOCKED, 0.0  # by somebody else of this lane
        if lamp < YIELD:
            return Way.FREE, 0.0
        if lamp == STOP and lane.block not in (AT_GAP, STARTING):
            return Way.BLOCKED, 0.0
        if box and waits_inside:
            return (Way.INTO_BOX if waits_inside < box.room else Way.BLOCKED), 0.0
        moving = lane.block == FLOWING and lamp != STOP
        again_s = self._foes(link, time_s, link.gap_moving_s if moving else link.gap_standing_s)
        if again_s is None:
            return Way.FREE, 0.0
        return (Way.INTO_BOX if box and lamp == YIELD else Way.BLOCKED), again_s

    def _foes(self, link: Link, time_s: float, gap_s: float) -> float | None:
        """When to look again, None if nobody is in the way."""
        for foe, clear_s in link.foes:
            if foe.passed_s + clear_s > time_s:
                return foe.passed_s + clear_s
            lane = foe.lane
            if not lane.places or foe.group.lamp < GREEN or lane.block == AT_GAP:
                continue
            if lane.block == AT_FULL and foe.to.edge != link.to.edge:
                continue
            free_s = lane.free_s
            for place in list(lane.places)[:3]:
                arrival_s = max(place.arrival_s, free_s)
                if arrival_s > time_s + gap_s:
                    break
                if place.link is foe:
                    return max(arrival_s, time_s + 1.0)
                free_s = arrival_s + self.how[at.LOOK_S]
        return None

    def _choose(
        self, driver: Driver, step: int, time_s: float, mine: Lane | None
    ) -> tuple[Option | None, float | None]:
        """The lane with the shortest queue among those with room, or when a gap reaches the first full one."""
        best: tuple[float, Option] | None = None
        opens_s: float | None = None
        for option in driver.steps[step]:
            lane = option.lane
            if option.leaves:
                return option, None
            if lane.used_m + driver.space_m(lane) > (lane.moving_m if lane.block == FLOWING else lane.storage_m):
                continue
            if lane.open_s > time_s + 1.0:
                opens_s = lane.open_s if opens_s is None else min(opens_s, lane.open_s)
                continue
            cost = lane.used_m * lane.per_m + self.how[at.PENALTY_VEH] * option.penalty
            if mine:
                cost += lane.change_veh * abs(lane.number - mine.number)
            if best is None or cost < best[0]:
                best = cost, option
        return (best[1] if best else None), opens_s

    # --- what happens then ---

    def _stand(self, lane: Lane, block: int, now: int) -> None:
        if lane.block in (FLOWING, STARTING):
            lane.since_s = float(now)
        lane.block = block

    def _wait_for_room(
        self, server: Server, driver: Driver, step: int, opens_s: float | None, way_s: float, now: int
    ) -> None:
        if opens_s is None:
            self.waiting[driver.steps[step][0].lane.edge].append(server)
        else:
            self._act(server, max(opens_s - way_s, now + 1.0), now)

    def _start(self, lane: Lane, time_s: float, now: int) -> float | None:
        """When the first one is over the line, None if that is not in this second."""
        why, how = lane.block, self.how
        if why == FLOWING:
            if lane.places[0].arrival_s > lane.free_s + 0.5:
                lane.position = NEVER_STOPPED
            return time_s
        if why == STARTING:
            return time_s
        start_s = float(now)
        if why in (AT_RED, RELEASED):
            lane.position = 0
            start_s = now + how[at.START_S]
        elif now - lane.since_s >= how[at.PATIENCE_S]:
            lane.position = 0
            start_s = now + how[at.AFTER_GAP_S]
            if why == AT_FULL:
                start_s = now + how[at.AFTER_FULL_S]
        elif why == AT_GAP:
            start_s = now + 0.4
        lane.free_s = max(start_s, lane.free_s)
        lane.block = STARTING
        if lane.free_s >= now + 1:
            self._act(lane, lane.free_s, now)
            return None
        return lane.free_s

    def _pass(self, lane: Lane, time_s: float, now: int) -> tuple[float, float]:
        """The first one leaves the lane; tells its speed at the line and what braking costs it."""
        first = lane.places[0]
        driver, link = first.driver, first.link
        if link is None:
            self.left += 1
        driver.delay_s += time_s - first.arrival_s
        driver.stops += time_s - first.arrival_s > 3.0
        self.passed += 1
        self.trace.append(Passage(lane.number, first.arrival_s, time_s, driver.number))
        space_m = driver.space_m(lane)
        if lane.used_m + space_m > lane.storage_m:  # the gap must reach the entrance of a full lane
            lane.open_s = time_s + lane.wave_s
        lane.used_m -= space_m
        lane.places.popleft()
        lane.block = FLOWING
        while self.waiting[lane.edge]:
            other = self.waiting[lane.edge].pop()
            when_s = time_s + lane.wave_s
            if isinstance(other, Lane) and other.places[0].link:
                when_s -= other.places[0].link.time_s
            self._act(other, when_s, now)
        lane.free_s = time_s + 0.3
        mps, brake_s = 99.0, 0.0
        if link:
            n = lane.position
            headway_s = max(self.queue_headway_s[n], link.headway_s)
            mps = min(self.queue_mps[n], link.mps)
            if link.group.lamp >= YIELD:
                headway_s = max(headway_s, self.how[at.YIELD_HEADWAY_S])
                mps = min(mps, self.how[at.YIELD_MPS])
            if n == NEVER_STOPPED:
                brake_s = link.brake_s
            else:
                lane.position = n + 1
            lane.free_s = time_s + driver.kind.headway * headway_s * lane.headway
            link.passed_s = time_s
        if lane.places:
            self._act(lane, max(lane.free_s, lane.places[0].arrival_s), now)
        return mps, brake_s

    def _into_box(self, link: Link, driver: Driver, time_s: float, now: int) -> None:
        assert link.box
        arrival_s = time_s + self.how[at.BOX_DELAY_S]
        link.box.places.append(Place(driver, link, arrival_s))
        link.lane.boxed += 1
        if len(link.box.places) == 1:
            self._act(link.box, arrival_s, now)

    def _join(
        self, driver: Driver, target: Option, link: Link | None, time_s: float, mps: float, brake_s: float, now: int
    ) -> None:
        """Drives into the next lane, whose queue counts from here on."""
        lane = target.lane
        free_s, drag_s, space_m = driver.free_s[lane.number]
        share = driver.entry_share
        if link:
            share = 1.0
            link.to.merged_s = time_s
        missing = max(0.0, lane.mps - mps)
        loss_s = brake_s + missing * missing * lane.ramp
        driver.delay_s += loss_s + drag_s * driver.pace * share
        if target.leaves:
            self.left += 1
            self.passed += 1
            return
        if time_s < lane.open_s:
            time_s = min(lane.open_s, time_s + 1.0)
        place = Place(driver, target.link, time_s + free_s * driver.pace * share + loss_s)
        lane.places.append(place)
        lane.used_m += space_m
        if len(lane.places) == 1:
            self._act(lane, place.arrival_s, now)
        elif driver.kind.filter_s > 0.0:
            self._filter(lane, place.arrival_s - driver.kind.filter_s)

    def _filter(self, lane: Lane, ready_s: float) -> None:
        """The last one of a lane passes those who stand and cannot filter, but never the first one."""
        for i in range(len(lane.places) - 1, 1, -1):
            ahead = lane.places[i - 1]
            if ahead.arrival_s < ready_s or ahead.driver.kind.filter_s > 0.0:
                return
            lane.places[i - 1], lane.places[i] = lane.places[i], ahead
