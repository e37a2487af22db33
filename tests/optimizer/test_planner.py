"""The planner on a small corridor: what a traffic engineer would check first."""

from __future__ import annotations

import msgspec
import pytest

from nutgiao.models.contracts.plan import SignalPlan, cycle_of, local_plan
from nutgiao.models.contracts.safety import check_plan
from nutgiao.models.contracts.site import Limits, Site, site_hash
from nutgiao.models.queueing.network.live import LaneNow
from nutgiao.optimizer.corridor import Junction, junctions_of
from nutgiao.optimizer.offsets import CorridorDelay
from nutgiao.optimizer.planner import CorridorPlan, Effort, plan_corridor
from tests.support.crossroads import NOON_S, crossroads, plan_for

LINK_M = 400.0


def corridor(limits: Limits | None = None) -> list[Site]:
    """Two crossroads on one main road: a feeds b, 400 m further on."""
    first, second = crossroads("a", limits), crossroads("b", limits)
    main, side = second.approaches
    fed = msgspec.structs.replace(main, upstream="a", length_m=LINK_M)
    return [first, msgspec.structs.replace(second, approaches=(fed, side))]


def flows(main: float, side: float) -> dict[str, dict[str, float]]:
    lanes = {"m0": main / 2, "m1": main / 2, "s0": side / 2, "s1": side / 2}
    return {"a": lanes, "b": lanes}


def day_plans(sites: list[Site]) -> dict[str, SignalPlan]:
    found = {}
    for site in sites:
        assert site.signals is not None
        row = next(row for row in site.signals.time_of_day if row.id == "day")
        found[site.id] = local_plan(site.id, site.signals, site_hash(site), row)
    return found


def planned(sites: list[Site], main: float, side: float, running: dict[str, SignalPlan]) -> CorridorPlan | None:
    lanes = [
        LaneNow(node=node, lane=lane, queue_mcu=0.0, arrivals_mcu_s=flow / 3600.0)
        for node, rows in flows(main, side).items()
        for lane, flow in rows.items()
    ]
    return plan_corridor(sites, lanes, running, NOON_S, 1, Effort(runs=300))


def main_stream(junctions: list[Junction], node: str) -> int:
    (junction,) = [junction for junction in junctions if junction.node == node]
    return next(stream.travel_s for stream in junction.streams if stream.approach == "M")


def test_a_later_offset_is_a_later_green() -> None:
    """Pins the sign: with everything else equal, the best offset downstream is later by about the travel time."""
    junctions = junctions_of(corridor(), flows(2000, 500))
    greens = {"a": (40, 40), "b": (40, 40)}
    model = CorridorDelay(junctions, greens)
    travel = main_stream(junctions, "b")
    with_the_wave = model.rate({"a": 0, "b": travel})
    against_it = model.rate({"a": 0, "b": (travel + model.cycle_s // 2) % model.cycle_s})
    assert with_the_wave < 0.8 * against_it
    best = model.search({"a": 0, "b": 0}, step_s=1)
    assert best["a"] == 0
    assert abs(best["b"] - travel) <= 12


def test_only_differences_of_offsets_matter() -> None:
    model = CorridorDelay(junctions_of(corridor(), flows(2000, 500)), {"a": (40, 40), "b": (40, 40)})
    assert model.rate({"a": 0, "b": 31}) == pytest.approx(model.rate({"a": 17, "b": 48}), rel=1e-6)


def test_the_busier_road_gets_more_green() -> None:
    sites = corridor()
    plan = planned(sites, 6000, 1500, day_plans(sites))
    assert plan is not None
    for timing in plan.timings.values():
        assert timing.green_s[0] > timing.green_s[1]


def test_more_demand_asks_for_a_longer_cycle() -> None:
    wide = Limits(max_cycle_change_s=100, max_green_change_s=100)
    sites = corridor(wide)
    quiet = planned(sites, 1000, 800, day_plans(sites))
    busy = planned(sites, 6000, 4500, day_plans(sites))
    assert quiet is not None
    assert busy is not None
    assert busy.cycle_s > quiet.cycle_s


@pytest.mark.parametrize("main", [0, 500, 3000, 7000, 14000])
@pytest.mark.parametrize("side", [0, 2500, 6000])
def test_every_plan_is_one_that_the_edge_would_accept(main: float, side: float) -> None:
    sites = corridor()
    running = day_plans(sites)
    plan = planned(sites, main, side, running)
    assert plan is not None
    for site in sites:
        assert site.signals is not None
        timing = plan.timings[site.id]
        assert cycle_of(site.signals, timing.green_s) == plan.cycle_s
        proposal = plan_for(site, timing.green_s, offset_s=timing.offset_s)
        found = check_plan(
            site.signals,
            site.id,
            site_hash(site),
            proposal,
            now_s=NOON_S,
            running=running[site.id],
        )
        assert found == ()


def test_no_plan_where_the_limits_leave_no_common_cycle() -> None:
    slow, fast = crossroads("a", Limits(cycle_min_s=100)), crossroads("b", Limits(cycle_max_s=80))
    sites = [slow, fast]
    running = {"a": plan_for(slow, (50, 45)), "b": plan_for(fast, (30, 30))}
    assert planned(sites, 2000, 500, running) is None


def test_a_plan_that_gains_nothing_is_not_worth_a_change() -> None:
    sites = corridor(Limits(max_cycle_change_s=100, max_green_change_s=100))
    running = day_plans(sites)
    first = planned(sites, 3000, 2000, running)
    assert first is not None
    settled = {
        site.id: plan_for(site, first.timings[site.id].green_s, offset_s=first.timings[site.id].offset_s)
        for site in sites
    }
    again = planned(sites, 3000, 2000, settled)
    assert again is not None
    assert not again.worth
