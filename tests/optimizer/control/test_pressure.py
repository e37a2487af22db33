from __future__ import annotations

import numpy as np
import pytest

from nutgiao.models.queueing.junction.seen import Seen, Showing
from nutgiao.optimizer.control.pressure import COMES_S, STEP_S, Aim, Greedy, Movements

WEST, NORTH, LEFT, LATER = range(4)
"""Links, each on the lane of the same number, but `LEFT`, which shares that of `WEST`."""

LANE = (0, 1, 0, 2)
EAST_WEST, NORTH_SOUTH, TURN = range(3)

TWO_LIGHTS = Movements(
    light_stage=np.array([0, 3, 4], np.int32),
    link_light=np.array([0, 0, 0, 1], np.int32),
    may_go=np.array([[1, 0, 1, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]], np.bool_),
    counts=np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]], np.bool_),
    behind=np.array([[0, 0, 1], [0, 0, 0], [0, 0, 0], [0, 0, 0]], np.float64),
)
"""East-west, north-south and a stage for left turns, who give way in the first; behind the first a street that ends at
another light with one stage."""


def seen(*vehicles: tuple[int, float, bool]) -> Seen:
    """Of each link, arrival and whether it stands."""
    link = np.array([one[0] for one in vehicles], np.int32)
    n = len(vehicles)
    return Seen(
        key=np.arange(n),
        lane=np.array([LANE[k] for k in link], np.int32),
        link=link,
        arrive_s=np.array([one[1] for one in vehicles], np.float64),
        halted=np.array([one[2] for one in vehicles], np.bool_),
        weight=np.ones(n),
        next_link=np.full(n, -1, np.int32),
        next_s=np.zeros(n),
        exit_veh=np.zeros(0),
        inside_veh=np.zeros(3),
        passed_s=np.zeros(3),
    )


def showing(stage: int, coming: int = -1) -> Showing:
    return Showing(
        np.array([stage, 3], np.int32), np.array([coming, -1], np.int32), np.zeros(2), np.full(2, 20.0), np.zeros(4)
    )


def choice(aim: Aim, who: Seen, stage: int = NORTH_SOUTH, coming: int = -1) -> int:
    return int(Greedy(TWO_LIGHTS, aim).choose(who, showing(stage, coming))[0])


def queue(link: int, count: int, first_s: float = 0.0) -> list[tuple[int, float, bool]]:
    return [(link, first_s + 0.5 * k, True) for k in range(count)]


@pytest.mark.parametrize("aim", Aim)
def test_the_side_with_more_vehicles_gets_green(aim: Aim) -> None:
    assert choice(aim, seen(*queue(WEST, 5), *queue(NORTH, 3))) == EAST_WEST
    assert choice(aim, seen(*queue(WEST, 3), *queue(NORTH, 5)), EAST_WEST) == NORTH_SOUTH


@pytest.mark.parametrize("aim", Aim)
def test_of_equal_sides_the_one_that_has_green_keeps_it(aim: Aim) -> None:
    both = seen(*queue(WEST, 4), *queue(NORTH, 4))
    assert [choice(aim, both, stage) for stage in (EAST_WEST, NORTH_SOUTH)] == [EAST_WEST, NORTH_SOUTH]


def test_max_wave_counts_who_comes_and_max_pressure_only_who_stands() -> None:
    coming = seen(*[(WEST, 2.0 * k, False) for k in range(1, 6)], *queue(NORTH, 3))
    assert choice(Aim.WAVE, coming) == EAST_WEST
    assert choice(Aim.PRESSURE, coming) == NORTH_SOUTH


def test_who_is_far_away_does_not_come_yet() -> None:
    far = seen(*[(WEST, COMES_S + k, False) for k in range(9)], *queue(NORTH, 1))
    assert choice(Aim.WAVE, far) == NORTH_SOUTH


def test_a_queue_behind_the_light_takes_from_the_pressure() -> None:
    full = seen(*queue(WEST, 6), *queue(NORTH, 3), *queue(LATER, 4))
    assert choice(Aim.PRESSURE, full) == NORTH_SOUTH
    assert choice(Aim.WAVE, full) == EAST_WEST


def test_behind_one_who_must_wait_nobody_counts() -> None:
    blocked = seen(*queue(WEST, 1), *queue(LEFT, 6, 1.0), *queue(NORTH, 2))
    assert choice(Aim.WAVE, blocked) == NORTH_SOUTH  # the turners stand behind one who goes straight on
    free = seen(*queue(LEFT, 6), *queue(NORTH, 2))
    assert choice(Aim.WAVE, free) == TURN


def test_a_choice_is_made_every_ten_seconds() -> None:
    controller = Greedy(TWO_LIGHTS, Aim.WAVE)
    empty, full = seen(), seen(*queue(WEST, 5))
    found = [int(controller.choose(full if k else empty, showing(NORTH_SOUTH))[0]) for k in range(2 * STEP_S)]
    assert found[1:STEP_S] == [NORTH_SOUTH] * (STEP_S - 1)
    assert found[STEP_S] == EAST_WEST


def test_lights_that_change_go_on_and_a_light_with_one_stage_keeps_it() -> None:
    wished = Greedy(TWO_LIGHTS, Aim.WAVE).choose(seen(*queue(WEST, 5), *queue(LATER, 9)), showing(NORTH_SOUTH, TURN))
    assert wished.tolist() == [TURN, 3]
