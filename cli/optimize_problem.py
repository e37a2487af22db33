"""From a scenario to what the search needs: the street on the kernel, the plans that are allowed, and what counts."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from nutgiao.models.contracts.errors import ConfigError
from nutgiao.models.plan_space import PlanSpace
from nutgiao.optimizer.search.judge import Aim, Judge
from nutgiao.optimizer.search.moves import Plan
from nutgiao.optimizer.search.walkers import Walkers, crossing
from nutgiao.simulation.demand_samples import Groups, samples
from nutgiao.simulation.plan_space import Limits, check_adjustable, crossing_need_s, plan_space
from nutgiao.simulation.queue_model import QueueScenario, read_queue_scenario
from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.signal_programs import SignalProgram


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is asked of a plan.

    Attributes:
        limits: bounds of greens and cycles.
        persons: delays count by persons aboard instead of by vehicles.
        stop_s: as in `Aim`.
        worst_approach: as in `Aim`.
        risk: as in `Aim`.
        walker: as in `Aim`.
        samples: of the demand; the first one is as scheduled.
        jitter_s: by how much departures move in the others.
        seed: of search and samples.
        workers: cores.
        free_order: the order of the stages may change, and stages that others make up for may be left out.
        amber_s: of the change intervals between stages of a free order; None for what is usual.
        all_red_s: as ``amber_s``.
        start: programs to begin with, instead of the shipped ones; the order of their stages stays.
    """

    limits: Limits = field(default_factory=Limits)
    persons: bool = False
    stop_s: float = 0.0
    worst_approach: float = 0.0
    risk: float = 0.25
    samples: int = 4
    jitter_s: float = 15.0
    seed: int = 1
    workers: int = 1
    free_order: bool = False
    amber_s: int | None = None
    all_red_s: int = 0
    walker: float = 0.0
    start: tuple[SignalProgram, ...] | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """A scenario that can be optimised.

    Attributes:
        scenario: as SUMO runs it.
        queue: as the kernel runs it, with frozen routes.
        programs: in the kernel's order, with shipped lengths; shipped ones if ``as_shipped``.
        space: plans that are allowed.
        judge: tries plans on the kernel.
        groups: of vehicles that count together.
        wishes: what is asked.
        as_shipped: stages, their order and change intervals are the shipped ones.
    """

    scenario: Scenario
    queue: QueueScenario
    programs: tuple[SignalProgram, ...]
    space: PlanSpace
    judge: Judge
    groups: Groups
    wishes: Wishes
    as_shipped: bool = True

    def signal_programs(self, plan: Plan) -> tuple[SignalProgram, ...]:
        """The plan as SUMO's programs."""
        made = []
        for light, program in enumerate(self.programs):
            stages = tuple(plan.stage_s[self.space.stages_of(light)].tolist())
            made.append(replace(program, offset_s=float(plan.offset_s[light]), durations_s=stages))
        return tuple(made)

    @property
    def fingerprint(self) -> str:
        """Changes with everything that the search depends on, so that no checkpoint is taken for another's."""
        digest = hashlib.sha256(repr(self.wishes).replace(f"workers={self.wishes.workers}", "").encode())
        for path in (self.scenario.net, *self.scenario.routes, *self.scenario.additional):
            digest.update(path.read_bytes())
        digest.update(f"{self.scenario.begin_s} {self.scenario.end_s} {self.programs}".encode())
        return digest.hexdigest()[:24]


def pose(
    scenario: Scenario,
    wishes: Wishes,
    cache: Path | None,
    frozen: Scenario | None = None,
) -> Problem:
    """Makes a problem of a scenario.

    Args:
        scenario: as SUMO runs it.
        wishes: what is asked.
        cache: folder for its frozen routes.
        frozen: the same scenario with frozen routes, if there is one already.

    Raises:
        ConfigError: if a file is broken, there is no traffic light, or no length may change.
        SimulationFailed: if SUMO refuses the scenario.
    """
    queue = read_queue_scenario(frozen or scenario, None if frozen else cache)
    need_s = crossing_need_s(scenario)
    space = plan_space(queue.street.programs, wishes.limits, need_s)
    check_adjustable(scenario, space)
    models, groups = samples(queue, wishes.samples, wishes.jitter_s, 1000 * wishes.seed)
    weight = groups.persons if wishes.persons else np.ones(len(groups.members))
    on_foot = walkers_of(queue.street.programs, space, need_s)
    if wishes.walker and not on_foot.crossings:
        cure = "Leave it out, or build the network with crossings."
        raise ConfigError(str(scenario.net), None, "--walkers", "no light has a crossing that is red at times.", cure)
    aim = Aim(
        groups.members,
        weight,
        groups.approach,
        wishes.stop_s,
        wishes.worst_approach,
        wishes.risk,
        wishes.walker,
        on_foot,
    )
    judge = Judge([(model, [wishes.seed * 100 + k]) for k, model in enumerate(models)], aim, wishes.workers)
    return Problem(scenario, queue, tuple(queue.street.programs), space, judge, groups, wishes)


def walkers_of(
    programs: Sequence[SignalProgram], space: PlanSpace, need_s: Mapping[str, Mapping[int, float]]
) -> Walkers:
    """The crossings of these programs.

    Args:
        programs: in the order of the space's lights.
        space: plans that are allowed.
        need_s: light to link of each crossing, as `crossing_need_s` tells.
    """
    found = [
        crossing(space, light, [state[link] in "Gg" for state in program.states])
        for light, program in enumerate(programs)
        for link in need_s.get(program.id, {})
    ]
    return Walkers(space, tuple(one for one in found if one is not None))
