"""The search as a whole: rounds of starts, CMA-ES and descents that can be stopped, continued and repeated."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from nutgiao.models.plan_space import PlanSpace
from nutgiao.optimizer.search.judge import Judge
from nutgiao.optimizer.search.moves import Plan, batch, common_bounds_s, kicked, repaired, with_one_cycle
from nutgiao.optimizer.search.starts import starts
from nutgiao.optimizer.search.steps import Coordinates, Scored, descend, evolve

POOL = 16
"""Plans that are kept from round to round."""

FAMILIES = 6
"""Starts that are each brought to their end before the best are thrown about."""

BLOCK = 40
"""CMA-ES takes so many lights together that it has about this many dimensions."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a search is.

    Attributes:
        round: from 0, the starts.
        step: what it does, in words.
        runs: kernel runs so far.
        cost_s: of the best plan so far.
        plan: the best so far.
    """

    round: int
    step: str
    runs: int
    cost_s: float
    plan: Plan


@dataclass(slots=True)
class Standings:
    """What a search knows between two rounds: all that is needed to go on as if it had never stopped.

    Attributes:
        round: the next one.
        runs: kernel runs so far.
        pool: cost and plan of the best, the best one first; no two alike.
    """

    round: int = 0
    runs: int = 0
    pool: list[Scored] = field(default_factory=list)

    def add(self, cost: float, plan: Plan) -> None:
        """Keeps a plan if it is among the best."""
        if not np.isfinite(cost) or any(plan.key == other.key for _, other in self.pool):
            return
        self.pool.append((cost, plan))
        self.pool.sort(key=lambda one: one[0])
        del self.pool[POOL:]


class Search:
    """Looks for a good plan.

    Each round draws from a generator of its own, seeded by the seed and the round's number, and begins with what the
    round before left: the same seed and the same number of runs give the same plans, also after a stop in between.

    Args:
        space: what is allowed.
        judge: tries plans.
        seed: of the search.
        standings: of a search to be continued; it must be of the same space, judge and seed.
    """

    def __init__(self, space: PlanSpace, judge: Judge, seed: int, standings: Standings | None = None) -> None:
        self._space, self._judge, self._seed = space, judge, seed
        self.standings = standings or Standings()
        self._judge.runs = self.standings.runs
        self._lights = [light for light in range(len(space.lights)) if len(space.greens_of(light))]

    def rounds(self, runs: int, stop: Callable[[], bool] = lambda: False) -> Iterator[Progress]:
        """Searches until the runs are spent or ``stop`` says so.

        Args:
            runs: kernel runs in all; one that has begun a step brings it to its end.
            stop: asked between batches, for a limit of time or a key.

        Yields:
            The best so far, a few times a second; after the last one of a round, `standings` are complete.
        """

        def done() -> bool:
            return stop() or self._judge.runs >= runs

        while not done():
            number = self.standings.round
            random = np.random.default_rng((self._seed, number))
            found: list[Scored] = []
            for step, cost, plan in self._round(number, random, done, runs, found):
                leader = min([(cost, plan), *found, *self.standings.pool], key=lambda one: one[0])
                yield Progress(number, step, self._judge.runs, *leader)
            for cost, plan in found:
                self.standings.add(cost, plan)
            self.standings.round, self.standings.runs = number + 1, self._judge.runs

    def _round(
        self,
        number: int,
        random: np.random.Generator,
        done: Callable[[], bool],
        runs: int,
        found: list[Scored],
    ) -> Iterator[tuple[str, float, Plan]]:
        space, judge, pool = self._space, self._judge, self.standings.pool
        if number == 0:
            yield from self._starts(random, found)
            return
        if number <= FAMILIES and number <= len(pool):
            families = self._families()
            plan = families[(number - 1) % len(families)][1]
            what = "start"
        else:
            weights = 1.0 / (1.0 + np.arange(len(pool)))
            plan = pool[int(random.choice(len(pool), p=weights / weights.sum()))][1]
            count = int(random.integers(1, max(2, len(self._lights) // 3 + 1) + 1))
            lights = random.choice(self._lights, min(count, len(self._lights)), replace=False).tolist()
            if space.common_cycle and random.random() < 0.3:
                low, high = common_bounds_s(space)
                cycle_s = float(space.cycles_s(plan.stage_s)[self._lights[0]]) * np.exp(random.normal(0, 0.15))
                plan = repaired(space, with_one_cycle(space, plan, float(np.clip(cycle_s, low, high))))
            plan = kicked(space, plan, lights, random)
            what = "restart"
        scored: Scored = (float(judge.costs(*batch([plan]))[0]), plan)
        found.append(scored)
        if number == 1:  # a search of a large network may end before its first CMA-ES does
            for best in descend(space, judge, scored, random, done):
                found[-1] = scored = best
                yield f"{what}, second by second", *scored
        per_plan = judge.table(*batch([plan])).shape[1]
        big = number <= FAMILIES or number % 3 == 0
        for lights in self._blocks(plan, random) if big else ():
            dimensions = Coordinates(space, scored[1], lights).count
            share = min(runs // 12, per_plan * (150 + 25 * dimensions))
            for best in evolve(space, judge, scored[1], lights, share, int(random.integers(1, 2**31))):
                scored = min(scored, best, key=lambda one: one[0])
                found[-1] = scored
                yield f"{what}, CMA-ES over {len(lights)} lights", *scored
                if done():
                    return
        for best in descend(space, judge, scored, random, done):
            found[-1] = scored = best
            yield f"{what}, second by second", *scored

    def _starts(self, random: np.random.Generator, found: list[Scored]) -> Iterator[tuple[str, float, Plan]]:
        judge = self._judge
        plans = starts(self._space, judge.samples[0][0], random)
        shipped = float(judge.costs(*batch(plans[:1]))[0])
        found.append((shipped, plans[0]))
        yield "starts", shipped, plans[0]
        quick: list[float] = []
        for part in _parts(plans, 8):
            quick += judge.quick(*batch(part)).tolist()
            yield "starts", shipped, plans[0]
        order = np.argsort(quick, kind="stable")[: 3 * POOL]
        for cost, plan in zip(judge.costs(*batch([plans[k] for k in order])).tolist(), order.tolist(), strict=True):
            found.append((cost, plans[plan]))

    def _families(self) -> list[Scored]:
        """The best of the pool, those with other cycles first: the descents then end at different plans."""
        seen: set[tuple[int, ...]] = set()
        first: list[Scored] = []
        rest: list[Scored] = []
        for one in self.standings.pool:
            key = tuple(np.rint(np.log(self._space.cycles_s(one[1].stage_s)) * 8).astype(int).tolist())
            (rest if key in seen else first).append(one)
            seen.add(key)
        return [*first, *rest]

    def _blocks(self, plan: Plan, random: np.random.Generator) -> list[list[int]]:
        """The lights in groups that CMA-ES can take at once, in random order."""
        order = random.permutation(self._lights).tolist()
        blocks: list[list[int]] = [[]]
        for light in order:
            if blocks[-1] and Coordinates(self._space, plan, [*blocks[-1], light]).count > BLOCK:
                blocks.append([])
            blocks[-1].append(light)
        return blocks


def _parts(plans: list[Plan], size: int) -> Iterator[list[Plan]]:
    for first in range(0, len(plans), size):
        yield plans[first : first + size]
