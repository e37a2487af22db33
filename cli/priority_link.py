"""Asking for priority over MQTT: signed messages to one junction, and what it answers."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nutgiao.edge.uplink.mqtt import MqttLink
from nutgiao.edge.uplink.outbox import Letter
from nutgiao.models.contracts.broker_url import BrokerUrl
from nutgiao.models.contracts.errors import ContractError, UplinkDown
from nutgiao.models.contracts.messages import PriorityRequest, PriorityStatus, SignalStatus, decode, encode
from nutgiao.models.contracts.priority import PriorityAsk
from nutgiao.models.contracts.topics import Channel, Topic, subscription

LIFE_S = 10.0
"""A request that arrives later than this is not worth hearing: the vehicle has moved on."""


class PriorityMessages:
    """Makes the signed messages of one sender.

    Args:
        name: of the sender, as the site file of the junction has it.
        node: of the junction.
        key: the private key of the sender.
        boot: id of this run.
    """

    def __init__(self, name: str, node: str, key: Ed25519PrivateKey, boot: str) -> None:
        self._name, self._node, self._key, self._boot = name, node, key, boot
        self._seq = 0

    def make(self, ask: PriorityAsk, now_s: float, life_s: float = LIFE_S) -> PriorityRequest:
        """The next message.

        Args:
            ask: what is asked.
            now_s: time now, seconds since the epoch.
            life_s: seconds until nobody is to act on it.
        """
        self._seq += 1
        message = PriorityRequest(
            id=f"{self._name}-{self._boot}-{self._seq}", node=self._name, boot=self._boot, seq=self._seq,
            time_s=now_s, expires_s=now_s + life_s, to=self._node, ask=ask,
        )  # fmt: skip
        return msgspec.structs.replace(message, signature=self._key.sign(message.signing_bytes()).hex())


class PriorityLink:
    """A connection to the broker for one junction.

    Args:
        broker: where.
        city: name in the topics.
        node: of the junction.

    Attributes:
        box_s: time of the newest signal status of the junction; None before the first.
    """

    def __init__(self, broker: BrokerUrl, city: str, node: str) -> None:
        self._broker, self._topic = broker, str(Topic(city, node, Channel.PRIORITY))
        told = tuple(
            subscription(city, node=node, channel=channel) for channel in (Channel.PRIORITY_STATUS, Channel.SIGNAL)
        )
        self._link = MqttLink(broker, f"nutgiao-{city}-priority-{secrets.token_hex(4)}", told, clean=True)
        self._number = 0
        self.box_s: float | None = None

    def open(self, timeout_s: float = 10.0) -> None:
        """Connects.

        Raises:
            UplinkDown: if the broker does not answer in time.
        """
        self._link.start()
        self._until(lambda: self._link.up, timeout_s, "no answer; is a broker running there?")

    def say(self, message: PriorityRequest, timeout_s: float = 5.0) -> None:
        """Publishes a message and waits until the broker has it.

        Raises:
            UplinkDown: if it does not take it in time.
        """
        self._number += 1
        self._link.send(Letter(self._number, self._topic, encode(message), retain=False))
        self._until(lambda: self._number in self._link.acknowledged(), timeout_s, "the message was not acknowledged")

    def heard(self, wait_s: float) -> list[PriorityStatus]:
        """What the junction has said about requests since the last call; waits so long if it has said nothing."""
        self._link.wait(wait_s)
        told = []
        for _, payload in self._link.received():
            try:
                message = decode(payload)
            except ContractError:  # of a newer box, or of nobody we know
                continue
            if isinstance(message, PriorityStatus):
                told.append(message)
            elif isinstance(message, SignalStatus):
                self.box_s = message.time_s
        return told

    def close(self) -> None:
        """Leaves."""
        self._link.close()

    def _until(self, done: Callable[[], bool], timeout_s: float, trouble: str) -> None:
        give_up = time.monotonic() + timeout_s
        while not done():
            if time.monotonic() > give_up:
                self._link.close()
                raise UplinkDown(f"{self._broker}: {trouble}")
            time.sleep(0.01)
