"""What the centre knows of the network now, built from messages alone; every time comes from them or the caller."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from nutgiao.central.history import HISTORY_S, ApproachSecond, Bin
from nutgiao.central.node import NodeHealth, NodeState, Verdict
from nutgiao.central.proposals import Proposal, Proposals
from nutgiao.central.store import StoredPlan
from nutgiao.models.contracts.messages import AnyMessage, LaneState, PriorityStatus, SignalStatus
from nutgiao.models.contracts.plan import SignalPlan, local_plan
from nutgiao.models.contracts.site import Site, site_hash
from nutgiao.models.contracts.words import ControlMode


class NetworkState:
    """The state of all sites; safe to use from several threads (one lock). Unknown names raise KeyError.

    Args:
        sites: the sites that may speak; messages of others are counted and left.
        history_s: length of the rolling history, seconds.
    """

    def __init__(self, sites: Sequence[Site], *, history_s: int = HISTORY_S) -> None:
        self.sites = {site.id: site for site in sites}
        self._history_s = history_s
        self._lock = threading.RLock()
        self.clear()

    def clear(self) -> None:
        """Forgets everything: a new run starts, whose clock may start earlier."""
        with self._lock:
            self._proposals = Proposals()
            self._nodes = {name: NodeState(site, self._proposals, self._history_s) for name, site in self.sites.items()}
            self.strangers = 0

    def take(self, message: AnyMessage, now_s: float) -> Verdict:
        """Takes in a message of a node.

        Args:
            message: what came.
            now_s: time now, on the clock that the messages use.
        """
        with self._lock:
            node = self._nodes.get(message.node)
            if node is None:
                self.strangers += 1
                return Verdict.STRANGER
            return node.take(message, now_s)

    def sent(self, plan: SignalPlan, now_s: float) -> None:
        """Notes a proposal; call it before publishing, for a reply may be quick."""
        with self._lock:
            self._proposals.sent(plan, now_s)

    def recall(self, stored: StoredPlan) -> None:
        """Notes a proposal of an earlier run of the centre, with its answer if one has come."""
        with self._lock:
            self._proposals.sent(stored.plan, stored.sent_s)
            if stored.reply is not None:
                self._proposals.answered(stored.reply)

    def health(self, node: str, now_s: float) -> NodeHealth:
        """How a node is: by its own word, or offline by silence beyond what its last messages promised."""
        with self._lock:
            return self._nodes[node].health(now_s)

    def signal(self, node: str, now_s: float) -> SignalStatus | None:
        """What the controller reports now; None if there is no report that is still valid."""
        status = self.last_signal(node)
        return status if status is not None and now_s <= status.expires_s else None

    def last_signal(self, node: str) -> SignalStatus | None:
        """The newest report, however old."""
        with self._lock:
            return self._nodes[node].signal

    def priority(self, node: str, now_s: float) -> PriorityStatus | None:
        """What a node says of requests for priority; None if it has not said anything that is still valid."""
        with self._lock:
            told = self._nodes[node].priority
            return told if told is not None and now_s <= told.expires_s else None

    def approach(self, node: str, approach: str) -> ApproachSecond | None:
        """The newest second of an approach, however old; its ``time_s`` tells."""
        with self._lock:
            return self._nodes[node].latest.get(approach)

    def lanes(self, node: str) -> tuple[LaneState, ...]:
        """The newest lane states of a node."""
        with self._lock:
            return self._nodes[node].lanes

    def history(self, node: str, approach: str, since_s: float) -> list[Bin]:
        """Ten-second bins of an approach from a time on, oldest first."""
        with self._lock:
            return self._nodes[node].history[approach].bins(since_s)

    def flows(self, node: str, approach: str, window_s: float, now_s: float) -> float | None:
        """Demand of an approach over the last ``window_s`` in MCU/h; None if less than half of it was reported."""
        with self._lock:
            return self._nodes[node].history[approach].flow_mcuph(now_s - window_s, window_s)

    def queue_over_time(self, since_s: float, node: str | None = None) -> list[tuple[int, float]]:
        """Delay over time: vehicles that stand, all approaches together, which is delay in vehicle·seconds per second.

        Args:
            since_s: from when on.
            node: one node, or all.

        Returns:
            Start of each ten-second bin and the mean number of vehicles in it.
        """
        with self._lock:
            total: dict[int, float] = {}
            for name, known in self._nodes.items():
                if node is None or name == node:
                    for history in known.history.values():
                        for each in history.bins(since_s):
                            total[each.start_s] = total.get(each.start_s, 0.0) + each.queue_veh
            return sorted(total.items())

    def proposals(self) -> list[Proposal]:
        """Plans that were sent, newest first."""
        with self._lock:
            return self._proposals.newest_first()

    def cannot(self, node: str, mode: ControlMode) -> bool:
        """Whether a node has refused a plan for its mode."""
        with self._lock:
            return self._proposals.cannot(node, mode)

    def running_plan(self, node: str) -> SignalPlan | None:
        """The plan that the controller last reported, looked up by id and revision; None if nobody here knows it."""
        site = self.sites[node]
        with self._lock:
            status = self._nodes[node].signal
            if status is None or site.signals is None:
                return None
            if status.revision:
                return self._proposals.plan(node, status.plan, status.revision)
            for row in site.signals.time_of_day:
                if row.id == status.plan:
                    return local_plan(node, site.signals, site_hash(site), row)
            return None

    def counts(self, node: str) -> dict[str, int]:
        """Messages of a node by what was done with them, and the ``missing`` sequence numbers of its last boots."""
        with self._lock:
            known = self._nodes[node]
            return {**known.counts, "missing": sum(log.missing for log in known.logs.values())}

    def gaps(self, node: str) -> dict[str, int]:
        """Missing sequence numbers by boot."""
        with self._lock:
            return {boot: log.missing for boot, log in self._nodes[node].logs.items()}

    def through(self, node: str) -> int:
        """Last sequence number of the node's present boot before the first gap; 0 before its first message."""
        with self._lock:
            log = self._nodes[node].present_log()
            return log.through if log is not None else 0

    def write_off(self, node: str, seq: int) -> None:
        """Stops waiting for messages of the present boot up to ``seq``; they stay counted as missing."""
        with self._lock:
            log = self._nodes[node].present_log()
            if log is not None:
                log.write_off(seq)
