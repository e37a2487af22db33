"""The rules about lamps, one function each in two tables: what a group may show, and what a pair of groups may show.

Plans are checked here, all their seconds at once; `nutgiao.models.contracts.step_guard` asks the same functions second
by second where nobody knows what comes later.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.refusal import Refusal, Rule
from nutgiao.models.contracts.site import Intergreen, SignalGroup, Signals
from nutgiao.models.contracts.timeline import AMBER, GREEN, RED


class Stretch(NamedTuple):
    """A stretch of equal lamps of one group.

    Attributes:
        what: `RED`, `GREEN` or `AMBER`.
        start: its first second.
        seconds: how long it lasts.
        whole: neither its beginning nor its end lies outside the lamps that are checked.
        follows: what comes after it, None at the end of the lamps.
    """

    what: int
    start: int
    seconds: int
    whole: bool
    follows: int | None


def check_lamps(signals: Signals, lamps: NDArray[np.int8]) -> list[Refusal]:
    """Checks lamps as they would be shown.

    Runs that touch the first or the last second may have begun before or go on after: of these only the longest times
    are checked. A group that is green in every second has a green without end.

    Args:
        signals: signal side of the site.
        lamps: ``(seconds, groups)`` as made by `nutgiao.models.contracts.timeline.expand`.
    """
    found: list[Refusal] = []
    greens: dict[str, list[Stretch]] = {}
    for column, group in enumerate(signals.groups):
        shown = stretches(lamps[:, column])
        greens[group.id] = [stretch for stretch in shown if stretch.what == GREEN]
        for rule, group_rule in GROUP_RULES.items():
            if greens[group.id] or rule is Rule.NOT_SERVED:  # what a group shows that is never green says nothing more
                found += group_rule(group, shown)
    for pair in signals.intergreens:
        for pair_rule in PAIR_RULES.values():
            found += pair_rule(pair, greens[pair.from_group], greens[pair.to_group])
    return _once(found)


def stretches(shown: NDArray[np.int8]) -> list[Stretch]:
    """The stretches of equal lamps of one group, in their order."""
    edges = np.flatnonzero(np.diff(shown)) + 1
    bounds = [0, *edges.tolist(), len(shown)]
    whats = shown[bounds[:-1]].tolist()
    last = len(whats) - 1
    return [
        Stretch(what, start, stop - start, 0 < k < last, whats[k + 1] if k < last else None)
        for k, (what, (start, stop)) in enumerate(zip(whats, itertools.pairwise(bounds), strict=True))
    ]


def not_served(group: SignalGroup, shown: list[Stretch]) -> Iterator[Refusal]:
    """Every group gets green."""
    if not any(stretch.what == GREEN for stretch in shown):
        reason, cure = f"{group.id} never gets green", "put it into a stage with green"
        yield Refusal(rule=Rule.NOT_SERVED, reason=reason, cure=cure, groups=(group.id,))


def min_green(group: SignalGroup, shown: list[Stretch]) -> Iterator[Refusal]:
    """A vehicle group's green is not shorter than its least."""
    if not group.pedestrian:
        yield from _too_short(Rule.MIN_GREEN, group, shown)


def walk(group: SignalGroup, shown: list[Stretch]) -> Iterator[Refusal]:
    """A crossing's walk is not shorter than its least; the clearance after it is its intergreen."""
    if group.pedestrian:
        yield from _too_short(Rule.WALK, group, shown)


def max_green(group: SignalGroup, shown: list[Stretch]) -> Iterator[Refusal]:
    """No green is longer than its group's longest."""
    cure = f"at most {group.max_green_s} s"
    if len(shown) == 1 and shown[0].what == GREEN:  # however few seconds are checked: it goes on
        reason = f"{group.id} is green without end"
        yield Refusal(rule=Rule.MAX_GREEN, reason=reason, cure=cure, second=0, groups=(group.id,))
        return
    for stretch in shown:
        if stretch.what == GREEN and stretch.seconds > group.max_green_s:
            reason = f"{group.id} has {stretch.seconds} s"
            yield Refusal(rule=Rule.MAX_GREEN, reason=reason, cure=cure, second=stretch.start, groups=(group.id,))


def amber(group: SignalGroup, shown: list[Stretch]) -> Iterator[Refusal]:
    """A vehicle group's green ends with its amber, which has its fixed length."""
    for stretch in shown:
        if stretch.what == GREEN and stretch.follows == RED and not group.pedestrian and group.amber_s:
            second = stretch.start + stretch.seconds
            reason = f"{group.id} goes from green to red without amber"
            cure = f"show {group.amber_s} s of amber after green"
            yield Refusal(rule=Rule.AMBER, reason=reason, cure=cure, second=second, groups=(group.id,))
        if stretch.what == AMBER and stretch.whole and stretch.seconds != group.amber_s:
            reason, cure = f"{group.id} shows {stretch.seconds} s", f"its amber is fixed at {group.amber_s} s"
            yield Refusal(rule=Rule.AMBER, reason=reason, cure=cure, second=stretch.start, groups=(group.id,))


def max_red(group: SignalGroup, shown: list[Stretch]) -> Iterator[Refusal]:
    """Nobody waits longer at red than road users believe the lamp."""
    for stretch in shown:
        if stretch.what == RED and stretch.seconds > group.max_red_s:
            reason, cure = f"{group.id} is red for {stretch.seconds} s", f"serve it after at most {group.max_red_s} s"
            yield Refusal(rule=Rule.MAX_RED, reason=reason, cure=cure, second=stretch.start, groups=(group.id,))


def conflict(pair: Intergreen, ends: list[Stretch], starts: list[Stretch]) -> Iterator[Refusal]:
    """Two groups that conflict are never green together."""
    second = _first_together(ends, starts)
    if second is not None:
        groups = (pair.from_group, pair.to_group)
        reason, cure = f"{groups[0]} and {groups[1]} are green together", "no stage and no change may hold both"
        yield Refusal(rule=Rule.CONFLICT, reason=reason, cure=cure, second=second, groups=groups)


def intergreen(pair: Intergreen, ends: list[Stretch], starts: list[Stretch]) -> Iterator[Refusal]:
    """Between one's green and the next green of the other the pair's seconds pass; greens at once are another rule."""
    if _first_together(ends, starts) is not None:
        return
    for ending in ends:
        stop = ending.start + ending.seconds
        gap = next((starting.start - stop for starting in starts if starting.start >= stop), pair.seconds)
        if gap < pair.seconds:
            reason, cure = f"{pair.to_group} starts {gap} s after {pair.from_group} ends", f"leave {pair.seconds} s"
            groups = (pair.from_group, pair.to_group)
            yield Refusal(rule=Rule.INTERGREEN, reason=reason, cure=cure, second=stop, groups=groups)


GROUP_RULES: dict[Rule, Callable[[SignalGroup, list[Stretch]], Iterator[Refusal]]] = {
    Rule.NOT_SERVED: not_served,
    Rule.MIN_GREEN: min_green,
    Rule.WALK: walk,
    Rule.MAX_GREEN: max_green,
    Rule.AMBER: amber,
    Rule.MAX_RED: max_red,
}
"""What each group must keep by itself."""

PAIR_RULES: dict[Rule, Callable[[Intergreen, list[Stretch], list[Stretch]], Iterator[Refusal]]] = {
    Rule.CONFLICT: conflict,
    Rule.INTERGREEN: intergreen,
}
"""What each ordered pair of conflicting groups must keep; the rules are given the greens of both."""


def _first_together(one: list[Stretch], other: list[Stretch]) -> int | None:
    """The first second that stretches of both share; each list is in the order of time."""
    i = k = 0
    while i < len(one) and k < len(other):
        a, b = one[i], other[k]
        if max(a.start, b.start) < min(a.start + a.seconds, b.start + b.seconds):
            return max(a.start, b.start)
        if a.start < b.start:
            i += 1
        else:
            k += 1
    return None


def _too_short(rule: Rule, group: SignalGroup, shown: list[Stretch]) -> Iterator[Refusal]:
    for stretch in shown:
        if stretch.what == GREEN and stretch.whole and stretch.seconds < group.min_green_s:
            reason, cure = f"{group.id} has {stretch.seconds} s", f"give it at least {group.min_green_s} s"
            yield Refusal(rule=rule, reason=reason, cure=cure, second=stretch.start, groups=(group.id,))


def _once(found: list[Refusal]) -> list[Refusal]:
    """Three equal cycles break a rule three times; one is told."""
    seen: dict[tuple[Rule, tuple[str, ...], str], Refusal] = {}
    for refusal in found:
        seen.setdefault((refusal.rule, refusal.groups, refusal.reason), refusal)
    return list(seen.values())
