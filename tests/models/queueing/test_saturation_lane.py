"""A lane's headways, lost time and used amber are recovered from departures, misses and lorries notwithstanding."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgiao.models.contracts.words import VehicleClass
from nutgiao.models.queueing.saturation_lane import LaneReport, LaneSaturation, LaneState

CAR, TRUCK = VehicleClass.CAR, VehicleClass.TRUCK
FIRST_S, SATURATED_S, GAIN_S = (1.2, 3.1, 2.5, 2.1), 1.85, 1.4
LOST_S = sum(FIRST_S) - 4 * SATURATED_S


def lane(
    seed: int, cycles: int, missed: float = 0.0, trucks: float = 0.0, state: LaneState | None = None
) -> LaneSaturation:
    """A lane whose queue outlasts every green; headways are gamma distributed, a truck takes as long as two cars."""
    random = np.random.default_rng(seed)
    learner = LaneSaturation(state=state)
    for green in 90.0 * np.arange(cycles):
        learner.green(green)
        time, amber, behind = green, False, CAR
        for place in range(1, 40):
            kind = TRUCK if random.random() < trucks else CAR
            mean = FIRST_S[place - 1] if place <= len(FIRST_S) else SATURATED_S
            if place > 1:
                mean += SATURATED_S / 2 * ((kind is TRUCK) + (behind is TRUCK))
            behind = kind
            time += random.gamma((mean / 0.45) ** 2, 0.45**2 / mean)
            if time > green + 30.0 and not amber:
                learner.amber(green + 30.0)
                amber = True
            if time > green + 30.0 + GAIN_S:
                break
            if random.random() >= missed:
                learner.departure(float(time), kind, queued=True)
        learner.red(queue_left=True)
    return learner


def test_clockwork_departures_are_recovered_to_the_tenth() -> None:
    learner = LaneSaturation()
    for green in 100.0 * np.arange(200):
        learner.green(green)
        for place in range(1, 12):
            learner.departure(green + sum(FIRST_S[:place]) + SATURATED_S * max(0, place - 4), CAR, queued=True)
        learner.red(queue_left=False)
    report = learner.report()
    assert [one.value for one in report.headway_s] == pytest.approx([*FIRST_S, SATURATED_S], abs=0.02)
    assert report.start_up_lost_s.value == pytest.approx(LOST_S, abs=0.1)
    assert report.saturation_veh_h.value == pytest.approx(3600 / SATURATED_S, rel=0.005)
    assert report.departures == 200 * 11


@pytest.mark.parametrize(("missed", "trucks"), [(0.0, 0.0), (0.05, 0.0), (0.05, 0.1)])
def test_nine_of_ten_intervals_hold_the_truth(missed: float, trucks: float) -> None:
    truth = [*FIRST_S, SATURATED_S, LOST_S, GAIN_S]
    held = []
    for seed in range(80):
        report = lane(seed, 30, missed, trucks).report()
        found = [*report.headway_s, report.start_up_lost_s, report.end_gain_s]
        held.append([one.low <= value <= one.high for one, value in zip(found, truth, strict=True)])
    assert 0.84 <= np.mean(held) <= 0.97
    assert np.mean(held, axis=0).min() >= 0.72  # each by itself; 80 draws of 0.9 scatter by 0.03


def test_departures_that_nobody_saw_do_not_count_as_long_headways() -> None:
    report = lane(7, 80, missed=0.08).report()
    assert report.headway_s[-1].value == pytest.approx(SATURATED_S, rel=0.02)
    assert report.missed == pytest.approx(0.08, abs=0.02)


def test_a_truck_is_worth_two_cars() -> None:
    units = lane(3, 150, trucks=0.1).report().car_units[TRUCK]
    assert units.low <= 2.0 <= units.high
    assert units.high - units.low < 0.6


def test_free_arrivals_and_what_follows_them_tell_nothing() -> None:
    learner = LaneSaturation()
    learner.green(0.0)
    learner.departure(2.0, CAR, queued=True)
    learner.departure(5.0, CAR, queued=False)
    learner.departure(9.0, CAR, queued=True)
    report = learner.report()
    assert report.departures == 1
    assert report.dropped == {"free": 1, "not in a saturated green": 1}
    assert report.headway_s[-1] == LaneSaturation().report().headway_s[-1]


def test_a_place_in_the_queue_that_the_tracker_skipped_breaks_the_chain() -> None:
    learner = LaneSaturation()
    learner.green(0.0)
    learner.departure(1.8, CAR, queued=True, place=1)
    learner.departure(7.0, CAR, queued=True, place=3)
    learner.departure(9.2, CAR, queued=True, place=4)
    report = learner.report()
    assert report.dropped == {"the one ahead was not seen": 1}
    assert [one.used > 0 for one in report.headway_s] == [True, False, False, True, False]


def test_nothing_is_learnt_of_the_amber_when_the_queue_ended_before_it() -> None:
    learner = LaneSaturation()
    learner.green(0.0)
    for second in range(2, 12, 2):
        learner.departure(float(second), CAR, queued=True)
    learner.amber(30.0)
    learner.red(queue_left=False)
    assert learner.report().end_gain_s.used == 0


@given(seed=st.integers(0, 1000), cut=st.integers(1, 19))
def test_a_state_that_was_stored_goes_on_as_if_nothing_had_happened(seed: int, cut: int) -> None:
    def report(state: LaneState | None, cycles: int) -> tuple[LaneReport, LaneState]:
        learner = lane(seed, cycles, missed=0.05, trucks=0.1, state=state)
        return learner.report(), learner.state

    _, half = report(None, cut)
    stored = msgspec.json.encode(half)
    once, _ = report(half, cut)
    again, _ = report(msgspec.json.decode(stored, type=LaneState), cut)
    assert once == again
