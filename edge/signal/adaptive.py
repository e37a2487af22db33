"""The junction second by second: from what the box sees to a call for a stage, within the safety rules.

The box knows the rules as the cabinet does and keeps a copy of their state, fed by the lamps that the cabinet reports,
never by what was wished. So it can begin and end at any second, and a call that got lost does no harm: the next one
starts from what really shows. The cabinet checks every call once more by its own copy.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

from nutgiao.edge.perception import SecondResult
from nutgiao.edge.signal.adaptive_lamps import Lamps
from nutgiao.edge.signal.adaptive_patience import Patience
from nutgiao.edge.signal.adaptive_sight import Sight
from nutgiao.edge.signal.announce import Neighbours
from nutgiao.edge.signal.health import BLIND_S, cabinet_s
from nutgiao.models.contracts.controller import CabinetStatus, StageCall
from nutgiao.models.contracts.plan import SignalPlan
from nutgiao.models.contracts.site import Site
from nutgiao.models.contracts.words import ControlMode, ControlSource
from nutgiao.models.queueing.junction.seen import Seen, Showing
from nutgiao.models.queueing.junction.site import SiteTables
from nutgiao.models.queueing.junction.tables import I4, NONE

LEASE_S = 3
"""A call is good for so long: two may get lost before the cabinet goes back to its plan."""

RESTS_S = 5.0
"""Who has called for no stage for so long does not run the junction."""

SILENT_S = 3.0
"""A controller without a status for so long is not relied on."""


class Within(NamedTuple):
    """A plan that the choice must stay within.

    Attributes:
        plan: with a mode other than FIXED.
        second: of the controller's clock, the next one to be shown.
    """

    plan: SignalPlan
    second: int


class Chooser(Protocol):
    """Chooses stages; it knows nothing of lamps and rules."""

    def choose(self, seen: Seen, showing: Showing, within: Within | None) -> I4:
        """The stage that the light is to show from now on, as the only element; asked once a second.

        Args:
            seen: who comes.
            showing: what the light shows.
            within: the plan to stay within; None where any stage may come at any time.

        Returns:
            The stage; `NONE` if the plan leaves nothing to choose.
        """
        ...


class Adaptive:
    """Runs one junction; whether it may is decided elsewhere.

    Args:
        site: with cameras and a signal side without rings.
        tables: of the site.
        chooser: asked each second.

    Attributes:
        tables: of the site.
        chooser: asked each second.
        neighbours: who is announced; what is heard goes there.
        sight: what is known of the street.
    """

    def __init__(self, site: Site, tables: SiteTables, chooser: Chooser) -> None:
        if site.signals is None:
            raise ValueError(f"site {site.id} has no signals")
        self._site, self._signals, self.tables, self.chooser = site, site.signals, tables, chooser
        self.neighbours = Neighbours(site)
        self.sight = Sight(site, tables, self.neighbours)
        self._lamps = Lamps(self._signals, tables.ways)
        self._patience = Patience(self._signals, tables)
        self._seen: Seen | None = None
        self._status: CabinetStatus | None = None
        self._status_s = -np.inf
        self._picture_s: dict[str, float] = {}
        self._called, self._asked = NONE, 0
        self._called_s = -np.inf

    def see(self, now_s: float, status: CabinetStatus | None, result: SecondResult) -> None:
        """Takes a second in, whoever runs the junction in it.

        Args:
            now_s: time now, seconds since the epoch.
            status: what the controller reports for the second that begins now.
            result: what the cameras saw in the one that ended.
        """
        if status is not None:
            self._status, self._status_s = status, now_s
            self._lamps.show(cabinet_s(status), status.groups)
        known = self._status is not None and now_s - self._status_s <= SILENT_S  # one lost status unpresses no button
        calls = self._status.calls if self._status is not None and known else ()
        for camera, snapshot in result.snapshots.items():
            self._picture_s[camera] = snapshot.time_s
        self._seen = self.sight.look(now_s, result, calls)
        self._patience.wait(self._lamps.greens, calls, self.sight.queued)

    def ready(self, now_s: float) -> str:
        """Why it cannot run now; empty if it can."""
        for approach in self._site.approaches:
            camera = self.sight.camera_of(approach.id)
            if camera is None:
                return f"no camera watches approach {approach.id}"
            if now_s - self._picture_s.get(camera, -np.inf) > BLIND_S:
                return f"no picture from camera {camera}"
        if self._status is None or now_s - self._status_s > SILENT_S:
            return "the controller is silent"
        if self._status.source is ControlSource.FLASH:
            return "the controller is flashing"
        return self._lamps.trouble

    def rests(self, now_s: float) -> str:
        """Why it does not run the junction now, so that nobody can be given priority; empty if it does."""
        if abs(now_s - self._called_s) <= RESTS_S:  # the clock may be set back
            return ""
        reason = self.ready(now_s)
        if not reason and self._status is not None:
            reason = f"plan {self._status.plan} runs as it stands ({self._status.source})"
        return f"the junction is not controlled second by second: {reason}"

    def call(self, now_s: float, status: CabinetStatus, plan: SignalPlan | None = None) -> StageCall | None:
        """What to ask of the cabinet in this second; once a second, after `see`.

        Args:
            now_s: time now, seconds since the epoch.
            status: what the controller reports now.
            plan: plan of the centre to stay within, as its mode allows; None where the junction stands alone.

        Returns:
            A call whose lease is told in the seconds of the controller's clock; None to ask nothing.
        """
        if self._seen is None or self.ready(now_s):
            self._called = NONE
            return None
        second = cabinet_s(status)
        if second != self._asked + 1:
            self._called = NONE  # somebody else has run the junction meanwhile
        self._asked = second
        stage = self._lamps.stage
        if stage == NONE and self._called == NONE:
            return None  # the plan changes stages: from the middle of that there is no way to another one
        coming = NONE if stage != NONE else self._called
        within = None if plan is None else Within(plan, second + 1)
        showing = self._lamps.showing(self.tables, status.stage if stage == NONE else stage, coming)
        wished = int(self.chooser.choose(self._seen, showing, within)[0])
        if wished == NONE:
            self._called = NONE
            return None
        if plan is None or plan.mode is ControlMode.FREE:  # else the cycle of the plan bounds the waits
            wished = self._patience.overrules(stage, wished)
        self._called = coming if stage == NONE else self._allowed(stage, wished)
        self._called_s = now_s
        source = ControlSource.ADAPTIVE if plan is None else ControlSource.CENTRAL
        return StageCall(stage=self._called, source=source, until_s=second + LEASE_S)

    def _allowed(self, stage: int, wished: int) -> int:
        """The wish if the rules allow it, else to stay, else what they leave."""
        changer = self._lamps.changer
        if changer is None:
            return stage
        possible = changer.possible()
        if possible[wished]:
            return wished
        if possible[stage]:
            return stage
        served = [one.stage for one in changer.overdue() if possible[one.stage]]
        return served[0] if served else stage
