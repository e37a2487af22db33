"""Plans of the centre that this box has accepted; the last one, with its signature, outlives a restart on disk."""

from __future__ import annotations

import logging
from pathlib import Path

from nutgiao.edge.files import write_whole
from nutgiao.edge.signal.guard import Guard
from nutgiao.models.contracts.errors import ContractError
from nutgiao.models.contracts.messages import PlanProposal, decode, encode
from nutgiao.models.contracts.plan import SignalPlan

log = logging.getLogger(__name__)

PLANS_KEPT = 4


class Accepted:
    """The accepted plans, the newest last. What was on disk is believed no more than a message: the guard judges it.

    Args:
        guard: of the box.
        path: where the last one is kept; None keeps none.

    Attributes:
        ignored: why the plan that was on disk is not taken up; empty if it is, or if there was none.
        trouble: why the last plan could not be kept on disk; empty if it could.
    """

    def __init__(self, guard: Guard, path: Path | None) -> None:
        self._guard, self._path = guard, path
        self._plans: dict[tuple[str, int], SignalPlan] = {}
        self.ignored = self.trouble = ""
        self._found = self._read(path) if path is not None else None

    def add(self, proposal: PlanProposal) -> None:
        """Takes in a plan that the guard has accepted."""
        self._found, self.ignored = None, ""
        self._take(proposal.plan)
        if self._path is None:
            return
        try:
            write_whole(self._path, encode(proposal))
            self.trouble = ""
        except OSError as error:  # the plan runs all the same; only a restart would not know it
            self.trouble = f"the plan of the centre cannot be kept on disk: {error}"
            log.error("%s", self.trouble)

    def recall(self, now_s: float) -> None:
        """Judges the plan that was on disk, once; to be called when the time is known.

        Args:
            now_s: time now, seconds since the epoch.
        """
        if self._found is None:
            return
        found, self._found = self._found, None
        refusals = self._guard.recall(found, now_s)
        if refusals:
            self._ignore(refusals[0].reason, "; ".join(map(str, refusals)))
        else:
            log.info("plan %s of the centre was kept over the restart and is taken up again", found.plan.id)
            self._take(found.plan)

    def drop(self, plan: SignalPlan) -> None:
        """Forgets a plan that cannot be reached any more."""
        del self._plans[plan.id, plan.revision]

    def named(self, plan: str, revision: int) -> SignalPlan | None:
        """The plan of that name and revision; None if it was not accepted here."""
        return self._plans.get((plan, revision))

    def valid(self, now_s: float, soon_s: float) -> SignalPlan | None:
        """The newest plan that is not over now and has begun by a time; None if there is none."""
        plans = [plan for plan in self.unexpired(now_s) if plan.valid_from_s <= soon_s]
        return plans[-1] if plans else None

    def unexpired(self, now_s: float) -> list[SignalPlan]:
        """Plans that are not over, the newest last."""
        return [plan for plan in self._plans.values() if now_s < plan.expires_s]

    def _take(self, plan: SignalPlan) -> None:
        self._plans[plan.id, plan.revision] = plan
        while len(self._plans) > PLANS_KEPT:
            del self._plans[next(iter(self._plans))]

    def _read(self, path: Path) -> PlanProposal | None:
        try:
            message = decode(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ContractError) as error:
            self._ignore(f"{path.name} cannot be read", str(error))
            return None
        if isinstance(message, PlanProposal):
            return message
        self._ignore(f"{path.name} holds no plan", "")
        return None

    def _ignore(self, why: str, details: str) -> None:
        self.ignored = f"the one kept over the restart is not taken up: {why}"
        log.warning("the plan kept over the restart is not taken up: %s %s", why, details)
