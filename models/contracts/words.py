"""The vocabulary: road users, turns, lamp indications and kinds of violation, as they stand in every message."""

from __future__ import annotations

import enum
from typing import Annotated

from msgspec import Meta


class VehicleClass(enum.StrEnum):
    """Road users as the edge tells them apart; a rider and the machine are one road user."""

    MOTORCYCLE = "motorcycle"
    BICYCLE = "bicycle"
    CAR = "car"
    BUS = "bus"
    TRUCK = "truck"
    PEDESTRIAN = "pedestrian"


CLASSES: tuple[VehicleClass, ...] = tuple(VehicleClass)
"""Index of a class in arrays: ``CLASSES[code]`` is the class, ``CLASS_CODE[class]`` its code."""

CLASS_CODE: dict[VehicleClass, int] = {name: code for code, name in enumerate(CLASSES)}

TWO_WHEELERS: frozenset[VehicleClass] = frozenset({VehicleClass.MOTORCYCLE, VehicleClass.BICYCLE})


class Turn(enum.StrEnum):
    """A movement's direction, seen by the driver."""

    LEFT = "left"
    THROUGH = "through"
    RIGHT = "right"
    UTURN = "uturn"


class Indication(enum.StrEnum):
    """What the lamps of one signal group show."""

    RED = "red"
    RED_AMBER = "red_amber"
    GREEN = "green"
    PERMISSIVE_GREEN = "permissive_green"
    AMBER = "amber"
    FLASHING_AMBER = "flashing_amber"
    DARK = "dark"
    UNKNOWN = "unknown"  # nobody could tell; every rule that needs the lamp stops here


class ViolationKind(enum.StrEnum):
    """What a road user did, by nutgiao's own rules; the law's name and fine are dated data, not code."""

    RED_LIGHT = "red_light"
    ENTERED_ON_AMBER = "entered_on_amber"  # passed the line on amber though a comfortable stop was possible
    STOP_LINE = "stop_line"
    WRONG_WAY = "wrong_way"
    WRONG_LANE = "wrong_lane"  # turned from a lane that has another movement
    BANNED_TURN = "banned_turn"
    BANNED_UTURN = "banned_uturn"
    SOLID_LINE = "solid_line"  # changed lanes over a solid line
    STOPPING = "stopping"
    PARKING = "parking"
    BLOCKED_BOX = "blocked_box"  # stands in the junction or on a crossing where it must stay clear
    BUS_LANE = "bus_lane"
    PAVEMENT = "pavement"
    FORBIDDEN_ROAD = "forbidden_road"
    SPEED = "speed"
    NO_HELMET = "no_helmet"
    OVERLOADED = "overloaded"  # more riders than the law allows
    CROSSING_PRIORITY = "crossing_priority"  # did not give way to somebody on a crossing


class ZoneKind(enum.StrEnum):
    """What a zone of a site is to the rules."""

    OTHER = "other"  # a place with a name: no rule of ours looks at it
    NO_STOPPING = "no_stopping"
    NO_PARKING = "no_parking"
    BOX = "box"  # has to be clear when the cross direction gets green
    PAVEMENT = "pavement"
    CROSSING = "crossing"  # for people on foot
    BUS_STOP = "bus_stop"  # nobody but buses may stop here


ViolationName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$", max_length=64)]
"""A kind of violation as messages carry it: a `ViolationKind`, or a plug-in's own with its prefix and a dot."""


class PictureFault(enum.StrEnum):
    """What may be wrong with a camera's picture."""

    FROZEN = "frozen"  # the same picture over and over
    BLACK = "black"  # dark or without any contrast
    BLURRED = "blurred"  # beside what this camera usually shows
    MOVED = "moved"  # not where it was calibrated


class ControlMode(enum.StrEnum):
    """What a box may do within a plan."""

    FIXED = "fixed"  # the plan second by second
    CYCLE = "cycle"  # its stages in its order and its cycle, greens as the street asks
    COORDINATED = "coordinated"  # the same, with the first stage green whenever the plan shows it
    FREE = "free"  # any stage at any time, within the site's limits


class ControlSource(enum.StrEnum):
    """The rung of the ladder that a junction stands on."""

    CENTRAL = "central"  # a plan of the centre that is valid now, and the centre lives
    LAST_VALID = "last_valid"  # the same plan while it is still valid and the centre is not heard
    TIME_OF_DAY = "time_of_day"  # the site's own table
    ADAPTIVE = "adaptive"  # second by second from what the box sees, alone: it needs no clock
    FIXED = "fixed"  # the table's first plan without an offset: it needs neither clock nor camera
    CABINET = "cabinet"  # the controller's own programme: nobody asked for anything
    FLASH = "flash"  # the conflict monitor has taken over
