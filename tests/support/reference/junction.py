"""Plain twin of the junction kernel: the same street with lists and objects, one vehicle after the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf

import numpy as np

from nutgiao.models.queueing.junction.tables import (
    AFTER_S,
    AMBER_S,
    BLOCKED,
    END_COST_S,
    FLEX,
    GAP_S,
    GREEN,
    HEADWAY_S,
    NONE,
    PLACES,
    RATIO,
    RED,
    START_S,
    STOP,
    STOP_COST_S,
    STOP_EVERY_S,
    STOP_GO_S,
    YIELD,
    Cluster,
    Outlook,
)

AMBER_GO = 4


@dataclass
class Car:
    link: int
    onward: int
    arrive_s: float
    weight: float
    halted: bool
    number: int


@dataclass
class Light:
    stage: int
    coming: int
    change_end_s: float
    since_s: float
    script: list[tuple[float, int]]
    inside: dict[int, int] = field(default_factory=dict)


class Junction:
    """Lives second by second."""

    def __init__(self, c: Cluster, o: Outlook, scripts: list[list[tuple[float, int]]], p: np.ndarray) -> None:
        self.c, self.p = c, p
        self.lanes: list[list[Car]] = []
        for lane in range(len(c.room_veh)):
            own = range(o.lane_ptr[lane], o.lane_ptr[lane + 1])
            self.lanes.append(
                [Car(o.link[k], o.onward[k], o.arrive_s[k], o.weight[k], bool(o.halted[k]), k) for k in own]
            )
        self.chains: list[list[Car]] = [[] for _ in self.lanes]
        self.came = [0] * len(self.lanes)
        self.last_s = [-value for value in o.passed_s]
        self.inside = list(o.inside_veh)
        self.green_s = [-value for value in o.since_s]
        self.crossed_s = [-1000.0] * len(c.link_light)
        self.room = list(o.exit_veh)
        self.full = list(o.exit_veh)
        self.empties = list(o.exit_per_s)
        self.lights = [
            Light(o.stage[g], o.coming[g], o.left_s[g], -o.green_s[g], list(scripts[g]))
            for g in range(len(c.light_link) - 1)
        ]
        self.passed: dict[int, float] = {}
        self.cost_s = 0.0

    def run(self, horizon_s: int) -> float:
        for second in range(horizon_s):
            t = float(second)
            shows = self.lamps(t)
            for x in range(len(self.room)):
                self.room[x] = min(self.room[x] + self.empties[x], self.full[x] + 6.0)
            for protected in (True, False):
                for lane in range(len(self.lanes)):
                    while self.goes(lane, shows, t, protected):
                        pass
        for lane in range(len(self.lanes)):
            left = 0
            for car, chained in [*((x, False) for x in self.lanes[lane]), *((x, True) for x in self.chains[lane])]:
                if car.arrive_s < horizon_s:
                    wait_s = horizon_s - car.arrive_s + self.p[END_COST_S] + self.p[HEADWAY_S] * left
                    stop_s = 0.0 if car.halted and not chained else self.p[STOP_COST_S]
                    self.cost_s += car.weight * (wait_s + stop_s)
                    left += 1
        return self.cost_s

    def links(self, g: int) -> range:
        return range(self.c.light_link[g], self.c.light_link[g + 1])

    def begin(self, g: int, stage: int, t: float) -> None:
        light = self.lights[g]
        for i in self.links(g):
            if self.c.right[light.stage, i] == RED and self.c.right[stage, i] != RED:
                self.green_s[i] = t
        light.stage, light.coming, light.since_s = stage, NONE, t

    def lamps(self, t: float) -> dict[int, int]:
        shows: dict[int, int] = {}
        for g, light in enumerate(self.lights):
            if light.coming != NONE and t >= light.change_end_s:
                self.begin(g, light.coming, t)
            if light.coming == NONE and t - light.since_s >= self.c.least_s[light.stage]:
                wanted = self.wanted(g, t)
                if wanted != light.stage:
                    takes_s = self.c.change_s[light.stage, wanted]
                    if takes_s > 0.0:
                        light.coming, light.change_end_s, light.inside = wanted, t + takes_s, {}
                    else:
                        self.begin(g, wanted, t)
            for i in self.links(g):
                right = self.c.right[light.stage, i]
                shows[i] = right
                if light.coming != NONE and right != RED:
                    after = self.c.right[light.coming, i]
                    begun_s = light.change_end_s - self.c.change_s[light.stage, light.coming]
                    into_s = t - begun_s - self.c.tail_s[light.stage, light.coming]
                    leaves = right == YIELD and into_s < 1.0 and light.inside.get(i, 0) < self.c.link_inside[i]
                    if after != RED:
                        shows[i] = min(right, after)
                    elif into_s < 0.0:
                        shows[i] = right
                    elif leaves or (right != YIELD and into_s < self.p[AMBER_S]):
                        shows[i] = AMBER_GO
                    else:
                        shows[i] = RED
        return shows

    def wanted(self, g: int, t: float) -> int:
        light = self.lights[g]
        if light.script:
            at_s, stage = light.script[0]
            if t < at_s:
                return light.stage
            light.script.pop(0)
            if stage != light.stage:
                return stage
            if light.script:
                return light.stage
        best, most = light.stage, self.p[RATIO] * self.serves(g, light.stage, t)
        for stage in range(self.c.light_stage[g], self.c.light_stage[g + 1]):
            rate = self.serves(g, stage, t)
            if stage != light.stage and rate > most:
                best, most = stage, rate
        return best

    def serves(self, g: int, stage: int, t: float) -> float:
        light = self.lights[g]
        lost_s = self.c.change_s[light.stage, stage] - self.c.tail_s[light.stage, stage]
        setup_s = 0.0 if stage == light.stage else lost_s + self.p[START_S]
        served, longest = 0.0, 0
        for lane in range(len(self.lanes)):
            count = 0
            waiting = [*self.lanes[lane], *self.chains[lane]]
            if not waiting or self.c.link_light[waiting[0].link] != g:
                continue
            for row in (self.lanes[lane], self.chains[lane]):
                for car in row:
                    late = car.arrive_s > t + setup_s + 2.0 + self.p[HEADWAY_S] * count
                    if count >= 25 or late or self.c.right[stage, car.link] == RED:
                        break
                    served += car.weight * (1.0 if self.c.right[stage, car.link] == GREEN else self.p[FLEX])
                    count += 1
            longest = max(longest, count)
        if longest == 0:
            return 0.0
        green_s = longest * self.p[HEADWAY_S]
        return served / (setup_s + (green_s if stage == light.stage else max(green_s, self.c.least_s[stage])))

    def goes(self, lane: int, shows: dict[int, int], t: float, protected: bool) -> bool:
        own, chain = self.lanes[lane], self.chains[lane]
        chained = bool(chain) and (not own or chain[0].arrive_s < own[0].arrive_s)
        if not own and not chained:
            return False
        car = chain[0] if chained else own[0]
        shown = shows[car.link]
        free = shown in (GREEN, AMBER_GO)
        if car.arrive_s >= t + 1.0 or shown == RED or free != protected:
            return False
        start_s = self.green_s[car.link] + self.p[START_S]
        at_s = max(car.arrive_s, start_s, self.last_s[lane] + self.p[HEADWAY_S] + self.c.slow_s[car.link])
        if shown == STOP:
            at_s = max(at_s, car.arrive_s + self.p[STOP_GO_S], self.last_s[lane] + self.p[STOP_EVERY_S])
        at_s = max(at_s, t)
        out, to = self.c.link_exit[car.link], self.c.link_to[car.link]
        onward = NONE if chained else car.onward
        if NONE not in (to, onward):
            ways = self.c.link_lane[onward].tolist()
            to = to if to in ways else ways[0]
        if at_s >= t + 1.0 or (out != NONE and self.room[out] < 1.0):
            return False
        if to != NONE and (self.inside[to] + 1.0 > self.c.room_veh[to] or self.came[to] >= PLACES - 1):
            self.cost_s += self.p[BLOCKED]
            return False
        if not free and self.hindered(car.link, lane, at_s, shows):
            return False
        (chain if chained else own).pop(0)
        lost_s = at_s - car.arrive_s
        self.cost_s += car.weight * lost_s
        if lost_s > 1.5 and (chained or not car.halted):
            self.cost_s += car.weight * self.p[STOP_COST_S] * min(1.0, (lost_s - 1.5) / 2.0)
        if shown == AMBER_GO:
            inside = self.lights[self.c.link_light[car.link]].inside
            inside[car.link] = inside.get(car.link, 0) + 1
        if not chained:
            self.passed[car.number] = at_s
        if out != NONE:
            self.room[out] -= 1.0
        if to != NONE:
            self.inside[to] += 1.0
            if onward != NONE:
                arrive_s = at_s + self.c.travel_s[car.link]
                self.chains[to].append(Car(onward, NONE, arrive_s, car.weight, False, -1))
                self.came[to] += 1
        self.inside[lane] = max(0.0, self.inside[lane] - 1.0)
        self.last_s[lane] = self.crossed_s[car.link] = at_s
        return True

    def hindered(self, link: int, lane: int, at_s: float, shows: dict[int, int]) -> bool:
        for foe in self.yields(link):
            if shows[foe] in (RED, STOP):
                continue
            if self.crossed_s[foe] > at_s - self.p[AFTER_S]:
                return True
            if shows[foe] == YIELD and link in self.yields(foe):
                continue
            for other in (x for x in self.c.link_lane[foe].tolist() if x not in (NONE, lane)):
                own, chain = self.lanes[other], self.chains[other]
                comes_s = inf
                out = self.c.link_exit[foe]
                if own and own[0].link == foe and (out == NONE or self.room[out] >= 1.0):
                    comes_s = max(own[0].arrive_s, self.last_s[other] + self.p[HEADWAY_S] + self.c.slow_s[foe])
                    if own[0].arrive_s < self.green_s[foe] + self.p[START_S]:
                        comes_s = max(comes_s, self.green_s[foe] + self.p[START_S])
                if chain and chain[0].link == foe:
                    comes_s = min(comes_s, chain[0].arrive_s)
                if comes_s < at_s + self.p[GAP_S]:
                    return True
        return False

    def yields(self, link: int) -> list[int]:
        return self.c.yield_to[self.c.yield_ptr[link] : self.c.yield_ptr[link + 1]].tolist()
