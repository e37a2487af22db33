"""A deed as the truth suite records it, and where somebody is in the frame of an approach."""

from __future__ import annotations

import math
from collections.abc import Mapping

import msgspec

from nutgiao.models.contracts.site import Approach, Site
from nutgiao.models.contracts.words import CLASSES, ViolationKind
from nutgiao.simulation.street import RoadUsers


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that was broken.

    Attributes:
        kind: which.
        node: junction.
        approach: approach on which it was seen.
        zone: zone that it belongs to; empty for deeds on an approach.
        time_s: the act, seconds of the simulation.
        noted_s: when it was certain.
        vehicle: SUMO's name.
        vehicle_class: class of the road user.
        must: a careful witness could not miss it.
        numbers: what justifies it.
    """

    kind: ViolationKind
    node: str
    approach: str
    zone: str = ""
    time_s: float
    noted_s: float
    vehicle: str
    vehicle_class: str
    must: bool
    numbers: dict[str, float]


def done_by(
    kind: ViolationKind,
    node: str,
    approach: str,
    users: RoadUsers,
    i: int,
    at_s: float,
    numbers: Mapping[str, float],
    *,
    must: bool = True,
    zone: str = "",
) -> Deed:
    """A deed of row i that has just become certain.

    Args:
        kind: which rule was broken.
        node: junction.
        approach: on which it was seen.
        users: everyone on the street now.
        i: who did it.
        at_s: the act.
        numbers: what justifies it.
        must: a careful witness could not miss it.
        zone: zone that it belongs to, if it belongs to one.
    """
    return Deed(
        kind=kind,
        node=node,
        approach=approach,
        zone=zone,
        time_s=round(float(at_s), 2),
        noted_s=users.time_s,
        vehicle=users.ids[i],
        vehicle_class=CLASSES[users.classes[i]].value,
        must=must,
        numbers={name: round(float(value), 2) for name, value in numbers.items()},
    )


def asked(site: Site, kind: ViolationKind) -> list[Approach]:
    """Approaches on which a site asks for a rule that does not run by itself."""
    settings = [one for one in site.rules if one.kind == kind and one.enabled]
    return [a for a in site.approaches if any(not one.approaches or a.id in one.approaches for one in settings)]


def frame_of(approach: Approach, x_m: float, y_m: float) -> tuple[float, float]:
    """A place in an approach's frame: metres upstream of the line, and from the kerb."""
    bearing = math.radians(approach.heading_deg)
    hx, hy = math.sin(bearing), math.cos(bearing)
    dx, dy = x_m - approach.origin_m[0], y_m - approach.origin_m[1]
    return -(dx * hx + dy * hy), dy * hx - dx * hy
