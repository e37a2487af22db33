"""The rolling horizon at small junctions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nutgiao.models.queueing.junction.seen import Seen, Showing
from nutgiao.models.queueing.junction.tables import NONE, Cluster
from nutgiao.optimizer.control.horizon import Area, RollingHorizon
from tests.support.junctions import crossing, two_in_a_row


def area(c: Cluster, first: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)) -> Area:
    """A cluster whose lights, links, lanes, exits and stages begin at these numbers among all."""
    exits = 1 + int(c.link_exit.max())
    counts = (len(c.light_link) - 1, len(c.link_light), len(c.room_veh), exits, len(c.least_s))
    numbers = [np.arange(begin, begin + count, dtype=np.int32) for begin, count in zip(first, counts, strict=True)]
    return Area(c, *numbers)


def seen(
    rows: Sequence[tuple[int, int, float]], lanes: int = 2, exits: int = 2, halted: bool = True, onward: int = NONE
) -> Seen:
    """Vehicles by lane, link and arrival; numbered in this order."""
    count = len(rows)
    return Seen(
        key=np.arange(count),
        lane=np.array([lane for lane, _, _ in rows], np.int32),
        link=np.array([link for _, link, _ in rows], np.int32),
        arrive_s=np.array([at for _, _, at in rows], np.float64),
        halted=np.full(count, halted),
        weight=np.ones(count),
        next_link=np.full(count, onward, np.int32),
        next_s=np.full(count, 5.0),
        exit_veh=np.full(exits, 50.0),
        inside_veh=np.zeros(lanes),
        passed_s=np.full(lanes, 100.0),
    )


def showing(
    stage: Sequence[int] = (0,), green_s: float = 20.0, coming: Sequence[int] | None = None, links: int = 2
) -> Showing:
    """What shows."""
    count = len(stage)
    return Showing(
        np.array(stage, np.int32), np.array(coming or [NONE] * count, np.int32), np.full(count, 2.0),
        np.full(count, green_s), np.full(links, green_s),
    )  # fmt: skip


def controller(c: Cluster | None = None) -> RollingHorizon:
    """For a crossing."""
    made = c or crossing()
    return RollingHorizon([area(made)], made.link_lane[:, 0].copy(), np.zeros(1 + int(made.link_exit.max()), np.int32))


def test_it_turns_to_the_street_that_waits() -> None:
    assert controller().choose(seen([(1, 1, 0.0)] * 4), showing()).tolist() == [1]


def test_it_stays_while_the_platoon_passes() -> None:
    platoon = [(0, 0, 1.0 + 2.0 * k) for k in range(4)]
    assert controller().choose(seen([*platoon, (1, 1, 0.0)]), showing()).tolist() == [0]


def test_a_change_that_runs_is_not_given_up() -> None:
    rows = seen([(0, 0, 0.0)] * 9)
    assert controller().choose(rows, showing(coming=[1], green_s=0.0)).tolist() == [1]


def test_an_empty_street_keeps_what_shows() -> None:
    assert controller().choose(seen([]), showing()).tolist() == [0]


def test_who_does_not_move_at_green_does_not_hold_the_others_up() -> None:
    c = crossing()
    one = controller(c)
    rows = seen([(0, 0, 0.0), (0, 0, 0.0), (0, 0, 0.0), (1, 1, 0.0)])
    wished = [one.choose(rows, showing(green_s=10.0 + k)).tolist()[0] for k in range(12)]
    assert wished[0] == 0
    assert 1 in wished


def test_a_neighbour_that_lets_a_platoon_go_makes_its_light_ready() -> None:
    first, second = crossing(), crossing()
    areas = [area(first), area(second, (1, 2, 2, 2, 2))]
    link_lane = np.array([0, 1, 2, 3], np.int32)
    one = RollingHorizon(areas, link_lane, np.zeros(4, np.int32))
    platoon = seen([(0, 0, 2.0 * k) for k in range(6)], lanes=4, exits=4, onward=2)
    state = showing((0, 3), links=4)
    for _ in range(2):
        wished = one.choose(platoon, state)
    assert wished.tolist() == [0, 2]
    alone = RollingHorizon(areas, link_lane, np.zeros(4, np.int32))
    nobody = seen([(0, 0, 2.0 * k) for k in range(6)], lanes=4, exits=4)
    assert alone.choose(nobody, state).tolist() == [0, 3]


def test_who_comes_to_a_light_that_nobody_plans_changes_nothing() -> None:
    """Its lanes and links have numbers behind those of the lights that are planned."""
    rows = [(1, 1, 0.0)] * 4
    alone, beside = (
        RollingHorizon([area(crossing())], np.arange(4, dtype=np.int32), np.zeros(4, np.int32)) for _ in "ab"
    )
    state = showing((0, NONE), links=4)
    for _ in range(3):
        wished = [
            one.choose(seen(who, lanes=4, exits=4), state).tolist()
            for one, who in ((alone, rows), (beside, [*rows, (3, 3, 0.0), (2, 2, 4.0)]))
        ]
        assert wished == [[1, NONE]] * 2


def test_lights_in_a_row_are_planned_as_one() -> None:
    c = two_in_a_row()
    one = controller(c)
    rows = seen([(0, 0, 0.0)] * 6, lanes=4, exits=3, onward=2)
    state = showing((0, 3), links=4)
    assert one.choose(rows, state).tolist()[0] == 0
    wished = [one.choose(rows, state).tolist() for _ in range(8)]
    assert [0, 2] in wished
