"""The plan-safety rules: one piece of code for optimiser, centre, simulator and edge, checked second by second.

A plan is refused with the rule, the second, the groups and the cure. Sources: intergreen, min green and pedestrian
clearance as in ITE/MUTCD practice; the figures themselves stand in the site file, never here.
"""

from __future__ import annotations

import enum
import itertools
from collections.abc import Iterator, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.plan import SignalPlan, cycle_of
from nutgiao.models.contracts.site import Signals
from nutgiao.models.contracts.timeline import AMBER, GREEN, RED, expand

DRAWABLE_S = 3600
"""Longer cycles are refused (`Seconds` ends at 600) and not drawn as well: a green of 10⁹ s would fill the memory."""


class Rule(enum.StrEnum):
    """Names of the rules, as they stand in replies and logs."""

    SITE = "site"
    REVISION = "revision"
    VALIDITY = "validity"
    SIGNATURE = "signature"
    SHAPE = "shape"
    CYCLE = "cycle"
    OFFSET = "offset"
    RATE = "rate_of_change"
    INTERVAL = "plan_interval"
    CONFLICT = "conflict"
    INTERGREEN = "intergreen"
    AMBER = "amber"
    MIN_GREEN = "min_green"
    WALK = "pedestrian_walk"
    MAX_GREEN = "max_green"
    MAX_RED = "max_red"
    NOT_SERVED = "not_served"
    TRANSITION = "transition"
    CONTROLLER = "controller"


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """One broken rule.

    Attributes:
        rule: its name.
        reason: what is wrong, with figures.
        cure: what would be accepted.
        second: second of the checked lamps, None where no second is to blame.
        groups: signal groups to blame.
    """

    rule: Rule
    reason: str
    cure: str
    second: int | None = None
    groups: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.rule}: {self.reason}; {self.cure}"


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
    if len(plan.green_s) != len(signals.stages) or min(plan.green_s, default=0) < 1:
        reason = f"{len(plan.green_s)} greens {plan.green_s} for {len(signals.stages)} stages"
        found.append(Refusal(rule=Rule.SHAPE, reason=reason, cure="give each stage at least one second of green"))
        return tuple(found)
    found += _cycle(signals, plan)
    if running is not None:
        found += _rate(signals, plan, running)
    if cycle_of(signals, plan.green_s) <= DRAWABLE_S:
        found += check_lamps(signals, expand(signals, [plan.green_s, plan.green_s, plan.green_s]))
    return tuple(found)


def check_transition(
    signals: Signals, before: Sequence[int], between: Sequence[Sequence[int]], after: Sequence[int]
) -> tuple[Refusal, ...]:
    """Checks the change from one plan to another, second by second.

    Args:
        signals: signal side of the site.
        before: greens of the plan that runs.
        between: greens of each transitional cycle.
        after: greens of the plan to come.
    """
    return tuple(check_lamps(signals, expand(signals, [before, before, *between, after, after])))


def check_lamps(signals: Signals, lamps: NDArray[np.int8]) -> list[Refusal]:
    """Checks lamps as they would be shown.

    Runs that touch the first or the last second may have begun before or go on after: of these only the longest times
    are checked.

    Args:
        signals: signal side of the site.
        lamps: ``(seconds, groups)`` as made by `nutgiao.models.contracts.timeline.expand`.
    """
    found: list[Refusal] = []
    for column, group in enumerate(signals.groups):
        shown = lamps[:, column]
        if not (shown == GREEN).any():
            cure = "put it into a stage with green"
            found.append(
                Refusal(rule=Rule.NOT_SERVED, reason=f"{group.id} never gets green", cure=cure, groups=(group.id,))
            )
            continue
        found += _runs_of_group(signals, column, shown)
    column_of = {group.id: column for column, group in enumerate(signals.groups)}
    for pair in signals.intergreens:
        ends, starts = lamps[:, column_of[pair.from_group]], lamps[:, column_of[pair.to_group]]
        found += _pair(pair.from_group, pair.to_group, pair.seconds, ends, starts)
    return _once(found)


def runs(shown: NDArray[np.int8]) -> Iterator[tuple[int, int, int]]:
    """Yields (what, first second, seconds) of each stretch of equal lamps."""
    edges = np.flatnonzero(np.diff(shown)) + 1
    bounds = [0, *edges.tolist(), len(shown)]
    for start, stop in itertools.pairwise(bounds):
        yield int(shown[start]), start, stop - start


def _runs_of_group(signals: Signals, column: int, shown: NDArray[np.int8]) -> Iterator[Refusal]:
    group = signals.groups[column]
    who = (group.id,)
    stretches = list(runs(shown))
    for position, (what, start, length) in enumerate(stretches):
        whole = start > 0 and start + length < len(shown)
        if what == GREEN:
            if whole and length < group.min_green_s:
                rule = Rule.WALK if group.pedestrian else Rule.MIN_GREEN
                cure = f"give it at least {group.min_green_s} s"
                yield Refusal(rule=rule, reason=f"{group.id} has {length} s", cure=cure, second=start, groups=who)
            if length > group.max_green_s:
                cure = f"at most {group.max_green_s} s"
                yield Refusal(
                    rule=Rule.MAX_GREEN, reason=f"{group.id} has {length} s", cure=cure, second=start, groups=who
                )
            follows = stretches[position + 1] if position + 1 < len(stretches) else None
            if follows and not group.pedestrian and group.amber_s and follows[0] != AMBER:
                cure = f"show {group.amber_s} s of amber after green"
                reason = f"{group.id} goes from green to red without amber"
                yield Refusal(rule=Rule.AMBER, reason=reason, cure=cure, second=start + length, groups=who)
        elif what == AMBER and whole and length != group.amber_s:
            cure = f"its amber is fixed at {group.amber_s} s"
            yield Refusal(rule=Rule.AMBER, reason=f"{group.id} shows {length} s", cure=cure, second=start, groups=who)
        elif what == RED and length > group.max_red_s:
            cure = f"serve it after at most {group.max_red_s} s"
            yield Refusal(
                rule=Rule.MAX_RED, reason=f"{group.id} is red for {length} s", cure=cure, second=start, groups=who
            )


def _pair(
    ending: str, starting: str, needed: int, ends: NDArray[np.int8], starts: NDArray[np.int8]
) -> Iterator[Refusal]:
    both = np.flatnonzero((ends == GREEN) & (starts == GREEN))
    if both.size:
        second = int(both[0])
        cure = "no stage and no change may hold both"
        reason = f"{ending} and {starting} are green together"
        yield Refusal(rule=Rule.CONFLICT, reason=reason, cure=cure, second=second, groups=(ending, starting))
        return
    last_green = np.flatnonzero((ends[:-1] == GREEN) & (ends[1:] != GREEN)) + 1
    first_green = np.flatnonzero((starts[:-1] != GREEN) & (starts[1:] == GREEN)) + 1
    following = np.searchsorted(first_green, last_green)
    for stop, index in zip(last_green.tolist(), following.tolist(), strict=True):
        if index < len(first_green) and first_green[index] - stop < needed:
            gap = int(first_green[index]) - stop
            reason = f"{starting} starts {gap} s after {ending} ends"
            cure = f"leave {needed} s"
            yield Refusal(rule=Rule.INTERGREEN, reason=reason, cure=cure, second=stop, groups=(ending, starting))


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
    limits, cycle = signals.limits, cycle_of(signals, plan.green_s)
    if plan.cycle_s != cycle:
        reason = f"cycle {plan.cycle_s} s, but greens and interstages make {cycle} s"
        yield Refusal(rule=Rule.CYCLE, reason=reason, cure=f"say {cycle} s or change the greens")
    if not limits.cycle_min_s <= cycle <= limits.cycle_max_s:
        reason = f"cycle {cycle} s"
        yield Refusal(rule=Rule.CYCLE, reason=reason, cure=f"between {limits.cycle_min_s} and {limits.cycle_max_s} s")
    if not 0 <= plan.offset_s < plan.cycle_s:
        reason = f"offset {plan.offset_s} s in a cycle of {plan.cycle_s} s"
        yield Refusal(rule=Rule.OFFSET, reason=reason, cure="0 or more, below the cycle")


def _rate(signals: Signals, plan: SignalPlan, running: SignalPlan) -> Iterator[Refusal]:
    limits = signals.limits
    if abs(plan.cycle_s - running.cycle_s) > limits.max_cycle_change_s:
        reason = f"cycle goes from {running.cycle_s} to {plan.cycle_s} s"
        yield Refusal(rule=Rule.RATE, reason=reason, cure=f"at most {limits.max_cycle_change_s} s at once")
    for stage, old, new in zip(signals.stages, running.green_s, plan.green_s, strict=True):
        if abs(new - old) > limits.max_green_change_s:
            reason = f"green of stage {stage.id} goes from {old} to {new} s"
            cure = f"at most {limits.max_green_change_s} s at once"
            yield Refusal(rule=Rule.RATE, reason=reason, cure=cure, groups=stage.groups)


def _once(found: list[Refusal]) -> list[Refusal]:
    """Three equal cycles break a rule three times; one is told."""
    seen: dict[tuple[Rule, tuple[str, ...], str], Refusal] = {}
    for refusal in found:
        seen.setdefault((refusal.rule, refusal.groups, refusal.reason), refusal)
    return list(seen.values())
