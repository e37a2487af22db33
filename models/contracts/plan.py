"""One signal plan: stages with displayed greens, a cycle, an offset, a validity and the site that it was made for."""

from __future__ import annotations

from typing import Annotated

import msgspec

from nutgiao.models.contracts.site import Signals, TimedPlan

Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
"""A number that grows; a larger one fits no database and would be the last."""

NEVER_S = 4.0e9
"""The year 2096: a time that JSON can carry and that no plan outlives (infinity is not JSON)."""


class SignalPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fixed-time plan of one junction.

    Attributes:
        id: name of the plan.
        node: junction it is meant for.
        site_hash: `site_hash` of the site file it was made for.
        revision: grows with every plan of the centre for this node; 0 is a local plan.
        cycle_s: the stages' greens and interstages together.
        offset_s: the first stage's green starts at every master-clock time ``t`` with ``t % cycle_s == offset_s``.
        green_s: displayed green of each stage in the site's order, seconds.
        valid_from_s: seconds since the epoch.
        expires_s: seconds since the epoch; the node falls back to its own table then.
    """

    id: str
    node: str
    site_hash: str
    revision: Count
    cycle_s: int
    offset_s: int
    green_s: tuple[int, ...]
    valid_from_s: float
    expires_s: float

    def signing_bytes(self) -> bytes:
        """The canonical bytes that a signature covers: the same for a time given as 5 and read back as 5.0."""
        plain = msgspec.structs.replace(self, valid_from_s=float(self.valid_from_s), expires_s=float(self.expires_s))
        return msgspec.json.encode(plain, order="deterministic")


def interstage_s(signals: Signals, before: int, after: int) -> int:
    """Seconds between the green of one stage and the green of the next.

    The longest of: intergreens from a vehicle group that ends to a group that starts, and the amber of a vehicle group
    that ends. A crossing that ends does not lengthen it: its walk ends earlier (see `walk_cut_s`).

    Args:
        signals: signal side of the site.
        before: index of the stage that ends.
        after: index of the stage that starts.
    """
    ending = set(signals.stages[before].groups) - set(signals.stages[after].groups)
    starting = set(signals.stages[after].groups) - set(signals.stages[before].groups)
    pedestrian = {group.id for group in signals.groups if group.pedestrian}
    vehicles = ending - pedestrian
    ambers = [group.amber_s for group in signals.groups if group.id in vehicles]
    gaps = [pair.seconds for pair in signals.intergreens if pair.from_group in vehicles and pair.to_group in starting]
    return max([0, *ambers, *gaps])


def walk_cut_s(signals: Signals, before: int, after: int, group: str) -> int:
    """How long before the end of its stage's green a crossing must stop walk, so that people clear in time, seconds."""
    starting = set(signals.stages[after].groups) - set(signals.stages[before].groups)
    clearance = max(
        [0, *(pair.seconds for pair in signals.intergreens if pair.from_group == group and pair.to_group in starting)]
    )
    return max(0, clearance - interstage_s(signals, before, after))


def cycle_of(signals: Signals, green_s: tuple[int, ...]) -> int:
    """Cycle that these greens make together with their interstages, seconds."""
    count = len(signals.stages)
    return sum(green_s) + sum(interstage_s(signals, k, (k + 1) % count) for k in range(count))


def lost_time_s(signals: Signals) -> int:
    """Interstages of a whole cycle, seconds."""
    return cycle_of(signals, (0,) * len(signals.stages))


def local_plan(node: str, signals: Signals, site_hash: str, row: TimedPlan) -> SignalPlan:
    """A row of the site's own table as a plan that never expires."""
    cycle = cycle_of(signals, row.green_s)
    return SignalPlan(
        id=row.id,
        node=node,
        site_hash=site_hash,
        revision=0,
        cycle_s=cycle,
        offset_s=row.offset_s % max(cycle, 1),
        green_s=row.green_s,
        valid_from_s=0.0,
        expires_s=NEVER_S,
    )


def scheduled_row(signals: Signals, local_second: float) -> TimedPlan:
    """The row of the time-of-day table that is in force.

    Args:
        signals: signal side of the site.
        local_second: seconds since local midnight.
    """

    def start(row: TimedPlan) -> int:
        hours, minutes = row.start.split(":")
        return int(hours) * 3600 + int(minutes) * 60

    rows = sorted(signals.time_of_day, key=start)
    chosen = rows[-1]  # before the first start of the day yesterday's last row still runs
    for row in rows:
        if start(row) <= local_second:
            chosen = row
    return chosen
