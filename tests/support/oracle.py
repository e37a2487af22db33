"""The plan-safety rules once more, read second by second from the words of the rule book: slow, plain, and independent.

Nothing of `nutgiao.models.contracts` but its data types is used here, so that both can only agree by being right.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from nutgiao.models.contracts.site import SignalGroup, Signals

Lamps = list[dict[str, str]]
"""A second each: group → ``R``, ``G`` or ``A``."""

Broken = set[tuple[str, tuple[str, ...]]]
"""Rule and groups."""


def shown(signals: Signals, cycles: Sequence[Sequence[int]]) -> Lamps:
    """What the lamps show when these greens run, one row of greens a cycle."""
    order = [index for _ in cycles for index in range(len(signals.stages))]
    greens = [green for cycle in cycles for green in cycle]
    lamps: Lamps = []
    for position, (index, green) in enumerate(zip(order, greens, strict=True)):
        now = signals.stages[index].groups
        then = signals.stages[order[(position + 1) % len(signals.stages)]].groups
        between = _between(signals, now, then)
        for second in range(green + between):
            lamps.append(
                {group.id: _lamp(signals, group, now, then, green, between, second) for group in signals.groups}
            )
    return lamps


def broken_rules(signals: Signals, lamps: Lamps) -> Broken:
    """Rules that lamps break, each with the groups to blame."""
    broken: Broken = set()
    for group in signals.groups:
        broken |= {(rule, (group.id,)) for rule in _of_group(group, "".join(second[group.id] for second in lamps))}
    for pair in signals.intergreens:
        one, other = pair.from_group, pair.to_group
        if any(second[one] == second[other] == "G" for second in lamps):
            broken.add(("conflict", (one, other)))
        elif any(
            second[one] == "G" and any(later[other] == "G" for later in lamps[t + 1 : t + 1 + pair.seconds])
            for t, second in enumerate(lamps)
        ):
            broken.add(("intergreen", (one, other)))
    return broken


def _lamp(
    signals: Signals,
    group: SignalGroup,
    now: Sequence[str],
    then: Sequence[str],
    green: int,
    between: int,
    second: int,
) -> str:
    if group.id not in now:
        return "R"
    if group.id in then:
        return "G"
    if group.pedestrian:
        gets_green = [name for name in then if name not in now]
        clearing = [p.seconds for p in signals.intergreens if p.from_group == group.id and p.to_group in gets_green]
        return "G" if second < green and second + max(clearing, default=0) < green + between else "R"
    return "G" if second < green else "A" if second < green + group.amber_s else "R"


def _between(signals: Signals, now: Sequence[str], then: Sequence[str]) -> int:
    """Seconds from the last green of a stage to the first of the next, crossings aside."""
    longest = 0
    for group in signals.groups:
        if group.pedestrian or group.id not in now or group.id in then:
            continue
        longest = max(longest, group.amber_s)
        for pair in signals.intergreens:
            if pair.from_group == group.id and pair.to_group in then and pair.to_group not in now:
                longest = max(longest, pair.seconds)
    return longest


def _of_group(group: SignalGroup, row: str) -> set[str]:
    if "G" not in row:
        return {"not_served"}
    if set(row) == {"G"}:
        return {"max_green"}  # it goes on without end
    broken: set[str] = set()
    at = 0
    for lamp, seconds in groupby(row):
        length = len(list(seconds))
        begin, end = at, at + length
        at = end
        seen_whole = begin > 0 and end < len(row)
        if lamp == "G":
            if seen_whole and length < group.min_green_s:
                broken.add("pedestrian_walk" if group.pedestrian else "min_green")
            if length > group.max_green_s:
                broken.add("max_green")
            if end < len(row) and not group.pedestrian and group.amber_s > 0 and row[end] != "A":
                broken.add("amber")
        if lamp == "A" and seen_whole and length != group.amber_s:
            broken.add("amber")
        if lamp == "R" and length > group.max_red_s:
            broken.add("max_red")
    return broken
