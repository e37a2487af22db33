"""Fixed control: each light runs its plan, whoever comes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nutgiao.models.contracts.decision import Basis, Measure
from nutgiao.models.queueing.junction.notes import Notes
from nutgiao.models.queueing.junction.seen import Seen, Showing
from nutgiao.models.queueing.junction.tables import I4, NONE
from nutgiao.optimizer.control.frame import Frame


class Fixed:
    """Runs plans; it counts the seconds itself.

    Args:
        plans: of lights by number; the clock of their offsets is 0 at the first question. Others keep their stage.

    Attributes:
        notes: what the plans show is put there, if somebody wants to know.
    """

    def __init__(self, plans: Mapping[int, Frame]) -> None:
        self._plans, self._now_s = plans, 0
        self.notes: Notes | None = None

    def choose(self, _seen: Seen, showing: Showing) -> I4:
        """The stage that each light is to show from now on.

        Args:
            _seen: nobody is asked for.
            showing: what the lights show.

        Returns:
            ``(lights,)`` stages.
        """
        wished = np.where(showing.coming != NONE, showing.coming, showing.stage).astype(np.int32)
        if self.notes is not None:
            self.notes.begin(Measure.NONE, np.inf)
        for light, plan in self._plans.items():
            wished[light] = stage = plan.planned(self._now_s)
            if self.notes is not None and showing.coming[light] == NONE:
                second = float(plan.second(self._now_s))
                self.notes.because(light, Basis.PLAN, stage, s=second, most_s=float(plan.cycle_s))
        self._now_s += 1
        return wished
