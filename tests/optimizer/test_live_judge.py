"""Plans tried on the street as it is now: what may change, and that comparisons are fair."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from nutgiao.configs.loader import load_site
from nutgiao.models.contracts.plan import SignalPlan, cycle_of, local_plan, scheduled_row
from nutgiao.models.contracts.safety import check_plan
from nutgiao.models.contracts.site import Site, site_hash
from nutgiao.models.queueing.network.live import LaneNow
from nutgiao.optimizer.live_judge import LiveJudge, corridor_space
from nutgiao.optimizer.search.moves import Plan, batch, kicked

SITES: list[Site] = [load_site(f"demo-{name}") for name in ("j1", "j2", "j3")]
MORNING_S = 7 * 3600.0


def morning() -> dict[str, SignalPlan]:
    found = {}
    for site in SITES:
        assert site.signals is not None
        found[site.id] = local_plan(site.id, site.signals, site_hash(site), scheduled_row(site.signals, MORNING_S))
    return found


def lanes(queue_mcu: float = 5.0, flow_mcu_s: float = 0.3) -> list[LaneNow]:
    return [
        LaneNow(node=site.id, lane=lane.id, queue_mcu=queue_mcu, arrivals_mcu_s=flow_mcu_s)
        for site in SITES
        for approach in site.approaches
        for lane in approach.lanes
    ]


def judge(told: list[LaneNow], factors: tuple[float, ...] = (1.0, 1.1), seed: int = 3) -> LiveJudge:
    space = corridor_space(SITES, morning())
    assert space is not None
    return LiveJudge(space, SITES, told, morning(), MORNING_S, 300, factors, (seed,))


def test_the_plans_in_force_are_a_point_of_the_space() -> None:
    space = corridor_space(SITES, morning())
    assert space is not None
    assert space.faults(space.shipped_stage_s, space.shipped_offset_s) == []
    one = judge(lanes())
    assert one.plans(space.shipped_stage_s, space.shipped_offset_s) == morning()


@pytest.mark.parametrize("seed", range(30))
def test_every_plan_of_the_space_is_one_that_the_boxes_accept(seed: int) -> None:
    running = morning()
    space = corridor_space(SITES, running)
    assert space is not None
    thrown = kicked(space, Plan(space.shipped_stage_s, space.shipped_offset_s), [0, 1, 2], np.random.default_rng(seed))
    assert space.faults(thrown.stage_s, thrown.offset_s) == []
    made = judge(lanes(), (1.0,)).plans(thrown.stage_s, thrown.offset_s)
    for site in SITES:
        assert site.signals is not None
        plan = replace_for_now(made[site.id])
        assert cycle_of(site.signals, plan.green_s) == plan.cycle_s
        found = check_plan(site.signals, site.id, site_hash(site), plan, now_s=MORNING_S, running=running[site.id])
        assert found == ()


def replace_for_now(plan: SignalPlan) -> SignalPlan:

    return msgspec.structs.replace(plan, revision=1, valid_from_s=MORNING_S, expires_s=MORNING_S + 600)


def test_the_same_seed_asks_the_same_street() -> None:
    space = corridor_space(SITES, morning())
    assert space is not None
    point = batch([Plan(space.shipped_stage_s, space.shipped_offset_s)])
    first, again, other = (judge(lanes(), seed=seed).table(*point) for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_draw_with_more_demand_waits_longer() -> None:
    space = corridor_space(SITES, morning())
    assert space is not None
    point = batch([Plan(space.shipped_stage_s, space.shipped_offset_s)])
    calm, busy = judge(lanes(flow_mcu_s=0.4), (0.5, 1.5)).table(*point)[0]
    assert calm < busy


def test_starving_a_queue_costs_more_than_serving_it() -> None:
    space = corridor_space(SITES, morning())
    assert space is not None
    told = [replace(lane, queue_mcu=60.0 if lane.lane.startswith(("north", "south")) else 1.0) for lane in lanes()]
    served, starved = space.shipped_stage_s.copy(), space.shipped_stage_s.copy()
    for light in range(3):
        greens = space.greens_of(light)
        served[greens[0]] -= 10
        served[greens[-1]] += 10
        starved[greens[0]] += 10
        starved[greens[-1]] -= 10
    costs = judge(told).costs(*batch([Plan(one, space.shipped_offset_s) for one in (served, starved)]))
    assert costs[0] < costs[1]


def test_no_space_where_a_site_has_left_its_limits() -> None:

    running = morning()
    far = msgspec.structs.replace(running["j1"], cycle_s=400, green_s=(300, 90))
    assert corridor_space(SITES, {**running, "j1": far}) is None
