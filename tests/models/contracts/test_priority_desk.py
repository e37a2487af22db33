"""The desk for priority requests, against a plain statement of what RSMP's M0022 and S0033 promise."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from nutgiao.models.contracts.priority import (
    NEXT_STATES,
    NTCIP_STATUS,
    PriorityAsk,
    PriorityState,
    PriorityVehicle,
    RequestType,
)
from nutgiao.models.contracts.priority_desk import OPEN, DeskRules, Open, PriorityDesk

RULES = DeskRules(most_active=2, most_open=5, queued_s=20.0, active_s=30.0, silent_s=8.0, cooldown_s=6.0, known_s=40.0)
ACTIVE, QUEUED = PriorityState.ACTIVATED, PriorityState.QUEUED


def new(request: str, vehicle: str = "bus", way: str = "west", level: int = 0, eta_s: int | None = 10) -> PriorityAsk:
    return PriorityAsk(
        request=request, type=RequestType.NEW, level=level, eta_s=eta_s, vehicle_type=PriorityVehicle(vehicle),
        approach=way,
    )  # fmt: skip


def later(request: str, kind: str = "cancel", level: int = 0, eta_s: int | None = None) -> PriorityAsk:
    return PriorityAsk(request=request, type=RequestType(kind), level=level, eta_s=eta_s)


def states(desk: PriorityDesk, *requests: str) -> list[str]:
    return [str(known.state) if (known := desk.known(one)) else "gone" for one in requests]


class DeskPromises(RuleBasedStateMachine):
    """Vehicles ask, repeat, fall silent and cancel by chance; after every step the promises hold."""

    names = st.sampled_from([f"r{n}" for n in range(9)])
    etas = st.none() | st.integers(0, 40)
    levels = st.integers(0, 14)

    def __init__(self) -> None:
        super().__init__()
        self.desk, self.now_s = PriorityDesk(RULES), 0.0
        self.seen: dict[str, Open] = {}
        self.state: dict[str, PriorityState] = {}
        self.ended_s: dict[str, float] = {}  # way to when one of it that was active and no emergency ended

    def look(self) -> dict[str, Any]:
        """Follows each request from state to state, by the table of S0033 alone."""
        for name, one in self.seen.items():
            before = self.state[name]
            if one.state is not before:
                assert one.state in NEXT_STATES[before], f"{name} went from {before} to {one.state}"
                self.state[name] = one.state
                if before is ACTIVE and not one.ask.emergency:
                    self.ended_s[one.ask.way[0]] = self.now_s
        return {name: (one.state, one.level, one.eta_s, one.reason) for name, one in self.seen.items()}

    @rule(name=names, vehicle=st.sampled_from(["bus", "bus", "tram", "emergency"]), way=st.sampled_from("we"),
          level=levels, eta=etas)  # fmt: skip
    def asks(self, name: str, vehicle: str, way: str, level: int, eta: int | None) -> None:
        before, known = self.look(), self.desk.known(name)
        is_open = sum(one.state in OPEN for one in self.seen.values())
        ask = new(name, vehicle, way, level, eta)
        refusal = self.desk.ask(ask, self.now_s, self.now_s)
        kept = self.desk.known(name)
        if known is not None or kept is None:  # the id is taken, or was a short while ago
            assert "exists already" in refusal
            assert self.look() == before
            return
        self.seen[name], self.state[name] = kept, PriorityState.RECEIVED
        cools = self.now_s - self.ended_s.get(ask.way[0], -1e9) < RULES.cooldown_s
        if vehicle == "emergency" or (is_open < RULES.most_open and not cools):
            assert (kept.state, refusal) == (PriorityState.RECEIVED, "")
        else:
            expected = PriorityState.REJECTED if is_open >= RULES.most_open else PriorityState.COOLDOWN
            assert kept.state is expected
            assert refusal == kept.reason != ""

    @rule(name=names, late_s=st.sampled_from([0.0, 0.0, 3.0]), level=levels, eta=etas)
    def updates(self, name: str, late_s: float, level: int, eta: int | None) -> None:
        before, known = self.look(), self.desk.known(name)
        counts = known is not None and known.state in OPEN and self.now_s - late_s >= known.sent_s
        refusal = self.desk.ask(later(name, "update", level, eta), self.now_s - late_s, self.now_s)
        assert (refusal == "") == counts
        if known is None or not counts:
            assert self.look() == before
        else:
            assert (known.level, known.eta_s) == (level, eta)

    @rule(name=names)
    def cancels(self, name: str) -> None:
        known = self.desk.known(name)
        was_open = known is not None and known.state in OPEN
        refusal = self.desk.ask(later(name), self.now_s, self.now_s)
        assert (refusal == "") == was_open
        if known is not None and was_open:
            assert known.state is PriorityState.COMPLETED

    @rule(passed_s=st.sampled_from([0.0, 1.0, 3.0, 9.0]))
    def time_passes(self, passed_s: float) -> None:
        self.look()
        self.now_s += passed_s
        free = {name for name, one in self.seen.items() if one.state is not ACTIVE}
        self.desk.tick(self.now_s)
        self.look()
        by_state = {state: [o for o in self.seen.values() if o.state is state] for state in PriorityState}
        active, queued = by_state[ACTIVE], by_state[QUEUED]
        assert not by_state[PriorityState.RECEIVED]
        for emergency in (True, False):
            same = [one for one in active if one.ask.emergency is emergency]
            wait = [one for one in queued if one.ask.emergency is emergency]
            assert len(same) <= RULES.most_active
            held_back = not emergency and any(one.ask.emergency for one in active)
            assert not wait or len(same) == RULES.most_active or held_back
            for one in same:
                if one.ask.request in free and one.since_s == self.now_s:
                    assert all(self.before(one, other) for other in wait)
        assert all(self.now_s - one.since_s <= RULES.queued_s for one in queued)
        assert all(self.now_s - one.heard_s <= RULES.silent_s for one in [*active, *queued])
        assert all(self.now_s - one.since_s <= RULES.active_s for one in active if not one.ask.emergency)

    def before(self, one: Open, other: Open) -> bool:
        """Whether one is at least as urgent: the higher level, then who comes first."""
        if one.level != other.level:
            return one.level > other.level
        ours, theirs = one.arrives_s(self.now_s), other.arrives_s(self.now_s)
        return theirs is None or (ours is not None and ours <= theirs)

    @rule()
    def reports(self) -> None:
        self.look()
        told = {item.request: item for item in self.desk.report()}
        assert {name: item.state for name, item in told.items()} == self.state
        for name in [name for name, state in self.state.items() if state not in OPEN]:
            assert self.desk.known(name) is None
            del self.state[name], self.seen[name]

    @invariant()
    def emergencies_alone_count_while_there_are_any(self) -> None:
        active = [one for one in self.seen.values() if one.state is ACTIVE]
        first = [one for one in active if one.ask.emergency] or active
        counting = self.desk.weighing(self.now_s)
        assert {one.ask.request for one in counting} == {one.ask.request for one in first}


TestDeskPromises = DeskPromises.TestCase
TestDeskPromises.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


def test_a_bus_waits_while_an_ambulance_is_served_and_has_its_turn_then() -> None:
    desk = PriorityDesk(RULES)
    desk.ask(new("ambulance", "emergency"), 0.0, 0.0)
    desk.ask(new("bus", level=14), 0.0, 0.0)
    desk.tick(0.0)
    assert states(desk, "ambulance", "bus") == ["activated", "queued"]
    desk.ask(later("ambulance"), 4.0, 4.0)
    desk.tick(4.0)
    assert states(desk, "ambulance", "bus") == ["completed", "activated"]


def test_the_late_bus_goes_before_the_near_one_and_the_near_one_before_the_far_one() -> None:
    desk = PriorityDesk(DeskRules(most_active=1))
    for name, level, eta_s in (("far", 3, 30), ("near", 3, 5), ("late", 9, 60)):
        desk.ask(new(name, level=level, eta_s=eta_s), 0.0, 0.0)
    order = []
    for second in range(3):
        desk.tick(float(second))
        order += [one.ask.request for one in desk.weighing(float(second))]
        desk.ask(later(order[-1]), float(second), float(second))
    assert order == ["late", "near", "far"]


def test_the_arrival_counts_down_between_two_updates() -> None:
    desk = PriorityDesk()
    desk.ask(new("bus", eta_s=20), 0.0, 1.0)
    kept = desk.known("bus")
    assert kept is not None
    assert kept.arrives_s(5.0) == 15.0
    desk.ask(later("bus", "update", eta_s=30), 6.0, 6.0)
    assert kept.arrives_s(50.0) == 0.0


def test_a_closed_desk_takes_emergencies_only_and_says_why() -> None:
    desk = PriorityDesk()
    assert desk.ask(new("bus"), 0.0, 0.0, "others have waited enough") == "others have waited enough"
    assert desk.ask(new("ambulance", "emergency"), 0.0, 0.0, "others have waited enough") == ""
    assert states(desk, "bus", "ambulance") == ["rejected", "received"]


def test_a_request_that_is_stopped_ends_stale_with_the_reason() -> None:
    desk = PriorityDesk()
    desk.ask(new("bus"), 0.0, 0.0)
    desk.stop("bus", 0.0, "too early: it is not active yet")
    desk.tick(0.0)
    desk.stop("bus", 3.0, "it costs too much")
    item = desk.report()[0]
    assert (item.state, item.reason, item.since_s) == (PriorityState.STALE, "it costs too much", 3.0)
    assert desk.report() == ()


@pytest.mark.parametrize(
    ("ask", "flaw"),
    [
        (PriorityAsk(request="", type=RequestType.NEW, approach="west"), "no request id"),
        (PriorityAsk(request="r", type=RequestType.NEW), "must name"),
        (PriorityAsk(request="r", type=RequestType.NEW, approach="w", lane_out="3"), "without a lane in"),
        (PriorityAsk(request="r", type=RequestType.UPDATE, approach="west"), "only a new request"),
        (PriorityAsk(request="r", type=RequestType.CANCEL, vehicle_type=PriorityVehicle.BUS), "cannot be changed"),
    ],
)
def test_what_m0022_does_not_allow_is_refused_and_changes_nothing(ask: PriorityAsk, flaw: str) -> None:
    desk = PriorityDesk()
    desk.ask(new("r"), 0.0, 0.0)
    assert flaw in desk.ask(ask, 1.0, 1.0)
    assert states(desk, "r") == ["received"]


def test_each_state_has_a_word_in_ntcip_1211() -> None:
    assert set(NTCIP_STATUS) == set(NEXT_STATES) == set(PriorityState)
