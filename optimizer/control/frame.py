"""A plan's frame of one light: which stage may follow, and when, in a second of the cycle."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from math import inf
from typing import NamedTuple

from nutgiao.models.contracts.words import ControlMode
from nutgiao.models.queueing.junction.tables import NONE

Span = tuple[int, int]
"""From and to, both included, seconds from now."""


class Window(NamedTuple):
    """What a light may do from now on.

    Attributes:
        until_s: for how many seconds at most the stage may still be kept.
        forced: the stage that it turns to then; `NONE` if it may be kept for ever.
        ways: stages that it may turn to, in the plan's order, and when it may leave the one that shows for them.
    """

    until_s: float
    forced: int
    ways: Mapping[int, Span]

    def nearest(self, wished: int, shows: int) -> int:
        """What comes nearest to a wish now: it, the stage that shows, or the next step of the plan.

        A wish for another stage that may not follow now begins the way there: the light goes on in the plan's order
        as soon as it may.

        Args:
            wished: stage.
            shows: stage.
        """
        if wished == shows and self.until_s > 0:
            return shows
        for stage in (wished, self.forced):
            low_s, high_s = self.ways.get(stage, (1, 0))
            if low_s <= 0 <= high_s:
                return stage
        return shows


@dataclass(frozen=True)
class Frame:
    """A plan of one light, and how far its greens may move.

    FIXED: not at all; only here a stage may be shown twice a cycle.

    CYCLE: the stages follow each other in the plan's order, each once a cycle. The first one, the reference, is green
    in the first second of every cycle: so the cycle is kept, however long it goes on. A stage ends so that those behind
    it still have their shortest green; what all leave over is for the reference, which then begins earlier.

    COORDINATED: the reference is green whenever the plan shows it green; it may begin earlier. The others follow in the
    plan's order; those that nobody asks for may be left out. Each ends at the latest when it ends in the plan (fixed
    force-off), so what one leaves over is for the next, and in the end for the reference. A stage that is asked for is
    not left out: the reference is left in time for its shortest green. These are the rules of coordinated actuated
    control with fixed force-offs: Signal Timing Manual, 2nd edition (NCHRP report 812, 2015), chapter 7.

    Attributes:
        mode: not FREE, which has no frame.
        cycle_s: as the plan has it.
        offset_s: a second of the caller's clock at which the first stage's green begins.
        stages: their numbers, in the plan's order.
        greens_s: of each in the plan.
        changes_s: ``(stages, stages)`` change from one to another, by place in the order.
        least_s: shortest green of each.
    """

    mode: ControlMode
    cycle_s: int
    offset_s: int
    stages: tuple[int, ...]
    greens_s: tuple[int, ...]
    changes_s: tuple[tuple[int, ...], ...]
    least_s: tuple[int, ...]

    def __post_init__(self) -> None:
        """Checks the plan.

        Raises:
            ValueError: with what does not fit, in words.
        """
        count = len(self.stages)
        if self.mode is ControlMode.FREE:
            raise ValueError("a free light has no frame")
        if count < 2:
            raise ValueError("its plan has one green stage")
        if self.mode is not ControlMode.FIXED and len(set(self.stages)) < count:
            raise ValueError("its plan shows a stage twice a cycle")
        for green_s, least_s in zip(self.greens_s, self.least_s, strict=True):
            if green_s < least_s:
                raise ValueError(f"a green of {green_s} s is shorter than the shortest one, {least_s} s")
        whole_s = sum(self.greens_s) + sum(self.changes_s[k][(k + 1) % count] for k in range(count))
        if whole_s != self.cycle_s:
            raise ValueError(f"greens and changes make {whole_s} s, the cycle is {self.cycle_s} s")
        if self.mode is ControlMode.COORDINATED:
            for a, end_s in enumerate(self.ends_s):
                late = [
                    b for b in range(a + 1, count) if end_s + self.changes_s[a][b] + self.least_s[b] > self.ends_s[b]
                ]
                if late or end_s + self.changes_s[a][0] > self.cycle_s:
                    raise ValueError("a change past stages that are left out takes longer than these stages")

    @cached_property
    def _starts_s(self) -> tuple[int, ...]:
        """Second of the cycle at which each green begins in the plan."""
        parts = [green_s + self.changes_s[k][k + 1] for k, green_s in enumerate(self.greens_s[:-1])]
        return tuple(accumulate(parts, initial=0))

    @cached_property
    def ends_s(self) -> tuple[int, ...]:
        """Second of the cycle at which each green ends in the plan."""
        return tuple(start_s + green_s for start_s, green_s in zip(self._starts_s, self.greens_s, strict=True))

    @cached_property
    def need_s(self) -> tuple[int, ...]:
        """What each stage takes at least: its shortest green and the change to the next one."""
        count = len(self.stages)
        return tuple(self.least_s[k] + self.changes_s[k][(k + 1) % count] for k in range(count))

    def second(self, now_s: int) -> int:
        """The second of the cycle; 0 is the one in which the first stage's green begins."""
        return (now_s - self.offset_s) % self.cycle_s

    def planned(self, now_s: int) -> int:
        """The stage that the plan shows, or changes to."""
        second = self.second(now_s)
        place = bisect_right(self._starts_s, second) - 1
        return self.stages[place if second < self.ends_s[place] else (place + 1) % len(self.stages)]

    def latest_s(self, place: int) -> int:
        """Second of the cycle in which a green ends at the latest in mode CYCLE."""
        change_s = self.changes_s[place][(place + 1) % len(self.stages)]
        return self.cycle_s - change_s - sum(self.need_s[place + 1 :])

    def window(self, now_s: int, stage: int, green_s: float, called: Collection[int] = ()) -> Window:
        """What the light may do; one that is out of step goes back to the plan as fast as the shortest greens allow.

        Args:
            now_s: second of the caller's clock.
            stage: that shows; the light does not change.
            green_s: for how long it has shown.
            called: stages that somebody waits for.

        Raises:
            ValueError: if the mode leaves no choice.
        """
        reference = self.stages[0]
        if stage not in self.stages:
            return Window(0, reference, {reference: (0, 0)})
        place, second = self.stages.index(stage), self.second(now_s)
        wait_s, began_s = max(0, self.least_s[place] - int(green_s)), second - int(green_s)
        if self.mode is ControlMode.CYCLE:
            span = self._in_cycle(place, second, wait_s, began_s)
            then = self.stages[(place + 1) % len(self.stages)]
            return Window(span[1], then, {then: span})
        if self.mode is ControlMode.COORDINATED:
            return self._in_coordination(place, second, wait_s, began_s, called)
        raise ValueError(f"mode {self.mode} leaves no choice")

    def _in_cycle(self, place: int, second: int, wait_s: int, began_s: int) -> Span:
        """When the stage may be left for the next one."""
        left_s = self.latest_s(place) - second
        if place == 0:
            low_s = max(wait_s, 1 - second)
            if began_s <= sum(self.need_s) - self.least_s[0] and low_s <= left_s:
                return low_s, left_s
            return max(wait_s, self.cycle_s - second + 1), self.cycle_s + left_s  # it has begun for the next cycle
        if left_s < wait_s or began_s < sum(self.need_s[:place]) - self.least_s[0]:  # it should have ended already
            return wait_s, wait_s
        return wait_s, left_s

    def _in_coordination(self, place: int, second: int, wait_s: int, began_s: int, called: Collection[int]) -> Window:
        stages, ends_s = self.stages, self.ends_s
        if place > 0:
            end_s = ends_s[place] - second
            if end_s < wait_s or began_s < ends_s[0]:  # it should have ended already
                return Window(wait_s, stages[0], {stages[0]: (wait_s, wait_s)})
            spans = dict.fromkeys(stages[place + 1 :], (wait_s, end_s))
            return _bounded(spans, called) or Window(end_s, stages[0], {**spans, stages[0]: (wait_s, end_s)})
        now: dict[int, Span] = {}
        later: dict[int, Span] = {}
        for k in range(1, len(stages)):
            latest_s = ends_s[k] - self.least_s[k] - self.changes_s[0][k] - second
            low_s = max(wait_s, ends_s[0] - second)
            if low_s <= latest_s:
                now[stages[k]] = low_s, latest_s
            else:
                later[stages[k]] = self.cycle_s + ends_s[0] - second, self.cycle_s + latest_s
        ahead = _bounded(later, called) or Window(inf, NONE, later)
        return _bounded(now, called) or ahead._replace(ways={**now, **ahead.ways})


def _bounded(spans: Mapping[int, Span], called: Collection[int]) -> Window | None:
    """Up to the first stage that is called; None if none is."""
    first = next((stage for stage in spans if stage in called), None)
    if first is None:
        return None
    order = list(spans)
    return Window(spans[first][1], first, {one: spans[one] for one in order[: order.index(first) + 1]})
