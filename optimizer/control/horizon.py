"""Rolling horizon: each second the stages that cost least over the next minute; only the first step is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from nutgiao.models.contracts.decision import Measure
from nutgiao.models.queueing.junction.choice import try_scripts
from nutgiao.models.queueing.junction.lookahead import look_ahead
from nutgiao.models.queueing.junction.notes import Notes
from nutgiao.models.queueing.junction.seen import Seen, Showing
from nutgiao.models.queueing.junction.tables import (
    F8,
    F8S,
    I4,
    I4S,
    NONE,
    USUAL,
    Area,
    Cluster,
    Outlook,
    Scratch,
    scratch,
)
from nutgiao.optimizer.control.courses import COURSE_STEPS, courses
from nutgiao.optimizer.control.framed import Frames, Place

HOLDS_S = (0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 11.0, 15.0, 20.0)
"""Seconds for which a stage may be kept before the one that is tried."""

STEPS = 2

_STARTS_S, _STUCK_S, _MOST_LATE_S = 4.0, 3.0, 25.0
"""Who has green starts after so many seconds; who then stands for longer than the second is held up, and is believed to
be so for twice as long as he has stood, at most the third."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """How the horizon is searched.

    Attributes:
        horizon_s: seconds ahead.
        holds_s: how long a stage may be kept before the one that is tried.
        second_s: how long that one may be kept before a third; empty for no third.
        figures: of the junction kernel.
        exit_per_s: vehicles a second that leave a street outside a cluster, before a light and elsewhere.
    """

    horizon_s: int = 60
    holds_s: tuple[float, ...] = HOLDS_S
    second_s: tuple[float, ...] = ()
    figures: F8 = field(default_factory=USUAL.copy)
    exit_per_s: tuple[float, float] = (0.15, 0.5)


@dataclass(slots=True)
class _Desk:
    """An area with its working memory and the script of each light."""

    area: Area
    work: Scratch
    script_s: F8S
    script_stage: I4S
    tried: dict[tuple[int, int], tuple[F8S, I4S]] = field(default_factory=dict)


class RollingHorizon:
    """Chooses stages for all lights.

    Args:
        areas: lights that are planned together.
        link_lane: ``(links,)`` of all lights: a lane that each link leaves.
        exit_lit: ``(exits,)`` whether a street leads to another light.
        tuning: how it searches.
        frames: of lights that keep to a plan; None if all are free.

    Attributes:
        notes: what is considered is put there, if somebody wants to know.
    """

    def __init__(
        self,
        areas: Sequence[Area],
        link_lane: I4,
        exit_lit: I4,
        tuning: Tuning | None = None,
        frames: Frames | None = None,
    ) -> None:
        self.tuning = tuning or Tuning()
        self._frames = frames
        self.notes: Notes | None = None
        self._link_lane = link_lane
        self._exit_per_s = np.where(exit_lit == 1, *self.tuning.exit_per_s).astype(np.float64)
        self._desks = [_desk(area, STEPS if frames is None else COURSE_STEPS) for area in areas]
        links = len(link_lane)
        self._area_of_link = np.full(links, NONE, np.int32)
        self._local_link = np.full(links, NONE, np.int32)
        lanes = 1 + max((int(area.lanes.max()) for area in areas if len(area.lanes)), default=0)
        self._area_of_lane = np.full(lanes, NONE, np.int32)
        self._local_lane = np.full(lanes, NONE, np.int32)
        self._light_of = np.zeros(links, np.int32)
        self._green = np.zeros((1 + max(int(area.stages.max()) for area in areas), links), np.bool_)
        for number, area in enumerate(areas):
            self._light_of[area.links] = area.lights[area.cluster.link_light]
            self._green[np.ix_(area.stages, area.links)] = area.cluster.right != 0
            self._area_of_link[area.links] = number
            self._local_link[area.links] = np.arange(len(area.links))
            self._area_of_lane[area.lanes] = number
            self._local_lane[area.lanes] = np.arange(len(area.lanes))
        self._told_s = np.full(1024, np.inf)  # by vehicle: absolute second at which its last light lets it go
        self._now_s = 0.0
        self._head = np.full(lanes, NONE, np.int64)  # who stands first on each lane
        self._stuck_s = np.zeros(lanes)  # for how long he has stood there though he has green

    def choose(self, seen: Seen, showing: Showing) -> I4:
        """The stage that each light is to show from now on.

        Args:
            seen: who comes.
            showing: what the lights show.

        Returns:
            ``(lights,)`` stages; the one that shows, or that the light changes to, where nothing is to change.
        """
        wished = np.where(showing.coming != NONE, showing.coming, showing.stage)
        if self.notes is not None:
            self.notes.begin(Measure.DELAY, self.tuning.horizon_s)
        places = self._frames.places(seen, showing) if self._frames is not None else {}
        self._widen(len(seen.passed_s))
        rows = self._rows(seen)
        self._blocked(rows[3], seen, showing)
        told_s = np.full_like(self._told_s, np.inf)
        for number, desk in enumerate(self._desks):
            outlook, keys = self._outlook(desk, number, rows, seen, showing)
            if len(keys) == 0 and not places:
                continue
            pass_s = np.empty(len(keys))
            for g in range(len(desk.area.lights)):
                if outlook.coming[g] == NONE:
                    self._improve(desk, outlook, g, pass_s, places.get(int(desk.area.lights[g])))
            look_ahead(
                desk.area.cluster, outlook, desk.script_s, desk.script_stage, self.tuning.figures,
                self.tuning.horizon_s, desk.work, pass_s,
            )  # fmt: skip
            known = keys >= 0
            told_s[keys[known]] = self._now_s + pass_s[known]
            for g, light in enumerate(desk.area.lights.tolist()):
                if outlook.coming[g] == NONE and desk.script_s[g, 0] <= 0.0 and desk.script_stage[g, 0] != NONE:
                    wished[light] = desk.area.stages[desk.script_stage[g, 0]]
        for desk in self._desks:
            desk.script_s -= 1.0
        self._told_s = told_s
        self._now_s += 1.0
        return wished.astype(np.int32)

    def _widen(self, lanes: int) -> None:
        """Makes room for all lanes: lights without an area have some, too, and are seen though nobody plans them."""
        more = lanes - len(self._head)
        if more > 0:
            none = np.full(more, NONE, np.int32)
            self._area_of_lane = np.concatenate([self._area_of_lane, none])
            self._local_lane = np.concatenate([self._local_lane, none])
            self._head = np.concatenate([self._head, none.astype(np.int64)])
            self._stuck_s = np.concatenate([self._stuck_s, np.zeros(more)])

    def _rows(self, seen: Seen) -> Rows:
        """Vehicles before their next light, and those that a neighbour has announced for the light behind it."""
        top = int(seen.key.max(initial=-1)) + 1
        if top > len(self._told_s):
            self._told_s = np.concatenate([self._told_s, np.full(2 * top - len(self._told_s), np.inf)])
        onward = np.flatnonzero(seen.next_link >= 0)
        same = self._area_of_link[seen.link[onward]] == self._area_of_link[seen.next_link[onward]]
        next_in = np.full(len(seen.link), NONE, np.int32)
        next_in[onward[same]] = self._local_link[seen.next_link[onward[same]]]
        other = onward[~same]
        passes_s = np.maximum(self._told_s[seen.key[other]] - self._now_s, seen.arrive_s[other])
        other, passes_s = other[passes_s < self.tuning.horizon_s], passes_s[passes_s < self.tuning.horizon_s]
        lane = np.concatenate([seen.lane, self._link_lane[seen.next_link[other]]])
        link = np.concatenate([seen.link, seen.next_link[other]])
        none = np.full(len(other), NONE, np.int32)
        return (
            lane,
            link,
            np.concatenate([next_in, none]),
            np.concatenate([seen.arrive_s, passes_s + seen.next_s[other]]),
            np.concatenate([seen.halted.astype(np.int32), none * 0]),
            np.concatenate([seen.weight, seen.weight[other]]),
            np.concatenate([seen.key, none.astype(np.int64)]),
        )

    def _blocked(self, arrive_s: F8, seen: Seen, showing: Showing) -> None:
        """Who stands first and does not move though he has green is held up by something that nobody sees."""
        order = np.lexsort((seen.arrive_s, seen.lane))
        first = order[np.unique(seen.lane[order], return_index=True)[1]]
        lane, key, link = seen.lane[first], seen.key[first], seen.link[first]
        light = self._light_of[link]
        same = self._head[lane] == key
        has_green = self._green[showing.stage[light], link] & (showing.coming[light] == NONE)
        stands = seen.halted[first] & same & has_green & (showing.since_s[link] > _STARTS_S)
        before_s = self._stuck_s[lane]
        eased_s = np.where(same, np.maximum(0.0, before_s - 1.0), 0.0)
        self._stuck_s = np.zeros_like(self._stuck_s)
        self._stuck_s[lane] = np.where(stands, before_s + 1.0, eased_s)
        self._head[:] = NONE
        self._head[lane] = key
        late_s = np.where(self._stuck_s > _STUCK_S, np.minimum(_MOST_LATE_S, 2.0 * self._stuck_s), 0.0)
        if self.notes is not None:
            self.notes.held(link, late_s[lane])
        own = slice(len(seen.lane))
        arrive_s[own] = np.maximum(arrive_s[own], late_s[seen.lane])

    def _outlook(self, desk: _Desk, number: int, rows: Rows, seen: Seen, showing: Showing) -> tuple[Outlook, NDArray64]:
        lane, link, onward, arrive_s, halted, weight, key = rows
        area = desk.area
        own = np.flatnonzero(self._area_of_lane[lane] == number)
        local = self._local_lane[lane[own]]
        order = np.lexsort((arrive_s[own], local))
        own, local = own[order], local[order]
        ptr = np.searchsorted(local, np.arange(len(area.lanes) + 1)).astype(np.int32)
        stage, coming = showing.stage[area.lights], showing.coming[area.lights]
        local_stage = {int(s): k for k, s in enumerate(area.stages.tolist())}
        outlook = Outlook(
            lane_ptr=ptr,
            link=self._local_link[link[own]],
            onward=onward[own],
            halted=halted[own],
            arrive_s=arrive_s[own],
            weight=weight[own],
            exit_veh=seen.exit_veh[area.exits],
            exit_per_s=self._exit_per_s[area.exits],
            stage=np.array([local_stage[int(s)] for s in stage], np.int32),
            coming=np.array([local_stage.get(int(s), NONE) for s in coming], np.int32),
            left_s=showing.left_s[area.lights],
            green_s=showing.green_s[area.lights],
            since_s=showing.since_s[area.links],
            passed_s=seen.passed_s[area.lanes],
            inside_veh=seen.inside_veh[area.lanes],
        )
        return outlook, key[own]

    def _improve(self, desk: _Desk, outlook: Outlook, g: int, pass_s: F8, at: Place | None) -> None:
        """Gives one light the script that costs least, of those in its frame if it has one."""
        if at is not None:
            tried_s, tried_stage = courses(at, self.tuning.holds_s, self.tuning.horizon_s)
            known = tried_stage != NONE
            tried_stage[known] = np.searchsorted(desk.area.stages, tried_stage[known])
        else:
            tried_s, tried_stage = self._free(desk, outlook, g)
        cost_s = np.empty(len(tried_s))
        try_scripts(
            desk.area.cluster, outlook, desk.script_s, desk.script_stage, tried_s, tried_stage, g,
            self.tuning.figures, self.tuning.horizon_s, desk.work, pass_s, cost_s,
        )  # fmt: skip
        if self.notes is not None:
            first = desk.area.cluster.light_stage[g]
            self.notes.tried(int(desk.area.lights[g]), tried_s, tried_stage - first, cost_s)
        best = int(np.argmin(cost_s))
        desk.script_s[g], desk.script_stage[g] = tried_s[best], tried_stage[best]

    def _free(self, desk: _Desk, outlook: Outlook, g: int) -> tuple[F8S, I4S]:
        stage = int(outlook.stage[g])
        if (g, stage) not in desk.tried:
            desk.tried[g, stage] = _scripts(desk.area.cluster, g, stage, self.tuning, desk.script_s.shape[1])
        tried_s, tried_stage = desk.tried[g, stage]
        wait_s = max(0.0, float(desk.area.cluster.least_s[stage] - outlook.green_s[g]))
        return (tried_s + wait_s if wait_s > 0.0 else tried_s), tried_stage


NDArray64 = np.ndarray[tuple[int], np.dtype[np.int64]]
Rows = tuple[I4, I4, I4, F8, I4, F8, NDArray64]


def _desk(area: Area, steps: int) -> _Desk:
    lights = len(area.lights)
    script_s, script_stage = np.zeros((lights, steps)), np.full((lights, steps), NONE, np.int32)
    return _Desk(area, scratch(area.cluster, len(area.exits)), script_s, script_stage)


def _scripts(c: Cluster, g: int, stage: int, tuning: Tuning, steps: int) -> tuple[F8S, I4S]:
    """All scripts from a stage, in rows of so many steps; the first one keeps it."""
    times, stages = [[tuning.horizon_s + 1.0, np.inf]], [[stage, NONE]]
    others = range(int(c.light_stage[g]), int(c.light_stage[g + 1]))
    for hold_s in tuning.holds_s:
        for first in others:
            if first == stage:
                continue
            times.append([hold_s, np.inf])
            stages.append([first, NONE])
            for kept_s in tuning.second_s:
                begins_s = hold_s + float(c.change_s[stage, first]) + kept_s
                times += [[hold_s, begins_s] for second in others if second != first]
                stages += [[first, second] for second in others if second != first]
    unused = ((0, 0), (0, steps - STEPS))
    return (
        np.pad(np.array(times), unused, constant_values=np.inf),
        np.pad(np.array(stages, np.int32), unused, constant_values=NONE),
    )
