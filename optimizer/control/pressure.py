"""Max pressure and max wave: every few seconds the stage that most vehicles wait for.

After the agents of RESCO (Ault and Sharon, NeurIPS 2021 datasets and benchmarks): max pressure shows the stage with the
largest sum of queues before the light less queues behind it (Varaiya, Transportation Research C 36, 2013), max wave the
one with the largest sum of queues and of vehicles that come. Theirs add up lanes; here vehicles are, and of a lane that
several movements share only those who are not held up by one who must wait.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from nutgiao.models.contracts.decision import Measure
from nutgiao.models.queueing.junction.notes import Notes
from nutgiao.models.queueing.junction.seen import Seen, Showing
from nutgiao.models.queueing.junction.tables import F8, F8S, I4, NONE

STEP_S = 10
"""Seconds between choices, as RESCO's agents have it; a change lies inside."""

COMES_S = 15.0
"""Who would be at the line within so many seconds comes: RESCO's agents see 200 m, which takes 14.4 s at 50 km/h."""


Flags = np.ndarray[tuple[int, int], np.dtype[np.bool_]]


class Aim(Enum):
    """What is added up."""

    PRESSURE = "pressure"
    WAVE = "wave"


@dataclass(frozen=True, slots=True)
class Movements:
    """What leads where; all lights in one row.

    Attributes:
        light_stage: ``(lights + 1,)`` first stage of each light.
        link_light: ``(links,)``.
        may_go: ``(stages, links)`` whether a link may go in a stage.
        counts: ``(stages, links)`` whether it counts there.
        behind: ``(stages, lanes)`` how often a lane lies behind a movement that counts in a stage.
    """

    light_stage: I4
    link_light: I4
    may_go: Flags
    counts: Flags
    behind: F8S


class Greedy:
    """Chooses stages for all lights.

    Args:
        movements: of the lights.
        aim: what is added up.
        step_s: seconds between choices.

    Attributes:
        notes: what is considered is put there, if somebody wants to know.
    """

    def __init__(self, movements: Movements, aim: Aim, step_s: int = STEP_S) -> None:
        self._movements, self._aim, self._step_s = movements, aim, step_s
        self.notes: Notes | None = None
        self._second = 0

    def choose(self, seen: Seen, showing: Showing) -> I4:
        """The stage that each light is to show from now on; the one that shows stays if none is better.

        Args:
            seen: who comes.
            showing: what the lights show.

        Returns:
            ``(lights,)`` stages.
        """
        wished = np.where(showing.coming != NONE, showing.coming, showing.stage).astype(np.int32)
        if self.notes is not None:
            self.notes.begin(Measure.SCORE, COMES_S)
        due = self._second % self._step_s == 0
        self._second += 1
        if not due:
            return wished
        score = self._score(seen)
        first = self._movements.light_stage
        for light in np.flatnonzero(np.diff(first) > 1).tolist():
            own = score[first[light] : first[light + 1]]
            if self.notes is not None and showing.coming[light] == NONE:
                self.notes.scored(light, own, int(showing.stage[light] - first[light]))
            if showing.coming[light] == NONE and own.max() > score[showing.stage[light]]:
                wished[light] = first[light] + int(np.argmax(own))
        return wished

    def _score(self, seen: Seen) -> F8:
        """``(stages,)`` who would go, less who stands behind; in a lane only those before the first who may not go."""
        m = self._movements
        counted = seen.halted if self._aim is Aim.PRESSURE else seen.halted | (seen.arrive_s < COMES_S)
        order = np.lexsort((seen.arrive_s, seen.lane))
        order = order[counted[order]]
        lane, link = seen.lane[order], seen.link[order]
        held = np.cumsum(~m.may_go[:, link], axis=1)
        starts = np.searchsorted(lane, lane)  # place of the first vehicle of the same lane
        before = np.concatenate([np.zeros((len(held), 1), held.dtype), held], axis=1)[:, starts]
        going = m.counts[:, link] & (held == before)
        score: F8 = going.sum(axis=1).astype(np.float64)
        if self._aim is Aim.PRESSURE:
            score -= m.behind @ np.bincount(seen.lane[seen.halted], minlength=m.behind.shape[1])
        return score
