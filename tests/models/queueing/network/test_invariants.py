"""What holds in every second: nobody is lost, no lane overflows, nobody drives on red or through another one."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from nutgiao.models.queueing.network.tables import AMBER, ENTERED, GREEN, LEFT, RED
from tests.support.lane_nets import KIND_FILTER_S, Case, Passage, Run, examples, random_case

HORIZON_S = 150

cases = st.builds(
    random_case,
    seed=st.integers(0, 2**32 - 1),
    junctions=st.integers(1, 6),
    vehicles=st.integers(1, 150),
    horizon_s=st.just(HORIZON_S),
)
rule = settings(max_examples=examples(30))


def seconds(case: Case) -> Iterator[tuple[int, Run]]:
    """Every second of a run, after it has passed."""
    run = Run(case, HORIZON_S)
    for now in range(HORIZON_S):
        run.to(now, now + 1)
        yield now, run


def lamps(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """``(seconds, groups)`` what each group shows in each second, and since when, read from the plan alone."""
    net, programs = case.net, case.programs
    show = np.tile(net.group_lamp, (HORIZON_S, 1))
    since = np.full(show.shape, -math.inf)
    for c, first in enumerate(programs.group_ptr[:-1]):
        groups = range(first, programs.group_ptr[c + 1])
        stages = range(programs.stage_ptr[c], programs.stage_ptr[c + 1])
        ends = np.cumsum(case.stage_s[stages])
        turns, place = np.divmod(np.round(case.begin_s + np.arange(HORIZON_S) - case.offset_s[c], 9), ends[-1])
        stage = (turns * len(stages) + np.searchsorted(ends, place, side="right")).astype(int)
        for now in range(HORIZON_S):
            for i, g in enumerate(groups):
                # also a lamp that was shown for no time at all counts as a change
                passed = range(stage[now - 1] + 1 if now else stage[now], stage[now] + 1)
                shown = [programs.lamp[programs.lamp_ptr[stages[x % len(stages)]] + i] for x in passed]
                show[now, g] = shown[-1] if shown else show[now - 1, g]
                unchanged = now > 0 and all(lamp == show[now - 1, g] for lamp in shown)
                since[now, g] = since[now - 1, g] if unchanged else now
    return show, since


@rule
@given(case=cases)
def test_nobody_is_lost_and_nobody_is_in_two_places(case: Case) -> None:
    for _, run in seconds(case):
        clock, sources = run.state.clock, run.state.sources
        inside = [v for place in run.on_lanes() + run.in_boxes() for v in place]
        outside = int((sources["end"] - sources["next"]).sum())
        assert len(set(inside)) == len(inside)
        assert clock[ENTERED] == clock[LEFT] + len(inside)
        assert clock[ENTERED] + outside == len(case.demand.vehicles)


@rule
@given(case=cases)
def test_no_lane_and_no_box_takes_more_than_it_holds(case: Case) -> None:
    net = case.net
    room_m, places, space_m = net.lanes["moving_m"], net.lanes["places"], net.travel["space_m"]
    link_of_box, lane_of_link, kind = net.boxes["link"], net.links["lane"], case.demand.vehicles["kind"]
    for _, run in seconds(case):
        q, rings = run.state.lanes, run.on_lanes()
        assert (q["used_m"] <= room_m + 1e-9).all()
        taken_m = [sum(space_m[kind[v], lane] for v in ring) for lane, ring in enumerate(rings)]
        assert np.allclose(q["used_m"], taken_m, rtol=0, atol=1e-6)
        assert ((q["head"] + q["count"] - q["tail"]) % places == 0).all()
        assert (run.state.box_count <= net.boxes["places"]).all()
        boxed = np.bincount(lane_of_link[link_of_box], run.state.box_count, len(rings))
        assert (q["boxed"] == boxed).all()


@rule
@given(case=cases)
def test_nobody_passes_on_red_nor_later_in_amber_than_he_may(case: Case) -> None:
    show, since = lamps(case)
    group_of, amber_s = case.net.links["group"].tolist(), case.net.links["amber_s"].tolist()
    ends = []
    for now, run in seconds(case):
        assert (run.state.groups["lamp"] == show[now]).all()
        ends.append(len(run.trace))
    passages = run.passages()
    for now, (first, end) in enumerate(zip([0, *ends], ends, strict=False)):
        for passage in passages[first:end]:
            assert now <= passage.passage_s < now + 1
            if passage.link >= 0:
                group = group_of[passage.link]
                assert show[now, group] != RED
                assert show[now, group] != AMBER or now < since[now, group] + amber_s[passage.link]


@rule
@given(case=cases)
def test_a_lane_is_left_in_the_order_of_entrance_but_for_those_who_filter(case: Case) -> None:
    filters = [KIND_FILTER_S[k] > 0 for k in case.demand.vehicles["kind"]]
    before: list[list[int]] = [[] for _ in case.net.lanes]
    seen = 0
    for _, run in seconds(case):
        rings = run.on_lanes()
        orders: list[list[int]] = [[] for _ in rings]  # those who have just passed, then those who are still there
        for lane, _, _, vehicle in run.trace[seen:].tolist():
            orders[int(lane)].append(int(vehicle))
        seen = len(run.trace)
        for lane, (old, ring) in enumerate(zip(before, rings, strict=True)):
            order = list(dict.fromkeys(orders[lane] + ring))  # who comes round again within a second stands there twice
            old_set = set(old)
            assert [v for v in order if v in old_set and filters[v]] == [v for v in old if filters[v]]
            assert [v for v in order if v in old_set and not filters[v]] == [v for v in old if not filters[v]]
            place = {v: i for i, v in enumerate(order)}
            assert not old or place[old[0]] == 0
            before[lane] = ring


@rule
@given(case=cases)
def test_passages_of_a_lane_keep_the_least_headway(case: Case) -> None:
    run = Run(case, HORIZON_S).to(0, HORIZON_S)
    net, kind = case.net, case.demand.vehicles["kind"]
    least_s = net.links["headway_s"] * net.lanes["headway"][net.links["lane"]]
    last: dict[int, Passage] = {}
    for passage in run.passages():
        if passage.lane in last:
            ahead = last[passage.lane]
            gap_s = least_s[ahead.link] * net.kinds["headway"][kind[ahead.vehicle]] if ahead.link >= 0 else 0.3
            assert passage.passage_s - ahead.passage_s >= gap_s - 1e-9
        last[passage.lane] = passage


@rule
@given(case=cases)
def test_nobody_gains_time(case: Case) -> None:
    delay_s = np.zeros(len(case.demand.vehicles))
    for _, run in seconds(case):
        assert (run.state.vehicles["delay_s"] >= delay_s - 1e-9).all()
        delay_s = run.state.vehicles["delay_s"].copy()
    assert (run.trace[:, 2] >= run.trace[:, 1]).all()


@rule
@given(case=cases)
def test_every_server_stands_in_one_list_at_most(case: Case) -> None:
    for now, run in seconds(case):
        state = run.state
        lists = np.concatenate([state.calendar[now + 1 :], state.waiting, state.groups["at_red"]])
        servers, behind = [], state.behind.tolist()
        for first in lists[lists >= 0].tolist():
            server = first
            while server >= 0:
                servers.append(server)
                server = behind[server]
        assert len(set(servers)) == len(servers)
        assert set(servers) <= set(range(len(behind)))
        assert (state.calendar[: now + 1] == -1).all()
        assert not ((state.groups["at_red"] >= 0) & (state.groups["lamp"] >= GREEN)).any()
