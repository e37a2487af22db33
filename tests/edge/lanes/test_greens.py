"""A split failure is told when a green ends before all who had waited at its start are over the line."""

from __future__ import annotations

from nutgiao.edge.perception import Perception
from nutgiao.models.contracts.words import Indication
from tests.support.scenes import AMBER, GREEN, RED, Scene, Vehicle, site, start, watch


def told(green_s: int, riders: int) -> list[bool]:
    """Red for 10 s, green, 3 s of amber, red: who waits starts one after the other."""
    queue = [Vehicle(start(1.0 + 3.0 * k, 11.0 + 0.9 * k), 4.5) for k in range(riders)]

    def lamp(t: int) -> Indication:
        return RED if t < 10 or t >= 13 + green_s else GREEN if t < 10 + green_s else AMBER

    watched = watch(Perception(site(), "j1", "b1"), Scene(queue), 30 + green_s, lamp)
    return [second.lane_states[1].split_failure for second in watched.seconds]


def test_a_green_long_enough_is_no_failure() -> None:
    assert not any(told(green_s=30, riders=8))


def test_a_green_too_short_is_a_failure_until_the_next_green_ends() -> None:
    failed = told(green_s=6, riders=16)
    assert not any(failed[:19])
    assert all(failed[20:])


def test_without_lamps_no_failure_is_told() -> None:
    queue = [Vehicle(start(1.0 + 3.0 * k, 11.0 + 0.9 * k), 4.5) for k in range(16)]
    watched = watch(Perception(site(), "j1", "b1"), Scene(queue), 30, lambda t: None)
    assert not any(state.split_failure for second in watched.seconds for state in second.lane_states)
