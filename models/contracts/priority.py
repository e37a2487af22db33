"""Words of signal priority: what a bus or an ambulance asks of a light, and what becomes of its request.

Fields and states are those of RSMP's signal exchange list for traffic light controllers (Nordic, since 1.1.0): command
M0022 "Request Signal Priority" and status S0033 "Signal Priority Status". NTCIP 1211 (North America) tells more kinds
of end; `NTCIP_STATUS` says which of its words fits. Left out of M0022 are ``inputId`` and ``priorityId``: no box here
has numbered inputs or kinds of priority to choose from.
"""

from __future__ import annotations

import enum
from typing import Annotated

import msgspec
from msgspec import Meta

MOST_LEVEL, MOST_ETA_S = 14, 255
"""M0022: level 0 is the lowest and 14 the highest, an arrival is told up to 255 s ahead."""

Level = Annotated[int, Meta(ge=0, le=MOST_LEVEL)]
Named = Annotated[str, Meta(max_length=128)]
EtaSeconds = Annotated[int, Meta(ge=0, le=MOST_ETA_S)]


class RequestType(enum.StrEnum):
    """What a request is for."""

    NEW = "new"
    UPDATE = "update"
    CANCEL = "cancel"


class PriorityVehicle(enum.StrEnum):
    """Who asks, as M0022 has it."""

    PEDESTRIAN = "pedestrian"
    BICYCLE = "bicycle"
    MOTORCYCLE = "motorcycle"
    CAR = "car"
    BUS = "bus"
    LIGHT_TRUCK = "lightTruck"
    HEAVY_TRUCK = "heavyTruck"
    TRAM = "tram"
    EMERGENCY = "emergency"
    SAFETY_CAR = "safetyCar"
    SPECIAL_TRANSPORT = "specialTransport"
    OTHER = "other"


class PriorityState(enum.StrEnum):
    """State of a request, as S0033 has it."""

    RECEIVED = "received"
    QUEUED = "queued"
    ACTIVATED = "activated"
    COMPLETED = "completed"  # cancelled as expected
    TIMEOUT = "timeout"  # queued for too long
    REJECTED = "rejected"
    COOLDOWN = "cooldown"  # one like it has just ended
    STALE = "stale"  # active for too long, or not heard of any more


NEXT_STATES: dict[PriorityState, frozenset[PriorityState]] = {
    PriorityState.RECEIVED: frozenset(
        {
            PriorityState.QUEUED,
            PriorityState.ACTIVATED,
            PriorityState.REJECTED,
            PriorityState.COOLDOWN,
            PriorityState.COMPLETED,
        }
    ),
    PriorityState.QUEUED: frozenset({PriorityState.ACTIVATED, PriorityState.TIMEOUT, PriorityState.COMPLETED}),
    PriorityState.ACTIVATED: frozenset({PriorityState.COMPLETED, PriorityState.STALE}),
    PriorityState.COMPLETED: frozenset(),
    PriorityState.TIMEOUT: frozenset(),
    PriorityState.REJECTED: frozenset(),
    PriorityState.COOLDOWN: frozenset(),
    PriorityState.STALE: frozenset(),
}
"""S0033's table of transitions. Two are added, from received and queued to completed: a vehicle may pass, and cancel,
before its turn came, and S0033 names no other end for a request that was cancelled."""

NTCIP_STATUS: dict[PriorityState, str] = {
    PriorityState.RECEIVED: "idleNotValid",
    PriorityState.QUEUED: "readyQueued",
    PriorityState.ACTIVATED: "activeProcessing",
    PriorityState.COMPLETED: "closedCompleted",
    PriorityState.TIMEOUT: "closedTimeToLiveError",
    PriorityState.REJECTED: "closedStrategyError",
    PriorityState.COOLDOWN: "reserviceError",
    PriorityState.STALE: "closedTimerError",
}
"""The nearest status of a request in NTCIP 1211's priority request server. It also knows requests that another one
overrides (readyOverridden, activeOverride): those are queued or activated here."""


class PriorityAsk(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a vehicle asks: M0022.

    A new request names the movement in one way or several; later ones name the request only. What is left out is not
    written either, so that a signature outlives fields that are added later.

    Attributes:
        request: unique at the light; the same when it is updated or cancelled.
        type: new, update or cancel.
        level: how urgent it is beside others of its kind, 0 to 14.
        eta_s: seconds until the vehicle would be at the stop line if nothing hindered it; None if it does not know.
        vehicle_type: who asks; of a new request only.
        signal_group: that it needs.
        connection: movement from a street into another one, by its name at the light.
        approach: that it comes by.
        lane_in: lane that it comes on.
        lane_out: lane that it leaves by; only beside ``lane_in``.
    """

    request: Named
    type: RequestType
    level: Level = 0
    eta_s: EtaSeconds | None = None
    vehicle_type: PriorityVehicle | None = None
    signal_group: Named | None = None
    connection: Named | None = None
    approach: Named | None = None
    lane_in: Named | None = None
    lane_out: Named | None = None

    @property
    def way(self) -> tuple[str, ...]:
        """The movement as the request names it; two of the same way are alike."""
        named = (self.signal_group, self.connection, self.approach, self.lane_in, self.lane_out)
        keys = ("signal group", "connection", "approach", "lane", "into lane")
        return tuple(f"{key} {value}" for key, value in zip(keys, named, strict=True) if value is not None)

    @property
    def emergency(self) -> bool:
        """Whether police, fire brigade or ambulance ask."""
        return self.vehicle_type is PriorityVehicle.EMERGENCY

    def flaw(self) -> str:
        """What is wrong with it by the rules of M0022, in words; empty if nothing is."""
        if not self.request:
            return "it has no request id"
        if self.type is RequestType.NEW:
            if not self.way:
                return "a new request must name signal group, connection, approach or lane"
            return "a lane out is named without a lane in" if self.lane_out and not self.lane_in else ""
        if self.way:
            return f"only a new request names the movement, not one of type {self.type}"
        if self.vehicle_type is not None:
            return "the vehicle type cannot be changed"
        return ""


class PriorityRefusal(enum.StrEnum):
    """Why a message about priority was not even taken to the desk: a word to count by."""

    STRANGER = "stranger"  # the site names nobody of this name who may ask
    UNSIGNED = "unsigned"  # the signature is not of the key that the site names
    ELSEWHERE = "elsewhere"  # meant for another junction
    AHEAD = "ahead"  # sent in the future
    VALIDITY = "validity"  # valid for longer than anybody may ask for
    EXPIRED = "expired"
    REPLAYED = "replayed"  # came before
    TOO_MANY = "too-many"
    FLAWED = "flawed"  # breaks a rule of M0022
    NOT_ALLOWED = "not-allowed"  # this sender may not ask for that
    MOVEMENT = "movement"  # the junction has no such movement
    NO_CONTROL = "no-control"  # the junction is not controlled second by second now


class PriorityItem(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a request: an item of S0033.

    Attributes:
        request: its id.
        state: now.
        since_s: when that state began.
        reason: why it is not granted, or why it ended, in words; empty where the state says all.
    """

    request: str
    state: PriorityState
    since_s: float
    reason: str = ""


class PriorityRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What a request came to at a light, once it is over.

    Attributes:
        request: its id.
        light: that it was sent to.
        vehicle_type: who asked.
        level: the last one told.
        state: how it ended; what it was in when nobody went on counting.
        reason: in words.
        activated_s: for how long it was active.
        harm_person_s: waiting of the persons that the light kept because of it.
        held_s: seconds in which a green was kept because of it.
    """

    request: str
    light: str
    vehicle_type: PriorityVehicle
    level: int
    state: PriorityState
    reason: str = ""
    activated_s: float = 0.0
    harm_person_s: float = 0.0
    held_s: float = 0.0
