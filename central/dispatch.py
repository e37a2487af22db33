"""Sends signed plan proposals, and keeps the plans in force alive; what is applied is what the signal status says."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nutgiao.central.ingest import Ingest
from nutgiao.central.proposals import KEPT
from nutgiao.central.state import NetworkState
from nutgiao.central.store import Store
from nutgiao.models.contracts.errors import UplinkDown
from nutgiao.models.contracts.messages import PlanProposal
from nutgiao.models.contracts.plan import SignalPlan, cycle_of
from nutgiao.models.contracts.safety import Refusal, check_plan
from nutgiao.models.contracts.site import Site, site_hash
from nutgiao.models.contracts.topics import Channel
from nutgiao.models.contracts.words import ControlMode

log = logging.getLogger(__name__)

LEAD_S = 2.0
"""A plan is valid from so long after it is sent; it starts at the next cycle boundary anyway."""


class Dispatcher:
    """Makes plans of timings, checks them with the same rules as the edge, signs and sends them.

    Args:
        city: first part of every plan's name.
        sites: junctions with signals.
        state: told what was sent.
        store: keeps what was sent.
        ingest: the connection.
        key: the centre's signing key.
        life_s: validity of a plan; silence of the centre for so long leads the nodes back to their own tables.
        mode: what boxes may do within a plan.
    """

    def __init__(
        self,
        city: str,
        sites: Mapping[str, Site],
        state: NetworkState,
        store: Store,
        ingest: Ingest,
        key: Ed25519PrivateKey,
        life_s: float,
        mode: ControlMode = ControlMode.FIXED,
    ) -> None:
        self._mode = mode
        self._city, self._sites = city, sites
        self._state, self._store, self._ingest = state, store, ingest
        self._key, self._life_s = key, life_s
        self.revisions: dict[str, int] = {}

    def recall(self, now_s: float) -> None:
        """Takes up what an earlier run of the centre has sent: plans that are not over, and the revisions reached.

        Args:
            now_s: time now, seconds since the epoch.

        Raises:
            StoreFailed: if the store cannot be read.
        """
        revisions = self._store.last_revisions()
        self.revisions.update({node: last for node, last in revisions.items() if node in self._sites})
        for stored in reversed(self._store.plans(KEPT)):
            if stored.plan.node in self._sites and now_s < stored.plan.expires_s:
                self._state.recall(stored)

    def mode(self, node: str) -> ControlMode:
        """What a box may do within its plans: what was asked for, unless it has said that it cannot."""
        return ControlMode.FIXED if self._state.cannot(node, self._mode) else self._mode

    def propose(self, node: str, green_s: tuple[int, ...], offset_s: int, running: SignalPlan, now_s: float) -> bool:
        """Proposes timings to a node; its stages keep the order in which they run.

        Args:
            node: junction.
            green_s: greens of its stages.
            offset_s: offset of its first stage.
            running: plan in force there.
            now_s: time now, seconds since the epoch.

        Returns:
            Whether it was sent; a plan that breaks a rule is not, nor is one that the broker did not take.
        """
        site = self._sites[node]
        if site.signals is None:
            return False
        # The clock numbers revisions, so that a centre that has lost its store goes on from where it was.
        last = self.revisions.get(node, 0)
        revision = max(last + 1, int(now_s))
        plan = SignalPlan(
            id=f"{self._city}.{node}.{revision}",
            node=node,
            site_hash=site_hash(site),
            revision=revision,
            cycle_s=cycle_of(site.signals, green_s, running.order),
            offset_s=offset_s,
            green_s=green_s,
            valid_from_s=now_s + LEAD_S,
            expires_s=now_s + self._life_s,
            order=running.order,
            mode=self.mode(node),
        )
        broken: tuple[Refusal, ...] = check_plan(
            site.signals, node, plan.site_hash, plan, now_s=now_s, running=running, last_revision=last
        )
        if broken:
            log.error("our own plan %s is unsafe and stays here: %s", plan.id, "; ".join(map(str, broken)))
            return False
        signature = self._key.sign(plan.signing_bytes()).hex()
        self._store.add_plan(plan, now_s)
        self._state.sent(plan, now_s)
        message = PlanProposal(**self._ingest.head(self._life_s), plan=plan, signature=signature)  # type: ignore[arg-type]
        try:
            self._ingest.publish(message, self._ingest.topic(node, Channel.PROPOSAL))
        except UplinkDown as error:
            log.warning("plan %s was not sent: %s", plan.id, error)
            return False
        self.revisions[node] = revision
        return True
