"""Hours, weekdays and days on which something holds, in local time: a sign's own words."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Annotated, NamedTuple

import numpy as np
from msgspec import Meta

from nutgiao.models.contracts.part import Day, Part

Clock = Annotated[str, Meta(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$")]


class Weekday(enum.StrEnum):
    """Days of the week, Monday first."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


_WEEK = tuple(Weekday)
_DAY_S = 86400
_FIRST_WEEKDAY = 3  # 1 January 1970 was a Thursday


NO_HOUR_S = 30.0
"""A clock that may be off by so much tells no hours. Hours change on whole minutes, so that with less two ends and the
middle of what it may be miss no change there and back."""


class LocalTime(NamedTuple):
    """A local time as signs tell it: ``day`` is 'YYYY-MM-DD', ``clock`` 'HH:MM'."""

    day: str
    weekday: Weekday
    clock: str


class Hours(Part, frozen=True, kw_only=True):
    """Hours on some days of the week. Those that end before they start go on into the next day, which is not named."""

    start: Annotated[Clock, Meta(description="local time of day from which it holds, HH:MM")] = "00:00"
    end: Annotated[Clock, Meta(description="local time of day until which it holds, HH:MM, 24:00 for midnight")] = (
        "24:00"
    )
    days: Annotated[tuple[Weekday, ...], Meta(description="days of the week; none: every day")] = ()
    first: Annotated[Day | None, Meta(description="first day it holds, 'YYYY-MM-DD'; none: ever since")] = None
    last: Annotated[Day | None, Meta(description="last day it holds, 'YYYY-MM-DD'; none: until further notice")] = None

    def hold(self, time_s: float, utc_offset_h: float) -> bool:
        """Whether they hold at an instant; arguments as of `local_time`."""
        now = local_time(time_s, utc_offset_h)
        if self.start < self.end:
            return self.start <= now.clock < self.end and self._on(now)
        if now.clock >= self.start:
            return self._on(now)
        return now.clock < self.end and self._on(local_time(time_s - _DAY_S, utc_offset_h))

    def _on(self, time: LocalTime) -> bool:
        """Whether they start on a day."""
        known = not self.days or time.weekday in self.days
        return known and (self.first or time.day) <= time.day <= (self.last or time.day)


def local_time(time_s: float, utc_offset_h: float) -> LocalTime:
    """Local time of an instant.

    Args:
        time_s: seconds since the epoch.
        utc_offset_h: local time minus UTC, hours.
    """
    seconds = int(np.floor(time_s + 3600.0 * utc_offset_h))
    text = str(np.datetime64(seconds, "s"))
    return LocalTime(text[:10], _WEEK[(seconds // _DAY_S + _FIRST_WEEKDAY) % 7], text[11:16])


def holds(hours: Sequence[Hours], time_s: float, utc_offset_h: float) -> bool:
    """Whether any of the hours hold at an instant; what names no hours always holds.

    Args:
        hours: as the site names them.
        time_s: seconds since the epoch.
        utc_offset_h: local time minus UTC, hours.
    """
    return not hours or any(each.hold(time_s, utc_offset_h) for each in hours)


def certainly_hold(hours: Sequence[Hours], time_s: float, utc_offset_h: float, off_s: float) -> bool:
    """Whether hours hold at every instant that it may be, for whom a ban of some hours is held against.

    Args:
        hours: as of `holds`, as are the next two.
        time_s: there.
        utc_offset_h: there.
        off_s: how far the clock may be off, either way. From `NO_HOUR_S` on, or NaN, no hours are certain.
    """
    if not hours:
        return True
    return off_s < NO_HOUR_S and all(
        holds(hours, each_s, utc_offset_h) for each_s in (time_s - off_s, time_s, time_s + off_s)
    )


def may_hold(hours: Sequence[Hours], time_s: float, utc_offset_h: float, off_s: float) -> bool:
    """Whether hours hold at any instant that it may be, for whom a permission of some hours speaks for.

    Args:
        hours: as of `certainly_hold`, as are the others.
        time_s: there.
        utc_offset_h: there.
        off_s: there; from `NO_HOUR_S` on, or NaN, any hours may hold.
    """
    return not off_s < NO_HOUR_S or any(
        holds(hours, each_s, utc_offset_h) for each_s in (time_s - off_s, time_s, time_s + off_s)
    )
