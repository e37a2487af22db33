"""The optimiser's rolling horizon for a box's own junction, handed down to the edge room, which must not know it."""

from __future__ import annotations

import copy
import logging

import numpy as np

from nutgiao.edge.signal.adaptive import Within
from nutgiao.models.contracts.plan import SignalPlan
from nutgiao.models.contracts.words import ControlMode
from nutgiao.models.queueing.junction.seen import Seen, Showing
from nutgiao.models.queueing.junction.site import SiteTables
from nutgiao.models.queueing.junction.tables import I4, NONE
from nutgiao.optimizer.control.frame import Frame
from nutgiao.optimizer.control.framed import Frames
from nutgiao.optimizer.control.horizon import RollingHorizon, Tuning

log = logging.getLogger(__name__)


class HorizonChooser:
    """Chooses the stage that costs the persons on the lanes least over the next minute.

    Args:
        tables: of the site.
        tuning: of the horizon.
    """

    def __init__(self, tables: SiteTables, tuning: Tuning | None = None) -> None:
        self._tables, self._tuning = tables, tuning
        self._asked: tuple[object, ...] | None = None
        self._next = 0
        self._horizon: RollingHorizon | None = self._make(None)

    def __deepcopy__(self, memo: dict[int, object]) -> HorizonChooser:
        twin = copy.copy(self)  # the tables of the site never change
        twin._horizon = copy.deepcopy(self._horizon, memo)
        return twin

    def choose(self, seen: Seen, showing: Showing, within: Within | None) -> I4:
        """The stage to show from now on; `NONE` if the plan leaves nothing to choose."""
        plan = None if within is None or within.plan.mode is ControlMode.FREE else within.plan
        second = 0 if within is None else within.second
        asked = None if plan is None else (plan.mode, plan.cycle_s, plan.offset_s, plan.green_s, plan.order)
        if asked != self._asked or (plan is not None and second != self._next):  # a renewal asks the same
            self._asked = asked
            self._horizon = self._within(plan, second)
        self._next = second + 1
        return np.array([NONE], np.int32) if self._horizon is None else self._horizon.choose(seen, showing)

    def _within(self, plan: SignalPlan | None, second: int) -> RollingHorizon | None:
        try:
            return self._make(None if plan is None else frame_of(self._tables, plan, second))
        except ValueError as error:
            log.warning("plan %s is run as it stands: %s", plan.id if plan is not None else "", error)
            return None

    def _make(self, frame: Frame | None) -> RollingHorizon:
        lanes = np.array([movement.lane for movement in self._tables.movements], np.int32)
        walks = np.array([movement.turn is None for movement in self._tables.movements])
        frames = None if frame is None else Frames({0: frame}, self._tables.area.cluster.right, walks)
        return RollingHorizon([self._tables.area], lanes, np.zeros(0, np.int32), self._tuning, frames)


def frame_of(tables: SiteTables, plan: SignalPlan, second: int) -> Frame:
    """A plan as a frame whose clock begins with a second.

    A green ends in the frame when the change after it begins. Where walkers must be off the road first, vehicles still
    have green then: so it ends `tail_s` earlier than it does for them.

    Args:
        tables: of the site.
        plan: with mode CYCLE or COORDINATED.
        second: of the cabinet's clock.

    Raises:
        ValueError: if the plan has no frame of this mode.
    """
    cluster = tables.area.cluster
    order = plan.order or tuple(range(len(plan.green_s)))
    following = [*order[1:], order[0]]
    return Frame(
        mode=plan.mode,
        cycle_s=plan.cycle_s,
        offset_s=(plan.offset_s - second) % plan.cycle_s,
        stages=order,
        greens_s=tuple(plan.green_s[a] - int(cluster.tail_s[a, b]) for a, b in zip(order, following, strict=True)),
        changes_s=tuple(tuple(int(cluster.change_s[a, b]) for b in order) for a in order),
        least_s=tuple(int(cluster.least_s[a]) for a in order),
    )
