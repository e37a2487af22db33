"""A whole junction for tests of the ladder: box, virtual cabinet, real broker, centre, neighbour; each can be cut.

Seconds are virtual and turned by the test; the broker is a real one, so the box waits for it in wall time. What is told
by the box is read off the signal statuses that the broker hands on.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import paho.mqtt.client as paho
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nutgiao.central.dispatch import Dispatcher
from nutgiao.central.ingest import Ingest
from nutgiao.central.sqlite_store import SqliteStore
from nutgiao.central.state import NetworkState
from nutgiao.cli.edge_chooser import HorizonChooser
from nutgiao.configs.loader import load_site
from nutgiao.edge.evidence.bundle import EvidenceBuilder
from nutgiao.edge.node import Node
from nutgiao.edge.perception import Perception
from nutgiao.edge.signal.adaptive import Adaptive
from nutgiao.edge.signal.drivers import LampNews
from nutgiao.edge.signal.guard import Guard
from nutgiao.edge.signal.ladder import Ladder
from nutgiao.edge.signal.signature import centre_signature
from nutgiao.edge.uplink.outbox import Outbox
from nutgiao.edge.uplink.uplink import Uplink
from nutgiao.models.contracts.broker_url import BrokerUrl
from nutgiao.models.contracts.controller import CabinetRequest, CabinetStatus, StageCall
from nutgiao.models.contracts.errors import UplinkDown
from nutgiao.models.contracts.messages import (
    Announcement,
    CameraHealth,
    Health,
    PlanReply,
    SignalStatus,
    decode,
    encode,
)
from nutgiao.models.contracts.plan import local_plan, scheduled_row
from nutgiao.models.contracts.site import site_hash
from nutgiao.models.contracts.timeline import RED
from nutgiao.models.contracts.topics import CENTRE, Channel, Topic
from nutgiao.models.queueing.junction.site import site_tables
from nutgiao.models.vision.detections import DetectedFrame, Detections
from nutgiao.simulation.cabinet import Cabinet
from tests.support.brokers import Iotcore, Mosquitto
from tests.support.guarded import CODES, refused

CITY, NEIGHBOUR = "hanoi", "j2"
MORNING_S = 1_795_395_600
"""2026-11-23 08:00 in Hanoi."""
BEAT_S = 5
LIFE_S = 1100.0
PATIENCE_S = 60.0


@dataclass
class BoxClock:
    """The box's clock may be wrong; the steady one is not."""

    town: Town

    def next_second(self) -> float | None:
        return None

    def steady_s(self) -> float:
        return float(self.town.now_s - MORNING_S)


@dataclass
class Lens:
    """A camera on an empty street, stamped by the box's clock."""

    town: Town
    id: str
    last_s: float = 0.0
    count: int = 0

    def frames(self) -> list[DetectedFrame]:
        if self.id in self.town.blind:
            return []
        self.last_s, self.count = self.town.box_s, self.count + 1
        return [DetectedFrame(self.id, self.last_s, self.count, Detections.empty())]

    def lamps(self) -> list[LampNews]:
        return []

    def health(self, now_s: float) -> CameraHealth:
        return CameraHealth(camera=self.id, age_s=now_s - self.last_s, frames=self.count, dropped=0)

    def close(self) -> None:
        return None


class Ear:
    """Hears what the box says, and speaks for the neighbour."""

    def __init__(self, port: int) -> None:
        self.signals: list[SignalStatus] = []
        self.healths: list[Health] = []
        self.replies: list[PlanReply] = []
        self.up = threading.Event()
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="ear", clean_session=True)
        self._client.on_connect = lambda client, *_: client.subscribe(f"nutgiao/1/{CITY}/j1/#", qos=1)
        self._client.on_subscribe = lambda *_: self.up.set()
        self._client.on_disconnect = lambda *_: self.up.clear()
        self._client.on_message = self._take
        self._client.reconnect_delay_set(1, 1)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def announce(self, now_s: float) -> None:
        message = Announcement(
            id=f"{NEIGHBOUR}-b-{now_s}",
            node=NEIGHBOUR,
            boot="b",
            seq=int(now_s - MORNING_S) + 1,
            time_s=now_s,
            expires_s=now_s + 10.0,
            arrivals=(),
        )
        self._client.publish(str(Topic(CITY, NEIGHBOUR, Channel.ANNOUNCE)), encode(message), qos=0)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _take(self, client: paho.Client, userdata: object, letter: paho.MQTTMessage) -> None:
        message = decode(letter.payload)
        if isinstance(message, SignalStatus):
            self.signals.append(message)
        elif isinstance(message, Health):
            self.healths.append(message)
        elif isinstance(message, PlanReply):
            self.replies.append(message)


@dataclass(frozen=True, slots=True)
class Step:
    """A line of the ladder's log: what was cut or came back, and what the box told from then on.

    Attributes:
        second: since the start.
        event: what was done to the town; empty where the box changed by itself.
        rung: that the status told from this second on.
        reason: the same.
        plan: that ran.
    """

    second: int
    event: str
    rung: str
    reason: str
    plan: str


@dataclass
class Town:
    """Everything around one junction.

    Args:
        broker: started.
        folder: for outbox, evidence and the centre's store.
    """

    broker: Mosquitto | Iotcore
    folder: Path
    now_s: int = MORNING_S
    wrong_s: int = 0
    link: bool = True
    centre: bool = True
    neighbour: bool = True
    silent: bool = False
    blind: set[str] = field(default_factory=set)
    events: dict[int, str] = field(default_factory=dict)
    lamps: list[list[int]] = field(default_factory=list)
    flashed: bool = False

    def __post_init__(self) -> None:
        self.site = load_site("demo-j1")
        signals = self.site.signals
        assert signals is not None
        self.signals = signals
        row = scheduled_row(signals, (self.now_s + 7 * 3600) % 86400)
        self.cabinet = Cabinet(signals, local_plan("j1", signals, site_hash(self.site), row), self.now_s)
        self.shown: CabinetStatus = self.cabinet.tick(self.now_s)
        url, key = BrokerUrl("127.0.0.1", self.broker.port), Ed25519PrivateKey.generate()
        self.ear = Ear(self.broker.port)
        self.state = NetworkState([self.site])
        store = SqliteStore(self.folder / "centre.sqlite", self.folder / "kept")
        self.ingest = Ingest(url, CITY, self.state, store, lambda: float(self.now_s))
        self.ingest.start()
        self.dispatcher = Dispatcher(CITY, {"j1": self.site}, self.state, store, self.ingest, key, LIFE_S)
        tables = site_tables(self.site)
        adaptive = Adaptive(self.site, tables, HorizonChooser(tables))
        public = centre_signature(key.public_key().public_bytes_raw().hex())
        self.ladder = Ladder(self.site, Guard(self.site, public, adaptive=True), self, adaptive, MORNING_S - 1e7)
        outbox = Outbox(self.folder / "outbox.sqlite")
        self.uplink = Uplink(url, CITY, "j1", "b1", outbox, float(self.now_s), adaptive.neighbours.nodes)
        self.uplink.start()
        wait(lambda: self.uplink.up and self.ear.up.is_set())
        evidence = EvidenceBuilder(self.folder / "sealed", key, site=self.site, node="j1", boot="b1", software="0")
        lenses = [Lens(self, camera.id) for camera in self.site.cameras]
        perception = Perception(self.site, "j1", "b1")
        self.node = Node(
            self.site, BoxClock(self), lenses, self, self.ladder, perception, evidence, self.uplink, "0", adaptive
        )

    @property
    def box_s(self) -> float:
        """What the box's clock shows."""
        return float(self.now_s + self.wrong_s)

    def status(self) -> CabinetStatus | None:
        return None if self.silent else self.shown

    def request(self, request: CabinetRequest) -> None:
        if not self.silent:
            self.cabinet.request(request)

    def call(self, call: StageCall) -> None:
        if not self.silent:
            self.cabinet.call(call)

    def event(self, what: str) -> None:
        """Notes what is done before the next second."""
        self.events[self.now_s - MORNING_S] = what

    def cut_broker(self) -> None:
        self.event("the broker is killed")
        self.broker.stop()
        self.link = False
        wait(lambda: not self.uplink.up and not self.ingest.up and not self.ear.up.is_set())

    def mend_broker(self) -> None:
        self.event("the broker is back")
        self.broker.start()
        self.link = True
        wait(lambda: self.uplink.up and self.ingest.up and self.ear.up.is_set(), 60.0)

    def propose(self, green_s: tuple[int, ...], offset_s: int) -> None:
        self.event("the centre sends a plan")
        running = self.state.running_plan("j1")
        assert running is not None, "the centre has heard which plan runs"
        assert self.dispatcher.propose("j1", green_s, offset_s, running, float(self.now_s))
        deadline = time.monotonic() + PATIENCE_S
        assert self.uplink.await_revision(self.dispatcher.revisions["j1"], lambda: time.monotonic() > deadline)

    def second(self) -> None:
        """One second of everybody's life."""
        if self.now_s % BEAT_S == 0 and self.link:
            if self.centre:
                self._beat()
            if self.neighbour:
                self.ear.announce(float(self.now_s))
            time.sleep(0.01)  # the broker hands them on
        self.node.second(self.box_s)
        if self.link and self.now_s % BEAT_S == 0:
            deadline = time.monotonic() + PATIENCE_S
            self.uplink.flush(lambda: time.monotonic() > deadline)
        self.now_s += 1
        self.shown = self.cabinet.tick(self.now_s)
        self.flashed |= self.shown.source == "flash"
        self.lamps.append([CODES.get(shown, RED) for shown in self.shown.groups])

    def run(self, seconds: int) -> None:
        for _ in range(seconds):
            self.second()

    def until(self, rung: str, within_s: int) -> None:
        """Runs until the junction stands on a rung and no transition runs."""
        for _ in range(within_s):
            stands = not self.silent and self.ladder.standing(self.shown) == rung == self.ladder.rungs.rung
            if stands and (rung == "adaptive" or not self.shown.in_transition):
                return
            self.second()
        raise AssertionError(f"no {rung} within {within_s} s: {self.ladder.rungs.rung}, {self.ladder.rungs.reason}")

    def told(self) -> list[SignalStatus]:
        """One status for each second, in their order; waits until the last has come."""
        wait(lambda: len({one.id for one in self.ear.signals}) >= len(self.lamps))
        return sorted({one.id: one for one in self.ear.signals}.values(), key=lambda one: one.seq)

    def log(self) -> list[Step]:
        """The ladder's log: each event, and each change of rung or reason that the statuses tell."""
        steps: list[Step] = []
        before: tuple[str, tuple[str, ...]] = ("", ())
        for second, status in enumerate(self.told()):
            reasons = tuple(part.split(":")[0] for part in status.reason.split("; "))
            event = self.events.get(second, "")
            if event or (status.source, reasons) != before:
                steps.append(Step(second, event, status.source, status.reason, status.plan))
            before = (status.source, reasons)
        return steps

    def broken(self) -> list[str]:
        """Rules that were broken in any second, by an independent guard; and whether the cabinet ever flashed."""
        return refused(self.signals, self.lamps) + (["the conflict monitor tripped"] if self.flashed else [])

    def close(self) -> None:
        deadline = time.monotonic() + 2.0
        self.uplink.close(self.box_s, lambda: time.monotonic() > deadline)
        self.ingest.close()
        self.ear.close()

    def _beat(self) -> None:
        try:
            beat = self.ingest.heartbeat(dict(self.dispatcher.revisions), life_s=3 * BEAT_S)
            self.ingest.publish(beat, self.ingest.topic(CENTRE, Channel.HEARTBEAT))
        except UplinkDown:
            pass


def every_cut(town: Town) -> Iterator[tuple[str, str]]:
    """Cuts one ground after the other and mends it; yields after each what was done and the rung to be stood on."""
    town.run(40)
    yield "start", "time_of_day"
    town.propose((50, 35), 20)
    town.until("central", 300)
    town.run(30)
    yield "plan", "central"
    town.cut_broker()
    town.until("last_valid", 20)
    town.run(40)
    yield "broker", "last_valid"
    town.mend_broker()
    town.until("central", 60)
    yield "broker back", "central"
    town.centre = False
    town.event("the centre stops")
    town.until("last_valid", 30)
    town.run(20)
    yield "centre", "last_valid"
    town.centre = True
    town.event("the centre is back")
    town.until("central", 60)
    yield "centre back", "central"
    town.neighbour = False
    town.event("the neighbour falls silent")
    town.run(40)
    yield "neighbour", "central"
    town.neighbour = True
    town.event("the neighbour is back")
    town.run(10)
    town.wrong_s = 1800
    town.event("the box's clock jumps by half an hour")
    town.until("adaptive", 30)
    town.run(90)
    yield "clock", "adaptive"
    town.blind = {"cam_east"}
    town.event("a camera's frames stop")
    town.until("fixed", 200)
    town.run(60)
    yield "camera", "fixed"
    town.blind = set()
    town.event("the camera is back")
    town.until("adaptive", 60)
    town.run(60)
    yield "camera back", "adaptive"
    town.wrong_s = 0
    town.event("the box's clock is set right")
    town.until("central", 400)
    yield "clock back", "central"
    town.silent = True
    town.event("the controller falls silent")
    town.run(30)
    yield "controller", "cabinet"
    town.silent = False
    town.event("the controller answers again")
    town.until("central", 30)
    yield "controller back", "central"
    town.centre = False
    town.event("the centre stops, and its plan runs out")
    town.until("time_of_day", int(LIFE_S))
    yield "plan over", "time_of_day"
    town.centre = True
    town.event("the centre is back")
    town.run(40)
    town.propose((50, 35), 20)
    town.until("central", 300)
    yield "new plan", "central"


def wait(true: Callable[[], bool], timeout_s: float = PATIENCE_S) -> None:
    """Waits in wall time."""
    give_up = time.monotonic() + timeout_s
    while not true():
        if time.monotonic() > give_up:
            raise AssertionError("waited in vain")
        time.sleep(0.005)
