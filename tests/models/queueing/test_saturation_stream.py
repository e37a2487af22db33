"""A mixed stream's discharge, class weights, lost time and used amber are recovered from departures and from sums."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from nutgiao.models.contracts.words import VehicleClass
from nutgiao.models.queueing.saturation_stream import COUNTED, StreamPrior, StreamReport, StreamSaturation, StreamState

MOTORCYCLE, CAR = VehicleClass.MOTORCYCLE, VehicleClass.CAR
TRUTH = {MOTORCYCLE: 1.0, VehicleClass.BICYCLE: 1.3, CAR: 3.0, VehicleClass.BUS: 7.0, VehicleClass.TRUCK: 5.0}
SHARES = {MOTORCYCLE: 0.8, VehicleClass.BICYCLE: 0.02, CAR: 0.15, VehicleClass.BUS: 0.01, VehicleClass.TRUCK: 0.02}
SATURATION, WIDTH_M, GREEN_S, LOST_S, GAIN_S = 2100.0, 6.4, 30.0, 1.0, 0.8


def greens(seed: int, cycles: int, noise: float = 0.25) -> list[list[tuple[float, VehicleClass]]]:
    """Departures of saturated greens that begin at 0 s: a class takes its MCU, gamma distributed."""
    random = np.random.default_rng(seed)
    per_s = SATURATION / 3600.0 * WIDTH_M
    found = []
    for _ in range(cycles):
        time, green = LOST_S, []
        while True:
            kind = COUNTED[random.choice(len(COUNTED), p=[SHARES[name] for name in COUNTED])]
            time += float(random.gamma(TRUTH[kind] / noise, noise / per_s)) if noise else TRUTH[kind] / per_s
            if time > GREEN_S + GAIN_S:
                break
            green.append((time, kind))
        found.append(green)
    return found


def learn(
    found: list[list[tuple[float, VehicleClass]]], state: StreamState | None = None, prior: StreamPrior | None = None
) -> StreamSaturation:
    """Tells departure by departure."""
    learner = StreamSaturation(WIDTH_M, prior, state)
    for cycle, green in enumerate(found):
        start = 100.0 * cycle
        learner.green(start)
        for time, kind in [one for one in green if one[0] <= GREEN_S]:
            learner.departure(start + time, kind, queued=True)
        learner.amber(start + GREEN_S)
        for time, kind in [one for one in green if one[0] > GREEN_S]:
            learner.departure(start + time, kind, queued=True)
        learner.red(queue_left=True)
    return learner


def learn_sums(found: list[list[tuple[float, VehicleClass]]], weights: dict[VehicleClass, float]) -> StreamSaturation:
    """Tells second by second, in MCU."""
    learner = StreamSaturation(WIDTH_M)
    for cycle, green in enumerate(found):
        start = 100.0 * cycle
        learner.green(start)
        for second in range(int(GREEN_S) + 3):
            if second == GREEN_S:
                learner.amber(start + second)
            departed = sum(weights[kind] for time, kind in green if second < time <= second + 1)
            learner.second(start + second + 1, {MOTORCYCLE: departed}, queue=True)
        learner.red(queue_left=True)
    return learner


def as_rows(report: StreamReport) -> list[tuple[float, float, float, float]]:
    """Value, interval and truth of each figure."""
    figures = [(report.saturation_mcu_h_m, SATURATION), (report.lost_s, LOST_S), (report.end_gain_s, GAIN_S)]
    figures += [(report.mcu[name], TRUTH[name]) for name in COUNTED[1:]]
    return [(one.value, one.low, one.high, truth) for one, truth in figures]


def test_clockwork_departures_are_recovered() -> None:
    rows = as_rows(learn(greens(1, 80, noise=0.0)).report())
    assert rows[0][0] == pytest.approx(SATURATION, rel=0.02)
    assert rows[1][0] == pytest.approx(LOST_S, abs=0.15)
    assert [row[0] for row in rows[3:]] == pytest.approx([row[3] for row in rows[3:]], rel=0.1)


def test_nine_of_ten_intervals_hold_the_truth() -> None:
    held = [
        [low <= truth <= high for _, low, high, truth in as_rows(learn(greens(seed, 12)).report())]
        for seed in range(60)
    ]
    assert 0.85 <= np.mean(held) <= 0.98
    assert np.mean(held, axis=0).min() >= 0.75  # each by itself; 60 draws of 0.9 scatter by 0.04


def test_the_prior_gives_way() -> None:
    def error(cycles: int) -> float:
        values = [learn(greens(seed, cycles)).report().saturation_mcu_h_m.value for seed in range(12)]
        return float(np.mean(np.abs(np.array(values) - SATURATION)))

    assert error(0) == pytest.approx(SATURATION - 1900.0)
    assert error(30) < 0.5 * error(0)


def test_sums_in_mcu_tell_the_same_discharge_as_departures() -> None:
    found = greens(3, 40)
    one_by_one, sums = learn(found).report(), learn_sums(found, TRUTH).report()
    assert sums.saturation_mcu_h_m.value == pytest.approx(one_by_one.saturation_mcu_h_m.value, rel=0.03)
    assert sums.saturation_mcu_h_m.low <= SATURATION <= sums.saturation_mcu_h_m.high
    assert sums.lost_s.value == pytest.approx(LOST_S, abs=0.6)
    assert sums.mcu[CAR].value == pytest.approx(StreamPrior().weights[CAR], rel=0.05)  # nothing was said of cars


def test_half_a_minute_that_somebody_blocked_hardly_moves_the_figure() -> None:
    found = greens(4, 30)
    blocked = [[(time * 3.0, kind) for time, kind in green] if k % 10 == 5 else green for k, green in enumerate(found)]
    clean, spoilt = learn(found).report(), learn(blocked).report()
    assert spoilt.saturation_mcu_h_m.value == pytest.approx(clean.saturation_mcu_h_m.value, rel=0.06)


def test_only_the_queue_counts() -> None:
    learner = StreamSaturation(WIDTH_M)
    learner.departure(5.0, MOTORCYCLE, queued=True)
    learner.green(10.0)
    for k in range(40):
        learner.departure(12.0 + 0.3 * k, MOTORCYCLE, queued=True)
    learner.departure(27.0, CAR, queued=False)
    learner.departure(29.0, CAR, queued=True)
    learner.departure(30.0, VehicleClass.PEDESTRIAN, queued=True)
    learner.amber(40.0)
    learner.red(queue_left=False)
    report = learner.report()
    assert report.departures == 40
    assert report.dropped == {"not in a saturated green": 2, "free": 1}
    assert report.end_gain_s.used == 0


def test_without_departures_the_prior_stands() -> None:
    report = StreamSaturation(WIDTH_M).report()
    assert report.saturation_mcu_h_m.value == pytest.approx(1900.0)
    assert report.mcu[CAR].value == pytest.approx(3.4)
    assert report.departures == 0


@given(seed=st.integers(0, 1000), cut=st.integers(0, 5))
def test_a_state_that_was_stored_goes_on_as_if_nothing_had_happened(seed: int, cut: int) -> None:
    found = greens(seed, 5)
    half = learn(found[:cut]).state
    stored = msgspec.json.encode(half)
    assert (
        learn(found[cut:], half).report() == learn(found[cut:], msgspec.json.decode(stored, type=StreamState)).report()
    )


@given(seed=st.integers(0, 1000))
def test_streaming_says_what_one_regression_over_all_pieces_says(seed: int) -> None:
    found = greens(seed, 4)
    learner = StreamSaturation(WIDTH_M)
    before = np.array(learner.state.regression.precision), np.array(learner.state.regression.moment)
    rows, values, costs = pieces(found)
    fit = learn(found).state.regression
    assume(fit.used == len(rows))  # no outlier was weighed down
    precision = before[0] + (rows / costs[:, None]).T @ rows
    moment = before[1] + (rows / costs[:, None]).T @ values
    np.testing.assert_allclose(fit.precision, precision, rtol=1e-9)
    np.testing.assert_allclose(fit.moment, moment, rtol=1e-9)


def pieces(found: list[list[tuple[float, VehicleClass]]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The rows of the regression in plain words: counts until they are worth 8 s; at amber half of who was cut."""
    prior = StreamPrior()
    area = np.array([prior.weights[name] * 3600.0 / prior.saturation_mcu_h_m for name in COUNTED])
    rows, values, costs, all_seen = [], [], [], np.zeros(len(COUNTED))
    for cycle, green in enumerate(found):
        start, counts, first = 100.0 * cycle, np.zeros(len(COUNTED)), True
        events: list[tuple[float, VehicleClass | None]] = [(t, kind) for t, kind in green if t <= GREEN_S]
        for time, kind in [*events, (GREEN_S, None)]:
            if kind is not None:
                counts[COUNTED.index(kind)] += 1
                all_seen[COUNTED.index(kind)] += 1
            elif counts.any():
                counts += 0.5 * all_seen * area / (all_seen @ area)
            if counts @ area >= 8.0 * WIDTH_M or (kind is None and counts.any()):
                rows.append(np.concatenate([[WIDTH_M if first else 0.0], counts]))
                values.append((100.0 * cycle + time - start) * WIDTH_M)
                costs.append(max(counts @ area, WIDTH_M))
                start, counts, first = 100.0 * cycle + time, np.zeros(len(COUNTED)), False
    return np.array(rows), np.array(values), np.array(costs)
