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
from tests.support.reference.signal_rows import Rows, seconds_of_cycle
from tests.support.signal_cases import HASH, NODE, NOW_S, a_plan, odd_order, painted, plan_of, spoiled
from tests.support.signal_sites import Greens, Order, Pick, in_hundred, one_of, site_around_a_plan

CODES = str.maketrans({"R": chr(RED), "G": chr(GREEN), "A": chr(AMBER)})


class Verdicts(NamedTuple):
    """What both say of one case.

    Attributes:
        kind: ``plan``, ``change``, ``spoiled change`` or ``lamps``.
        code: rules and groups that the safety code refuses it for, or the error that it died of.
        oracle: rules and groups that the oracle finds.
        case: what was judged, for a person to look at.
        about: ``with rings`` and ``in another order`` where that is so.
    """

    kind: str
    code: Broken
    oracle: Broken
    case: object
    about: frozenset[str]

    @property
    def agree(self) -> bool:
        """Both accept, or both refuse for the same rules and groups."""
        return self.code == self.oracle


def judge_plan(signals: Signals, plan: SignalPlan, running: SignalPlan | None = None) -> Verdicts:
    """A plan, beside the one that runs if there is one."""
    code = _said(lambda: safety.check_plan(signals, NODE, HASH, plan, now_s=NOW_S, running=running))
    case = (signals, plan, running)
    return Verdicts("plan", code, oracle.broken_by_plan(signals, plan, running), case, _about(signals, plan.order))


def judge_change(signals: Signals, before: SignalPlan, after: SignalPlan, now_s: int) -> Verdicts:
    """The change from a safe plan to another that is asked for at a second of the master clock.

    The code finds the transitional cycles and judges them; the oracle says whether there is a way at all, whether the
    cycles lead to the offset, and what their lamps break.
    """
    boundary_s = oracle.end_of_cycle_s(before, now_s)
    case, about = (signals, before, after, now_s), _about(signals, before.order, after.order)
    reachable = oracle.can_be_reached(signals, boundary_s, after)
    try:
        cycles = transition.transition(signals, boundary_s, after.cycle_s, after.offset_s, after.green_s, after.order)
    except Exception as error:  # noqa: BLE001  whatever it is, it is no verdict
        return Verdicts("change", {(repr(error), ())}, set(), case, about)
    if cycles is None:
        return Verdicts("change", {("transition", ())}, set() if reachable else {("transition", ())}, case, about)
    orders = {"order_before": before.order, "order": after.order}
    code = _said(lambda: safety.check_transition(signals, before.green_s, cycles, after.green_s, **orders))
    found = oracle.broken_by_change(signals, before.green_s, cycles, after.green_s, **orders)
    seconds = [seconds_of_cycle(signals, green_s, after.order) for green_s in cycles]
    bounded = all(oracle.least_cycle_s(signals, after) <= s <= oracle.most_cycle_s(signals, after) for s in seconds)
    if not reachable or not bounded or oracle.starved(signals, after, cycles):
        found.add(("transition", ()))
    if (boundary_s + sum(seconds)) % after.cycle_s != after.offset_s:
        found.add(("offset", ()))
    return Verdicts("change", code, found, case, about)


def judge_cycles(
    signals: Signals,
    before: Greens,
    between: Sequence[Greens],
    after: Greens,
    order_before: Order = (),
    order: Order = (),
) -> Verdicts:
    """Given transitional cycles between two safe plans."""
    orders = {"order_before": order_before, "order": order}
    code = _said(lambda: safety.check_transition(signals, before, between, after, **orders))
    found = oracle.broken_by_change(signals, before, between, after, **orders)
    case = (signals, before, between, after, orders)
    return Verdicts("spoiled change", code, found, case, _about(signals, order_before, order))


def judge_lamps(signals: Signals, rows: Rows) -> Verdicts:
    """Lamps, however they came to be shown."""
    columns = [rows[group.id].translate(CODES).encode() for group in signals.groups]
    lamps = np.stack([np.frombuffer(column, np.int8) for column in columns], axis=1)
    code = _said(lambda: safety.check_lamps(signals, lamps))
    return Verdicts("lamps", code, oracle.broken_by_rows(signals, rows), (signals, rows), _about(signals))


def verdicts(pick: Pick, plans: int, changes: int, lamps: int) -> Iterator[Verdicts]:
    """Both verdicts on plans, changes and painted lamps of one site that is drawn for them.

    Args:
        pick: draws whole numbers.
        plans: how many plans.
        changes: how many changes, if the site has a safe plan.
        lamps: how many paintings.
    """
    signals, greens, order = site_around_a_plan(pick)
    safe: list[SignalPlan] = []
    base = plan_of(signals, greens, 0, order=order)
    for _ in range(plans):
        plan = a_plan(pick, signals, greens, order)
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
            yield judge_change(signals, before, plan_of(signals, after.green_s, offset, order=after.order), now_s)
        else:
            last = (after.cycle_s, after.offset_s, after.green_s, after.order)
            cycles = transition.transition(signals, pick(0, 500), *last) or ()
            between = spoiled(pick, signals, cycles, after.green_s, after.order)
            left = _order_left(pick, signals, before)
            yield judge_cycles(signals, before.green_s, between, after.green_s, left, after.order)
    for _ in range(lamps):
        yield judge_lamps(signals, painted(pick, signals, greens, order))


def _order_left(pick: Pick, signals: Signals, before: SignalPlan) -> Order:
    """The order that is left, at times one that cannot be drawn; never an unsafe one: nobody runs that."""
    if not in_hundred(pick, 3):
        return before.order
    order = odd_order(pick, signals)
    found = oracle.broken_by_plan(signals, plan_of(signals, before.green_s, 0, order=order))
    return order if {rule for rule, _ in found} <= {"shape", "order", "barrier"} else before.order


def _about(signals: Signals, *orders: Order) -> frozenset[str]:
    own = ((), tuple(range(len(signals.stages))))
    said = {"with rings": bool(signals.rings), "in another order": any(order not in own for order in orders)}
    return frozenset(name for name, true in said.items() if true)


def _said(check: Callable[[], Sequence[Refusal]]) -> Broken:
    try:
        return {(str(refusal.rule), refusal.groups) for refusal in check()}
    except Exception as error:  # noqa: BLE001  whatever it is, it is no verdict
        return {(repr(error), ())}
