"""The control centre put together: ingest, state, store, planning and dispatch, driven second by second."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nutgiao.central.cases.people import PeopleUnavailable
from nutgiao.central.dispatch import Dispatcher
from nutgiao.central.flows import FlowMeter
from nutgiao.central.ingest import Ingest
from nutgiao.central.planning import EVERY_S, Planning
from nutgiao.central.state import NetworkState
from nutgiao.central.store import Store, StoreFailed
from nutgiao.models.contracts.broker_url import BrokerUrl
from nutgiao.models.contracts.errors import UplinkDown
from nutgiao.models.contracts.messages import AnyMessage, Health, LaneTelemetry
from nutgiao.models.contracts.site import Site
from nutgiao.models.contracts.topics import CENTRE, Channel
from nutgiao.models.contracts.words import ControlMode

log = logging.getLogger(__name__)

PLAN_LIFE_S = 900.0
HEARTBEAT_S = 5
CHORES_S = 5
INGEST_PATIENCE_S = 5.0


class Centre:
    """One centre for one city. Somebody else turns the clock: wall time, or a simulated street.

    Args:
        sites: the junctions.
        city: name in the topics.
        broker: where.
        state: filled by the ingest; shared with the page.
        store: kept by the ingest; shared with the page.
        key: signs plans.
        keys: filled with the evidence keys that each node tells; first contact is trusted, as on a private broker.
        plan_every_s: period of planning.
        mode: what boxes may do within a plan.
        chores: done every few seconds, told the time: what the centre does with cases by itself.
    """

    def __init__(
        self,
        sites: Sequence[Site],
        city: str,
        broker: BrokerUrl,
        state: NetworkState,
        store: Store,
        key: Ed25519PrivateKey,
        keys: dict[str, set[str]],
        plan_every_s: int = EVERY_S,
        mode: ControlMode = ControlMode.FIXED,
        chores: Callable[[float], object] = lambda now_s: None,
    ) -> None:
        self.state = state
        self.now_s = 0.0
        self._keys, self._store, self._chores = keys, store, chores
        for site in sites:
            keys.setdefault(site.id, set()).update(store.node_keys(site.id))
        self._flows = FlowMeter()
        self._ingest = Ingest(broker, city, state, store, lambda: self.now_s, self._told)
        with_signals = {site.id: site for site in sites if site.signals is not None}
        self._dispatcher = Dispatcher(city, with_signals, state, store, self._ingest, key, PLAN_LIFE_S, mode)
        self._planning = Planning(sites, state, self._flows, self._dispatcher, plan_every_s)

    def start(self, now_s: float, *, recall: bool = False) -> None:
        """Connects.

        Args:
            now_s: time now, seconds since the epoch.
            recall: take up the plans that an earlier run has left in the store.

        Raises:
            UplinkDown: if the broker cannot be reached.
            StoreFailed: if the store cannot be read.
        """
        self.now_s = now_s
        if recall:  # before the first status comes in: what it shows must be known by then
            self._dispatcher.recall(now_s)
        self._ingest.start()

    def second(self, now_s: float, published: dict[str, int] | None = None) -> dict[str, int]:
        """Does the work of one second.

        Args:
            now_s: time now.
            published: wait until these sequence numbers of the nodes have come in; None waits for nothing.

        Returns:
            Last plan revision sent to each node.
        """
        self.now_s = now_s
        if published and self._ingest.up:
            self._ingest.wait_for(published, INGEST_PATIENCE_S)
        self._planning.second(now_s)
        if int(now_s) % CHORES_S == 0:
            try:
                self._chores(now_s)
            except (StoreFailed, PeopleUnavailable) as error:
                log.error("cases wait: %s", error)
        if int(now_s) % HEARTBEAT_S == 0:
            beat = self._ingest.heartbeat(dict(self._dispatcher.revisions), life_s=3 * HEARTBEAT_S)
            try:
                self._ingest.publish(beat, self._ingest.topic(CENTRE, Channel.HEARTBEAT))
            except UplinkDown as error:
                log.info("no heartbeat: %s", error)
        return dict(self._dispatcher.revisions)

    def uplink(self) -> dict[str, object]:
        """How the link to the broker is, for the page."""
        return {"up": self._ingest.up, "bad_messages": self._ingest.bad_messages, "unstored": self._ingest.unstored}

    def close(self) -> None:
        """Says goodbye to the broker."""
        self._ingest.close()

    def _told(self, message: AnyMessage) -> None:
        if isinstance(message, LaneTelemetry):
            self._flows.tell(message)
        elif isinstance(message, Health) and message.public_key:
            self._know(message.node, message.public_key)

    def _know(self, node: str, key: str) -> None:
        """Remembers an evidence key, on disk as well: bundles are checked after a restart, before the box is heard."""
        keys = self._keys.setdefault(node, set())
        if key in keys:
            return
        try:
            self._store.add_node_key(node, key, self.now_s)
        except StoreFailed as error:  # the next health message tries again
            log.error("key of %s: %s", node, error)
            return
        keys.add(key)
