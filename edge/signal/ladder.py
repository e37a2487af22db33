"""The ladder of fallbacks, put into practice: it keeps a junction on the best rung that holds, and asks for no more."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from nutgiao.edge.signal.accepted import Accepted
from nutgiao.edge.signal.call_watch import CallWatch
from nutgiao.edge.signal.drivers import Adaptive, Controller
from nutgiao.edge.signal.grounds import Grounds, Surroundings
from nutgiao.edge.signal.guard import Guard, Verdict
from nutgiao.edge.signal.health import Echo
from nutgiao.edge.signal.reasons import Reason, told
from nutgiao.edge.signal.rungs import Ground, Rungs
from nutgiao.models.contracts.controller import CabinetRequest, CabinetStatus
from nutgiao.models.contracts.messages import PlanProposal
from nutgiao.models.contracts.plan import NEVER_S, SignalPlan, local_plan, scheduled_row
from nutgiao.models.contracts.safety import Refusal, Rule
from nutgiao.models.contracts.site import Site, site_hash
from nutgiao.models.contracts.words import ControlMode, ControlSource

log = logging.getLogger(__name__)

DAY_S = 86400

OF_THE_CENTRE = (ControlSource.CENTRAL, ControlSource.LAST_VALID)
"""The two rungs on which a plan of the centre runs; the controller knows no difference between them."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The node's answer to one proposal."""

    plan: SignalPlan
    verdict: Verdict


class Ladder:
    """Keeps the junction on the highest rung that is safe. It asks the controller; it never drives a lamp.

    Args:
        site: the node's own site file, with a signal side.
        guard: judges what the centre sends, and finds the way from plan to plan.
        controller: the junction's controller.
        adaptive: runs the junction second by second; None where the box has no such thing.
        made_s: when this software was made, seconds since the epoch: a clock that shows less is not set.
        kept: file that holds the last accepted plan of the centre over a restart; None keeps none.

    Attributes:
        rungs: the rung that is wanted, and why none better.
    """

    def __init__(
        self,
        site: Site,
        guard: Guard,
        controller: Controller,
        adaptive: Adaptive | None = None,
        made_s: float = 0.0,
        kept: Path | None = None,
    ) -> None:
        if site.signals is None:
            raise ValueError(f"site {site.id} has no signals")
        self._site, self._signals, self._guard, self._controller = site, site.signals, guard, controller
        self._adaptive = adaptive
        self._hash = site_hash(site)
        rows = (local_plan(site.id, self._signals, self._hash, row) for row in self._signals.time_of_day)
        self._rows = {row.id: row for row in rows}
        self._plans = Accepted(guard, kept)
        self._requests, self._calls = Echo(), CallWatch(self._signals)
        self._grounds = Grounds(site, adaptive, made_s, self._requests, self._calls)
        self._trouble = ""
        self._silent: tuple[str, ...] = ()
        self.rungs = Rungs()

    def second(self, now_s: float, proposals: Sequence[PlanProposal], around: Surroundings) -> list[Answer]:
        """Judges proposals, finds the rung that holds, and asks the controller for what it takes to stand on it.

        Args:
            now_s: time now by the box's clock, seconds since the epoch.
            proposals: plans of the centre that came in the last second.
            around: what else is known.

        Returns:
            One answer for each proposal.
        """
        status = self._controller.status()
        missing, self._silent = self._grounds.second(now_s, status, around), around.silent
        if status is not None and not any(self._doubted(missing)):
            self._plans.recall(now_s)
        answers = [self._answer(proposal, status, missing, now_s, around.steady_s) for proposal in proposals]
        plan = self._plan(now_s, status)
        missing[Ground.PLAN] = told(Reason.NO_PLAN, self._plans.ignored) if plan is None else ""
        asks = plan is not None and plan.mode is not ControlMode.FIXED
        change = self.rungs.second(around.steady_s, missing, adaptive=asks)
        if change is not None:
            (log.warning if change.down else log.info)("%s: %s", self._site.id, change)
        if status is not None and not missing[Ground.CONTROLLER]:
            self._keep(status, now_s, around.steady_s)
        return answers

    def standing(self, status: CabinetStatus) -> ControlSource:
        """The rung on which the junction stands: what the controller really runs, as the ladder names it."""
        if status.source is ControlSource.FLASH:
            return status.source
        if self.rungs.rung is ControlSource.CABINET:
            return self.rungs.rung
        if status.source in OF_THE_CENTRE:  # a plan of the centre that is being left is no longer the centre's
            best = self.rungs.rung is ControlSource.CENTRAL
            return ControlSource.CENTRAL if best else ControlSource.LAST_VALID
        return status.source

    @property
    def troubles(self) -> tuple[str, ...]:
        """What is wrong now, in words; that there is no plan of the centre is nothing wrong."""
        asked = [ground for ground in Ground if ground is not Ground.PLAN]
        if self._adaptive is None:
            asked.remove(Ground.SIGHT)
        silent = [told(Reason.NO_NEWS, ", ".join(self._silent))] if self._silent else []
        unkept = [self._plans.trouble] if self._plans.trouble else []
        return (*(lost for ground in asked if (lost := self.rungs.lost(ground))), *silent, *unkept)

    def running(self, status: CabinetStatus) -> SignalPlan:
        """The plan that the controller says it runs."""
        known = self._plans.named(status.plan, status.revision)
        if known is None and status.source is not ControlSource.FIXED and not status.revision:
            known = self._rows.get(status.plan)
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

    def _plan(self, now_s: float, status: CabinetStatus | None) -> SignalPlan | None:
        """The newest plan of the centre that is not over and begins before the running cycle ends."""
        soon_s = now_s if status is None else max(now_s, status.boundary_s)
        return self._plans.valid(now_s, soon_s)

    def _doubted(self, missing: Mapping[Ground, str]) -> tuple[str, str]:
        """What speaks against controller and clock; without either of them no plan is judged."""
        controller, clock = (missing[one] or self.rungs.why(one) for one in (Ground.CONTROLLER, Ground.CLOCK))
        return controller, clock

    def _answer(
        self,
        proposal: PlanProposal,
        status: CabinetStatus | None,
        missing: Mapping[Ground, str],
        now_s: float,
        steady_s: float,
    ) -> Answer:
        plan = proposal.plan
        controller, clock = self._doubted(missing)
        if status is None or controller:
            refusal = Refusal(rule=Rule.CONTROLLER, reason=controller, cure="send a technician to the cabinet")
            return Answer(plan, Verdict((refusal,), None, None))
        if clock:
            cure = "set the node's clock, and send it again when the clock has been steady for a while"
            refusal = Refusal(rule=Rule.VALIDITY, reason=clock, cure=cure)
            return Answer(plan, Verdict((refusal,), None, None))
        verdict = self._guard.judge(proposal, status, self.running(status), now_s)
        if verdict.request is not None:
            self._plans.add(proposal)
            self._send(verdict.request, steady_s)
        return Answer(plan, verdict)

    def _keep(self, status: CabinetStatus, now_s: float, steady_s: float) -> None:
        """Asks for what the rung needs: a plan where another one runs, a stage where stages are called one by one."""
        rung = self.rungs.rung
        if rung is ControlSource.CABINET:
            return
        if rung is ControlSource.ADAPTIVE:
            self._call(status, now_s, steady_s, None)
            return
        plan = self._wanted(rung, status, now_s)
        if plan is None:
            return
        ours = {plan.id, *(one.id for one in self._plans.unexpired(now_s))}
        stray = status.pending not in {"", *ours}  # asked for on a rung that was left before its plan began
        if self._runs(plan, rung, status) and not stray:
            if plan.mode is not ControlMode.FIXED and self.rungs.firm(Ground.SIGHT) and not status.pending:
                self._call(status, now_s, steady_s, plan)
        elif status.pending != plan.id:
            self._ask(plan, rung, status, now_s, steady_s)

    def _wanted(self, rung: ControlSource, status: CabinetStatus, now_s: float) -> SignalPlan | None:
        """The plan of a rung, None on a rung without one."""
        if rung in OF_THE_CENTRE:
            return self._plan(now_s, status)
        if rung is ControlSource.TIME_OF_DAY:
            return self._row(now_s)
        first = self._rows[self._signals.time_of_day[0].id]  # without a clock there is no offset to reach
        return msgspec.structs.replace(first, offset_s=status.boundary_s % first.cycle_s)

    def _row(self, now_s: float) -> SignalPlan:
        """The plan of the table for this time of day."""
        return self._rows[scheduled_row(self._signals, (now_s + 3600 * self._site.utc_offset_h) % DAY_S).id]

    def _runs(self, plan: SignalPlan, rung: ControlSource, status: CabinetStatus) -> bool:
        same = (status.plan, status.revision) == (plan.id, plan.revision)
        return same and (rung in OF_THE_CENTRE or status.source is rung)

    def _call(self, status: CabinetStatus, now_s: float, steady_s: float, plan: SignalPlan | None) -> None:
        if self._adaptive is None or self._calls.deaf(steady_s):
            return
        call = self._adaptive.call(now_s, status, plan)
        if call is None:
            return
        self._calls.asked(call, steady_s)
        self._controller.call(call)

    def _ask(self, plan: SignalPlan, rung: ControlSource, status: CabinetStatus, now_s: float, steady_s: float) -> None:
        """Asks for a plan by a bounded transition, and again if nothing comes of it."""
        source = ControlSource.CENTRAL if rung in OF_THE_CENTRE else rung
        if not self._requests.may_ask((plan.id, source), steady_s):
            return
        if rung in OF_THE_CENTRE:
            verdict = self._guard.again(plan, status, self.running(status), now_s)
        else:
            verdict = self._guard.change_over(plan, status, source)
        trouble = "; ".join(map(str, verdict.refusals))
        if trouble and trouble != self._trouble:
            log.warning("%s: cannot change to %s now: %s", self._site.id, plan.id, trouble)
        self._trouble = trouble
        if verdict.request is not None:
            self._send(verdict.request, steady_s)
        elif rung in OF_THE_CENTRE and any(refusal.rule is not Rule.TRANSITION for refusal in verdict.refusals):
            # too far from what runs now: the table lies between, and is what the plan was judged against at first
            row = self._row(now_s)
            if self._runs(row, ControlSource.TIME_OF_DAY, status):
                self._plans.drop(plan)
            elif status.pending != row.id:
                self._ask(row, ControlSource.TIME_OF_DAY, status, now_s, steady_s)

    def _send(self, request: CabinetRequest, steady_s: float) -> None:
        self._requests.asked((request.plan.id, request.source), steady_s)
        self._controller.request(request)
