"""A first honest planner: Webster cycle and splits for measured flows, one common cycle, and a small offset search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nutgiao.models.contracts.plan import SignalPlan, cycle_of, lost_time_s
from nutgiao.models.contracts.transition import longest_greens, shortest_greens
from nutgiao.models.queueing.webster import cycle_s, splits_s
from nutgiao.optimizer.corridor import Junction
from nutgiao.optimizer.offsets import CorridorDelay

CYCLE_STEP_S = 5
WORTH = 0.05
"""A plan is changed only if it promises at least this share less delay: a change itself costs some."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Greens and offset of one junction."""

    green_s: tuple[int, ...]
    offset_s: int


@dataclass(frozen=True, slots=True)
class CorridorPlan:
    """What the planner found.

    Attributes:
        timings: of each node.
        cycle_s: the common cycle.
        waiting_mcu: predicted mean number of MCU that wait.
        waiting_now_mcu: the same under the plans in force; None if they have no common cycle.
    """

    timings: dict[str, Timing]
    cycle_s: int
    waiting_mcu: float
    waiting_now_mcu: float | None

    @property
    def worth(self) -> bool:
        """Whether the change is worth making."""
        return self.waiting_now_mcu is None or self.waiting_mcu < (1 - WORTH) * self.waiting_now_mcu


def plan_corridor(junctions: Sequence[Junction], running: Mapping[str, SignalPlan]) -> CorridorPlan | None:
    """Finds the plan of least predicted delay that every site's limits allow from where it is.

    Args:
        junctions: the corridor with its measured demand.
        running: plan in force at each node.

    Returns:
        The plan, or None if no common cycle fits every site's limits and rate of change.
    """
    best: CorridorPlan | None = None
    now = _now(junctions, running)
    start = {junction.node: running[junction.node].offset_s for junction in junctions}
    for cycle in _cycles(junctions, running):
        greens = {}
        for junction in junctions:
            found = _greens(junction, cycle, running[junction.node])
            if found is None:
                break
            greens[junction.node] = found
        else:
            model = CorridorDelay(junctions, greens)
            offsets = model.search(start)
            waiting = model.rate(offsets)
            if best is None or waiting < best.waiting_mcu:
                timings = {node: Timing(greens[node], offsets[node]) for node in greens}
                best = CorridorPlan(timings, cycle, waiting, now)
    return best


def _cycles(junctions: Sequence[Junction], running: Mapping[str, SignalPlan]) -> list[int]:
    """Common cycles worth a look: from what the busiest junction needs to what every site allows."""
    low, high = 0, 600
    for junction in junctions:
        limits, now = junction.signals.limits, running[junction.node].cycle_s
        low = max(low, limits.cycle_min_s, now - limits.max_cycle_change_s)
        high = min(high, limits.cycle_max_s, now + limits.max_cycle_change_s)
    wish = max(cycle_s(lost_time_s(junction.signals), junction.flow_ratios()) for junction in junctions)
    low = max(low, min(high, int(0.6 * wish) if wish < high else high - 4 * CYCLE_STEP_S))
    return list(range(low, high + 1, CYCLE_STEP_S))


def _greens(junction: Junction, cycle: int, running: SignalPlan) -> tuple[int, ...] | None:
    """Splits by flow ratio, inside the limits and the rate of change."""
    signals = junction.signals
    change = signals.limits.max_green_change_s
    bounds = zip(shortest_greens(signals), longest_greens(signals), running.green_s, strict=True)
    least, most = zip(*((max(low, now - change), min(high, now + change)) for low, high, now in bounds), strict=True)
    return splits_s(cycle - lost_time_s(signals), junction.flow_ratios(), least, most)


def _now(junctions: Sequence[Junction], running: Mapping[str, SignalPlan]) -> float | None:
    """Predicted delay of the plans in force; None if their cycles differ."""
    greens = {junction.node: running[junction.node].green_s for junction in junctions}
    if len({cycle_of(junction.signals, greens[junction.node]) for junction in junctions}) != 1:
        return None
    offsets = {junction.node: running[junction.node].offset_s for junction in junctions}
    return CorridorDelay(junctions, greens).rate(offsets)
