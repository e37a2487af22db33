"""What the page has on it and sends: pairs, stop lines, zones and lamp boxes in pixels, not yet saved."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from nutgiao.models.contracts.words import ZoneKind

Number = Annotated[float, Meta(ge=-1e6, le=1e6)]
Pixel = tuple[Number, Number]
Box = tuple[int, int, int, int]


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a draft."""


class Pair(_Part, frozen=True, kw_only=True):
    """A clicked pixel; its place on the ground is None until somebody has typed it."""

    u: Number
    v: Number
    x: Number | None = None
    y: Number | None = None


class DraftZone(_Part, frozen=True, kw_only=True):
    """A zone; without pixels it is one that this camera does not see, and stays as it is, as does its kind if None."""

    id: Annotated[str, Meta(max_length=64)]
    what: Annotated[str, Meta(max_length=200)] = ""
    kind: ZoneKind | None = None
    px: Annotated[tuple[Pixel, ...], Meta(max_length=100)] | None = None


class DraftLamp(_Part, frozen=True, kw_only=True):
    """Boxes of one signal head and of the digits of its countdown."""

    signal_group: Annotated[str, Meta(max_length=64)]
    red_px: Box | None = None
    amber_px: Box | None = None
    green_px: Box | None = None
    hundreds_px: Box | None = None
    tens_px: Box | None = None
    ones_px: Box | None = None


class Draft(_Part, frozen=True, kw_only=True):
    """All of it.

    Attributes:
        pairs: in the order they were clicked.
        lines: lane borders, from the kerb to the centre of the road, of each approach whose stop line was drawn anew.
        zones: of the whole site.
        lamps: of this camera.
    """

    pairs: Annotated[tuple[Pair, ...], Meta(max_length=200)] = ()
    lines: dict[str, Annotated[tuple[Pixel, ...], Meta(max_length=20)]] = {}
    zones: Annotated[tuple[DraftZone, ...], Meta(max_length=100)] = ()
    lamps: Annotated[tuple[DraftLamp, ...], Meta(max_length=50)] = ()
