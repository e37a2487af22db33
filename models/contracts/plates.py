"""Number plates: what a country allows them to look like, as dated data, and what a reading of one says."""

from __future__ import annotations

import enum
from typing import Annotated

import msgspec

Day = Annotated[str, msgspec.Meta(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$", description='day such as "2023-08-15"')]
"""ISO 8601, so that later days are greater strings."""

Text = Annotated[str, msgspec.Meta(min_length=1)]
Line = Annotated[int, msgspec.Meta(ge=1, le=2, description="number of lines that such a plate has: 1 or 2")]
Pattern = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        description="form as people write it: # a digit, P a province code, * a series, a name of `letters`, '/' where "
        "the second line begins; anything else stands for itself",
    ),
]


class PlateForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One form that plates have or had.

    Attributes:
        id: short name.
        vehicle: who carries it, in words; the string alone does not tell.
        shown: pattern of the whole plate.
        lines: numbers of lines that it is made in.
        series: what ``*`` stands for.
        valid_from: first day on which such a plate can be met; None if it is older than anything we read.
        valid_to: last day; None if it is still on the road.
        source: where the form is written down.
        unsure: what of it nobody has confirmed; empty if nothing.
    """

    id: Text
    vehicle: Text
    shown: Pattern
    lines: Annotated[tuple[Line, ...], msgspec.Meta(min_length=1)]
    source: Text
    series: tuple[Text, ...] = ()
    valid_from: Day | None = None
    valid_to: Day | None = None
    unsure: str = ""

    def valid_on(self, day: Day) -> bool:
        """True if plates of this form are on the road on a day."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


class PlateProvince(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Codes of one province, or of a group whose names we have no source for."""

    name: Text
    codes: Annotated[tuple[Annotated[str, msgspec.Meta(pattern="^[0-9]{2}$")], ...], msgspec.Meta(min_length=1)]


class PlateBackground(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a background colour says about the holder."""

    meaning: Text
    unsure: str = ""


class PlateColour(enum.StrEnum):
    """Background of a plate."""

    WHITE = "white"
    YELLOW = "yellow"
    BLUE = "blue"
    RED = "red"
    UNKNOWN = "unknown"


class PlateLaw(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that is known about one country's plates.

    Attributes:
        schema: name and version of this layout.
        country: two letters (ISO 3166-1).
        source: where the facts come from.
        letters: one capital letter -> the letters that may stand there.
        provinces: codes in use.
        unused_codes: codes that were never given out.
        read_as: characters that never stand on a plate -> the one that was meant.
        colours: meaning of the backgrounds.
        forms: all forms, old and new.
    """

    schema: str
    country: Text
    source: Text
    letters: dict[Annotated[str, msgspec.Meta(pattern="^[A-OQ-Z]$")], Text]
    provinces: Annotated[tuple[PlateProvince, ...], msgspec.Meta(min_length=1)]
    unused_codes: tuple[str, ...]
    read_as: dict[Annotated[str, msgspec.Meta(min_length=1, max_length=1)], str]
    colours: dict[PlateColour, PlateBackground]
    forms: Annotated[tuple[PlateForm, ...], msgspec.Meta(min_length=1, max_length=62)]

    @property
    def codes(self) -> tuple[str, ...]:
        """Province codes in use, sorted."""
        return tuple(sorted({code for province in self.provinces for code in province.codes}))


class Unreadable(enum.StrEnum):
    """Why a plate was not read."""

    NO_PLATE = "no plate"  # nothing that looks like one or two lines of text
    TOO_SMALL = "too small"
    BLURRED = "blurred"
    CUT = "cut"  # runs out of the picture
    AMBIGUOUS = "ambiguous"  # two strings fit about as well
    NO_FORM = "no form fits"  # there is text, but no plate of that day
    DISAGREEMENT = "frames disagree"
    SEVERAL = "several plates"  # two different numbers on what should be one vehicle
    ONCE = "read in one picture only"
    NO_TIME = "no time"  # the box was busy with other vehicles


class PlateReading(msgspec.Struct, frozen=True, kw_only=True):
    """What was read on one plate.

    Attributes:
        text: characters without separators; None if unreadable.
        shown: as people write it; None if unreadable.
        forms: ids of the forms that it can have; a car's and an old motorcycle's string can be the same.
        likelihood: share of the recogniser's belief, 0..1, that goes to exactly this string, mean over views.
        characters: belief in each character among the strings that fit, 0..1.
        second: the next best string; None if there is none.
        second_likelihood: its likelihood.
        reason: why it is unreadable; None if it was read.
        lines: number of lines, 0 if not known.
        aspect: width over height of the plate's text area, 0 if not known.
        colour: of the background.
    """

    text: str | None
    shown: str | None
    forms: tuple[str, ...] = ()
    likelihood: float = 0.0
    characters: tuple[float, ...] = ()
    second: str | None = None
    second_likelihood: float = 0.0
    reason: Unreadable | None = None
    lines: int = 0
    aspect: float = 0.0
    colour: PlateColour = PlateColour.UNKNOWN
