"""What a schema cannot say about permissions, signs and rules of a site: names that exist, days in order."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence

from nutgiao.configs.document import Key
from nutgiao.configs.structure import Problem
from nutgiao.models.contracts.errors import close_to
from nutgiao.models.contracts.hours import Hours
from nutgiao.models.contracts.site import Approach, Site


def permission_problems(approach: Approach, here: Key) -> Iterator[Problem]:
    """Yields what is wrong with the permissions and signs of an approach.

    Args:
        approach: the approach.
        here: where it stands in the file.
    """
    for k, lane in enumerate(approach.lanes):
        at = (*here, "lanes", k)
        for j, permission in enumerate(lane.on_red):
            for turn in permission.turns:
                if turn not in lane.turns:
                    cure = "A permission is for a movement of the lane."
                    yield Problem((*at, "on_red", j, "turns"), f"nobody goes {turn} from lane '{lane.id}'.", cure)
            yield from hours_problems(permission.hours, (*at, "on_red", j, "hours"))
        if lane.only is not None:
            yield from hours_problems(lane.only.hours, (*at, "only", "hours"))
        if lane.solid_left_m is not None and k == len(approach.lanes) - 1:
            cure = "Lanes are listed from the kerb; the last one has no lane at its left."
            yield Problem((*at, "solid_left_m"), f"'{lane.id}' is the lane at the centre of the road.", cure)
    for k, ban in enumerate(approach.banned):
        yield from hours_problems(ban.hours, (*here, "banned", k, "hours"))
    for k, forbidden in enumerate(approach.forbidden):
        yield from hours_problems(forbidden.hours, (*here, "forbidden", k, "hours"))
    turns = [each.turn for each in approach.exits]
    for k, turn in enumerate(turns):
        if turn in turns[:k]:
            yield Problem((*here, "exits", k, "turn"), f"'{turn}' is there twice.", "Remove one.")


def setting_problems(site: Site) -> Iterator[Problem]:
    """Yields what is wrong with the list of rules; kinds and figures are checked by those who know the rules."""
    approaches = [approach.id for approach in site.approaches]
    kinds = [setting.kind for setting in site.rules]
    for k, setting in enumerate(site.rules):
        here: Key = ("rules", k)
        if setting.kind in kinds[:k]:
            yield Problem((*here, "kind"), f"'{setting.kind}' is there twice.", "Keep one.")
        for j, name in enumerate(setting.approaches):
            if name not in approaches:
                yield Problem((*here, "approaches", j), f"there is no approach '{name}'.", close_to(name, approaches))
        yield from hours_problems(setting.hours, (*here, "hours"))


def hours_problems(hours: Sequence[Hours], here: Key) -> Iterator[Problem]:
    """Yields what is wrong with hours.

    Args:
        hours: as the file names them.
        here: where they stand in it.
    """
    for k, each in enumerate(hours):
        for field in ("first", "last"):
            day = getattr(each, field)
            if day is not None and not _is_day(day):
                yield Problem((*here, k, field), f"there is no day {day}.", 'Write a day such as "2026-11-22".')
        if each.first is not None and each.last is not None and each.last < each.first:
            problem = f"they end on {each.last}, before they begin on {each.first}."
            yield Problem((*here, k, "last"), problem, "Swap the two days.")
        if each.start == each.end:
            cure = "Leave both out for the whole day."
            yield Problem((*here, k, "end"), f"they begin and end at {each.start}.", cure)


def _is_day(text: str) -> bool:
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True
