"""Fixed control: each light runs its plan, whoever comes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nutgiao.models.queueing.junction.seen import Seen, Showing
from nutgiao.models.queueing.junction.tables import I4, NONE
from nutgiao.optimizer.control.frame import Frame


class Fixed:
    """Runs plans; it counts the seconds itself.

    Args:
        plans: of lights by number; the clock of their offsets is 0 at the first question. Others keep their stage.
    """

    def __init__(self, plans: Mapping[int, Frame]) -> None:
        self._plans, self._now_s = plans, 0

    def choose(self, _seen: Seen, showing: Showing) -> I4:
        """The stage that each light is to show from now on.

        Args:
            _seen: nobody is asked for.
            showing: what the lights show.

        Returns:
            ``(lights,)`` stages.
        """
        wished = np.where(showing.coming != NONE, showing.coming, showing.stage).astype(np.int32)
        for light, plan in self._plans.items():
            wished[light] = plan.planned(self._now_s)
        self._now_s += 1
        return wished
