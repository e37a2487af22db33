"""The virtual signal controller: it alone drives the simulated lamps, and flashes if its conflict monitor trips."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import msgspec

from nutgiao.models.contracts.controller import CabinetRequest, CabinetStatus, StageCall
from nutgiao.models.contracts.lamp_rules import check_lamps
from nutgiao.models.contracts.plan import SignalPlan
from nutgiao.models.contracts.rings import sections_of
from nutgiao.models.contracts.site import Signals
from nutgiao.models.contracts.step_guard import LampsRefused, StepGuard
from nutgiao.models.contracts.step_guard_ways import Ways
from nutgiao.models.contracts.timeline import GREEN, INDICATIONS, expand, expand_cycle, stage_starts
from nutgiao.models.contracts.words import ControlSource, Indication
from nutgiao.simulation.cabinet_calls import CalledStages, stage_of

LEASE_S = 5
"""No call is good for longer, whatever lease it asks for."""

CALLERS = (ControlSource.ADAPTIVE, ControlSource.CENTRAL, ControlSource.LAST_VALID)
"""Rungs on which stages are called; from nobody else a call is taken."""


class Cabinet:
    """The controller of one junction, stage-based or with rings.

    It runs a plan. While somebody calls stages it shows these, and goes back to its plan when the last call's lease is
    over; a controller with rings takes no calls.

    Args:
        signals: signal side of the site.
        plan: plan that runs at the start, already at its offset.
        begin_s: first second, master-clock seconds.
    """

    def __init__(self, signals: Signals, plan: SignalPlan, begin_s: int) -> None:
        self._signals = signals
        self._plan, self._source = plan, ControlSource.TIME_OF_DAY
        self._pending: CabinetRequest | None = None
        self._cycles: deque[tuple[int, ...]] = deque()  # transitional cycles still to run
        self._in_transition = False
        self._begin_cycle(plan.green_s, begin_s - (begin_s - plan.offset_s) % plan.cycle_s)
        self._monitor = ConflictMonitor(signals)
        self._guard = StepGuard(signals.groups, signals.intergreens, second=begin_s)
        self._ways = _ways(signals)
        self._call: StageCall | None = None
        self._called: CalledStages | None = None
        self._pressed: set[str] = set()
        self._flashes = False
        self._second = begin_s  # the last one that was shown, or the first

    def request(self, request: CabinetRequest) -> None:
        """Takes a request; it starts at the first cycle boundary inside the plan's validity.

        While stages are called, or on the way home from there, it is where the way home leads as soon as it is valid;
        its own transition is of no use then. A plan that breaks a rule is dropped.
        """
        asked, plan = request.plan, self._plan
        if check_lamps(self._signals, expand(self._signals, [asked.green_s] * 3, [asked.order] * 3)):
            return
        same = (asked.green_s, asked.offset_s, asked.order) == (plan.green_s, plan.offset_s, plan.order)
        if same and not request.transition and self._called is None and self._pending is None:
            self._plan, self._source = request.plan, request.source  # a renewal changes no lamp
            return
        self._pending = request

    def call(self, call: StageCall) -> None:
        """Takes a call for a stage; a newer one takes its place."""
        if call.source in CALLERS:
            self._call = msgspec.structs.replace(call, until_s=min(call.until_s, self._second + LEASE_S))

    def press(self, crossings: Iterable[str]) -> None:
        """Somebody presses the buttons of these crossings, told by their groups."""
        self._pressed.update(crossings)

    def tick(self, now_s: int) -> CabinetStatus:
        """The lamps of the second that begins now.

        Args:
            now_s: master-clock seconds; must grow by one with each call.
        """
        self._second = now_s
        live = self._call is not None and now_s <= self._call.until_s and not self._flashes
        if live and self._called is None:
            self._begin_calls()
        row = self._of_plan(now_s) if self._called is None else self._of_calls(self._called, now_s, live)
        if not self._monitor.allows(now_s, row):
            self._flashes = True
        groups = tuple(Indication.FLASHING_AMBER if self._flashes else INDICATIONS[code] for code in row)
        greens = {group.id for group, code in zip(self._signals.groups, row, strict=True) if code == GREEN}
        self._pressed -= greens
        return self._report(now_s, groups, live)

    def _report(self, now_s: int, groups: tuple[Indication, ...], live: bool) -> CabinetStatus:
        plan, source = self._plan, self._source
        if self._called is None:
            second, cycle_s, green_s = now_s - self._start, len(self._lamps), self._greens
            stage = max(place for place in self._first_ring if place[0] <= second)[1]
        else:  # where the plan would be by the clock
            second, cycle_s, green_s = (now_s - plan.offset_s) % plan.cycle_s, plan.cycle_s, plan.green_s
            stage = self._called.stage
            if live and self._call is not None:
                source = self._call.source
        return CabinetStatus(
            groups=groups,
            stage=stage,
            cycle_second_s=second,
            cycle_s=cycle_s,
            green_s=green_s,
            plan=plan.id,
            revision=plan.revision,
            source=ControlSource.FLASH if self._flashes else source,
            in_transition=self._in_transition or self._called is not None,
            boundary_s=now_s - second + cycle_s,
            pending=self._pending.plan.id if self._pending else "",
            order=plan.order,
            calls=tuple(sorted(self._pressed)),
        )

    def _of_plan(self, now_s: int) -> list[int]:
        if now_s >= self._start + len(self._lamps):
            self._next_cycle(self._start + len(self._lamps))
        row: list[int] = self._lamps[now_s - self._start].tolist()
        try:
            self._guard.step(row)
        except LampsRefused:  # what is dangerous the monitor judges; for the guard the past begins with the next second
            self._guard = StepGuard(self._signals.groups, self._signals.intergreens, second=now_s + 1)
        return row

    def _of_calls(self, called: CalledStages, now_s: int, live: bool) -> list[int]:
        if self._pending is not None and now_s >= self._pending.plan.valid_from_s:
            self._plan, self._source, self._pending = self._pending.plan, self._pending.source, None
        if live and self._call is not None:
            called.call(self._call.stage)
        else:
            called.go_home(self._plan)
        row = list(called.step())
        cycles = None if live else called.home(self._plan)
        if cycles is not None:
            self._called, self._cycles = None, deque(cycles)
            self._pending = None  # its transition leads from another cycle to its offset: it must be asked for anew
            self._start_cycle(now_s)
        return row

    def _begin_calls(self) -> None:
        """Begins to show what is called if a stage stands; else it must first have come."""
        stage = stage_of(self._signals, self._guard)
        if self._ways is None or stage is None:
            return
        try:
            self._called = CalledStages(self._signals, self._ways, self._guard, stage)
        except ValueError:  # from here not everybody could be served in time: the plan goes on
            return
        self._cycles.clear()
        self._in_transition = False

    def _next_cycle(self, start: int) -> None:
        if self._pending is not None and start >= self._pending.plan.valid_from_s:
            request, self._pending = self._pending, None
            self._plan, self._source = request.plan, request.source
            self._cycles = deque(request.transition)
        self._start_cycle(start)

    def _start_cycle(self, start: int) -> None:
        self._in_transition = bool(self._cycles)
        self._begin_cycle(self._cycles.popleft() if self._cycles else self._plan.green_s, start)

    def _begin_cycle(self, greens: tuple[int, ...], start: int) -> None:
        self._greens, self._start = greens, start
        order = self._plan.order
        self._lamps = expand_cycle(self._signals, greens, order)
        starts = stage_starts(self._signals, greens, order)
        rings = [section[0] for section in sections_of(self._signals, order)]
        self._first_ring = [(starts[stage], stage) for ring in rings for stage in ring]


def _ways(signals: Signals) -> Ways | None:
    """Changes between the stages; None where they run in rings, or no plan keeps the rules."""
    try:
        return Ways(signals)
    except ValueError:
        return None


class ConflictMonitor:
    """Watches the lamps themselves, whatever asked for them: conflicting greens and cut intergreens, as an MMU would.

    Args:
        signals: signal side of the site.
    """

    def __init__(self, signals: Signals) -> None:
        column = {group.id: k for k, group in enumerate(signals.groups)}
        self._needed: dict[int, list[tuple[int, int]]] = {}
        for pair in signals.intergreens:
            self._needed.setdefault(column[pair.to_group], []).append((column[pair.from_group], pair.seconds))
        self._green_until: dict[int, int] = {}  # second in which a group was last green, plus one
        self._tripped = False

    def allows(self, now_s: int, lamps: list[int]) -> bool:
        """Whether these lamps may be shown; once tripped it stays tripped, as in the street, until a person comes.

        Args:
            now_s: master-clock seconds.
            lamps: code of each group, in the site's order.
        """
        green = {k for k, code in enumerate(lamps) if code == GREEN}
        for group in green:
            started = self._green_until.get(group) != now_s
            for other, seconds in self._needed.get(group, []):
                ended = self._green_until.get(other)
                if other in green or (started and ended is not None and now_s - ended < seconds):
                    self._tripped = True
        for group in green:
            self._green_until[group] = now_s + 1
        return not self._tripped
