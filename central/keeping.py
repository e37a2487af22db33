"""Puts what must not be lost into the store, and holds it while the disk fails."""

from __future__ import annotations

import logging
from collections import deque

from nutgiao.central.store import Store, StoreFailed
from nutgiao.models.contracts.messages import AnyMessage, LaneTelemetry, PlanReply, ViolationReport

log = logging.getLogger(__name__)

UNACKNOWLEDGED = 10
"""Messages left with the broker while the disk fails: more would fill its window of 20 and stop the live ones too."""


class Keeping:
    """Stores messages in the order they came; used from one thread.

    Args:
        store: where to.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: deque[tuple[ViolationReport | PlanReply, int]] = deque()

    def keep(self, message: AnyMessage, token: int, now_s: float) -> list[int]:
        """Stores a message, and those that the disk refused before.

        Args:
            message: what came; kinds that are not kept need nothing.
            token: names this delivery to the broker.
            now_s: time now.

        Returns:
            Tokens of the deliveries that the broker may forget.
        """
        free = []
        match message:
            case ViolationReport() | PlanReply():
                self._waiting.append((message, token))
            case LaneTelemetry():
                self._keep_lanes(message)
                free.append(token)
            case _:
                free.append(token)
        while self._waiting and self._keep(self._waiting[0][0], now_s):
            free.append(self._waiting.popleft()[1])
        if len(self._waiting) > UNACKNOWLEDGED and token not in free:
            free.append(token)  # from here on it lives in memory alone
        return free

    def __len__(self) -> int:
        return len(self._waiting)

    def _keep(self, message: ViolationReport | PlanReply, now_s: float) -> bool:
        try:
            if isinstance(message, ViolationReport):
                self._store.add_violation(message, now_s)
            else:
                self._store.answer_plan(message)
        except StoreFailed as error:
            log.error("%s waits: %s", message.id, error)
            return False
        return True

    def _keep_lanes(self, message: LaneTelemetry) -> None:
        try:
            self._store.add_lanes(message)
        except StoreFailed as error:  # the batch stays in memory and the next one tries again
            log.error("lane history: %s", error)
