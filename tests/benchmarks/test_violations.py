from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.violations_cameras import is_asked, wide_camera, wide_pinhole
from benchmarks.violations_judge import judge, lawful_rows, rows_and_targets, wilson
from benchmarks.violations_outcome import Outcome, RunCase, Seen, Told
from nutgiao.configs.loader import load_site
from nutgiao.models.contracts.site_rules import OnRed
from nutgiao.models.contracts.words import ViolationKind
from nutgiao.simulation.breakers_truth import Deed
from nutgiao.simulation.virtual_camera import pinhole_of

RED = ViolationKind.RED_LIGHT


def deed(vehicle: str, time_s: float, must: bool = True) -> Deed:
    return Deed(
        kind=RED, node="j1", approach="west", time_s=time_s, noted_s=time_s + 2.0, vehicle=vehicle,
        vehicle_class="motorcycle", must=must, numbers={"into_red_s": 5.0},
    )  # fmt: skip


def told(vehicle: str, time_s: float, kind: ViolationKind = RED) -> Told:
    return Told(
        quality="good", kind=kind, node="j1", place="west", time_s=time_s, track="t", vehicle=vehicle,
        vehicle_class="motorcycle", true_class="motorcycle", lane="1", numbers={},
    )  # fmt: skip


def outcome(deeds: list[Deed], reports: list[Told], crossings: int = 100) -> Outcome:
    seen = [Seen(tracked={"good": 1.0, "fair": 1.0, "poor": 0.0}, visible=1.0) for _ in deeds]
    case = RunCase(network="corridor", seed=1, begin_s=0, seconds=3600)
    return Outcome(case=case, crossings=crossings, deeds=deeds, seen=seen, told=reports, cpu_s=1.0)


def test_the_right_vehicle_at_the_right_time_is_right() -> None:
    tally = judge([outcome([deed("a", 100.0)], [told("a", 101.0)])])["all", "good", RED]
    assert (tally.truth, tally.found, tally.told, tally.right) == (1, 1, 1, 1)
    assert not tally.errors


def test_the_neighbour_who_is_told_of_is_a_wrong_fine_and_the_doer_is_missed() -> None:
    tally = judge([outcome([deed("a", 100.0)], [told("b", 100.0)])])["all", "good", RED]
    assert (tally.found, tally.right) == (0, 0)
    assert set(tally.errors) == {"wrong: another vehicle's deed", "missed: told of another vehicle"}
    assert "seed 1" in tally.examples["wrong: another vehicle's deed"]


def test_a_stand_over_the_line_is_one_act_for_as_long_as_it_lasts() -> None:
    stand = msgspec.structs.replace(deed("a", 100.0), kind=ViolationKind.STOP_LINE, numbers={"stood_s": 60.0})
    within = judge([outcome([stand], [told("a", 130.0, ViolationKind.STOP_LINE)])])
    assert (within["all", "good", ViolationKind.STOP_LINE].right) == 1
    after = judge([outcome([stand], [told("a", 175.0, ViolationKind.STOP_LINE)])])
    assert (after["all", "good", ViolationKind.STOP_LINE].right) == 0


def test_a_deed_is_not_missed_for_what_somebody_else_really_did() -> None:
    tally = judge([outcome([deed("a", 100.0), deed("b", 101.0)], [told("b", 101.0)])])["all", "good", RED]
    assert list(tally.errors) == ["missed: tracked motorcycle, the rule was silent, late in red"]


def test_one_deed_told_twice_is_one_right_and_one_wrong() -> None:
    tally = judge([outcome([deed("a", 100.0)], [told("a", 100.0), told("a", 100.5)])])["all", "good", RED]
    assert (tally.told, tally.right, dict(tally.errors)) == (2, 1, {"wrong: told twice": 1})


def test_a_deed_in_the_grace_may_be_told_or_not() -> None:
    silent = judge([outcome([deed("a", 100.0, must=False)], [])])
    assert ("all", "good", RED) not in silent
    tally = judge([outcome([deed("a", 100.0, must=False)], [told("a", 100.0)])])["all", "good", RED]
    assert (tally.truth, tally.told, tally.right) == (0, 1, 1)


def test_a_missed_deed_says_whether_it_was_tracked() -> None:
    tallies = judge([outcome([deed("a", 100.0)], [])])
    assert list(tallies["all", "poor", RED].errors) == ["missed: motorcycle in sight, but not tracked"]
    assert list(tallies["all", "good", RED].errors) == ["missed: tracked motorcycle, the rule was silent, late in red"]


def test_lawful_traffic_counts_false_events_per_crossing_and_no_deed_that_was_done() -> None:
    rows, targets = lawful_rows([outcome([deed("a", 1.0)], [told("a", 1.0), told("b", 500.0)], crossings=10_000)])
    good = next(row for row in rows if row["quality"] == "good")
    assert (good["false"], good["per 10,000"], good["hours"]) == (1, 1.0, 1.0)
    assert all(one["pass"] for one in targets)


def test_targets_are_those_of_the_sums_and_a_rule_that_told_nothing_misses_its_recall() -> None:
    _, targets = rows_and_targets(judge([outcome([deed("a", 100.0)], [])]))
    recall = [one for one in targets if one["name"].endswith("recall")]
    assert recall
    assert not any(one["pass"] for one in recall)


@given(st.integers(1, 10_000), st.floats(0.0, 1.0))
def test_wilsons_interval_holds_the_share_and_shrinks_with_evidence(of: int, share: float) -> None:
    right = int(of * share)
    low, high = wilson(right, of)
    assert 0.0 <= low <= right / of + 1e-12
    assert right / of - 1e-12 <= high <= 1.0
    wide = wilson(right * 100, of * 100)
    assert wide[1] - wide[0] < high - low


def test_wilsons_interval_is_the_textbooks() -> None:
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-4)
    assert wilson(0, 0) == (0.0, 1.0)
    assert not np.isnan(wilson(0, 5)).any()


def test_the_wide_camera_sees_where_turns_end_and_the_head_on_one_does_not() -> None:
    approach = load_site("demo-j1").approach("north")  # it goes south: 20 m beyond its line, 14 m to its right
    exit_m = np.array([[approach.origin_m[0] - 14.0, approach.origin_m[1] - 20.0, 0.0]])
    assert 0.0 < wide_pinhole(approach).project(exit_m)[0, 0] < wide_camera(approach).width_px
    assert not 0.0 < pinhole_of(approach).project(exit_m)[0, 0] < wide_camera(approach).width_px


def test_each_rule_is_asked_of_one_camera() -> None:
    north = load_site("demo-j1").approach("north")
    for kind in (RED, ViolationKind.BANNED_TURN, ViolationKind.WRONG_LANE, ViolationKind.PAVEMENT):
        assert is_asked("wide_north", kind, north, True) != is_asked("cam_north", kind, north, True)
        assert is_asked("cam_north", kind, north, False)
        assert is_asked("cam_north", kind, None, False)
    assert is_asked("wide_north", ViolationKind.WRONG_LANE, north, True)
    assert not is_asked("wide_north", RED, north, True)
    kerb, *others = north.lanes
    let = msgspec.structs.replace(north, lanes=(msgspec.structs.replace(kerb, on_red=(OnRed(),)), *others))
    assert is_asked("wide_north", RED, let, True), "where some may turn on red, the turn decides"
