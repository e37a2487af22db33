"""Chooses the order of the stages, and which to leave out, light by light: each order with greens that suit it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.plan_space import PlanSpace
from nutgiao.optimizer.search.judge import Judge
from nutgiao.optimizer.search.moves import Plan, batch, neighbours, repaired, with_cycle, with_one_cycle
from nutgiao.optimizer.search.starts import starts

F8 = NDArray[np.float64]
Order = tuple[int, ...]
"""Numbers of a light's green stages."""

FINALISTS, TEAM_FINALISTS = 5, 3
"""Orders of a light, and of a kind of lights, whose greens are improved before one is taken."""

_STEPS_S = (1, 3, 8)
_POLISHES = 3
_LEAST_GAIN = 0.0005
"""Share of the cost below which another order is not worth the change."""

_CYCLES = (0.6, 0.75, 0.9, 1.1, 1.3)
"""Of the present cycle: an order with fewer stages wants a shorter one."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a choice of orders allows.

    Attributes:
        orders: one a light; an empty one is a light that keeps its shipped program.
        space: the plans.
        judge: tries them.
        state_of: ``(stages,)`` number of the light's green stage, -1 for a stage of a change interval.
    """

    orders: tuple[Order, ...]
    space: PlanSpace
    judge: Judge
    state_of: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice of orders with a plan for it.

    Attributes:
        cost_s: of the plan.
        setting: the orders and what they allow.
        plan: the best so far.
    """

    cost_s: float
    setting: Setting
    plan: Plan


Arrange = Callable[[tuple[Order, ...]], Setting]
Options = Callable[[int, Order, np.random.Generator], Sequence[Order]]
"""Other orders of a light, whose present one is given."""


def carried(before: Setting, plan: Plan, after: Setting) -> Plan:
    """A plan with its greens stage by stage under other orders; new stages have their shipped greens.

    A light goes on such that the first of its stages that is in both begins when it did.
    """
    stage_s, offset_s = after.space.shipped_stage_s.copy(), plan.offset_s.copy()
    for light in range(len(after.space.lights)):
        old, new = before.space.stages_of(light), after.space.stages_of(light)
        if before.orders[light] == after.orders[light]:
            stage_s[new] = plan.stage_s[old]
            continue
        was = {int(k): p for p, k in enumerate(before.state_of[old].tolist()) if k >= 0}
        common: tuple[int, int] | None = None
        for p, k in enumerate(after.state_of[new].tolist()):
            if k >= 0 and k in was:
                stage_s[new.start + p] = plan.stage_s[old.start + was[k]]
                common = common or (was[k], p)
        if common:
            began_s = float(plan.stage_s[old][: common[0]].sum())
            offset_s[light] += began_s - float(stage_s[new][: common[1]].sum())
    return repaired(after.space, Plan(stage_s, offset_s))


def polished(setting: Setting, cost_s: float, plan: Plan, light: int, times: int = _POLISHES) -> tuple[float, Plan]:
    """The plan after a few best small changes of one light."""
    for _ in range(times):
        near = neighbours(setting.space, plan, light, _STEPS_S)
        if not near:
            break
        costs = setting.judge.sieve(*batch(near), keep=0.1)
        least = int(np.argmin(costs))
        if costs[least] >= cost_s - 1e-9:
            break
        cost_s, plan = float(costs[least]), near[least]
    return cost_s, plan


def choose(
    arrange: Arrange,
    options: Options,
    start: Choice,
    kinds: Sequence[int],
    random: np.random.Generator,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Choice]:
    """Takes better orders until no light has one.

    Args:
        arrange: makes the space of a choice of orders.
        options: orders of a light to try.
        start: where it begins.
        kinds: ``(lights,)`` the same number for lights with the same stages; they are tried together first.
        random: order of the lights, and samples of orders.
        stop: asked between two lights.

    Yields:
        The best so far, after each kind and each light.
    """
    best = start
    for kind in sorted(set(kinds)):
        members = [light for light, one in enumerate(kinds) if one == kind]
        if len(members) > 1 and not stop():
            best = _together(arrange, options, best, members, random)
            yield best
    lights = [light for light in range(len(kinds)) if start.setting.orders[light]]
    while lights and not stop():
        moved = []
        for light in random.permutation(lights).tolist():
            if stop():
                return
            made = _alone(arrange, options, best, light, random)
            if made is not best:
                best = made
                moved.append(light)
            yield best
        lights = lights if moved else []


def _variants(best: Choice, setting: Setting, lights: Sequence[int]) -> list[Plan]:
    """The plan under other orders, with several cycles of the lights that changed."""
    plan = carried(best.setting, best.plan, setting)
    found = [plan]
    if setting.space.common_cycle:
        now_s = float(setting.space.cycles_s(plan.stage_s)[lights[0]])
        found += [repaired(setting.space, with_one_cycle(setting.space, plan, now_s * part)) for part in _CYCLES]
        return found
    before_s = best.setting.space.cycles_s(best.plan.stage_s)
    for part in (None, *_CYCLES):
        made = plan
        for light in lights:
            made = with_cycle(setting.space, made, light, float(before_s[light]) * (part or 1.0))
        found.append(repaired(setting.space, made))
    return list({one.key: one for one in found}.values())


def _alone(arrange: Arrange, options: Options, best: Choice, light: int, random: np.random.Generator) -> Choice:
    own = best.setting.orders[light]
    looks: list[tuple[float, Setting, Plan]] = []
    for order in options(light, own, random):
        setting = arrange((*best.setting.orders[:light], order, *best.setting.orders[light + 1 :]))
        plans = _variants(best, setting, [light])
        quick = setting.judge.quick(*batch(plans))
        least = int(np.argmin(quick))
        looks.append((float(quick[least]), setting, plans[least]))
    return _finals(best, sorted(looks, key=lambda one: one[0])[:FINALISTS], [light])


def _together(
    arrange: Arrange, options: Options, best: Choice, members: Sequence[int], random: np.random.Generator
) -> Choice:
    own = best.setting.orders[members[0]]
    if not own:
        return best
    looks: list[tuple[float, Setting, Plan]] = []
    for order in options(members[0], own, random):
        setting = arrange(tuple(order if k in set(members) else one for k, one in enumerate(best.setting.orders)))
        model = setting.judge.samples[0][0]
        plans = [*_variants(best, setting, members), *starts(setting.space, model, random)]
        quick = setting.judge.quick(*batch(plans))
        least = int(np.argmin(quick))
        looks.append((float(quick[least]), setting, plans[least]))
    looks = sorted(looks, key=lambda one: one[0])[:TEAM_FINALISTS]
    return _finals(best, looks, random.permutation(members).tolist(), 1)


def _finals(
    best: Choice, looks: Sequence[tuple[float, Setting, Plan]], lights: Sequence[int], times: int = _POLISHES
) -> Choice:
    """Improves the greens of each; the best one is taken if it beats what there is, improved in the same way."""
    cost_s, plan = best.cost_s, best.plan
    for light in lights:
        cost_s, plan = polished(best.setting, cost_s, plan, light, times)
    found = Choice(cost_s, best.setting, plan) if cost_s < best.cost_s else best
    limit_s = cost_s * (1.0 - _LEAST_GAIN)
    for _, setting, made in looks:
        cost_s, plan = float(setting.judge.costs(*batch([made]))[0]), made
        for light in lights:
            cost_s, plan = polished(setting, cost_s, plan, light, times)
        if cost_s < limit_s:
            found, limit_s = Choice(cost_s, setting, plan), cost_s
    return found
