"""What the rungs rest on, judged each second: the clock, the centre's heartbeat, cameras, and whether we are heard."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from nutgiao.edge.signal.reasons import Reason, told
from nutgiao.models.contracts.controller import CabinetStatus
from nutgiao.models.contracts.messages import CameraHealth, CentreHeartbeat
from nutgiao.models.contracts.site import Site

JUMP_S = 2.0
"""A clock that gains or loses more than this against the steady one within `DRIFT_S` has been set, or runs wrong.

A clock that is kept by NTP is slewed by 0.03 s a minute at most (500 ppm)."""
DRIFT_S = 60.0
APART_S = 2.0
"""Box and controller have to agree on the second this well: offsets are told in whole seconds."""
BEAT_AGE_S = 15.0
"""The centre's heartbeat comes every 5 s: this is the third one that is missing."""
BLIND_S = 5.0
"""A camera without a frame for so long does not see: it is reported as lost, and nothing relies on it."""
HEARD_S = 5.0
"""A controller that has taken a request says so within this."""
TRIES = 3
DEAF_S = 300.0
"""A controller that left so many requests in a row without an answer is not asked again for so long."""


class ClockWatch:
    """Is the box's clock to be trusted?

    Args:
        made_s: when this software was made, seconds since the epoch: it cannot be earlier now.
    """

    def __init__(self, made_s: float) -> None:
        self._made_s = made_s
        self._anchor: tuple[float, float] | None = None

    def second(self, wall_s: float, steady_s: float, cabinet_s: int | None) -> str:
        """Compares the clocks; a jump is told in the second in which it is seen, and in no other.

        Args:
            wall_s: time now by the box's clock, seconds since the epoch.
            steady_s: seconds by a clock that nobody sets.
            cabinet_s: time now by the controller's clock; None where it does not tell.

        Returns:
            What speaks against the clock; empty if nothing does.
        """
        wall, steady = self._anchor or (wall_s, steady_s)
        gained_s = (wall_s - wall) - (steady_s - steady)
        jumped = abs(gained_s) > JUMP_S
        if self._anchor is None or jumped or steady_s - steady >= DRIFT_S:
            self._anchor = wall_s, steady_s
        if wall_s < self._made_s:
            return Reason.NO_TIME
        if jumped:
            return told(Reason.JUMPED, f"{gained_s:+.0f} s")
        if cabinet_s is not None and abs(wall_s - cabinet_s) > APART_S:
            return told(Reason.APART, f"{wall_s - cabinet_s:+.0f} s")
        return ""


class CentreWatch:
    """Does the centre live? Told by its heartbeats; their age is taken by the clock that nobody sets."""

    def __init__(self) -> None:
        self._heard_s: float | None = None
        self._off = False

    def second(self, steady_s: float, beats: Sequence[CentreHeartbeat]) -> str:
        """Takes in the heartbeats of the last second.

        Args:
            steady_s: seconds by a clock that nobody sets.
            beats: heartbeats that came, oldest first.

        Returns:
            Why it is not there; empty if it is. At the start it is taken to be there until a heartbeat is overdue.
        """
        if beats:
            self._off = beats[-1].state != "online"
        if self._heard_s is None or (beats and not self._off):
            self._heard_s = steady_s
        if self._off:
            return Reason.CENTRE_OFF
        return Reason.NO_CENTRE if steady_s - self._heard_s > BEAT_AGE_S else ""


def unseen(site: Site, cameras: Sequence[CameraHealth]) -> str:
    """Which approaches no camera sees now.

    Args:
        site: whose cameras watch which approaches.
        cameras: how each of them is.

    Returns:
        Why; empty if each approach is seen by at least one camera.
    """
    # ages are told by the wall clock: when it was set back, the last frame seems to be from the future
    alive = {camera.camera for camera in cameras if abs(camera.age_s) <= BLIND_S}
    seen = {approach for camera in site.cameras if camera.id in alive for approach in camera.approaches}
    blind = [approach.id for approach in site.approaches if approach.id not in seen]
    return told(Reason.BLIND, ", ".join(blind)) if blind else ""


def cabinet_s(status: CabinetStatus) -> int:
    """The controller's own time, whole seconds since the epoch."""
    return status.boundary_s - status.cycle_s + status.cycle_second_s


class Echo:
    """Does what is asked of the controller come true?"""

    def __init__(self) -> None:
        self._asked: Hashable | None = None
        self._since_s = 0.0
        self._tries = 0
        self._deaf_until_s = float("-inf")

    def may_ask(self, what: Hashable, steady_s: float) -> bool:
        """Whether to ask (again): a request is given time to come true before it is repeated."""
        return not self.deaf(steady_s) and (self._asked != what or steady_s - self._since_s >= HEARD_S)

    def asked(self, what: Hashable, steady_s: float) -> None:
        """Notes a request."""
        self._tries = self._tries + 1 if self._asked is not None else 1
        self._asked, self._since_s = what, steady_s

    def second(self, steady_s: float, came_true: Sequence[Hashable]) -> None:
        """Compares what was asked with what the controller tells.

        Args:
            steady_s: seconds by a clock that nobody sets.
            came_true: everything that it says it runs, or is about to run.
        """
        if self._asked in came_true:
            self._asked, self._tries = None, 0
        elif self._tries >= TRIES and steady_s - self._since_s >= HEARD_S:
            self._asked, self._tries, self._deaf_until_s = None, 0, steady_s + DEAF_S

    def deaf(self, steady_s: float) -> bool:
        """Whether it has left so many requests without an answer that it is not worth asking now."""
        return steady_s < self._deaf_until_s
