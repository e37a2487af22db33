"""Where vehicles go who do not show it: shares of lanes, links and streets, learnt from those who have been seen."""

from __future__ import annotations

from nutgiao.models.queueing.junction.tables import NONE
from nutgiao.models.queueing.shares import Shares
from nutgiao.simulation.control.views import Views

ZONES_M = (25.0, 60.0)
"""Who is closer to the line than the first stays on his lane; up to the second most have chosen it."""

_OTHER_LANE = (0.02, 0.1, 0.3)  # prior of a link of another lane, by zone, against 1 of each link of the own lane
_LEAVES = 0.2  # prior of not coming to the light at all, from a street where that is possible


class Turns:
    """Shares by place.

    Args:
        views: of the network.
    """

    def __init__(self, views: Views) -> None:
        self._views = views
        self._spots: dict[tuple[int, int, int], Shares] = {}
        self._entries: dict[tuple[int, int], Shares] = {}
        self._ways: dict[int, Shares] = {}

    def zone(self, approach: int, lane: int, distance_m: float) -> int:
        """0 to 2 on the street before the light, 3 on those before that."""
        if self._views.edge[lane] != self._views.approaches[approach].edge:
            return 3
        return 0 if distance_m < ZONES_M[0] else 1 if distance_m < ZONES_M[1] else 2

    def spot(self, approach: int, lane: int, zone: int) -> Shares:
        """What those do who have been seen there: shares of the approach's outcomes."""
        key = (approach, lane, zone)
        if key not in self._spots:
            views = self._views
            own = views.approaches[approach]
            before = int(views.before[lane])
            other = 1.0 if before == NONE or zone == 3 else _OTHER_LANE[zone]
            prior = [1.0 if one[0] == before else other for one in own.outcomes]
            prior[-1] = _LEAVES if before == NONE else 0.0
            self._spots[key] = Shares(prior)
        return self._spots[key]

    def entry(self, approach: int, edge: int) -> Shares:
        """The outcomes of those who come from the beginning of an edge."""
        key = (approach, edge)
        if key not in self._entries:
            prior = [1.0] * len(self._views.approaches[approach].outcomes)
            prior[-1] = 0.0
            self._entries[key] = Shares(prior)
        return self._entries[key]

    def way(self, edge: int) -> Shares:
        """Which of the lights that may come behind an edge does; last: none."""
        if edge not in self._ways:
            prior = [1.0] * len(self._views.ways[edge])
            self._ways[edge] = Shares([*prior, 0.5 if self._views.leads_away[edge] else 0.0])
        return self._ways[edge]
