"""Where a sign or a side arrow lets some turn on red, nobody is told of before the turn is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from nutgiao.edge.lanes.placed import PlacedTracks
from nutgiao.edge.violation.rule import BETWEEN_LANES_M, Violation, class_of
from nutgiao.edge.violation.turns import TurnSettings, TurnWatch
from nutgiao.models.contracts.hours import may_hold
from nutgiao.models.contracts.site import Approach
from nutgiao.models.contracts.words import TWO_WHEELERS, Turn


def has_on_red(approach: Approach) -> bool:
    """Whether anybody may turn on red from here."""
    return any(lane.on_red for lane in approach.lanes)


class MayTurnOnRed:
    """Holds violations back until the turn is known, and drops those who took one that may be taken on red.

    Args:
        approach: with its permissions.
        utc_offset_h: local time minus UTC, for their hours.
        straight_m: who still goes straight on so far beyond the line does not turn right.
    """

    def __init__(self, approach: Approach, utc_offset_h: float, straight_m: float) -> None:
        self._approach, self._utc_offset_h = approach, utc_offset_h
        turns = {turn for lane in approach.lanes for one in lane.on_red for turn in one.turns}
        usual = TurnSettings()
        through_m = straight_m if turns == {Turn.RIGHT} else max(straight_m, usual.through_m)
        self._turns = TurnWatch(approach, replace(usual, through_m=through_m))
        self._edges_m = np.concatenate([[0.0], np.cumsum([lane.width_m for lane in approach.lanes])]).tolist()
        self._held: dict[int, tuple[Violation, frozenset[Turn]]] = {}  # by track number

    def step(self, placed: PlacedTracks, found: Sequence[Violation], clock_off_s: float = 0.0) -> list[Violation]:
        """Takes one frame in.

        Args:
            placed: tracks of the approach.
            found: who has run the red in this frame, permissions aside.
            clock_off_s: how far the clock may be off: a permission that may hold by then does.

        Returns:
            Who has no permission, as certain; who may have one, as suspected; and those of before whose turn is known
            now to be none that may be taken, as certain.
        """
        self._turns.step(placed)
        if not found and not self._held:
            return []
        row = {number: i for i, number in enumerate(placed.numbers.tolist())}
        told = []
        for violation in found:
            may = self._may(placed, row[violation.number], violation.occurred_s, clock_off_s)
            if may:
                self._held[violation.number] = (violation, may)
                told.append(replace(violation, final=False))
            else:
                told.append(violation)
        for number, (violation, may) in tuple(self._held.items()):
            turn = self._turns.turn(row[number]) if number in row else None
            if number not in row or turn is not None:
                del self._held[number]
            if turn is not None and turn not in may:
                known_s = round(placed.time_s - violation.occurred_s, 2)
                told.append(replace(violation, numbers={**violation.numbers, "turn_known_after_s": known_s}))
        return told

    def _may(self, placed: PlacedTracks, i: int, time_s: float, off_s: float) -> frozenset[Turn]:
        """Turns that row i may take on red; a rider near the next lane may as well have come from there."""
        vehicle_class, line_y_m, lane = class_of(placed, i), self._turns.line_y_m(i), int(placed.lanes[i])
        lanes = {lane}
        if vehicle_class in TWO_WHEELERS:
            near = range(len(self._approach.lanes))
            lanes |= {
                k
                for k in near
                if self._edges_m[k] - BETWEEN_LANES_M < line_y_m < self._edges_m[k + 1] + BETWEEN_LANES_M
            }
        return frozenset(
            turn
            for k in lanes
            for one in self._approach.lanes[k].on_red
            if (not one.classes or vehicle_class in one.classes)
            and may_hold(one.hours, time_s, self._utc_offset_h, off_s)
            for turn in one.turns
        )
