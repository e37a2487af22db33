"""Marks files: what an engineer clicked on a still, with lengths of their own or from a list of road markings."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from nutgiao.configs.checked import checked
from nutgiao.configs.document import Document
from nutgiao.models.contracts.errors import close_to

Positive = Annotated[float, Meta(gt=0)]
Pixel = tuple[float, float]
Direction = Literal["along", "across", "free"]


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a file: unknown keys are refused."""


class Length(_Part, frozen=True, kw_only=True):
    """A marking whose length a rule gives."""

    id: Annotated[str, Meta(description="name of the marking")]
    what: Annotated[str, Meta(description="what it is, from where to where")]
    length_m: Annotated[Positive | None, Meta(description="length that the rule fixes")] = None
    sd_m: Annotated[Positive, Meta(description="standard error of the paint")] = 0.05
    low_m: Annotated[Positive | None, Meta(description="shortest that the rule allows")] = None
    high_m: Annotated[Positive | None, Meta(description="longest that the rule allows")] = None
    direction: Annotated[Direction, Meta(description="along or across the road, or free")] = "free"


class Markings(_Part, frozen=True, kw_only=True):
    """The markings of a rule."""

    schema: Annotated[str, Meta(pattern=r"^nutgiao/markings/1$", description="version of this format")]
    source: Annotated[str, Meta(description="the rule")]
    as_of: Annotated[str, Meta(description="day from which it holds, 'YYYY-MM-DD'")]
    lengths: Annotated[tuple[Length, ...], Meta(description="its markings")]


class ClickedMark(_Part, frozen=True, kw_only=True):
    """Two clicked ends of a mark. Without a length it only tells a direction, as a kerb does."""

    from_px: Annotated[Pixel, Meta(description="u, v of one end")]
    to_px: Annotated[Pixel, Meta(description="u, v of the other end")]
    what: Annotated[str | None, Meta(description="a marking of the list, such as crossing-pitch")] = None
    count: Annotated[
        Annotated[int, Meta(ge=1, le=100)], Meta(description="so many of them from end to end; 5 bars are 5 pitches")
    ] = 1
    length_m: Annotated[Positive | None, Meta(description="length, where it was measured")] = None
    sd_m: Annotated[Positive | None, Meta(description="standard error of that length")] = None
    direction: Annotated[Direction | None, Meta(description="along or across the road, or free")] = None


class MarksFile(_Part, frozen=True, kw_only=True):
    """All marks of one still."""

    schema: Annotated[str, Meta(pattern=r"^nutgiao/marks/1$", description="version of this format")]
    anchor_px: Annotated[Pixel, Meta(description="u, v of the pixel where the stop line meets the kerb")]
    approach: Annotated[str | None, Meta(description="approach that the road is; the camera's first if absent")] = None
    traffic: Annotated[Literal["away", "towards"], Meta(description="how traffic goes on it, seen from the camera")] = (
        "towards"
    )
    fov_deg: Annotated[
        Annotated[float, Meta(gt=1, lt=170)] | None, Meta(description="horizontal field of view, if known within 3 %")
    ] = None
    marks: Annotated[tuple[ClickedMark, ...], Meta(description="the marks")] = ()


class ResolvedMark(_Part, frozen=True, kw_only=True):
    """A mark whose length is looked up; None is a direction only."""

    from_px: Pixel
    to_px: Pixel
    length_m: float | None
    sd_m: float
    direction: Direction
    name: str


def load_markings(path: Path | None = None) -> Markings:
    """A list of markings; the shipped one of Viet Nam for None.

    Raises:
        ConfigError: if it is no good list.
    """
    shipped = Path(str(resources.files("nutgiao.configs") / "markings_vn.yaml"))
    return checked(Document(path or shipped, "schema: nutgiao/markings/1"), Markings)


def load_marks(path: Path, markings: Markings) -> tuple[MarksFile, tuple[ResolvedMark, ...]]:
    """A marks file, its lengths looked up.

    Raises:
        ConfigError: if it is no good marks file, or a length is not known.
    """
    document = Document(path, "schema: nutgiao/marks/1")
    file = checked(document, MarksFile)
    known = {length.id: length for length in markings.lengths}
    found = []
    for k, mark in enumerate(file.marks):
        key = ("marks", k)
        rule = known.get(mark.what or "")
        if mark.what is not None and rule is None:
            raise document.error((*key, "what"), f"there is no marking '{mark.what}'.", close_to(mark.what, [*known]))
        length, sd = mark.length_m, mark.sd_m or 0.02
        if rule is not None and length is None:
            if rule.length_m is None:
                allowed = f"{rule.low_m:g} to {rule.high_m:g} m" if rule.low_m and rule.high_m else "no fixed length"
                cure = "Measure one on the street and write its length_m."
                raise document.error(key, f"the rule gives '{rule.id}' {allowed}.", cure)
            length, sd = rule.length_m, mark.sd_m or rule.sd_m
        direction = mark.direction or (rule.direction if rule is not None else "free")
        if length is None and direction == "free":
            cure = "Write length_m or what, or say that it goes along or across the road."
            raise document.error(key, "neither a length nor a direction is known.", cure)
        found.append(
            ResolvedMark(
                from_px=mark.from_px,
                to_px=mark.to_px,
                length_m=None if length is None else length * mark.count,
                sd_m=sd,
                direction=direction,
                name=mark.what or "",
            )
        )
    return file, tuple(found)
