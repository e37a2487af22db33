"""The node's voice against real brokers: order, acknowledgement, last will, and a broker that dies and returns."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import paho.mqtt.client as paho
import pytest

from nutgiao.edge.uplink.outbox import Outbox
from nutgiao.edge.uplink.uplink import Uplink
from nutgiao.models.contracts.broker_url import BrokerUrl
from nutgiao.models.contracts.messages import (
    AnyMessage,
    Health,
    LaneTelemetry,
    PlanProposal,
    PlanReply,
    decode,
    encode,
)
from nutgiao.models.contracts.topics import Channel, Topic
from tests.support.brokers import Iotcore, Mosquitto, running
from tests.support.crossroads import crossroads, plan_for

KINDS = ["iotcore", "mosquitto"]
RUBBISH = b"\xff not json"


class Listener:
    """Hears the whole city."""

    def __init__(self, port: int) -> None:
        self.heard: list[AnyMessage] = []
        self.topics: list[str] = []
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="listener", clean_session=False)
        self._client.on_message = self._take
        self._client.on_connect = lambda client, *_: client.subscribe("nutgiao/#", qos=1)
        subscribed = threading.Event()
        self._client.on_subscribe = lambda *_: subscribed.set()
        self._client.reconnect_delay_set(1, 1)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert subscribed.wait(20.0), "waited in vain"

    def _take(self, client: paho.Client, userdata: object, message: paho.MQTTMessage) -> None:
        if message.payload == RUBBISH:
            return
        self.topics.append(message.topic)
        self.heard.append(decode(message.payload))

    def say(self, topic: Topic, message: AnyMessage | bytes) -> None:
        payload = message if isinstance(message, bytes) else encode(message)
        self._client.publish(str(topic), payload, qos=1).wait_for_publish(5)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def until(condition: Callable[[], bool], timeout_s: float = 60.0) -> None:
    give_up = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < give_up, "waited in vain"
        time.sleep(0.01)


def soon(seconds: float = 10.0) -> Callable[[], bool]:
    give_up = time.monotonic() + seconds
    return lambda: time.monotonic() > give_up


@pytest.fixture(params=KINDS)
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Mosquitto | Iotcore]:
    with running(request.param, tmp_path) as started:
        yield started


def make_uplink(port: int, folder: Path, boot: str = "b1") -> Uplink:
    uplink = Uplink(BrokerUrl("127.0.0.1", port), "hanoi", "x1", boot, Outbox(folder / "outbox.sqlite"), 0.0)
    uplink.start()
    return uplink


def test_messages_arrive_in_order_and_acknowledged(broker: Mosquitto | Iotcore, tmp_path: Path) -> None:
    listener = Listener(broker.port)
    uplink = make_uplink(broker.port, tmp_path)
    until(lambda: uplink.up)
    for second in range(250):  # more than may be in flight
        uplink.send(Channel.LANES, LaneTelemetry, float(second), 10.0, lanes=())
    assert uplink.flush(soon()) == 250
    assert uplink.spooled == 0
    until(lambda: len(listener.heard) >= 250)
    assert [message.seq for message in listener.heard] == list(range(1, 251))
    assert set(listener.topics) == {"nutgiao/1/hanoi/x1/lanes"}
    uplink.close(300.0, soon())
    listener.close()


def test_a_broker_that_dies_in_mid_run_and_returns_costs_no_message(
    broker: Mosquitto | Iotcore, tmp_path: Path
) -> None:
    uplink = make_uplink(broker.port, tmp_path)
    listener = Listener(broker.port)
    until(lambda: uplink.up)
    uplink.send(Channel.LANES, LaneTelemetry, 1.0, 10.0, lanes=())
    uplink.flush(soon())
    until(lambda: len(listener.heard) == 1)
    broker.stop()
    until(lambda: not uplink.up)
    for second in range(2, 40):
        uplink.send(Channel.LANES, LaneTelemetry, float(second), 10.0, lanes=())
        uplink.pump()
    assert uplink.flush(soon()) == 0, "while the link is down a second does not wait for it"
    assert uplink.spooled == 38
    listener.close()  # a broker that keeps nothing over its death must hear of us before the news comes
    broker.start()
    listener = Listener(broker.port)
    until(lambda: uplink.up)
    uplink.flush(soon())
    # the first was acknowledged before the broker died, which may have lost it all the same: it is said again
    until(lambda: {message.seq for message in listener.heard} >= set(range(1, 40)))
    assert uplink.spooled == 0
    uplink.close(99.0, soon())
    listener.close()


def test_what_was_under_way_when_the_broker_died_is_said_again_to_who_comes_back_late(tmp_path: Path) -> None:
    with running("mosquitto", tmp_path) as broker:
        assert isinstance(broker, Mosquitto)
        uplink = make_uplink(broker.port, tmp_path)
        until(lambda: uplink.up)
        broker.freeze()
        for second in range(1, 6):
            uplink.send(Channel.LANES, LaneTelemetry, float(second), 10.0, lanes=())
        uplink.pump()  # on the wire, and never acknowledged
        broker.kill()
        until(lambda: not uplink.up)
        for second in range(6, 206):
            uplink.send(Channel.LANES, LaneTelemetry, float(second), 10.0, lanes=())
        broker.start()
        until(lambda: uplink.up)  # the MQTT client says by itself what was on the wire, and nobody listens yet
        listener = Listener(broker.port)
        uplink.pump()
        until(lambda: len(listener.heard) >= 100)  # as many as may be under way: their acknowledgements come at once
        uplink.flush(soon())
        until(lambda: {message.seq for message in listener.heard} >= set(range(1, 206)))
        uplink.close(299.0, soon())
        listener.close()


def test_who_comes_back_later_than_the_box_hears_what_was_said_meanwhile(
    broker: Mosquitto | Iotcore, tmp_path: Path
) -> None:
    uplink = make_uplink(broker.port, tmp_path)
    until(lambda: uplink.up)
    broker.stop()
    until(lambda: not uplink.up)
    broker.start()
    until(lambda: uplink.up)
    for second in range(1, 11):
        uplink.send(Channel.LANES, LaneTelemetry, float(second), 10.0, lanes=())
    assert uplink.flush(soon()) == 10, "the broker has them, and nobody listens yet"
    listener = Listener(broker.port)
    for second in range(11, 32):
        uplink.send(Channel.LANES, LaneTelemetry, float(second), 10.0, lanes=())
        uplink.flush(soon())
    uplink.pump()
    until(lambda: {message.seq for message in listener.heard} >= set(range(1, 32)))
    uplink.close(99.0, soon())
    listener.close()


def test_what_the_last_run_could_not_send_goes_first(broker: Mosquitto | Iotcore, tmp_path: Path) -> None:
    dead = Uplink(BrokerUrl("127.0.0.1", 1), "hanoi", "x1", "old", Outbox(tmp_path / "outbox.sqlite"), 0.0)
    dead.send(Channel.REPLY, PlanReply, 1.0, 9.0, plan="p", revision=1, accepted=True, starts_s=None, refusals=())
    dead.close(2.0, soon(0.1))
    listener = Listener(broker.port)
    uplink = make_uplink(broker.port, tmp_path, boot="new")
    until(lambda: uplink.up)
    uplink.send(Channel.LANES, LaneTelemetry, 3.0, 10.0, lanes=())
    uplink.flush(soon())
    until(lambda: len(listener.heard) == 2)
    assert [message.id for message in listener.heard] == ["x1-old-1", "x1-new-1"]
    uplink.close(4.0, soon())
    listener.close()


def test_the_last_will_says_offline_and_a_goodbye_says_why(broker: Mosquitto | Iotcore, tmp_path: Path) -> None:
    listener = Listener(broker.port)
    lost = make_uplink(broker.port, tmp_path / "a")
    until(lambda: lost.up)
    sock = lost._link._client.socket()
    assert sock is not None
    lost._link._client.reconnect_delay_set(60, 60)
    sock.shutdown(2)  # the cable is cut
    until(lambda: any(isinstance(message, Health) for message in listener.heard))
    will = next(message for message in listener.heard if isinstance(message, Health))
    assert (will.state, will.note) == ("offline", "the link broke")
    listener.close()


def test_a_proposal_is_heard_and_rubbish_is_left(broker: Mosquitto | Iotcore, tmp_path: Path) -> None:
    listener = Listener(broker.port)
    uplink = make_uplink(broker.port, tmp_path)
    until(lambda: uplink.up)
    topic = Topic("hanoi", "x1", Channel.PROPOSAL)
    head = {"id": "c-1", "node": "centre", "boot": "b", "seq": 1, "time_s": 0.0, "expires_s": 9e9}
    plan = plan_for(crossroads(), revision=7)
    listener.say(topic, RUBBISH)
    listener.say(topic, PlanProposal(**head, plan=plan, signature="00"))
    assert uplink.await_revision(7, soon())
    assert [proposal.plan for proposal in uplink.proposals()] == [plan]
    assert uplink.proposals() == []
    uplink.close(1.0, soon())
    listener.close()
