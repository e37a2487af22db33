"""The box's clock and what a clock that is set back does to a box: it goes on."""

from __future__ import annotations

import time

from nutgiao.edge.clock import WallClock
from nutgiao.edge.perception import Perception
from nutgiao.models.contracts.words import Indication
from tests.support.scenes import START_S, Scene, Vehicle, site, watch

RED = Indication.RED


class Wall:
    """A wall clock that can be set."""

    def __init__(self, start_s: float) -> None:
        self._start_s, self._began = start_s, time.monotonic()

    def set(self, to_s: float) -> None:
        self._start_s, self._began = to_s, time.monotonic()

    def __call__(self) -> float:
        return self._start_s + time.monotonic() - self._began


def test_a_clock_that_is_set_back_or_forth_is_followed_at_once_and_never_waited_for() -> None:
    wall = Wall(1000.97)
    clock, began = WallClock(wall), time.monotonic()
    assert clock.next_second() == 1001.0
    wall.set(400.97)
    assert clock.next_second() == 401.0
    wall.set(9000.97)
    assert clock.next_second() in {9000.0, 9001.0}
    assert time.monotonic() - began < 1.0
    assert clock.steady_s() >= began


def test_a_wait_that_ends_a_little_early_repeats_no_second() -> None:
    wall = Wall(1000.99)
    clock = WallClock(wall)
    assert clock.next_second() == 1001.0
    wall.set(1000.98)  # as if the wait had ended 20 ms too soon
    assert clock.next_second() == 1002.0
    clock.stop()
    assert clock.next_second() is None


def test_cameras_whose_clock_was_set_back_begin_anew_with_new_names_for_everybody() -> None:
    perception = Perception(site(), "j1", "b1")
    waiting = Scene([Vehicle(lambda t: 40.0 - 8.0 * t if t < 4.5 else 4.0)])
    before = watch(perception, waiting, 10, lambda t: RED)
    again = watch(perception, waiting, 10, lambda t: RED)  # the same seconds come once more
    assert before.ids
    assert again.ids
    assert not before.ids & again.ids
    assert sum(lane.queue_veh for lane in again.seconds[-1].lane_states) == 1
    assert not [*before.violations, *again.violations]
    assert perception.last_frame_s["cam"] == START_S + 9.0
