"""When to plan, from what, and whether the result is worth a change of plan in the street."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from nutgiao.central.dispatch import Dispatcher
from nutgiao.central.flows import FlowMeter
from nutgiao.central.state import NetworkState
from nutgiao.models.contracts.plan import SignalPlan
from nutgiao.models.contracts.site import Site
from nutgiao.models.queueing.network.live import LaneNow
from nutgiao.optimizer.planner import CorridorPlan, plan_corridor

log = logging.getLogger(__name__)

FIRST_S = 180
"""The first plan after a start waits so long: flows have to be measured."""
EVERY_S = 300
"""Plans change at most so often; a change costs a transition."""
SEED = 1
"""Of the draws of those who will come; with the time of planning it makes every plan reproducible."""


class Planning:
    """Plans the corridor at fixed times and sends what is worth it; plans that stay are renewed before they expire.

    Args:
        sites: junctions of one corridor.
        state: which plans run.
        flows: measured demand.
        dispatcher: sends plans.
        every_s: period, seconds.
    """

    def __init__(
        self,
        sites: Sequence[Site],
        state: NetworkState,
        flows: FlowMeter,
        dispatcher: Dispatcher,
        every_s: int = EVERY_S,
    ) -> None:
        # a ring-and-barrier junction keeps its own table: the live street knows stages one after the other only
        self._sites = [site for site in sites if site.signals is not None and not site.signals.rings]
        self._state, self._flows, self._dispatcher, self._every_s = state, flows, dispatcher, every_s
        self._next_s: float | None = None
        self.last: CorridorPlan | None = None

    def second(self, now_s: float) -> None:
        """Plans if it is time; the first time when flows have been measured."""
        if self._next_s is None:
            self._next_s = now_s + min(FIRST_S, self._every_s)
        if now_s < self._next_s:
            return
        self._next_s += self._every_s * (1 + int((now_s - self._next_s) // self._every_s))
        self.plan(now_s)

    def plan(self, now_s: float) -> None:
        """Plans once, from what is known now; without news from every junction what runs is renewed as it is."""
        running: dict[str, SignalPlan] = {}
        lanes: list[LaneNow] = []
        silent: list[str] = []
        for site in self._sites:
            plan, known = self._state.running_plan(site.id), self._flows.lanes(site.id, now_s)
            if plan is not None:
                running[site.id] = plan
            if plan is None or known is None:
                silent.append(site.id)
            else:
                lanes += known
        found = None
        if silent:
            log.warning("no plan at %.0f: %s told too little", now_s, " and ".join(silent))
        else:
            found = plan_corridor(self._sites, lanes, running, now_s, SEED)
            self.last = found
        for node, plan in running.items():
            if found is not None and found.worth:
                timing = found.timings[node]
                self._dispatcher.propose(node, timing.green_s, timing.offset_s, plan, now_s)
            elif plan.revision > 0 or plan.mode is not self._dispatcher.mode(node):
                self._dispatcher.propose(node, plan.green_s, plan.offset_s, plan, now_s)
