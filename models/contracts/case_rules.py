"""What law and city ask of a case: time limits and how long it is kept, as dated data, and what is checked first."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from nutgiao.models.contracts.part import Day, Part

Days = Annotated[int, Meta(gt=0, description="days")]


class CasePeriod(Part, frozen=True, kw_only=True):
    """Limits that hold for acts within a span of days.

    Attributes:
        valid_from: first day of the act.
        valid_to: last day; None while no end is known.
        sanction_days: after so many days from the act nobody may be sanctioned for it any more.
        notify_days: within so many days from the approval the owner has to be found and told.
        undecided_days: a case that nobody has taken up is deleted so many days after the act; one that was rejected or
            has expired, so many days after that.
        closed_days: a closed case is deleted so many days after it was closed.
        source: where the limits are written down.
        unsure: what of it nobody has confirmed; empty if nothing.
    """

    valid_from: Day
    valid_to: Day | None = None
    sanction_days: Days
    notify_days: Days
    undecided_days: Days
    closed_days: Days
    source: Annotated[str, Meta(min_length=1)]
    unsure: str = ""


class CaseRules(Part, frozen=True, kw_only=True):
    """How a city handles its cases.

    Attributes:
        schema: of the file.
        periods: limits by the day of the act, in order.
        utc_offset_h: of the local time in which a day begins and ends.
        two_person: an approval needs a second person, and so does the decision on an appeal.
        bundle_wait_h: a bundle that has not come so many hours after its report is missing.
        clock_error_s: a camera whose pictures and lamps are further apart fails the clock check.
        utc_error_s: so does a box whose clock is further from its time servers.
        calibration_days: a camera's map older than this fails the calibration check.
    """

    schema: str
    periods: Annotated[tuple[CasePeriod, ...], Meta(min_length=1)]
    utc_offset_h: Annotated[float, Meta(ge=-12, le=14)] = 7.0
    two_person: bool = False
    bundle_wait_h: Annotated[float, Meta(gt=0)] = 72.0
    clock_error_s: Annotated[float, Meta(gt=0)] = 0.5
    utc_error_s: Annotated[float, Meta(gt=0)] = 1.0
    calibration_days: Days = 365

    def on(self, day: Day) -> CasePeriod:
        """The limits for an act of that day; before the first period the first one's, in a gap those before the gap."""
        begun = [period for period in self.periods if period.valid_from <= day]
        return begun[-1] if begun else self.periods[0]


def period_problems(periods: tuple[CasePeriod, ...]) -> list[tuple[int, str]]:
    """What is wrong with the order of periods: index and problem of each."""
    wrong = []
    for index, period in enumerate(periods):
        if period.valid_to is not None and period.valid_to < period.valid_from:
            wrong.append((index, f"the period ends on {period.valid_to}, before it begins on {period.valid_from}."))
        before = periods[index - 1] if index else None
        if before is not None and (before.valid_to is None or before.valid_to >= period.valid_from):
            wrong.append((index, f"the period begins on {period.valid_from}, while the one before still holds."))
    return wrong
