"""The thin edge to MQTT 3.1.1: connect, publish with acknowledgement, receive, last will; all through paho."""

from __future__ import annotations

import contextlib
import threading
from collections import deque

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from nutgiao.edge.uplink.outbox import Letter
from nutgiao.models.contracts.broker_url import BrokerUrl

KEEPALIVE_S = 15
IN_FLIGHT = 100


class MqttLink:
    """A connection that comes back by itself.

    Callbacks of paho's thread only fill queues; the owner empties them from its own thread with `acknowledged` and
    `received`. Letters handed over stay in paho's memory until acknowledged, and paho sends them again after a
    reconnect; those that the process loses are still in the outbox.

    Args:
        broker: where.
        client_id: stable name, so that the broker keeps the session.
        subscriptions: topic filters, QoS 1.
        will: letter that the broker sends when we vanish; None for none.
        passing: topic filters, QoS 0: what was missed meanwhile does not come later.
        clean: the broker forgets us when we leave.
    """

    def __init__(
        self,
        broker: BrokerUrl,
        client_id: str,
        subscriptions: tuple[str, ...],
        will: Letter | None = None,
        passing: tuple[str, ...] = (),
        clean: bool = False,
    ) -> None:
        self._broker = broker
        self._subscriptions = [*((topic, 1) for topic in subscriptions), *((topic, 0) for topic in passing)]
        self._numbers: dict[int, int] = {}  # MQTT message id -> letter
        self._acknowledged: deque[int] = deque()  # MQTT message ids
        self._received: deque[tuple[str, bytes]] = deque()
        self._up = threading.Event()
        self.connections = 0
        self._changed = threading.Condition()
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=clean, protocol=paho.MQTTv311
        )
        self._client.max_inflight_messages_set(IN_FLIGHT)
        self._client.reconnect_delay_set(min_delay=1, max_delay=30)
        if will is not None:
            self._client.will_set(will.topic, will.payload, qos=1, retain=will.retain)
        if broker.user is not None:
            self._client.username_pw_set(broker.user, broker.password)
        if broker.tls:
            self._client.tls_set()
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_disconnect = self._on_disconnect
        self._client.on_publish = self._on_publish
        self._client.on_message = self._on_message

    def start(self) -> None:
        """Starts connecting in the background; an unreachable broker is tried again with back-off."""
        self._client.connect_async(self._broker.host, self._broker.port, keepalive=KEEPALIVE_S)
        self._client.loop_start()

    @property
    def up(self) -> bool:
        """Connected and subscribed."""
        return self._up.is_set()

    def send(self, letter: Letter) -> bool:
        """Hands a letter over; False while paho's queue is full, to be tried again."""
        info = self._client.publish(letter.topic, letter.payload, qos=1, retain=letter.retain)
        if info.rc not in {paho.MQTT_ERR_SUCCESS, paho.MQTT_ERR_NO_CONN}:
            return False
        self._numbers[info.mid] = letter.number
        return True

    def say(self, topic: str, payload: bytes) -> None:
        """Publishes at most once: nobody acknowledges it, and it is gone if the link is down."""
        self._client.publish(topic, payload, qos=0)

    def acknowledged(self) -> list[int]:
        """Numbers of letters that the broker has acknowledged since the last call."""
        # paho calls back with its own locks held, perhaps before publish() has returned: so the callback only notes
        # the message id, and the number is looked up here, in the thread that sends.
        mids = [self._acknowledged.popleft() for _ in range(len(self._acknowledged))]
        return [self._numbers.pop(mid) for mid in mids if mid in self._numbers]

    def received(self) -> list[tuple[str, bytes]]:
        """Topics and payloads that came since the last call."""
        return [self._received.popleft() for _ in range(len(self._received))]

    def wait(self, timeout_s: float) -> None:
        """Waits until something was acknowledged or received, or the time is over."""
        with self._changed:
            if not self._acknowledged and not self._received:
                self._changed.wait(timeout_s)

    def close(self, farewell: Letter | None = None, timeout_s: float = 2.0) -> None:
        """Leaves in good order, with a last letter instead of the will."""
        if farewell is not None and self.up:
            info = self._client.publish(farewell.topic, farewell.payload, qos=1, retain=farewell.retain)
            with contextlib.suppress(RuntimeError, ValueError):  # the link may break just now: the will speaks then
                info.wait_for_publish(timeout_s)
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(
        self,
        client: paho.Client,
        userdata: object,
        flags: paho.ConnectFlags,
        code: ReasonCode,
        props: Properties | None,
    ) -> None:
        if code.is_failure:
            return
        client.subscribe(self._subscriptions)

    def _on_subscribe(
        self, client: paho.Client, userdata: object, mid: int, codes: list[ReasonCode], props: Properties | None
    ) -> None:
        self.connections += 1
        self._up.set()
        self._notify()

    def _on_disconnect(
        self,
        client: paho.Client,
        userdata: object,
        flags: paho.DisconnectFlags,
        code: ReasonCode,
        props: Properties | None,
    ) -> None:
        self._up.clear()
        self._notify()

    def _on_publish(self, client: paho.Client, userdata: object, mid: int, code: ReasonCode, props: Properties) -> None:
        self._acknowledged.append(mid)
        self._notify()

    def _on_message(self, client: paho.Client, userdata: object, message: paho.MQTTMessage) -> None:
        self._received.append((message.topic, bytes(message.payload)))
        self._notify()

    def _notify(self) -> None:
        with self._changed:
            self._changed.notify_all()
