"""The simplest adaptive control that keeps the rules: it holds each stage for a while and calls the next one."""

from __future__ import annotations

from nutgiao.edge.signal.health import cabinet_s
from nutgiao.models.contracts.controller import CabinetStatus, StageCall
from nutgiao.models.contracts.plan import SignalPlan
from nutgiao.models.contracts.site import Signals
from nutgiao.models.contracts.step_guard import StepGuard
from nutgiao.models.contracts.step_guard_changer import Changer
from nutgiao.models.contracts.timeline import GREEN, RED
from nutgiao.models.contracts.words import ControlSource, Indication

LEASE_S = 3


class Alternating:
    """Calls stages one after the other.

    Args:
        signals: signal side of the site, without rings.
        hold_s: how long it wishes each stage.

    Attributes:
        trouble: why it is not ready.
    """

    def __init__(self, signals: Signals, hold_s: int = 23) -> None:
        self._signals, self._hold_s = signals, hold_s
        self._changer: Changer | None = None
        self._called_s = 0
        self.trouble = ""

    def ready(self, now_s: float) -> str:
        """Why it cannot run now."""
        return self.trouble

    def call(self, now_s: float, status: CabinetStatus, plan: SignalPlan | None = None) -> StageCall | None:
        """The stage whose turn it is if the rules allow it, else what they leave; it starts where a stage stands."""
        second = cabinet_s(status)
        if second != self._called_s + 1:
            self._changer = None
        self._called_s = second
        if self._changer is None:
            self._changer = self._begin(second, status)
        if self._changer is None:
            return None
        self._changer.wish((second // self._hold_s) % len(self._signals.stages))
        self._changer.step()
        source = ControlSource.ADAPTIVE if plan is None else ControlSource.CENTRAL
        return StageCall(stage=self._changer.to, source=source, until_s=second + LEASE_S)

    def _begin(self, second: int, status: CabinetStatus) -> Changer | None:
        greens = {group.id for group, now in zip(self._signals.groups, status.groups, strict=True) if now == "green"}
        if Indication.AMBER in status.groups or greens != set(self._signals.stages[status.stage].groups):
            return None
        guard = StepGuard(self._signals.groups, self._signals.intergreens, second=second)
        guard.step([GREEN if group.id in greens else RED for group in self._signals.groups])
        return Changer(self._signals, guard, status.stage)
