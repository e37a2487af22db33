"""From wishes for stages to lamps second by second: changes are laid out, bad wishes refused, starved groups served.

A controller wishes a stage each second; the `Changer` shows it as soon as the rules allow. It refuses a wish that would
cut a green below its least, and one after which somebody's longest red or green could not be kept any more. Where even
to stay would lead there it changes by itself: nobody waits longer than the site allows, whatever is wished. The guard
has the last word on each second.
"""

from __future__ import annotations

from typing import NamedTuple

from nutgiao.models.contracts.lamp_rules import Stretch
from nutgiao.models.contracts.refusal import Refusal, Rule
from nutgiao.models.contracts.site import Signals
from nutgiao.models.contracts.step_guard import Lamp, StepGuard
from nutgiao.models.contracts.step_guard_ways import Move, Standing, WayOut, Ways
from nutgiao.models.contracts.timeline import AMBER, RED, stage_lamps


class Overdue(NamedTuple):
    """A group that waits.

    Attributes:
        group: its id.
        stage: the stage that can serve it soonest, by its index in the site.
        within_s: how many seconds from now that stage must be wished at the latest.
    """

    group: str
    stage: int
    within_s: int


class Changer:
    """Shows stages in any order.

    Args:
        signals: signal side of the site, without rings.
        guard: of its groups and pairs. If it has seen lamps, they must be those of the stage; else the next second
            shows the stage. What the guard has not seen is taken to have begun with it.
        stage: index of the stage that stands.
        ways: of the site, where they are known already.

    Raises:
        ValueError: if no plan of the site keeps the rules, the lamps are not those of the stage, or somebody waits
            already too long.

    Attributes:
        stage: that stands or is being left.
        to: that comes; the same where nothing changes.
        forced: whether the latest change was nobody's wish.
    """

    def __init__(self, signals: Signals, guard: StepGuard, stage: int, ways: Ways | None = None) -> None:
        self._ways, self._guard = ways or Ways(signals), guard
        self._lamps = stage_lamps(signals)
        self.stage = self.to = stage
        self.forced = False
        fresh = guard.shows(0) is None
        lamps = self._lamps[stage]
        if not fresh and any(run is None or run.what != lamp for run, lamp in zip(self._runs(), lamps, strict=True)):
            raise ValueError(f"the lamps that were shown last are not those of stage {signals.stages[stage].id}")
        self._standing = self._seen()
        self._start = guard.second if fresh else guard.second - 1
        self._leads: dict[int, int] = {}
        self._arrived = self._start if fresh else max(run.start for run in self._runs() if run is not None)
        if not self._ways.is_open(self._standing, stage, self._arrived, self._start + 1):
            raise ValueError(f"from stage {signals.stages[stage].id} not everybody can be served in time")

    @property
    def left_s(self) -> int:
        """Seconds until the greens of the stage that comes; 0 if the next second shows them, or nothing changes."""
        return max(0, self._start - self._guard.second)

    @property
    def stay_s(self) -> int:
        """Seconds for which the stage that stands, or comes, may still be held; then it is left by itself."""
        return max(0, self._best().hold_s)

    def overdue(self) -> tuple[Overdue, ...]:
        """Groups at red, those that must be served first in front.

        Each is told for itself: its longest red, less what has passed, less what the change and the least greens on
        the way take. What several of them need together stands in `stay_s`.
        """
        now, second, found = self.to, max(self._guard.second, self._start + 1), []
        for k, group in enumerate(self._ways.groups):
            if group.id not in self._ways.stages[now]:
                last = self._standing.red_since[k] + group.max_red_s
                within = [(self._within_s(stage, last, second), stage) for stage in self._with(k)]
                found += [Overdue(group.id, stage, within_s) for within_s, stage in [max(within)]]
        return tuple(sorted(found, key=lambda one: one.within_s))

    def refusals(self, stage: int) -> tuple[Refusal, ...]:
        """Why a stage may not be wished now; empty if it may.

        Args:
            stage: its index in the site.
        """
        if self._changing():
            if stage == self.to:
                return ()
            reason = f"the change to stage {self.to} takes {self.left_s + 1} s more"
            return (self._refusal(Rule.TRANSITION, reason, f"wish it in {self.left_s + 1} s", ()),)
        return self._against_staying() if stage == self.stage else self._against(stage)

    def possible(self) -> tuple[bool, ...]:
        """For each stage whether it may be wished now."""
        return tuple(not self.refusals(stage) for stage in range(len(self._ways.stages)))

    def wish(self, stage: int) -> tuple[Refusal, ...]:
        """Wishes a stage; the change to it begins with the next second.

        Args:
            stage: its index in the site; the one that stands to stay.

        Returns:
            Why not; then everything goes on as before. Empty if it is done.
        """
        refusals = self.refusals(stage)
        if not refusals and not self._changing() and stage != self.stage:
            self._begin(stage, forced=False)
        return refusals

    def step(self) -> tuple[Lamp, ...]:
        """Shows the next second.

        Returns:
            The lamp of each group.

        Raises:
            LampsRefused: if the guard refuses them; nothing has changed then.
        """
        second = self._guard.second
        if not self._changing() and not self._stays():
            self._begin(self._best().stage, forced=True)
        lamps = self._lamps[self.to] if second >= self._start else self._between(second)
        self._guard.step(lamps)
        if second == self._start:
            self.stage, self._arrived = self.to, second
        return lamps

    def _changing(self) -> bool:
        return self._guard.second <= self._start

    def _stays(self) -> bool:
        """Whether the stage that stands may be shown for one second more."""
        return self._ways.is_open(self._standing, self.stage, self._arrived, self._guard.second + 1)

    def _against_staying(self) -> tuple[Refusal, ...]:
        if self._stays():
            return ()
        best = self._best()
        return (self._barred("to stay", best.rule, best.group, f"change to stage {best.stage}"),)

    def _against(self, stage: int) -> tuple[Refusal, ...]:
        """Why no change to another stage may begin."""
        cleared, served = self._ways.earliest(self._standing, self.stage, stage, self._guard.second)
        if served > cleared:
            return tuple(self._too_soon(stage, cleared, served))
        move, what = self._move(stage, cleared), f"to change to stage {stage}"
        if move.spare_s < 0:
            return (self._barred(what, move.rule, move.group, "wish another stage"),)
        outs = []
        for out in self._ways.ways_out(move.standing, stage, cleared, cleared + 1):
            if out.hold_s >= 0:
                return ()
            outs.append(out)
        best = max(outs, key=lambda out: out.hold_s)
        return (self._barred(what, best.rule, best.group, f"wish stage {self._best().stage}, or stay"),)

    def _begin(self, stage: int, *, forced: bool) -> None:
        start = self._ways.earliest(self._standing, self.stage, stage, self._guard.second)[0]
        move = self._move(stage, start)
        self._leads = dict(self._ways.ways[self.stage][stage].leads_s)
        self.to, self.forced, self._start, self._standing = stage, forced, start, move.standing

    def _move(self, stage: int, start: int) -> Move:
        return self._ways.move(self._standing, self.stage, stage, start, self._guard.second)

    def _best(self) -> WayOut:
        second = max(self._guard.second, self._start + 1)
        arrived = self._start if self._changing() else self._arrived
        return max(self._ways.ways_out(self._standing, self.to, arrived, second), key=lambda out: out.hold_s)

    def _between(self, second: int) -> tuple[Lamp, ...]:
        lamps = [*self._lamps[self.stage]]
        for k, lead_s in self._leads.items():
            group, shown_s = self._ways.groups[k], second - (self._start - lead_s)
            if shown_s >= 0:
                lamps[k] = AMBER if not group.pedestrian and shown_s < group.amber_s else RED
        return tuple(lamps)

    def _within_s(self, stage: int, last: int, second: int) -> int:
        """How long a stage may be waited with so that its greens come at a second; below 0 if they come too late."""
        served = self._ways.earliest(self._standing, self.to, stage, second)[1]
        return last - (served if served > last else second + self._ways.ways[self.to][stage].seconds)

    def _with(self, group: int) -> list[int]:
        return [k for k, own in enumerate(self._ways.stages) if self._ways.groups[group].id in own]

    def _runs(self) -> list[Stretch | None]:
        return [self._guard.shows(k) for k in range(len(self._ways.groups))]

    def _seen(self) -> Standing:
        """What the guard has seen; greens that it has not seen are taken to have ended just before it began."""
        begin, since, end = self._guard.begin, [], []
        for k, run in enumerate(self._runs()):
            last = self._guard.last_green(k)
            since.append(begin if run is None else run.start)
            end.append(begin if last is None else last.start + last.seconds)
        return Standing(tuple(since), tuple(end), tuple(since))

    def _too_soon(self, stage: int, cleared: int, served: int) -> list[Refusal]:
        found = []
        for k, lead_s in self._ways.ways[self.stage][stage].leads_s:
            group, shown_s = self._ways.groups[k], cleared - lead_s - self._standing.green_since[k]
            if shown_s < group.min_green_s:
                reason = f"{group.id} would have {shown_s} s of {group.min_green_s} s"
                rule = Rule.WALK if group.pedestrian else Rule.MIN_GREEN
                found.append(self._refusal(rule, reason, f"wish it in {served - cleared} s", (group.id,)))
        return found

    def _barred(self, what: str, rule: Rule, index: int, cure: str) -> Refusal:
        group = self._ways.groups[index]
        limit = f"{group.max_green_s} s of green" if rule is Rule.MAX_GREEN else f"{group.max_red_s} s of red"
        return self._refusal(rule, f"{what} would lead {group.id} beyond {limit}", cure, (group.id,))

    def _refusal(self, rule: Rule, reason: str, cure: str, groups: tuple[str, ...]) -> Refusal:
        return Refusal(rule=rule, reason=reason, cure=cure, second=self._guard.second, groups=groups)
