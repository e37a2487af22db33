"""Stages by call in the virtual cabinet, and the way home from there to the plan at its offset.

The cabinet never trusts who calls: a `Changer` of its own shows each stage as soon as shortest greens, intergreens and
clearances allow, and leaves it by itself before anybody's longest red is broken. When nobody calls any more it goes on
through the stages in the plan's order, each for its green of the plan. At a beginning of the reference stage it is home
if the transitional cycles from there to the plan's offset, and the plan behind them, break no rule from what has really
been shown; else it goes round once more, a second longer each time, so that sooner or later an offset is met that can
be reached.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

from nutgiao.models.contracts.lamp_rules import Stretch
from nutgiao.models.contracts.plan import SignalPlan
from nutgiao.models.contracts.safety import check_transition
from nutgiao.models.contracts.site import Signals
from nutgiao.models.contracts.step_guard import Lamp, LampsRefused, StepGuard
from nutgiao.models.contracts.step_guard_changer import Changer
from nutgiao.models.contracts.step_guard_ways import Ways
from nutgiao.models.contracts.timeline import expand, stage_lamps
from nutgiao.models.contracts.transition import transition

_AFTER = 3
"""Cycles of the plan that are tried behind the transition."""


class CalledStages:
    """A junction whose stages are called.

    Args:
        signals: signal side of the site, without rings.
        ways: changes between its stages.
        guard: that has seen the lamps so far.
        stage: that stands.

    Raises:
        ValueError: if from there not everybody can be served in time.
    """

    def __init__(self, signals: Signals, ways: Ways, guard: StepGuard, stage: int) -> None:
        self._signals, self._ways, self._guard = signals, ways, guard
        self._changer = Changer(signals, guard, stage, ways)
        self._arrived = max(run.start for run in _runs(signals, guard))
        self._later_s = 0

    @property
    def stage(self) -> int:
        """That stands or is being left."""
        return self._changer.stage

    def call(self, stage: int) -> None:
        """Somebody calls a stage; what the rules do not allow now is not done."""
        if 0 <= stage < len(self._signals.stages):
            self._changer.wish(stage)

    def go_home(self, plan: SignalPlan) -> None:
        """Nobody calls: goes on in the plan's order when the stage that stands has had its green of the plan."""
        order = plan.order or tuple(range(len(self._signals.stages)))
        now = self._changer.stage
        then = order[(order.index(now) + 1) % len(order)]
        way = self._ways.ways[now][then]
        green_s = plan.green_s[now] - (way.seconds - way.pause_s) + (self._later_s if then == order[0] else 0)
        if self._guard.second - self._arrived >= green_s:
            self._changer.wish(then)

    def step(self) -> tuple[Lamp, ...]:
        """The lamps of the next second.

        Raises:
            LampsRefused: if they broke a rule.
        """
        before = self._changer.stage
        lamps = self._changer.step()
        if self._changer.stage != before:
            self._arrived = self._guard.second - 1
        return lamps

    def home(self, plan: SignalPlan) -> tuple[tuple[int, ...], ...] | None:
        """The transitional cycles that bring the plan to its offset if its first one begins with the second just shown.

        Returns:
            None if it cannot: the reference stage does not begin, or a rule would be broken.
        """
        reference = plan.order[0] if plan.order else 0
        begin = self._guard.second - 1
        if self._changer.stage != reference or self._arrived != begin:
            return None
        found = self._from(plan, begin)
        if found is None:
            self._later_s += 1
        return found

    def _from(self, plan: SignalPlan, begin: int) -> tuple[tuple[int, ...], ...] | None:
        signals, order = self._signals, plan.order
        cycles = transition(signals, begin, plan.cycle_s, plan.offset_s, plan.green_s, order)
        if cycles is None:
            return None
        if check_transition(signals, plan.green_s, cycles, plan.green_s, order_before=order, order=order):
            return None
        greens: list[Sequence[int]] = [*cycles, *[plan.green_s] * _AFTER]
        rows = expand(signals, greens, [order] * len(greens)).tolist()
        if [run.what for run in _runs(signals, self._guard)] != rows[0]:
            return None
        ahead = copy.copy(self._guard)  # it replaces its lists with each step and changes none
        try:
            for row in rows[1:]:
                ahead.step(row)
        except LampsRefused:
            return None
        return cycles


def stage_of(signals: Signals, guard: StepGuard) -> int | None:
    """The stage whose lamps, and no others, a guard has seen last; None during a change."""
    shown, lamps = tuple(run.what for run in _runs(signals, guard)), stage_lamps(signals)
    return lamps.index(shown) if shown in lamps else None


def _runs(signals: Signals, guard: StepGuard) -> list[Stretch]:
    """What each group has been showing until the last second; empty before the first."""
    return [run for k in range(len(signals.groups)) if (run := guard.shows(k)) is not None]
