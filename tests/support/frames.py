"""Frames by chance, a light that keeps to one, and the rules of the modes said plainly: over what was shown."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from itertools import pairwise

from hypothesis import strategies as st

from nutgiao.models.contracts.words import ControlMode
from nutgiao.models.queueing.junction.tables import NONE
from nutgiao.optimizer.control.frame import Frame, Window

Wish = Callable[[int, Window, int], int]
"""Second, window and stage that shows, to the stage that is wished."""

CHANGE_S = (2, 6)
LEAST_S = (4, 8)


@st.composite
def frames(draw: st.DrawFn, mode: ControlMode) -> Frame:
    """Two to five stages with any numbers; changes differ from pair to pair."""
    count = draw(st.integers(2, 5))
    least_s = [draw(st.integers(*LEAST_S)) for _ in range(count)]
    greens_s = [one + draw(st.integers(0, 20)) for one in least_s]
    changes_s = [[draw(st.integers(*CHANGE_S)) if a != b else 0 for b in range(count)] for a in range(count)]
    return frame(mode, draw(st.permutations(range(count))), greens_s, changes_s, least_s, draw(st.integers(0, 200)))


def frame(
    mode: ControlMode,
    stages: Sequence[int],
    greens_s: Sequence[int],
    changes_s: Sequence[Sequence[int]] | int = 3,
    least_s: Sequence[int] | int = 5,
    offset_s: int = 0,
) -> Frame:
    """A frame whose cycle is what greens and changes make."""
    count = len(stages)
    if isinstance(changes_s, int):
        changes_s = [[changes_s if a != b else 0 for b in range(count)] for a in range(count)]
    lost_s = sum(changes_s[k][(k + 1) % count] for k in range(count))
    least = (least_s,) * count if isinstance(least_s, int) else tuple(least_s)
    rows = tuple(map(tuple, changes_s))
    return Frame(mode, sum(greens_s) + lost_s, offset_s, tuple(stages), tuple(greens_s), rows, least)


def shown(
    plan: Frame,
    wish: Wish,
    seconds: int,
    called: Callable[[int], Collection[int]] = lambda _: (),
    first: int | None = None,
) -> list[int]:
    """What a light shows, second by second, -1 in a change: it does what comes nearest to the wishes."""
    stage, coming, left_s, green_s = plan.stages[0] if first is None else first, NONE, 0, 0
    row = []
    for now_s in range(seconds):
        if coming == NONE:
            window = plan.window(now_s, stage, green_s, called(now_s))
            then = window.nearest(wish(now_s, window, stage), stage)
            a, b = plan.stages.index(stage), plan.stages.index(then)
            if then != stage and green_s >= plan.least_s[a]:
                coming, left_s = then, plan.changes_s[a][b]
        row.append(stage if coming == NONE else NONE)
        green_s += 1
        if coming != NONE:
            left_s -= 1
            if left_s == 0:
                stage, coming, green_s = coming, NONE, 0
    return row


def runs(row: Sequence[int]) -> list[tuple[int, int, int]]:
    """Greens that begin and end in a row: stage, first second, second after the last."""
    edges = [t for t in range(1, len(row)) if row[t] != row[t - 1]]
    return [(row[a], a, b) for a, b in pairwise(edges) if row[a] != NONE]


def faults(plan: Frame, row: Sequence[int], after_s: int, called: Collection[int] = ()) -> list[str]:
    """What breaks the rules of the plan's mode behind a second; ``called`` stages are asked for all the time."""
    greens = [one for one in runs(row) if one[1] >= after_s]
    found = [
        f"stage {stage} from {begin} to {end} is too short"
        for stage, begin, end in greens
        if end - begin < plan.least_s[plan.stages.index(stage)]
    ]
    zeros = [t for t in range(after_s, len(row)) if plan.second(t) == 0]
    for zero, end in pairwise(zeros):
        begun = [row[t] for t in range(zero + 1, end + 1) if row[t] not in (row[t - 1], NONE)]
        if plan.mode is ControlMode.CYCLE and begun != [*plan.stages[1:], plan.stages[0]]:
            found.append(f"cycle from {zero} shows {begun}")
        if plan.mode is ControlMode.COORDINATED and set(called) - set(begun):
            found.append(f"cycle from {zero} shows {begun} only")
    promised_s = plan.greens_s[0] if plan.mode is ControlMode.COORDINATED else 1
    for t in range(after_s, len(row)):
        if plan.second(t) < promised_s and row[t] != plan.stages[0]:
            found.append(f"the reference is not green in second {t}")
    if plan.mode is ControlMode.COORDINATED:
        for (before, _, _), (stage, begin, end) in pairwise(greens):
            place = plan.stages.index(stage)
            if place > 0 and plan.second(end - 1) >= plan.ends_s[place]:
                found.append(f"stage {stage} from {begin} to {end} goes on behind its force-off")
            if place > 0 and plan.second(begin) < plan.ends_s[0]:
                found.append(f"stage {stage} begins at {begin}, which is the reference's")
            if 0 < place <= plan.stages.index(before):
                found.append(f"stage {stage} follows {before}")
    return found
