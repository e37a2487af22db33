"""Watches how the mixed streams of the corridor discharge: every departure over the lanes' end, and whether it queued.

A stream is all that obeys one signal group of an approach. It departs at the end of its lanes, beyond the crowd of
two-wheelers that waits ahead of the painted line: at the line itself the crowd departs in red.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from nutgiao.models.contracts.site import Approach, Site
from nutgiao.models.contracts.words import CLASS_CODE, CLASSES, Indication, VehicleClass
from nutgiao.models.queueing.saturation_stream import StreamSaturation
from nutgiao.simulation.discharge import Departure, Green
from nutgiao.simulation.networks.build import LINE_SETBACK_M
from nutgiao.simulation.queues import QUEUED_MPS
from nutgiao.simulation.street import STEP_S, RoadUsers, Street

NEAR_M = 40.0
"""A queue keeps the line busy while enough of it is this near."""

NEAR_PER_M = 1.0
"""Enough: so many of those who have queued, per metre of width. Counted until the very last of them has left, the
demo's short queues discharge 1,435 MCU/h/m instead of 1,900: their tail is thin."""

BLOCKED_M = 45.0
"""An exit is full when somebody stands so near its beginning; such a green tells nothing."""

_NO = -1
_Slot = np.dtype([("stream", np.int64), ("to_end_m", np.float64), ("queued", np.bool_)])


@dataclass(slots=True)
class Stream:
    """What was seen of one stream.

    Attributes:
        node: junction.
        approach: its approach.
        group: signal group that it obeys.
        width_m: width that it uses.
        greens: complete greens with a free exit; a departure's ``place`` is 1 while the queue lasts, then 0.
        blocked: greens left out because the exit was full.
    """

    node: str
    approach: str
    group: str
    width_m: float
    greens: list[Green] = field(default_factory=list)
    blocked: int = 0


def learn_stream(greens: list[Green], learner: StreamSaturation) -> None:
    """Tells a stream's greens to an estimator; several streams of one width may share it, one after the other."""
    for green in greens:
        learner.green(green.start_s)
        amber = False
        for one in green.departures:
            if one.time_s > green.amber_s and not amber:
                learner.amber(green.amber_s)
                amber = True
            learner.departure(one.time_s, one.vehicle_class, one.place > 0)
        if not amber:
            learner.amber(green.amber_s)
        learner.red(queue_left=green.left > 0)


class StreetWatch:
    """Follows a running street; call `observe` after each `Street.step`.

    Args:
        street: running.
        sites: of its junctions.
        least_queue: who has queued and stands before green, at least, for a green to count.
    """

    def __init__(self, street: Street, sites: Mapping[str, Site], least_queue: int = 8) -> None:
        self._street, self._least = street, least_queue
        self._places = [(node, approach) for node, site in sites.items() for approach in site.approaches]
        self.streams: list[Stream] = []
        self._stream_of = np.full((len(self._places), 2), _NO)  # approach, and whether its left turn's own group
        code = self._edge_code = {name: k for k, name in enumerate(street.edges)}
        self._approach_of = np.full(len(street.edges), _NO)
        for index, (node, approach) in enumerate(self._places):
            self._approach_of[code[street.junctions[node].legs[approach.id].edge]] = index
            own_left = approach.left_signal_group
            left_m = approach.lanes[-1].width_m if own_left else 0.0
            self._stream_of[index] = len(self.streams)
            self.streams.append(Stream(node, approach.id, approach.signal_group, round(approach.width_m - left_m, 3)))
            if own_left:
                self._stream_of[index, 1] = len(self.streams)
                self.streams.append(Stream(node, approach.id, own_left, left_m))
        self._exits = [self._fed_by(stream) for stream in self.streams]
        self._left_from = np.array([_left_lane_from(approach) for _, approach in self._places])
        bearing = np.radians([approach.heading_deg for _, approach in self._places])
        self._ahead = np.stack([np.sin(bearing), np.cos(bearing)], axis=1)
        self._origin = np.array([approach.origin_m for _, approach in self._places])
        self._length = np.array([approach.length_m for _, approach in self._places])
        self._slots = np.zeros(0, _Slot)
        self._waiting = np.zeros(len(self.streams), np.int64)  # who has queued and is near the line
        self._left = self._waiting  # who has queued, wherever
        self._open: dict[int, Green] = {}
        self._full: set[int] = set()

    def observe(self, users: RoadUsers) -> None:
        """Takes note of one step."""
        if len(users) and users.slot.max() >= len(self._slots):
            grown = np.zeros(2 * int(users.slot.max()) + 1, _Slot)
            grown["stream"] = _NO
            grown[: len(self._slots)] = self._slots
            self._slots = grown
        self._slots["stream"][users.slot[users.fresh]] = _NO  # the number was somebody else's
        self._look_at_lamps(users.time_s - STEP_S)
        self._depart(users)
        rows = np.flatnonzero(
            (self._approach_of[users.edge] != _NO) & (users.classes != CLASS_CODE[VehicleClass.PEDESTRIAN])
        )
        approach, slot = self._approach_of[users.edge[rows]], users.slot[rows]
        offset, ahead = users.front_m[rows] - self._origin[approach], self._ahead[approach]
        y = offset[:, 1] * ahead[:, 0] - offset[:, 0] * ahead[:, 1]
        slots = self._slots[slot]
        stays = slots["stream"] != _NO
        slots["stream"] = self._stream_of[approach, (y > self._left_from[approach]).astype(int)]
        slots["to_end_m"] = LINE_SETBACK_M - (offset * ahead).sum(axis=1)
        slow = users.speed_mps[rows] < QUEUED_MPS
        slots["queued"] = (slots["queued"] & stays) | slow
        self._slots[slot] = slots
        near = slots["queued"] & (slots["to_end_m"] < NEAR_M)
        self._waiting = np.bincount(slots["stream"][near], minlength=len(self.streams))
        self._left = np.bincount(slots["stream"][slots["queued"]], minlength=len(self.streams))
        beginning = slow & (slots["to_end_m"] > self._length[approach] - BLOCKED_M)
        full = set(approach[beginning].tolist())
        self._full |= {k for k in self._open if self._exits[k] & full}

    def _depart(self, users: RoadUsers) -> None:
        """Who was on an approach a step ago and is now beyond the end of its lanes."""
        gone = np.flatnonzero((self._approach_of[users.edge] == _NO) & (self._slots["stream"][users.slot] != _NO))
        before = self._slots[users.slot[gone]]
        self._slots["stream"][users.slot[gone]] = _NO
        speed = users.speed_mps[gone]
        time_s = users.time_s - STEP_S + np.minimum(STEP_S, before["to_end_m"] / np.maximum(speed, 0.1))
        for k in np.argsort(time_s, kind="stable"):
            stream = int(before["stream"][k])
            if stream in self._open:
                busy = self._waiting[stream] >= NEAR_PER_M * self.streams[stream].width_m
                kind = CLASSES[users.classes[gone[k]]]
                one = Departure(float(time_s[k]), kind, "", "G", int(busy), float(speed[k]))
                self._open[stream].departures.append(one)

    def _look_at_lamps(self, time_s: float) -> None:
        """Greens begin and end with the lamps of the step that has just run; the queue is as it was before it."""
        for k, stream in enumerate(self.streams):
            lamp, green = self._street.shown[stream.node][stream.group], self._open.get(k)
            if lamp is Indication.GREEN and green is None:
                self._open[k] = Green(time_s, stood=int(self._waiting[k]))
            elif lamp is Indication.AMBER and green is not None and math.isnan(green.amber_s):
                green.amber_s = time_s
            elif lamp is Indication.RED and green is not None:
                del self._open[k]
                green.red_s = time_s
                green.left = int(self._left[k])
                self._keep(k, green)

    def _keep(self, k: int, green: Green) -> None:
        stream = self.streams[k]
        if k in self._full:
            self._full.remove(k)
            stream.blocked += 1
        elif green.stood >= self._least and not math.isnan(green.amber_s):
            stream.greens.append(green)

    def _fed_by(self, stream: Stream) -> set[int]:
        """Approaches that a stream leads to."""
        junction = self._street.junctions[stream.node]
        targets = {
            link.to_edge
            for link in junction.links
            if link.arm == stream.approach and link.group == stream.group and not link.is_crossing
        }
        return {int(self._approach_of[self._edge_code[edge]]) for edge in targets} - {_NO}


def _left_lane_from(approach: Approach) -> float:
    """Metres from the kerb at which the left turn's own lane begins."""
    return math.inf if approach.left_signal_group is None else approach.width_m - approach.lanes[-1].width_m
