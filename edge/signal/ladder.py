"""The ladder of fallbacks: central plan, then the site's own time-of-day table, then what the cabinet does alone."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from nutgiao.edge.signal.drivers import Controller
from nutgiao.edge.signal.guard import Guard, Verdict
from nutgiao.models.contracts.controller import CabinetStatus
from nutgiao.models.contracts.messages import PlanProposal
from nutgiao.models.contracts.plan import NEVER_S, SignalPlan, local_plan, scheduled_row
from nutgiao.models.contracts.safety import Refusal, Rule
from nutgiao.models.contracts.site import Site, site_hash
from nutgiao.models.contracts.words import ControlSource

log = logging.getLogger(__name__)

DAY_S = 86400


@dataclass(frozen=True, slots=True)
class Answer:
    """The node's answer to one proposal."""

    plan: SignalPlan
    verdict: Verdict


class Ladder:
    """Keeps the junction on the highest rung that is safe. It asks the controller; it never drives a lamp.

    Args:
        site: the node's own site file, with a signal side.
        guard: judges what the centre sends.
        controller: the junction's controller.
    """

    def __init__(self, site: Site, guard: Guard, controller: Controller) -> None:
        if site.signals is None:
            raise ValueError(f"site {site.id} has no signals")
        self._site, self._signals, self._guard, self._controller = site, site.signals, guard, controller
        self._hash = site_hash(site)
        self._known: dict[tuple[str, int], SignalPlan] = {}
        for row in self._signals.time_of_day:
            plan = local_plan(site.id, self._signals, self._hash, row)
            self._known[plan.id, 0] = plan

    def second(self, now_s: float, proposals: list[PlanProposal]) -> list[Answer]:
        """Judges proposals and falls back where a plan has ended.

        Args:
            now_s: time now, seconds since the epoch.
            proposals: plans of the centre that came in the last second.

        Returns:
            One answer for each proposal.
        """
        status = self._controller.status()
        answers = [self._answer(proposal, status, now_s) for proposal in proposals]
        if status is not None and status.source is not ControlSource.FLASH:
            asked = any(answer.verdict.request is not None for answer in answers)
            if not asked and not status.pending:
                self._fall_back(status, now_s)
        return answers

    def running(self, status: CabinetStatus) -> SignalPlan:
        """The plan that the controller says it runs."""
        known = self._known.get((status.plan, status.revision))
        if known is not None:
            return known
        return SignalPlan(
            id=status.plan,
            node=self._site.id,
            site_hash=self._hash,
            revision=status.revision,
            cycle_s=status.cycle_s,
            offset_s=status.boundary_s % status.cycle_s,
            green_s=status.green_s,
            valid_from_s=0.0,
            expires_s=NEVER_S,
            order=status.order,
        )

    def _answer(self, proposal: PlanProposal, status: CabinetStatus | None, now_s: float) -> Answer:
        plan = proposal.plan
        if status is None or status.source is ControlSource.FLASH:
            reason = "the controller does not answer" if status is None else "the controller is flashing"
            refusal = Refusal(rule=Rule.CONTROLLER, reason=reason, cure="send a technician to the cabinet")
            return Answer(plan, Verdict((refusal,), None, None))
        verdict = self._guard.judge(proposal, status, self.running(status), now_s)
        if verdict.request is not None:
            self._known[plan.id, plan.revision] = plan
            self._controller.request(verdict.request)
        return Answer(plan, verdict)

    def _fall_back(self, status: CabinetStatus, now_s: float) -> None:
        """Goes to the local table when the central plan has expired, and follows the table's clock."""
        if status.source is ControlSource.CENTRAL and now_s < self.running(status).expires_s:
            return
        row = scheduled_row(self._signals, (now_s + 3600 * self._site.utc_offset_h) % DAY_S)
        if status.source is ControlSource.TIME_OF_DAY and status.plan == row.id:
            return
        verdict = self._guard.change_over(self._known[row.id, 0], status, ControlSource.TIME_OF_DAY)
        if verdict.request is None:
            log.warning("cannot change to %s now: %s", row.id, "; ".join(map(str, verdict.refusals)))
            return
        log.info("changing to the local plan %s", row.id)
        self._controller.request(verdict.request)
