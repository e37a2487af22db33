"""The border between the simulated world and a sensor: where bodies are now, and nothing of where they are going."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nutgiao.models.queueing.junction.tables import NONE
from nutgiao.simulation.control.tails import Tail


@dataclass(slots=True)
class Body:
    """A vehicle as anything that looks at the street could measure it.

    Attributes:
        token: which body it is; a sensor may use it to follow a body as long as it sees it, and for nothing else.
        lane: of the street, -1 inside a junction.
        pos_m: of its front, from the beginning of the lane.
        speed_mps: now.
        length_m: of the body.
        height_m: of the body.
        tail_lane: that only its tail is on; -1 if there is none.
    """

    token: str
    lane: int
    pos_m: float
    speed_mps: float
    length_m: float
    height_m: float
    tail_lane: int = NONE


class World:
    """Reads bodies from SUMO; no sensor reads anything else of vehicles.

    Args:
        sumo: ``libsumo`` with a running simulation.
        lane_ids: of the street.
    """

    def __init__(self, sumo: Any, lane_ids: tuple[str, ...]) -> None:
        self._sumo = sumo
        self._lane = {name: k for k, name in enumerate(lane_ids)}
        self._bodies: dict[str, Body] = {}
        self._tails: dict[str, Tail] = {}

    def read(self) -> dict[str, Body]:
        """All bodies on the street now, by token; those that wait to enter it are not there."""
        vehicle = self._sumo.vehicle
        before, now = self._bodies, {}
        tails, self._tails = self._tails, {}
        for token in vehicle.getIDList():
            body = before.get(token)
            if body is None:
                body = Body(token, NONE, 0.0, 0.0, vehicle.getLength(token), vehicle.getHeight(token))
            body.lane = self._lane.get(vehicle.getLaneID(token), NONE)
            body.pos_m = vehicle.getLanePosition(token)
            body.speed_mps = vehicle.getSpeed(token)
            tail = tails.get(token) or Tail(body.length_m)
            body.tail_lane = tail.stands_on(body.lane, vehicle.getDistance(token), body.pos_m)
            self._tails[token] = tail
            now[token] = body
        self._bodies = now
        return now
