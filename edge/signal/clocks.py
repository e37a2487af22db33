"""Compares the clocks of cameras, controller, box and time servers, and says when they are too far apart to blame."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from statistics import median

from nutgiao.edge.signal.ntp import NtpReading, read_ntp
from nutgiao.edge.violation.trace import CONTROLLER, PICTURE, SignalTrace
from nutgiao.models.contracts.clocks import ClockNote

NTP_BOUND_S = 1.0
"""Evidence tells the time of an act in whole seconds: a clock that is further off than this tells a wrong one."""
CHANGES_MIN = 5
"""Changes of lamps that are needed before camera and controller are compared: the median then bears two wrong ones."""
CHANGES_KEPT = 200
SAME_S = 3.0
"""A change of the same lamp to the same colour within this is the same change; the shortest amber is 3 s."""
EVERY_S = 10
JUMP_S = 1.2
"""A wall clock that gains or loses so much against the steady one within a second was set. Slewing is 0.1 s a second at
most (chronyd); but seconds are whole, and a box under load comes up to one second late to one of them."""
SETTLE_S = 3.0
"""Frames that are read so long after a jump may have been stamped before it."""
_NORMAL = 1.4826  # standard deviation of a normal distribution over its median absolute deviation
_MEDIAN = 1.2533  # standard error of a median over that of a mean, sqrt(pi / 2)


class ClockBook:
    """Keeps what is known about the clocks.

    Args:
        groups: signal groups whose changes are compared.
        bound_s: largest offset between camera and controller.
        ntp: reads what the machine knows about its clock.
    """

    def __init__(self, groups: Sequence[str], bound_s: float, ntp: Callable[[], NtpReading | None] = read_ntp) -> None:
        self._groups, self._bound_s, self._ntp = tuple(groups), bound_s, ntp
        self._pairs: dict[tuple[str, float], tuple[float, float, float]] = {}
        self._behind: deque[float] = deque(maxlen=60)
        self._seconds = 0
        self._late_s, self._step_s = 0.0, 0.0
        self.note = ClockNote()

    def second(self, now_s: float, cabinet_s: int | None, trace: SignalTrace) -> ClockNote:
        """Looks at the clocks, every `EVERY_S` seconds, and tells the trace how late the pictures are.

        Args:
            now_s: time now by the box's clock.
            cabinet_s: time now by the controller's; None where it does not tell.
            trace: what controller and pictures have told about the lamps.

        Returns:
            What is known now.
        """
        if cabinet_s is not None:
            self._behind.append(now_s - cabinet_s)
        if self._seconds % EVERY_S == 0:
            self._measure(trace)
        self._seconds += 1
        trace.camera_late_s, trace.clock_off_s = self._late_s, self.off_s
        return self.note

    def forget(self) -> None:
        """Forgets what was measured: a clock has been set."""
        self._pairs.clear()
        self._behind.clear()
        self._seconds, self._late_s, self.note = 0, 0.0, ClockNote()

    @property
    def apart(self) -> str:
        """What is too far apart for a rule that needs the lamp against time; empty if nothing is.

        A clock of which nothing is known is told in the note and stops nothing: rule, lamp and picture share the box's
        clock, so the order of events does not hang on it.
        """
        note = self.note
        if note.camera_s is not None and abs(note.camera_s) > self._bound_s + self._step_s / 2.0:
            return f"pictures are {note.camera_s:+.2f} s from the controller"
        if note.ntp_s is not None and abs(note.ntp_s) > NTP_BOUND_S:
            return f"the box is {note.ntp_s:+.2f} s from its time servers"
        return ""

    @property
    def off_s(self) -> float:
        """How far the box's clock may be from true time; infinite where nobody keeps it, or it is beyond its bound."""
        note = self.note
        if note.ntp_s is None or note.ntp_error_s is None or abs(note.ntp_s) > NTP_BOUND_S:
            return math.inf
        return abs(note.ntp_s) + note.ntp_error_s

    def _measure(self, trace: SignalTrace) -> None:
        for group in self._groups:
            told = trace.changes(group, CONTROLLER)
            for seen_before_s, seen_s, shown in trace.changes(group, PICTURE):
                same = [one for one in told if one[2] is shown and abs(seen_s - one[1]) <= SAME_S]
                if same:
                    before_s, after_s, _ = min(same, key=lambda one: abs(seen_s - one[1]))
                    middle_s = (seen_before_s + seen_s - before_s - after_s) / 2.0
                    self._pairs[group, seen_s] = (middle_s, after_s - before_s, seen_s - after_s)
        while len(self._pairs) > CHANGES_KEPT:
            del self._pairs[next(iter(self._pairs))]
        reading = self._ntp()
        camera_s = sd_s = None
        if len(self._pairs) >= CHANGES_MIN:
            middles, steps, later = zip(*self._pairs.values(), strict=True)
            camera_s, self._step_s = median(middles), median(steps)
            spread_s = _NORMAL * median(abs(one - camera_s) for one in middles)
            sd_s = math.hypot(_MEDIAN * spread_s / math.sqrt(len(middles)), self._step_s / math.sqrt(12.0))
            # A change is told up to one step after it happened: to that extent pictures seem early and are not.
            late_s = median(later)
            self._late_s = late_s if late_s > 0.0 else min(0.0, late_s + self._step_s)
        self.note = ClockNote(
            camera_s=None if camera_s is None else round(camera_s, 3),
            camera_sd_s=None if sd_s is None else round(sd_s, 3),
            controller_s=median(self._behind) if self._behind else None,
            ntp_s=None if reading is None else reading.ahead_s,
            ntp_error_s=None if reading is None else reading.error_s,
            source="none" if reading is None else "kernel",
        )


class JumpWatch:
    """Has the wall clock been set? Told by a clock that nobody sets, second by second."""

    def __init__(self) -> None:
        self._last: tuple[float, float] | None = None
        self._settled_s = -math.inf

    def second(self, wall_s: float, steady_s: float) -> tuple[bool, bool]:
        """Compares the two clocks.

        Args:
            wall_s: time now by the box's clock.
            steady_s: seconds by a clock that nobody sets.

        Returns:
            Whether it was set within the last second, and whether frames may still carry stamps of before.
        """
        last, self._last = self._last, (wall_s, steady_s)
        if last is None or steady_s <= last[1]:  # a steady clock that stands tells nothing
            return False, steady_s < self._settled_s
        jumped = abs((wall_s - last[0]) - (steady_s - last[1])) > JUMP_S
        if jumped:
            self._settled_s = steady_s + SETTLE_S
        return jumped, steady_s < self._settled_s
