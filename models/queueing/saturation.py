"""The door to learning saturation flow: one site's movement groups, fed with lane states and lamps second by second.

What is learnt, from finer to coarser news:

- `LaneSaturation`: a lane of cars, departure by departure: headway by place in the queue, start-up lost time.
- `StreamSaturation`: a mixed stream, departure by departure: MCU/h/m, what each class counts, start-up lost time.
- `SiteSaturation`, here: all streams of a site from the sums that a node publishes each second; departures come in MCU,
  so that the discharge is learnt and the weights of the classes stay as they were when the MCU were counted.

Each of them starts from a prior that gives way to what is seen, says how sure it is, and keeps a state of plain numbers
that can be stored and taken up again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from nutgiao.models.contracts.messages import LaneState as LaneNow
from nutgiao.models.contracts.site import Approach, Site
from nutgiao.models.contracts.words import Indication, Turn, VehicleClass
from nutgiao.models.queueing.saturation_belief import Estimate
from nutgiao.models.queueing.saturation_lane import LaneReport, LaneSaturation
from nutgiao.models.queueing.saturation_stream import StreamPrior, StreamReport, StreamSaturation, StreamState

__all__ = [
    "Estimate",
    "LaneReport",
    "LaneSaturation",
    "SiteSaturation",
    "SiteState",
    "StreamReport",
    "StreamSaturation",
]

LEAST_QUEUE_MCU_M = 0.5
"""A queue, per metre of width: less stands here and there without keeping the line busy."""

LEAST_QUALITY = 0.5
"""Lane states below this tell nothing."""

_GREENS = (Indication.GREEN, Indication.PERMISSIVE_GREEN)


class SiteState(msgspec.Struct):
    """What was learnt of a site: one state per stream, by its name."""

    streams: dict[str, StreamState]


class _Stream:
    """The lanes of an approach that obey one signal group, and what is learnt of them."""

    def __init__(
        self, lanes: Sequence[str], width_m: float, group: str, prior: StreamPrior | None, state: StreamState | None
    ) -> None:
        self.lanes, self.width_m, self.group = frozenset(lanes), width_m, group
        self.learner = StreamSaturation(width_m, prior, state)
        self.lamp = Indication.UNKNOWN
        self.queued = False  # at the end of the last second


class SiteSaturation:
    """Learns the discharge of each movement group of a site from lane states.

    Args:
        site: with its signals.
        prior: what is known before.
        state: what an earlier instance had learnt; streams that it does not know start from the prior.
    """

    def __init__(self, site: Site, prior: StreamPrior | None = None, state: SiteState | None = None) -> None:
        known = state.streams if state is not None else {}
        self._streams: dict[str, _Stream] = {}
        for approach in site.approaches:
            for group in dict.fromkeys(_group(approach, k) for k in range(len(approach.lanes))):
                lanes = [lane for k, lane in enumerate(approach.lanes) if _group(approach, k) == group]
                name = f"{approach.id}:{group}"
                width = sum(lane.width_m for lane in lanes)
                self._streams[name] = _Stream([lane.id for lane in lanes], width, group, prior, known.get(name))

    @property
    def state(self) -> SiteState:
        """Everything learnt; ``msgspec.to_builtins`` makes plain dictionaries of it."""
        return SiteState({name: stream.learner.state for name, stream in self._streams.items()})

    def second(self, end_s: float, lanes: Sequence[LaneNow], shown: Mapping[str, Indication]) -> None:
        """Takes one second in; call it for each second, in order.

        Args:
            end_s: end of the second.
            lanes: lane states of the site at its end; departures are those within it.
            shown: what each signal group showed in it.
        """
        for stream in self._streams.values():
            mine = [lane for lane in lanes if lane.lane in stream.lanes]
            known = bool(mine) and all(lane.quality >= LEAST_QUALITY for lane in mine)
            queued = known and sum(lane.queue_mcu for lane in mine) >= LEAST_QUEUE_MCU_M * stream.width_m
            self._follow(stream, end_s - 1.0, shown.get(stream.group, Indication.UNKNOWN))
            if stream.lamp in _GREENS or stream.lamp is Indication.AMBER:
                departed = sum(lane.departures_mcu for lane in mine)
                stream.learner.second(end_s, {VehicleClass.MOTORCYCLE: departed}, stream.queued and queued)
            stream.queued = queued

    def report(self) -> dict[str, StreamReport]:
        """What was learnt of each stream so far."""
        return {name: stream.learner.report() for name, stream in self._streams.items()}

    @staticmethod
    def _follow(stream: _Stream, time_s: float, lamp: Indication) -> None:
        """Tells the learner what the lamps did at the start of a second."""
        before, stream.lamp = stream.lamp, lamp
        if lamp in _GREENS:
            # after the unknown one cannot tell how old the green is
            if before in (Indication.RED, Indication.RED_AMBER) and stream.queued:
                stream.learner.green(time_s)
        elif lamp is Indication.AMBER:
            if before in _GREENS:
                stream.learner.amber(time_s)
        elif before is Indication.AMBER or before in _GREENS:
            stream.learner.red(stream.queued)


def _group(approach: Approach, lane: int) -> str:
    """Signal group that a lane obeys."""
    only_left = approach.lanes[lane].turns == (Turn.LEFT,)
    return approach.left_signal_group if only_left and approach.left_signal_group else approach.signal_group
