"""A program in steps as a plan of stages: the same lamps second by second, or the reason why there is none."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.program import LampProgram, whole_steps
from nutgiao.models.contracts.site import Intergreen, Limits, SignalGroup, Signals, Stage, TimedPlan
from nutgiao.models.contracts.staged_program import NotStages, Reason, StagedProgram, identifier, lamps_of, staged
from nutgiao.models.contracts.timeline import AMBER, GREEN, RED, expand_cycle

LONGEST_ALL_RED_S = 5
"""Where some links stay green after the others' amber, this long is still an interstage; longer is a stage."""


def plan_of(program: LampProgram, crossings: frozenset[int] = frozenset()) -> StagedProgram:
    """Tells a static program as a plan of stages.

    Groups are links that always show the same; a link that never changes is in no group. A stage begins when a group
    starts green, or when the others' amber is over and some stay green. Intergreens are the gaps that the program
    shows where one group's green follows another's; groups that are never green together without following each other
    keep the amber of the one that ends. The limits allow the program itself.

    Args:
        program: the program.
        crossings: links that are crossings for walkers.

    Returns:
        Signals and plan whose lamps, drawn by `timeline.expand`, are the program's in every second.

    Raises:
        NotStages: if there is none; carries the reason.
    """
    lamps = lamps_of(program)
    members = _groups(program, lamps, crossings)
    names = [f"g{k + 1}" for k in range(len(members))]
    shown = lamps[:, [links[0] for links in members]]
    ambers = [_amber_s(program, name, shown[:, k]) for k, name in enumerate(names)]
    stages = _stages(program, shown == GREEN, ambers)
    walkers = [all(link in crossings for link in links) for links in members]
    starts = [start for start, _, _ in stages]
    first = starts[0]
    turned = np.roll(shown, -first, axis=0)
    groups = tuple(_group(name, turned[:, k], ambers[k], walkers[k]) for k, name in enumerate(names))
    cycle = len(shown)
    greens = tuple(green for _, green, _ in stages)
    offset = (float(program.offset_s or 0.0) + first) % cycle
    if offset != int(offset):
        raise NotStages(Reason.SECONDS, f"light {program.light}, offset {program.offset_s} s")
    row = TimedPlan(id=identifier(program.id), start="00:00", offset_s=int(offset), green_s=greens)
    sets = [held for _, _, held in stages]
    signals = Signals(
        groups=groups,
        stages=tuple(Stage(id=str(k + 1), groups=tuple(names[g] for g in sorted(held))) for k, held in enumerate(sets)),
        intergreens=tuple(_intergreens(names, stages, ambers, turned == GREEN, cycle)),
        limits=Limits(cycle_min_s=min(40, cycle), cycle_max_s=max(150, cycle)),
        time_of_day=(row,),
    )
    drawn = expand_cycle(signals, greens)
    if drawn.shape != turned.shape or not np.array_equal(drawn, turned):
        raise NotStages(Reason.LAMPS, f"light {program.light}")
    owner = {link: name for name, links in zip(names, members, strict=True) for link in links}
    states = [state for state, seconds in whole_steps(program) for _ in range(seconds)]
    return staged(
        program,
        signals,
        tuple(owner.get(link) for link in range(program.links)),
        tuple(states[start] for start in starts),
        tuple(states[(start + green) % cycle] for start, green, _ in stages),
    )


def _groups(program: LampProgram, lamps: NDArray[np.int8], crossings: frozenset[int]) -> list[list[int]]:
    """Links of each group: those whose lamps are equal in every second; walkers apart from vehicles."""
    found: dict[tuple[bytes, bool], list[int]] = {}
    for link in range(lamps.shape[1]):
        if (lamps[:, link] == GREEN).any() and (lamps[:, link] != GREEN).any():
            found.setdefault((lamps[:, link].tobytes(), link in crossings), []).append(link)
        elif len({step.state[link] for step in program.steps if step.duration_s}) > 1:
            shows = "".join(sorted({step.state[link] for step in program.steps}))
            raise NotStages(Reason.STILL, f"light {program.light}, link {link} shows only '{shows}'")
    if not found:
        raise NotStages(Reason.STILL, f"light {program.light}")
    return list(found.values())


def _amber_s(program: LampProgram, name: str, shown: NDArray[np.int8]) -> int:
    """The group's amber: as long after every green, and red after it."""
    start = int(np.flatnonzero((shown == GREEN) & (np.roll(shown, 1) != GREEN))[0])
    runs = [(lamp, len(list(run))) for lamp, run in itertools.groupby(np.roll(shown, -start).tolist())]
    found = set()
    for (lamp, _), (then, seconds), (last, _) in zip(runs, [*runs[1:], runs[0]], [*runs[2:], *runs[:2]], strict=True):
        if lamp == GREEN:
            found.add(seconds if then == AMBER else 0)
        if lamp != GREEN and then == AMBER:
            raise NotStages(Reason.AMBER, f"light {program.light}, group {name} shows amber after red")
        if lamp == GREEN and then == AMBER and last == GREEN and len(runs) > 2:
            raise NotStages(Reason.AMBER, f"light {program.light}, group {name} goes from amber to green")
    if len(found) != 1 or (AMBER in shown and len(runs) == 2):
        raise NotStages(Reason.AMBER, f"light {program.light}, group {name} shows {sorted(found)} s")
    return found.pop()


Held = tuple[int, int, frozenset[int]]
"""Start and length of a stage's green, seconds, and the columns of its groups."""


def _stages(program: LampProgram, green: NDArray[np.bool_], ambers: Sequence[int]) -> list[Held]:
    """Stages of the cycle, in the order in which their greens start."""
    held = [frozenset(np.flatnonzero(row).tolist()) for row in green]
    cycle = len(held)
    edges = [t for t in range(cycle) if held[t] != held[t - 1]]
    found: list[Held] = []
    for k, start in enumerate(edges):
        now, before, after = held[start], held[start - 1], held[edges[(k + 1) % len(edges)]]
        seconds = (edges[(k + 1) % len(edges)] - start) % cycle or cycle
        amber = max((ambers[g] for g in before - now), default=0)
        if now - before:  # somebody starts here
            found.append((start, seconds, now))
        elif now and (seconds > amber + LONGEST_ALL_RED_S or not now < after or before & after != now):
            if seconds <= amber:
                raise NotStages(
                    Reason.LAMPS, f"light {program.light}, second {start}: a green ends within another's amber"
                )
            found.append(((start + amber) % cycle, seconds - amber, now))
    return sorted(found, key=lambda stage: stage[0])


def _group(name: str, shown: NDArray[np.int8], amber_s: int, walkers: bool) -> SignalGroup:
    start = int(np.flatnonzero((shown == GREEN) & (np.roll(shown, 1) != GREEN))[0])
    runs = [(lamp, len(list(run))) for lamp, run in itertools.groupby(np.roll(shown, -start).tolist())]
    greens = [seconds for lamp, seconds in runs if lamp == GREEN]
    reds = [seconds for lamp, seconds in runs if lamp == RED]
    usual = SignalGroup(id=name)
    return SignalGroup(
        id=name,
        pedestrian=walkers,
        min_green_s=min(usual.min_green_s, *greens),
        max_green_s=max(usual.max_green_s, *greens),
        amber_s=amber_s,
        max_red_s=max([usual.max_red_s, *reds]),
    )


def _intergreens(
    names: Sequence[str], stages: Sequence[Held], ambers: Sequence[int], green: NDArray[np.bool_], cycle: int
) -> list[Intergreen]:
    """Of each ordered pair that is never green together: the least gap where one's green follows the other's."""
    gaps: dict[tuple[int, int], int] = {}
    for (start, length, before), (then, _, after) in zip(stages, [*stages[1:], stages[0]], strict=True):
        gap = (then - start - length) % cycle
        for pair in itertools.product(before - after, after - before):
            gaps[pair] = min(gap, gaps.get(pair, gap))
    return [
        Intergreen(from_group=names[a], to_group=names[b], seconds=gaps.get((a, b), ambers[a]))
        for a, b in itertools.permutations(range(len(names)), 2)
        if not (green[:, a] & green[:, b]).any()
    ]
