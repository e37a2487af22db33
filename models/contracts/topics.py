"""MQTT topics, built and parsed here and nowhere else: ``nutgiao/1/<city>/<node>/<channel>``."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from nutgiao.models.contracts.errors import ContractError

ROOT = "nutgiao"
VERSION = "1"
CENTRE = "centre"
"""The node name under which the control centre speaks."""


class Channel(enum.StrEnum):
    """What a topic carries; one message type each."""

    LANES = "lanes"
    SIGNAL = "signal"
    VIOLATION = "violation"
    HEALTH = "health"
    PROPOSAL = "proposal"
    REPLY = "reply"
    HEARTBEAT = "heartbeat"
    PRIORITY = "priority"
    PRIORITY_STATUS = "priority-status"
    ANNOUNCE = "announce"


RETAINED = frozenset({Channel.SIGNAL, Channel.HEALTH, Channel.HEARTBEAT})
"""Channels whose last message a newcomer needs at once; proposals are not among them: an old order must not return."""

TO_NODES = frozenset({Channel.PROPOSAL, Channel.PRIORITY, Channel.ANNOUNCE})
"""Channels that nodes listen to; what they say on the others is for the centre."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A parsed topic."""

    city: str
    node: str
    channel: Channel

    def __str__(self) -> str:
        return f"{ROOT}/{VERSION}/{_name(self.city)}/{_name(self.node)}/{self.channel}"


def subscription(city: str, *, node: str | None = None, channel: Channel | None = None) -> str:
    """Filter for one city: ``+`` for what is left out."""
    return f"{ROOT}/{VERSION}/{_name(city)}/{'+' if node is None else _name(node)}/{channel or '+'}"


def parse(topic: str) -> Topic:
    """Parses a topic.

    Raises:
        ContractError: if it is not one of ours.
    """
    parts = topic.split("/")
    if len(parts) != 5 or parts[0] != ROOT or parts[1] != VERSION:
        raise ContractError(f"topic {topic!r} is not {ROOT}/{VERSION}/<city>/<node>/<channel>")
    try:
        return Topic(city=_name(parts[2]), node=_name(parts[3]), channel=Channel(parts[4]))
    except ValueError as error:
        raise ContractError(f"topic {topic!r}: {parts[4]!r} is none of {', '.join(Channel)}") from error


def _name(part: str) -> str:
    if not part or any(character in part for character in "/+#\0"):
        raise ContractError(f"{part!r} cannot stand in a topic: it must not be empty nor hold / + #")
    return part
