"""What rungs rest on: clocks that jump, drift or disagree, heartbeats, cameras, a controller that does not listen."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgiao.edge.signal.health import BEAT_AGE_S, DEAF_S, HEARD_S, TRIES, CentreWatch, ClockWatch, Echo, unseen
from nutgiao.models.contracts.messages import CameraHealth, CentreHeartbeat
from tests.support.crossroads import NOON_S, crossroads
from tests.support.guarded import with_cameras


def beat(state: str = "online") -> CentreHeartbeat:
    return CentreHeartbeat(id="h", node="centre", boot="b", seq=1, time_s=0.0, expires_s=9e9, state=state, revisions={})


@pytest.mark.parametrize("jump_s", [3600, 3, -3, -86400, 1_000_000_000])
def test_a_jump_is_told_in_the_second_in_which_it_happens(jump_s: int) -> None:
    watch = ClockWatch(made_s=0.0)
    told = [watch.second(NOON_S + k + jump_s * (k >= 100), float(k), None) for k in range(200)]
    assert [k for k, why in enumerate(told) if why] == [100]
    assert told[100] == f"the clock has jumped: {jump_s:+d} s"


@given(st.lists(st.floats(-0.9, 0.9), min_size=200, max_size=200))
def test_a_node_that_is_late_within_a_second_and_a_clock_that_ntp_slews_are_trusted(late_s: list[float]) -> None:
    watch = ClockWatch(made_s=0.0)
    assert not any(watch.second(NOON_S + k * 1.0005, k + late, None) for k, late in enumerate(late_s))


@pytest.mark.parametrize("rate", [2.0, 1.1, 0.9, 0.0])
def test_a_clock_that_runs_wrong_never_stays_without_reproach_for_the_hold_off(rate: float) -> None:
    watch = ClockWatch(made_s=0.0)
    told = [k for k in range(600) if watch.second(NOON_S + k * rate, float(k), None)]
    assert told[0] <= 60
    assert max(after - before for before, after in pairwise(told)) <= 60


def test_a_clock_that_is_not_set_or_disagrees_with_the_controller_is_not_trusted() -> None:
    watch = ClockWatch(made_s=NOON_S - 1e6)
    assert watch.second(0.0, 0.0, None) == "the clock is not set"
    agrees = ClockWatch(made_s=0.0)
    assert agrees.second(float(NOON_S), 0.0, NOON_S - 2) == ""
    assert agrees.second(NOON_S + 1.0, 1.0, NOON_S - 3) == "clock and controller disagree about the time: +4 s"
    assert agrees.second(NOON_S + 2.0, 2.0, None) == "", "a controller that is silent says nothing about the clock"


def test_the_centre_is_missed_when_its_third_heartbeat_is_overdue_and_at_once_when_it_says_goodbye() -> None:
    watch = CentreWatch()
    told = [watch.second(float(k), [beat()] if k % 5 == 0 and k <= 50 else []) for k in range(80)]
    assert [k for k, why in enumerate(told) if why] == list(range(51 + int(BEAT_AGE_S), 80))
    assert watch.second(80.0, [beat()]) == ""
    assert watch.second(81.0, [beat("offline")]) == "the centre is offline"
    assert watch.second(82.0, []) == "the centre is offline"
    assert watch.second(83.0, [beat()]) == ""


def test_an_approach_is_seen_if_one_of_its_cameras_delivers() -> None:
    site = with_cameras(crossroads())

    def health(name: str, age_s: float) -> CameraHealth:
        return CameraHealth(camera=name, age_s=age_s, frames=1, dropped=0)

    assert unseen(site, [health("cam-M", 0.2), health("cam-S", 0.2)]) == ""
    assert unseen(site, [health("cam-M", 0.2), health("cam-S", 6.0)]) == "no picture: S"
    assert unseen(site, [health("cam-M", -3600.0), health("cam-S", 0.2)]) == "no picture: M", "not seen since the clock"
    assert unseen(crossroads(), []) == "no picture: M, S"


def test_a_request_is_repeated_a_few_times_and_then_the_controller_is_left_alone_for_a_while() -> None:
    echo, asked = Echo(), []
    for k in range(int(DEAF_S) + 60):
        echo.second(float(k), ["something else"])
        if echo.may_ask("plan", float(k)):
            echo.asked("plan", float(k))
            asked.append(k)
    wait = int(HEARD_S)
    assert asked[:TRIES] == [0, wait, 2 * wait]
    assert asked[TRIES] == TRIES * wait + DEAF_S, "nobody is asked while the controller counts as deaf"


def test_a_request_that_comes_true_is_forgotten() -> None:
    echo = Echo()
    for k in range(100):
        if echo.may_ask("plan", float(k)):
            echo.asked("plan", float(k))
        echo.second(float(k), ["plan"])
        assert not echo.deaf(float(k))
