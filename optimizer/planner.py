"""Plans for a corridor as it is now: the network search on the queue kernel, begun from Webster's plans."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nutgiao.models.contracts.plan import SignalPlan
from nutgiao.models.contracts.site import Site
from nutgiao.models.contracts.transition import transition
from nutgiao.models.intervals import Interval, interval
from nutgiao.models.plan_space import PlanSpace
from nutgiao.models.queueing.network.live import LaneNow
from nutgiao.models.queueing.webster import cycle_s, splits_s
from nutgiao.optimizer.corridor import Junction, junctions_of
from nutgiao.optimizer.live_judge import LiveJudge, corridor_space
from nutgiao.optimizer.offsets import CorridorDelay
from nutgiao.optimizer.search.moves import Plan, batch, common_bounds_s, repaired, with_one_cycle
from nutgiao.optimizer.search.steps import Scored, descend

WORTH = 0.05
"""A plan is changed only if it promises at least this share less waiting: a change itself costs some."""

CYCLE_STEP_S = 5

_NEVER = 100_000
"""Seconds that a transition counts which cannot be made within its few cycles."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard to look; the same figures give the same plan anywhere.

    Attributes:
        horizon_s: how far the street is looked at, seconds.
        factors: of the measured demand, a draw each, for the search: cameras miss a few percent, and a peak grows.
        fresh: the same for draws that the search has not seen; they decide whether the change is worth it.
        runs: kernel runs of the search, 2 to 5 ms each for three junctions.
    """

    horizon_s: int = 720
    factors: tuple[float, ...] = (1.0, 1.0, 1.1, 1.1, 1.2, 1.2)
    fresh: tuple[float, ...] = (1.0, 1.0, 1.1, 1.1, 1.2, 1.2)
    runs: int = 700


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
        waiting_s: predicted mean waiting of an MCU within the horizon.
        waiting_now_s: the same under the plans in force.
        gain_s: what the change saves on the same fresh draws, with its 95 % interval.
        runs: kernel runs that it took.
    """

    timings: dict[str, Timing]
    cycle_s: int
    waiting_s: float
    waiting_now_s: float
    gain_s: Interval
    runs: int

    @property
    def worth(self) -> bool:
        """Whether the change is worth making: more than chance, and more than a change costs."""
        return self.gain_s.low > 0.0 and self.gain_s.mean > WORTH * self.waiting_now_s


def plan_corridor(
    sites: Sequence[Site],
    lanes: Sequence[LaneNow],
    running: Mapping[str, SignalPlan],
    now_s: float,
    seed: int,
    effort: Effort | None = None,
) -> CorridorPlan | None:
    """Finds the plan of least predicted waiting that every site's limits allow from where it is.

    Args:
        sites: junctions with signals.
        lanes: queue and demand of every lane.
        running: plan in force at each node.
        now_s: master-clock seconds, to which offsets refer.
        seed: of the draws of those who will come.
        effort: how hard to look.

    Returns:
        The plan, or None if no common cycle fits every site's limits and rate of change.
    """
    effort = effort or Effort()
    lanes = _every_lane(sites, lanes)
    space = corridor_space(sites, running)
    if space is None:
        return None
    draws = (seed, int(now_s))
    judge = LiveJudge(space, sites, lanes, running, now_s, effort.horizon_s, effort.factors, (*draws, 0))
    plan = _search(space, judge, _starts(space, sites, lanes, running), np.random.default_rng(draws), effort.runs)
    plan = _soonest(space, judge, sites, running, now_s, plan)
    fresh = LiveJudge(space, sites, lanes, running, now_s, effort.horizon_s, effort.fresh, (*draws, 1))
    found = fresh.plans(plan.stage_s, plan.offset_s)
    after, before = fresh.waiting_s(found), fresh.waiting_s(running)
    return CorridorPlan(
        timings={node: Timing(one.green_s, one.offset_s) for node, one in found.items()},
        cycle_s=next(iter(found.values())).cycle_s,
        waiting_s=float(after.mean()),
        waiting_now_s=float(before.mean()),
        gain_s=interval((before - after).tolist()),
        runs=judge.runs + fresh.runs,
    )


def _every_lane(sites: Sequence[Site], lanes: Sequence[LaneNow]) -> list[LaneNow]:
    """What is told, and nobody where nothing is told: where no camera looks, a stage gets what the others leave."""
    known = {(lane.node, lane.lane): lane for lane in lanes}
    return [
        known.get((site.id, lane.id)) or LaneNow(node=site.id, lane=lane.id, queue_mcu=0.0, arrivals_mcu_s=0.0)
        for site in sites
        for approach in site.approaches
        for lane in approach.lanes
    ]


def _search(space: PlanSpace, judge: LiveJudge, starts: Sequence[Plan], random: np.random.Generator, runs: int) -> Plan:
    """Brings the two best starts down second by second."""

    def spent(limit: int) -> Callable[[], bool]:
        return lambda: judge.runs >= limit

    quick = judge.quick(*batch(starts))
    firsts = [starts[k] for k in np.argsort(quick, kind="stable")[:4].tolist()]
    costs = judge.costs(*batch(firsts)).tolist()
    pool: list[Scored] = sorted(zip(costs, firsts, strict=True), key=lambda one: one[0])
    ends: list[Scored] = [pool[0]]
    for number, scored in enumerate(pool[:2]):
        limit = runs if number else (judge.runs + runs) // 2
        for best in descend(space, judge, scored, random, spent(limit)):
            ends.append(best)
    return min(ends, key=lambda one: one[0])[1]


def _soonest(
    space: PlanSpace,
    judge: LiveJudge,
    sites: Sequence[Site],
    running: Mapping[str, SignalPlan],
    now_s: float,
    plan: Plan,
) -> Plan:
    """The plan with all offsets moved alike, so that the junctions get there with the shortest transitions.

    Only differences of offsets matter to those who drive, but every second by which a running cycle has to be stretched
    or cut on the way is a second of a plan that nobody wanted.
    """
    cycle = round(float(space.cycles_s(plan.stage_s)[0]))
    greens = {node: one.green_s for node, one in judge.plans(plan.stage_s, plan.offset_s).items()}

    def cost(shift: int) -> int:
        total = 0
        for light, site in enumerate(sites):
            assert site.signals is not None  # noqa: S101 - as in `corridor_space`
            now = running[site.id]
            boundary = int(now_s) + (now.offset_s - int(now_s)) % now.cycle_s
            offset = int(plan.offset_s[light] + shift) % cycle
            ways = transition(site.signals, boundary, cycle, offset, greens[site.id], now.order)
            total += _NEVER if ways is None else sum(abs(sum(row) - sum(greens[site.id])) for row in ways)
        return total

    return Plan(plan.stage_s, (plan.offset_s + min(range(cycle), key=cost)) % cycle)


def _starts(
    space: PlanSpace, sites: Sequence[Site], lanes: Sequence[LaneNow], running: Mapping[str, SignalPlan]
) -> list[Plan]:
    """The plans in force with one cycle, and Webster's splits for a sweep of cycles with offsets that suit platoons."""
    flows: dict[str, dict[str, float]] = {}
    for lane in lanes:
        flows.setdefault(lane.node, {})[lane.lane] = 3600.0 * lane.arrivals_mcu_s
    junctions = junctions_of(sites, flows)
    now = repaired(space, Plan(space.shipped_stage_s, space.shipped_offset_s))
    offsets = {node: plan.offset_s for node, plan in running.items()}
    orders = {node: plan.order for node, plan in running.items()}
    found = [now]
    for cycle in _cycles(space, junctions):
        greens = {one.node: _greens(space, light, one, cycle) for light, one in enumerate(junctions)}
        kept = {node: green_s for node, green_s in greens.items() if green_s is not None}
        if len(kept) < len(greens):
            continue
        best = CorridorDelay(junctions, kept, orders).search(offsets, step_s=4)
        stages = np.array([s for light, one in enumerate(junctions) for s in (*kept[one.node], space.fixed_s(light))])
        found += [
            repaired(space, Plan(stages, np.array([float(best[one.node]) for one in junctions]))),
            with_one_cycle(space, now, float(cycle)),
        ]
    return found


def _cycles(space: PlanSpace, junctions: Sequence[Junction]) -> list[int]:
    """Common cycles worth a look: from well below what the busiest junction needs to what every site allows."""
    low, high = common_bounds_s(space)
    wish = max(cycle_s(round(space.fixed_s(light)), one.flow_ratios()) for light, one in enumerate(junctions))
    low = max(low, min(high, 0.6 * wish) if wish < high else high - 4 * CYCLE_STEP_S)
    return list(range(int(low), int(high) + 1, CYCLE_STEP_S))


def _greens(space: PlanSpace, light: int, junction: Junction, cycle: int) -> tuple[int, ...] | None:
    """Splits by flow ratio, inside the limits and the rate of change."""
    greens = space.greens_of(light)
    least = tuple(int(s) for s in space.least_s[greens])
    most = tuple(int(s) for s in space.most_s[greens])
    return splits_s(cycle - round(space.fixed_s(light)), junction.flow_ratios(), least, most)
