"""Small and large changes of a plan: seconds traded between stages, other offsets, other cycles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.plan_space import PlanSpace, whole_seconds

F8 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan in the kernel's order.

    Attributes:
        stage_s: ``(stages,)`` lengths.
        offset_s: ``(lights,)`` offsets.
    """

    stage_s: F8
    offset_s: F8

    @property
    def key(self) -> bytes:
        """The same for the same plan."""
        return self.stage_s.tobytes() + self.offset_s.tobytes()


Batch = tuple[F8, F8]
"""``(plans, stages)`` and ``(plans, lights)``."""


def batch(plans: Sequence[Plan]) -> Batch:
    """Plans side by side, as the kernel takes them."""
    return np.array([p.stage_s for p in plans]), np.array([p.offset_s for p in plans])


def timed(space: PlanSpace, light: int, cycle_s: float, shares: F8) -> F8:
    """Green times of a light that fill a cycle.

    Args:
        space: what is allowed.
        light: number of the light.
        cycle_s: wanted; the nearest allowed one is taken.
        shares: ``(greens,)`` how green above the shortest is shared; any positive figures.
    """
    greens = space.greens_of(light)
    least, most = space.least_s[greens], space.most_s[greens]
    low, high = space.cycle_bounds_s(light)
    total = np.rint(np.clip(cycle_s, low, high) - space.fixed_s(light))
    total = float(np.clip(total, least.sum(), most.sum()))
    spare = total - least.sum()
    part = np.maximum(shares, 1e-9)
    wanted = least + spare * part / part.sum()
    return whole_seconds(np.minimum(wanted, most), round(total), least, most)


def with_cycle(space: PlanSpace, plan: Plan, light: int, cycle_s: float) -> Plan:
    """The plan with another cycle of a light: its greens keep their proportions, its offset its place in the cycle."""
    greens = space.greens_of(light)
    if not len(greens):
        return plan
    stage_s, offset_s = plan.stage_s.copy(), plan.offset_s.copy()
    before_s = float(stage_s[space.stages_of(light)].sum())
    stage_s[greens] = timed(space, light, cycle_s, stage_s[greens] - space.least_s[greens] + 0.5)
    after_s = float(stage_s[space.stages_of(light)].sum())
    offset_s[light] = np.rint(offset_s[light] * after_s / before_s) % after_s
    return Plan(stage_s, offset_s)


def with_one_cycle(space: PlanSpace, plan: Plan, cycle_s: float) -> Plan:
    """The plan with the same cycle at all lights, or the nearest one that each may have."""
    low, high = common_bounds_s(space)
    wanted_s = float(np.clip(np.rint(cycle_s), low, high)) if low <= high else cycle_s
    for light in range(len(space.lights)):
        plan = with_cycle(space, plan, light, wanted_s)
    return plan


def common_bounds_s(space: PlanSpace) -> tuple[float, float]:
    """Cycles that every light may have; the first is above the second if there is none."""
    bounds = [space.cycle_bounds_s(light) for light in range(len(space.lights)) if len(space.greens_of(light))]
    return max(low for low, _ in bounds), min(high for _, high in bounds)


def repaired(space: PlanSpace, plan: Plan) -> Plan:
    """The nearest plan that is allowed: greens and cycles within bounds, offsets within the cycle."""
    stage_s = np.where(space.green, np.clip(np.rint(plan.stage_s), space.least_s, space.most_s), space.shipped_stage_s)
    made = Plan(stage_s, plan.offset_s.copy())
    cycles = space.cycles_s(stage_s)
    for light in range(len(space.lights)):
        low, high = space.cycle_bounds_s(light)
        if len(space.greens_of(light)) and not low <= cycles[light] <= high:
            made = with_cycle(space, made, light, float(cycles[light]))
    if space.common_cycle:
        made = with_one_cycle(space, made, float(np.median(cycles)))
    return Plan(made.stage_s, np.rint(made.offset_s) % space.cycles_s(made.stage_s))


def neighbours(space: PlanSpace, plan: Plan, light: int, steps: Sequence[int]) -> list[Plan]:
    """Plans that differ at one light: its offset, a trade between two greens, the length of one green.

    Args:
        space: what is allowed.
        plan: from which they start.
        light: number of the light.
        steps: sizes of the changes, whole seconds.
    """
    greens = space.greens_of(light)
    cycle_s = float(plan.stage_s[space.stages_of(light)].sum())
    low, high = space.cycle_bounds_s(light)
    first = int(space.stage_ptr[light])
    found: dict[bytes, Plan] = {}

    def add(stage_s: F8, offset_s: float) -> None:
        offsets = plan.offset_s.copy()
        offsets[light] = offset_s % float(stage_s[space.stages_of(light)].sum())
        made = Plan(stage_s, offsets)
        found.setdefault(made.key, made)

    offset_s = float(plan.offset_s[light])
    for step in steps:
        for signed in (step, -step):
            if len(space.lights) > 1 or len(greens):
                add(plan.stage_s, offset_s + signed)
            for a in greens.tolist():
                for b in greens.tolist():
                    if a != b:
                        stage_s = plan.stage_s.copy()
                        stage_s[a] += step
                        stage_s[b] -= step
                        if signed > 0 and stage_s[a] <= space.most_s[a] and stage_s[b] >= space.least_s[b]:
                            add(stage_s, offset_s)
                if space.common_cycle or not low <= cycle_s + signed <= high:
                    continue
                stage_s = plan.stage_s.copy()
                stage_s[a] += signed
                if space.least_s[a] <= stage_s[a] <= space.most_s[a]:
                    add(stage_s, offset_s)
                    if a > first:
                        add(stage_s, offset_s - signed)  # the stages behind it stay where they were at first
    found.pop(plan.key, None)
    return list(found.values())


def kicked(space: PlanSpace, plan: Plan, lights: Sequence[int], random: np.random.Generator) -> Plan:
    """The plan with some lights thrown about: another split, another offset, or the cycle of another light."""
    stage_s, offset_s = plan.stage_s.copy(), plan.offset_s.copy()
    cycles = space.cycles_s(stage_s)
    for light in lights:
        greens = space.greens_of(light)
        if not len(greens):
            continue
        cycle_s = cycles[light]
        if not space.common_cycle and random.random() < 0.4:
            others = cycles[[other for other in range(len(cycles)) if other != light]] if len(cycles) > 1 else cycles
            cycle_s = random.choice(others) if random.random() < 0.5 else cycle_s * np.exp(random.normal(0, 0.2))
        shares = (stage_s[greens] - space.least_s[greens] + 1.0) * np.exp(random.normal(0.0, 0.4, len(greens)))
        stage_s[greens] = timed(space, light, float(cycle_s), shares)
        now_s = float(stage_s[space.stages_of(light)].sum())
        offset_s[light] = np.rint(offset_s[light] + random.normal(0.0, 0.15) * now_s) % now_s
    made = Plan(stage_s, offset_s)
    return repaired(space, made)


def jiggled(space: PlanSpace, plan: Plan, lights: Sequence[int], spread_s: float, random: np.random.Generator) -> Plan:
    """The plan with all greens and the offsets of some lights moved a little at once.

    Args:
        space: what is allowed.
        plan: from which it starts.
        lights: which change.
        spread_s: standard deviation of each change, seconds.
        random: of the changes.
    """
    stage_s, offset_s = plan.stage_s.copy(), plan.offset_s.copy()
    for light in lights:
        greens = space.greens_of(light)
        stage_s[greens] += np.rint(random.normal(0.0, spread_s, len(greens)))
        offset_s[light] += np.rint(random.normal(0.0, spread_s))
    return repaired(space, Plan(stage_s, offset_s))
