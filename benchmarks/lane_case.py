"""A street as the network kernel runs it: tables, a plan, a draw of drivers, a workspace; and how long a run takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from nutgiao.models.queueing.network.batch import reset, settle
from nutgiao.models.queueing.network.kernel import advance
from nutgiao.models.queueing.network.model import QueueModel
from nutgiao.models.queueing.network.run import new_state
from nutgiao.models.queueing.network.tables import F8, PASSED, Behaviour, Demand, Network, Programs, State
from nutgiao.simulation.queue_model import QueueScenario, read_queue_scenario
from nutgiao.simulation.scenario import Scenario

NO_TRACE = np.zeros((0, 4))


@dataclass(frozen=True, slots=True)
class Case:
    """Everything that a run needs.

    Attributes:
        name: of the street.
        net: its tables.
        how: how drivers behave.
        programs: its signal programs.
        demand: who drives.
        stage_s: ``(stages,)`` lengths, the plan.
        offset_s: ``(controllers,)``.
        pace: ``(vehicles,)``.
        begin_s: time of day of second 0.
        seconds: length of a run.
        state: workspace.
    """

    name: str
    net: Network
    how: Behaviour
    programs: Programs
    demand: Demand
    stage_s: F8
    offset_s: F8
    pace: F8
    begin_s: float
    seconds: int
    state: State

    def reset(self) -> None:
        """Empties the street."""
        reset(self.net, self.programs, self.demand, self.stage_s, self.offset_s, self.pace, self.begin_s, self.state)

    def advance(self) -> None:
        """Lets it live through the whole time, from empty."""
        advance(self.net, self.how, self.programs, self.demand, self.stage_s, self.state, 0, self.seconds, NO_TRACE)

    def settle(self) -> float:
        """Delay of all vehicles together, in seconds."""
        delay_s, stops = np.zeros(1), np.zeros(1)
        settle(self.net, self.demand, self.state, float(self.seconds), delay_s, stops)
        return float(delay_s[0])

    def run(self) -> float:
        """One whole run; gives the delay."""
        self.reset()
        self.advance()
        return self.settle()

    def figures(self) -> F8:
        """The delay of every vehicle so far and the counters, to compare twins by."""
        return np.concatenate([self.state.vehicles.delay_s, self.state.clock.astype(np.float64)])

    def shortened(self, seconds: int) -> Case:
        """The same street for fewer seconds, with a workspace of its own."""
        return replace(self, seconds=seconds, state=new_state(self.net, self.programs, self.demand, seconds))

    @property
    def links(self) -> int:
        """Vehicle-links of the last run."""
        return int(self.state.clock[PASSED])


def case_of(queues: QueueScenario, name: str) -> Case:
    """A scenario with its shipped plan."""
    model: QueueModel = queues.model()
    stage_s, offset_s = queues.plan({})
    return Case(
        name=name, net=model.net, how=model.how, programs=model.programs, demand=model.demand, stage_s=stage_s,
        offset_s=offset_s, pace=model.paces(1)[0], begin_s=model.begin_s, seconds=model.duration_s, state=model.state,
    )  # fmt: skip


def sumo_case(scenario: Scenario) -> Case:
    """A SUMO scenario with frozen routes."""
    return case_of(read_queue_scenario(scenario), scenario.name)


def cpu_s(once: Callable[[], object], *, least_s: float, before: Callable[[], object] = lambda: None) -> float:
    """Median CPU time of a call of this process.

    Args:
        once: what is timed.
        least_s: calls go on until this much time is spent in them, five at least.
        before: is called before each and not timed.
    """
    taken: list[int] = []
    while len(taken) < 5 or sum(taken) < least_s * 1e9:
        before()
        started = time.process_time_ns()
        once()
        taken.append(time.process_time_ns() - started)
    return float(np.median(taken)) / 1e9
