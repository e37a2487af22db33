"""The last word on every plan: the node checks it against its own site file before the controller is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import gcd

import msgspec

from nutgiao.models.contracts.controller import CabinetRequest, CabinetStatus
from nutgiao.models.contracts.messages import PlanProposal
from nutgiao.models.contracts.plan import SignalPlan, local_plan
from nutgiao.models.contracts.safety import Refusal, Rule, check_plan, check_transition
from nutgiao.models.contracts.site import Site, site_hash
from nutgiao.models.contracts.transition import transition
from nutgiao.models.contracts.words import ControlMode, ControlSource


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the guard says.

    Attributes:
        refusals: each broken rule; empty if accepted.
        request: what to ask of the controller; None if refused, or if nothing has to change on the street.
        starts_s: when the plan takes effect, None if refused.
    """

    refusals: tuple[Refusal, ...]
    request: CabinetRequest | None
    starts_s: float | None


class Guard:
    """Judges plans for one junction.

    Args:
        site: the node's own site file, with a signal side.
        signed: tells whether a signature over bytes is the centre's.
        adaptive: whether this box has adaptive control, for plans that ask for it.
    """

    def __init__(self, site: Site, signed: Callable[[bytes, str], bool], *, adaptive: bool = False) -> None:
        if site.signals is None:
            raise ValueError(f"site {site.id} has no signals to guard")
        self._node, self._signals, self._hash, self._signed = site.id, site.signals, site_hash(site), signed
        self._cannot = _cannot_adapt(site, adaptive)
        self._local = [local_plan(site.id, site.signals, self._hash, row) for row in site.signals.time_of_day]
        self._last_revision = 0
        self._last_change_s: float | None = None

    def judge(self, proposal: PlanProposal, status: CabinetStatus, running: SignalPlan, now_s: float) -> Verdict:
        """Judges a plan of the centre.

        Args:
            proposal: the plan and its signature.
            status: what the controller reports now.
            running: plan in force.
            now_s: time now, seconds since the epoch.
        """
        plan = proposal.plan
        refusals = self._unsigned(proposal) or self._broken(plan, now_s, running, self._last_revision)
        if refusals:
            return _refused(*refusals)
        renewal = _asks(plan) == _asks(running)
        if renewal and status.source is ControlSource.CENTRAL and not status.pending:
            self._last_revision = plan.revision
            return Verdict((), CabinetRequest(plan, ControlSource.CENTRAL, ()), now_s)
        interval = self._signals.limits.min_plan_interval_s
        if self._last_change_s is not None and 0 <= now_s - self._last_change_s < interval:  # a clock may be set back
            reason = f"the last change was {now_s - self._last_change_s:.0f} s ago"
            return _refused(Refusal(rule=Rule.INTERVAL, reason=reason, cure=f"wait until {interval} s have passed"))
        stuck = self._no_way_back(plan)
        if stuck:
            return _refused(*stuck)
        verdict = self.change_over(plan, status, ControlSource.CENTRAL)
        if verdict.request is not None:
            self._last_revision, self._last_change_s = plan.revision, now_s
        return verdict

    def again(self, plan: SignalPlan, status: CabinetStatus, running: SignalPlan, now_s: float) -> Verdict:
        """Judges a plan of the centre that was accepted before and that the junction had to leave.

        Args:
            plan: the plan.
            status: what the controller reports now.
            running: plan in force; it may be further from the plan than the one that ran when it was accepted.
            now_s: time now, seconds since the epoch.
        """
        refusals = self._broken(plan, now_s, running, plan.revision - 1)
        return _refused(*refusals) if refusals else self.change_over(plan, status, ControlSource.CENTRAL)

    def recall(self, proposal: PlanProposal, now_s: float) -> tuple[Refusal, ...]:
        """Judges a plan that this box had accepted before it was restarted.

        How far it is from what runs is judged when it is asked for. One that is over still counts as the newest: what
        came before it is not taken in again.

        Args:
            proposal: the plan and its signature, from disk.
            now_s: time now, seconds since the epoch.

        Returns:
            Each broken rule; empty if it may be taken up again.
        """
        plan = proposal.plan
        refusals = self._unsigned(proposal)
        if refusals:
            return refusals
        if plan.node == self._node:
            self._last_revision = max(self._last_revision, plan.revision)
        return self._broken(plan, now_s, None, plan.revision - 1)

    def change_over(self, plan: SignalPlan, status: CabinetStatus, source: ControlSource) -> Verdict:
        """Finds the bounded transition from the running cycle to a plan and checks it second by second.

        Args:
            plan: a plan that is safe by itself.
            status: what the controller reports now.
            source: who wants it.
        """
        boundary = max(status.boundary_s, _first_boundary(status, plan))
        if boundary > status.boundary_s and status.in_transition:
            reason = f"a transition runs, and the plan begins {boundary - status.boundary_s} s after its next cycle"
            cure = "send it again when the transition is over: until then its start cannot be told"
            return _refused(Refusal(rule=Rule.TRANSITION, reason=reason, cure=cure))
        cycles, broken = self._way(status.green_s, status.order, boundary, plan)
        if broken:
            return _refused(*broken)
        return Verdict((), CabinetRequest(plan, source, cycles), float(boundary))

    def _unsigned(self, proposal: PlanProposal) -> tuple[Refusal, ...]:
        if self._signed(proposal.plan.signing_bytes(), proposal.signature):
            return ()
        cure = "install the centre's public key on this node, or find out who sent it"
        return (Refusal(rule=Rule.SIGNATURE, reason="not signed by the centre", cure=cure),)

    def _broken(self, plan: SignalPlan, now_s: float, running: SignalPlan | None, known: int) -> tuple[Refusal, ...]:
        """Rules that a plan breaks by itself or beside the one that runs; older revisions than the one known are."""
        refusals = check_plan(
            self._signals, self._node, self._hash, plan, now_s=now_s, running=running, last_revision=known
        )
        return (*refusals, self._cannot) if plan.mode is not ControlMode.FIXED and self._cannot else refusals

    def _way(
        self, green_s: tuple[int, ...], order: tuple[int, ...], boundary_s: int, plan: SignalPlan
    ) -> tuple[tuple[tuple[int, ...], ...], tuple[Refusal, ...]]:
        """Transitional cycles from running greens to a plan from a boundary on, and what would be wrong with them."""
        cycles = transition(self._signals, boundary_s, plan.cycle_s, plan.offset_s, plan.green_s, plan.order)
        if cycles is None:
            reason = f"offset {plan.offset_s} s cannot be reached from second {boundary_s % plan.cycle_s} of its cycle"
            cure = "leave more slack between the greens and their minimum"
            return (), (Refusal(rule=Rule.TRANSITION, reason=reason, cure=cure),)
        return cycles, check_transition(
            self._signals, green_s, cycles, plan.green_s, order_before=order, order=plan.order
        )

    def _no_way_back(self, plan: SignalPlan) -> tuple[Refusal, ...]:
        """What would keep the node on a plan of the centre that is over; empty if every plan of the table can follow.

        The ladder asks again in each cycle, and with unequal cycles the boundary moves through the table's: one way is
        enough. All boundaries have come after as many cycles as the table's has seconds, or fewer.
        """
        for row in self._local:
            boundaries = (
                plan.offset_s + n * plan.cycle_s for n in range(row.cycle_s // gcd(plan.cycle_s, row.cycle_s))
            )
            ways = (self._way(plan.green_s, plan.order, boundary, row)[1] for boundary in boundaries)
            first = next(ways)
            if first and all(ways):
                told = f"when it ends, the way back to {row.id}: "
                return tuple(msgspec.structs.replace(refusal, reason=told + refusal.reason) for refusal in first)
        return ()


def _first_boundary(status: CabinetStatus, plan: SignalPlan) -> int:
    """The first end of a running cycle that is not before the plan's validity begins."""
    late = plan.valid_from_s - status.boundary_s
    return status.boundary_s if late <= 0 else status.boundary_s + status.cycle_s * -int(-late // status.cycle_s)


def _asks(plan: SignalPlan) -> tuple[object, ...]:
    """What a plan asks of the street; one that asks the same is a renewal."""
    return plan.green_s, plan.offset_s, plan.order, plan.mode


def _cannot_adapt(site: Site, adaptive: bool) -> Refusal | None:
    """Why this junction can run plans of `ControlMode.FIXED` only; None if it can run every mode."""
    seen = {approach for camera in site.cameras for approach in camera.approaches}
    blind = ", ".join(approach.id for approach in site.approaches if approach.id not in seen)
    if site.signals is not None and site.signals.rings:
        reason = "the controller runs rings: its stages cannot be called one by one"
        return Refusal(rule=Rule.MODE, reason=reason, cure="send the plan with mode fixed")
    if blind:
        cure = "send the plan with mode fixed, or give the site a camera there"
        return Refusal(rule=Rule.MODE, reason=f"no camera watches {blind}", cure=cure)
    if not adaptive:
        cure = "send the plan with mode fixed, or start the box with --adaptive"
        return Refusal(rule=Rule.MODE, reason="this box runs without adaptive control", cure=cure)
    return None


def _refused(*refusals: Refusal) -> Verdict:
    return Verdict(tuple(refusals), None, None)
