"""A street put together from live lane states: theory, conservation, neighbours, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nutgiao.configs.loader import load_site
from nutgiao.models.contracts.errors import ContractError
from nutgiao.models.contracts.plan import NEVER_S, SignalPlan, cycle_of
from nutgiao.models.contracts.site import Site
from nutgiao.models.contracts.words import Turn
from nutgiao.models.queueing.network.live import Answer, LaneNow, LiveSettings, LiveStreet, live_street

SITES = {name: load_site(f"demo-{name}") for name in ("j1", "j2", "j3")}
J2 = SITES["j2"]
WIDTH_M = 3.2
HEADWAY_S = 3600.0 / (LiveSettings().saturation_mcu_h_m * WIDTH_M)
LOST_S = LiveSettings().lost_s
MAIN, LEFT, SIDE = 40, 10, 20


def plan(site: Site, greens: Sequence[int], offset_s: int = 0) -> SignalPlan:
    assert site.signals is not None
    return SignalPlan(
        id="asked", node=site.id, site_hash="", revision=1, cycle_s=cycle_of(site.signals, tuple(greens)),
        offset_s=offset_s, green_s=tuple(greens), valid_from_s=0.0, expires_s=NEVER_S,
    )  # fmt: skip


def lanes(
    sites: Sequence[Site],
    queues: Mapping[tuple[str, str], float] | None = None,
    arrivals: Mapping[tuple[str, str], float] | None = None,
    shares: Mapping[tuple[str, str], Mapping[Turn, float]] | None = None,
) -> list[LaneNow]:
    """Every lane of these sites, empty where nothing else is said."""
    return [
        LaneNow(
            node=site.id,
            lane=lane.id,
            queue_mcu=(queues or {}).get((site.id, lane.id), 0.0),
            arrivals_mcu_s=(arrivals or {}).get((site.id, lane.id), 0.0),
            shares=(shares or {}).get((site.id, lane.id)),
        )
        for site in sites
        for approach in site.approaches
        for lane in approach.lanes
    ]


def street(told: Sequence[LaneNow], horizon_s: int = 900, sites: Sequence[Site] = (J2,), **more: Any) -> LiveStreet:
    return live_street(sites, told, 0.0, horizon_s, np.random.default_rng(7), **more)


def everyone(answer: Answer) -> int:
    return answer.left_mcu + answer.inside_mcu + answer.outside_mcu + sum(answer.lane_mcu.values())


@pytest.mark.parametrize("queue", [1, 10, 40])
def test_a_queue_empties_at_the_theoretical_time(queue: int) -> None:
    told = lanes([J2], {("j2", "west_2"): queue})
    last_s = LOST_S + (queue - 1) * HEADWAY_S
    now = {"j2": plan(J2, (MAIN, LEFT, SIDE))}
    assert street(told, int(np.floor(last_s))).ask(now).lane_mcu["j2", "west_2"] > 0
    empty = street(told, int(np.ceil(last_s + 1e-9))).ask(now)
    assert empty.lane_mcu["j2", "west_2"] == 0
    assert empty.delay_mcu_s == pytest.approx(queue * LOST_S + HEADWAY_S * queue * (queue - 1) / 2)


def test_on_red_nobody_leaves() -> None:
    told = lanes([J2], {("j2", "north_1"): 12.0, ("j2", "west_3"): 5.0})
    answer = street(told, MAIN).ask({"j2": plan(J2, (MAIN, LEFT, SIDE))})
    assert answer.left_mcu == 0
    assert answer.delay_mcu_s == pytest.approx(17 * MAIN)


def test_a_queue_waits_for_its_own_green_as_the_offset_says() -> None:
    told = lanes([J2], {("j2", "west_2"): 1.0})
    for offset_s in (10, 31):
        answer = street(told).ask({"j2": plan(J2, (MAIN, LEFT, SIDE), offset_s)})
        assert answer.delay_mcu_s == pytest.approx(offset_s + LOST_S)


def test_more_green_for_a_queue_is_less_delay_for_it() -> None:
    told = lanes([J2], {("j2", "west_1"): 60.0, ("j2", "west_2"): 60.0}, shares={("j2", "west_1"): {Turn.THROUGH: 1.0}})
    found = [street(told).ask({"j2": plan(J2, (green, LEFT, SIDE))}).delay_mcu_s for green in (13, 20, 28, 40)]
    assert found == sorted(found, reverse=True)
    assert found[-1] < 0.5 * found[0]


def test_the_same_question_gets_the_same_answer() -> None:
    told = lanes([J2], {("j2", "west_1"): 20.0}, {("j2", "east_1"): 0.4, ("j2", "south_2"): 0.2})
    one = street(told)
    now, other = {"j2": plan(J2, (MAIN, LEFT, SIDE))}, {"j2": plan(J2, (20, 20, 20), 9)}
    first = one.ask(now)
    one.ask(other)
    assert one.ask(now) == first
    assert street(told).ask(now) == first


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(
    queue=st.floats(0, 150), flow=st.floats(0, 0.8), green=st.integers(15, 60), side=st.integers(15, 60),
    offset_s=st.integers(0, 50), horizon_s=st.integers(1, 600),
)  # fmt: skip
def test_nobody_is_lost_in_three_neighbouring_junctions(
    queue: float, flow: float, green: int, side: int, offset_s: int, horizon_s: int
) -> None:
    sites = list(SITES.values())
    places = [(site.id, lane.id) for site in sites for approach in site.approaches for lane in approach.lanes]
    one = street(lanes(sites, dict.fromkeys(places, queue), dict.fromkeys(places, flow)), horizon_s, sites)
    greens = {"j1": (green, side), "j2": (green, LEFT, side), "j3": (green, side)}
    answer = one.ask({site.id: plan(site, greens[site.id], offset_s) for site in sites})
    assert everyone(answer) == one.total_mcu
    assert answer.delay_mcu_s == pytest.approx(sum(answer.delay_by_origin_mcu_s.values()))


def test_who_finds_no_room_waits_outside_and_still_comes_through() -> None:
    one = street(lanes([J2], {("j2", "south_1"): 400.0}, shares={("j2", "south_1"): {Turn.THROUGH: 1.0}}), 1800)
    room = int(224.9 * WIDTH_M / LiveSettings().area_m2)
    state, _ = one.begin({"j2": plan(J2, (MAIN, LEFT, SIDE))})
    assert int(state.lanes.count.sum()) == room
    assert int((state.sources.end - state.sources.next).sum()) == 400 - room
    assert one.ask({"j2": plan(J2, (MAIN, LEFT, SIDE))}).left_mcu == 400


def test_who_passes_one_junction_comes_to_the_next() -> None:
    sites = [SITES["j1"], J2]
    told = lanes(sites, {("j1", "west_2"): 10.0})
    plans = {"j1": plan(SITES["j1"], (60, 20)), "j2": plan(J2, (15, LEFT, SIDE))}
    reached = street(told, 18, sites).ask(plans)
    # j2's west has three lanes; where j1's traffic wants to go there is in equal parts as nothing was seen
    assert sum(count for (node, _), count in reached.lane_mcu.items() if node == "j2") == 10
    assert street(told, 600, sites).ask(plans).left_mcu == 10
    slow = street(told, 600, sites, travel_s={("j2", "west"): 60.0}).ask(plans)
    assert slow.left_mcu == 10


def test_demand_that_a_neighbour_sends_does_not_come_a_second_time() -> None:
    sites = [SITES["j1"], J2]
    told = lanes(
        sites,
        arrivals={("j1", "west_2"): 0.5, ("j2", "west_1"): 0.3, ("j2", "west_2"): 0.3},
        shares={("j1", "west_2"): {Turn.THROUGH: 1.0}},
    )
    approaches = street(told, sites=sites).table.approaches
    assert approaches["j1", "west"].outside_mcu_s == pytest.approx(0.5)
    assert approaches["j2", "west"].outside_mcu_s == pytest.approx(0.1)


def test_left_turners_wait_for_oncoming_traffic() -> None:
    left = {("j2", "north_2"): {Turn.LEFT: 1.0}, ("j2", "south_2"): {Turn.THROUGH: 1.0}}
    now = {"j2": plan(J2, (MAIN, LEFT, SIDE))}
    alone = street(lanes([J2], {("j2", "north_2"): 8.0}, shares=left)).ask(now)
    oncoming = street(lanes([J2], {("j2", "north_2"): 8.0, ("j2", "south_2"): 30.0}, shares=left)).ask(now)
    origin = ("j2", "north")
    assert oncoming.delay_by_origin_mcu_s[origin] > alone.delay_by_origin_mcu_s[origin] + 8.0
    assert oncoming.left_mcu == 38


def test_a_learnt_saturation_flow_counts() -> None:
    told = lanes([J2], {("j2", "west_2"): 30.0})
    poor = [
        LaneNow(node=x.node, lane=x.lane, queue_mcu=x.queue_mcu, arrivals_mcu_s=0.0, saturation_mcu_h=3600.0)
        for x in told
    ]
    now = {"j2": plan(J2, (60, LEFT, SIDE))}
    assert street(poor).ask(now).delay_mcu_s == pytest.approx(30 * LOST_S + 30 * 29 / 2)


def one_lane(**changed: Any) -> list[LaneNow]:
    """All lanes of j2, the first one changed."""
    first, *others = lanes([J2])
    given_now = {"node": first.node, "lane": first.lane, "queue_mcu": 0.0, "arrivals_mcu_s": 0.0} | changed
    return [LaneNow(**given_now), *others]


@pytest.mark.parametrize(
    ("told", "message"),
    [
        (one_lane(queue_mcu=-1.0), "lane west_1 of j2: queue_mcu is -1.0"),
        (one_lane(queue_mcu=float("nan")), "queue_mcu is nan"),
        (one_lane(arrivals_mcu_s=-0.1), "arrivals_mcu_s is -0.1"),
        (one_lane(saturation_mcu_h=0.0), "saturation_mcu_h is 0.0"),
        (one_lane(lane="west_9"), "lane west_9 of j2: not in the site files"),
        (one_lane(node="j9"), "lane west_1 of j9: not in the site files"),
        (one_lane(lane="west_2"), "lane west_2 of j2: told twice"),
        (lanes([J2])[1:], "lane west_1 of j2: nothing is told"),
        (one_lane(shares={Turn.THROUGH: 0.5, Turn.RIGHT: 0.4}), r"shares add up to 0.9; they must make 1"),
        (one_lane(shares={Turn.THROUGH: 1.5, Turn.RIGHT: -0.5}), "the share of right is -0.5"),
        (one_lane(shares={Turn.LEFT: 1.0}), "a share turns left; the site file allows through, right"),
    ],
)
def test_what_does_not_fit_the_site_is_refused(told: list[LaneNow], message: str) -> None:
    with pytest.raises(ContractError, match=message):
        street(told)


def test_questions_that_cannot_be_answered_are_refused() -> None:
    with pytest.raises(ContractError, match="horizon_s is 0"):
        street(lanes([J2]), 0)
    with pytest.raises(ContractError, match="travel_s: approach moon of j2"):
        street(lanes([J2]), travel_s={("j2", "moon"): 9.0})
    with pytest.raises(ContractError, match=r"travel_s of west of j2 is 0\.0"):
        street(lanes([J2]), travel_s={("j2", "west"): 0.0})
    empty = street(lanes([J2]))
    with pytest.raises(ContractError, match="plans: none for j2"):
        empty.ask({"j1": plan(SITES["j1"], (40, 30))})
    with pytest.raises(ContractError, match="stage 0 has 5 s"):
        empty.ask({"j2": plan(J2, (5, LEFT, SIDE))})
    assert empty.ask({"j2": plan(J2, (MAIN, LEFT, SIDE))}).delay_mcu_s == 0.0
