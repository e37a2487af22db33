"""What plans cost on streets as they are now: several draws of who comes, each tried with the queue kernel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.plan import SignalPlan, lost_time_s
from nutgiao.models.contracts.site import Site
from nutgiao.models.contracts.transition import longest_greens, shortest_greens
from nutgiao.models.plan_space import PlanSpace
from nutgiao.models.queueing.network.live import LaneNow, LiveStreet, live_street

F8 = NDArray[np.float64]

RISK = 0.25
"""Weight of the worst draw over the mean: a plan must have slack."""
SIEVED = 4
"""Plans of a batch that are tried on all draws."""


def corridor_space(sites: Sequence[Site], running: Mapping[str, SignalPlan]) -> PlanSpace | None:
    """The plans that every site's limits and rate of change allow from where it is, with one cycle for all.

    The stages of a light are those of its site, then one of fixed length that stands for all its interstages.

    Args:
        sites: junctions with signals.
        running: plan in force at each.

    Returns:
        The plans, or None if there is no common cycle.
    """
    green, least, most, now, counts = [], [], [], [], []
    low, high = 0, 3600
    for site in sites:
        assert site.signals is not None  # noqa: S101 - callers leave out sites without signals
        limits, plan = site.signals.limits, running[site.id]
        change = limits.max_green_change_s
        bounds = zip(shortest_greens(site.signals, plan.order), longest_greens(site.signals), plan.green_s, strict=True)
        for shortest, longest, green_s in bounds:
            low_s, high_s = max(shortest, green_s - change), min(longest, green_s + change)
            if low_s > high_s:
                return None
            least.append(low_s)
            most.append(high_s)
        lost = lost_time_s(site.signals, plan.order)
        least.append(lost)
        most.append(lost)
        now += [*plan.green_s, lost]
        green += [*(True for _ in plan.green_s), False]
        counts.append(len(plan.green_s) + 1)
        low = max(low, limits.cycle_min_s, plan.cycle_s - limits.max_cycle_change_s)
        high = min(high, limits.cycle_max_s, plan.cycle_s + limits.max_cycle_change_s)
    ptr = np.cumsum([0, *counts])
    space = PlanSpace(
        lights=tuple(site.id for site in sites),
        stage_ptr=ptr,
        shipped_stage_s=np.array(now, np.float64),
        shipped_offset_s=np.array([running[site.id].offset_s for site in sites], np.float64),
        green=np.array(green, np.bool_),
        least_s=np.array(least, np.float64),
        most_s=np.array(most, np.float64),
        least_cycle_s=float(low),
        most_cycle_s=float(high),
        common_cycle=True,
    )
    fits = [space.cycle_bounds_s(light) for light in range(len(sites))]
    return space if low <= max(one[0] for one in fits) <= min(one[1] for one in fits) <= high else None


class LiveJudge:
    """Tries plans on draws of the live street and counts the runs.

    Args:
        space: of `corridor_space`.
        sites: in the same order.
        lanes: what is known of every lane.
        running: plan in force at each site; its order and name are kept.
        now_s: master-clock seconds.
        horizon_s: how far to look.
        factors: of the measured demand, a draw each: a plan must hold for several.
        seed: of the draws.
    """

    def __init__(
        self,
        space: PlanSpace,
        sites: Sequence[Site],
        lanes: Sequence[LaneNow],
        running: Mapping[str, SignalPlan],
        now_s: float,
        horizon_s: int,
        factors: Sequence[float],
        seed: Sequence[int],
    ) -> None:
        self.runs = 0
        self._space, self._running = space, running
        self._streets: list[LiveStreet] = []
        orders = {node: plan.order for node, plan in running.items()}
        for number, factor in enumerate(factors):
            told = [replace(lane, arrivals_mcu_s=factor * lane.arrivals_mcu_s) for lane in lanes]
            random = np.random.default_rng((*seed, number))
            self._streets.append(live_street(sites, told, now_s, horizon_s, random, orders=orders))

    @property
    def runs_a_plan(self) -> int:
        """Kernel runs that `costs` spends on a plan."""
        return len(self._streets)

    def table(self, stage_s: F8, offset_s: F8) -> F8:
        """Mean waiting of everyone on each draw, ``(plans, draws)`` seconds."""
        found = np.empty((len(stage_s), len(self._streets)))
        for p in range(len(stage_s)):
            plans = self.plans(stage_s[p], offset_s[p])
            found[p] = [self._ask(street, plans) for street in self._streets]
        return found

    def quick(self, stage_s: F8, offset_s: F8) -> F8:
        """Mean waiting on the first draw only, ``(plans,)`` seconds."""
        pairs = zip(stage_s, offset_s, strict=True)
        return np.array([self._ask(self._streets[0], self.plans(greens, offsets)) for greens, offsets in pairs])

    def costs(self, stage_s: F8, offset_s: F8) -> F8:
        """Mean over the draws and a share of the worst one, ``(plans,)`` seconds."""
        table = self.table(stage_s, offset_s)
        mean = table.mean(1)
        costs: F8 = mean + RISK * (table.max(1) - mean)
        return costs

    def sieve(self, stage_s: F8, offset_s: F8) -> F8:
        """`costs` of the plans that do best on the first draw, infinite for the others."""
        found = np.full(len(stage_s), np.inf)
        best = np.argsort(self.quick(stage_s, offset_s), kind="stable")[:SIEVED]
        found[best] = self.costs(stage_s[best], offset_s[best])
        return found

    def waiting_s(self, plans: Mapping[str, SignalPlan]) -> F8:
        """Mean waiting under plans as a junction runs them, with whatever cycles, ``(draws,)`` seconds."""
        return np.array([self._ask(street, plans) for street in self._streets])

    def plans(self, stage_s: F8, offset_s: F8) -> dict[str, SignalPlan]:
        """A point of the space as plans of the sites."""
        made = {}
        for light, node in enumerate(self._space.lights):
            stages = stage_s[self._space.stages_of(light)]
            made[node] = msgspec.structs.replace(
                self._running[node],
                cycle_s=round(float(stages.sum())),
                offset_s=round(float(offset_s[light])),
                green_s=tuple(round(green_s) for green_s in stages[:-1].tolist()),
            )
        return made

    def _ask(self, street: LiveStreet, plans: Mapping[str, SignalPlan]) -> float:
        self.runs += 1
        return street.ask(plans).delay_mcu_s / max(1, street.total_mcu)
