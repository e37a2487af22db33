"""The vocabulary: road users, turns, lamp indications and kinds of violation, as they stand in every message."""

from __future__ import annotations

import enum


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
    """What a road user did; the law's name and fine are dated data, not code."""

    RED_LIGHT = "red_light"
    STOP_LINE = "stop_line"
    WRONG_WAY = "wrong_way"
    SPEED = "speed"


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
