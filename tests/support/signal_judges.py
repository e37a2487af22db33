"""The safety code and the oracle over the same plans, changes and lamps: what each says, side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from nutgiao.models.contracts import safety, transition
from nutgiao.models.contracts.plan import SignalPlan
from nutgiao.models.contracts.refusal import Refusal
from nutgiao.models.contracts.site import Signals
from nutgiao.models.contracts.timeline import AMBER, GREEN, RED
from tests.support.reference import signal_oracle as oracle
from tests.support.reference.signal_oracle import Broken
from tests.support.signal_cases import (
    HASH,
    NODE,
    NOW_S,
    Greens,
    Pick,
    a_plan,
    in_hundred,
    one_of,
    painted,
    plan_of,
    site_around_a_plan,
    spoiled,
)

CODES = str.maketrans({"R": chr(RED), "G": chr(GREEN), "A": chr(AMBER)})


class Verdicts(NamedTuple):
    """What both say of one case.

    Attributes:
        kind: ``plan``, ``change``, ``spoiled change`` or ``lamps``.
        code: rules and groups that the safety code refuses it for, or the error that it died of.
        oracle: rules and groups that the oracle finds.
        case: what was judged, for a person to look at.
    """

    kind: str
    code: Broken
    oracle: Broken
    case: object

    @property
    def agree(self) -> bool:
        """Both accept, or both refuse for the same rules and groups."""
        return self.code == self.oracle


def judge_plan(signals: Signals, plan: SignalPlan, running: SignalPlan | None = None) -> Verdicts:
    """A plan, beside the one that runs if there is one."""
    code = _said(lambda: safety.check_plan(signals, NODE, HASH, plan, now_s=NOW_S, running=running))
    return Verdicts("plan", code, oracle.broken_by_plan(signals, plan, running), (signals, plan, running))


def judge_change(signals: Signals, before: SignalPlan, after: SignalPlan, now_s: int) -> Verdicts:
    """The change from a safe plan to another that is asked for at a second of the master clock.

    The code finds the transitional cycles and judges them; the oracle says whether there is a way at all, whether the
    cycles lead to the offset, and what their lamps break.
    """
    boundary_s = oracle.end_of_cycle_s(before, now_s)
    case = (signals, before, after, now_s)
    reachable = oracle.can_be_reached(signals, boundary_s, after)
    try:
        cycles = transition.transition(signals, boundary_s, after.cycle_s, after.offset_s, after.green_s)
    except Exception as error:  # noqa: BLE001  whatever it is, it is no verdict
        return Verdicts("change", {(repr(error), ())}, set(), case)
    if cycles is None:
        return Verdicts("change", {("transition", ())}, set() if reachable else {("transition", ())}, case)
    code = _said(lambda: safety.check_transition(signals, before.green_s, cycles, after.green_s))
    found = oracle.broken_by_change(signals, before.green_s, cycles, after.green_s)
    seconds = [oracle.seconds_of_cycle(signals, green_s) for green_s in cycles]
    bounded = all(oracle.least_cycle_s(signals, after) <= s <= oracle.most_cycle_s(signals, after) for s in seconds)
    if not reachable or not bounded:
        found.add(("transition", ()))
    if (boundary_s + sum(seconds)) % after.cycle_s != after.offset_s:
        found.add(("offset", ()))
    return Verdicts("change", code, found, case)


def judge_cycles(signals: Signals, before: Greens, between: Sequence[Greens], after: Greens) -> Verdicts:
    """Given transitional cycles between two safe plans."""
    code = _said(lambda: safety.check_transition(signals, before, between, after))
    found = oracle.broken_by_change(signals, before, between, after)
    return Verdicts("spoiled change", code, found, (signals, before, between, after))


def judge_lamps(signals: Signals, rows: oracle.Rows) -> Verdicts:
    """Lamps, however they came to be shown."""
    columns = [rows[group.id].translate(CODES).encode() for group in signals.groups]
    lamps = np.stack([np.frombuffer(column, np.int8) for column in columns], axis=1)
    code = _said(lambda: safety.check_lamps(signals, lamps))
    return Verdicts("lamps", code, oracle.broken_by_rows(signals, rows), (signals, rows))


def verdicts(pick: Pick, plans: int, changes: int, lamps: int) -> Iterator[Verdicts]:
    """Both verdicts on plans, changes and painted lamps of one site that is drawn for them.

    Args:
        pick: draws whole numbers.
        plans: how many plans.
        changes: how many changes, if the site has a safe plan.
        lamps: how many paintings.
    """
    signals, greens = site_around_a_plan(pick)
    safe = []
    base = plan_of(signals, greens, 0)
    for _ in range(plans):
        plan = a_plan(pick, signals, greens)
        running = one_of(pick, (None, None, base, one_of(pick, safe or [base])))
        said = judge_plan(signals, plan, running)
        if not oracle.broken_by_plan(signals, plan):
            safe.append(plan)
        yield said
    for _ in range(changes if safe else 0):
        before, after = one_of(pick, safe), one_of(pick, safe)
        if in_hundred(pick, 60):
            offset = pick(0, after.cycle_s - 1)
            now_s = pick(0, before.cycle_s - 1) + before.cycle_s * pick(0, 50)
            yield judge_change(signals, before, plan_of(signals, after.green_s, offset), now_s)
        else:
            cycles = transition.transition(signals, pick(0, 500), after.cycle_s, after.offset_s, after.green_s) or ()
            between = spoiled(pick, signals, cycles, after.green_s)
            yield judge_cycles(signals, before.green_s, between, after.green_s)
    for _ in range(lamps):
        yield judge_lamps(signals, painted(pick, signals, greens))


def _said(check: Callable[[], Sequence[Refusal]]) -> Broken:
    try:
        return {(str(refusal.rule), refusal.groups) for refusal in check()}
    except Exception as error:  # noqa: BLE001  whatever it is, it is no verdict
        return {(repr(error), ())}
