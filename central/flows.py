"""Demand of every lane as telemetry tells it: departures plus the growth of the queue, over the last minutes."""

from __future__ import annotations

import threading
from collections import deque

from nutgiao.models.contracts.messages import LaneTelemetry
from nutgiao.models.queueing.network.live import LaneNow

WINDOW_S = 300.0
EDGE_S = 60.0
"""The queue at either end of the window is a mean over about a cycle, so that its rise and fall in red do not count."""


class FlowMeter:
    """Keeps a few minutes of telemetry; told by the ingest's thread, asked by the planner's.

    Args:
        window_s: length of the look back, seconds.
    """

    def __init__(self, window_s: float = WINDOW_S) -> None:
        self._window_s = window_s
        self._lock = threading.Lock()
        self._seconds: dict[str, deque[tuple[float, dict[str, tuple[float, float]]]]] = {}

    def tell(self, message: LaneTelemetry) -> None:
        """Takes in one second of a node."""
        lanes = {lane.lane: (lane.departures_mcu, lane.queue_mcu) for lane in message.lanes}
        with self._lock:
            seconds = self._seconds.setdefault(message.node, deque())
            seconds.append((message.time_s, lanes))
            while seconds and seconds[0][0] <= message.time_s - 2 * self._window_s:
                seconds.popleft()

    def flows(self, node: str, now_s: float) -> dict[str, float] | None:
        """Demand of each lane of a node in the window that ends now.

        Args:
            node: junction.
            now_s: end of the window; later news is left out.

        Returns:
            MCU/h of each lane, or None while less than half of the window has been heard.
        """
        start_s = now_s - self._window_s
        with self._lock:
            rows = [row for row in self._seconds.get(node, ()) if start_s < row[0] <= now_s]
        if len(rows) < self._window_s / 2:
            return None
        rows.sort(key=lambda row: row[0])
        first = [lanes for time_s, lanes in rows if time_s <= rows[0][0] + EDGE_S]
        last = [lanes for time_s, lanes in rows if time_s > rows[-1][0] - EDGE_S]
        # The two means lie about one window less one edge apart; seconds that were lost shrink the time, not the flow.
        apart_s = max(1.0, rows[-1][0] - rows[0][0] - EDGE_S)
        found = {}
        for lane in rows[-1][1]:
            departures = sum(lanes[lane][0] for _, lanes in rows if lane in lanes)
            growth = (_mean_queue(last, lane) - _mean_queue(first, lane)) / apart_s
            found[lane] = max(0.0, 3600.0 * (departures / len(rows) + growth))
        return found

    def lanes(self, node: str, now_s: float) -> list[LaneNow] | None:
        """Every lane as it is at the end of the window: its last queue, and the window's demand.

        Args:
            node: junction.
            now_s: end of the window.

        Returns:
            None while less than half of the window has been heard.
        """
        flows = self.flows(node, now_s)
        if flows is None:
            return None
        with self._lock:
            last = max((row for row in self._seconds[node] if row[0] <= now_s), key=lambda row: row[0])[1]
        return [
            LaneNow(node=node, lane=lane, queue_mcu=last[lane][1], arrivals_mcu_s=flow_mcu_h / 3600.0)
            for lane, flow_mcu_h in flows.items()
        ]


def _mean_queue(seconds: list[dict[str, tuple[float, float]]], lane: str) -> float:
    values = [lanes[lane][1] for lanes in seconds if lane in lanes]
    return sum(values) / len(values) if values else 0.0
