"""The two steps of the search: CMA-ES over some lights at once, and a descent in whole seconds light by light."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import cma
import numpy as np
from numpy.typing import NDArray

from nutgiao.models.plan_space import PlanSpace
from nutgiao.optimizer.search.judge import Trier
from nutgiao.optimizer.search.moves import Plan, batch, neighbours, repaired, timed, with_one_cycle

F8 = NDArray[np.float64]
Scored = tuple[float, Plan]
"""Cost and plan."""

STEPS_S = (1, 2, 5, 10)
SIEVE_FROM = 4
"""From so many runs a plan on, batches of neighbours are sieved on one sample first."""

_CYCLE_SPREAD, _SPLIT_SPREAD, _OFFSET_SPREAD = 0.15, 0.4, 0.15
"""First standard deviations: of the logarithm of the cycle, of a share, of the offset in cycles."""


class Coordinates:
    """Plans near a plan as points: logarithms of cycles and shares, offsets in cycles, all 0 for the plan itself.

    Args:
        space: what is allowed.
        plan: the middle.
        lights: numbers of the lights that change.
    """

    def __init__(self, space: PlanSpace, plan: Plan, lights: Sequence[int]) -> None:
        self._space, self._plan = space, plan
        self._lights = [light for light in lights if len(space.greens_of(light))]
        own_cycle = 0 if space.common_cycle else 1
        self._sizes = [own_cycle + len(space.greens_of(light)) + 1 for light in self._lights]
        self._one_cycle = space.common_cycle and len(self._lights) == sum(
            len(space.greens_of(light)) > 0 for light in range(len(space.lights))
        )
        self.count = sum(self._sizes) + self._one_cycle

    def plan(self, point: F8) -> Plan:
        """The plan at a point, in whole seconds."""
        space, at = self._space, 0
        plan = self._plan
        if self._one_cycle:
            now_s = float(space.cycles_s(plan.stage_s)[self._lights[0]])
            plan = with_one_cycle(space, plan, now_s * float(np.exp(_CYCLE_SPREAD * point[-1])))
        stage_s, offset_s = plan.stage_s.copy(), plan.offset_s.copy()
        for light, size in zip(self._lights, self._sizes, strict=True):
            own = point[at : at + size]
            at += size
            greens = space.greens_of(light)
            cycle_s = float(stage_s[space.stages_of(light)].sum())
            if not space.common_cycle:
                cycle_s *= float(np.exp(_CYCLE_SPREAD * own[-1]))
            shares = (stage_s[greens] - space.least_s[greens] + 1.0) * np.exp(_SPLIT_SPREAD * own[1 : 1 + len(greens)])
            before_s = float(stage_s[space.stages_of(light)].sum())
            stage_s[greens] = timed(space, light, cycle_s, shares)
            now_s = float(stage_s[space.stages_of(light)].sum())
            turn = offset_s[light] / before_s + _OFFSET_SPREAD * own[0]
            offset_s[light] = np.rint(turn * now_s) % now_s
        return repaired(space, Plan(stage_s, offset_s))


def evolve(space: PlanSpace, judge: Trier, plan: Plan, lights: Sequence[int], runs: int, seed: int) -> Iterator[Scored]:
    """CMA-ES (Hansen) from a plan over the cycles, splits and offsets of some lights.

    Args:
        space: what is allowed.
        judge: tries plans.
        plan: from which it starts.
        lights: which change.
        runs: kernel runs to spend, about.
        seed: of the search, from 1.

    Yields:
        The best so far, after each generation.
    """
    place = Coordinates(space, plan, lights)
    if place.count == 0:
        return
    place_count = max(2, place.count)  # CMA-ES needs two dimensions; a second one is not looked at
    end = judge.runs + runs
    best: Scored = (float(judge.costs(*batch([plan]))[0]), plan)
    search = cma.CMAEvolutionStrategy(
        np.zeros(place_count), 0.8, {"seed": seed, "verbose": -9, "tolx": 1e-2, "CMA_diagonal": place_count > 80}
    )
    while judge.runs < end and not search.stop():
        points = search.ask()
        plans = [place.plan(np.asarray(point)) for point in points]
        costs = judge.costs(*batch(plans))
        search.tell(points, costs.tolist())
        least = int(np.argmin(costs))
        if costs[least] < best[0]:
            best = (float(costs[least]), plans[least])
        yield best


def descend(
    space: PlanSpace,
    judge: Trier,
    scored: Scored,
    random: np.random.Generator,
    stop: Callable[[], bool],
    steps_s: Sequence[int] = STEPS_S,
) -> Iterator[Scored]:
    """Takes the best small change of one light after the other until none is left.

    Args:
        space: what is allowed.
        judge: tries plans.
        scored: where it starts.
        random: order of the lights.
        stop: asked before each batch.
        steps_s: sizes of changes.

    Yields:
        The best so far, after each light.
    """
    cost, plan = scored
    sieved = judge.runs_a_plan >= SIEVE_FROM
    open_lights = list(range(len(space.lights)))
    while open_lights:
        better = []
        for light in random.permutation(open_lights).tolist():
            if stop():
                return
            near = neighbours(space, plan, light, steps_s)
            if not near:
                continue
            costs = judge.sieve(*batch(near)) if sieved else judge.costs(*batch(near))
            least = int(np.argmin(costs))
            if costs[least] < cost - 1e-9:
                cost, plan = float(costs[least]), near[least]
                better.append(light)
            yield cost, plan
        if space.common_cycle and not stop():
            cost, plan, moved = _other_cycle(space, judge, cost, plan)
            better += [0] if moved else []
            yield cost, plan
        open_lights = list(range(len(space.lights))) if better else []


def _other_cycle(space: PlanSpace, judge: Trier, cost: float, plan: Plan) -> tuple[float, Plan, bool]:
    greens = [light for light in range(len(space.lights)) if len(space.greens_of(light))]
    now_s = float(space.cycles_s(plan.stage_s)[greens[0]])
    near = [repaired(space, with_one_cycle(space, plan, now_s + step)) for step in (-5, -2, -1, 1, 2, 5)]
    costs = judge.costs(*batch(near))
    least = int(np.argmin(costs))
    if costs[least] < cost - 1e-9:
        return float(costs[least]), near[least], True
    return cost, plan, False
