"""A site: the geometry, signals, limits and cameras of one junction, as its file describes them."""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from nutgiao.models.contracts.part import Identifier
from nutgiao.models.contracts.part import Part as _Part
from nutgiao.models.contracts.priority import MOST_LEVEL, Level, PriorityVehicle
from nutgiao.models.contracts.site_lamps import LampBox
from nutgiao.models.contracts.site_rules import Ban, Exit, Forbidden, HoursList, KeptLane, OnRed, RuleSetting
from nutgiao.models.contracts.words import Turn, VehicleClass, ViolationName, ZoneKind

Positive = Annotated[float, Meta(gt=0)]
NotNegative = Annotated[float, Meta(ge=0)]
Seconds = Annotated[int, Meta(ge=0, le=600)]


class Lane(_Part, frozen=True, kw_only=True):
    """A lane at the stop line; lanes of an approach are listed from the kerb to the centre of the road."""

    id: Annotated[Identifier, Meta(description="name of the lane, unique in the site")]
    width_m: Annotated[Positive, Meta(description="width of the lane")]
    turns: Annotated[tuple[Turn, ...], Meta(description="movements allowed from this lane", min_length=1)]
    on_red: Annotated[
        tuple[OnRed, ...], Meta(description="signs and side arrows that let somebody go on red; none: nobody may")
    ] = ()
    only: Annotated[KeptLane | None, Meta(description="classes that the lane is kept for, such as buses")] = None
    solid_left_m: Annotated[
        Positive | None,
        Meta(description="the line at its left is solid from the stop line up to so far upstream; none: it is not"),
    ] = None


class StopLine(_Part, frozen=True, kw_only=True):
    """What counts as over the line and what as into the junction, in metres beyond the line."""

    overrun_tolerance_m: Annotated[
        NotNegative, Meta(description="a four-wheeler standing further than this beyond the line on red overran it")
    ] = 1.0
    two_wheeler_tolerance_m: Annotated[
        NotNegative, Meta(description="the same for two-wheelers: the crowd ahead of the line is normal up to here")
    ] = 1.0
    conflict_m: Annotated[
        Positive,
        Meta(description="beyond this a vehicle is inside the junction: crossing on red and coming here is running"),
    ] = 6.0


class Approach(_Part, frozen=True, kw_only=True):
    """An incoming leg, with a frame of its own.

    Its x runs upstream from the stop line (negative beyond it), its y from the kerb to the left.
    """

    id: Annotated[Identifier, Meta(description="name of the approach, unique in the site")]
    origin_m: Annotated[
        tuple[float, float], Meta(description="where the stop line meets the kerb, in the site's ground plane")
    ]
    heading_deg: Annotated[
        float, Meta(ge=0, lt=360, description="direction of travel, degrees clockwise from the ground plane's +y axis")
    ]
    lanes: Annotated[tuple[Lane, ...], Meta(min_length=1, description="from the kerb to the centre of the road")]
    signal_group: Annotated[Identifier, Meta(description="group that the approach obeys")]
    left_signal_group: Annotated[
        Identifier | None, Meta(description="group of the left turn where it has an arrow of its own")
    ] = None
    speed_limit_mps: Annotated[Positive, Meta(description="speed limit")] = 13.9
    length_m: Annotated[Positive, Meta(description="distance from the stop line to the upstream junction or entry")] = (
        200.0
    )
    upstream: Annotated[
        str | None, Meta(description="node whose junction feeds this approach, if it is one of ours")
    ] = None
    stop_line: Annotated[StopLine, Meta(description="tolerances at the line")] = StopLine()
    banned: Annotated[tuple[Ban, ...], Meta(description="signs that ban turns, U-turns among them")] = ()
    forbidden: Annotated[
        tuple[Forbidden, ...], Meta(description="signs that ban classes of vehicles from this road")
    ] = ()
    exits: Annotated[
        tuple[Exit, ...], Meta(description="where movements leave; only those that no right angle tells")
    ] = ()

    @property
    def width_m(self) -> float:
        """Width of all lanes together, metres."""
        return sum(lane.width_m for lane in self.lanes)


class SignalGroup(_Part, frozen=True, kw_only=True):
    """Lamps that always show the same."""

    id: Annotated[Identifier, Meta(description="name of the group, unique in the site")]
    pedestrian: Annotated[bool, Meta(description="true for a crossing")] = False
    min_green_s: Annotated[
        Annotated[int, Meta(ge=1, le=600)], Meta(description="shortest green; for a crossing the shortest walk")
    ] = 7
    max_green_s: Annotated[Seconds, Meta(description="longest green")] = 120
    amber_s: Annotated[Seconds, Meta(description="fixed amber of a vehicle group; 0 for a crossing")] = 3
    max_red_s: Annotated[Seconds, Meta(description="longest red before road users stop believing the lamp")] = 150


class Stage(_Part, frozen=True, kw_only=True):
    """Signal groups that are green together."""

    id: Annotated[Identifier, Meta(description="name of the stage, unique in the site")]
    groups: Annotated[tuple[Identifier, ...], Meta(min_length=1, description="groups that have green in it")]


class Intergreen(_Part, frozen=True, kw_only=True):
    """Two groups that conflict, and the seconds from the end of one's green to the start of the other's."""

    from_group: Annotated[Identifier, Meta(description="group that loses green")]
    to_group: Annotated[Identifier, Meta(description="group that gets green")]
    seconds: Annotated[Seconds, Meta(description="amber and all-red, or the clearance of a crossing")]


class Limits(_Part, frozen=True, kw_only=True):
    """What no plan may leave."""

    cycle_min_s: Annotated[Seconds, Meta(description="shortest cycle")] = 40
    cycle_max_s: Annotated[Seconds, Meta(description="longest cycle")] = 150
    max_green_change_s: Annotated[
        Seconds, Meta(description="how far one plan may move a stage's green from the last")
    ] = 30
    max_cycle_change_s: Annotated[Seconds, Meta(description="how far one plan may move the cycle from the last")] = 30
    min_plan_interval_s: Annotated[
        Annotated[int, Meta(ge=0, le=3600)], Meta(description="shortest time between two changes of plan")
    ] = 240
    max_plan_life_s: Annotated[
        Annotated[int, Meta(ge=60, le=86400)], Meta(description="longest validity of a plan of the centre")
    ] = 3600
    free_order: Annotated[
        bool,
        Meta(description="plans may run the stages in another order; inside a section of a ring where there are rings"),
    ] = False


class Ring(_Part, frozen=True, kw_only=True):
    """One of the sequences of stages that a ring-and-barrier (NEMA) controller runs side by side."""

    id: Annotated[Identifier, Meta(description="name of the ring, unique in the site")]
    sections: Annotated[
        tuple[tuple[Identifier, ...], ...],
        Meta(min_length=1, description="for each section between two barriers its stages in their order; may be empty"),
    ]


class TimedPlan(_Part, frozen=True, kw_only=True):
    """One row of the time-of-day table."""

    id: Annotated[Identifier, Meta(description="name of the plan, unique in the site")]
    start: Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="local time of day it starts, HH:MM")]
    offset_s: Annotated[
        Seconds, Meta(description="green of the first stage starts so long after the master clock's zero")
    ]
    green_s: Annotated[
        tuple[int, ...], Meta(min_length=1, description="displayed green of each stage, in the site's order")
    ]


class Signals(_Part, frozen=True, kw_only=True):
    """The signal side of a site; its hash binds plans to it."""

    groups: Annotated[tuple[SignalGroup, ...], Meta(min_length=1, description="signal groups")]
    stages: Annotated[
        tuple[Stage, ...], Meta(min_length=1, description="stages in their order; the first is the reference")
    ]
    intergreens: Annotated[tuple[Intergreen, ...], Meta(description="every ordered pair of groups that conflict")]
    limits: Annotated[Limits, Meta(description="what no plan may leave")] = Limits()
    time_of_day: Annotated[tuple[TimedPlan, ...], Meta(min_length=1, description="the local table of plans")]
    rings: Annotated[
        tuple[Ring, ...],
        Meta(description="of a ring-and-barrier controller: stages are then listed ring by ring, section by section"),
    ] = ()


class CalibrationNote(_Part, frozen=True, kw_only=True):
    """How a camera was calibrated and how sure its pairs are; intervals of speeds rest on it."""

    method: Annotated[
        Literal["pairs", "marks", "vehicles"],
        Meta(description="from measured pairs, from marks of known length, or from the sizes of vehicles"),
    ] = "pairs"
    made: Annotated[
        Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\d$")] | None, Meta(description="day it was made, 'YYYY-MM-DD'")
    ] = None
    pair_px: Annotated[
        Positive, Meta(description="standard error of a clicked pixel, along the row and the column")
    ] = 1.5
    pair_m: Annotated[NotNegative, Meta(description="standard error of a place on the ground, along x and y")] = 0.05
    scale_share: Annotated[
        Annotated[float, Meta(ge=0, le=1)],
        Meta(description="standard error of all lengths together, as a share: tape, paint, mean size of vehicles"),
    ] = 0.005


class DeviceNote(_Part, frozen=True, kw_only=True):
    """What the device's papers say; it goes into the evidence as it stands."""

    serial: Annotated[str, Meta(max_length=100, description="serial number of the camera")]
    certificate: Annotated[
        Annotated[str, Meta(max_length=100)] | None, Meta(description="number of its certificate of inspection")
    ] = None
    certificate_until: Annotated[
        Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\d$")] | None,
        Meta(description="last day of the certificate, 'YYYY-MM-DD'"),
    ] = None


class Camera(_Part, frozen=True, kw_only=True):
    """A camera and how its picture lies on the ground."""

    id: Annotated[Identifier, Meta(description="name of the camera, unique in the site")]
    source: Annotated[
        str,
        Meta(description="file, folder of pictures, rtsp:// address, usb:N, or virtual: for the simulated street"),
    ]
    width_px: Annotated[int, Meta(gt=0, description="width of the picture the pairs were taken on")]
    height_px: Annotated[int, Meta(gt=0, description="height of that picture")]
    approaches: Annotated[tuple[Identifier, ...], Meta(min_length=1, description="approaches that it watches")]
    ground_pairs: Annotated[
        tuple[tuple[float, float, float, float], ...],
        Meta(
            min_length=4, description="u, v in pixels and x, y in metres of the same point on the ground, four or more"
        ),
    ]
    view_m: Annotated[
        tuple[float, float],
        Meta(description="nearest and farthest x of the approach that it sees well; negative is beyond the line"),
    ] = (-15.0, 60.0)
    noise_px: Annotated[Positive, Meta(description="standard error of a box edge, pixels")] = 2.0
    tiles: Annotated[
        tuple[Annotated[int, Meta(ge=1, le=8)], Annotated[int, Meta(ge=1, le=8)]],
        Meta(
            description="columns and rows of overlapping parts that are looked at besides the whole picture, such as "
            "[2, 1]: finds far and crowded motorcycles, and takes a call of the network for each"
        ),
    ] = (1, 1)
    tile_boxes_px: Annotated[
        tuple[tuple[int, int, int, int], ...],
        Meta(
            max_length=16,
            description="left, top, right, bottom of parts that are looked at besides the whole picture, instead of a "
            "grid or with it: only where far or crowded motorcycles are",
        ),
    ] = ()
    lamps: Annotated[
        tuple[LampBox, ...], Meta(description="lamps to read in the picture when no controller tells")
    ] = ()
    calibration: Annotated[CalibrationNote, Meta(description="how the pairs were found and how sure they are")] = (
        CalibrationNote()
    )
    device: Annotated[DeviceNote | None, Meta(description="what the device's papers say, for the evidence")] = None


class Zone(_Part, frozen=True, kw_only=True):
    """A piece of the ground with a name: a crossing, a bus stop, a box that must stay clear."""

    id: Annotated[Identifier, Meta(description="name of the zone, unique in the site")]
    what: Annotated[str, Meta(max_length=200, description="what it is, in words")] = ""
    polygon_m: Annotated[
        tuple[tuple[float, float], ...],
        Meta(min_length=3, max_length=100, description="its corners in turn, in the site's ground plane"),
    ]
    kind: Annotated[ZoneKind, Meta(description="what the rules make of it; 'other' is a place with a name only")] = (
        ZoneKind.OTHER
    )
    hours: HoursList = ()
    classes: Annotated[
        tuple[VehicleClass, ...], Meta(description="road users that its sign or marking means; none: all")
    ] = ()
    signal_groups: Annotated[
        tuple[Identifier, ...],
        Meta(description="of a crossing: its lamps for people on foot; of a box: groups that it must be clear for"),
    ] = ()


class Requester(_Part, frozen=True, kw_only=True):
    """Who may ask for priority by message: a bus line, an ambulance service. One key may sign for several."""

    id: Annotated[Identifier, Meta(description="name of the sender, as its messages carry it")]
    key: Annotated[
        Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")] | None,
        Meta(description="Ed25519 public key of who signs, hexadecimal; left out, the centre that signs plans does"),
    ] = None
    vehicles: Annotated[
        tuple[PriorityVehicle, ...], Meta(min_length=1, description="vehicles that it may ask for, as RSMP names them")
    ]
    approaches: Annotated[tuple[Identifier, ...], Meta(description="approaches that it may come by; none: all")] = ()
    turns: Annotated[tuple[Turn, ...], Meta(description="movements that it may ask for; none: all")] = ()
    most_level: Annotated[Level, Meta(description="how urgent it may call itself, 0 to 14")] = MOST_LEVEL
    per_minute: Annotated[
        Annotated[int, Meta(ge=1, le=600)], Meta(description="new requests that it may send in a minute")
    ] = 12


class Name(_Part, frozen=True, kw_only=True):
    """What people call the place."""

    vi: Annotated[str, Meta(description="Vietnamese name")]
    en: Annotated[str, Meta(description="English name")]


class Site(_Part, frozen=True, kw_only=True):
    """One junction."""

    schema: Annotated[str, Meta(pattern=r"^nutgiao/site/1$", description="version of this format")]
    id: Annotated[Identifier, Meta(description="node id, the same in topics and messages")]
    name: Annotated[Name, Meta(description="what people call the place")]
    utc_offset_h: Annotated[
        float, Meta(ge=-12, le=14, description="local time minus UTC, for the time-of-day table")
    ] = 7.0
    approaches: Annotated[tuple[Approach, ...], Meta(min_length=1, description="incoming legs")]
    signals: Annotated[Signals | None, Meta(description="signal side; absent where only cameras stand")] = None
    cameras: Annotated[tuple[Camera, ...], Meta(description="cameras of the box")] = ()
    clock_bound_s: Annotated[
        Positive,
        Meta(description="pictures further than this from the controller's clock: no violation that needs a lamp"),
    ] = 0.5
    evidence_days: Annotated[
        int, Meta(ge=1, le=3650, description="how long the box keeps evidence that the centre has, from the act on")
    ] = 75
    evidence_days_by_kind: Annotated[
        dict[ViolationName, Annotated[int, Meta(ge=1, le=3650)]],
        Meta(description="the same for single kinds of violation, such as 'red_light: 365'; the others keep theirs"),
    ] = msgspec.field(default_factory=dict)
    plates: Annotated[bool, Meta(description="read the plates of vehicles that are reported, with the text models")] = (
        False
    )
    zones: Annotated[tuple[Zone, ...], Meta(description="pieces of the ground with names")] = ()
    priority: Annotated[
        tuple[Requester, ...], Meta(description="who may ask for priority; none: every request is refused")
    ] = ()
    rules: Annotated[
        tuple[RuleSetting, ...], Meta(description="rules that do not run as they do by default; docs/violations.md")
    ] = ()
    rider_model: Annotated[
        Identifier | None,
        Meta(description="weights that count riders and helmets, judged by 'nutgiao models riders'; none: nobody does"),
    ] = None
    law: Annotated[
        str | None,
        Meta(description="law catalogue, beside this file unless the path is absolute; none: Vietnam's shipped one"),
    ] = None

    def approach(self, name: str) -> Approach:
        """The approach of that name.

        Raises:
            KeyError: if there is none.
        """
        for approach in self.approaches:
            if approach.id == name:
                return approach
        raise KeyError(name)


def apart_deg(a_deg: float, b_deg: float) -> float:
    """Angle between two directions, 0 to 180."""
    return abs((a_deg - b_deg + 180.0) % 360.0 - 180.0)


def site_hash(site: Site) -> str:
    """Hash of everything that a signal plan rests on: 16 hexadecimal digits of SHA-256 over the canonical JSON."""
    body = msgspec.json.encode((site.id, site.signals), order="deterministic")
    return hashlib.sha256(body).hexdigest()[:16]
