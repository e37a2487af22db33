"""Which rung of the ladder a junction may stand on: down when a ground is gone, up when it has held for long enough."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from nutgiao.edge.signal.reasons import Reason
from nutgiao.models.contracts.words import ControlSource


class Ground(enum.StrEnum):
    """What rungs rest on."""

    CONTROLLER = "controller"  # it answers, does what it is asked, and its conflict monitor has not taken over
    CLOCK = "clock"  # the box knows what time it is
    PLAN = "plan"  # a plan of the centre that was accepted and is valid now
    LINK = "link"  # the broker can be reached
    CENTRE = "centre"  # the centre's heartbeat is heard
    SIGHT = "sight"  # every approach is seen, and adaptive control is ready


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long a ground may be away before it counts as gone, and must hold before it counts again.

    Attributes:
        patience_s: flicker that is shorter moves nobody down.
        hold_off_s: a ground that was gone must hold so long without a break.
    """

    patience_s: float
    hold_off_s: float


BOUNDS: dict[Ground, Bounds] = {
    Ground.CONTROLLER: Bounds(3.0, 10.0),  # single answers get lost on a serial line
    Ground.CLOCK: Bounds(0.0, 60.0),  # a clock that somebody is setting is set more than once
    Ground.PLAN: Bounds(0.0, 0.0),  # a plan is told, judged and bounded by the guard: it does not flicker
    Ground.LINK: Bounds(5.0, 30.0),  # a broker that restarts is back within seconds
    Ground.CENTRE: Bounds(0.0, 30.0),  # the age that a heartbeat may reach is patience enough
    Ground.SIGHT: Bounds(3.0, 30.0),  # a camera's stream stutters
}

RESTS_ON: dict[ControlSource, tuple[Ground, ...]] = {
    ControlSource.CENTRAL: (Ground.CONTROLLER, Ground.CLOCK, Ground.PLAN, Ground.LINK, Ground.CENTRE),
    ControlSource.LAST_VALID: (Ground.CONTROLLER, Ground.CLOCK, Ground.PLAN),
    ControlSource.TIME_OF_DAY: (Ground.CONTROLLER, Ground.CLOCK),
    ControlSource.ADAPTIVE: (Ground.CONTROLLER, Ground.SIGHT),
    ControlSource.FIXED: (Ground.CONTROLLER,),
    ControlSource.CABINET: (),
}
"""The rungs, the best first; `ControlSource.FLASH` is none of them: the conflict monitor asks nobody.

The best one rests on SIGHT too where the plan of the centre asks for adaptive control: without it the plan is run as it
stands, which is what the next rung is."""

RETURNING: dict[Ground, Reason] = {
    Ground.CONTROLLER: Reason.CONTROLLER_BACK,
    Ground.CLOCK: Reason.CLOCK_BACK,
    Ground.PLAN: Reason.NO_PLAN,  # never told: a plan needs no hold-off
    Ground.LINK: Reason.LINK_BACK,
    Ground.CENTRE: Reason.CENTRE_BACK,
    Ground.SIGHT: Reason.SIGHT_BACK,
}
"""What is told of a ground that was gone and has not held for its hold-off yet."""


class _Watch:
    """One ground over time.

    Args:
        bounds: patience and hold-off.
        returning: what is told while it holds and does not count yet.
        firm: whether it counts at the start.
    """

    def __init__(self, bounds: Bounds, returning: str, firm: bool) -> None:
        self._bounds, self._returning, self.firm = bounds, returning, firm
        self._missing_since: float | None = None
        self._held_since: float | None = None
        self._missing = ""

    def second(self, steady_s: float, missing: str) -> None:
        self._missing = missing
        if missing:
            self._held_since = None
            self._missing_since = steady_s if self._missing_since is None else self._missing_since
            self.firm = self.firm and steady_s - self._missing_since < self._bounds.patience_s
        else:
            self._missing_since = None
            self._held_since = steady_s if self._held_since is None else self._held_since
            self.firm = self.firm or steady_s - self._held_since >= self._bounds.hold_off_s

    @property
    def why(self) -> str:
        """Why nothing may rest on it; empty if something may."""
        return "" if self.firm else self._missing or self._returning

    @property
    def lost(self) -> str:
        """Why it is away now; empty while it holds, or flickers within its patience."""
        return "" if self.firm else self._missing


@dataclass(frozen=True, slots=True)
class RungChange:
    """A step on the ladder.

    Attributes:
        before: rung until now.
        rung: rung from now on.
        reason: what keeps the junction from the better rungs; empty on the best.
    """

    before: ControlSource
    rung: ControlSource
    reason: str

    @property
    def down(self) -> bool:
        """Whether it leads away from the centre."""
        order = list(RESTS_ON)
        return order.index(self.rung) > order.index(self.before)

    def __str__(self) -> str:
        return f"{self.before} -> {self.rung}" + (f": {self.reason}" if self.reason else "")


class Rungs:
    """The rung that is wanted, second by second. Until the first second nobody has asked for anything.

    At the start the grounds are taken to hold, so that a box that starts in good order changes nothing in the street;
    only adaptive control has to show first that it can see.

    Args:
        bounds: patience and hold-off of each ground.

    Attributes:
        rung: that is wanted now.
        changes: how often each rung was entered.
    """

    def __init__(self, bounds: Mapping[Ground, Bounds] = BOUNDS) -> None:
        self._grounds = {
            ground: _Watch(bounds[ground], RETURNING[ground], ground is not Ground.SIGHT) for ground in Ground
        }
        self._adaptive = False
        self.rung = ControlSource.CABINET
        self.changes: Counter[ControlSource] = Counter()

    def second(self, steady_s: float, missing: Mapping[Ground, str], *, adaptive: bool = False) -> RungChange | None:
        """Takes in what holds in this second.

        Args:
            steady_s: seconds by a clock that nobody sets; a wall clock is among what is judged here.
            missing: of each ground that does not hold the reason, in words; an empty reason is one that holds.
            adaptive: whether the plan of the centre asks for adaptive control.

        Returns:
            The change of rung, if there is one.
        """
        for ground, watch in self._grounds.items():
            watch.second(steady_s, missing.get(ground, ""))
        self._adaptive = adaptive
        rung = next(rung for rung in RESTS_ON if all(self.firm(ground) for ground in self._rests(rung)))
        if rung is self.rung:
            return None
        before, self.rung = self.rung, rung
        self.changes[rung] += 1
        return RungChange(before, rung, self.reason)

    def firm(self, ground: Ground) -> bool:
        """Whether something may rest on a ground now."""
        return self._grounds[ground].firm

    def why(self, ground: Ground) -> str:
        """Why nothing may rest on a ground now; empty if something may."""
        return self._grounds[ground].why

    def lost(self, ground: Ground) -> str:
        """Why a ground is away now; empty while it holds, if only for a short time yet."""
        return self._grounds[ground].lost

    @property
    def reason(self) -> str:
        """What keeps the junction from the better rungs, a semicolon between two of them; empty on the best."""
        better = list(RESTS_ON)[: list(RESTS_ON).index(self.rung)]
        asked = dict.fromkeys(ground for rung in better for ground in self._rests(rung))
        return "; ".join(why for ground in asked if (why := self.why(ground)))

    def _rests(self, rung: ControlSource) -> tuple[Ground, ...]:
        sight = (Ground.SIGHT,) if self._adaptive and rung is ControlSource.CENTRAL else ()
        return RESTS_ON[rung] + sight
