"""Plans, changes and lamps to judge, good and bad, drawn near every limit: for Hypothesis and for long counts.

Everything is drawn through one function, `Pick`, that gives a whole number between two bounds: Hypothesis shrinks it, a
seeded generator makes a hundred thousand in a row. A site is built around a plan (`signal_sites`): its limits are set
to what the plan's lamps show, or a little off, so that a second more or less decides.
"""

from __future__ import annotations

import re

from nutgiao.models.contracts.plan import SignalPlan
from nutgiao.models.contracts.site import Signals
from tests.support.reference.signal_oracle import may_run_in
from tests.support.reference.signal_rows import rows_of, seconds_of_cycle, sections
from tests.support.signal_sites import Greens, Order, Pick, an_order, evened, in_hundred, one_of

NODE, HASH, NOW_S = "x1", "0123456789abcdef", 1_795_496_400


# --- plans ----------------------------------------------------------------------------------------------------------


def plan_of(signals: Signals, greens: Greens, offset_s: int, cycle_off_s: int = 0, order: Order = ()) -> SignalPlan:
    """A plan that node and time have nothing against."""
    drawable = len(greens) == len(signals.stages) and may_run_in(signals, order)
    cycle = seconds_of_cycle(signals, greens, order) if drawable else sum(greens)
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
        order=order,
    )


def odd_order(pick: Pick, signals: Signals) -> Order:
    """An order that few sites allow."""
    own = tuple(range(len(signals.stages)))
    k, other = pick(0, len(own) - 1), pick(0, len(own) - 1)
    swapped = tuple({k: other, other: k}.get(stage, stage) for stage in own)
    wrong = ((*own[k:], *own[:k]), own[::-1], own[:-1], (*own, 0), (0,) * len(own), (*own[:-1], -1))
    return swapped if in_hundred(pick, 40) else one_of(pick, wrong)


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


def a_plan(pick: Pick, signals: Signals, greens: Greens, order: Order = ()) -> SignalPlan:
    """A plan beside given greens, with offsets at the wrap and now and then a cycle that is not the sum."""
    if in_hundred(pick, 30):
        order = an_order(pick, signals) if in_hundred(pick, 75) else odd_order(pick, signals)
    elif in_hundred(pick, 15):
        order = ()
    chosen = odd(pick, greens) if in_hundred(pick, 4) else near(pick, greens)
    if signals.rings and len(chosen) == len(greens) and may_run_in(signals, order) and not in_hundred(pick, 20):
        chosen = evened(signals, chosen, order)
    cycle = plan_of(signals, chosen, 0, order=order).cycle_s
    edges = (cycle - 1, 0, 1, cycle // 2)
    offset = one_of(pick, (cycle, -1, cycle + 1)) if in_hundred(pick, 4) else one_of(pick, edges)
    return plan_of(signals, chosen, offset, one_of(pick, (1, -1, 10)) if in_hundred(pick, 3) else 0, order)


# --- changes --------------------------------------------------------------------------------------------------------


def spoiled(
    pick: Pick, signals: Signals, between: tuple[Greens, ...], after: Greens, order: Order = ()
) -> tuple[Greens, ...]:
    """Transitional cycles that somebody meddled with, or none at all, or somebody else's."""
    cycles = [*between] or [after]
    k = pick(0, len(cycles) - 1)
    kind = pick(0, 8)
    if kind == 0:
        return ()
    if kind >= 7:  # as short or as long as a cycle may be, and a second beyond
        low, high = signals.limits.cycle_min_s, signals.limits.cycle_max_s
        more = one_of(pick, (low, low - 1, high, high + 1)) - seconds_of_cycle(signals, after, order)
        longer = list(after)
        for ring in one_of(pick, sections(signals, order)):
            longer[one_of(pick, ring)] += more
        cycles[k] = tuple(longer)
    elif kind in (1, 2):
        cycles[k] = near(pick, cycles[k])
    elif kind == 3:
        cycles[k] = odd(pick, cycles[k])
    elif kind == 4:
        cycles = [after] * pick(4, 7)
        k = 0
    elif kind == 5:
        cycles[k] = tuple(max(1, green // pick(2, 6)) for green in cycles[k])
    elif kind == 6:
        cycles[k] = tuple(green * 2 for green in cycles[k])
    if signals.rings and len(cycles[k]) == len(after) and not in_hundred(pick, 15):
        cycles[k] = evened(signals, cycles[k], order)
    return tuple(cycles)


# --- lamps ----------------------------------------------------------------------------------------------------------


def painted(pick: Pick, signals: Signals, greens: Greens, order: Order = ()) -> dict[str, str]:
    """Lamps of three cycles with up to four false strokes: a lamp a second too long, cut, or out of nowhere."""
    rows = rows_of(signals, [greens] * 3, [order] * 3)
    for _ in range(pick(1, 4)):
        name = signals.groups[pick(0, len(signals.groups) - 1)].id
        row = rows[name]
        edges = [found.start() + 1 for found in re.finditer("GA|AR|RG|GR", row)] or [0]
        start = max(0, one_of(pick, edges) + pick(-3, 2)) if in_hundred(pick, 70) else pick(0, len(row) - 1)
        letter, length = one_of(pick, "GAR"), min(one_of(pick, (1, 1, 2, 3, 5, 15)), len(row) - start)
        rows[name] = row[:start] + letter * length + row[start + length :]
    return rows
