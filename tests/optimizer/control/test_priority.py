"""Priority by request: who asks comes first, others are harmed within bounds, and have their turn afterwards."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nutgiao.models.contracts.priority import PriorityAsk, PriorityState, PriorityVehicle, RequestType
from nutgiao.models.queueing.junction.calls import PriorityCall
from nutgiao.models.queueing.junction.seen import Seen, Showing
from nutgiao.models.queueing.junction.tables import I4
from nutgiao.optimizer.control.priority import Prioritised
from nutgiao.optimizer.control.priority_figures import PriorityFigures
from nutgiao.optimizer.control.priority_harm import HarmLimits
from nutgiao.optimizer.control.priority_rows import Claim, with_claims
from tests.support.toy_crossing import Crossing, prioritised

BUS = PriorityFigures(persons=((PriorityVehicle.BUS, 30.0),))
LINK_LANE = np.array([[0, -1, -1, -1], [1, -1, -1, -1]], np.int32)


def call(
    kind: str, link: int = 1, vehicle: str = "bus", eta_s: int = 0, at_s: float = 0.0, name: str = "r", level: int = 0
) -> PriorityCall:
    new = kind == "new"
    ask = PriorityAsk(
        request=name, type=RequestType(kind), level=level, eta_s=None if kind == "cancel" else eta_s,
        vehicle_type=PriorityVehicle(vehicle) if new else None, connection=f"street {link}" if new else None,
    )  # fmt: skip
    return PriorityCall(0, (link,), ask, at_s)


def rides(
    street: Crossing, figures: PriorityFigures, seconds: int, vehicle: str = "bus", eta_s: int = 0
) -> Prioritised:
    """The first vehicle of the street asks, says so again every 5 s, and cancels when it is over the line."""
    controller = prioritised(figures)
    for second in range(seconds):
        calls = []
        if second == 0:
            calls = [call("new", street.comes[0][0], vehicle, eta_s)]
        elif street.passed_s.get(0) == second - 1:
            calls = [call("cancel", at_s=second)]
        elif 0 not in street.passed_s and second % 5 == 0:
            calls = [call("update", eta_s=max(0, eta_s - second), at_s=second)]
        street.step(controller, *calls)
    return controller


def asks_by_turns(controller: Prioritised, street: Crossing, seconds: int, requests: int, vehicle: str = "bus") -> None:
    """A request every 40 s, each cancelled after 30 s."""
    for second in range(seconds):
        number, age = divmod(second, 40)
        kind = {0: "new", 30: "cancel"}.get(age, "update")
        calls = [call(kind, vehicle=vehicle, name=f"r{number}", at_s=second)] if number < requests and age <= 30 else []
        street.step(controller, *calls)


def stream(link: int, every_s: float, count: int, first_s: float = 0.0) -> list[tuple[int, float]]:
    return [(link, first_s + every_s * n) for n in range(count)]


@pytest.mark.parametrize("seen", [True, False], ids=["seen", "not seen"])
@pytest.mark.parametrize("vehicle", ["bus", "emergency"])
def test_who_asks_finds_green_against_a_busy_street_seen_or_not(vehicle: str, seen: bool) -> None:
    comes = [(1, 12.0), *stream(0, 2.5, 60)]
    hidden = frozenset() if seen else frozenset({0})
    asked, silent = Crossing(comes, hidden), Crossing(comes, hidden)
    rides(asked, BUS, 60, vehicle=vehicle, eta_s=12)
    controller = prioritised(BUS)
    for _ in range(60):
        silent.step(controller)
    assert asked.passed_s[0] - 12.0 <= 2.0
    assert silent.passed_s.get(0, 60.0) - 12.0 >= 10.0


def test_the_arrival_that_is_told_counts_and_not_when_it_was_told() -> None:
    near, far = (Crossing([(1, eta_s), *stream(0, 3.0, 30)], frozenset({0})) for eta_s in (4.0, 24.0))
    rides(near, BUS, 40, eta_s=4)
    rides(far, BUS, 40, eta_s=24)
    first = [street.green.index(1) for street in (near, far)]
    assert first[0] < 10
    assert 15 < first[1] <= 25


class Partial:
    """Chooses the street of whoever weighs most, and stage 0 if nobody weighs more than others."""

    def choose(self, seen: Seen, showing: Showing) -> I4:
        heavy = seen.link[seen.weight > 10.0]
        return np.array([heavy[0] if len(heavy) else 0], np.int32)


@settings(max_examples=30, deadline=None)
@given(
    st.integers(1, 12), st.floats(10.0, 400.0), st.floats(10.0, 900.0), st.integers(0, 30), st.integers(1, 6)
)  # fmt: skip
def test_a_bus_never_costs_more_than_is_allowed(
    queue: int, each: float, all_: float, held_s: int, requests: int
) -> None:
    """The controller is as partial as can be, and nobody ever goes: who waits goes on waiting."""
    figures = replace(BUS, harm=HarmLimits(request_person_s=each, window_person_s=all_, held_s=held_s))
    controller = prioritised(figures, Partial())
    asks_by_turns(controller, Crossing([(0, 0.0)] * queue, stuck=True), 240, requests)
    records = controller.records()
    assert len(records) == requests
    assert max(one.harm_person_s for one in records) <= each
    assert sum(one.harm_person_s for one in records) <= all_
    assert max(one.held_s for one in records) <= held_s
    for one in records:
        assert (one.state is PriorityState.COMPLETED) == (one.reason == "")


def test_an_ambulance_is_served_whatever_it_costs() -> None:
    controller = prioritised(replace(BUS, harm=HarmLimits(0.0, 0.0, 0.0)), Partial())
    asks_by_turns(controller, Crossing([(0, 0.0)] * 9, stuck=True), 80, 2, "emergency")
    records = controller.records()
    assert [one.state for one in records] == [PriorityState.COMPLETED] * 2
    assert min(one.harm_person_s for one in records) > 9 * 1.5 * 20


def test_a_bus_that_an_ambulance_goes_before_is_active_all_the_same() -> None:
    controller, street = prioritised(BUS), Crossing([(0, 0.0)] * 3, stuck=True)
    for second in range(21):
        kind = {0: "new", 20: "cancel"}.get(second, "update")
        calls = [call(kind, name="bus", at_s=second)]
        if second >= 5:
            kind = {5: "new", 15: "cancel"}.get(second, "update")
            calls += [call(kind, vehicle="emergency", name="ambulance", at_s=second)] if second <= 15 else []
        street.step(controller, *calls)
    active_s = {one.request: one.activated_s for one in controller.records()}
    assert active_s == {"bus": 20.0, "ambulance": 10.0}


def test_when_others_have_waited_enough_the_next_bus_is_told_so_and_after_ten_minutes_it_is_heard_again() -> None:
    controller = prioritised(replace(BUS, harm=HarmLimits(window_person_s=60.0, held_s=99.0)), Partial())
    asks_by_turns(controller, Crossing([(0, 0.0)] * 5, stuck=True), 800, 20)
    states = [
        (one.state, "within 600 s" in one.reason or "person-s in 600 s" in one.reason) for one in controller.records()
    ]
    assert states[0] == (PriorityState.STALE, True)
    assert all(told for _, told in states[:16])
    assert states[16][0] is PriorityState.STALE


def mixed(seed: int) -> Crossing:
    """A bus and a dense street behind it, which has green, against a street with a vehicle every 6 s."""
    random = np.random.default_rng(seed)
    gaps = [(1, random.exponential(2.0, 70)), (0, random.exponential(6.0, 25))]
    comes = [(1, 40.0), *((link, float(at_s)) for link, own in gaps for at_s in np.cumsum(own + 0.3))]
    return Crossing(comes, stage=1)


def last_of_those_who_waited_s(most_weight: float, seed: int) -> float:
    """From the bus until the last one has gone who stood in the other street then."""
    street = mixed(seed)
    rides(street, replace(BUS, harm=HarmLimits(held_s=60.0, most_weight=most_weight)), 150, eta_s=40)
    bus_s = street.passed_s[0]
    stood = [key for key, (link, at_s) in enumerate(street.comes) if link == 0 and at_s <= bus_s]
    return max(0.0, *(street.passed_s.get(key, 150.0) - bus_s for key in stood))


def test_after_the_bus_those_who_stood_have_their_turn_sooner_than_without_recovery() -> None:
    seeds = range(6)
    with_it, without = (np.mean([last_of_those_who_waited_s(most, seed) for seed in seeds]) for most in (5.0, 1.0))
    assert with_it < 0.8 * without


@given(
    st.lists(st.tuples(st.integers(0, 1), st.floats(0.0, 60.0)), max_size=8),
    st.lists(st.tuples(st.integers(0, 1), st.floats(0.0, 60.0)), max_size=4),
)
def test_each_claim_is_one_row_and_nobody_is_lost_or_counted_twice(
    rows: list[tuple[int, float]], asked: list[tuple[int, float]]
) -> None:
    seen = Crossing([(link, at_s / 2.0) for link, at_s in rows]).seen()
    claims = [Claim(number, (link,), at_s, 2.0 + number) for number, (link, at_s) in enumerate(asked)]
    found = with_claims(seen, claims, LINK_LANE)
    count = len(seen.key)
    assert found.key[:count].tolist() == seen.key.tolist()
    assert set(found.key[count:].tolist()) <= {-2 - claim.number for claim in claims}
    assert sorted(found.weight[found.weight > 1.0].tolist()) == sorted(claim.weight for claim in claims)
    for claim in claims:
        row = int(np.flatnonzero((found.weight == claim.weight) & np.isin(found.link, claim.links))[0])
        assert abs(found.arrive_s[row] - claim.arrives_s) <= max(3.0, 0.3 * claim.arrives_s)
    assert (found.arrive_s[:count] == seen.arrive_s).all()


def test_a_sensor_that_guesses_another_turn_is_told_better() -> None:
    seen = replace(Crossing([(0, 5.0), (0, 20.0)]).seen(), link=np.array([1, 0], np.int32))
    shared = np.array([[0, -1, -1, -1], [0, -1, -1, -1]], np.int32)
    found = with_claims(seen, [Claim(0, (0,), 6.0, 20.0)], shared)
    assert (found.link.tolist(), found.weight.tolist()) == ([0, 0], [20.0, 1.0])


def test_others_wait_by_what_they_weigh() -> None:
    class Heavy(Crossing):
        def seen(self) -> Seen:
            seen = super().seen()
            return replace(seen, weight=4.0 * seen.weight)

    harm = []
    for kind in (Crossing, Heavy):
        street = kind([(1, 12.0), *stream(0, 2.5, 60)], stuck=True)
        controller = rides(street, PriorityFigures(persons=BUS.persons, emergency=1e5), 30, vehicle="emergency")
        harm.append(controller.records()[0].harm_person_s)
    assert harm[1] == pytest.approx(4.0 * harm[0])
    assert harm[0] > 0.0


def test_when_nobody_sets_the_light_any_more_each_request_ends_and_is_told_once() -> None:
    controller, street = prioritised(BUS), Crossing(stream(0, 2.5, 20))
    street.step(controller, call("new", name="first"))
    street.step(controller, call("new", name="other", link=0))
    assert {item.request: item.state for item in controller.report(0)} == {
        "first": PriorityState.ACTIVATED, "other": PriorityState.ACTIVATED,
    }  # fmt: skip
    controller.end(3.0, "a fixed plan runs")
    told = controller.report(0)
    assert {(item.state, item.reason) for item in told} == {(PriorityState.STALE, "a fixed plan runs")}
    assert len(told) == 2
    assert controller.report(0) == ()
    street.step(controller)
    assert [one.state for one in controller.records()] == [PriorityState.STALE] * 2


def test_a_message_that_changes_nothing_is_told_with_its_reason() -> None:
    controller, street = prioritised(BUS), Crossing([])
    street.step(controller, call("update", name="nobody's"))
    assert controller.refused == {"nobody's": "there is no open request nobody's"}
    street.step(controller, call("new"))
    assert controller.refused == {}
