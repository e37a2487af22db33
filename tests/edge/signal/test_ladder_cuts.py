"""What the ladder rests on is cut, one by one and in any order, in front of the real virtual cabinet."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nutgiao.edge.signal.health import DEAF_S
from nutgiao.edge.signal.report import Report
from nutgiao.models.contracts.controller import StageCall
from nutgiao.models.contracts.safety import Rule
from nutgiao.models.contracts.site import Limits, Signals
from nutgiao.models.contracts.words import ControlMode, ControlSource, Indication
from tests.support.alternating import Alternating
from tests.support.crossroads import NOON_S, crossroads, plan_for
from tests.support.dual_ring import dual_ring
from tests.support.guarded import Junction, with_cameras

CENTRAL, LAST_VALID, TIME_OF_DAY, ADAPTIVE, FIXED, CABINET = list(ControlSource)[:6]


def stands(junction: Junction) -> ControlSource:
    return junction.ladder.standing(junction.shown)


def on_the_centre_s_plan(junction: Junction, life_s: float = 3000.0) -> Junction:
    junction.run(5)
    plan = plan_for(junction.site, (50, 30), offset_s=37, now_s=junction.now_s, life_s=life_s)
    (answer,) = junction.second(plan)
    assert not answer.verdict.refusals
    junction.run(400)
    assert (stands(junction), junction.shown.plan, junction.ladder.rungs.reason) == (CENTRAL, "c1", "")
    return junction


def test_a_broker_that_is_away_changes_the_rung_after_its_patience_and_no_lamp() -> None:
    junction = on_the_centre_s_plan(Junction(crossroads()))
    asked = len(junction.requests)
    junction.link = False
    assert junction.until(lambda: stands(junction) is LAST_VALID, 20) == 6
    assert junction.ladder.rungs.reason == "no link to the broker"
    junction.run(300)
    junction.link = True
    assert junction.until(lambda: stands(junction) is CENTRAL, 60) in range(31, 37)
    assert len(junction.requests) == asked, "the same plan runs on both rungs: there is nothing to ask for"
    assert junction.broken() == []


def test_the_last_valid_plan_runs_until_it_expires_and_then_the_table() -> None:
    junction = on_the_centre_s_plan(Junction(crossroads()), life_s=900.0)
    junction.centre = False
    assert junction.until(lambda: stands(junction) is LAST_VALID, 25) in range(11, 18)
    assert junction.ladder.rungs.reason == "the centre is not heard"
    junction.until(lambda: stands(junction) is TIME_OF_DAY, 700)
    assert "no valid plan of the centre" in junction.ladder.rungs.reason
    junction.run(300)
    start = junction.now_s - junction.shown.cycle_second_s
    assert (junction.shown.plan, start % junction.shown.cycle_s) == ("day", 10)
    junction.centre = True
    junction.run(60)
    assert junction.ladder.rungs.reason == "no valid plan of the centre"
    junction.second(plan_for(junction.site, (50, 30), revision=2, now_s=junction.now_s, life_s=900.0))
    junction.until(lambda: stands(junction) is CENTRAL, 120)
    assert junction.broken() == []


@pytest.mark.parametrize("wrong_s", [3600, -3600, 4])
def test_a_clock_that_jumps_leads_to_the_fixed_plan_and_back_to_the_centre_s_when_it_has_been_right_long_enough(
    wrong_s: int,
) -> None:
    junction = on_the_centre_s_plan(Junction(crossroads()))
    junction.wrong_s = wrong_s
    assert junction.until(lambda: junction.ladder.rungs.rung is FIXED, 5) == 1
    assert "the clock has jumped" in junction.ladder.rungs.reason
    junction.until(lambda: stands(junction) is FIXED and not junction.shown.in_transition, 300)
    assert (junction.shown.plan, junction.shown.green_s) == ("night", (25, 25))
    junction.run(100)
    assert "clock and controller disagree" in junction.ladder.rungs.reason
    assert junction.requests[-1].transition == (), "where no offset is to be reached no cycle is stretched"
    (answer,) = junction.second(plan_for(junction.site, revision=9, now_s=junction.now_s + wrong_s))
    (refusal,) = answer.verdict.refusals
    assert (refusal.rule, refusal.cure[:20]) == (Rule.VALIDITY, "set the node's clock")
    junction.wrong_s = 0
    assert junction.until(lambda: junction.ladder.rungs.rung is CENTRAL, 100) == 62
    junction.until(lambda: stands(junction) is CENTRAL and not junction.shown.in_transition, 600)
    assert (junction.now_s - junction.shown.cycle_second_s) % junction.shown.cycle_s == 37
    assert junction.broken() == []


def test_what_was_asked_for_on_a_rung_that_is_left_before_it_began_does_not_begin() -> None:
    junction = on_the_centre_s_plan(Junction(crossroads()))
    junction.until(lambda: junction.shown.cycle_second_s == 5, 90)
    junction.wrong_s = 3600
    junction.second()
    junction.wrong_s = 0
    junction.until(lambda: junction.shown.pending == "night", 5)
    shown = set()
    for _ in range(300):
        junction.second()
        shown.add((junction.shown.plan, junction.shown.in_transition))
    assert (stands(junction), shown) == (CENTRAL, {("c1", False)})
    assert junction.shown.pending == ""
    assert junction.broken() == []


def test_a_plan_that_expired_while_the_clock_was_wrong_is_not_taken_up_again() -> None:
    junction = on_the_centre_s_plan(Junction(crossroads()), life_s=700.0)
    junction.wrong_s = -3600
    junction.run(400)
    junction.wrong_s = 0
    junction.until(lambda: stands(junction) is TIME_OF_DAY, 300)
    junction.run(300)
    assert junction.shown.plan == "day"
    assert junction.broken() == []


def test_nothing_is_asked_of_a_controller_that_is_silent_and_its_lamps_are_told_as_unknown() -> None:
    junction = on_the_centre_s_plan(Junction(crossroads()), life_s=500.0)
    report = Report(junction.signals, junction.ladder)
    report.second(junction.status())
    asked = len(junction.requests)
    junction.silent = True
    assert junction.until(lambda: junction.ladder.rungs.rung is CABINET, 10) == 4
    junction.run(300)
    told = report.second(junction.status())
    assert told is not None
    assert (told["source"], told["reason"][:32]) == (CABINET, "the controller does not answer; ")
    assert set(told["groups"].values()) == {Indication.UNKNOWN}
    assert len(junction.requests) == asked
    junction.silent = False
    assert junction.until(lambda: junction.ladder.rungs.rung is TIME_OF_DAY, 20) == 11
    junction.until(lambda: stands(junction) is TIME_OF_DAY, 300)
    assert junction.broken() == []


def test_a_controller_that_refuses_everything_is_left_alone_and_tried_again_later() -> None:
    junction = on_the_centre_s_plan(Junction(crossroads()), life_s=500.0)
    junction.deaf = True
    junction.until(lambda: junction.ladder.rungs.rung is TIME_OF_DAY, 200)
    junction.until(lambda: junction.ladder.rungs.rung is CABINET, 60)
    assert "the controller takes no requests" in junction.ladder.rungs.reason
    assert len(junction.requests) == 4, "the plan of the centre, and three requests without an answer"
    junction.run(200)
    assert (len(junction.requests), stands(junction)) == (4, CABINET)
    junction.deaf = False
    junction.until(lambda: stands(junction) is TIME_OF_DAY, int(DEAF_S) + 200)
    assert junction.broken() == []


def test_a_flashing_controller_is_asked_for_nothing_and_keeps_its_name() -> None:
    junction = on_the_centre_s_plan(Junction(crossroads()))
    junction.cabinet._lamps[:, :] = 1  # what a broken lamp switch would do
    junction.run(10)
    asked = len(junction.requests)
    junction.link = False
    junction.run(400)
    assert (stands(junction), junction.ladder.rungs.rung, len(junction.requests)) == (
        ControlSource.FLASH,
        CABINET,
        asked,
    )
    assert "the controller is flashing" in junction.ladder.rungs.reason


def test_a_neighbour_whose_news_is_stale_is_told_and_moves_nobody() -> None:
    junction = on_the_centre_s_plan(Junction(crossroads()))
    assert junction.ladder.troubles == ()
    junction.neighbours = ("j2",)
    junction.run(60)
    assert (stands(junction), junction.ladder.troubles) == (CENTRAL, ("no news from the neighbour: j2",))


def test_a_mode_that_the_junction_cannot_run_is_refused_with_the_reason_and_a_cure() -> None:
    blind, ringed, bare = (
        Junction(crossroads()),
        Junction(with_cameras(dual_ring())),
        Junction(with_cameras(crossroads())),
    )
    greens = {id(ringed): ringed.shown.green_s}
    for junction, reason in (
        (blind, "no camera watches M, S"),
        (ringed, "the controller runs rings"),
        (bare, "without adaptive control"),
    ):
        junction.run(5)
        plan = plan_for(junction.site, greens.get(id(junction), (50, 30)), now_s=junction.now_s)
        (answer,) = junction.second(msgspec.structs.replace(plan, mode=ControlMode.CYCLE))
        (refusal,) = answer.verdict.refusals
        assert refusal.rule is Rule.MODE
        assert reason in refusal.reason
        assert "mode fixed" in refusal.cure


def test_without_a_clock_the_box_runs_the_junction_by_what_it_sees_and_without_pictures_by_the_fixed_plan() -> None:
    junction = on_the_centre_s_plan(Junction(with_cameras(crossroads()), adaptive=Alternating))
    junction.wrong_s = 5000
    junction.until(lambda: stands(junction) is ADAPTIVE, 60)
    junction.run(200)
    assert len(junction.calls) > 190
    junction.blind = {"cam-S"}
    junction.until(lambda: stands(junction) is FIXED, 60)
    assert "no picture: S" in junction.ladder.rungs.reason
    called = len(junction.calls)
    junction.run(200)
    assert (len(junction.calls), junction.shown.plan) == (called, "night")
    junction.blind = set()
    assert junction.until(lambda: stands(junction) is ADAPTIVE, 100) >= 30
    junction.wrong_s = 0
    assert junction.until(lambda: stands(junction) is CENTRAL and not junction.shown.in_transition, 400) >= 60
    assert (junction.now_s - junction.shown.cycle_second_s) % junction.shown.cycle_s == 37
    assert junction.broken() == []


def test_a_controller_that_takes_plans_and_no_calls_gets_the_fixed_plan() -> None:
    junction = Junction(with_cameras(crossroads()), adaptive=Alternating)
    junction.run(40)
    junction.cabinet.call = lambda call: None  # type: ignore[method-assign]
    junction.wrong_s = 5000
    junction.run(3)
    assert junction.ladder.rungs.rung is ADAPTIVE
    junction.until(lambda: stands(junction) is FIXED, 200)
    assert "the controller takes no calls for stages" in junction.ladder.rungs.reason


def test_a_plan_with_a_mode_is_run_by_adaptive_control_until_a_fixed_one_follows() -> None:
    junction = Junction(with_cameras(crossroads()), adaptive=Alternating)
    junction.run(40)
    plan = plan_for(junction.site, (50, 30), offset_s=37, now_s=junction.now_s, life_s=3000.0)
    (answer,) = junction.second(msgspec.structs.replace(plan, mode=ControlMode.FREE))
    assert not answer.verdict.refusals
    junction.until(lambda: len(junction.calls) > 100, 400)
    assert (stands(junction), junction.calls[-1].source) == (CENTRAL, CENTRAL)
    renewal = plan_for(junction.site, (50, 30), offset_s=37, revision=2, now_s=junction.now_s, life_s=3000.0)
    junction.second(msgspec.structs.replace(renewal, mode=ControlMode.FREE))
    called = len(junction.calls)
    junction.run(60)
    assert (junction.shown.plan, len(junction.calls) - called) == ("c2", 60), "a renewal interrupts nothing"
    fixed = plan_for(junction.site, (50, 30), offset_s=37, revision=3, now_s=junction.now_s, life_s=3000.0)
    (answer,) = junction.second(fixed)
    assert [refusal.rule for refusal in answer.verdict.refusals] == [Rule.INTERVAL], "the mode alone is a change"
    junction.run(200)
    (answer,) = junction.second(fixed)
    assert not answer.verdict.refusals
    called = len(junction.calls)
    junction.until(lambda: junction.shown.plan == "c3" and not junction.shown.in_transition, 300)
    assert len(junction.calls) == called
    assert (junction.now_s - junction.shown.cycle_second_s) % junction.shown.cycle_s == 37
    assert junction.broken() == []


def on_a_plan_with_a_mode(mode: ControlMode) -> Junction:
    junction = Junction(with_cameras(crossroads()), adaptive=Alternating)
    junction.run(40)
    plan = plan_for(junction.site, (50, 30), offset_s=37, now_s=junction.now_s, life_s=3000.0)
    junction.second(msgspec.structs.replace(plan, mode=mode))
    junction.until(lambda: len(junction.calls) > 60 and stands(junction) is CENTRAL, 400)
    return junction


def test_a_controller_that_ignores_calls_within_the_centre_s_plan_is_noticed_by_its_lamps() -> None:
    junction = on_a_plan_with_a_mode(ControlMode.FREE)
    obeys, junction.cabinet.call = junction.cabinet.call, lambda call: None  # type: ignore[method-assign]
    junction.until(lambda: stands(junction) is LAST_VALID, 200)
    assert junction.ladder.rungs.reason == "the controller takes no calls for stages"
    assert "the controller takes no calls for stages" in junction.ladder.troubles
    called = len(junction.calls)
    junction.run(200)
    assert (len(junction.calls), junction.shown.plan, stands(junction)) == (called, "c1", LAST_VALID)
    junction.cabinet.call = obeys  # type: ignore[method-assign]
    back_s = 200 + junction.until(lambda: stands(junction) is CENTRAL, int(DEAF_S) + 40)
    assert back_s in range(int(DEAF_S) + 25, int(DEAF_S) + 35), "it is left alone for a while, then watched for 30 s"
    junction.run(100)
    assert (len(junction.calls) > called + 50, junction.ladder.rungs.reason) == (True, "")
    assert junction.broken() == []


def test_a_controller_that_cannot_hold_a_called_stage_is_noticed_within_three_changes() -> None:
    junction = on_a_plan_with_a_mode(ControlMode.FREE)
    junction.ladder._adaptive.call = lambda now_s, status, plan=None: StageCall(  # type: ignore[union-attr,method-assign]
        stage=status.stage, source=CENTRAL, until_s=0
    )
    junction.until(lambda: "takes no calls" in junction.ladder.rungs.reason, 300)


def test_a_junction_that_cannot_see_runs_the_plan_of_the_centre_as_it_stands_and_tells_why() -> None:
    junction = on_a_plan_with_a_mode(ControlMode.FREE)
    junction.blind = {"cam-S"}
    junction.until(lambda: stands(junction) is LAST_VALID, 10)
    assert junction.ladder.rungs.reason == "no picture: S"
    junction.blind = set()
    assert junction.until(lambda: stands(junction) is CENTRAL, 40) >= 30


@settings(max_examples=6, deadline=None)
@given(hold_s=st.integers(5, 80), lost=st.sets(st.integers(0, 599), max_size=200))
def test_a_controller_that_takes_calls_is_never_thought_deaf_though_some_get_lost(hold_s: int, lost: set[int]) -> None:
    junction = Junction(with_cameras(crossroads()), adaptive=lambda signals: Alternating(signals, hold_s))
    obeys, gone = junction.cabinet.call, {NOON_S + second for second in lost if second % 3}  # never three in a row
    junction.cabinet.call = lambda call: None if junction.now_s in gone else obeys(call)  # type: ignore[method-assign]
    junction.run(40)
    plan = plan_for(junction.site, (50, 30), now_s=junction.now_s, life_s=3000.0)
    junction.second(msgspec.structs.replace(plan, mode=ControlMode.FREE))
    for _ in range(600):
        junction.second()
        assert "takes no calls" not in "".join(junction.ladder.troubles)
    assert len(junction.calls) > 200


CUTS = ("link", "centre", "clock", "silent", "deaf", "plan", "camera", "not ready")


@settings(max_examples=12, deadline=None)
@given(
    spells=st.lists(st.tuples(st.frozensets(st.sampled_from(CUTS)), st.integers(1, 200)), min_size=1, max_size=10),
    greens=st.lists(st.tuples(st.integers(20, 60), st.integers(20, 50)), min_size=10, max_size=10),
    modes=st.lists(st.sampled_from(ControlMode), min_size=10, max_size=10),
)
def test_whatever_is_cut_and_comes_back_the_lamps_stay_safe_and_the_junction_finds_home(
    spells: list[tuple[frozenset[str], int]], greens: list[tuple[int, int]], modes: list[ControlMode]
) -> None:
    made: list[Alternating] = []

    def adaptive(signals: Signals) -> Alternating:
        made.append(Alternating(signals))
        return made[0]

    junction = Junction(with_cameras(crossroads(limits=Limits(min_plan_interval_s=0))), adaptive=adaptive)
    gone: dict[str, int] = {}
    for number, (cuts, seconds) in enumerate(spells):
        junction.link, junction.centre = "link" not in cuts, "centre" not in cuts
        junction.silent, junction.deaf = "silent" in cuts, "deaf" in cuts
        junction.wrong_s = 1800 if "clock" in cuts else 0
        junction.blind = {"cam-M"} if "camera" in cuts else set()
        made[0].trouble = "it is told not to be" if "not ready" in cuts else ""
        if "plan" in cuts:
            plan = plan_for(junction.site, greens[number], offset_s=number, revision=number + 1, now_s=junction.now_s)
            junction.second(msgspec.structs.replace(plan, mode=modes[number]))
        for _ in range(seconds):
            junction.second()
            gone = {cut: gone.get(cut, 0) + 1 for cut in cuts}
            rung = junction.ladder.rungs.rung
            assert gone.get("silent", 0) < 5 or rung is CABINET
            assert "clock" not in gone or "silent" in cuts or rung in {ADAPTIVE, FIXED, CABINET}
            assert max(gone.get("camera", 0), gone.get("not ready", 0)) < 5 or rung is not ADAPTIVE
            assert gone.get("link", 0) < 7 or rung is not CENTRAL
            assert gone.get("centre", 0) < 18 or rung is not CENTRAL
    junction.link = junction.centre = True
    junction.silent = junction.deaf = False
    junction.wrong_s, junction.blind, made[0].trouble = 0, set(), ""
    junction.run(1600)  # the life of a plan, the hold-offs, and a transition
    assert (stands(junction), junction.shown.plan, junction.shown.in_transition) == (TIME_OF_DAY, "day", False)
    assert junction.ladder.rungs.reason == "no valid plan of the centre"
    assert junction.broken() == []
