"""What the lamps of a plan show, second by second, as strings: one letter a second for each group.

It knows the data types of a site and nothing else of nutgiao. Stages are followed by their pauses; with rings, those of
one ring follow each other between two barriers, and at a barrier all of them go on together.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from nutgiao.models.contracts.site import SignalGroup, Signals

Greens = Sequence[int]
Order = Sequence[int]
"""Stages in the order of running; as part of a plan empty for the site's own."""

Rows = dict[str, str]
"""Group → one letter a second: ``G`` green or walk, ``A`` amber, ``R`` red."""


def rows_of_cycle(signals: Signals, green_s: Greens, order: Order = ()) -> Rows:
    """The lamps of one cycle: section after section, in each ring every stage's green and then its pause."""
    rows = {group.id: "" for group in signals.groups}
    parts = sections(signals, order)
    for number, section in enumerate(parts):
        following = parts[(number + 1) % len(parts)]
        for ring in section:
            shown = rows_of_ring(signals, green_s, ring, section, following)
            for name in groups_of(signals, ring):
                rows[name] += shown[name]
        longest = max(len(row) for row in rows.values())
        rows = {name: row + "R" * (longest - len(row)) for name, row in rows.items()}
    return rows


def rows_of_ring(signals: Signals, green_s: Greens, ring: Order, section: list[Order], following: list[Order]) -> Rows:
    """The lamps that one ring makes between two barriers."""
    rows = {group.id: "" for group in signals.groups}
    for index, now, then in turns(signals, ring, section, following):
        own = signals.stages[index].groups
        for group in signals.groups:
            pause = pause_s(signals, now, then)
            rows[group.id] += (
                stage_of_group(signals, group, now, then, green_s[index], pause)
                if group.id in own
                else "R" * (green_s[index] + pause)
            )
    return rows


def turns(
    signals: Signals, ring: Order, section: list[Order], following: list[Order]
) -> list[tuple[int, list[str], list[str]]]:
    """Each stage of a ring between two barriers, who is green before its pause and who is green after it."""
    found = [(one, groups_of(signals, [one]), groups_of(signals, [other])) for one, other in pairwise(ring)]
    ends, starts = [other[-1] for other in section], [other[0] for other in following]
    return [*found, (ring[-1], groups_of(signals, ends), groups_of(signals, starts))]


def groups_of(signals: Signals, stages: Order) -> list[str]:
    """The groups that are green in any of some stages."""
    return [group.id for group in signals.groups if any(group.id in signals.stages[k].groups for k in stages)]


def sections(signals: Signals, order: Order = ()) -> list[list[Order]]:
    """From barrier to barrier: the stages of each ring that serves somebody there, as they follow each other."""
    running = list(order) if order else [index for index, _ in enumerate(signals.stages)]
    if not signals.rings:
        return [[running]]
    index = {stage.id: k for k, stage in enumerate(signals.stages)}
    found: list[list[Order]] = []
    for number in range(len(signals.rings[0].sections)):
        members = [{index[name] for name in ring.sections[number]} for ring in signals.rings]
        found.append([[stage for stage in running if stage in inside] for inside in members if inside])
    return found


def rows_of(signals: Signals, cycles: Sequence[Greens], orders: Sequence[Order] | None = None) -> Rows:
    """The lamps of several cycles, one after the other, each in its order."""
    runs = [(tuple(g), tuple(o)) for g, o in zip(cycles, orders or [()] * len(cycles), strict=True)]
    laid_out = {run: rows_of_cycle(signals, *run) for run in set(runs)}
    return {group.id: "".join(laid_out[run][group.id] for run in runs) for group in signals.groups}


def seconds_of_rings(signals: Signals, green_s: Greens, order: Order = ()) -> list[list[int]]:
    """How long each ring takes from barrier to barrier."""
    parts = sections(signals, order)
    return [
        [
            sum(green_s[k] + pause_s(signals, now, then) for k, now, then in turns(signals, ring, section, following))
            for ring in section
        ]
        for section, following in zip(parts, [*parts[1:], parts[0]], strict=True)
    ]


def seconds_of_cycle(signals: Signals, green_s: Greens, order: Order = ()) -> int:
    """How long one cycle lasts; where a ring is done too early, until the last one is."""
    return sum(max(section) for section in seconds_of_rings(signals, green_s, order))


def stage_of_group(
    signals: Signals, group: SignalGroup, now: Sequence[str], then: Sequence[str], green: int, pause: int
) -> str:
    """A group's lamps during one stage's green and the pause after it."""
    if group.id not in now:
        return "R" * (green + pause)
    if group.id in then:
        return "G" * (green + pause)
    if group.pedestrian:
        walk = max(0, walk_stop_s(signals, group, now, then, green, pause))
        return "G" * walk + "R" * (green + pause - walk)
    return "G" * green + "A" * group.amber_s + "R" * (pause - group.amber_s)


def pause_s(signals: Signals, now: Sequence[str], then: Sequence[str]) -> int:
    """Seconds from one stage's green to the next one's: vehicles that stop need their amber and their intergreens."""
    pause = 0
    for group in signals.groups:
        if group.id in now and group.id not in then and not group.pedestrian:
            pause = max([pause, group.amber_s, *seconds_to(signals, group, now, then)])
    return pause


def walk_stop_s(
    signals: Signals, group: SignalGroup, now: Sequence[str], then: Sequence[str], green: int, pause: int
) -> int:
    """When walk must end: with its stage, or as early as it takes to clear before the first conflicting green."""
    conflicting_green = green + pause
    return min([green, *(conflicting_green - seconds for seconds in seconds_to(signals, group, now, then))])


def seconds_to(signals: Signals, group: SignalGroup, now: Sequence[str], then: Sequence[str]) -> list[int]:
    """The intergreens from a group to each group that is not green now and is green then."""
    return [
        pair.seconds
        for pair in signals.intergreens
        if pair.from_group == group.id and pair.to_group in then and pair.to_group not in now
    ]
