"""The radio of simulated buses and ambulances: requests for priority to the light that comes next on their way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np

from nutgiao.models.contracts.priority import (
    MOST_ETA_S,
    MOST_LEVEL,
    PriorityAsk,
    PriorityVehicle,
    RequestType,
)
from nutgiao.models.queueing.junction.calls import PriorityCall
from nutgiao.models.queueing.junction.seen import free_s
from nutgiao.simulation.control.lights import Lights
from nutgiao.simulation.control.radio import VEHICLES, Hears, Radio, Ride
from nutgiao.simulation.control.ways import Meeting, Ways

SPOKEN_S, MISTAKEN_S = 5.0, 2.0
"""A request is said again after so many seconds, or when the arrival is by so much another one than was told."""

AGAIN_S = 10.0
"""Who is refused because one like it has just ended asks again after so many seconds, under another id."""

LATE_S = 20.0
"""A vehicle that has lost so many seconds on its way asks one level higher."""

_HALTS_MPS = 0.5
_SLOWEST_MPS = 5.0


@dataclass(slots=True)
class _Caller:
    """A vehicle with a radio: its way, and its open request with what it said last."""

    name: str
    kind: PriorityVehicle
    route: tuple[str, ...]
    meetings: list[Meeting | None]
    factor: float
    accel_mps2: float
    at: int = -1
    ride: Ride | None = None
    call: PriorityCall | None = None
    told_at_s: float = 0.0
    told_eta_s: float = 0.0
    cooled_s: float | None = None  # when its request was refused because one like it had just ended


class Requests:
    """Reads the vehicles with a radio every second.

    Args:
        sumo: ``libsumo`` with a running simulation.
        lights: of its network.
        radio: who asks.

    Attributes:
        rides: of all requests so far.
    """

    def __init__(self, sumo: Any, lights: Lights, radio: Radio) -> None:
        self._sumo, self._lights, self._radio = sumo, lights, radio
        self._ways = Ways(lights)
        self._callers: dict[str, _Caller | None] = {}  # None: has no radio
        self._asked = 0
        self.rides: list[Ride] = []

    def tell(self, controller: object) -> None:
        """Sends what is sent in this second; a controller that takes no requests does not hear it."""
        calls = self.send()
        if not isinstance(controller, Hears):
            return
        now_s = float(self._sumo.simulation.getTime())
        cooled = controller.hear(calls, now_s)
        for caller in self._callers.values() if cooled else ():
            if caller is not None and caller.call is not None and caller.call.ask.request in cooled:
                caller.cooled_s = now_s

    def send(self) -> list[PriorityCall]:
        """What is sent in this second; to be asked once a second."""
        vehicle, now_s = self._sumo.vehicle, float(self._sumo.simulation.getTime())
        calls: list[PriorityCall] = []
        here = set(vehicle.getIDList())
        for name in sorted(here - self._callers.keys()):
            self._callers[name] = self._meet(name)
        for name, caller in list(self._callers.items()):
            if name not in here:
                if caller is not None:
                    self._cancel(caller, now_s, calls, crossed=False)
                del self._callers[name]
            elif caller is not None:
                self._speak(caller, now_s, calls)
        return calls

    def _meet(self, name: str) -> _Caller | None:
        vehicle = self._sumo.vehicle
        vclass = vehicle.getVehicleClass(name)
        if not {vclass, vehicle.getTypeID(name)} & set(self._radio.kinds):
            return None
        route = tuple(vehicle.getRoute(name))
        kind = VEHICLES.get(vclass, PriorityVehicle.OTHER)
        factor, accel_mps2 = float(vehicle.getSpeedFactor(name)), float(vehicle.getAccel(name))
        return _Caller(name, kind, route, self._ways.along(route), factor, accel_mps2)

    def _speak(self, caller: _Caller, now_s: float, calls: list[PriorityCall]) -> None:
        vehicle, name = self._sumo.vehicle, caller.name
        lane, pos_m, speed_mps = vehicle.getLaneID(name), vehicle.getLanePosition(name), vehicle.getSpeed(name)
        inside = lane.startswith(":")  # a junction: the line of the edge before is behind it
        index = vehicle.getRouteIndex(name) + inside
        meeting = caller.meetings[index] if 0 <= index < len(caller.route) else None
        if caller.ride is not None and (meeting is None or meeting.at != caller.at):
            self._cancel(caller, now_s, calls, crossed=True)
        if meeting is None or not lane:
            return
        length_m, limit_mps = self._ways.edge(caller.route[index])
        distance_m = length_m - (0.0 if inside else pos_m) + meeting.beyond_m
        if caller.ride is None and (distance_m > self._radio.within_m or self._stops_before(caller, index, meeting)):
            return
        pace_mps = max(_SLOWEST_MPS, limit_mps * caller.factor)
        eta_s = free_s(distance_m, speed_mps, pace_mps, caller.accel_mps2)
        if caller.ride is None:
            self._begin(caller, meeting, eta_s, now_s, calls)
        elif caller.call is not None:
            caller.ride.stood_s += speed_mps < _HALTS_MPS
            if caller.cooled_s is not None:
                if now_s - caller.cooled_s >= AGAIN_S:
                    self._ask(caller, caller.call, eta_s, now_s, calls)
                return
            counted_s = max(0.0, caller.told_eta_s - (now_s - caller.told_at_s))
            if now_s - caller.told_at_s >= SPOKEN_S or abs(eta_s - counted_s) >= MISTAKEN_S:
                ask = PriorityAsk(request=caller.call.ask.request, type=RequestType.UPDATE)
                self._say(caller, caller.call, ask, eta_s, now_s, calls)

    def _stops_before(self, caller: _Caller, index: int, meeting: Meeting) -> bool:
        """Whether it lets people in and out before the line: it asks when that is done."""
        stops = self._sumo.vehicle.getStops(caller.name, 1)
        return bool(stops) and stops[0].lane.rpartition("_")[0] in caller.route[index : meeting.at + 1]

    def _begin(self, caller: _Caller, meeting: Meeting, eta_s: float, now_s: float, calls: list[PriorityCall]) -> None:
        links = tuple(dict.fromkeys(meeting.links.values()))
        light = int(np.searchsorted(self._lights.light_link, links[0], "right")) - 1
        before, after = caller.route[meeting.at : meeting.at + 2]
        ask = PriorityAsk(
            request="", type=RequestType.NEW, vehicle_type=caller.kind, connection=f"{before}>{after}", approach=before
        )
        caller.at, caller.ride = meeting.at, Ride(caller.kind, self._lights.ids[light], now_s, eta_s)
        self.rides.append(caller.ride)
        self._ask(caller, PriorityCall(light, links, ask, now_s), eta_s, now_s, calls)

    def _ask(self, caller: _Caller, first: PriorityCall, eta_s: float, now_s: float, calls: list[PriorityCall]) -> None:
        """Sends a new request, under an id of its own."""
        ask = msgspec.structs.replace(first.ask, request=f"{caller.name}@{self._lights.ids[first.light]}/{self._asked}")
        self._asked += 1
        caller.call, caller.cooled_s = replace(first, ask=ask), None
        self._say(caller, caller.call, ask, eta_s, now_s, calls)

    def _say(
        self, caller: _Caller, first: PriorityCall, ask: PriorityAsk, eta_s: float, now_s: float,
        calls: list[PriorityCall],
    ) -> None:  # fmt: skip
        """Sends a request with how urgent it is now, and when the vehicle will be at the line."""
        level = MOST_LEVEL
        if caller.kind is not PriorityVehicle.EMERGENCY:
            level = min(MOST_LEVEL, int(self._sumo.vehicle.getTimeLoss(caller.name) / LATE_S))
        told = msgspec.structs.replace(ask, level=level, eta_s=min(MOST_ETA_S, round(eta_s)))
        caller.told_at_s, caller.told_eta_s = now_s, eta_s
        calls.append(PriorityCall(first.light, first.links, told, now_s))

    def _cancel(self, caller: _Caller, now_s: float, calls: list[PriorityCall], crossed: bool) -> None:
        if caller.ride is None or caller.call is None:
            return
        caller.ride.ended_s, caller.ride.crossed = now_s, crossed
        ask = PriorityAsk(request=caller.call.ask.request, type=RequestType.CANCEL)
        calls.append(PriorityCall(caller.call.light, caller.call.links, ask, now_s))
        caller.ride = caller.call = None
