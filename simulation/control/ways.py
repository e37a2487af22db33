"""Which lights a vehicle still meets on its route, and how far it is to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nutgiao.simulation.control.lights import Lights


@dataclass(frozen=True, slots=True)
class Meeting:
    """The next light behind an edge of a route.

    Attributes:
        at: place in the route of the edge before the light.
        links: lane before the light, as numbered in `Lights`, to the link that a vehicle takes from it.
        beyond_m: from the end of the first edge to the line.
        beyond_s: free travel time of that.
    """

    at: int
    links: dict[int, int]
    beyond_m: float
    beyond_s: float


class Ways:
    """Knows the lights along routes; each route is looked at once.

    Args:
        lights: of the network.
    """

    def __init__(self, lights: Lights) -> None:
        street = lights.street
        self._length_m = {name: float(street.lane_length_m[own[0]]) for name, own in street.edges.items()}
        self._speed_mps = {name: float(street.lane_speed_mps[own[0]]) for name, own in street.edges.items()}
        names = list(street.edges)
        number = {int(lane): k for k, lane in enumerate(lights.lanes.tolist())}
        self._inside_m: dict[tuple[str, str], float] = {}
        self._links: dict[tuple[str, str], dict[int, int]] = {}
        for c in range(len(street.link_from)):
            pair = (names[street.lane_edge[street.link_from[c]]], names[street.lane_edge[street.link_to[c]]])
            self._inside_m.setdefault(pair, float(street.link_length_m[c]))
            if lights.connection_link[c] >= 0:
                own = self._links.setdefault(pair, {})
                own.setdefault(number[int(street.link_from[c])], int(lights.connection_link[c]))
        self._known: dict[tuple[str, ...], list[Meeting | None]] = {}

    def along(self, route: Sequence[str]) -> list[Meeting | None]:
        """For each edge of a route the next light at its end or behind it."""
        key = tuple(route)
        if key not in self._known:
            found: list[Meeting | None] = [None] * len(key)
            ahead: Meeting | None = None
            for k in range(len(key) - 1, -1, -1):
                pair = key[k : k + 2]
                if len(pair) == 2 and pair in self._links:
                    ahead = Meeting(k, self._links[pair], 0.0, 0.0)
                elif ahead is not None:
                    more_m = self._inside_m.get((key[k], key[k + 1]), 0.0) + self._length_m.get(key[k + 1], 0.0)
                    speed_mps = max(1.0, self._speed_mps.get(key[k + 1], 13.9))
                    ahead = Meeting(ahead.at, ahead.links, ahead.beyond_m + more_m, ahead.beyond_s + more_m / speed_mps)
                found[k] = ahead
            self._known[key] = found
        return self._known[key]

    def edge(self, name: str) -> tuple[float, float]:
        """Length in metres and limit in m/s of an edge."""
        return self._length_m.get(name, 0.0), self._speed_mps.get(name, 13.9)

    def between_s(self, route: Sequence[str], meeting: Meeting) -> tuple[Meeting | None, float]:
        """The light behind a light, and the free travel time from line to line."""
        after = meeting.at + 1
        beyond = self.along(route)[after] if after < len(route) else None
        if beyond is None:
            return None, 0.0
        pair = (route[meeting.at], route[after])
        own_m = self._inside_m.get(pair, 0.0) + self._length_m.get(route[after], 0.0)
        return beyond, own_m / max(1.0, self._speed_mps.get(route[after], 13.9)) + beyond.beyond_s
