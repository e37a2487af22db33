"""What is wrong with each ground of the ladder in a second, from everything that the box knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nutgiao.edge.signal.call_watch import CallWatch
from nutgiao.edge.signal.drivers import Adaptive
from nutgiao.edge.signal.health import CentreWatch, ClockWatch, Echo, cabinet_s, unseen
from nutgiao.edge.signal.reasons import Reason, told
from nutgiao.edge.signal.rungs import Ground
from nutgiao.models.contracts.controller import CabinetStatus
from nutgiao.models.contracts.messages import CameraHealth, CentreHeartbeat
from nutgiao.models.contracts.site import Site
from nutgiao.models.contracts.words import ControlSource


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the box knows in a second besides what its controller tells.

    Attributes:
        steady_s: seconds by a clock that nobody sets.
        link: whether the broker can be reached.
        beats: the centre's heartbeats of the last second.
        cameras: how each camera is.
        silent: neighbours whose news is overdue; adaptive control does without them.
    """

    steady_s: float
    link: bool
    beats: Sequence[CentreHeartbeat] = ()
    cameras: Sequence[CameraHealth] = ()
    silent: tuple[str, ...] = ()


class Grounds:
    """Judges every ground but the plan of the centre, which the ladder knows.

    Args:
        site: the node's own site file.
        adaptive: runs the junction second by second; None where the box has no such thing.
        made_s: when this software was made, seconds since the epoch: a clock that shows less is not set.
        requests: whether requests for plans come true.
        calls: whether calls for stages do.
    """

    def __init__(self, site: Site, adaptive: Adaptive | None, made_s: float, requests: Echo, calls: CallWatch) -> None:
        self._site, self._adaptive, self._requests, self._calls = site, adaptive, requests, calls
        self._clock, self._centre = ClockWatch(made_s), CentreWatch()

    def second(self, now_s: float, status: CabinetStatus | None, around: Surroundings) -> dict[Ground, str]:
        """What is wrong with each ground, in words; empty where nothing is.

        Args:
            now_s: time now by the box's clock, seconds since the epoch.
            status: what the controller reports; None while it does not answer.
            around: what else is known.
        """
        return {
            Ground.CONTROLLER: self._controller(status, around.steady_s),
            Ground.CLOCK: self._clock.second(now_s, around.steady_s, None if status is None else cabinet_s(status)),
            Ground.LINK: "" if around.link else Reason.NO_LINK,
            Ground.CENTRE: self._centre.second(around.steady_s, around.beats),
            Ground.SIGHT: self._sight(now_s, around),
        }

    def _controller(self, status: CabinetStatus | None, steady_s: float) -> str:
        if status is None:
            return Reason.SILENT
        pending = [(status.pending, source) for source in ControlSource]
        self._requests.second(steady_s, [(status.plan, status.source), *pending])
        self._calls.second(steady_s, status)
        if status.source is ControlSource.FLASH:
            return Reason.FLASHING
        return Reason.DEAF if self._requests.deaf(steady_s) else ""

    def _sight(self, now_s: float, around: Surroundings) -> str:
        if self._adaptive is None:
            return Reason.NOT_EQUIPPED
        if self._calls.deaf(around.steady_s):
            return Reason.DEAF_TO_CALLS
        ready = self._adaptive.ready(now_s)
        return unseen(self._site, around.cameras) or (told(Reason.NOT_READY, ready) if ready else "")
