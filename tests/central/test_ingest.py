"""The centre's end of MQTT against real brokers: nothing lost, nothing taken twice, nothing that stops it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from nutgiao.central.ingest import Ingest
from nutgiao.central.sqlite_store import SqliteStore
from nutgiao.central.state import NetworkState
from nutgiao.models.contracts.broker_url import BrokerUrl
from nutgiao.models.contracts.errors import UplinkDown
from nutgiao.models.contracts.messages import (
    Announcement,
    AnyMessage,
    Arrival,
    CentreHeartbeat,
    PlanProposal,
    PriorityRequest,
    decode,
    encode,
)
from nutgiao.models.contracts.priority import PriorityAsk, PriorityVehicle, RequestType
from nutgiao.models.contracts.topics import CENTRE, Channel, Topic
from tests.support.brokers import Iotcore, Mosquitto, free_port, running
from tests.support.crossroads import NOON_S, crossroads, plan_for
from tests.support.voice import Voice

SITE = crossroads()
NOW = float(NOON_S)
PATIENCE_S = 60.0


class Client:
    """A plain MQTT client beside the centre: speaks for nodes and hears the centre."""

    def __init__(self, port: int, name: str) -> None:
        self.heard: list[tuple[str, bytes, bool]] = []
        self._news = threading.Condition()
        self._up = threading.Event()
        self.mqtt = paho.Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=paho.MQTTv311)
        self.mqtt.on_connect = lambda *_: self.mqtt.subscribe("nutgiao/1/#", qos=1)
        self.mqtt.on_subscribe = lambda *_: self._up.set()
        self.mqtt.on_message = self._on_message
        self.mqtt.connect("127.0.0.1", port)
        self.mqtt.loop_start()
        assert self._up.wait(PATIENCE_S)

    def say(self, message: AnyMessage, channel: Channel, node: str = "x1") -> None:
        self.raw(str(Topic("hanoi", node, channel)), encode(message))

    def raw(self, topic: str, payload: bytes) -> None:
        self.mqtt.publish(topic, payload, qos=1).wait_for_publish(PATIENCE_S)

    def wait_heard(self, topic: str, count: int = 1) -> list[bytes]:
        def found() -> list[bytes]:
            return [payload for name, payload, _ in self.heard if name == topic]

        with self._news:
            assert self._news.wait_for(lambda: len(found()) >= count, PATIENCE_S)
        return found()

    def close(self) -> None:
        self.mqtt.disconnect()
        self.mqtt.loop_stop()

    def _on_message(self, client: paho.Client, userdata: object, packet: paho.MQTTMessage) -> None:
        with self._news:
            self.heard.append((packet.topic, bytes(packet.payload), packet.retain))
            self._news.notify_all()


@pytest.fixture(params=["iotcore", "mosquitto"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Iotcore | Mosquitto]:
    with running(request.param, tmp_path) as started:
        yield started


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    return SqliteStore(tmp_path / "centre.db", tmp_path / "evidence")


def make(port: int, state: NetworkState, store: SqliteStore) -> Ingest:
    return Ingest(BrokerUrl("127.0.0.1", port), "hanoi", state, store, clock=lambda: NOW)


def test_telemetry_violations_and_replies_arrive_in_state_and_store(
    broker: Iotcore | Mosquitto, store: SqliteStore
) -> None:
    state, voice, plan = NetworkState([SITE]), Voice(SITE), plan_for(SITE, revision=3)
    ingest, node = make(broker.port, state, store), Client(broker.port, "node")
    ingest.start()
    state.sent(plan, NOW)
    store.add_plan(plan, NOW)
    node.say(voice.health(NOW), Channel.HEALTH)
    node.say(voice.lanes(NOW, queue_veh=6), Channel.LANES)
    node.say(voice.violation(NOW, "v1"), Channel.VIOLATION)
    node.say(voice.reply(NOW, plan), Channel.REPLY)
    node.say(voice.signal(NOW, plan=plan.id, revision=3), Channel.SIGNAL)
    assert ingest.wait_for({"x1": 5}, PATIENCE_S)
    assert state.health("x1", NOW).state == "online"
    assert state.running_plan("x1") == plan
    assert store.violation("v1") is not None
    assert store.plans()[0].reply is not None
    assert [each.queue_veh for each in store.lane_history("x1", "M", NOW - 10, NOW + 10)] == [6.0]
    node.close()
    ingest.close()


def test_what_no_schema_fits_is_counted_and_the_rest_still_comes(
    broker: Iotcore | Mosquitto, store: SqliteStore
) -> None:
    state, voice = NetworkState([SITE]), Voice(SITE)
    ingest, node = make(broker.port, state, store), Client(broker.port, "node")
    ingest.start()
    for topic, payload in [
        ("nutgiao/1/hanoi/x1/lanes", b"\xff\xfe not json"),
        ("nutgiao/1/hanoi/x1/lanes", b'{"schema":"nutgiao/lanes/99"}'),
        ("nutgiao/1/hanoi/x1/weather", b"{}"),
        ("nutgiao/1/hanoi/x2/signal", encode(voice.signal(NOW))),  # x1 speaks on the topic of x2
    ]:
        node.raw(topic, payload)
    node.say(voice.signal(NOW), Channel.SIGNAL)
    ingest.wait_for({"x1": 2}, PATIENCE_S)
    assert ingest.bad_messages == 4
    assert state.signal("x1", NOW) is not None
    node.close()
    ingest.close()


def test_waiting_tells_a_gap_and_does_not_wait_for_it_twice(broker: Iotcore | Mosquitto, store: SqliteStore) -> None:
    state, voice = NetworkState([SITE]), Voice(SITE)
    ingest, node = make(broker.port, state, store), Client(broker.port, "node")
    ingest.start()
    node.say(voice.signal(NOW), Channel.SIGNAL)
    voice.signal(NOW)  # made, never sent
    node.say(voice.signal(NOW), Channel.SIGNAL)
    assert ingest.wait_for({"x1": 1}, PATIENCE_S)
    assert not ingest.wait_for({"x1": 3}, 0.2)
    assert ingest.wait_for({"x1": 3}, PATIENCE_S)
    assert state.gaps("x1") == {"b1": 1}
    node.close()
    ingest.close()


def test_what_is_said_to_a_node_reaches_it_and_is_no_news_of_it(
    broker: Iotcore | Mosquitto, store: SqliteStore
) -> None:
    state = NetworkState([SITE])
    ingest, node = make(broker.port, state, store), Client(broker.port, "node")
    ingest.start()
    proposal = PlanProposal(**ingest.head(60.0), plan=plan_for(SITE), signature="00")  # type: ignore[arg-type]
    ingest.publish(proposal, ingest.topic("x1", Channel.PROPOSAL))
    [payload] = node.wait_heard("nutgiao/1/hanoi/x1/proposal")
    assert decode(payload) == proposal
    ask = PriorityAsk(request="r1", type=RequestType.NEW, vehicle_type=PriorityVehicle.BUS, approach="west")
    head = {**ingest.head(60.0), "node": "bus-7"}
    node.say(PriorityRequest(**head, to="x1", ask=ask), Channel.PRIORITY)  # type: ignore[arg-type]
    node.say(Voice(SITE).signal(NOW), Channel.SIGNAL)
    assert ingest.wait_for({"x1": 1}, PATIENCE_S)
    assert (ingest.bad_messages, state.strangers) == (0, 0)
    node.close()
    ingest.close()


def test_what_boxes_announce_to_each_other_passes_the_centre_by(
    broker: Iotcore | Mosquitto, store: SqliteStore
) -> None:
    state, voice = NetworkState([SITE]), Voice(SITE)
    ingest, node = make(broker.port, state, store), Client(broker.port, "node")
    ingest.start()
    arrivals = (Arrival(to="x2", at_s=NOW + 9.0, mcu=1.0, persons=1.3),)
    head = {"id": "x1-b-announce-1", "node": "x1", "boot": "b", "seq": 1, "time_s": NOW, "expires_s": NOW + 10.0}
    said = encode(Announcement(**head, arrivals=arrivals))
    node.mqtt.publish(str(Topic("hanoi", "x1", Channel.ANNOUNCE)), said, qos=0).wait_for_publish(PATIENCE_S)
    for _ in range(3):  # the same numbers as the announcements', and the connection still stands
        node.say(voice.lanes(NOW, queue_veh=6), Channel.LANES)
    assert ingest.wait_for({"x1": 3}, PATIENCE_S)
    assert ingest.bad_messages == 0
    assert [each.queue_veh for each in store.lane_history("x1", "M", NOW - 10, NOW + 10)] == [6.0]
    node.close()
    ingest.close()


def test_goodbye_and_last_will_both_say_that_the_centre_is_gone(
    broker: Iotcore | Mosquitto, store: SqliteStore
) -> None:
    node = Client(broker.port, "node")
    topic = f"nutgiao/1/hanoi/{CENTRE}/heartbeat"
    ingest = make(broker.port, NetworkState([SITE]), store)
    ingest.start()
    ingest.publish(ingest.heartbeat({"x1": 3}, 15.0), ingest.topic(CENTRE, Channel.HEARTBEAT))
    ingest.close()
    states = [decode(payload) for payload in node.wait_heard(topic, 2)]
    assert [(each.state, each.revisions) for each in states if isinstance(each, CentreHeartbeat)] == [
        ("online", {"x1": 3}),
        ("offline", {}),
    ]
    broken = make(broker.port, NetworkState([SITE]), store)
    broken.start()
    broken._client.loop_stop()
    broken._client.socket().close()  # type: ignore[union-attr]
    last = decode(node.wait_heard(topic, 3)[-1])
    assert isinstance(last, CentreHeartbeat)
    assert last.state == "offline"
    node.close()


def test_what_comes_while_the_centre_is_away_is_taken_in_when_it_is_back(tmp_path: Path, store: SqliteStore) -> None:
    voice = Voice(SITE)
    with running("mosquitto", tmp_path) as broker:
        first = make(broker.port, NetworkState([SITE]), store)
        first.start()
        first.close()
        node = Client(broker.port, "node")
        for k in range(5):
            node.say(voice.violation(NOW, f"v{k}"), Channel.VIOLATION)
        state = NetworkState([SITE])
        second = make(broker.port, state, store)
        second.start()
        assert second.wait_for({"x1": 5}, PATIENCE_S)
        assert store.violations()[1] == 5
        node.close()
        second.close()


def test_a_broker_that_dies_and_returns_is_found_again(broker: Iotcore | Mosquitto, store: SqliteStore) -> None:
    state, voice = NetworkState([SITE]), Voice(SITE)
    ingest = make(broker.port, state, store)
    ingest.start()
    broker.stop()
    with pytest.raises(UplinkDown):
        ingest.publish(ingest.heartbeat({}, 15.0), ingest.topic(CENTRE, Channel.HEARTBEAT), timeout_s=0.5)
    broker.start()
    assert ingest._up.wait(PATIENCE_S)
    node = Client(broker.port, "node")
    node.say(voice.signal(NOW), Channel.SIGNAL)
    assert ingest.wait_for({"x1": 1}, PATIENCE_S)
    node.close()
    ingest.close()


def test_no_broker_is_said_with_its_address(store: SqliteStore) -> None:
    port = free_port()
    with pytest.raises(UplinkDown, match=rf"mqtt://127.0.0.1:{port}: no answer within .* is a broker running"):
        make(port, NetworkState([SITE]), store).start(timeout_s=0.5)
