"""The network state: what counts, what is history, and what the centre may believe."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgiao.central.node import Verdict
from nutgiao.central.proposals import PlanState
from nutgiao.central.sequence import SequenceLog
from nutgiao.central.state import NetworkState
from nutgiao.models.contracts.safety import Refusal, Rule
from tests.support.crossroads import NOON_S, crossroads, plan_for
from tests.support.voice import Voice

SITE = crossroads()
NOW = float(NOON_S)


def test_node_is_offline_when_it_stays_silent_longer_than_its_messages_promised() -> None:
    state, voice = NetworkState([SITE]), Voice(SITE)
    assert state.health("x1", NOW).state == "offline"
    state.take(voice.health(NOW, life_s=15), NOW)
    assert state.health("x1", NOW + 15).state == "online"
    late = state.health("x1", NOW + 16)
    assert (late.state, late.note) == ("offline", "silent for 16 s")
    assert late.public_key == "ab" * 32


def test_lamps_that_still_report_make_a_node_without_health_degraded_not_offline() -> None:
    state, voice = NetworkState([SITE]), Voice(SITE)
    state.take(voice.health(NOW, life_s=15), NOW)
    state.take(voice.signal(NOW + 18), NOW + 18)
    assert state.health("x1", NOW + 18).state == "degraded"


def test_last_will_counts_every_time_and_keeps_the_key_until_the_node_is_back() -> None:
    state, voice = NetworkState([SITE]), Voice(SITE)
    will = voice.will(NOW - 100)
    for second in (0, 10):
        state.take(voice.health(NOW + second), NOW + second)
        assert state.health("x1", NOW + second).state == "online"
        assert state.take(will, NOW + second + 1) is Verdict.NEW
        gone = state.health("x1", NOW + second + 1)
        assert (gone.state, gone.note, gone.public_key) == ("offline", "the link broke", "ab" * 32)


def test_will_of_an_earlier_boot_does_not_take_down_the_present_one() -> None:
    state, old, new = NetworkState([SITE]), Voice(SITE, "b1"), Voice(SITE, "b2")
    state.take(old.health(NOW), NOW)
    state.take(new.health(NOW + 2), NOW + 2)
    assert state.take(old.will(NOW), NOW + 3) is Verdict.LATE
    assert state.health("x1", NOW + 3).state == "online"


def test_expired_signal_status_is_not_what_the_lamps_show() -> None:
    state, voice = NetworkState([SITE]), Voice(SITE)
    assert state.take(voice.signal(NOW, life_s=5), NOW + 60) is Verdict.STALE
    assert state.last_signal("x1") is None
    state.take(voice.signal(NOW + 60, life_s=5), NOW + 60)
    assert state.signal("x1", NOW + 65) is not None
    assert state.signal("x1", NOW + 66) is None


def test_expired_telemetry_fills_the_history_but_not_the_present() -> None:
    state, voice = NetworkState([SITE]), Voice(SITE)
    assert state.take(voice.lanes(NOW - 600, queue_veh=7), NOW) is Verdict.STALE
    assert state.approach("x1", "M") is None
    assert [each.queue_veh for each in state.history("x1", "M", NOW - 1000)] == [7.0]


def test_older_news_never_replaces_newer() -> None:
    state, voice = NetworkState([SITE]), Voice(SITE)
    first, second = voice.lanes(NOW, queue_veh=3), voice.lanes(NOW + 1, queue_veh=9)
    state.take(second, NOW + 1)
    assert state.take(first, NOW + 1) is Verdict.LATE
    latest = state.approach("x1", "M")
    assert latest is not None
    assert (latest.time_s, latest.queue_veh) == (NOW + 1, 9)
    assert state.history("x1", "M", NOW)[0].seconds == 2


def test_a_clock_that_runs_ahead_does_not_push_the_present_out() -> None:
    state, voice = NetworkState([SITE]), Voice(SITE)
    state.take(voice.lanes(NOW, queue_veh=3), NOW)
    assert state.take(voice.lanes(NOW + 1e6, queue_veh=99), NOW) is Verdict.AHEAD
    assert [each.queue_veh for each in state.history("x1", "M", NOW - 100)] == [3.0]


def test_messages_of_nodes_without_a_site_file_are_counted_and_left() -> None:
    state = NetworkState([SITE])
    assert state.take(Voice(crossroads("x9")).signal(NOW), NOW) is Verdict.STRANGER
    assert state.strangers == 1


def test_the_plan_believed_to_run_is_the_reported_one_not_the_accepted_one() -> None:
    state, voice = NetworkState([SITE]), Voice(SITE)
    plan = plan_for(SITE, revision=4)
    state.take(voice.signal(NOW, plan="day"), NOW)
    state.sent(plan, NOW)
    assert state.proposals()[0].state(NOW) is PlanState.SENT
    state.take(voice.reply(NOW + 1, plan), NOW + 1)
    assert state.proposals()[0].state(NOW + 1) is PlanState.ACCEPTED
    running = state.running_plan("x1")
    assert running is not None
    assert (running.id, running.revision, running.offset_s) == ("day", 0, 10)
    state.take(voice.signal(NOW + 30, plan=plan.id, revision=4), NOW + 30)
    assert state.running_plan("x1") == plan
    assert state.proposals()[0].state(NOW + 30) is PlanState.RUNNING
    state.take(voice.signal(NOW + 60, plan="day"), NOW + 60)
    assert state.proposals()[0].state(NOW + 60) is PlanState.REPLACED


def test_refused_and_unanswered_plans_end_as_rejected_and_expired() -> None:
    state, voice = NetworkState([SITE]), Voice(SITE)
    refused, silent = plan_for(SITE, revision=4), plan_for(SITE, revision=5)
    refusal = Refusal(rule=Rule.MAX_RED, reason="s is red for 160 s", cure="serve it after at most 150 s")
    for plan in (refused, silent):
        state.sent(plan, NOW)
    state.take(voice.reply(NOW + 1, refused, refusal), NOW + 1)
    by_revision = {each.plan.revision: each for each in state.proposals()}
    assert by_revision[4].state(NOW + 1) is PlanState.REJECTED
    assert by_revision[4].refusals == (refusal,)
    assert by_revision[5].state(silent.expires_s) is PlanState.EXPIRED


def test_flow_is_departures_plus_growth_of_the_queue() -> None:
    state, voice = NetworkState([SITE]), Voice(SITE)
    for second in range(300):  # 0.5 MCU/s leave while the queue grows by 0.2 MCU/s: 0.7 MCU/s arrive
        state.take(voice.lanes(NOW + second, departures_mcu=0.5, queue_veh=second // 5), NOW + second)
    assert state.flows("x1", "M", 300.0, NOW + 300) == pytest.approx(0.7 * 3600, rel=0.02)


def test_a_red_at_the_end_of_the_window_does_not_look_like_less_demand() -> None:
    state, voice = NetworkState([SITE]), Voice(SITE)
    queue = 0.0
    for second in range(300):  # 0.4 MCU/s arrive; 45 s green serve up to 1.2 MCU/s, 45 s red none
        queue += 0.4
        served = min(queue, 1.2) if second % 90 < 45 else 0.0
        queue -= served
        message = voice.lanes(NOW + second, departures_mcu=served, queue_veh=round(queue))
        state.take(message, NOW + second)
    for end in (225, 270, 300):
        assert state.flows("x1", "M", 200.0, NOW + end) == pytest.approx(0.4 * 3600, rel=0.06)


def test_half_a_window_without_news_gives_no_flow_instead_of_a_guess() -> None:
    state, voice = NetworkState([SITE]), Voice(SITE)
    for second in range(100):
        state.take(voice.lanes(NOW + second, departures_mcu=1.0), NOW + second)
    assert state.flows("x1", "M", 300.0, NOW + 100) is None


def test_delay_over_time_adds_the_standing_vehicles_of_all_approaches() -> None:
    state, voice = NetworkState([SITE]), Voice(SITE)
    for second in range(20):
        state.take(voice.lanes(NOW + second, queue_veh=4 if second < 10 else 6), NOW + second)
    assert state.queue_over_time(NOW) == [(int(NOW), 8.0), (int(NOW) + 10, 12.0)]


def test_history_is_bounded_and_forgets_the_oldest() -> None:
    state, voice = NetworkState([SITE], history_s=600), Voice(SITE)
    for second in range(0, 1200, 10):
        state.take(voice.lanes(NOW + second, queue_veh=1), NOW + second)
    starts = [each.start_s for each in state.history("x1", "M", 0.0)]
    assert len(starts) == 60
    assert starts[0] == NOW + 600


def test_cleared_state_starts_anew_with_an_earlier_clock() -> None:
    state = NetworkState([SITE])
    state.take(Voice(SITE, "b1").lanes(NOW + 1200, queue_veh=5), NOW + 1200)
    state.clear()
    voice = Voice(SITE, "b2")
    assert state.take(voice.lanes(NOW, queue_veh=2), NOW) is Verdict.NEW
    assert state.queue_over_time(0.0) == [(int(NOW), 4.0)]
    assert state.through("x1") == 1


@given(st.lists(st.integers(1, 60), max_size=120))
def test_sequence_log_knows_exactly_what_has_come(numbers: list[int]) -> None:
    log, seen = SequenceLog(), set[int]()
    for number in numbers:
        assert log.add(number) == (number not in seen)
        seen.add(number)
        first = min(seen)
        assert log.missing == max(seen) - first + 1 - len(seen)
        through = first
        while through + 1 in seen:
            through += 1
        assert log.through == through


@given(st.lists(st.integers(0, 39), min_size=1, max_size=90))
def test_any_order_with_any_doubles_ends_in_the_same_history(picks: list[int]) -> None:
    voice = Voice(SITE)
    sent = [voice.lanes(NOW + k, queue_veh=k, departures_mcu=float(k), life_s=1000.0) for k in range(40)]
    tidy, messy = NetworkState([SITE]), NetworkState([SITE])
    for k in sorted(set(picks)):
        tidy.take(sent[k], NOW + 40)
    verdicts = [messy.take(sent[k], NOW + 40) for k in picks]
    assert verdicts.count(Verdict.DUPLICATE) == len(picks) - len(set(picks))
    assert messy.history("x1", "M", 0.0) == tidy.history("x1", "M", 0.0)
    assert messy.approach("x1", "M") == tidy.approach("x1", "M")
    assert messy.gaps("x1") == tidy.gaps("x1") == {"b1": max(picks) - min(picks) + 1 - len(set(picks))}
