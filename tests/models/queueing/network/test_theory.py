"""The network kernel against traffic theory: saturation, uniform and overflow delay, start waves, spillback, shocks."""

from __future__ import annotations

import numpy as np
import pytest

from nutgiao.models.queueing.network import tables as at
from nutgiao.models.queueing.network.halting import NEVER_S, halting
from nutgiao.models.queueing.network.physics import Settings, VehicleKind, behaviour
from nutgiao.models.queueing.network.tables import AMBER, ENTERED, F8, GREEN, LEFT, RED
from tests.support.lane_nets import SPACE_M, Case, Draft, Run

HOW = behaviour(VehicleKind(), Settings())
START_S = float(HOW.scalar[at.START_S])
LEAST_S, AMBER_S = 1.8, 1.9
"""Of the link: headway of a platoon, amber that is used."""
HEADWAY_S = np.maximum(HOW.headway_s, LEAST_S)


def one_lane(interval_s: float, vehicles: int, length_m: float = 700.0) -> Draft:
    """A signal with amber and constant arrivals on one lane; nothing in the way behind it."""
    draft = Draft()
    first, onward = draft.edge(length_m=length_m), draft.edge(length_m=100.0)
    draft.ends = {onward}
    (group,) = draft.signals([RED], [GREEN], [AMBER])
    draft.link(draft.edges[first][0], draft.edges[onward][0], group, headway_s=LEAST_S, amber_s=AMBER_S)
    for i in range(vehicles):
        draft.drive(i * interval_s, first, onward)
    return draft


def test_a_queue_discharges_by_the_table_and_then_at_saturation_flow() -> None:
    """The k-th front crosses at start-up loss plus the headways ahead of it; the last ones follow at 1/h."""
    case = one_lane(2.5, 40).case([150.0, 100.0, 3.0], [0.0])
    passages = Run(case, 253).to(0, 253).trace[:, 2]
    headways = HEADWAY_S[np.minimum(np.arange(len(passages) - 1), len(HEADWAY_S) - 1)]
    expected = 150.0 + START_S + np.concatenate([[0.0], np.cumsum(headways)])
    assert len(passages) == 40
    assert passages == pytest.approx(expected, abs=1e-5)
    assert np.diff(passages)[-10:] == pytest.approx(LEAST_S, abs=1e-5)


@pytest.mark.parametrize(("interval_s", "red_s"), [(4.53, 38.0), (5.03, 45.0), (7.03, 40.0), (12.03, 60.0)])
def test_uniform_delay_is_websters_first_term(interval_s: float, red_s: float) -> None:
    """Mean delay r^2 / (2 C (1 - q/s)) of a fixed signal below capacity, with effective red r.

    Theory lets fluid through: vehicle k is half a headway of it before and half behind, so the kernel, whose k-th front
    crosses at start + k h, is half a headway ahead. With that and equal headways 2 % remain, because arrivals out of
    step with the cycle are averaged over 36 cycles only. With the table of headways the loss of a whole queue is the
    upper bound: only those far back have all of it.
    """
    cycle_s, cycles = 90.0, 40
    end = int(cycle_s) * cycles
    table = one_lane(interval_s, int(end / interval_s)).case([red_s, cycle_s - red_s - 3.0, 3.0], [0.0])
    equal = table._replace(how=HOW._replace(headway_s=np.zeros_like(HOW.headway_s)))  # the link's headway holds

    def mean_s(case: Case) -> float:
        trace = Run(case, end).to(0, end).trace
        whole = trace[(trace[:, 1] >= 2 * cycle_s) & (trace[:, 1] < (cycles - 2) * cycle_s)]
        return float((whole[:, 2] - whole[:, 1]).mean())

    def webster_s(loss_s: float) -> float:
        effective_red_s = red_s + 3.0 - AMBER_S + loss_s - LEAST_S / 2
        return effective_red_s**2 / (2 * cycle_s * (1 - LEAST_S / interval_s))

    assert mean_s(equal) == pytest.approx(webster_s(START_S), rel=0.02)
    assert webster_s(START_S) < mean_s(table) < webster_s(START_S + float((HEADWAY_S - LEAST_S).sum()))


def test_beyond_capacity_departures_are_capacity_and_delay_is_the_area_between_the_curves() -> None:
    """After n cycles delay has grown as the area between arrivals and departures, those outside the street included."""
    interval_s, red_s, cycle_s, cycles = 3.0, 57.0, 90.0, 20
    end = int(cycle_s) * cycles
    draft = one_lane(interval_s, end // int(interval_s), length_m=300.0)
    run = Run(draft.case([red_s, 30.0, 3.0], [0.0]), end).to(0, end)
    per_cycle = np.histogram(run.trace[:, 2], np.arange(0, end + 1, cycle_s))[0]
    crossing_s = START_S + np.concatenate([[0.0], np.cumsum(np.append(HEADWAY_S[:-1], [LEAST_S] * 30))])
    capacity = int((crossing_s < 30.0 + min(AMBER_S, float(HOW.amber_s[-2]))).sum())
    assert (abs(per_cycle[1:] - capacity) <= 1).all()
    assert len(set(per_cycle[1:].tolist())) == 1
    assert run.state.sources["next"][0] < run.state.sources["end"][0], "the queue does not reach outside"
    free_s = 300.0 / (13.9 - 0.65) * 0.9
    moments = np.arange(end) + 0.5
    arrived = np.floor(np.maximum(0.0, moments - free_s) / interval_s) + (moments >= free_s)
    departed = np.searchsorted(np.sort(run.trace[:, 2]), moments)
    area_s = float((arrived - departed).sum())
    assert run.settled(float(end))[0].sum() == pytest.approx(area_s, rel=0.03)  # entrance and dawdling come on top


def test_a_start_runs_upstream_through_full_lanes_at_the_speed_of_the_gap() -> None:
    """Lane by lane the first one moves when the gap has come to the entrance, and not before."""
    lanes, length_m, red_s = 5, 75.0, 300.0
    draft = Draft()
    edges = [draft.edge(length_m=length_m) for _ in range(lanes)] + [draft.edge(length_m=500.0)]
    draft.ends = {edges[-1]}
    (signal,) = draft.signals([RED], [GREEN])
    free = draft.always(GREEN)
    for i in range(lanes):
        draft.link(i, i + 1, signal if i == lanes - 1 else free, time_s=1.0)
    for i in range(75):
        draft.drive(2.0 * i, *edges)
    run = Run(draft.case([red_s, 300.0], [0.0]), 600).to(0, 600)
    wave_s = length_m * Settings().wave_s / SPACE_M
    trace = run.trace
    first_s = [trace[(trace[:, 0] == lane) & (trace[:, 2] >= red_s), 2].min() for lane in range(lanes)]
    steps_s = -np.diff(first_s)  # from a lane to the one upstream
    after_full_s = float(HOW.scalar[at.AFTER_FULL_S])
    assert first_s[-1] == pytest.approx(red_s + START_S)
    assert (steps_s >= wave_s - 1.0 - 1e-9).all()  # enters one link's time after its passage
    assert (steps_s <= wave_s - 1.0 + after_full_s + 1.0).all()  # the kernel's second, the driver's reaction
    assert run.state.clock[LEFT] == 75


def test_who_is_full_takes_nobody_until_the_gap_has_come_up() -> None:
    """A lane of two: the third waits in front of it and enters a wave after the first has left."""
    draft = Draft()
    edges = [draft.edge(length_m=100.0), draft.edge(length_m=15.0), draft.edge(length_m=500.0)]
    draft.ends = {edges[-1]}
    (signal,) = draft.signals([RED], [GREEN])
    free = draft.always(GREEN)
    draft.link(0, 1, free, time_s=1.0)
    draft.link(1, 2, signal)
    for i in range(4):
        draft.drive(3.0 * i, *edges)
    trace = Run(draft.case([60.0, 60.0], [0.0]), 120).to(0, 120).trace
    passage = {(int(lane), int(v)): s for lane, _, s, v in trace.tolist()}
    assert passage[0, 1] < 60.0
    wave_s = 15.0 * Settings().wave_s / SPACE_M
    assert passage[1, 0] == pytest.approx(60.0 + START_S)
    assert passage[0, 2] + 1.0 >= passage[1, 0] + wave_s - 1.0
    assert passage[0, 3] + 1.0 >= passage[1, 1] + wave_s - 1.0


@pytest.mark.parametrize("lamp", [RED, GREEN])
def test_a_lane_too_short_for_two_takes_a_second_one_only_while_the_first_moves(lamp: int) -> None:
    """On red nobody stops in the junction behind the one who fills the lane; on green the platoon rolls through."""
    draft = Draft()
    edges = [draft.edge(length_m=100.0), draft.edge(length_m=4.0), draft.edge(length_m=500.0)]
    draft.ends = {edges[-1]}
    (signal,) = draft.signals([lamp], [GREEN])
    draft.link(0, 1, draft.always(GREEN), time_s=1.0)
    draft.link(1, 2, signal, headway_s=LEAST_S)
    for _ in range(8):
        draft.drive(0.0, *edges)
    case = draft.case([60.0, 60.0], [0.0], settings=Settings(insert_s=4.0 if lamp == RED else LEAST_S))
    trace = Run(case, 120).to(0, 120).trace
    passage = {(int(lane), int(v)): s for lane, _, s, v in trace.tolist()}
    if lamp == RED:
        assert passage[0, 0] < 60.0 < passage[0, 1]
        assert passage[1, 0] == pytest.approx(60.0 + START_S)
    else:
        assert np.diff([passage[1, v] for v in range(8)]) == pytest.approx(LEAST_S, abs=0.01)
    assert (1, 7) in passage


@pytest.mark.parametrize("lanes", [1, 2, 3])
def test_those_who_enter_by_several_lanes_wait_for_their_own_only(lanes: int) -> None:
    """A crowd that sets out at once enters at the least headway of one lane, divided by their number."""
    draft = Draft()
    first, onward = draft.edge(lanes, length_m=300.0), draft.edge(lanes, length_m=300.0)
    draft.ends = {onward}
    free = draft.always(GREEN)
    for lane in range(lanes):
        draft.link(lane, lanes + lane, free, headway_s=0.1)
    for _ in range(12):
        draft.drive(0.0, first, onward)
    case = draft.case(settings=Settings(insert_s=3.0))
    case.demand.options.penalty = 0.0
    entered = []
    run = Run(case, 60)
    for now in range(60):
        run.to(now, now + 1)
        entered.append(int(run.state.clock[ENTERED]))
    whole = (np.floor((np.arange(60) + 1 - 1e-9) / (3.0 / lanes)) + 1).clip(max=12)
    assert entered == whole.astype(int).tolist()


# --- who stands where -------------------------------------------------------------------------------------------------

WAVE_S, MOVE_S, BRAKE_S, LAUNCH_S, MPS = 1.1, 5.0, 3.0, 1.0, 13.0


def standing(arrival_s: F8, passage_s: F8, seconds: int) -> F8:
    """Standing vehicles of one endless lane per second."""
    out = np.full((seconds, 1), np.nan)
    halting(
        np.array([0, len(arrival_s)]), arrival_s, passage_s, np.array([MPS]), np.array([SPACE_M]), np.array([1e6]),
        WAVE_S, MOVE_S, BRAKE_S, LAUNCH_S, out,
    )  # fmt: skip
    return out[:, 0]


@pytest.mark.parametrize("interval_s", [2.5, 4.0, 9.0])
def test_on_red_the_tail_grows_at_the_speed_of_the_shock_wave(interval_s: float) -> None:
    """Lighthill-Whitham-Richards: w = q / (k_jam - q / v), in vehicles w k_jam = 1 / (1/q - 1/(k_jam v))."""
    red_s = 150
    arrival_s = 10.0 + interval_s * np.arange(80)
    count = standing(arrival_s, np.full(80, NEVER_S), red_s)
    rate = 1 / (interval_s - SPACE_M / MPS)
    ends = np.arange(1, red_s + 1)
    expected = np.clip(1 + (ends - 10.0 - BRAKE_S) * rate, 0, 80)
    assert (abs(count - expected) <= 1.0 + 1e-9).all()
    tail_reached = arrival_s - SPACE_M / MPS * np.arange(80)
    assert abs(count[-1] - (tail_reached <= red_s - BRAKE_S).sum()) <= 1


def test_the_start_runs_up_the_queue_as_a_wave() -> None:
    """The k-th starts k waves after the first; when it has passed, so has the front of the queue."""
    arrival_s = 10.0 + 1.0 * np.arange(20)
    passage_s = 100.0 + 2.0 * np.arange(20)
    count = standing(arrival_s, passage_s, 150)
    assert count[90] == 20
    for k in range(20):
        starts_s = 100.0 + k * WAVE_S - LAUNCH_S
        assert count[int(np.ceil(starts_s)) + 1] <= 20 - k
        assert count[int(np.ceil(starts_s)) - 3] >= 20 - k - 1
