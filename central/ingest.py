"""The centre's end of MQTT: hears every node, keeps what it says, and speaks to them."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Mapping

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from nutgiao.central.keeping import Keeping
from nutgiao.central.node import Verdict
from nutgiao.central.state import NetworkState
from nutgiao.central.store import Store
from nutgiao.models.contracts.broker_url import BrokerUrl
from nutgiao.models.contracts.errors import ContractError, UplinkDown
from nutgiao.models.contracts.messages import (
    AnyMessage,
    CentreHeartbeat,
    LaneTelemetry,
    decode,
    encode,
)
from nutgiao.models.contracts.plan import NEVER_S
from nutgiao.models.contracts.topics import CENTRE, RETAINED, TO_NODES, Channel, Topic, parse, subscription

log = logging.getLogger(__name__)

KEEPALIVE_S = 15


class Ingest:
    """The connection of the centre; it comes back by itself and misses nothing that the broker has kept meanwhile.

    The session is persistent, and a message is acknowledged to the broker only after it is in the state and the store.

    Args:
        broker: where.
        city: name in the topics.
        state: told every message.
        store: keeps violations, replies and lane states.
        clock: time now, on the clock that the messages use; the simulated street's in a demo.
        told: called with each message that was acted on, in paho's thread: be quick, and do not publish from it.
        boot: id of this run of the process, for the ids of our own messages; a fresh one by default.
    """

    def __init__(
        self,
        broker: BrokerUrl,
        city: str,
        state: NetworkState,
        store: Store,
        clock: Callable[[], float],
        told: Callable[[AnyMessage], None] | None = None,
        boot: str | None = None,
    ) -> None:
        self._broker, self._city, self._state = broker, city, state
        self._clock, self._told = clock, told
        self._boot = boot or secrets.token_hex(4)
        self._seq = 0
        self._ingested = threading.Condition()
        self._up = threading.Event()
        self._refusal = ""
        self._keeping = Keeping(store)
        self.bad_messages = 0
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"nutgiao-{city}-{CENTRE}",
            clean_session=False,
            protocol=paho.MQTTv311,
            manual_ack=True,
        )
        self._client.reconnect_delay_set(min_delay=1, max_delay=30)
        if broker.user is not None:
            self._client.username_pw_set(broker.user, broker.password)
        if broker.tls:
            self._client.tls_set()
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message

    def start(self, timeout_s: float = 10.0) -> None:
        """Connects and waits until the subscription stands; later breaks are mended in the background.

        Raises:
            UplinkDown: if the broker does not answer in time or refuses us.
        """
        will = self.heartbeat({}, NEVER_S - self._clock(), state="offline")
        self._client.will_set(str(self.topic(CENTRE, Channel.HEARTBEAT)), encode(will), qos=1, retain=True)
        self._client.connect_async(self._broker.host, self._broker.port, keepalive=KEEPALIVE_S)
        self._client.loop_start()
        if not self._up.wait(timeout_s):
            self._client.loop_stop()
            reason = self._refusal or f"no answer within {timeout_s:.0f} s; is a broker running there?"
            raise UplinkDown(f"{self._broker}: {reason}")

    def close(self) -> None:
        """Says goodbye instead of the will, and leaves; the broker keeps what comes until we are back."""
        if self.up:
            gone = self.heartbeat({}, NEVER_S - self._clock(), state="offline")
            try:
                self.publish(gone, self.topic(CENTRE, Channel.HEARTBEAT), timeout_s=2.0)
            except UplinkDown as error:
                log.info("left without a goodbye: %s", error)
        self._client.disconnect()
        self._client.loop_stop()
        self._up.clear()

    @property
    def up(self) -> bool:
        """Connected and subscribed."""
        return self._up.is_set()

    @property
    def unstored(self) -> int:
        """Violations and replies that the disk has refused so far."""
        return len(self._keeping)

    def topic(self, node: str, channel: Channel) -> Topic:
        """A topic of our city."""
        return Topic(self._city, node, channel)

    def head(self, life_s: float) -> dict[str, object]:
        """Header fields of a next message of the centre, to be given to a message's constructor."""
        self._seq += 1
        now_s = self._clock()
        return {
            "id": f"{CENTRE}-{self._boot}-{self._seq}",
            "node": CENTRE,
            "boot": self._boot,
            "seq": self._seq,
            "time_s": now_s,
            "expires_s": now_s + life_s,
        }

    def heartbeat(self, revisions: dict[str, int], life_s: float, state: str = "online") -> CentreHeartbeat:
        """A heartbeat to publish."""
        return CentreHeartbeat(**self.head(life_s), state=state, revisions=revisions)  # type: ignore[arg-type]

    def publish(self, message: AnyMessage, topic: Topic, timeout_s: float = 5.0) -> None:
        """Publishes and waits for the broker's acknowledgement; not from paho's own thread.

        Raises:
            UplinkDown: if there is no link or no acknowledgement in time. In the latter case the message may still
                arrive later; receivers tell by its id, revision and expiry.
        """
        if not self.up:
            raise UplinkDown(f"{self._broker}: not connected")
        info = self._client.publish(str(topic), encode(message), qos=1, retain=topic.channel in RETAINED)
        try:
            info.wait_for_publish(timeout_s)
        except (RuntimeError, ValueError) as error:
            raise UplinkDown(f"{self._broker}: {error}") from error
        if not info.is_published():
            raise UplinkDown(f"{self._broker}: not acknowledged within {timeout_s:g} s")

    def wait_for(self, seqs: Mapping[str, int], timeout_s: float) -> bool:
        """Waits until everything up to these sequence numbers of each node's present boot has been taken in.

        What has not come in time is written off: it stays counted as missing, and no later call waits for it.

        Returns:
            Whether everything came.
        """

        def complete() -> bool:
            return all(self._state.through(node) >= seq for node, seq in seqs.items())

        with self._ingested:
            if self._ingested.wait_for(complete, timeout_s):
                return True
        for node, seq in seqs.items():
            if self._state.through(node) < seq:
                log.warning("%s: nothing after message %d, waited for %d", node, self._state.through(node), seq)
                self._state.write_off(node, seq)
        return False

    def _on_message(self, client: paho.Client, userdata: object, packet: paho.MQTTMessage) -> None:
        """Takes in one message; whatever it holds, the thread that reads the socket must live."""
        free = [packet.mid]
        try:
            free = self._take(packet)
        except ContractError as error:
            self.bad_messages += 1
            log.warning("%s: %s", packet.topic, error)
        except Exception:  # a bug of ours in one message must not deafen us to all others
            self.bad_messages += 1
            log.exception("%s", packet.topic)
        for mid in free:
            if mid:  # what was sent at most once has no number, and to acknowledge it would break the connection
                client.ack(mid, qos=1)
        with self._ingested:
            self._ingested.notify_all()

    def _take(self, packet: paho.MQTTMessage) -> list[int]:
        """Takes in one message.

        Returns:
            Message ids that the broker may forget.
        """
        topic = parse(packet.topic)
        if topic.node == CENTRE or topic.channel in TO_NODES:
            return [packet.mid]  # what is said to nodes comes by, too, since we hear the whole city
        message = decode(bytes(packet.payload))
        if message.node != topic.node:
            raise ContractError(f"a message of {message.node!r} on the topic of {topic.node!r}")
        now_s = self._clock()
        verdict = self._state.take(message, now_s)
        if verdict is Verdict.NEW and self._told is not None:
            self._told(message)
        # A violation or reply is kept even if it is a duplicate or its clock is wrong: the disk may have refused it the
        # first time, and the store knows its ids.
        useless = {Verdict.STRANGER, Verdict.DUPLICATE, Verdict.AHEAD}
        if verdict is Verdict.STRANGER or (isinstance(message, LaneTelemetry) and verdict in useless):
            return [packet.mid]
        return self._keeping.keep(message, packet.mid, now_s)

    def _on_connect(
        self,
        client: paho.Client,
        userdata: object,
        flags: paho.ConnectFlags,
        code: ReasonCode,
        props: Properties | None,
    ) -> None:
        if code.is_failure:
            self._refusal = f"the broker refuses us: {code}"
            return
        client.subscribe(subscription(self._city), qos=1)

    def _on_subscribe(
        self, client: paho.Client, userdata: object, mid: int, codes: list[ReasonCode], props: Properties | None
    ) -> None:
        if any(code.is_failure for code in codes):
            self._refusal = f"the broker refuses the subscription {subscription(self._city)}: {codes[0]}"
            log.error("%s: %s", self._broker, self._refusal)
            return
        self._up.set()

    def _on_disconnect(
        self,
        client: paho.Client,
        userdata: object,
        flags: paho.DisconnectFlags,
        code: ReasonCode,
        props: Properties | None,
    ) -> None:
        self._up.clear()
        if code.is_failure:
            log.warning("%s: link lost (%s); trying again", self._broker, code)
