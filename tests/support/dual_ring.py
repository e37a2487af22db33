"""A crossroads with the eight phases of a North American dual ring, crossings beside the through movements."""

from __future__ import annotations

from itertools import combinations

from nutgiao.models.contracts.site import (
    Approach,
    Intergreen,
    Lane,
    Limits,
    Name,
    Ring,
    SignalGroup,
    Signals,
    Site,
    Stage,
    TimedPlan,
)
from nutgiao.models.contracts.words import Turn

GREENS = (12, 28, 10, 22, 16, 24, 12, 20)
"""Main road 12 + 5 + 28 and 16 + 5 + 24, side road 10 + 5 + 22 and 12 + 5 + 20, a barrier of 6 s after each: 94 s."""

LAG = (0, 1, 2, 3, 5, 4, 6, 7)
"""The second ring's left turn from the main road comes after the movement that it opposes."""

LEFTS, THROUGHS = ("p1", "p3", "p5", "p7"), ("p2", "p4", "p6", "p8")
MAIN = {"p1", "p2", "p5", "p6"}


def dual_ring(*, free_order: bool = True) -> Site:
    """Phases 1 to 8 as NEMA numbers them: even ones go straight on, odd ones turn left across the even one after."""
    pairs = []
    for one, other in combinations(sorted((*LEFTS, *THROUGHS)), 2):
        if (one in MAIN) != (other in MAIN):
            pairs += [(one, other, 6), (other, one, 6)]
    for left, through in zip(LEFTS, THROUGHS, strict=True):
        walk = f"w{through[1]}"
        pairs += [(left, through, 5), (through, left, 5), (left, walk, 5), (walk, left, 12)]
        across = [name for name in (*LEFTS, *THROUGHS) if (name in MAIN) != (through in MAIN)]
        pairs += [(name, walk, 6) for name in across] + [(walk, name, 15) for name in across]
    groups = [SignalGroup(id=name, min_green_s=6) for name in LEFTS]
    groups += [SignalGroup(id=name, min_green_s=10) for name in THROUGHS]
    groups += [SignalGroup(id=f"w{name[1]}", pedestrian=True, amber_s=0) for name in THROUGHS]
    stages = [Stage(id=f"s{k}", groups=(f"p{k}", f"w{k}") if k % 2 == 0 else (f"p{k}",)) for k in range(1, 9)]
    return Site(
        schema="nutgiao/site/1",
        id="x8",
        name=Name(vi="Ngã tư hai vòng", en="Dual ring"),
        approaches=tuple(
            Approach(
                id=f"from_{through}",
                origin_m=(0.0, 0.0),
                heading_deg=90.0 * k,
                lanes=(Lane(id=f"l{through}", width_m=3.2, turns=(Turn.THROUGH, Turn.LEFT)),),
                signal_group=through,
                left_signal_group=left,
            )
            for k, (through, left) in enumerate((("p2", "p5"), ("p4", "p7"), ("p6", "p1"), ("p8", "p3")))
        ),
        signals=Signals(
            groups=tuple(groups),
            stages=tuple(stages),
            intergreens=tuple(Intergreen(from_group=a, to_group=b, seconds=n) for a, b, n in pairs),
            limits=Limits(free_order=free_order),
            time_of_day=(
                TimedPlan(id="day", start="06:00", offset_s=20, green_s=GREENS),
                TimedPlan(id="night", start="22:00", offset_s=0, green_s=(8, 22, 8, 20, 10, 20, 8, 20)),
            ),
            rings=(
                Ring(id="one", sections=(("s1", "s2"), ("s3", "s4"))),
                Ring(id="two", sections=(("s5", "s6"), ("s7", "s8"))),
            ),
        ),
    )
