"""Amber, all-red and pedestrian clearance from speeds and geometry: what a site's intergreens are reckoned from.

Sources: yellow change Y = t + v / (2 a + 2 g G) and red clearance R = (W + L) / v are ITE's kinematic formulas (Traffic
Engineering Handbook; Guidelines for Determining Traffic Signal Change and Clearance Intervals, 2020; NCHRP Report 731).
Their t = 1 s, a = 10 ft/s² and L = 20 ft are the defaults here. MUTCD section 4F.17: yellow 3 to 6 s. The times
are figures for the site file: they are fixed there, and no plan changes them.

Streets of motorcycles: the formulas follow one vehicle, so red clearance is asked of every class that rides there and
the longest counts. A motorcycle is short and a bicycle is shorter than a car, but they are slower: at 20 m the
bicycle needs 5.5 s where a car at 50 km/h needs 1.9 s.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import msgspec

from nutgiao.models.contracts.words import VehicleClass

REACTION_S = 1.0
DECELERATION_MPS2 = 3.05
"""10 ft/s²: a comfortable stop."""

GRAVITY_MPS2 = 9.81

AMBER_FLOOR_S, AMBER_CEILING_S = 3, 6
ALL_RED_FLOOR_S = 1

WALKING_MPS = 1.2
"""4 ft/s; where many old people or children cross, 1.0 or MUTCD's 1.07 (3.5 ft/s)."""

EXACT = 1e-9
"""What a sum of floats may be off by: 4.000000000000001 s are rounded up to 4 s."""


class Clearing(msgspec.Struct, frozen=True):
    """How a class of vehicle clears the junction.

    Attributes:
        length_m: of the vehicle.
        speed_mps: the speed that it clears with at most; None for the speed of the approach.
    """

    length_m: float
    speed_mps: float | None = None


CLEARING: Mapping[VehicleClass, Clearing] = {
    VehicleClass.CAR: Clearing(6.1),  # ITE's 20 ft
    VehicleClass.BUS: Clearing(12.2),  # the longest rigid vehicle of QCVN 09
    VehicleClass.TRUCK: Clearing(12.2),
    VehicleClass.MOTORCYCLE: Clearing(2.0, 25 / 3.6),  # electric and laden ones among them ride at 25 km/h
    VehicleClass.BICYCLE: Clearing(2.0, 4.0),  # RiLSA: bicycles clear at 4 m/s
}
"""Defaults; a place where speeds were measured gives its own, 15th percentiles, since the slow are to be cleared."""


class ChangePeriod(msgspec.Struct, frozen=True):
    """Amber and all-red of a vehicle group towards another, whole seconds.

    Attributes:
        amber_s: amber.
        all_red_s: all-red after it.
    """

    amber_s: int
    all_red_s: int

    @property
    def intergreen_s(self) -> int:
        """From the end of green to the start of the other's green: what stands in a site's intergreens."""
        return self.amber_s + self.all_red_s


def yellow_s(
    speed_mps: float,
    *,
    grade: float = 0.0,
    reaction_s: float = REACTION_S,
    deceleration_mps2: float = DECELERATION_MPS2,
) -> float:
    """Yellow change interval: who is too near to stop comfortably reaches the stop line before red.

    Y = t + v / (2 a + 2 g G).

    Args:
        speed_mps: v, approach speed (85th percentile, or the limit plus 3 m/s; ITE 2020).
        grade: G, rise over run, negative downhill.
        reaction_s: t.
        deceleration_mps2: a.

    Returns:
        Seconds, neither rounded nor bounded.

    Raises:
        ValueError: if the speed or what is left of the deceleration is not positive.
    """
    braking_mps2 = deceleration_mps2 + GRAVITY_MPS2 * grade
    if not (speed_mps > 0 and braking_mps2 > 0):
        raise ValueError(f"speed {speed_mps} m/s and braking {braking_mps2:.2f} m/s² must be above 0")
    return reaction_s + speed_mps / (2 * braking_mps2)


def red_clearance_s(path_m: float, length_m: float, speed_mps: float) -> float:
    """Red clearance interval: who crossed the line as red began is out of the other's way. R = (W + L) / v.

    Args:
        path_m: W, from the stop line to the far end of the conflict.
        length_m: L, of the vehicle.
        speed_mps: v, that it clears with.

    Returns:
        Seconds, neither rounded nor bounded.

    Raises:
        ValueError: if a length is negative or the speed is not positive.
    """
    if not (path_m >= 0 and length_m >= 0 and speed_mps > 0):
        raise ValueError(f"path {path_m} m, length {length_m} m and speed {speed_mps} m/s make no clearance")
    return (path_m + length_m) / speed_mps


def clearance_of_classes_s(path_m: float, speed_mps: float, classes: Mapping[VehicleClass, Clearing]) -> float:
    """The longest red clearance of the classes that ride there, seconds.

    Args:
        path_m: from the stop line to the far end of the conflict.
        speed_mps: clearing speed of the approach: of turning vehicles the speed in the turn.
        classes: classes and how they clear; none of them is faster than the approach.

    Raises:
        ValueError: if there is no class, a length is negative or a speed is not positive.
    """
    if not classes:
        raise ValueError("nobody clears: name at least one class")
    return max(
        red_clearance_s(path_m, one.length_m, speed_mps if one.speed_mps is None else min(speed_mps, one.speed_mps))
        for one in classes.values()
    )


def change_period(
    path_m: float,
    speed_mps: float,
    *,
    clearing_mps: float | None = None,
    grade: float = 0.0,
    classes: Mapping[VehicleClass, Clearing] = CLEARING,
) -> ChangePeriod:
    """Amber and all-red of a vehicle group, rounded up to whole seconds.

    Args:
        path_m: from the stop line to the far end of the conflict.
        speed_mps: approach speed.
        clearing_mps: speed in the junction where it is another, as in a turn; None for the approach speed.
        grade: rise over run, negative downhill.
        classes: classes that ride there.

    Returns:
        Amber of `AMBER_FLOOR_S` to `AMBER_CEILING_S`, all-red of `ALL_RED_FLOOR_S` or more. Seconds of amber above the
        ceiling are given to all-red: a longer amber is taken for a late green.

    Raises:
        ValueError: as in `yellow_s` and `clearance_of_classes_s`.
    """
    wanted = whole_s(yellow_s(speed_mps, grade=grade))
    amber = min(max(wanted, AMBER_FLOOR_S), AMBER_CEILING_S)
    clearing = clearance_of_classes_s(path_m, speed_mps if clearing_mps is None else clearing_mps, classes)
    return ChangePeriod(amber, max(whole_s(clearing), ALL_RED_FLOOR_S) + max(0, wanted - amber))


def walk_clearance_s(width_m: float, walking_mps: float = WALKING_MPS) -> int:
    """Clearance of a crossing, from the end of walk to the first conflicting green, whole seconds.

    Args:
        width_m: of the carriageway, kerb to kerb or to a refuge that people may wait on.
        walking_mps: speed of the slow walkers.

    Raises:
        ValueError: if the width is negative or the speed is not positive.
    """
    return whole_s(red_clearance_s(width_m, 0.0, walking_mps))


def whole_s(seconds: float) -> int:
    """Rounds up to whole seconds: a controller counts them, and the safe side is above."""
    return math.ceil(seconds - EXACT)
