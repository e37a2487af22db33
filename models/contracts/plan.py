"""One signal plan: stages with displayed greens, a cycle, an offset, a validity and the site that it was made for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec

from nutgiao.models.contracts.rings import places_of, ring_s
from nutgiao.models.contracts.site import Signals, TimedPlan
from nutgiao.models.contracts.words import ControlMode

Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
"""A number that grows; a larger one fits no database and would be the last."""

NEVER_S = 4.0e9
"""The year 2096: a time that JSON can carry and that no plan outlives (infinity is not JSON)."""


class SignalPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A fixed-time plan of one junction.

    What is as ever (the site's own order, a fixed plan) is left out: an older plan keeps its signature, and an older
    node reads a plan that asks nothing new of it.

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
        order: stages, counted from 0 in the site's order, in the order in which they run; empty for the site's own.
        mode: what the box may do within the plan.
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
    order: tuple[int, ...] = ()
    mode: ControlMode = ControlMode.FIXED

    def signing_bytes(self) -> bytes:
        """The canonical bytes that a signature covers: the same for a time given as 5 and read back as 5.0."""
        plain = msgspec.structs.replace(self, valid_from_s=float(self.valid_from_s), expires_s=float(self.expires_s))
        return msgspec.json.encode(plain, order="deterministic")


def cycle_of(signals: Signals, green_s: Sequence[int], order: Sequence[int] = ()) -> int:
    """Cycle that these greens make together with their interstages, seconds.

    Args:
        signals: signal side of the site.
        green_s: greens in the site's order.
        order: stages in the order of running; empty for the site's own.
    """
    return sum(max(ring_s(signals, ring, green_s) for ring in section) for section in places_of(signals, order))


def lost_time_s(signals: Signals, order: Sequence[int] = ()) -> int:
    """Interstages of a whole cycle, seconds; only where there are no rings do greens and they add up to the cycle."""
    return cycle_of(signals, (0,) * len(signals.stages), order)


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
