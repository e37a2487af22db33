"""Frames of many lights: who is called, what each light may do now, and a controller that keeps to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.decision import Basis
from nutgiao.models.queueing.junction.notes import Notes
from nutgiao.models.queueing.junction.seen import Seen, Showing
from nutgiao.models.queueing.junction.tables import I4, I4S, NONE
from nutgiao.optimizer.control.actuated import Actuated
from nutgiao.optimizer.control.frame import Frame, Window
from nutgiao.optimizer.control.pressure import Greedy

CALL_S = 3.0
"""Who stands, or would be at the line within so many seconds, calls the stages that serve him."""


class Place(NamedTuple):
    """Where a light is in its frame.

    Attributes:
        frame: of the light.
        second: of the cycle.
        stage: that shows.
        called: stages that somebody waits for.
        window: what it may do.
    """

    frame: Frame
    second: int
    stage: int
    called: tuple[int, ...]
    window: Window

    @property
    def over(self) -> bool:
        """Whether the green has had its time in the plan and may be left now."""
        stages = self.frame.stages
        ended = self.stage in stages and self.second >= self.frame.ends_s[stages.index(self.stage)]
        return ended and any(low_s <= 0 <= high_s for low_s, high_s in self.window.ways.values())


class Frames:
    """Knows the second of the cycle: it counts how often it is asked.

    A stage is called by vehicles on links that have more right in it than in the light's first stage, and always if
    walkers have green in it who have none in the first: nobody sees whether they stand there. A stage that has shown
    is not called again in the same cycle.

    Args:
        frames: of lights by number; the clock of their offsets is 0 at the first question.
        right: ``(stages, links)`` what each link shows, as in `models.queueing.junction.tables`.
        walks: ``(links,)`` whether a link is a crossing.
    """

    def __init__(self, frames: Mapping[int, Frame], right: I4S, walks: NDArray[np.bool_]) -> None:
        self._frames, self._now_s = frames, 0
        self._needs = {s: right[s] > right[one.stages[0]] for one in frames.values() for s in one.stages[1:]}
        self._had: dict[int, set[int]] = {light: set() for light in frames}  # stages that have shown in this cycle
        self._always = frozenset(stage for stage, links in self._needs.items() if (links & walks).any())

    def places(self, seen: Seen, showing: Showing) -> dict[int, Place]:
        """Where the lights are that do not change, by number; to be asked once a second.

        Args:
            seen: who comes.
            showing: what the lights show.
        """
        asks = np.unique(seen.link[seen.halted | (seen.arrive_s < CALL_S)])
        found = {}
        for light, frame in self._frames.items():
            stage, second, had = int(showing.stage[light]), frame.second(self._now_s), self._had[light]
            if second == 0:
                had.clear()
            had.add(stage)
            if showing.coming[light] == NONE:
                open_ = (one for one in frame.stages[1:] if one not in had)
                called = tuple(one for one in open_ if one in self._always or self._needs[one][asks].any())
                window = frame.window(self._now_s, stage, float(showing.green_s[light]), called)
                found[light] = Place(frame, second, stage, called, window)
        self._now_s += 1
        return found


class InFrame:
    """Lets a controller choose, and takes what comes nearest to it in the frame of each light.

    Actuated control is told when a green has had its time in the plan. Mode CYCLE alone would let the first stage take
    all but the shortest greens of the others, and in a queue no gap ever ends it.

    Args:
        controller: chooses.
        frames: of lights; others do what the controller says.

    Attributes:
        notes: what the controller considered and what the frame forbade is put there, if somebody wants to know.
    """

    def __init__(self, controller: Greedy | Actuated, frames: Frames) -> None:
        self._controller, self._frames = controller, frames

    @property
    def notes(self) -> Notes | None:
        """The notepad that the controller writes to as well."""
        return self._controller.notes

    @notes.setter
    def notes(self, notes: Notes | None) -> None:
        self._controller.notes = notes

    def choose(self, seen: Seen, showing: Showing) -> I4:
        """The stage that each light is to show from now on.

        Args:
            seen: who comes.
            showing: what the lights show.

        Returns:
            ``(lights,)`` stages.
        """
        places = self._frames.places(seen, showing)
        if isinstance(self._controller, Actuated):
            over = [light for light, at in places.items() if at.over]
            wished = self._controller.choose(seen, showing, over)
        else:
            wished = self._controller.choose(seen, showing)
        for light, at in places.items():
            own, wished[light] = int(wished[light]), at.window.nearest(int(wished[light]), at.stage)
            if self.notes is not None and wished[light] != own:
                _explain(self.notes, light, own, int(wished[light]), at)
        return wished


def _explain(notes: Notes, light: int, own: int, wished: int, at: Place) -> None:
    """Notes what the frame forbade: to keep the stage, to leave it so early, or to go on in another order."""
    low_s, _ = at.window.ways.get(own, (0, 0))
    if own == at.stage:
        notes.because(light, Basis.FORCE_OFF, wished)
    elif low_s > 0:
        notes.because(light, Basis.EARLY, own, s=float(low_s))
    else:
        notes.because(light, Basis.ORDER, own, then=None if at.window.forced == NONE else at.window.forced)
