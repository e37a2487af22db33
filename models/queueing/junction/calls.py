"""A request for priority as it reaches the lights of a network, with the movement found among their links."""

from __future__ import annotations

from dataclasses import dataclass

from nutgiao.models.contracts.priority import PriorityAsk


@dataclass(frozen=True, slots=True)
class PriorityCall:
    """A request, an update or a cancellation, sent to one light.

    Attributes:
        light: its number.
        links: those that serve the movement which a new request names, numbered over all lights; one at least.
        ask: what is asked.
        sent_s: when it was sent.
    """

    light: int
    links: tuple[int, ...]
    ask: PriorityAsk
    sent_s: float
