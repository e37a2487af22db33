"""The law on violations as dated data: article, fine and points of an act on the day it was done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta

from nutgiao.models.contracts.part import Day, Part
from nutgiao.models.contracts.words import VehicleClass, ViolationName

LAW_SCHEMA = "nutgiao/law/1"

Text = Annotated[str, Meta(min_length=1)]
Amount = Annotated[int, Meta(ge=0)]


class Act(Part, frozen=True, kw_only=True):
    """What a kind of violation is called."""

    vi: Annotated[Text, Meta(description="Vietnamese")]
    en: Annotated[Text, Meta(description="English")]


class Tier(Part, frozen=True, kw_only=True):
    """How grave the act must be for an entry: a figure of the violation within bounds."""

    figure: Annotated[Text, Meta(description="name among the figures of the violation, such as over_limit_kmh")]
    least: Annotated[float, Meta(description="the figure is at least this")] = 0.0
    below: Annotated[float | None, Meta(description="and below this; none: without bound")] = None

    def holds(self, numbers: Mapping[str, float]) -> bool:
        """Whether a violation's figures are within; not known is not within."""
        value = numbers.get(self.figure)
        return value is not None and value >= self.least and (self.below is None or value < self.below)

    def meets(self, other: Tier) -> bool:
        """Whether a figure can be within both."""
        below, others = self.below or float("inf"), other.below or float("inf")
        return self.figure != other.figure or (self.least < others and other.least < below)


class LawEntry(Part, frozen=True, kw_only=True):
    """What the law says of one kind of violation by some classes, over some time."""

    kind: Annotated[ViolationName, Meta(description="kind of violation")]
    classes: Annotated[tuple[VehicleClass, ...], Meta(min_length=1, description="who is meant")]
    law: Annotated[Text, Meta(description="the instrument, such as 'Decree 168/2024/ND-CP'")]
    article: Annotated[Text, Meta(description="article, clause and point")]
    fine: Annotated[tuple[Amount, Amount], Meta(description="least and greatest fine, in the catalogue's currency")]
    points: Annotated[int, Meta(ge=0, le=12, description="points taken off the driving licence")] = 0
    valid_from: Annotated[Day, Meta(description="first day of it, 'YYYY-MM-DD'")]
    valid_to: Annotated[Day | None, Meta(description="last day of it; none: still in force")] = None
    tier: Annotated[Tier | None, Meta(description="how grave the act must be; none: any")] = None
    source: Annotated[Text, Meta(description="where this was read")]
    unsure: Annotated[str, Meta(description="what of it nobody has confirmed; empty if nothing")] = ""

    def valid_on(self, day: str) -> bool:
        """Whether it is in force on a day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def meets(self, other: LawEntry) -> bool:
        """Whether one act can fall under both, which no catalogue may leave open."""
        days = self.valid_from <= (other.valid_to or "9999") and other.valid_from <= (self.valid_to or "9999")
        tiers = self.tier is None or other.tier is None or self.tier.meets(other.tier)
        return self.kind == other.kind and days and tiers and not set(self.classes).isdisjoint(other.classes)


class UnreadLaw(Part, frozen=True, kw_only=True):
    """An instrument that changes others and was not read: from its day on every entry is unsure."""

    law: Annotated[Text, Meta(description="the instrument")]
    since: Annotated[Day, Meta(description="first day of it, 'YYYY-MM-DD'")]
    what: Annotated[Text, Meta(description="what is known of it")]


class LawCatalogue(Part, frozen=True, kw_only=True):
    """What a country's law says of violations, over time."""

    schema: Annotated[str, Meta(pattern=f"^{LAW_SCHEMA}$", description="version of this format")]
    country: Annotated[str, Meta(pattern="^[A-Z]{2}$", description="two letters (ISO 3166-1)")]
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$", description="of the fines (ISO 4217)")]
    source: Annotated[Text, Meta(description="where the facts come from")]
    acts: Annotated[dict[ViolationName, Act], Meta(description="what each kind is called")]
    unread: Annotated[tuple[UnreadLaw, ...], Meta(description="instruments that were not read")] = ()
    entries: Annotated[tuple[LawEntry, ...], Meta(min_length=1, description="what the law says")]

    def entry(
        self, kind: ViolationName, vehicle_class: VehicleClass, day: str, numbers: Mapping[str, float] | None = None
    ) -> LawEntry | None:
        """What the law said of an act on the day it was done.

        Args:
            kind: what was done.
            vehicle_class: by whom.
            day: local day of the act, 'YYYY-MM-DD'.
            numbers: figures of the violation; an entry for some gravity needs the figure that tells it.

        Returns:
            The entry, with what is unsure of it on that day; None if the catalogue does not know.
        """
        for entry in self.entries:
            meant = entry.kind == kind and vehicle_class in entry.classes and entry.valid_on(day)
            if meant and (entry.tier is None or entry.tier.holds(numbers or {})):
                return self.with_doubts(entry, day)
        return None

    def with_doubts(self, entry: LawEntry, day: str) -> LawEntry:
        """An entry with what is unsure of it on a day, instruments that were not read included."""
        doubts = [f"{law.law} is not read: {law.what}" for law in self.unread if law.since <= day]
        return msgspec.structs.replace(entry, unsure="; ".join(filter(None, (entry.unsure, *doubts))))
