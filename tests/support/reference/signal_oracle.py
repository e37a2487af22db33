"""The rule book of signal plans by brute force: what every lamp shows second by second, and which rules that breaks.

It knows the data types of a site and a plan and nothing else of nutgiao: no timeline, no interstage, no rule is shared
with the code that it judges. The lamps of one cycle are laid out second by second, repeated over several cycles and
read like a person with a stop-watch would read them.

The rules, in words:

- shape: one green for each stage, at least one second each; otherwise nothing can be laid out and nothing else is said.
- order: every stage once, the site's first one first; another order than the site's only where the site allows it, and
  with rings only by swaps of stages of the same section of the same ring. If not, nothing can be laid out either.
- barrier: between two barriers a ring is done earlier than another; blamed is the stage that it ends the section with.
- cycle: the plan says as many seconds as its lamps take, and no fewer or more than the site allows.
- offset: 0 or more, less than the cycle.
- rate_of_change: from the running plan neither the cycle nor a stage's green moves farther than the site allows.
- not_served: a group never gets green.
- min_green, pedestrian_walk: a green, or a walk, shorter than its group's least.
- max_green: a green longer than its group's longest, or one that never ends.
- max_red: a red longer than its group's longest.
- amber: a green that turns red without amber where the group has one, or an amber that is not as long as it must be.
- conflict: two groups of the intergreen matrix are green in the same second.
- intergreen: after a group's last green second, another has green before the pair's seconds have passed (for a crossing
  that ends these seconds are its clearance).
- transition: the change takes more than five cycles, or one that is shorter or longer than the site's cycles may be;
  or there is no way at all to the plan's offset.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from nutgiao.models.contracts.plan import SignalPlan
from nutgiao.models.contracts.site import SignalGroup, Signals
from tests.support.reference.signal_rows import (
    Greens,
    Order,
    Rows,
    pause_s,
    rows_of,
    seconds_of_cycle,
    seconds_of_rings,
    sections,
    turns,
    walk_stop_s,
)

Broken = set[tuple[str, tuple[str, ...]]]
"""Rule and the groups to blame."""

REPEATS = 4
"""Cycles that are laid out of a plan that repeats itself; every stretch is seen whole in the inner ones."""

REPEATS_AROUND = 3
"""Cycles that are laid out before a change and after it."""

MOST_TRANSITIONAL_CYCLES = 5
LAID_OUT_S = 3600
"""A cycle that is even longer is refused for that alone: nobody needs to look at an hour of lamps."""

LONGEST_STRETCH = 0.25
"""A transitional cycle takes at most a quarter more than the new plan's."""


# --- the verdict on lamps -------------------------------------------------------------------------------------------


def broken_by_rows(signals: Signals, rows: Rows) -> Broken:
    """Rules that lamps break. A stretch at either end may be longer than is seen: it is never called too short."""
    broken: Broken = set()
    for group in signals.groups:
        broken |= {(rule, (group.id,)) for rule in broken_by_group(group, rows[group.id])}
    greens = {name: [found.span() for found in re.finditer("G+", row)] for name, row in rows.items()}
    seconds = {name: {second for span in spans for second in range(*span)} for name, spans in greens.items()}
    for pair in signals.intergreens:
        one, other = pair.from_group, pair.to_group
        if seconds[one] & seconds[other]:
            broken.add(("conflict", (one, other)))
        elif any("G" in rows[other][stop : stop + pair.seconds] for _, stop in greens[one]):
            broken.add(("intergreen", (one, other)))
    return broken


def broken_by_group(group: SignalGroup, row: str) -> set[str]:
    """Rules that one group's lamps break by themselves."""
    if "G" not in row:
        return {"not_served"}
    if set(row) == {"G"}:
        return {"max_green"}
    broken = set()
    for stretch in re.finditer("G+|A+|R+", row):
        letter, seconds = stretch[0][0], len(stretch[0])
        seen_whole = stretch.start() > 0 and stretch.end() < len(row)
        if letter == "G" and seconds > group.max_green_s:
            broken.add("max_green")
        if letter == "G" and seconds < group.min_green_s and seen_whole:
            broken.add("pedestrian_walk" if group.pedestrian else "min_green")
        if letter == "R" and seconds > group.max_red_s:
            broken.add("max_red")
        if letter == "A" and seconds != group.amber_s and seen_whole:
            broken.add("amber")
    if "GR" in row and group.amber_s and not group.pedestrian:
        broken.add("amber")
    return broken


# --- the verdict on plans and changes -------------------------------------------------------------------------------


def has_shape(signals: Signals, green_s: Greens) -> bool:
    """Whether there is one green for each stage, each of a second or more."""
    return len(green_s) == len(signals.stages) and all(green >= 1 for green in green_s)


def broken_by_form(signals: Signals, green_s: Greens, order: Order) -> Broken:
    """What makes it impossible to lay out a cycle as it is meant."""
    broken: Broken = set()
    if not has_shape(signals, green_s):
        broken.add(("shape", ()))
    if not may_run_in(signals, order):
        broken.add(("order", ()))
    if broken:
        return broken
    for section, seconds in zip(sections(signals, order), seconds_of_rings(signals, green_s, order), strict=True):
        for ring, length in zip(section, seconds, strict=True):
            if length != max(seconds):
                broken.add(("barrier", signals.stages[ring[-1]].groups))
    return broken


def may_run_in(signals: Signals, order: Order) -> bool:
    """Whether the site lets its stages run in an order."""
    names = [stage.id for stage in signals.stages]
    if len(order) == 0 or [*order] == [*range(len(names))]:
        return True
    if not signals.limits.free_order or len(order) != len(names) or {*order} != {*range(len(names))}:
        return False
    for place, stage in enumerate(order):
        for ring in signals.rings:
            for section in ring.sections:
                if (names[place] in section) != (names[stage] in section):
                    return False
    return order[0] == 0


def broken_by_plan(signals: Signals, plan: SignalPlan, running: SignalPlan | None = None) -> Broken:
    """Rules that a plan breaks; who made it, when and for whom is another matter."""
    broken = broken_by_form(signals, plan.green_s, plan.order)
    if broken:
        return broken
    cycle = seconds_of_cycle(signals, plan.green_s, plan.order)
    if plan.cycle_s != cycle or outside_limits(signals, cycle):
        broken.add(("cycle", ()))
    if plan.offset_s < 0 or plan.offset_s >= plan.cycle_s:
        broken.add(("offset", ()))
    if running is not None:
        broken |= broken_by_step(signals, plan, running)
    if cycle > LAID_OUT_S:
        return broken
    return broken | broken_by_rows(signals, rows_of(signals, [plan.green_s] * REPEATS, [plan.order] * REPEATS))


def outside_limits(signals: Signals, cycle_s: int) -> bool:
    """Whether a cycle is shorter or longer than the site allows."""
    return cycle_s < signals.limits.cycle_min_s or cycle_s > signals.limits.cycle_max_s


def broken_by_step(signals: Signals, plan: SignalPlan, running: SignalPlan) -> Broken:
    """Whether a plan goes too far at once."""
    limits = signals.limits
    if len(running.green_s) != len(plan.green_s):
        return {("rate_of_change", ())}
    broken: Broken = set()
    if max(plan.cycle_s, running.cycle_s) > min(plan.cycle_s, running.cycle_s) + limits.max_cycle_change_s:
        broken.add(("rate_of_change", ()))
    for stage, old, new in zip(signals.stages, running.green_s, plan.green_s, strict=True):
        if max(old, new) > min(old, new) + limits.max_green_change_s:
            broken.add(("rate_of_change", stage.groups))
    return broken


def broken_by_change(
    signals: Signals,
    before: Greens,
    between: Sequence[Greens],
    after: Greens,
    order_before: Order = (),
    order: Order = (),
) -> Broken:
    """Rules that a change breaks, given its transitional cycles; the plans before and after it are safe themselves."""
    broken = broken_by_form(signals, before, order_before)
    for green_s in (*between, after):
        broken |= broken_by_form(signals, green_s, order)
    if broken:
        return broken
    if len(between) > MOST_TRANSITIONAL_CYCLES:
        broken.add(("transition", ()))
    if any(outside_limits(signals, seconds_of_cycle(signals, green_s, order)) for green_s in between):
        broken.add(("transition", ()))
    seconds = [seconds_of_cycle(signals, green_s, order) for green_s in (*between, after)]
    if max(seconds) > LAID_OUT_S or seconds_of_cycle(signals, before, order_before) > LAID_OUT_S:
        return broken
    shown = [*between[:MOST_TRANSITIONAL_CYCLES], *[after] * REPEATS_AROUND]
    left, joined = rows_of(signals, [before], [order_before]), rows_of(signals, shown, [order] * len(shown))
    return broken | broken_by_rows(signals, {name: row * REPEATS_AROUND + joined[name] for name, row in left.items()})


def end_of_cycle_s(plan: SignalPlan, now_s: int) -> int:
    """The first second of the master clock, now or later, at which a plan that runs at its offset ends a cycle."""
    return next(second for second in range(now_s, now_s + plan.cycle_s) if second % plan.cycle_s == plan.offset_s)


def can_be_reached(signals: Signals, boundary_s: int, after: SignalPlan) -> bool:
    """Whether up to five cycles, each within its bounds, can bring the new plan's first green to its offset."""
    shorter, longer = least_cycle_s(signals, after), most_cycle_s(signals, after)
    for count in range(MOST_TRANSITIONAL_CYCLES + 1):
        for together in range(count * shorter, count * longer + 1):
            if (boundary_s + together) % after.cycle_s == after.offset_s:
                return True
    return False


def most_cycle_s(signals: Signals, after: SignalPlan) -> int:
    """The longest transitional cycle."""
    return max(after.cycle_s, min(int(after.cycle_s * (1 + LONGEST_STRETCH)), signals.limits.cycle_max_s))


def least_cycle_s(signals: Signals, after: SignalPlan) -> int:
    """The shortest transitional cycle: each stage as short as the groups that have green in it alone can bear.

    Between two barriers all rings become shorter together, so the one that can spare least decides.
    """
    least = least_greens_s(signals, after)
    parts = sections(signals, after.order)
    spared = sum(min(sum(after.green_s[k] - least[k] for k in ring) for ring in section) for section in parts)
    return min(after.cycle_s, max(after.cycle_s - spared, signals.limits.cycle_min_s))


def starved(signals: Signals, after: SignalPlan, between: Sequence[Greens]) -> bool:
    """Whether a transitional cycle takes more from a stage than it can spare."""
    least = least_greens_s(signals, after)
    return any(green < least[k] for green_s in between for k, green in enumerate(green_s))


def least_greens_s(signals: Signals, after: SignalPlan) -> dict[int, int]:
    """Stage → the shortest green in a transitional cycle."""
    parts = sections(signals, after.order)
    return {
        k: shortest_green_s(signals, k, after.green_s[k], now, then)
        for section, following in zip(parts, [*parts[1:], parts[0]], strict=True)
        for ring in section
        for k, now, then in turns(signals, ring, section, following)
    }


def shortest_green_s(signals: Signals, index: int, green_s: int, now: Sequence[str], then: Sequence[str]) -> int:
    """The shortest green of a stage in which every group that has no other stage is green for its least seconds."""
    elsewhere = {name for k, stage in enumerate(signals.stages) if k != index for name in stage.groups}
    own = signals.stages[index].groups
    alone = [group for group in signals.groups if group.id in own and group.id not in elsewhere]
    pause = pause_s(signals, now, then)
    for green in range(1, green_s):
        stops = [walk_stop_s(signals, group, now, then, green, pause) if group.pedestrian else green for group in alone]
        if all(stop >= group.min_green_s for group, stop in zip(alone, stops, strict=True)):
            return green
    return green_s
