"""Queues over a repeated cycle against theory, and against a plain twin."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgiao.models.queueing.platoon import cyclic_queue, disperse

ROOM = 1e9


def test_uniform_arrivals_have_the_delay_of_d_d_1() -> None:
    cycle, red, arrival, saturation = 100, 50, 0.25, 1.0
    green = np.arange(cycle) >= red
    delay = cyclic_queue(np.full(cycle, arrival), green, saturation, ROOM, np.empty(cycle))
    theory = arrival * red**2 / (2 * (1 - arrival / saturation))  # area of the queue triangle, MCU seconds
    assert delay == pytest.approx(theory, rel=0.03)


def test_everybody_who_arrives_leaves_while_there_is_capacity() -> None:
    cycle = 60
    departures = np.empty(cycle)
    cyclic_queue(np.full(cycle, 0.3), np.arange(cycle) < 30, 1.0, ROOM, departures)
    assert departures.sum() == pytest.approx(0.3 * cycle)
    assert departures[30:].sum() == 0.0, "nobody leaves on red"


def test_a_platoon_that_arrives_on_green_does_not_wait() -> None:
    cycle = 80
    arrivals = np.zeros(cycle)
    arrivals[10:30] = 0.9
    on_green = cyclic_queue(arrivals, np.arange(cycle) < 40, 1.0, ROOM, np.empty(cycle))
    on_red = cyclic_queue(arrivals, np.arange(cycle) >= 40, 1.0, ROOM, np.empty(cycle))
    assert on_green == 0.0
    assert on_red > 100.0


def test_a_queue_beyond_its_room_costs_more() -> None:
    cycle = 60
    green, arrivals = np.arange(cycle) < 20, np.full(cycle, 0.3)
    free = cyclic_queue(arrivals, green, 1.0, ROOM, np.empty(cycle))
    tight = cyclic_queue(arrivals, green, 1.0, 5.0, np.empty(cycle))
    assert tight > 1.5 * free


@given(
    st.lists(st.floats(0.0, 1.0), min_size=5, max_size=40),
    st.lists(st.booleans(), min_size=5, max_size=40),
    st.floats(0.2, 3.0),
)
def test_cyclic_queue_is_its_plain_twin(arrivals: list[float], green: list[bool], saturation: float) -> None:
    count = min(len(arrivals), len(green))
    arrivals, green = arrivals[:count], green[:count]
    queue, waits, left = 0.0, [], []
    for second in range(3 * count):
        queue += arrivals[second % count]
        out = min(queue, saturation) if green[second % count] else 0.0
        queue -= out
        waits.append(queue)
        left.append(out)
    departures = np.empty(count)
    delay = cyclic_queue(np.array(arrivals), np.array(green), saturation, ROOM, departures)
    assert delay == pytest.approx(sum(waits[-count:]))
    assert departures.tolist() == pytest.approx(left[-count:])


@given(st.lists(st.floats(0.0, 2.0), min_size=10, max_size=120), st.integers(0, 60))
def test_dispersion_keeps_everybody_and_invents_nobody(departures: list[float], travel: int) -> None:
    arrivals = np.empty(len(departures))
    disperse(np.array(departures), travel, arrivals)
    assert arrivals.sum() == pytest.approx(sum(departures), abs=1e-9)
    assert (arrivals >= 0).all()


def test_a_platoon_comes_later_and_wider() -> None:
    departures = np.zeros(100)
    departures[0:10] = 1.0
    arrivals = np.empty(100)
    disperse(departures, 30, arrivals)
    seconds = np.arange(100)
    assert 25 <= int(arrivals.argmax()) <= 36
    centre = float((arrivals * seconds).sum() / arrivals.sum())
    assert centre > float((departures * seconds).sum() / departures.sum()) + 20
    assert arrivals.max() < 1.0
