"""Plans to begin with: the shipped one, and for a sweep of cycles shipped, equal and Webster's splits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.plan_space import PlanSpace
from nutgiao.models.queueing.network.model import QueueModel
from nutgiao.models.queueing.network.tables import GREEN, YIELD
from nutgiao.models.queueing.webster import cycle_s as webster_cycle_s
from nutgiao.optimizer.search.moves import Plan, repaired, timed, with_cycle, with_one_cycle

F8 = NDArray[np.float64]

SWEEP_S = (24, 30, 36, 42, 48, 54, 60, 68, 76, 84, 92, 100, 112, 124, 140, 160, 180)
HEADWAY_S = 2.0
"""Saturation headway of Webster's splits, which are only a start: 1,800 vehicles an hour and lane."""

_YIELD_SHARE = 0.5
"""What a green that gives way is worth beside a protected one."""


def lane_flow_per_s(model: QueueModel) -> tuple[F8, F8]:
    """Vehicles a second that want to pass each link, ``(links,)``, and each lane, ``(lanes,)``.

    A vehicle counts in equal parts on the lanes that lead it on without penalty.
    """
    demand, links = model.demand, len(model.net.links)
    ends = np.append(np.unique(demand.vehicles.step), len(demand.step_choice))
    first, users = np.unique(demand.vehicles.step, return_counts=True)
    flow = np.zeros(links)
    for start, count in zip(first.tolist(), users.tolist(), strict=True):
        stop = int(ends[np.searchsorted(ends, start, side="right")])
        for choice in model.demand.choices[demand.step_choice[start:stop]]:
            options = demand.options[int(choice.first) : int(choice.end)]
            best = options[options.penalty <= 0]
            for option in best:
                if option.link >= 0:
                    flow[option.link] += count / len(best)
    per_lane = np.zeros(len(model.net.lanes))
    np.add.at(per_lane, model.net.links.lane, flow)
    return flow / model.duration_s, per_lane / model.duration_s


def flow_ratios(space: PlanSpace, model: QueueModel) -> F8:
    """Webster's critical flow ratio of each stage, ``(stages,)``; 0 for stages that are no green ones.

    A lane's flow is shared among the stages that serve it, by their shipped lengths.
    """
    _, per_lane = lane_flow_per_s(model)
    programs, links = model.programs, model.net.links
    worth = np.zeros((len(space.shipped_stage_s), len(per_lane)))
    for light in range(len(space.lights)):
        groups = np.arange(programs.group_ptr[light], programs.group_ptr[light + 1])
        for p in space.greens_of(light).tolist():
            lamps = programs.lamp[programs.lamp_ptr[p] : programs.lamp_ptr[p] + len(groups)]
            for lamp, value in ((GREEN, 1.0), (YIELD, _YIELD_SHARE)):
                lanes = links.lane[np.isin(links.group, groups[lamps == lamp])]
                worth[p, lanes] = np.maximum(worth[p, lanes], value)
    weighted = worth * space.shipped_stage_s[:, None]
    total = np.zeros_like(per_lane)
    for light in range(len(space.lights)):
        total = np.maximum(total, weighted[space.stages_of(light)].sum(0))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(total > 0, weighted / total, 0.0) * per_lane * HEADWAY_S
    found: F8 = ratio.max(1) if len(per_lane) else np.zeros(len(worth))
    return np.where(space.green, found, 0.0)


def starts(
    space: PlanSpace, model: QueueModel, random: np.random.Generator, sweep: Sequence[int] = SWEEP_S
) -> list[Plan]:
    """The shipped plan first, then a sweep; each cycle with several splits and offsets.

    Args:
        space: what is allowed.
        model: the street, for its flows.
        random: for offsets.
        sweep: cycles to try.
    """
    shipped = repaired(space, Plan(space.shipped_stage_s, space.shipped_offset_s))
    ratios = flow_ratios(space, model)
    webster = _split(space, shipped, np.maximum(ratios, 0.02))
    equal = _split(space, shipped, np.ones_like(ratios))
    found = [shipped]
    if not space.common_cycle:
        own = webster
        for light in range(len(space.lights)):
            greens = space.greens_of(light)
            wanted = webster_cycle_s(space.fixed_s(light), ratios[greens].tolist())
            own = with_cycle(space, own, light, min(wanted, space.most_cycle_s))
        found.append(own)
    for cycle_s in sweep:
        for base in (shipped, webster, equal):
            made = with_one_cycle(space, base, float(cycle_s))
            found.append(made)
            if len(space.lights) > 1:
                cycles = space.cycles_s(made.stage_s)
                for _ in range(3):
                    found.append(Plan(made.stage_s, np.floor(random.random(len(cycles)) * cycles)))
    distinct = {plan.key: plan for plan in (repaired(space, plan) for plan in found)}
    return list(distinct.values())


def _split(space: PlanSpace, plan: Plan, shares: F8) -> Plan:
    stage_s = plan.stage_s.copy()
    for light in range(len(space.lights)):
        greens = space.greens_of(light)
        if len(greens):
            cycle_s = float(stage_s[space.stages_of(light)].sum())
            stage_s[greens] = timed(space, light, cycle_s, shares[greens])
    return Plan(stage_s, plan.offset_s)
