"""Who has a radio in a simulated street, who hears it, and what a ride from the request to the line was like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from nutgiao.models.contracts.priority import PriorityRecord, PriorityVehicle
from nutgiao.models.queueing.junction.calls import PriorityCall

VEHICLES: dict[str, PriorityVehicle] = {
    "bus": PriorityVehicle.BUS,
    "coach": PriorityVehicle.BUS,
    "tram": PriorityVehicle.TRAM,
    "emergency": PriorityVehicle.EMERGENCY,
    "authority": PriorityVehicle.SAFETY_CAR,
    "passenger": PriorityVehicle.CAR,
    "taxi": PriorityVehicle.CAR,
    "delivery": PriorityVehicle.LIGHT_TRUCK,
    "truck": PriorityVehicle.HEAVY_TRUCK,
    "trailer": PriorityVehicle.HEAVY_TRUCK,
    "motorcycle": PriorityVehicle.MOTORCYCLE,
    "moped": PriorityVehicle.MOTORCYCLE,
    "bicycle": PriorityVehicle.BICYCLE,
}
"""SUMO's vehicle classes in the words of RSMP's M0022; any other is ``other``."""


@runtime_checkable
class Hears(Protocol):
    """A controller that takes requests for priority."""

    def hear(self, calls: Sequence[PriorityCall], now_s: float) -> frozenset[str]:
        """Takes what was sent in the last second; asked once a second, before the stages are chosen.

        Returns:
            New requests that were refused only because one like it had just ended: they may be sent again.
        """

    def records(self) -> tuple[PriorityRecord, ...]:
        """What became of all requests so far."""


@dataclass(frozen=True, slots=True)
class Radio:
    """Who asks for priority.

    Attributes:
        kinds: vehicle classes of SUMO, such as bus or emergency, or ids of vehicle types.
        within_m: it asks when the line is not farther away.
    """

    kinds: tuple[str, ...]
    within_m: float = 200.0


@dataclass(slots=True)
class Ride:
    """The way of one vehicle to one light, from its request to the line, whether anybody heard it or not.

    Attributes:
        vehicle_type: who asks.
        light: id of the light.
        begun_s: when it asked.
        eta_s: what it told then, unrounded.
        stood_s: for how long it has stood since.
        ended_s: when it was over the line, or gone; None as long as it is on its way.
        crossed: whether it went over the line.
    """

    vehicle_type: PriorityVehicle
    light: str
    begun_s: float
    eta_s: float
    stood_s: float = 0.0
    ended_s: float | None = None
    crossed: bool = False

    @property
    def lost_s(self) -> float:
        """How much longer it took than it would have without any hindrance; only of one that is over."""
        return 0.0 if self.ended_s is None else self.ended_s - self.begun_s - self.eta_s
