"""Picks among the kernel's favourites with SUMO: fewer and fewer plans on more and more seeds, then a verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from nutgiao.cli.optimize_problem import Problem
from nutgiao.models.intervals import Interval, interval
from nutgiao.optimizer.search.moves import Plan
from nutgiao.optimizer.search.steps import Scored
from nutgiao.simulation.trial import Trial, jammed_seeds
from nutgiao.simulation.verify import Answer, Job, Workers

SHIPPED, START = "shipped", "start"
HALVING = ((12, 1), (5, 3), (2, 5))
"""Plans and training seeds of each cut; the shipped plan is always in."""


@dataclass(slots=True)
class Bench:
    """SUMO runs of one scenario, each made once.

    Attributes:
        problem: whose plans.
        workers: the processes that run SUMO.
        quick: the same without figures by edge, which take SUMO up to twice as long; for the choice.
        on_run: told of each run that is done.
        trials: plan to seed to figures.
        plans: name to plan.
        problems: messages of runs that failed.
        runs: made so far.
        cpu_s: that they took.
    """

    problem: Problem
    workers: Workers
    quick: Workers | None = None
    on_run: Callable[[Answer], None] = lambda _answer: None
    trials: dict[str, dict[int, Trial]] = field(default_factory=dict)
    plans: dict[str, Plan] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    runs: int = 0
    cpu_s: float = 0.0

    @property
    def kept(self) -> int:
        """How many of the runs were known from an earlier command."""
        return self.workers.kept + (self.quick.kept if self.quick else 0)

    def run(self, names: Sequence[str], seeds: Sequence[int], *, by_edge: bool = False) -> None:
        """Makes what is missing of these plans and seeds.

        Args:
            names: plans.
            seeds: of SUMO.
            by_edge: with figures by edge, as the report needs them.
        """
        jobs = []
        workers = self.workers if by_edge or self.quick is None else self.quick
        for name in names:
            known = self.trials.setdefault(name, {})
            programs = () if name == SHIPPED else self.problem.signal_programs(self.plans[name])
            jobs += [Job(name, programs, seed) for seed in seeds if seed not in known]
        for answer in workers.run(self.problem.scenario, jobs, self.on_run) if jobs else ():
            self.runs += 1
            if answer.trial is None:
                self.problems.append(answer.problem)
            else:
                self.cpu_s += answer.trial.cpu_s
                self.trials[answer.job.plan][answer.job.seed] = answer.trial

    def turn_to(self, problem: Problem) -> None:
        """Goes on with plans of other stages; of the runs so far only those of the shipped plan are kept."""
        self.problem = problem
        self.plans.clear()
        self.trials = {name: known for name, known in self.trials.items() if name == SHIPPED}

    def score_s(self, name: str, seeds: Sequence[int]) -> float:
        """Mean delay on these seeds; infinite if one is missing, jammed or has a collision that shipped has not."""
        known = self.trials.get(name, {})
        if not all(seed in known for seed in seeds):
            return float("inf")
        mine = [known[seed] for seed in seeds]
        if name != SHIPPED and (jammed_seeds(mine) or any(one.collisions for one in mine)):
            return float("inf")
        return float(np.mean([one.delay_s for one in mine]))

    def order(self, names: Sequence[str], seeds: Sequence[int]) -> list[str]:
        """Names by delay, the best one first; what is excluded is left out."""
        scores = {name: self.score_s(name, seeds) for name in names}
        return sorted((name for name in names if np.isfinite(scores[name])), key=lambda name: scores[name])


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

    The plan that the search began with is in every cut.

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
        if START in bench.plans and START not in names:
            names.append(START)
        bench.run(names, seeds[:used])
        names = bench.order(names, seeds[:used])
    return names


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
    bench.run([SHIPPED, name], seeds, by_edge=True)
    ours, shipped = bench.trials[name], bench.trials[SHIPPED]
    both = [seed for seed in seeds if seed in ours and seed in shipped]
    if len(both) < 2:
        return Verdict(False, "fewer than two pairs of runs came to their end", Interval(0.0, float("inf"), len(both)))
    gain = interval([shipped[seed].delay_s - ours[seed].delay_s for seed in both])
    jammed = jammed_seeds(ours[seed] for seed in both)
    collisions = sum(ours[seed].collisions for seed in both)
    if jammed:
        return Verdict(False, f"the street jams with it on seed {', '.join(map(str, jammed))}", gain)
    if collisions:
        return Verdict(False, f"SUMO counts {collisions} collisions with it", gain)
    if gain.low <= 0.0:
        return Verdict(False, "its gain is no more than chance (the 95 % interval contains 0)", gain)
    return Verdict(True, "its gain is larger than chance on seeds that the search never used", gain)
