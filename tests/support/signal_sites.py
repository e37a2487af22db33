"""Signal sides to judge plans on: stages one after the other or in rings, with limits close to what a plan shows."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import combinations, permutations
from typing import TypeVar

import msgspec

from nutgiao.models.contracts.site import Intergreen, Limits, Ring, SignalGroup, Signals, Stage, TimedPlan
from tests.support.reference.signal_rows import rows_of, seconds_of_cycle, seconds_of_rings, sections

Pick = Callable[[int, int], int]
"""Gives a whole number from the first to the last, both included."""

Greens = tuple[int, ...]
Order = tuple[int, ...]
T = TypeVar("T")


def one_of(pick: Pick, values: Sequence[T]) -> T:
    """One of several values."""
    return values[pick(0, len(values) - 1)]


def in_hundred(pick: Pick, times: int) -> bool:
    """True so many times in a hundred; the simplest case is False."""
    return pick(0, 99) >= 100 - times


def site_around_a_plan(pick: Pick) -> tuple[Signals, Greens, Order]:
    """A signal side near whose limits a plan runs: stages one after the other or in rings; its greens and its order."""
    rings = a_few_rings(pick) if in_hundred(pick, 40) else ()
    if rings:
        stages, vehicles, crossings = stages_in_rings(pick, rings)
    else:
        vehicles, crossings = [f"v{k}" for k in range(pick(2, 6))], [f"p{k}" for k in range(pick(0, 4))]
        stages = _stages(pick, vehicles + crossings, pick(2, 5))
    groups = [
        *(SignalGroup(id=name, min_green_s=1, amber_s=one_of(pick, (3, 3, 3, 4, 5, 0))) for name in vehicles),
        *(SignalGroup(id=name, min_green_s=1, amber_s=0, pedestrian=True) for name in crossings),
    ]
    pairs = _pairs(pick, stages, rings, vehicles, crossings)
    table = (TimedPlan(id="day", start="00:00", offset_s=0, green_s=(20,) * len(stages)),)
    free = Limits(free_order=in_hundred(pick, 75))
    loose = Signals(
        groups=tuple(groups),
        stages=tuple(stages),
        intergreens=tuple(pairs),
        limits=free,
        time_of_day=table,
        rings=rings,
    )
    order = an_order(pick, loose) if free.free_order and in_hundred(pick, 50) else ()
    greens = tuple(pick(4, 40) + (pick(0, 12) if crossings else 0) for _ in stages)
    loose = _tighten_a_pair(pick, loose, evened(loose, greens, order), order)
    greens = evened(loose, greens, order)
    rows = rows_of(loose, [greens] * 3, [order] * 3)
    cycle = seconds_of_cycle(loose, greens, order)
    tight = one_of(pick, (0, 0, 3, 10, 40))
    limits = Limits(
        cycle_min_s=max(0, cycle - _slack(pick, tight + 10, (5, 20, 40))),
        cycle_max_s=min(600, cycle + _slack(pick, tight + 10, (20, 60, 100))),
        max_green_change_s=one_of(pick, (0, 1, 8, 30, 60)),
        max_cycle_change_s=one_of(pick, (0, 1, 8, 30, 60)),
        free_order=free.free_order,
    )
    fitted = tuple(_fit(pick, tight, group, rows[group.id]) for group in groups)
    return msgspec.structs.replace(loose, groups=fitted, limits=limits), greens, order


def a_few_rings(pick: Pick) -> tuple[Ring, ...]:
    """One to three rings of one to three sections; now and then one that has nothing to serve between two barriers."""
    count, sections, stages = one_of(pick, (2, 2, 2, 2, 1, 3)), one_of(pick, (2, 2, 1, 3)), 0
    rings = []
    for r in range(count):
        parts = []
        for _ in range(sections):
            size = 0 if r > 0 and in_hundred(pick, 10) else one_of(pick, (2, 1, 2, 3))
            parts.append(tuple(f"s{stages + i}" for i in range(size)))
            stages += size
        rings.append(Ring(id=f"r{r}", sections=tuple(parts)))
    return tuple(rings)


def stages_in_rings(pick: Pick, rings: Sequence[Ring]) -> tuple[list[Stage], list[str], list[str]]:
    """Stages, vehicle groups and crossings of rings; every group belongs to one of them."""
    stages: list[Stage] = []
    vehicles: list[str] = []
    crossings: list[str] = []
    for r, ring in enumerate(rings):
        count = sum(map(len, ring.sections))
        cars, walks = [f"v{r}{k}" for k in range(pick(1, count + 1))], [f"p{r}{k}" for k in range(pick(0, 2))]
        if count:
            vehicles, crossings = vehicles + cars, crossings + walks
            stages += _stages(pick, cars + walks, count)
    return [Stage(id=f"s{k}", groups=stage.groups) for k, stage in enumerate(stages)], vehicles, crossings


def _stages(pick: Pick, names: list[str], count: int) -> list[Stage]:
    members: list[list[str]] = [[] for _ in range(count)]
    for name in names:
        first = pick(0, count - 1)
        length = min(one_of(pick, (1, 1, 1, 1, 2, 2, 3)), max(1, count - 1))
        rare = pick(0, 299)
        if rare >= 298:
            length = count if rare == 298 else 0  # green in every stage: it never ends; or in none
        for k in range(length):
            stage = members[(first + k) % count]
            if name not in stage:
                stage.append(name)
    for stage in members:
        if not stage:
            stage.append(one_of(pick, names))
    return [Stage(id=f"s{k}", groups=tuple(stage)) for k, stage in enumerate(members)]


def _pairs(
    pick: Pick, stages: list[Stage], rings: Sequence[Ring], vehicles: list[str], crossings: list[str]
) -> list[Intergreen]:
    groups = {stage.id: set(stage.groups) for stage in stages}
    parts = [[set().union(*map(groups.get, part)) for part in ring.sections] for ring in rings]  # type: ignore[arg-type]
    pairs: list[Intergreen] = []
    for one, other in combinations(vehicles + crossings, 2):
        together = any({one, other} <= inside for inside in groups.values())
        for left, right in permutations(parts, 2):
            together |= any(one in a and other in b for a, b in zip(left, right, strict=True))
        foes = pick(0, 299) == 299 if together else in_hundred(pick, 65)  # hardly ever where both may have green
        if one in crossings or not foes:
            continue
        for start, end in ((one, other), (other, one)):
            longest = 20 if start in crossings else 9
            if not in_hundred(pick, 2):  # hardly ever: told in one direction only
                pairs.append(Intergreen(from_group=start, to_group=end, seconds=pick(0, longest)))
    return pairs


def _tighten_a_pair(pick: Pick, signals: Signals, greens: Greens, order: Order) -> Signals:
    """Moves one intergreen to what the lamps leave, or a second to either side of it."""
    if not signals.intergreens or in_hundred(pick, 40):
        return signals
    index = pick(0, len(signals.intergreens) - 1)
    pair = signals.intergreens[index]
    rows = rows_of(signals, [greens] * 3, [order] * 3)
    stop = re.search("G[AR]", rows[pair.from_group])
    start = rows[pair.to_group].find("G", stop.end() - 1) if stop else -1
    if stop is None or start < 0:
        return signals
    seconds = max(0, start - stop.end() + 1 + one_of(pick, (0, 0, 1, -1)))
    changed = msgspec.structs.replace(pair, seconds=min(600, seconds))
    pairs = (*signals.intergreens[:index], changed, *signals.intergreens[index + 1 :])
    return msgspec.structs.replace(signals, intergreens=pairs)


def _fit(pick: Pick, tight: int, group: SignalGroup, row: str) -> SignalGroup:
    """A group's limits around what it shows."""
    greens = [len(run) for run in re.findall("(?<=[AR])G+(?=[AR])", row)] or [10]
    reds = [len(run) for run in re.findall("(?<=[GA])R+(?=G)", row)] or [60]
    return msgspec.structs.replace(
        group,
        min_green_s=max(1, min(greens) - _slack(pick, tight, (3, 8, 20))),
        max_green_s=min(600, max(greens) + _slack(pick, tight, (10, 40, 100))),
        max_red_s=min(600, max(reds) + _slack(pick, tight, (30, 60, 150))),
    )


def _slack(pick: Pick, tight: int, loose: Sequence[int]) -> int:
    """How far a limit is from what is shown: `tight` times in a hundred nothing or a second, now and then one less."""
    if in_hundred(pick, tight):
        return one_of(pick, (0, 0, 0, 0, 1, 1, 1, -1))
    return one_of(pick, loose)


def an_order(pick: Pick, signals: Signals) -> Order:
    """An order that a site with free order allows."""
    order = list(range(len(signals.stages)))
    first = 0
    for size in [len(part) for ring in signals.rings for part in ring.sections] or [len(order)]:
        for k in range(first + size - 1, max(first, 1), -1):
            other = pick(max(first, 1), k)  # stage 0 stays where it is
            order[k], order[other] = order[other], order[k]
        first += size
    return tuple(order)


def evened(signals: Signals, greens: Greens, order: Order = ()) -> Greens:
    """Greens with which all rings come to each barrier together: the last stage of a ring that is early gets more."""
    changed = list(greens)
    for section, seconds in zip(sections(signals, order), seconds_of_rings(signals, greens, order), strict=True):
        for ring, length in zip(section, seconds, strict=True):
            changed[ring[-1]] += max(seconds) - length
    return tuple(changed)
