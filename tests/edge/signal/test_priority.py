"""Requests for priority at the box: who may ask, what is refused, and that the safety rules keep the last word."""

from __future__ import annotations

import random
from collections import Counter

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from nutgiao.cli.edge_priority import PriorityChooser
from nutgiao.cli.priority_link import PriorityMessages
from nutgiao.edge.signal.priority import PriorityOffice, priority_office
from nutgiao.edge.signal.priority_admission import AHEAD_S, MOST_LIFE_S, MOST_PER_S, Admission, Refused
from nutgiao.edge.signal.priority_movements import PriorityMovements
from nutgiao.edge.signal.signature import centre_signature
from nutgiao.models.contracts.messages import PriorityRequest, PriorityStatus, decode, encode
from nutgiao.models.contracts.plan import SignalPlan
from nutgiao.models.contracts.priority import (
    PriorityAsk,
    PriorityItem,
    PriorityRefusal,
    PriorityState,
    PriorityVehicle,
    RequestType,
)
from nutgiao.models.contracts.site import Requester, Site
from nutgiao.models.contracts.words import ControlMode, ControlSource, Turn
from nutgiao.models.queueing.junction.site import site_tables
from tests.edge.signal.test_adaptive import Corner, Fancy, Queue
from tests.support.crossroads import NOON_S
from tests.support.sites import shipped

CENTRE, BUS, FORGER = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2, 3))
BUSY: Queue = {"west_1": 6, "west_2": 6, "east_1": 6, "east_2": 6}
NOW = float(NOON_S)
TABLES = site_tables(shipped("demo-j2"))


def public(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes_raw().hex()


def site_with(*more: Requester) -> Site:
    """Junction j2, where bus line 26 may go through from north and south, and the centre may send ambulances."""
    line = Requester(
        id="bus-26", key=public(BUS), vehicles=(PriorityVehicle.BUS,), approaches=("north", "south"),
        turns=(Turn.THROUGH, Turn.LEFT), most_level=7, per_minute=600,
    )  # fmt: skip
    help_ = Requester(id="centre-115", vehicles=(PriorityVehicle.EMERGENCY,), per_minute=600)
    return msgspec.structs.replace(shipped("demo-j2"), priority=(line, help_, *more))


def new(name: str = "r1", vehicle: str = "bus", eta_s: int = 20, **how: object) -> PriorityAsk:
    how = how or {"approach": "north"}
    kind = PriorityVehicle(vehicle)
    return PriorityAsk(request=name, type=RequestType.NEW, vehicle_type=kind, eta_s=eta_s, **how)  # type: ignore[arg-type]


def of_bus(boot: str = "b") -> PriorityMessages:
    return PriorityMessages("bus-26", "j2", BUS, boot)


def admission(*more: Requester) -> Admission:
    site = site_with(*more)
    return Admission(site, centre_signature(public(CENTRE)), PriorityMovements(site, TABLES))


def kind(door: Admission, message: PriorityRequest, now_s: float = NOW) -> str:
    """Why a message is refused when it has come over the wire; empty if it is not."""
    received = decode(encode(message))
    assert isinstance(received, PriorityRequest)
    verdict = door.judge(received, now_s)
    return verdict.kind if isinstance(verdict, Refused) else ""


def test_a_signed_request_of_one_whom_the_site_names_is_taken_and_means_its_movement() -> None:
    site, door = site_with(), admission()
    verdict = door.judge(of_bus().make(new(connection="north>left"), NOW), NOW)
    assert not isinstance(verdict, Refused)
    [link] = verdict.links
    movement = TABLES.movements[link]
    assert (site.approaches[movement.approach].id, movement.turn) == ("north", Turn.LEFT)
    ambulance = PriorityMessages("centre-115", "j2", CENTRE, "b")
    assert kind(door, ambulance.make(new("a", "emergency", approach="west"), NOW)) == ""


STRANGERS = {
    "nobody of this name": (lambda: PriorityMessages("bus-27", "j2", BUS, "b").make(new(), NOW), "stranger"),
    "another's key": (lambda: PriorityMessages("bus-26", "j2", FORGER, "b").make(new(), NOW), "unsigned"),
    "the key of the bus for an ambulance": (
        lambda: PriorityMessages("centre-115", "j2", BUS, "b").make(new("a", "emergency", approach="west"), NOW),
        "unsigned",
    ),
    "no signature": (lambda: msgspec.structs.replace(of_bus().make(new(), NOW), signature=""), "unsigned"),
    "changed on the way": (
        lambda: msgspec.structs.replace(of_bus().make(new(), NOW), ask=new(approach="south")), "unsigned",
    ),
    "meant for another junction": (lambda: PriorityMessages("bus-26", "j1", BUS, "b").make(new(), NOW), "elsewhere"),
    "sent in the future": (lambda: of_bus().make(new(), NOW + AHEAD_S + 1.0), "ahead"),
    "expired": (lambda: of_bus().make(new(), NOW - 11.0, 10.0), "expired"),
    "valid for too long": (lambda: of_bus().make(new(), NOW, MOST_LIFE_S + 1.0), "validity"),
    "over before it was sent": (lambda: of_bus().make(new(), NOW, -1.0), "validity"),
    "a vehicle that it may not ask for": (lambda: of_bus().make(new("r", "emergency"), NOW), "not-allowed"),
    "no vehicle": (
        lambda: of_bus().make(PriorityAsk(request="r", type=RequestType.NEW, approach="north"), NOW), "not-allowed",
    ),
    "an approach that it may not come by": (lambda: of_bus().make(new(approach="west"), NOW), "not-allowed"),
    "a turn that it may not take": (lambda: of_bus().make(new(connection="north>right"), NOW), "not-allowed"),
    "too urgent": (lambda: of_bus().make(new(level=8, approach="north"), NOW), "not-allowed"),
    "a movement that there is not": (lambda: of_bus().make(new(connection="north>uturn"), NOW), "movement"),
    "a crossing": (lambda: of_bus().make(new(signal_group="walk_main"), NOW), "movement"),
    "names that do not fit together": (lambda: of_bus().make(new(approach="north", lane_in="west_1"), NOW), "movement"),
    "no movement": (
        lambda: of_bus().make(
            PriorityAsk(request="r", type=RequestType.NEW, vehicle_type=PriorityVehicle.BUS), NOW
        ), "flawed",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("message", "why"), STRANGERS.values(), ids=STRANGERS)
def test_what_may_not_be_asked_is_refused_and_counted(message: object, why: str) -> None:
    door = admission()
    assert kind(door, message()) == why  # type: ignore[operator]
    assert door.counts == Counter({PriorityRefusal(why): 1})
    assert kind(door, of_bus("b2").make(new("next"), NOW)) == "", "the next good one is taken"


def test_a_message_counts_once_however_often_and_by_whatever_clock_it_is_replayed() -> None:
    door, bus = admission(), of_bus()
    first = bus.make(new(), NOW)
    assert kind(door, first) == ""
    assert kind(door, first, NOW + 1.0) == "replayed"
    assert kind(door, first, NOW - 1000.0) == "ahead"
    assert kind(door, bus.make(new("later"), NOW + 600.0), NOW + 600.0) == ""
    assert kind(door, first, NOW + 1.0) == "expired", "the box's clock was set back, the sender's was not"


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 6)), max_size=30))
def test_whatever_is_sent_again_is_never_taken_twice(steps: list[tuple[int, int]]) -> None:
    door, bus, now_s = admission(), of_bus(), NOW
    sent: list[PriorityRequest] = []
    taken = Counter[int]()
    for back, wait_s in steps:
        now_s += wait_s
        if back >= len(sent):
            sent.append(bus.make(new(f"r{len(sent)}"), now_s))
        message = sent[-1 - back % len(sent)]
        taken[message.seq] += kind(door, message, now_s) == ""
    assert max(taken.values(), default=0) <= 1


def test_a_flood_is_cut_off_before_its_signatures_are_checked_and_stops_no_other_sender() -> None:
    line = Requester(id="bus-1", key=public(BUS), vehicles=(PriorityVehicle.BUS,), per_minute=3)
    door, forger = admission(line), PriorityMessages("bus-26", "j2", FORGER, "b")
    told = Counter(kind(door, forger.make(new(str(n)), NOW)) for n in range(100))
    assert told == {"unsigned": MOST_PER_S, "too-many": 100 - MOST_PER_S}
    other = PriorityMessages("bus-1", "j2", BUS, "b")
    assert [kind(door, other.make(new(str(n)), NOW + n), NOW + n) for n in range(4)] == ["", "", "", "too-many"]
    assert kind(door, other.make(new("5"), NOW + 70.0), NOW + 70.0) == ""


# --- at the junction ------------------------------------------------------------------------------------------------


class Junction(Corner):
    """A junction of the demo whose box hears requests."""

    def __init__(self, chooser: object = None, adaptive: bool = True) -> None:
        self.messages: list[PriorityRequest] = []
        self.told: list[PriorityStatus] = []
        self.office: PriorityOffice | None = None
        site = site_with()
        super().__init__(chooser=chooser or PriorityChooser(TABLES))
        self.office = priority_office(site, centre_signature(public(CENTRE)), self.adaptive if adaptive else None)

    def second(self, *, plan: SignalPlan | None = None, runs: bool = True, **how: object) -> object:  # type: ignore[override]
        if self.office is not None:
            self.office.second(float(self.now_s), self.messages)
        self.messages = []
        status = super().second(plan=plan, runs=runs, **how)  # type: ignore[arg-type]
        body = self.office.report(float(self.now_s - 1)) if self.office is not None else None
        if body is not None:
            head = {"id": "", "node": "j2", "boot": "b", "seq": 1, "time_s": NOW, "expires_s": NOW + 1.0}
            message = decode(encode(PriorityStatus(**head, **body)))
            assert isinstance(message, PriorityStatus)
            self.told.append(message)
        return status

    def ask(self, sender: PriorityMessages, ask: PriorityAsk) -> None:
        self.messages.append(sender.make(ask, float(self.now_s)))

    def states(self, request: str) -> list[PriorityItem]:
        """Each state of a request, once."""
        items = [item for told in self.told for item in told.requests if item.request == request]
        return [item for k, item in enumerate(items) if not k or item.state is not items[k - 1].state]


def ride(corner: Junction, sender: PriorityMessages, eta_s: int = 20, seconds: int = 30, **how: object) -> None:
    """Asks, says so again every 5 s, and cancels at the end."""
    corner.ask(sender, new(eta_s=eta_s, **how))
    for second in range(seconds):
        if second and second % 5 == 0:
            corner.ask(sender, PriorityAsk(request="r1", type=RequestType.UPDATE, eta_s=max(0, eta_s - second)))
        corner.second()
    corner.ask(sender, PriorityAsk(request="r1", type=RequestType.CANCEL))
    corner.run(3)


def green_after(corner: Corner, group: str, since: int) -> int:
    return len(corner.greens(group)[since:].split("G")[0])


def test_a_bus_that_nobody_sees_yet_gets_its_green_by_the_time_it_comes_and_a_forged_one_changes_nothing() -> None:
    waits = {}
    for who in ("nobody", "bus", "forger"):
        corner = Junction()
        corner.queues = BUSY
        corner.run(60)
        begin = len(corner.shown)
        if who == "nobody":
            corner.run(33)
        else:
            sender = of_bus() if who == "bus" else PriorityMessages("bus-26", "j2", FORGER, "b")
            ride(corner, sender)
        waits[who] = (green_after(corner, "side", begin), [one.groups for one in corner.shown], corner)
    assert waits["bus"][0] <= 22 < waits["nobody"][0]
    assert waits["forger"][1] == waits["nobody"][1]
    states = [item.state for item in waits["bus"][2].states("bus-26/r1")]
    assert states == [PriorityState.ACTIVATED, PriorityState.COMPLETED]
    forged = waits["forger"][2].told
    assert forged[0].refused == {"bus-26/r1": "the signature is not bus-26's"}
    assert forged[-1].counts["unsigned"] == 7
    assert not [item for told in forged for item in told.requests]


def test_a_bus_may_not_keep_a_hundred_people_waiting_and_an_ambulance_may() -> None:
    for sender, vehicle, granted in (
        (of_bus(), "bus", False), (PriorityMessages("centre-115", "j2", CENTRE, "b"), "emergency", True),
    ):  # fmt: skip
        corner = Junction()
        corner.queues = dict.fromkeys(BUSY, 25)
        corner.run(60)
        begin = len(corner.shown)
        ride(corner, sender, vehicle=vehicle, approach="north")
        name = f"{'bus-26' if vehicle == 'bus' else 'centre-115'}/r1"
        last = corner.states(name)[-1]
        assert (green_after(corner, "side", begin) < 25) is granted
        assert ("person-s" in last.reason) is not granted


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"adaptive": False}, "this box runs plans only"),
        ({"chooser": Fancy()}, "the controller of this box weighs no requests"),
        ({}, "the junction is not controlled second by second: plan morning runs as it stands (time_of_day)"),
    ],
)
def test_where_nobody_chooses_stages_each_request_is_rejected_with_the_reason(how: dict[str, object], why: str) -> None:
    corner = Junction(**how)  # type: ignore[arg-type]
    corner.run(20, runs=False)
    corner.ask(of_bus(), new())
    corner.second(runs=False)
    [item] = corner.told[-1].requests
    assert (item.state, item.reason) == (PriorityState.REJECTED, why)
    assert corner.told[-1].counts == {"no-control": 1}
    told = len(corner.told)
    corner.run(20, runs=False)
    assert len(corner.told) == told + 1, "it is told once, and then that there is none"


def test_a_request_that_is_active_ends_with_the_reason_when_the_junction_falls_back_to_its_plan() -> None:
    corner = Junction()
    corner.run(40)
    corner.ask(of_bus(), new())
    corner.run(3)
    for _ in range(8):
        corner.ask(of_bus(f"b{corner.now_s}"), PriorityAsk(request="r1", type=RequestType.UPDATE, eta_s=9))
        corner.second(runs=False)
    states = corner.states("bus-26/r1")
    assert [item.state for item in states] == [PriorityState.ACTIVATED, PriorityState.STALE]
    assert "as it stands" in states[-1].reason


def test_nobody_can_cancel_or_speak_about_another_s_request() -> None:
    corner, other = Junction(), PriorityMessages("centre-115", "j2", CENTRE, "b")
    corner.run(40)
    corner.ask(of_bus(), new())
    corner.run(2)
    corner.ask(other, PriorityAsk(request="r1", type=RequestType.CANCEL))
    corner.ask(PriorityMessages("bus-26", "j2", FORGER, "b"), PriorityAsk(request="r1", type=RequestType.CANCEL))
    corner.run(2)
    assert corner.states("bus-26/r1")[-1].state is PriorityState.ACTIVATED
    assert corner.told[-1].refused == {"centre-115/r1": "there is no open request centre-115/r1"}
    assert corner.told[-1].counts == {"unsigned": 1}


def hammer(corner: Junction, draw: random.Random, seconds: int, plan: SignalPlan | None) -> None:
    """Anybody asks for anything at any time; the corner's own guard judges every second of the lamps."""
    senders = of_bus(), PriorityMessages("centre-115", "j2", CENTRE, "b"), PriorityMessages("bus-26", "j2", FORGER, "b")
    open_: list[tuple[PriorityMessages, str]] = []
    for second in range(seconds):
        if second % 40 == 0:
            lanes = [lane.id for one in corner.site.approaches for lane in one.lanes]
            corner.queues = {lane: draw.randrange(10) for lane in lanes if draw.random() < 0.5}
        for _ in range(draw.randrange(3)):
            what, level, eta_s = draw.random(), draw.randrange(15), draw.randrange(30)
            if what < 0.4:
                sender = draw.choice(senders)
                vehicle = draw.choice(["bus", "emergency"])
                by = draw.choice(["north", "south", "east", "west"])
                name = f"r{second}-{draw.randrange(4)}"
                corner.ask(sender, new(name, vehicle, eta_s, approach=by, level=level))
                open_.append((sender, name))
            elif open_:
                sender, name = draw.choice(open_[-6:])
                type_ = RequestType.CANCEL if what > 0.9 else RequestType.UPDATE
                corner.ask(sender, PriorityAsk(request=name, type=type_, level=level, eta_s=eta_s))
        corner.second(plan=plan, runs=second % 200 < 190 or plan is not None, lost=draw.random() < 0.05)


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 2**32))
def test_requests_that_hammer_at_random_break_no_rule_and_starve_nobody(seed: int) -> None:
    corner = Junction()
    hammer(corner, random.Random(seed), 400, None)
    assert corner.shown[-1].source is not ControlSource.FLASH
    assert any(item.state is PriorityState.ACTIVATED for told in corner.told for item in told.requests)
    for group in corner.signals.groups:
        assert corner.longest_red_s(group.id) <= group.amber_s + group.max_red_s


def test_requests_that_hammer_at_random_do_not_break_the_cycle_of_a_plan() -> None:
    corner, draw = Junction(), random.Random(5)
    plan = msgspec.structs.replace(corner.plan, mode=ControlMode.CYCLE)
    corner.run(2 * plan.cycle_s, plan=plan)
    begin = len(corner.shown)
    hammer(corner, draw, 6 * plan.cycle_s, plan)
    greens = corner.greens("main")
    boundaries = [k for k in range(begin, len(greens)) if (NOON_S + k) % plan.cycle_s == plan.offset_s]
    assert {greens[k] for k in boundaries} == {"G"}
    assert any(item.state is PriorityState.ACTIVATED for told in corner.told for item in told.requests)
