"""The network kernel does what the plain street does, driver by driver, however the run is cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nutgiao.models.queueing.network.tables import AMBER, AT_GAP, ENTERED, GREEN, LEFT, PASSED, RED
from tests.support.lane_nets import Case, Draft, Run, examples, random_case
from tests.support.reference import network as plain

HORIZON_S = 240

cases = st.builds(
    random_case,
    seed=st.integers(0, 2**32 - 1),
    junctions=st.integers(1, 6),
    vehicles=st.integers(1, 120),
    horizon_s=st.just(HORIZON_S),
)


def plain_street(case: Case) -> plain.Street:
    return plain.Street(
        case.net, case.how, case.programs, case.demand, case.stage_s.tolist(), case.offset_s.tolist(),
        case.pace.tolist(), case.begin_s,
    )  # fmt: skip


@settings(max_examples=examples(150))
@given(case=cases)
def test_kernel_does_what_the_plain_street_does(case: Case) -> None:
    compare(case)


@pytest.mark.parametrize("seed", range(12))
def test_kernel_does_it_on_chosen_streets_too(seed: int) -> None:
    """Few enough for bounds checks and for plain Python."""
    compare(random_case(seed, 1 + seed % 6, 60, HORIZON_S))


def compare(case: Case) -> None:
    run, street = Run(case, HORIZON_S).to(0, HORIZON_S), plain_street(case)
    street.run(0, HORIZON_S)
    expected = [(p.lane, p.arrival_s, p.passage_s, p.vehicle) for p in street.trace]
    assert run.trace.tolist() == [list(p) for p in expected]
    assert run.state.vehicles.delay_s.tolist() == pytest.approx([d.delay_s for d in street.drivers], rel=0, abs=1e-9)
    assert run.state.vehicles.stops.tolist() == [d.stops for d in street.drivers]
    assert run.state.clock[[ENTERED, LEFT, PASSED]].tolist() == [street.entered, street.left, street.passed]
    assert run.on_lanes() == [[p.driver.number for p in lane.places] for lane in street.lanes]
    assert run.in_boxes() == [[p.driver.number for p in box.places] for box in street.boxes]
    delay_s, stops = run.settled(HORIZON_S)
    plain_delay_s, plain_stops = street.settled(HORIZON_S)
    assert delay_s.tolist() == pytest.approx([plain_delay_s[g] for g in range(len(delay_s))], rel=0, abs=1e-6)
    assert stops.tolist() == [plain_stops[g] for g in range(len(stops))]


@settings(max_examples=examples(80))
@given(case=cases, cuts=st.lists(st.integers(0, HORIZON_S), max_size=6))
def test_a_run_in_pieces_is_the_run_in_one(case: Case, cuts: list[int]) -> None:
    whole, pieces = Run(case, HORIZON_S).to(0, HORIZON_S), Run(case, HORIZON_S)
    ends = [*sorted(cuts), HORIZON_S]
    for begin, end in zip([0, *ends], ends, strict=False):
        pieces.to(begin, end)
    assert pieces.trace.tolist() == whole.trace.tolist()
    assert pieces.state.vehicles.delay_s.tolist() == whole.state.vehicles.delay_s.tolist()
    assert pieces.state.clock.tolist() == whole.state.clock.tolist()
    assert [x.tolist() for x in pieces.settled(HORIZON_S)] == [x.tolist() for x in whole.settled(HORIZON_S)]


@settings(max_examples=examples(80))
@given(case=cases)
def test_a_street_that_was_used_is_as_good_as_new(case: Case) -> None:
    first = Run(case, HORIZON_S).to(0, HORIZON_S)
    told = first.trace.tolist(), [x.tolist() for x in first.settled(HORIZON_S)]
    first.again().to(0, HORIZON_S)
    assert told == (first.trace.tolist(), [x.tolist() for x in first.settled(HORIZON_S)])


def test_who_stood_before_a_full_exit_does_not_start_late_in_amber() -> None:
    """He is judged by the second in which he could start, not by the one in which he came."""
    draft = Draft()
    edges = draft.edge(length_m=20.0), draft.edge(length_m=10.0), draft.edge()
    upstream, downstream = draft.signals([GREEN, RED], [AMBER, RED], [AMBER, GREEN], [RED, RED])
    draft.link(0, 1, upstream, amber_s=1.9)
    draft.link(1, 2, downstream)
    for _ in range(4):
        draft.drive(0.0, *edges)
    case = draft.case([15.0, 5.0, 30.0, 10.0], [0.0])
    passages = Run(case, 100).to(0, 100).passages()
    assert next(p.passage_s for p in passages if p.lane == 1) > 20.0, "the exit is not full"
    assert not [p for p in passages if p.lane == 0 and 15.0 + 1.9 < p.passage_s < 60.0]


@pytest.mark.parametrize("offset_s", [0.0, 1e-17, -1e-17, 60.0, 0.1 + 0.2 - 0.3])
def test_an_offset_of_next_to_nothing_begins_with_the_first_stage(offset_s: float) -> None:
    """In floating point (0 - 1e-17) modulo 60 is 60, which is behind the last stage."""
    draft = Draft()
    first, onward = draft.edge(), draft.edge()
    draft.link(0, 1, draft.signals([GREEN], [RED])[0])
    draft.drive(0.0, first, onward)
    run = Run(draft.case([30.0, 30.0], [offset_s]), 61)
    lamps = [int(run.to(now, now + 1).state.groups["lamp"][0]) for now in range(61)]
    assert lamps == [GREEN] * 30 + [RED] * 30 + [GREEN]


def test_random_streets_hold_what_they_are_meant_to_try() -> None:
    """Otherwise the rules above would hold for streets where nothing happens."""
    stood, filtered, boxed, full, yielding = 0, 0, 0, 0, 0
    for seed in range(12):
        case = random_case(seed, 4, 100, HORIZON_S)
        run = Run(case, HORIZON_S)
        for now in range(HORIZON_S):
            run.to(now, now + 1)
            boxed += int(run.state.box_count.sum())
            full += int((run.state.waiting >= 0).sum())
            yielding += int((run.state.lanes["block"] == AT_GAP).sum())
        stood += int(run.state.vehicles.stops.sum())
        filtered += int((np.diff(run.trace[:, 1]) < 0).sum())
    assert min(stood, filtered, boxed, full, yielding) > 100
