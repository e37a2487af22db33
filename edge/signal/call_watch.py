"""Does the cabinet show the stages that are called? Its lamps tell: within a plan its own word is always the same."""

from __future__ import annotations

from nutgiao.edge.signal.health import DEAF_S, Echo
from nutgiao.models.contracts.controller import CabinetStatus, StageCall
from nutgiao.models.contracts.site import Signals
from nutgiao.models.contracts.timeline import INDICATIONS, stage_lamps

IGNORED_S = 10
"""So long a stage may stand though another one was called that the rules allow: a cabinet's own times may be longer."""
PROMPT_S = 3
"""A change that begins so soon after the call was made because of it."""
UNASKED = 3
"""So many changes without a call, none with one between them, and the cabinet goes its own way. One or two may be its
longest red, of which it may know more than a box that has just begun."""


class CallWatch:
    """Compares what is called with what the lamps show, and with the rung that the cabinet names.

    Args:
        signals: signal side of the site.
    """

    def __init__(self, signals: Signals) -> None:
        self._stages = [tuple(INDICATIONS[lamp] for lamp in lamps) for lamps in stage_lamps(signals)]
        self._echo = Echo()
        self._called: int | None = None  # in the last second
        self._stood: int | None = None  # in the last second; None during a change
        self._ignored_s = 0
        self._unasked = 0
        self._deaf_until_s = float("-inf")

    def asked(self, call: StageCall, steady_s: float) -> None:
        """Notes the call of this second."""
        self._called = call.stage
        if self._echo.may_ask(call.source, steady_s):
            self._echo.asked(call.source, steady_s)

    def second(self, steady_s: float, status: CabinetStatus) -> None:
        """Compares the call of the last second with what the cabinet shows in this one.

        Args:
            steady_s: seconds by a clock that nobody sets.
            status: what the controller reports.
        """
        self._echo.second(steady_s, [status.source])
        stands = self._stages.index(status.groups) if status.groups in self._stages else None
        if self._called is None:  # nobody calls: what it does is its own affair
            self._ignored_s = self._unasked = 0
        elif self._stood is not None:
            self._compare(self._called, self._stood, stands)
        if self._ignored_s >= IGNORED_S or self._unasked >= UNASKED:
            self._ignored_s, self._unasked, self._deaf_until_s = 0, 0, steady_s + DEAF_S
        self._called, self._stood = None, stands

    def deaf(self, steady_s: float) -> bool:
        """Whether it has ignored so much that it is not worth calling now."""
        return steady_s < self._deaf_until_s or self._echo.deaf(steady_s)

    def _compare(self, called: int, stood: int, stands: int | None) -> None:
        if stands == stood:
            self._ignored_s += called != stood
            return
        if called == stood:
            self._unasked += 1
        elif self._ignored_s <= PROMPT_S:
            self._unasked = 0
        self._ignored_s = 0
