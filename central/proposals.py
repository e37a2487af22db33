"""What became of each plan that the centre proposed, told from replies and from the lamps' own reports."""

from __future__ import annotations

import enum
from collections import OrderedDict
from dataclasses import dataclass, replace

from nutgiao.models.contracts.messages import PlanReply, SignalStatus
from nutgiao.models.contracts.plan import SignalPlan
from nutgiao.models.contracts.safety import Refusal, Rule
from nutgiao.models.contracts.words import ControlMode

KEPT = 200


class PlanState(enum.StrEnum):
    """Where a proposal stands."""

    SENT = "sent"  # nobody has answered yet
    ACCEPTED = "accepted"  # the node will change over
    REJECTED = "rejected"  # the node named the rules
    RUNNING = "running"  # the controller reports it
    REPLACED = "replaced"  # it ran, and something else runs before its time was over
    EXPIRED = "expired"  # its time is over


@dataclass(frozen=True, slots=True)
class Proposal:
    """One proposal.

    Attributes:
        plan: what was sent.
        sent_s: when.
        answered_s: time of the reply.
        accepted: the reply, None before it came.
        starts_s: instant of the change as the node announced it.
        refusals: each broken rule.
        running_since_s: first signal status that showed it.
        ended_s: first signal status after that that showed something else.
    """

    plan: SignalPlan
    sent_s: float
    answered_s: float | None = None
    accepted: bool | None = None
    starts_s: float | None = None
    refusals: tuple[Refusal, ...] = ()
    running_since_s: float | None = None
    ended_s: float | None = None

    def state(self, now_s: float) -> PlanState:
        """Where it stands now; what the controller reports outweighs every reply."""
        if self.running_since_s is not None:
            if self.ended_s is None:
                return PlanState.RUNNING
            return PlanState.REPLACED if self.ended_s < self.plan.expires_s else PlanState.EXPIRED
        if self.accepted is False:
            return PlanState.REJECTED
        if now_s >= self.plan.expires_s:
            return PlanState.EXPIRED
        return PlanState.ACCEPTED if self.accepted else PlanState.SENT


class Proposals:
    """The latest proposals of all nodes, by node and revision; used under the lock of the network state."""

    def __init__(self) -> None:
        self._all: OrderedDict[tuple[str, int], Proposal] = OrderedDict()

    def sent(self, plan: SignalPlan, now_s: float) -> None:
        """Notes a proposal, before it is published: a reply may be quick."""
        self._all[plan.node, plan.revision] = Proposal(plan=plan, sent_s=now_s)
        while len(self._all) > KEPT:
            self._all.popitem(last=False)

    def answered(self, reply: PlanReply) -> None:
        """Notes a reply; one to a plan that was not sent from here, or long ago, is left."""
        key = (reply.node, reply.revision)
        known = self._all.get(key)
        if known is None or known.plan.id != reply.plan:
            return
        self._all[key] = replace(
            known,
            answered_s=reply.time_s,
            accepted=reply.accepted,
            starts_s=reply.starts_s,
            refusals=reply.refusals,
        )

    def shown(self, status: SignalStatus) -> None:
        """Notes what the controller runs."""
        for key, known in self._all.items():
            if key[0] != status.node:
                continue
            runs = known.plan.revision == status.revision and known.plan.id == status.plan
            if runs and (known.running_since_s is None or known.ended_s is not None):
                since = known.running_since_s if known.running_since_s is not None else status.time_s
                self._all[key] = replace(known, running_since_s=since, ended_s=None)
            elif not runs and known.running_since_s is not None and known.ended_s is None:
                self._all[key] = replace(known, ended_s=status.time_s)

    def newest_first(self) -> list[Proposal]:
        """All of them."""
        return list(reversed(self._all.values()))

    def cannot(self, node: str, mode: ControlMode) -> bool:
        """Whether a node has refused a plan for its mode."""
        return any(
            one.plan.node == node and one.plan.mode is mode and any(r.rule is Rule.MODE for r in one.refusals)
            for one in self._all.values()
        )

    def plan(self, node: str, plan: str, revision: int) -> SignalPlan | None:
        """The plan of that name and revision, if it was sent from here."""
        known = self._all.get((node, revision))
        return known.plan if known is not None and known.plan.id == plan else None
