"""A connection of the centre that keeps what is published instead of sending it."""

from __future__ import annotations

from typing import Any

from nutgiao.models.contracts.messages import PlanProposal
from tests.support.crossroads import NOON_S


class Wire:
    """Stands for `central.ingest.Ingest`, as far as the dispatcher needs it.

    Attributes:
        sent: the proposals, in their order.
    """

    def __init__(self) -> None:
        self.sent: list[PlanProposal] = []

    def head(self, life_s: float) -> dict[str, Any]:
        """The fields that every message has."""
        return {"id": "i", "node": "centre", "boot": "b", "seq": 1, "time_s": NOON_S, "expires_s": NOON_S + life_s}

    def topic(self, node: str, channel: str) -> str:
        """Where a junction listens."""
        return f"{node}/{channel}"

    def publish(self, message: PlanProposal, topic: str) -> None:
        """Keeps a proposal, which must go to the junction that it is meant for."""
        assert topic.startswith(f"{message.plan.node}/")
        self.sent.append(message)
