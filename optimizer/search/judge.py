"""What a plan costs: delay on several samples of demand and drivers, with a share for the worst of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.errors import ContractError
from nutgiao.models.queueing.network.model import Outcome, QueueModel
from nutgiao.optimizer.search.walkers import Walkers

F8 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Aim:
    """What counts.

    Attributes:
        members: ``(groups,)`` vehicles of each group of the model's demand.
        weight: ``(groups,)`` what one of them counts: 1 for the delay of vehicles, persons aboard for that of persons.
        approach: ``(groups,)`` number of the approach by which the group enters, from 0.
        stop_s: seconds of delay that a stop counts as.
        worst_approach: weight of the mean delay of the approach that fares worst.
        risk: weight of what the worst sample costs above the mean: a plan must have slack.
        walker: weight of the mean wait of people on foot.
        walkers: crossings at which they wait.
    """

    members: NDArray[np.int64]
    weight: F8
    approach: NDArray[np.int64]
    stop_s: float = 0.0
    worst_approach: float = 0.0
    risk: float = 0.25
    walker: float = 0.0
    walkers: Walkers | None = None

    def on_foot_s(self, stage_s: F8) -> F8:
        """What people on foot add to the cost of each plan, ``(plans,)`` seconds."""
        if not self.walker or self.walkers is None:
            return np.zeros(len(stage_s))
        return self.walker * self.walkers.wait_s(stage_s)

    def cost_s(self, outcome: Outcome) -> F8:
        """Cost of each plan and sample, ``(plans, seeds)`` seconds."""
        if self.weight.size and np.all(self.weight == self.weight[0]) and not self.worst_approach:
            return outcome.delay_s + self.stop_s * outcome.stops
        persons = self.members * self.weight
        delay = np.nan_to_num(outcome.group_delay_s)
        cost: F8 = (delay * persons).sum(-1) / persons.sum() + self.stop_s * outcome.stops
        if self.worst_approach:
            cost = cost + self.worst_approach * self._worst(delay)
        return cost

    def _worst(self, delay: F8) -> F8:
        """Delay of the approach that fares worst; those with less than 1 % of the vehicles are chance."""
        means = []
        for a in range(int(self.approach.max()) + 1):
            mine = self.members * (self.approach == a)
            if mine.sum() >= 0.01 * self.members.sum():
                means.append((delay * mine).sum(-1) / mine.sum())
        worst: F8 = np.max(means, axis=0)
        return worst


class Trier(Protocol):
    """What the steps of a search need of a judge, whatever street it tries plans on."""

    runs: int
    """Kernel runs so far."""

    @property
    def runs_a_plan(self) -> int:
        """Kernel runs that `costs` spends on a plan."""

    def costs(self, stage_s: F8, offset_s: F8) -> F8:
        """Cost of each plan, ``(plans,)``."""

    def sieve(self, stage_s: F8, offset_s: F8) -> F8:
        """`costs` of the plans that look good on a quicker look, infinite for the others."""


@dataclass(slots=True)
class Judge:
    """Tries plans and counts the runs.

    Attributes:
        samples: the street with one sample of demand each, and the seeds of its drivers. The first one alone judges
            the many plans of a sieve.
        aim: what counts.
        workers: cores; the result does not depend on it.
        runs: kernel runs so far.
    """

    samples: Sequence[tuple[QueueModel, Sequence[int]]]
    aim: Aim
    workers: int = 1
    runs: int = 0

    def __post_init__(self) -> None:
        if not self.samples:
            raise ContractError("samples: none; give at least one")

    @property
    def runs_a_plan(self) -> int:
        """Kernel runs that `costs` spends on a plan."""
        return sum(len(seeds) for _, seeds in self.samples)

    def quick(self, stage_s: F8, offset_s: F8) -> F8:
        """Cost on the first sample and its first seed only, ``(plans,)``."""
        model, seeds = self.samples[0]
        self.runs += len(stage_s)
        driving: F8 = self.aim.cost_s(model.evaluate(stage_s, offset_s, [seeds[0]], self.workers))[:, 0]
        return driving + self.aim.on_foot_s(stage_s)

    def table(self, stage_s: F8, offset_s: F8) -> F8:
        """Cost on every sample and seed, ``(plans, runs)``."""
        columns = []
        for model, seeds in self.samples:
            self.runs += len(stage_s) * len(seeds)
            columns.append(self.aim.cost_s(model.evaluate(stage_s, offset_s, list(seeds), self.workers)))
        return np.concatenate(columns, axis=1) + self.aim.on_foot_s(stage_s)[:, None]

    def costs(self, stage_s: F8, offset_s: F8) -> F8:
        """Mean over the samples and a share of the worst one, ``(plans,)``."""
        table = self.table(stage_s, offset_s)
        mean = table.mean(1)
        costs: F8 = mean + self.aim.risk * (table.max(1) - mean)
        return costs

    def sieve(self, stage_s: F8, offset_s: F8, keep: float = 0.2, least: int = 6) -> F8:
        """`costs` of the plans that do best on the first sample, infinite for the others."""
        count = max(least, int(np.ceil(keep * len(stage_s))))
        if len(stage_s) <= count:
            return self.costs(stage_s, offset_s)
        best = np.argsort(self.quick(stage_s, offset_s), kind="stable")[:count]
        found = np.full(len(stage_s), np.inf)
        found[best] = self.costs(stage_s[best], offset_s[best])
        return found
