"""What a site file says to the rules on violations: permissions of lanes, bans and signs, and which rules run."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from nutgiao.models.contracts.hours import Hours
from nutgiao.models.contracts.part import Identifier, Part
from nutgiao.models.contracts.words import Turn, VehicleClass, ViolationName

HoursList = Annotated[tuple[Hours, ...], Meta(description="local hours in which it holds; none: always")]
Classes = Annotated[tuple[VehicleClass, ...], Meta(min_length=1)]


class OnRed(Part, frozen=True, kw_only=True):
    """A sign or a side arrow that lets some turn on red, with care."""

    turns: Annotated[tuple[Turn, ...], Meta(min_length=1, description="movements that may go on red")] = (Turn.RIGHT,)
    classes: Annotated[tuple[VehicleClass, ...], Meta(description="who may; none: everybody")] = ()
    hours: HoursList = ()


class KeptLane(Part, frozen=True, kw_only=True):
    """A lane that is kept for some classes, such as buses."""

    classes: Annotated[Classes, Meta(description="who may drive there")]
    hours: HoursList = ()
    from_m: Annotated[
        float, Meta(ge=0, description="it is kept from so far upstream of the line on; nearer everybody may be there")
    ] = 30.0


class Ban(Part, frozen=True, kw_only=True):
    """A sign that bans turns from an approach."""

    turns: Annotated[tuple[Turn, ...], Meta(min_length=1, description="movements that the sign bans")]
    classes: Annotated[tuple[VehicleClass, ...], Meta(description="who is meant; none: everybody")] = ()
    hours: HoursList = ()


class Forbidden(Part, frozen=True, kw_only=True):
    """A sign that bans classes from an approach altogether."""

    classes: Annotated[Classes, Meta(description="who may not drive there")]
    hours: HoursList = ()


class Exit(Part, frozen=True, kw_only=True):
    """Where a movement leaves a junction whose legs are skew."""

    turn: Annotated[Turn, Meta(description="movement from this approach")]
    heading_deg: Annotated[
        float, Meta(ge=0, lt=360, description="direction of travel on leaving, degrees clockwise from +y")
    ]


class RuleSetting(Part, frozen=True, kw_only=True):
    """Whether and how a rule runs at this site; a rule that is not named runs, or not, by its default."""

    kind: Annotated[
        ViolationName, Meta(description="kind of violation: one of nutgiao's own, or 'package.name' of a plug-in")
    ]
    enabled: Annotated[bool, Meta(description="false: it does not run")] = True
    approaches: Annotated[
        tuple[Identifier, ...], Meta(description="approaches where it runs; none: all that it can run on")
    ] = ()
    hours: HoursList = ()
    figures: Annotated[
        dict[str, float], Meta(description="tolerances by name, in place of the rule's own; docs/violations.md")
    ] = msgspec.field(default_factory=dict)
