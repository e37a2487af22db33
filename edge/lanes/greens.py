"""Split failures: the green ends, and somebody who had waited when it began still waits."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.lanes.flow import DEPARTED, LANE, QUEUED, WAITED, X
from nutgiao.models.contracts.site import Approach
from nutgiao.models.contracts.words import Indication, Turn
from nutgiao.models.queueing.hidden_tail import ARRIVED_M, FLOWED_M, HIDDEN

Floats = NDArray[np.float64]

_GO = frozenset({Indication.GREEN, Indication.PERMISSIVE_GREEN})
_STOP = frozenset({Indication.RED, Indication.RED_AMBER})
_SURE_S = 2.0  # who has not been seen for so long is no witness


class Greens:
    """Follows the greens of one approach, lane by lane.

    Args:
        approach: as the site file describes it; a lane for left turns alone obeys the left turn's group.
    """

    def __init__(self, approach: Approach) -> None:
        left = approach.left_signal_group
        self._groups = [
            left if left is not None and lane.turns == (Turn.LEFT,) else approach.signal_group
            for lane in approach.lanes
        ]
        self._green = [False] * len(self._groups)
        self._tail_m = np.zeros(len(self._groups))
        self.owed = np.zeros(len(self._groups), np.bool_)  # the tail of the green's start has not come into view yet
        self.failed = [False] * len(self._groups)

    def show(self, lamps: Mapping[str, Indication], memory: Floats, unseen_s: Floats, tails: Floats) -> None:
        """Takes in what the lamps show now.

        Args:
            lamps: indication of each signal group.
            memory: ``(n, 13)`` of the tracks, as `nutgiao.edge.lanes.flow.take_in` keeps it; who waits is marked.
            unseen_s: ``(n,)`` since the last detection of each.
            tails: ``(lanes, 9)`` of `nutgiao.models.queueing.hidden_tail.follow_tails`.
        """
        for k, group in enumerate(self._groups):
            if self.owed[k]:
                self.owed[k] = tails[k, HIDDEN] > 0.0 and tails[k, FLOWED_M] < self._tail_m[k]
            shown = lamps.get(group, Indication.UNKNOWN)
            if shown in _GO and not self._green[k]:
                self._green[k] = True
                memory[(memory[:, LANE] == k) & (memory[:, QUEUED] > 0.0) & (memory[:, X] > 0.0), WAITED] = 1.0
                self.owed[k], self._tail_m[k] = tails[k, HIDDEN] > 0.0, tails[k, ARRIVED_M]
            elif shown in _STOP and self._green[k]:
                self._green[k] = False
                mine = (memory[:, LANE] == k) & (memory[:, WAITED] > 0.0)
                still = mine & (memory[:, DEPARTED] == 0.0) & (memory[:, X] > 0.0) & (unseen_s < _SURE_S)
                self.failed[k] = bool(still.any() or self.owed[k])
                memory[mine, WAITED] = 0.0
                self.owed[k] = False
