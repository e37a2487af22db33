"""A crossing of two streets as a point queue, for controllers that are asked second by second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from nutgiao.models.queueing.junction.calls import PriorityCall
from nutgiao.models.queueing.junction.seen import Seen, Showing
from nutgiao.models.queueing.junction.tables import NONE
from nutgiao.optimizer.control.horizon import Area, RollingHorizon
from nutgiao.optimizer.control.priority import Prioritised
from nutgiao.optimizer.control.priority_figures import PriorityFigures, PriorityTables
from tests.support.junctions import CHANGE_S, crossing

LEAST_S, HEADWAY_S, SIGHT_S = 5.0, 2.0, 30.0


@dataclass(slots=True)
class Crossing:
    """Stage 0 serves street 0, stage 1 street 1; a change takes 3 s, a green at least 5 s.

    Attributes:
        comes: vehicles as street and second of arrival at the line; numbered in this order.
        unseen: those that no sensor sees.
        stuck: nobody ever goes.
        passed_s: vehicle to when it went.
        green: stage of each second, -1 in a change.
    """

    comes: Sequence[tuple[int, float]]
    unseen: frozenset[int] = frozenset()
    stuck: bool = False
    passed_s: dict[int, float] = field(default_factory=dict)
    green: list[int] = field(default_factory=list)
    now_s: float = 0.0
    stage: int = 0
    coming: int = NONE
    left_s: float = 0.0
    green_s: float = 10.0
    last_s: list[float] = field(default_factory=lambda: [-9.0, -9.0])

    def seen(self) -> Seen:
        """Who comes."""
        rows = [
            (key, link, at_s - self.now_s)
            for key, (link, at_s) in enumerate(self.comes)
            if key not in self.passed_s and at_s - self.now_s < SIGHT_S and key not in self.unseen
        ]
        link = np.array([link for _, link, _ in rows], np.int32)
        arrive_s = np.array([max(0.0, at_s) for _, _, at_s in rows], np.float64)
        return Seen(
            key=np.array([key for key, _, _ in rows], np.int64), lane=link, link=link.copy(), arrive_s=arrive_s,
            halted=arrive_s <= 0.0, weight=np.ones(len(rows)), next_link=np.full(len(rows), NONE, np.int32),
            next_s=np.zeros(len(rows)), exit_veh=np.full(2, 50.0), inside_veh=np.zeros(2),
            passed_s=self.now_s - np.array(self.last_s),
        )  # fmt: skip

    def showing(self) -> Showing:
        """What shows."""
        since = np.zeros(2)
        since[self.stage] = self.green_s
        return Showing(
            np.array([self.stage], np.int32), np.array([self.coming], np.int32), np.array([self.left_s]),
            np.array([self.green_s]), since,
        )  # fmt: skip

    def step(self, controller: Prioritised, *calls: PriorityCall) -> None:
        """Lets the controller choose, and a second pass."""
        controller.hear(calls, self.now_s)
        wished = int(controller.choose(self.seen(), self.showing())[0])
        if self.coming == NONE and wished != self.stage and self.green_s >= LEAST_S:
            self.coming, self.left_s = wished, CHANGE_S
        self.green.append(NONE if self.coming != NONE else self.stage)
        if self.coming == NONE:
            self._serve()
            self.green_s += 1.0
        else:
            self.left_s -= 1.0
            if self.left_s <= 0.0:
                self.stage, self.coming, self.green_s = self.coming, NONE, 0.0
        self.now_s += 1.0

    def _serve(self) -> None:
        waits = [k for k, (link, at_s) in enumerate(self.comes) if k not in self.passed_s and link == self.stage]
        first = min(waits, key=lambda k: self.comes[k][1], default=None)
        if (
            self.stuck
            or first is None
            or self.comes[first][1] > self.now_s
            or self.now_s - self.last_s[self.stage] < HEADWAY_S
        ):
            return
        self.passed_s[first] = self.last_s[self.stage] = self.now_s


def prioritised(figures: PriorityFigures | None = None, controller: object | None = None) -> Prioritised:
    """Rolling horizon that hears requests at the crossing."""
    c = crossing()
    numbers = [np.arange(count, dtype=np.int32) for count in (1, 2, 2, 2, 2)]
    made = RollingHorizon([Area(c, *numbers)], c.link_lane[:, 0].copy(), np.zeros(2, np.int32))
    tables = PriorityTables(("A0",), np.zeros(2, np.int32), c.link_lane, c.right, CHANGE_S, LEAST_S)
    return Prioritised(controller or made, tables, figures)  # type: ignore[arg-type]
