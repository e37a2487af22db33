"""Actuated control at a light with a main street, a left turn and a side street."""

from __future__ import annotations

from nutgiao.models.queueing.junction.seen import Seen
from nutgiao.optimizer.control.actuated import MOST_GREEN_S, PASSAGE_S, Actuated
from tests.optimizer.control.test_pressure import (
    EAST_WEST,
    LEFT,
    NORTH,
    NORTH_SOUTH,
    TURN,
    TWO_LIGHTS,
    WEST,
    queue,
    seen,
    showing,
)

CLOSE, FAR = PASSAGE_S - 0.1, PASSAGE_S + 0.1


def choice(who: Seen, stage: int = EAST_WEST, coming: int = -1) -> int:
    return int(Actuated(TWO_LIGHTS).choose(who, showing(stage, coming))[0])


def test_a_green_lasts_while_vehicles_follow_closely_and_ends_in_a_gap_for_who_waits() -> None:
    waiting = queue(NORTH, 2)
    assert choice(seen((WEST, CLOSE, False), *waiting)) == EAST_WEST
    assert choice(seen((WEST, FAR, False), *waiting)) == NORTH_SOUTH


def test_who_is_in_a_gap_but_alone_keeps_green() -> None:
    assert choice(seen((WEST, FAR, False))) == EAST_WEST


def test_who_only_gives_way_and_has_a_stage_of_his_own_does_not_keep_the_others_green() -> None:
    assert choice(seen((LEFT, 0.0, True), *queue(NORTH, 1))) == NORTH_SOUTH
    assert choice(seen((LEFT, 0.0, True))) == TURN


def test_stages_follow_in_their_order_and_those_that_nobody_waits_for_are_left_out() -> None:
    assert choice(seen(*queue(NORTH, 1), *queue(LEFT, 4, 1.0))) == NORTH_SOUTH
    assert choice(seen(*queue(LEFT, 1)), NORTH_SOUTH) == TURN
    assert choice(seen(*queue(WEST, 1)), NORTH_SOUTH) == EAST_WEST


def test_where_nobody_waits_the_first_stage_comes_back() -> None:
    assert choice(seen(), NORTH_SOUTH) == EAST_WEST
    assert choice(seen((NORTH, CLOSE, False)), NORTH_SOUTH) == NORTH_SOUTH


def test_the_longest_green_is_counted_from_the_first_who_waits_elsewhere() -> None:
    controller = Actuated(TWO_LIGHTS)
    stream, waits = (WEST, 1.0, False), (NORTH, 0.0, True)
    alone = [int(controller.choose(seen(stream), showing(EAST_WEST))[0]) for _ in range(200)]
    both = [int(controller.choose(seen(stream, waits), showing(EAST_WEST))[0]) for _ in range(int(MOST_GREEN_S) + 1)]
    assert set(alone) == {EAST_WEST}
    assert both == [EAST_WEST] * int(MOST_GREEN_S) + [NORTH_SOUTH]
    controller.choose(seen(stream, waits), showing(EAST_WEST, NORTH_SOUTH))
    assert int(controller.choose(seen(stream, waits), showing(EAST_WEST))[0]) == EAST_WEST


def test_lights_that_change_go_on_and_a_light_with_one_stage_keeps_it() -> None:
    wished = Actuated(TWO_LIGHTS).choose(seen(*queue(WEST, 5)), showing(NORTH_SOUTH, TURN))
    assert wished.tolist() == [TURN, 3]
