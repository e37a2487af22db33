"""Hypothesis strategies for signal sides of sites: small ones that a person could have drawn, safe or not."""

from __future__ import annotations

from itertools import combinations

from hypothesis import strategies as st

from nutgiao.models.contracts.site import Intergreen, Limits, SignalGroup, Signals, Stage, TimedPlan


@st.composite
def signals(draw: st.DrawFn) -> Signals:
    """Two to five groups in two to four stages; groups that never share a stage may conflict."""
    count = draw(st.integers(2, 5))
    names = [f"g{k}" for k in range(count)]
    stages = draw(st.integers(2, 4))
    members = [draw(st.sets(st.sampled_from(names), min_size=1, max_size=3)) for _ in range(stages)]
    for name in names:  # every group is served somewhere
        if not any(name in stage for stage in members):
            members[draw(st.integers(0, stages - 1))].add(name)
    groups = tuple(draw(_group(name)) for name in names)
    pairs = []
    for one, other in combinations(names, 2):
        if not any({one, other} <= stage for stage in members) and draw(st.booleans()):
            pairs += [
                Intergreen(from_group=a, to_group=b, seconds=draw(st.integers(0, 12)))
                for a, b in ((one, other), (other, one))
            ]
    return Signals(
        groups=groups,
        stages=tuple(Stage(id=f"s{k}", groups=tuple(sorted(stage))) for k, stage in enumerate(members)),
        intergreens=tuple(pairs),
        limits=Limits(cycle_min_s=draw(st.integers(20, 50)), cycle_max_s=draw(st.integers(60, 150))),
        time_of_day=(TimedPlan(id="all_day", start="00:00", offset_s=0, green_s=(20,) * stages),),
    )


@st.composite
def _group(draw: st.DrawFn, name: str) -> SignalGroup:
    pedestrian = draw(st.booleans())
    return SignalGroup(
        id=name,
        pedestrian=pedestrian,
        min_green_s=draw(st.integers(1, 12)),
        max_green_s=draw(st.integers(20, 90)),
        amber_s=0 if pedestrian else draw(st.integers(0, 4)),
        max_red_s=draw(st.integers(40, 150)),
    )


def greens(side: Signals, *, least: int = 1, most: int = 60) -> st.SearchStrategy[tuple[int, ...]]:
    """Displayed greens for a signal side."""
    return st.tuples(*[st.integers(least, most)] * len(side.stages))
