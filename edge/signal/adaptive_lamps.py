"""What the cabinet's lamps have shown, and what the safety rules allow from there: the box's own copy of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nutgiao.models.contracts.site import Signals
from nutgiao.models.contracts.step_guard import Lamp, LampsRefused, StepGuard
from nutgiao.models.contracts.step_guard_changer import Changer
from nutgiao.models.contracts.step_guard_ways import Ways
from nutgiao.models.contracts.timeline import GREEN, INDICATIONS, RED, stage_lamps
from nutgiao.models.contracts.words import Indication
from nutgiao.models.queueing.junction.seen import Showing
from nutgiao.models.queueing.junction.site import SiteTables
from nutgiao.models.queueing.junction.tables import NONE

CODES: dict[Indication, Lamp] = {indication: code for code, indication in INDICATIONS.items()}


class Lamps:
    """Follows the lamps of one junction.

    Where they break a rule, or a second is missing, the past is forgotten: what shows is then taken to have begun now.

    Args:
        signals: signal side of the site, without rings.
        ways: changes between its stages.

    Attributes:
        stage: that stands, `NONE` during a change.
        changer: what may be wished; None during a change, and where the rules leave no way out.
        trouble: why nothing can be wished though a stage stands; empty if it can.
    """

    def __init__(self, signals: Signals, ways: Ways) -> None:
        self._signals, self._ways = signals, ways
        self._stages = stage_lamps(signals)
        self._guard: StepGuard | None = None
        self.stage = NONE
        self.changer: Changer | None = None
        self.trouble = "no lamps are known yet"

    @property
    def greens(self) -> frozenset[int]:
        """Groups that are green, by their columns."""
        if self._guard is None:
            return frozenset()
        shown = (self._guard.shows(k) for k in range(len(self._signals.groups)))
        return frozenset(k for k, run in enumerate(shown) if run is not None and run.what == GREEN)

    def show(self, second: int, shown: Sequence[Indication]) -> None:
        """Takes in the lamps of a second.

        Args:
            second: by the cabinet's clock.
            shown: of each group.
        """
        self.stage, self.changer = NONE, None
        if any(indication not in CODES for indication in shown):
            self._guard, self.trouble = None, "the lamps show no signal"
            return
        lamps = tuple(CODES[indication] for indication in shown)
        self.trouble = ""
        if self._guard is None or self._guard.second != second:
            self._guard = StepGuard(self._signals.groups, self._signals.intergreens, second=second)
        try:
            self._guard.step(lamps)
        except LampsRefused:
            self._guard = StepGuard(self._signals.groups, self._signals.intergreens, second=second)
            try:
                self._guard.step(lamps)
            except LampsRefused:  # whatever was before: groups are green together that must not be
                self._guard, self.trouble = None, "the lamps break a rule"
                return
        if lamps in self._stages:
            self.stage = self._stages.index(lamps)
            try:
                self.changer = Changer(self._signals, self._guard, self.stage, self._ways)
            except ValueError as error:
                self.trouble = str(error)

    def showing(self, tables: SiteTables, stage: int, coming: int) -> Showing:
        """What a controller is told of the lamps.

        Args:
            tables: of the site.
            stage: that stands or is being left.
            coming: that the light changes to, or `NONE`.
        """
        columns = range(len(self._signals.groups))
        runs = [None if self._guard is None else self._guard.shows(k) for k in columns]
        ages_s = [0 if run is None else run.seconds for run in runs]
        green_s = [0 if run is None or run.what != GREEN else run.seconds for run in runs]
        left_s = 0.0
        if coming != NONE:
            way = self._ways.ways[stage][coming]
            left_s = float(way.seconds)
            for k, lead_s in way.leads_s:
                run = runs[k]
                if run is not None and run.what != GREEN:  # it has ended, with its amber if it has one
                    ended_s = run.seconds + (self._signals.groups[k].amber_s if run.what == RED else 0)
                    left_s = min(left_s, max(1.0, float(lead_s - ended_s)))
        return Showing(
            stage=np.array([stage], np.int32),
            coming=np.array([coming], np.int32),
            left_s=np.array([left_s]),
            green_s=np.array([float(min(ages_s))]),
            since_s=np.array([float(green_s[movement.group]) for movement in tables.movements]),
        )
