"""How to get from the cycle that runs to a plan's offset within few, bounded, cycles."""

from __future__ import annotations

from nutgiao.models.contracts.plan import walk_cut_s
from nutgiao.models.contracts.site import Signals

MAX_CYCLES = 5
STRETCH = 0.25
"""A transitional cycle is at most a quarter longer than the new one: drivers wait, but not for ever."""


def shortest_greens(signals: Signals) -> tuple[int, ...]:
    """The least green of each stage that serves its groups: min green, or walk with its clearance."""
    count = len(signals.stages)
    least = []
    for k, stage in enumerate(signals.stages):
        after = (k + 1) % count
        needs = [1]
        for group in signals.groups:
            others = [i for i, other in enumerate(signals.stages) if i != k and group.id in other.groups]
            if group.id not in stage.groups or others:
                continue  # a group with green in several stages is judged by the lamps themselves
            cut = walk_cut_s(signals, k, after, group.id) if group.pedestrian else 0
            needs.append(group.min_green_s + cut)
        least.append(max(needs))
    return tuple(least)


def longest_greens(signals: Signals) -> tuple[int, ...]:
    """The longest green of each stage that none of its groups forbids."""
    limit = {group.id: group.max_green_s for group in signals.groups}
    return tuple(min(limit[group] for group in stage.groups) for stage in signals.stages)


def transition(
    signals: Signals, boundary_s: int, cycle_s: int, offset_s: int, green_s: tuple[int, ...]
) -> tuple[tuple[int, ...], ...] | None:
    """Transitional cycles that bring the reference green to its offset.

    Either every cycle is stretched or every cycle is shortened, whichever needs fewer cycles, then fewer seconds.

    Args:
        signals: signal side of the site.
        boundary_s: when the running cycle ends: the first cycle of the result starts then. Master-clock seconds.
        cycle_s: cycle of the new plan.
        offset_s: offset of the new plan.
        green_s: greens of the new plan.

    Returns:
        Greens of each transitional cycle, empty if the offset fits already, None if it cannot be reached within
        `MAX_CYCLES` cycles inside the limits.
    """
    late = (offset_s - boundary_s) % cycle_s
    if late == 0:
        return ()
    least = shortest_greens(signals)
    longest = _longest(signals, cycle_s, green_s)
    slack = sum(g - low for g, low in zip(green_s, least, strict=True))
    slack = min(slack, cycle_s - signals.limits.cycle_min_s)
    ways = []
    for count in range(1, MAX_CYCLES + 1):
        if late <= count * longest:
            ways.append((count, late, 1))
        if slack > 0 and cycle_s - late <= count * slack:
            ways.append((count, cycle_s - late, -1))
    if not ways:
        return None
    count, seconds, sign = min(ways)
    shares = [seconds // count + (1 if i < seconds % count else 0) for i in range(count)]
    return tuple(_spread(green_s, sign * share, least) for share in shares)


def _longest(signals: Signals, cycle_s: int, green_s: tuple[int, ...]) -> int:
    """Seconds that one cycle may be stretched by."""
    return max(0, min(int(cycle_s * STRETCH), signals.limits.cycle_max_s - cycle_s))


def _spread(green_s: tuple[int, ...], change: int, least: tuple[int, ...]) -> tuple[int, ...]:
    """Spreads seconds over the stages: by their green when longer, by their slack when shorter; whole seconds."""
    weights = list(green_s) if change > 0 else [g - low for g, low in zip(green_s, least, strict=True)]
    total, size = sum(weights), abs(change)
    parts = [size * weight // total for weight in weights]
    order = sorted(range(len(weights)), key=lambda k: (-(size * weights[k] % total), k))
    for k in order[: size - sum(parts)]:
        parts[k] += 1
    step = 1 if change > 0 else -1
    return tuple(g + step * part for g, part in zip(green_s, parts, strict=True))
