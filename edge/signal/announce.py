"""Who is on the way from one junction to the next: told to the neighbour, and heard from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import inf

from nutgiao.edge.lanes.crossing import Crossing
from nutgiao.models.contracts.messages import Announcement, Arrival
from nutgiao.models.contracts.site import Approach, Site
from nutgiao.models.contracts.words import CLASS_CODE
from nutgiao.models.queueing.junction.seen import PACE_SHARE
from nutgiao.models.queueing.junction.site import SiteTables
from nutgiao.models.queueing.junction.site_rows import PERSONS_BY_CODE
from nutgiao.models.queueing.mcu import MCU_BY_CODE
from nutgiao.models.queueing.shares import Shares

LIFE_S = 120.0
"""For so long an announcement is worth reading: the longest way between neighbours is shorter."""

STALE_S = 20.0
"""A neighbour that has said nothing for so long is not relied on; on a street of some traffic it speaks each second."""

MOST_MCU, MOST_PERSONS, MOST_TOLD = 60.0, 300.0, 400
"""No street brings more than this in a second, nor more announcements on the way: what tells of it is wrong."""

_LEAST_MCU = 0.05

LinkShares = Callable[[int], Shares]
"""Of a lane, by its number: what those do who leave it, in the order of `SiteTables.links_of`."""


class Announcer:
    """Tells who has left towards which neighbour.

    Where a lane leads to several legs, each of them is told its learnt share of everybody. The way to the neighbour is
    taken to be as long as the approach that comes from there.

    Args:
        site: with approaches that have an ``upstream``.
        tables: of the site.
        shares: of the turns of a lane.
    """

    def __init__(self, site: Site, tables: SiteTables, shares: LinkShares) -> None:
        self._tables, self._shares = tables, shares
        self._towards = {
            number: (approach.upstream, travel_s(approach))
            for number, approach in enumerate(site.approaches)
            if approach.upstream is not None
        }

    def tell(self, crossings: Iterable[Crossing]) -> tuple[Arrival, ...]:
        """What to announce of those who have crossed the line in the last second."""
        sums: dict[tuple[str, int], list[float]] = {}
        for one in crossings:
            lane = self._tables.lanes[one.approach, one.lane]
            links, code = self._tables.links_of(lane), CLASS_CODE[one.vehicle_class]
            for link, share in zip(links, self._shares(lane).shares(), strict=True):
                leg = self._tables.movements[link].leg
                if leg in self._towards and share > 0.0:
                    node, way_s = self._towards[leg]
                    told = sums.setdefault((node, round(one.time_s + way_s)), [0.0, 0.0])
                    told[0] += share * MCU_BY_CODE[code]
                    told[1] += share * PERSONS_BY_CODE[code]
        return tuple(
            Arrival(to=node, at_s=float(second), mcu=round(float(mcu), 2), persons=round(float(persons), 2))
            for (node, second), (mcu, persons) in sorted(sums.items())
            if mcu >= _LEAST_MCU
        )


@dataclass(slots=True)
class Coming:
    """Somebody who was announced.

    Attributes:
        at_s: when the line is reached if nothing hinders, seconds since the epoch.
        mcu: motorcycle-equivalent units.
        persons: in them.
        place: lane and link that were dealt; None until they are.
    """

    at_s: float
    mcu: float
    persons: float
    place: tuple[int, int] | None = None


class Neighbours:
    """What the boxes upstream have announced for this junction.

    Args:
        site: with approaches that have an ``upstream``; of two from one neighbour the first is meant.
    """

    def __init__(self, site: Site) -> None:
        self._node = site.id
        self._approach: dict[str, str] = {}
        for approach in site.approaches:
            if approach.upstream is not None:
                self._approach.setdefault(approach.upstream, approach.id)
        self._coming: dict[str, list[Coming]] = {name: [] for name in self._approach.values()}
        self._heard_s: dict[str, float] = {}

    @property
    def nodes(self) -> tuple[str, ...]:
        """Boxes to listen to."""
        return tuple(self._approach)

    def hear(self, message: Announcement, now_s: float) -> None:
        """Takes an announcement in; one from a stranger, or that has expired, is dropped."""
        approach = self._approach.get(message.node)
        if approach is None or not now_s < message.expires_s:
            return
        before_s, told_s = self._heard_s.get(approach, 0.0), min(message.time_s, now_s)
        self._heard_s[approach] = max(before_s, told_s) if before_s <= now_s else told_s  # the clock may be set back
        coming = self._coming[approach]
        for one in message.arrivals:
            soon = one.to == self._node and now_s < one.at_s < now_s + LIFE_S
            likely = 0.0 < one.mcu <= MOST_MCU and 0.0 <= one.persons <= MOST_PERSONS
            if soon and likely and len(coming) < MOST_TOLD:
                coming.append(Coming(one.at_s, one.mcu, one.persons))

    def coming(self, approach: str, now_s: float) -> list[Coming]:
        """Who is announced for an approach and not due yet."""
        if approach in self._coming:
            self._coming[approach] = [one for one in self._coming[approach] if now_s < one.at_s <= now_s + LIFE_S]
        return self._coming.get(approach, [])

    def fresh(self, approach: str, now_s: float) -> bool:
        """Whether the neighbour of an approach has been heard of late."""
        return abs(now_s - self._heard_s.get(approach, -inf)) < STALE_S

    def stale(self, now_s: float) -> tuple[str, ...]:
        """Neighbours that have not been heard of late."""
        return tuple(node for node, approach in self._approach.items() if not self.fresh(approach, now_s))


def travel_s(approach: Approach) -> float:
    """Time from the junction upstream to the line of an approach if nothing hinders, seconds."""
    return approach.length_m / (PACE_SHARE * approach.speed_limit_mps)
