"""Actuated control: a green lasts while vehicles follow each other closely, and ends for who waits elsewhere."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.decision import Basis, Measure
from nutgiao.models.queueing.junction.notes import Notes
from nutgiao.models.queueing.junction.seen import Seen, Showing
from nutgiao.models.queueing.junction.tables import I4, NONE
from nutgiao.optimizer.control.pressure import Movements

PASSAGE_S = 3.0
"""A green ends when on no lane that it serves somebody would be at the line within so many seconds (gap-out): a gap of
3 s is what FHWA's Traffic Signal Timing Manual (HOP-08-024, 2008, chapter 5) recommends, and SUMO's ``max-gap``."""

MOST_GREEN_S = 50.0
"""A green that is extended ends so long after somebody else has begun to wait (max-out): SUMO's usual ``maxDur``."""


class Actuated:
    """Chooses stages for all lights: fixed order, stages that nobody waits for are left out.

    Where nobody waits the first stage of a light gets green and keeps it (recall).

    Args:
        movements: of the lights.

    Attributes:
        notes: why a green is held or ends is put there, if somebody wants to know.
    """

    def __init__(self, movements: Movements) -> None:
        self._movements = movements
        self._waited_s = np.zeros(len(movements.light_stage) - 1)  # somebody elsewhere, during this green
        self.notes: Notes | None = None

    def choose(self, seen: Seen, showing: Showing, over: Collection[int] = ()) -> I4:
        """The stage that each light is to show from now on.

        Args:
            seen: who comes.
            showing: what the lights show.
            over: lights whose green has had its time in their plan: it is not extended if somebody waits (force-off).

        Returns:
            ``(lights,)`` stages.
        """
        m = self._movements
        if self.notes is not None:
            self.notes.begin(Measure.NONE, PASSAGE_S)
        wished = np.where(showing.coming != NONE, showing.coming, showing.stage).astype(np.int32)
        near = np.zeros(len(m.link_light), np.bool_)
        near[seen.link[seen.arrive_s < PASSAGE_S]] = True
        asks = near.copy()
        asks[seen.link[seen.halted]] = True
        for light in np.flatnonzero(np.diff(m.light_stage) > 1).tolist():
            first, behind = int(m.light_stage[light]), int(m.light_stage[light + 1])
            if showing.coming[light] != NONE or showing.green_s[light] < 1.0:
                self._waited_s[light] = 0.0
            if showing.coming[light] == NONE:
                stage = int(showing.stage[light])
                then = self._next(first, behind, stage, asks)
                extended = (near & m.counts[stage]).any()
                self._waited_s[light] += then is not None
                if then is None:
                    wished[light] = stage if extended else first
                elif not extended or self._waited_s[light] > MOST_GREEN_S or light in over:
                    wished[light] = then
                if self.notes is not None:
                    self._explain(self.notes, light, stage, int(wished[light]), then is not None, extended, seen)
        return wished

    def _explain(
        self, notes: Notes, light: int, stage: int, wished: int, waits: bool, extended: bool, seen: Seen
    ) -> None:
        """Notes the rule that decided, and the figure that it went by."""
        coming_s = seen.arrive_s[self._movements.counts[stage][seen.link]]
        gap_s = float(coming_s.min()) if len(coming_s) and np.isfinite(coming_s.min()) else None
        if not waits:
            basis = Basis.RECALL if wished != stage else Basis.RESTS
            notes.because(light, basis, wished, s=gap_s, most_s=PASSAGE_S)
        elif wished != stage and extended and self._waited_s[light] <= MOST_GREEN_S:
            notes.because(light, Basis.FORCE_OFF, wished)
        elif wished != stage and extended:
            notes.because(light, Basis.MAX_OUT, wished, s=float(self._waited_s[light]), most_s=MOST_GREEN_S)
        else:
            notes.because(light, Basis.EXTENDED if extended else Basis.GAP_OUT, wished, s=gap_s, most_s=PASSAGE_S)

    def _next(self, first: int, behind: int, stage: int, asks: NDArray[np.bool_]) -> int | None:
        """The stage that comes next in the order of those that serve somebody who waits; None if nobody does."""
        counts = self._movements.counts
        waits = asks & ~counts[stage]
        order = [*range(stage + 1, behind), *range(first, stage)]
        return next((other for other in order if (waits & counts[other]).any()), None)
