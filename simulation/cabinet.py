"""The virtual signal controller: it alone drives the simulated lamps, and flashes if its conflict monitor trips."""

from __future__ import annotations

from collections import deque

from nutgiao.models.contracts.controller import CabinetRequest, CabinetStatus
from nutgiao.models.contracts.plan import SignalPlan
from nutgiao.models.contracts.rings import sections_of
from nutgiao.models.contracts.site import Signals
from nutgiao.models.contracts.timeline import GREEN, INDICATIONS, expand_cycle, stage_starts
from nutgiao.models.contracts.words import ControlSource, Indication


class Cabinet:
    """The controller of one junction, stage-based or with rings.

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

    def request(self, request: CabinetRequest) -> None:
        """Takes a request; it starts at the first cycle boundary inside the plan's validity."""
        asked, plan = request.plan, self._plan
        same = (asked.green_s, asked.offset_s, asked.order) == (plan.green_s, plan.offset_s, plan.order)
        if same and not request.transition and not self._in_transition and self._pending is None:
            self._plan, self._source = request.plan, request.source  # a renewal changes no lamp
            return
        self._pending = request

    def tick(self, now_s: int) -> CabinetStatus:
        """The lamps of the second that begins now.

        Args:
            now_s: master-clock seconds; must grow by one with each call.
        """
        if now_s >= self._start + len(self._lamps):
            self._next_cycle(self._start + len(self._lamps))
        second = now_s - self._start
        row = self._lamps[second].tolist()
        if not self._monitor.allows(now_s, row):
            self._source = ControlSource.FLASH
        flashing = self._source is ControlSource.FLASH
        groups = tuple(Indication.FLASHING_AMBER if flashing else INDICATIONS[code] for code in row)
        stage = max(place for place in self._first_ring if place[0] <= second)[1]
        return CabinetStatus(
            groups=groups,
            stage=stage,
            cycle_second_s=second,
            cycle_s=len(self._lamps),
            green_s=self._greens,
            plan=self._plan.id,
            revision=self._plan.revision,
            source=self._source,
            in_transition=self._in_transition,
            boundary_s=self._start + len(self._lamps),
            pending=self._pending.plan.id if self._pending else "",
            order=self._plan.order,
        )

    def _next_cycle(self, start: int) -> None:
        if self._pending is not None and start >= self._pending.plan.valid_from_s:
            request, self._pending = self._pending, None
            self._plan, self._source = request.plan, request.source
            self._cycles = deque(request.transition)
        self._in_transition = bool(self._cycles)
        self._begin_cycle(self._cycles.popleft() if self._cycles else self._plan.green_s, start)

    def _begin_cycle(self, greens: tuple[int, ...], start: int) -> None:
        self._greens, self._start = greens, start
        order = self._plan.order
        self._lamps = expand_cycle(self._signals, greens, order)
        starts = stage_starts(self._signals, greens, order)
        rings = [section[0] for section in sections_of(self._signals, order)]
        self._first_ring = [(starts[stage], stage) for ring in rings for stage in ring]


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
