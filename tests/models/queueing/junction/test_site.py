"""A site file as the junction kernel knows it: who gives way to whom, how long changes take, how motorcycles pass."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nutgiao.configs.loader import load_site
from nutgiao.models.contracts.words import Turn
from nutgiao.models.queueing.junction.lookahead import look_ahead
from nutgiao.models.queueing.junction.site import SATURATION_MCU_H_M, SiteTables, site_tables
from nutgiao.models.queueing.junction.site_rows import Comer, rows_of
from nutgiao.models.queueing.junction.tables import (
    GREEN,
    HEADWAY_S,
    NONE,
    RED,
    USUAL,
    YIELD,
    Outlook,
    scratch,
)
from tests.support.crossroads import crossroads
from tests.support.dual_ring import dual_ring
from tests.support.junctions import cluster, outlook

MAIN, LEFT, SIDE = 0, 1, 2


def j2() -> SiteTables:
    return site_tables(load_site("demo-j2"))


def link(tables: SiteTables, approach: str, lane: str, turn: Turn) -> int:
    return next(k for k in tables.links_of(tables.lanes[approach, lane]) if tables.movements[k].turn is turn)


def whom(tables: SiteTables, own: int) -> set[int]:
    c = tables.area.cluster
    return set(c.yield_to[c.yield_ptr[own] : c.yield_ptr[own + 1]].tolist())


def test_a_left_turn_with_an_arrow_of_its_own_obeys_it_and_gives_way_to_nobody_then() -> None:
    tables = j2()
    left = link(tables, "west", "west_3", Turn.LEFT)
    assert tables.area.cluster.right[:, left].tolist() == [RED, GREEN, RED]


def test_a_left_turn_from_a_shared_lane_gives_way_to_who_comes_the_other_way() -> None:
    tables = j2()
    left = link(tables, "north", "north_2", Turn.LEFT)
    assert tables.area.cluster.right[:, left].tolist() == [RED, RED, YIELD]
    oncoming = {link(tables, "south", lane, Turn.THROUGH) for lane in ("south_1", "south_2")}
    assert oncoming < whom(tables, left)
    assert link(tables, "south", "south_2", Turn.LEFT) not in whom(tables, left)


def test_who_turns_over_a_green_crossing_gives_way_to_the_people_on_it() -> None:
    tables = j2()
    right = link(tables, "west", "west_1", Turn.RIGHT)
    _, walkers = tables.crossings["walk_side"]
    assert whom(tables, right) == {walkers}
    assert tables.area.cluster.right[MAIN, [right, walkers]].tolist() == [YIELD, GREEN]
    assert tables.area.cluster.right[SIDE, [right, walkers]].tolist() == [RED, RED]


def test_traffic_leaves_on_the_leg_of_the_approach_that_comes_the_other_way() -> None:
    tables, site = j2(), load_site("demo-j2")
    names = [approach.id for approach in site.approaches]
    leaves = {(names[m.approach], m.turn): names[m.leg] for m in tables.movements if NONE not in (m.approach, m.leg)}
    assert leaves["west", Turn.THROUGH] == "east"
    assert leaves["west", Turn.LEFT] == "north"
    assert leaves["west", Turn.RIGHT] == "south"
    assert leaves["south", Turn.RIGHT] == "east"


def test_a_change_takes_as_long_as_walkers_need_and_vehicles_keep_their_green_meanwhile() -> None:
    c = j2().area.cluster
    assert c.change_s[MAIN, SIDE] == 12.0  # walk_side clears 12 s, main 7 s before walk_main
    assert c.tail_s[MAIN, SIDE] == 5.0
    assert c.change_s[LEFT, MAIN] == 9.0
    assert c.tail_s[LEFT, MAIN] == 0.0


def test_vehicles_drive_while_walkers_get_off_the_road_in_the_look_ahead_too() -> None:
    right = [[GREEN, RED], [RED, GREEN]]
    gone = []
    for tail_s in (0.0, 2.0):
        c = cluster(right, [[0], [1]], exits=[0, 1], tail_s=tail_s)
        o = outlook(c, [(0, 0, 0.0)] * 9, halted=True)
        pass_s = np.empty(9)
        script_s, script_stage = np.array([[4.0, np.inf]]), np.array([[1, NONE]], np.int32)
        look_ahead(c, o, script_s, script_stage, USUAL, 8, scratch(c, 2), pass_s)
        gone.append(int((pass_s < 100.0).sum()))
    assert gone[1] == gone[0] + 1


def test_a_site_with_rings_is_refused() -> None:
    with pytest.raises(ValueError, match="rings"):
        site_tables(dual_ring())


def mixed(count: int, lane: int, own: int) -> list[Comer]:
    """A standing queue in which every fifth is a car, the others motorcycles."""
    kinds = [(3.4, 1.8) if k % 5 == 4 else (1.0, 1.3) for k in range(count)]
    return [Comer(lane, own, 0.01 * k, mcu, persons, True, k) for k, (mcu, persons) in enumerate(kinds)]


def test_a_queue_of_motorcycles_and_cars_discharges_as_measured_per_metre_of_width() -> None:
    tables = j2()
    own, lane = link(tables, "west", "west_2", Turn.THROUGH), tables.lanes["west", "west_2"]
    seen = rows_of(mixed(120, lane, own), tables.row_mcu, np.full(len(tables.row_mcu), 100.0))
    rows, c = len(seen.lane), tables.area.cluster
    lane_ptr = np.searchsorted(seen.lane, np.arange(len(tables.row_mcu) + 1)).astype(np.int32)
    o = Outlook(
        lane_ptr=lane_ptr, link=seen.link, onward=seen.next_link, halted=seen.halted.astype(np.int32),
        arrive_s=seen.arrive_s, weight=seen.weight, exit_veh=seen.exit_veh, exit_per_s=np.zeros(0),
        stage=np.zeros(1, np.int32), coming=np.full(1, NONE, np.int32), left_s=np.zeros(1), green_s=np.full(1, 30.0),
        since_s=np.full(len(tables.movements), 30.0), passed_s=seen.passed_s, inside_veh=seen.inside_veh,
    )  # fmt: skip
    pass_s = np.empty(rows)
    script = np.array([[900.0, np.inf]]), np.array([[MAIN, NONE]], np.int32)
    look_ahead(c, o, *script, USUAL, 300, scratch(c, 0), pass_s)
    mcu = sum(one.mcu for one in mixed(120, lane, own))
    per_hour = mcu / (pass_s.max() + USUAL[HEADWAY_S]) * 3600.0
    assert per_hour / 3.2 == pytest.approx(SATURATION_MCU_H_M, rel=0.03)


comers = st.lists(
    st.builds(
        Comer, st.integers(0, 2), st.integers(0, 5), st.floats(0.0, 50.0), st.sampled_from([0.3, 1.0, 3.4, 10.5]),
        st.sampled_from([1.3, 1.8, 25.0]), st.booleans(), st.integers(0, 99),
    ),
    max_size=40,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(comers)
def test_rows_keep_everybody_in_the_order_of_arrival(them: list[Comer]) -> None:
    row_mcu = np.array([3.24, 3.24, 1000.0])
    seen = rows_of(them, row_mcu, np.zeros(3))
    assert seen.weight.sum() == pytest.approx(sum(one.persons for one in them))
    for lane in range(3):
        own = seen.lane == lane
        arrive_s = seen.arrive_s[own]
        assert (np.diff(arrive_s) >= 0.0).all()
    assert set(seen.key.tolist()) <= {one.key for one in them} | {NONE}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([0.3, 1.0, 3.4, 10.5]), min_size=1, max_size=40))
def test_a_standing_queue_has_as_many_rows_as_the_width_needs(units: list[float]) -> None:
    queue = [Comer(0, 0, 0.0, mcu, 1.0, True, k) for k, mcu in enumerate(units)]
    rows = len(rows_of(queue, np.array([3.24]), np.zeros(1)).lane)
    assert (rows - 1) * 3.24 < sum(units) + 1e-9
    assert rows * 3.24 > sum(units) - max(units)


def test_a_site_s_crossings_are_lanes_on_which_people_wait() -> None:
    tables = site_tables(crossroads())
    assert set(tables.crossings) == {"pm", "ps"}
    lane, own = tables.crossings["pm"]
    assert tables.links_of(lane) == [own]
