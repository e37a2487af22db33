"""How to get from the cycle that runs to a plan's offset within few, bounded, cycles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from nutgiao.models.contracts.rings import places_of, sections_of, walk_cut_s
from nutgiao.models.contracts.site import Signals

MAX_CYCLES = 5
STRETCH = 0.25
"""A transitional cycle is at most a quarter longer than the new one: drivers wait, but not for ever."""


def shortest_greens(signals: Signals, order: Sequence[int] = ()) -> tuple[int, ...]:
    """The least green of each stage that serves its groups: min green, or walk with its clearance.

    Args:
        signals: signal side of the site.
        order: stages in the order of running; empty for the site's own.
    """
    least = [1] * len(signals.stages)
    served = Counter(group for stage in signals.stages for group in set(stage.groups))
    for place in (place for section in places_of(signals, order) for ring in section for place in ring):
        for group in signals.groups:
            if group.id not in signals.stages[place.stage].groups or served[group.id] > 1:
                continue  # a group with green in several stages is judged by the lamps themselves
            cut = walk_cut_s(signals, place.now, place.then, group.id) if group.pedestrian else 0
            least[place.stage] = max(least[place.stage], group.min_green_s + cut)
    return tuple(least)


def longest_greens(signals: Signals) -> tuple[int, ...]:
    """The longest green of each stage that none of its groups forbids."""
    limit = {group.id: group.max_green_s for group in signals.groups}
    return tuple(min(limit[group] for group in stage.groups) for stage in signals.stages)


def transition(
    signals: Signals,
    boundary_s: int,
    cycle_s: int,
    offset_s: int,
    green_s: tuple[int, ...],
    order: tuple[int, ...] = (),
) -> tuple[tuple[int, ...], ...] | None:
    """Transitional cycles that bring the reference green to its offset.

    They run in the new plan's order, and in each section all rings are stretched or shortened alike. Either every cycle
    is stretched or every cycle is shortened, whichever needs fewer cycles, then fewer seconds.

    Args:
        signals: signal side of the site.
        boundary_s: when the running cycle ends: the first cycle of the result starts then. Master-clock seconds.
        cycle_s: cycle of the new plan.
        offset_s: offset of the new plan.
        green_s: greens of the new plan.
        order: order of its stages; empty for the site's own.

    Returns:
        Greens of each transitional cycle, empty if the offset fits already, None if it cannot be reached within
        `MAX_CYCLES` cycles inside the limits.
    """
    late = (offset_s - boundary_s) % cycle_s
    if late == 0:
        return ()
    spare = [green - low for green, low in zip(green_s, shortest_greens(signals, order), strict=True)]
    sections = sections_of(signals, order)
    longest = max(0, min(int(cycle_s * STRETCH), signals.limits.cycle_max_s - cycle_s))
    slack = min(sum(_of_sections(sections, spare)), cycle_s - signals.limits.cycle_min_s)
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
    parts = (_spread(sections, green_s if sign > 0 else spare, share) for share in shares)
    return tuple(tuple(g + sign * more for g, more in zip(green_s, part, strict=True)) for part in parts)


def _of_sections(sections: list[list[tuple[int, ...]]], weights: Sequence[int]) -> list[int]:
    """What the weights of each section's stages allow: the least of its rings."""
    return [min(sum(weights[stage] for stage in ring) for ring in section) for section in sections]


def _spread(sections: list[list[tuple[int, ...]]], weights: Sequence[int], seconds: int) -> list[int]:
    """Spreads seconds over the sections, and in each over the stages of every ring.

    Weights are the greens when a cycle becomes longer, what they can spare when it becomes shorter.
    """
    parts = [0] * len(weights)
    for section, share in zip(sections, _shares(seconds, _of_sections(sections, weights)), strict=True):
        for ring in section:
            for stage, part in zip(ring, _shares(share, [weights[stage] for stage in ring]), strict=True):
                parts[stage] = part
    return parts


def _shares(seconds: int, weights: Sequence[int]) -> list[int]:
    """Whole seconds in proportion to the weights; those left over go to the largest remainders."""
    total = max(1, sum(weights))
    parts = [seconds * weight // total for weight in weights]
    first = sorted(range(len(weights)), key=lambda k: (-(seconds * weights[k] % total), k))
    for k in first[: seconds - sum(parts)]:
        parts[k] += 1
    return parts
