"""Another order of the stages: the lights' stages and conflicts from SUMO's network, the choice on the queue kernel."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from nutgiao.cli.optimize_problem import Problem, walkers_of
from nutgiao.models.contracts.errors import ConfigError
from nutgiao.optimizer.search.judge import Judge
from nutgiao.optimizer.search.moves import Plan, batch
from nutgiao.optimizer.search.orders import Choice, Order, Setting, choose
from nutgiao.optimizer.search.steps import Scored
from nutgiao.simulation.conflicts import read_lights_of
from nutgiao.simulation.plan_space import plan_space
from nutgiao.simulation.rearrange import rearranged, resignalled
from nutgiao.simulation.stage_order import (
    ChangeRule,
    Light,
    arranged,
    near_orders,
    orders,
    usual_amber_s,
    whole_order,
)

MOST_ORDERS = 24
"""Of a light that are tried at once."""


@dataclass(frozen=True, slots=True)
class Arranger:
    """Makes problems of orders.

    Attributes:
        problem: with shipped orders; its kernel is the one that is used.
        lights: what each may show.
        rules: change interval of each.
        need_s: green that walkers need.
    """

    problem: Problem
    lights: tuple[Light, ...]
    rules: tuple[ChangeRule, ...]
    need_s: dict[str, dict[int, float]]

    @property
    def shipped(self) -> tuple[Order, ...]:
        """All stages of each light, in shipped order."""
        return tuple(whole_order(light) for light in self.lights)

    @property
    def kinds(self) -> list[int]:
        """The same number for lights with the same stages."""
        number: dict[tuple[str, ...], int] = {}
        return [number.setdefault(light.states, len(number)) for light in self.lights]

    def posed(self, chosen: tuple[Order, ...]) -> tuple[Problem, Setting]:
        """The problem for these orders."""
        base = self.problem
        made = [arranged(*one) for one in zip(self.lights, chosen, self.rules, strict=True)]
        queue = rearranged(base.queue, [one.program for one in made])
        space = plan_space(queue.street.programs, base.wishes.limits, self.need_s, [one.green for one in made])
        samples = [(resignalled(model, queue), seeds) for model, seeds in base.judge.samples]
        programs = tuple(queue.street.programs)
        aim = replace(base.judge.aim, walkers=walkers_of(programs, space, self.need_s))
        judge = Judge(samples, aim, base.judge.workers)
        problem = replace(base, queue=queue, space=space, judge=judge, programs=programs, as_shipped=False)
        state_of = np.array([number for one in made for number in one.state_of], np.int64)
        return problem, Setting(chosen, space, judge, state_of)

    def on(self, judge: Judge) -> Arranger:
        """The same on the kernel of another judge, as one that has learned."""
        return replace(self, problem=replace(self.problem, judge=judge))

    def options(self, light: int, own: Order, random: np.random.Generator) -> Sequence[Order]:
        """Orders of a light to try: all if there are few, else those near its own and a sample of the others."""
        some = orders(self.lights[light], MOST_ORDERS, random)
        if len(some) == MOST_ORDERS:
            near = near_orders(self.lights[light], own)
            near = [near[k] for k in random.permutation(len(near))[: MOST_ORDERS // 2].tolist()]
            some = [*near, *some[:: 1 if len(near) < MOST_ORDERS // 2 else 2]]
        return [order for order in dict.fromkeys(some) if order != own]


def arranger(problem: Problem) -> Arranger:
    """What is needed to try other orders of a scenario.

    Raises:
        ConfigError: if the wished change interval is none.
    """
    lights = tuple(read_lights_of(problem.scenario, problem.programs))
    need_s = {light.shipped.id: dict(light.walk_clear_s) for light in lights}
    wished = problem.wishes
    rules = tuple(ChangeRule(wished.amber_s or usual_amber_s(one.shipped), wished.all_red_s) for one in lights)
    return Arranger(problem, lights, rules, need_s)


def chosen_orders(
    made: Arranger,
    chosen: tuple[Order, ...],
    plan: Plan | None,
    random: np.random.Generator,
    stop: Callable[[int], bool],
    told: Callable[[Choice], None] = lambda _choice: None,
) -> tuple[Choice, int]:
    """Chooses the orders on the kernel.

    Args:
        made: makes problems of orders.
        chosen: orders to begin with.
        plan: for them; without one the shipped greens.
        random: of the choice.
        stop: asked between two lights, with the kernel runs so far.
        told: of the best so far.

    Returns:
        Orders and plan, and the kernel runs spent.
    """
    judges: list[Judge] = []

    def spent() -> int:
        return sum(judge.runs for judge in judges)

    def arrange(wanted: tuple[Order, ...]) -> Setting:
        _, setting = made.posed(wanted)
        judges.append(setting.judge)
        return setting

    setting = arrange(chosen)
    plan = plan or Plan(setting.space.shipped_stage_s, setting.space.shipped_offset_s)
    first = best = Choice(float(setting.judge.costs(*batch([plan]))[0]), setting, plan)
    for better in choose(arrange, made.options, first, made.kinds, random, lambda: stop(spent())):
        best = better
        told(best)
    return best, spent()


def reordered(
    made: Arranger,
    plan: Plan | None,
    stop: Callable[[int], bool],
    file: Path | None,
    told: Callable[[Choice], None] = lambda _choice: None,
) -> tuple[Problem, Scored, int]:
    """The problem for the orders that suit it, with a plan to go on from, and the kernel runs spent.

    Args:
        made: makes problems of orders.
        plan: for all stages in shipped order; without one the shipped greens.
        stop: as in `chosen_orders`.
        file: in which the choice is kept, so that a search that is continued goes on with it.
        told: of the best so far.

    Raises:
        ConfigError: if the file is broken or of another problem.
    """
    known = _read(file, made) if file and file.exists() else None
    runs = 0
    if known is None:
        random = np.random.default_rng((made.problem.wishes.seed, 11))
        best, runs = chosen_orders(made, made.shipped, plan, random, stop, told)
        known = best.setting.orders, best.plan
        if file:
            body = {"stage_s": best.plan.stage_s.tolist(), "offset_s": best.plan.offset_s.tolist()}
            whose = {"fingerprint": made.problem.fingerprint, "orders": best.setting.orders}
            file.write_text(json.dumps(whose | body), encoding="utf-8")
    problem, setting = made.posed(known[0])
    cost_s = float(setting.judge.costs(*batch([known[1]]))[0])
    return problem, (cost_s, known[1]), runs + setting.judge.runs


def _read(file: Path, made: Arranger) -> tuple[tuple[Order, ...], Plan]:
    cure = "Remove it or give --fresh to start anew."
    try:
        body = json.loads(file.read_text(encoding="utf-8"))
        orders_ = tuple(tuple(int(k) for k in order) for order in body["orders"])
        plan = Plan(np.array(body["stage_s"], np.float64), np.array(body["offset_s"], np.float64))
        whose = body["fingerprint"]
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(str(file), None, "", f"is no whole choice of orders: {error}.", cure) from error
    if whose != made.problem.fingerprint:
        raise ConfigError(str(file), None, "fingerprint", "is of another scenario, or of other wishes.", cure)
    return orders_, plan
