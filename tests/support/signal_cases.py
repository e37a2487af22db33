"""Sites, plans, changes and lamps to judge, good and bad, drawn near every limit: for Hypothesis and for long counts.

Everything is drawn through one function, `Pick`, that gives a whole number between two bounds: Hypothesis shrinks it, a
seeded generator makes a hundred thousand in a row. A site is built around a plan: its limits are set to what the plan's
lamps show, or a little off, so that a second more or less decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import combinations
from typing import TypeVar

import msgspec

from nutgiao.models.contracts.plan import SignalPlan
from nutgiao.models.contracts.site import Intergreen, Limits, SignalGroup, Signals, Stage, TimedPlan
from tests.support.reference.signal_oracle import rows_of, seconds_of_cycle

Pick = Callable[[int, int], int]
"""Gives a whole number from the first to the last, both included."""

Greens = tuple[int, ...]
T = TypeVar("T")

NODE, HASH, NOW_S = "x1", "0123456789abcdef", 1_795_496_400


def one_of(pick: Pick, values: Sequence[T]) -> T:
    """One of several values."""
    return values[pick(0, len(values) - 1)]


def in_hundred(pick: Pick, times: int) -> bool:
    """True so many times in a hundred; the simplest case is False."""
    return pick(0, 99) >= 100 - times


# --- sites ----------------------------------------------------------------------------------------------------------


def site_around_a_plan(pick: Pick) -> tuple[Signals, Greens]:
    """A signal side: two to six vehicle groups, up to four crossings, two to five stages; greens near its limits."""
    vehicles = [f"v{k}" for k in range(pick(2, 6))]
    crossings = [f"p{k}" for k in range(pick(0, 4))]
    stages = _stages(pick, vehicles + crossings)
    groups = [
        *(SignalGroup(id=name, min_green_s=1, amber_s=one_of(pick, (3, 3, 3, 4, 5, 0))) for name in vehicles),
        *(SignalGroup(id=name, min_green_s=1, amber_s=0, pedestrian=True) for name in crossings),
    ]
    pairs = _pairs(pick, stages, vehicles, crossings)
    table = (TimedPlan(id="day", start="00:00", offset_s=0, green_s=(20,) * len(stages)),)
    loose = Signals(groups=tuple(groups), stages=tuple(stages), intergreens=tuple(pairs), time_of_day=table)
    greens = tuple(pick(4, 40) + (pick(0, 12) if crossings else 0) for _ in stages)
    loose = _tighten_a_pair(pick, loose, greens)
    rows = rows_of(loose, [greens] * 3)
    cycle = seconds_of_cycle(loose, greens)
    tight = one_of(pick, (0, 0, 3, 10, 40))
    limits = Limits(
        cycle_min_s=max(0, cycle - _slack(pick, tight + 10, (5, 20, 40))),
        cycle_max_s=min(600, cycle + _slack(pick, tight + 10, (20, 60, 100))),
        max_green_change_s=one_of(pick, (0, 1, 8, 30, 60)),
        max_cycle_change_s=one_of(pick, (0, 1, 8, 30, 60)),
    )
    fitted = tuple(_fit(pick, tight, group, rows[group.id]) for group in groups)
    return msgspec.structs.replace(loose, groups=fitted, limits=limits), greens


def _stages(pick: Pick, names: list[str]) -> list[Stage]:
    count = pick(2, 5)
    members: list[list[str]] = [[] for _ in range(count)]
    for name in names:
        first = pick(0, count - 1)
        length = min(one_of(pick, (1, 1, 1, 1, 2, 2, 3)), count - 1)
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


def _pairs(pick: Pick, stages: list[Stage], vehicles: list[str], crossings: list[str]) -> list[Intergreen]:
    pairs: list[Intergreen] = []
    for one, other in combinations(vehicles + crossings, 2):
        together = any(one in stage.groups and other in stage.groups for stage in stages)
        foes = pick(0, 299) == 299 if together else in_hundred(pick, 65)  # hardly ever inside a stage
        if one in crossings or not foes:
            continue
        for start, end in ((one, other), (other, one)):
            longest = 20 if start in crossings else 9
            if not in_hundred(pick, 2):  # hardly ever: told in one direction only
                pairs.append(Intergreen(from_group=start, to_group=end, seconds=pick(0, longest)))
    return pairs


def _tighten_a_pair(pick: Pick, signals: Signals, greens: Greens) -> Signals:
    """Moves one intergreen to what the lamps leave, or a second to either side of it."""
    if not signals.intergreens or in_hundred(pick, 40):
        return signals
    index = pick(0, len(signals.intergreens) - 1)
    pair = signals.intergreens[index]
    rows = rows_of(signals, [greens] * 3)
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


# --- plans ----------------------------------------------------------------------------------------------------------


def plan_of(signals: Signals, greens: Greens, offset_s: int, cycle_off_s: int = 0) -> SignalPlan:
    """A plan that node and time have nothing against."""
    cycle = seconds_of_cycle(signals, greens) if len(greens) == len(signals.stages) else sum(greens)
    return SignalPlan(
        id="c1",
        node=NODE,
        site_hash=HASH,
        revision=1,
        cycle_s=cycle + cycle_off_s,
        offset_s=offset_s,
        green_s=greens,
        valid_from_s=NOW_S,
        expires_s=NOW_S + 900.0,
    )


def near(pick: Pick, greens: Greens) -> Greens:
    """Greens beside given ones."""
    changed = list(greens)
    k = pick(0, len(changed) - 1)
    kind = pick(0, 9)
    if kind in (1, 2, 3):
        changed[k] += one_of(pick, (1, -1, 2, -2))
    elif kind in (4, 5):
        moved, other = pick(-8, 8), pick(0, len(changed) - 1)
        changed[k], changed[other] = changed[k] + moved, changed[other] - moved
    elif kind == 6:
        changed = [green + pick(-2, 2) for green in changed]
    elif kind == 7:
        changed[k] += one_of(pick, (5, -5, 8, 9, 30, 31, 60))
    elif kind == 8:
        changed = [pick(1, 60) for _ in changed]
    return tuple(changed)


def odd(pick: Pick, greens: Greens) -> Greens:
    """Greens that no centre would send."""
    k = pick(0, len(greens) - 1)
    return one_of(
        pick,
        (
            (*greens[:k], 0, *greens[k + 1 :]),
            (*greens[:k], -one_of(pick, (1, 5, 50)), *greens[k + 1 :]),
            (*greens[:k], one_of(pick, (600, 3600, 10**9)), *greens[k + 1 :]),
            greens[:-1],
            (*greens, 10),
            (),
            (0,) * len(greens),
            (1,) * len(greens),
        ),
    )


def a_plan(pick: Pick, signals: Signals, greens: Greens) -> SignalPlan:
    """A plan beside given greens, with offsets at the wrap and now and then a cycle that is not the sum."""
    chosen = odd(pick, greens) if in_hundred(pick, 4) else near(pick, greens)
    cycle = plan_of(signals, chosen, 0).cycle_s
    edges = (cycle - 1, 0, 1, cycle // 2)
    offset = one_of(pick, (cycle, -1, cycle + 1)) if in_hundred(pick, 4) else one_of(pick, edges)
    return plan_of(signals, chosen, offset, one_of(pick, (1, -1, 10)) if in_hundred(pick, 3) else 0)


# --- changes --------------------------------------------------------------------------------------------------------


def spoiled(pick: Pick, signals: Signals, between: tuple[Greens, ...], after: Greens) -> tuple[Greens, ...]:
    """Transitional cycles that somebody meddled with, or none at all, or somebody else's."""
    cycles = [*between] or [after]
    k = pick(0, len(cycles) - 1)
    kind = pick(0, 8)
    if kind == 0:
        return ()
    if kind >= 7:  # as short or as long as a cycle may be, and a second beyond
        low, high = signals.limits.cycle_min_s, signals.limits.cycle_max_s
        more = one_of(pick, (low, low - 1, high, high + 1)) - seconds_of_cycle(signals, after)
        j = pick(0, len(after) - 1)
        cycles[k] = (*after[:j], after[j] + more, *after[j + 1 :])
    elif kind in (1, 2):
        cycles[k] = near(pick, cycles[k])
    elif kind == 3:
        cycles[k] = odd(pick, cycles[k])
    elif kind == 4:
        cycles = [after] * pick(4, 7)
    elif kind == 5:
        cycles[k] = tuple(max(1, green // pick(2, 6)) for green in cycles[k])
    elif kind == 6:
        cycles[k] = tuple(green * 2 for green in cycles[k])
    return tuple(cycles)


# --- lamps ----------------------------------------------------------------------------------------------------------


def painted(pick: Pick, signals: Signals, greens: Greens) -> dict[str, str]:
    """Lamps of three cycles with up to four false strokes: a lamp a second too long, cut, or out of nowhere."""
    rows = rows_of(signals, [greens] * 3)
    for _ in range(pick(1, 4)):
        name = signals.groups[pick(0, len(signals.groups) - 1)].id
        row = rows[name]
        edges = [found.start() + 1 for found in re.finditer("GA|AR|RG|GR", row)] or [0]
        start = max(0, one_of(pick, edges) + pick(-3, 2)) if in_hundred(pick, 70) else pick(0, len(row) - 1)
        letter, length = one_of(pick, "GAR"), min(one_of(pick, (1, 1, 2, 3, 5, 15)), len(row) - start)
        rows[name] = row[:start] + letter * length + row[start + length :]
    return rows
