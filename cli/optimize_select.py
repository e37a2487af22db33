"""Picks among the kernel's favourites with SUMO: fewer and fewer plans on more and more seeds, then a verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from nutgiao.cli.optimize_problem import Problem
from nutgiao.models.intervals import Interval, interval
from nutgiao.optimizer.search.moves import Plan, batch, jiggled, neighbours
from nutgiao.optimizer.search.steps import Scored
from nutgiao.simulation.trial import Trial
from nutgiao.simulation.verify import Answer, Job, Workers

SHIPPED = "shipped"
HALVING = ((12, 1), (5, 3), (2, 5))
"""Plans and training seeds of each cut; the shipped plan is always in."""


@dataclass(slots=True)
class Bench:
    """SUMO runs of one scenario, each made once.

    Attributes:
        problem: whose plans.
        workers: the processes that run SUMO.
        on_run: told of each run that is done.
        trials: plan to seed to figures.
        plans: name to plan.
        problems: messages of runs that failed.
        runs: made so far.
        cpu_s: that they took.
    """

    problem: Problem
    workers: Workers
    on_run: Callable[[Answer], None] = lambda _answer: None
    trials: dict[str, dict[int, Trial]] = field(default_factory=dict)
    plans: dict[str, Plan] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    runs: int = 0
    cpu_s: float = 0.0

    def run(self, names: Sequence[str], seeds: Sequence[int]) -> None:
        """Makes what is missing of these plans and seeds."""
        jobs = []
        for name in names:
            known = self.trials.setdefault(name, {})
            programs = () if name == SHIPPED else self.problem.signal_programs(self.plans[name])
            jobs += [Job(name, programs, seed) for seed in seeds if seed not in known]
        for answer in self.workers.run(self.problem.scenario, jobs, self.on_run) if jobs else ():
            self.runs += 1
            if answer.trial is None:
                self.problems.append(answer.problem)
            else:
                self.cpu_s += answer.trial.cpu_s
                self.trials[answer.job.plan][answer.job.seed] = answer.trial

    def score_s(self, name: str, seeds: Sequence[int]) -> float:
        """Mean delay on these seeds; infinite if one is missing, jammed or has a collision that shipped has not."""
        known = self.trials.get(name, {})
        if not all(seed in known for seed in seeds):
            return float("inf")
        mine = [known[seed] for seed in seeds]
        if name != SHIPPED and any(one.gridlocked or one.collisions for one in mine):
            return float("inf")
        return float(np.mean([one.delay_s for one in mine]))

    def order(self, names: Sequence[str], seeds: Sequence[int]) -> list[str]:
        """Names by delay, the best one first; what is excluded is left out."""
        scores = {name: self.score_s(name, seeds) for name in names}
        return sorted((name for name in names if np.isfinite(scores[name])), key=lambda name: scores[name])


_PATIENCE = 4
"""Rounds over all lights without a gain after which the refinement ends."""


def varied(pool: Sequence[Scored], count: int) -> list[Scored]:
    """The best plans of a pool that differ by at least a second a stage, then the others."""
    first: list[Scored] = []
    rest: list[Scored] = []
    for cost, plan in sorted(pool, key=lambda one: one[0]):
        near = any(float(np.abs(plan.stage_s - other.stage_s).mean()) < 1.0 for _, other in first)
        (rest if near else first).append((cost, plan))
    return [*first, *rest][:count]


def select(
    bench: Bench, pool: Sequence[Scored], seeds: Sequence[int], cuts: Sequence[tuple[int, int]] = HALVING
) -> list[str]:
    """Successive halving: names of the plans that are left, the best one on the training seeds first.

    Args:
        bench: makes the runs.
        pool: the kernel's favourites.
        seeds: training seeds.
        cuts: plans and seeds of each cut.
    """
    known = {plan.key: name for name, plan in bench.plans.items()}
    names = []
    for _, plan in varied(pool, cuts[0][0]):
        name = known.get(plan.key, f"candidate {len(bench.plans) + 1}")
        bench.plans[name] = plan
        names.append(name)
    for plans, used in cuts:
        names = names[:plans]
        bench.run(names, seeds[:used])
        names = bench.order(names, seeds[:used])
    return names


def refine(
    bench: Bench,
    start: str,
    seeds: Sequence[int],
    runs: int,
    random: np.random.Generator,
    on_step: Callable[[str, float], None] = lambda _name, _delay: None,
) -> str:
    """Improves a plan in SUMO itself: small changes that the kernel likes best, light by light, one seed first.

    Args:
        bench: makes the runs.
        start: name of the plan.
        seeds: training seeds.
        runs: SUMO runs to spend.
        random: order of the lights.
        on_step: told of each plan that is better.

    Returns:
        Name of the best plan.
    """
    problem, best = bench.problem, start
    bench.run([best], seeds)
    end = bench.runs + runs
    tried = {plan.key for plan in bench.plans.values()}
    lights = [light for light in range(len(problem.space.lights)) if len(problem.space.greens_of(light))]
    idle = 0
    while bench.runs < end and idle < _PATIENCE:
        idle += 1
        for light in random.permutation(lights).tolist():
            near = [p for p in _near(problem, bench.plans[best], light, random) if p.key not in tried]
            if not near or bench.runs >= end:
                continue
            costs = problem.judge.costs(*batch(near))
            names = []
            for k in np.argsort(costs, kind="stable")[:8].tolist():
                name = f"{best.split(' +')[0]} +{len(bench.plans)}"
                bench.plans[name] = near[k]
                tried.add(near[k].key)
                names.append(name)
            for used, slack, kept in ((1, 1.03, 3), (min(3, len(seeds)), 1.01, 2), (len(seeds), 1.0, 1)):
                bench.run(names, seeds[:used])
                limit_s = slack * bench.score_s(best, seeds[:used])
                order = bench.order(names, seeds[:used])
                names = [name for name in order if bench.score_s(name, seeds[:used]) < limit_s][:kept]
            if names:
                best, idle = names[0], 0
                on_step(best, bench.score_s(best, seeds))
    return best


def _near(problem: Problem, plan: Plan, light: int, random: np.random.Generator) -> list[Plan]:
    """Small changes of one light, and small ones of all its figures at once, also with another light."""
    space = problem.space
    found = neighbours(space, plan, light, (1, 2, 4))
    for spread_s in (1.0, 2.0):
        for _ in range(30):
            lights = {light, int(random.integers(len(space.lights)))}
            found.append(jiggled(space, plan, sorted(lights), spread_s, random))
    return list({one.key: one for one in found}.values())


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a plan is proposed.

    Attributes:
        proposed: it is.
        why: in words.
        gain_s: seconds of delay that it saves on the same seeds, with its interval; positive is better.
    """

    proposed: bool
    why: str
    gain_s: Interval


def verdict(bench: Bench, name: str, seeds: Sequence[int]) -> Verdict:
    """Compares a plan with the shipped one on seeds that its choice never used.

    Args:
        bench: makes the runs.
        name: of the plan.
        seeds: report seeds.
    """
    bench.run([SHIPPED, name], seeds)
    ours, shipped = bench.trials[name], bench.trials[SHIPPED]
    both = [seed for seed in seeds if seed in ours and seed in shipped]
    if len(both) < 2:
        return Verdict(False, "fewer than two pairs of runs came to their end", Interval(0.0, float("inf"), len(both)))
    gain = interval([shipped[seed].delay_s - ours[seed].delay_s for seed in both])
    jammed = [seed for seed in both if ours[seed].gridlocked]
    collisions = sum(ours[seed].collisions for seed in both)
    if jammed:
        return Verdict(False, f"the street jams with it on seed {', '.join(map(str, jammed))}", gain)
    if collisions:
        return Verdict(False, f"SUMO counts {collisions} collisions with it", gain)
    if gain.low <= 0.0:
        return Verdict(False, "its gain is no more than chance (the 95 % interval contains 0)", gain)
    return Verdict(True, "its gain is larger than chance on seeds that the search never used", gain)
