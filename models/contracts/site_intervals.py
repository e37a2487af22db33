"""A site's intergreens beside ITE's change intervals, as far as the site file has the geometry for it."""

from __future__ import annotations

import itertools
import math

import msgspec

from nutgiao.models.contracts.intergreen import CLEARING, change_period
from nutgiao.models.contracts.site import Approach, Site
from nutgiao.models.contracts.words import VehicleClass

OVER_LIMIT_MPS = 3.0
"""ITE 2020: where no speeds were measured, the approach speed is the limit and 7 mph."""

LEAST_ANGLE_DEG = 45.0
"""Approaches that meet at less than this have no crossing point that two straight lines would give."""


class ShortIntergreen(msgspec.Struct, frozen=True, kw_only=True):
    """An intergreen of a site that is below ITE's.

    Attributes:
        from_group: group that ends.
        to_group: group that starts.
        seconds: the site's.
        amber_s: ITE's amber.
        all_red_s: ITE's all-red.
        path_m: way from the stop line to the far side of the other approach's road.
    """

    from_group: str
    to_group: str
    seconds: int
    amber_s: int
    all_red_s: int
    path_m: float

    def __str__(self) -> str:
        ite = f"ITE asks {self.amber_s} s of amber and {self.all_red_s} s of all-red over {self.path_m:.0f} m"
        return f"intergreen from {self.from_group} to {self.to_group} is {self.seconds} s; {ite}"


def short_intergreens(site: Site) -> list[ShortIntergreen]:
    """Intergreens of the site that are below ITE's for a car that goes straight on.

    Only pairs of groups that whole approaches obey and that cross each other are looked at: of arrows and crossings the
    site file has no path. The way of an approach is straight on from its stop line to the far side of the other's
    lanes; the approach speed is the limit and `OVER_LIMIT_MPS`, the clearing speed the limit.
    """
    if site.signals is None:
        return []
    classes = {VehicleClass.CAR: CLEARING[VehicleClass.CAR]}
    found = []
    for pair in site.signals.intergreens:
        longest: ShortIntergreen | None = None
        for one, other in itertools.product(site.approaches, site.approaches):
            path_m = way_m(one, other)
            if (one.signal_group, other.signal_group) != (pair.from_group, pair.to_group) or path_m is None:
                continue
            limit = one.speed_limit_mps
            period = change_period(path_m, limit + OVER_LIMIT_MPS, clearing_mps=limit, classes=classes)
            if period.intergreen_s > max(pair.seconds, longest.amber_s + longest.all_red_s if longest else 0):
                longest = ShortIntergreen(
                    from_group=pair.from_group,
                    to_group=pair.to_group,
                    seconds=pair.seconds,
                    amber_s=period.amber_s,
                    all_red_s=period.all_red_s,
                    path_m=path_m,
                )
        found += [longest] if longest else []
    return found


def way_m(ends: Approach, starts: Approach) -> float | None:
    """Way from one approach's stop line straight on to the far side of the other's lanes, metres; None if they miss."""
    along, across = _direction(ends.heading_deg), _direction(starts.heading_deg)
    turn = along[0] * across[1] - along[1] * across[0]
    if abs(turn) < math.sin(math.radians(LEAST_ANGLE_DEG)):
        return None
    left = (-across[1], across[0])
    ways = []
    for aside in (0.0, starts.width_m):
        x = starts.origin_m[0] + aside * left[0] - ends.origin_m[0]
        y = starts.origin_m[1] + aside * left[1] - ends.origin_m[1]
        ways.append((x * across[1] - y * across[0]) / turn)
    return max(ways) if max(ways) > 0 else None


def _direction(heading_deg: float) -> tuple[float, float]:
    """Unit vector of a heading clockwise from +y."""
    return math.sin(math.radians(heading_deg)), math.cos(math.radians(heading_deg))
