"""Scripts inside a frame: when the stage that shows is left, for which one, and how the plan goes on from there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf, isinf

import numpy as np

from nutgiao.models.contracts.words import ControlMode
from nutgiao.models.queueing.junction.tables import F8S, I4S, NONE
from nutgiao.optimizer.control.framed import Place

COURSE_STEPS = 8
"""Stages of a script at most."""

_SOON_S = 5
"""Of a stage that cannot be left sooner only one second to leave it is tried."""

_KEPT_S = (0, 5, 12)
"""Seconds above its shortest green for which the next stage is tried in coordination, besides all that it may have."""

Course = list[tuple[float, int]]
"""Seconds from now, and the stage that the light turns to then, or keeps up to then."""


def courses(at: Place, holds_s: Sequence[float], horizon_s: int) -> tuple[F8S, I4S]:
    """The scripts of a light.

    Args:
        at: where it is.
        holds_s: how long the stage may be kept before another one, in seconds, those outside the frame left out.
        horizon_s: seconds ahead.

    Returns:
        ``(scripts, COURSE_STEPS)`` seconds from now and stages, as the junction kernel reads them; stages are numbered
        as in the frame.
    """
    found: dict[tuple[tuple[float, int], ...], None] = {}  # in their order: of equal ones the first is taken
    if isinf(at.window.until_s):
        found[((horizon_s + 1.0, at.stage),)] = None
    follow = _in_cycle if at.frame.mode is ControlMode.CYCLE else _in_coordination
    for then, (low_s, high_s) in at.window.ways.items():
        holds = {low_s}
        if low_s <= _SOON_S:
            holds |= {low_s + int(hold_s) for hold_s in holds_s if low_s + hold_s <= high_s} | {high_s}
        for hold_s in sorted(holds):
            found |= {tuple(course[:COURSE_STEPS]): None for course in follow(at, hold_s, then, horizon_s)}
    times = np.full((len(found), COURSE_STEPS), inf)
    stages = np.full((len(found), COURSE_STEPS), NONE, np.int32)
    for row, course in enumerate(found):
        for step, (time_s, stage) in enumerate(course):
            times[row, step], stages[row, step] = time_s, stage
    return times, stages


def _in_cycle(at: Place, hold_s: int, then: int, horizon_s: int) -> Iterator[Course]:
    """The stages behind end when the plan ends them, or have the plan's green, or the shortest one, as far as fits."""
    frame = at.frame
    count = len(frame.stages)
    for way in range(3):
        place = frame.stages.index(then)
        left_s = at.second + hold_s
        base_s = frame.cycle_s if place == 0 or left_s >= frame.cycle_s else 0
        begins_s = left_s + frame.changes_s[place - 1][place]
        course: Course = [(hold_s, then)]
        while len(course) < COURSE_STEPS and course[-1][0] < horizon_s:
            low_s = max(begins_s + frame.least_s[place], base_s + 1)
            wanted_s = (base_s + frame.ends_s[place], begins_s + frame.greens_s[place], low_s)[way]
            left_s = max(low_s, min(wanted_s, base_s + frame.latest_s(place)))
            place = (place + 1) % count
            base_s += frame.cycle_s if place == 0 else 0
            course.append((left_s - at.second, frame.stages[place]))
            begins_s = left_s + frame.changes_s[place - 1][place]
        yield course


def _in_coordination(at: Place, hold_s: int, then: int, _horizon_s: int) -> Iterator[Course]:
    """Another stage lasts for some seconds, then comes the next one or the reference, which keeps its promise."""
    frame = at.frame
    reference = frame.stages[0]
    base_s = frame.cycle_s if at.second + hold_s >= frame.cycle_s else 0
    promise = (base_s + frame.cycle_s + frame.ends_s[0] - at.second, reference)
    if then == reference:
        yield [(hold_s, then), promise]
        return
    place = frame.stages.index(then)
    now = frame.stages.index(at.stage) if at.stage in frame.stages else 0
    least_s = hold_s + frame.changes_s[now][place] + frame.least_s[place]
    end_s = base_s + frame.ends_s[place] - at.second
    behind = frame.stages[place + 1 :]
    first = next((one for one in behind if one in at.called), None)
    follows = [first] if first is not None else [reference, *behind[:1]]
    for kept_s in sorted({*(min(end_s, least_s + more_s) for more_s in _KEPT_S), end_s}):
        for one in follows:
            course: Course = [(hold_s, then), (kept_s, one)]
            while course[-1][1] != reference:  # those who are called have all that they may have
                place = frame.stages.index(course[-1][1])
                later = (k for k in frame.stages[place + 1 :] if k in at.called)
                course.append((base_s + frame.ends_s[place] - at.second, next(later, reference)))
            yield [*course, promise]
