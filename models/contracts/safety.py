"""The plan-safety rules: one piece of code for optimiser, centre, simulator and edge, checked second by second.

A plan is refused with the rule, the second, the groups and the cure. Sources: intergreen, min green and pedestrian
clearance as in ITE/MUTCD practice; the figures themselves stand in the site file, never here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from nutgiao.models.contracts.lamp_rules import check_lamps
from nutgiao.models.contracts.plan import SignalPlan, cycle_of
from nutgiao.models.contracts.refusal import Refusal, Rule
from nutgiao.models.contracts.shape_rules import undrawable
from nutgiao.models.contracts.site import Signals
from nutgiao.models.contracts.timeline import expand
from nutgiao.models.contracts.transition import MAX_CYCLES

__all__ = ["Refusal", "Rule", "check_lamps", "check_plan", "check_transition"]

DRAWABLE_S = 3600
"""Longer cycles are refused (`Seconds` ends at 600) and not drawn as well: a green of 10⁹ s would fill the memory."""


def check_plan(
    signals: Signals,
    node: str,
    site: str,
    plan: SignalPlan,
    *,
    now_s: float,
    running: SignalPlan | None = None,
    last_revision: int = 0,
) -> tuple[Refusal, ...]:
    """Checks a plan against the site that would run it.

    Args:
        signals: signal side of the site that checks.
        node: id of that site.
        site: its `site_hash`.
        plan: the plan.
        now_s: time of the check, seconds since the epoch.
        running: plan in force, for the rate of change; None skips that rule.
        last_revision: newest revision known.

    Returns:
        Each broken rule; empty if the plan may run.
    """
    found = [*_admission(signals, node, site, plan, now_s, last_revision)]
    misshapen = undrawable(signals, plan.green_s, plan.order)
    if misshapen:
        return (*found, *misshapen)
    for plan_rule in PLAN_RULES.values():
        found += plan_rule(signals, plan)
    if running is not None:
        for step_rule in STEP_RULES.values():
            found += step_rule(signals, plan, running)
    if cycle_of(signals, plan.green_s, plan.order) <= DRAWABLE_S:
        found += check_lamps(signals, expand(signals, [plan.green_s] * 3, [plan.order] * 3))
    return tuple(found)


def check_transition(
    signals: Signals,
    before: Sequence[int],
    between: Sequence[Sequence[int]],
    after: Sequence[int],
    *,
    order_before: Sequence[int] = (),
    order: Sequence[int] = (),
) -> tuple[Refusal, ...]:
    """Checks the change from one plan to another, second by second.

    Args:
        signals: signal side of the site.
        before: greens of the cycle that runs; taken to have passed these rules.
        between: greens of each transitional cycle.
        after: greens of the plan to come; `check_plan` is asked for itself.
        order_before: order of the stages in the cycle that runs; empty for the site's own.
        order: order of the stages in the plan to come and in the transitional cycles.

    Returns:
        Each broken rule; empty if the change may be made.
    """
    cycles = [(before, order_before), *((greens, order) for greens in (*between, after))]
    misshapen = [refusal for greens, running in cycles for refusal in undrawable(signals, greens, running)]
    if misshapen:
        return tuple(misshapen)
    found = [refusal for rule in CHANGE_RULES.values() for refusal in rule(signals, between, order)]
    if max(cycle_of(signals, greens, running) for greens, running in cycles) <= DRAWABLE_S:
        shown = [cycles[0], cycles[0], *cycles[1:-1][:MAX_CYCLES], cycles[-1], cycles[-1]]
        found += check_lamps(signals, expand(signals, [greens for greens, _ in shown], [one for _, one in shown]))
    return tuple(found)


def _admission(
    signals: Signals, node: str, site: str, plan: SignalPlan, now_s: float, last_revision: int
) -> Iterator[Refusal]:
    if plan.node != node or plan.site_hash != site:
        reason = f"made for {plan.node}/{plan.site_hash}, this is {node}/{site}"
        yield Refusal(rule=Rule.SITE, reason=reason, cure="make the plan from this node's site file")
    if plan.revision <= last_revision:
        reason = f"revision {plan.revision}, newest known is {last_revision}"
        yield Refusal(rule=Rule.REVISION, reason=reason, cure=f"send revision {last_revision + 1} or later")
    if not now_s < plan.expires_s:  # NaN is not less than anything
        reason = f"expired {now_s - plan.expires_s:.0f} s ago"
        yield Refusal(rule=Rule.VALIDITY, reason=reason, cure="send one that is valid; compare the clocks if you did")
    if not plan.valid_from_s < plan.expires_s:
        reason = f"expires {plan.valid_from_s - plan.expires_s:.0f} s before it begins"
        yield Refusal(rule=Rule.VALIDITY, reason=reason, cure="let it begin before it expires")
    life = signals.limits.max_plan_life_s
    if plan.expires_s - max(plan.valid_from_s, now_s) > life or plan.valid_from_s - now_s > life:
        reason = f"valid from {plan.valid_from_s - now_s:.0f} s to {plan.expires_s - now_s:.0f} s from now"
        yield Refusal(rule=Rule.VALIDITY, reason=reason, cure=f"at most {life} s")


def _cycle(signals: Signals, plan: SignalPlan) -> Iterator[Refusal]:
    limits, cycle = signals.limits, cycle_of(signals, plan.green_s, plan.order)
    if plan.cycle_s != cycle:
        reason = f"cycle {plan.cycle_s} s, but greens and interstages make {cycle} s"
        yield Refusal(rule=Rule.CYCLE, reason=reason, cure=f"say {cycle} s or change the greens")
    if not limits.cycle_min_s <= cycle <= limits.cycle_max_s:
        reason = f"cycle {cycle} s"
        yield Refusal(rule=Rule.CYCLE, reason=reason, cure=f"between {limits.cycle_min_s} and {limits.cycle_max_s} s")


def _offset(signals: Signals, plan: SignalPlan) -> Iterator[Refusal]:
    del signals  # an offset is bounded by the plan's own cycle
    if not 0 <= plan.offset_s < plan.cycle_s:
        reason = f"offset {plan.offset_s} s in a cycle of {plan.cycle_s} s"
        yield Refusal(rule=Rule.OFFSET, reason=reason, cure="0 or more, below the cycle")


def _rate(signals: Signals, plan: SignalPlan, running: SignalPlan) -> Iterator[Refusal]:
    limits = signals.limits
    if len(running.green_s) != len(signals.stages):
        reason = f"the running plan {running.id} has {len(running.green_s)} greens for {len(signals.stages)} stages"
        yield Refusal(rule=Rule.RATE, reason=reason, cure="ask the node which plan it runs")
        return
    if abs(plan.cycle_s - running.cycle_s) > limits.max_cycle_change_s:
        reason = f"cycle goes from {running.cycle_s} to {plan.cycle_s} s"
        yield Refusal(rule=Rule.RATE, reason=reason, cure=f"at most {limits.max_cycle_change_s} s at once")
    for stage, old, new in zip(signals.stages, running.green_s, plan.green_s, strict=True):
        if abs(new - old) > limits.max_green_change_s:
            reason = f"green of stage {stage.id} goes from {old} to {new} s"
            cure = f"at most {limits.max_green_change_s} s at once"
            yield Refusal(rule=Rule.RATE, reason=reason, cure=cure, groups=stage.groups)


def _bounded(signals: Signals, between: Sequence[Sequence[int]], order: Sequence[int]) -> Iterator[Refusal]:
    """A change takes few cycles, and each of them is one that a plan could have."""
    limits = signals.limits
    if len(between) > MAX_CYCLES:
        reason = f"{len(between)} transitional cycles"
        yield Refusal(rule=Rule.TRANSITION, reason=reason, cure=f"at most {MAX_CYCLES}")
    for cycle in sorted({cycle_of(signals, greens, order) for greens in between}):
        if not limits.cycle_min_s <= cycle <= limits.cycle_max_s:
            reason = f"a transitional cycle of {cycle} s"
            cure = f"between {limits.cycle_min_s} and {limits.cycle_max_s} s"
            yield Refusal(rule=Rule.TRANSITION, reason=reason, cure=cure)


PLAN_RULES: dict[Rule, Callable[[Signals, SignalPlan], Iterator[Refusal]]] = {Rule.CYCLE: _cycle, Rule.OFFSET: _offset}
"""What a plan must keep by itself, lamps aside."""

STEP_RULES: dict[Rule, Callable[[Signals, SignalPlan, SignalPlan], Iterator[Refusal]]] = {Rule.RATE: _rate}
"""What a plan must keep beside the one that runs."""

CHANGE_RULES: dict[Rule, Callable[[Signals, Sequence[Sequence[int]], Sequence[int]], Iterator[Refusal]]] = {
    Rule.TRANSITION: _bounded
}
"""What transitional cycles must keep, lamps aside."""
