"""Vehicles that boxes announce to each other: told when they leave a light, led on by reckoning, met or withdrawn."""

from __future__ import annotations

from collections.abc import Callable

from nutgiao.models.queueing.junction.tables import NONE
from nutgiao.simulation.control.beyond_view import BeyondView
from nutgiao.simulation.control.detector import CameraFigures
from nutgiao.simulation.control.tracks import Row, Track
from nutgiao.simulation.control.turns import Turns
from nutgiao.simulation.control.views import Reach, Views

RowOf = Callable[[Track, float, bool, int], list[Row]]

_MATCH_M = 40.0  # who comes into view is the announced one within this
_LATE_M, _LATE_S = 15.0, 5.0  # who was announced and is not seen so far inside the view, for so long, does not come
_HIDDEN_S = 60.0  # who is announced stands in a hidden queue for so long at most
_GAINS_MPS = 2.0  # who has just left a light gains speed, each second
_INSIDE_MPS = 10.0  # usual speed through a junction
_SLOWEST_MPS = 5.0


class Announced:
    """Who is on the way between the views of two boxes.

    Args:
        views: of the network.
        turns: learnt shares; those of the ways from light to light are learnt here.
        figures: of the cameras.
    """

    def __init__(self, views: Views, turns: Turns, figures: CameraFigures) -> None:
        self._views, self._turns, self._figures = views, turns, figures
        self._of: list[list[Track]] = [[] for _ in views.approaches]

    def tell(self, key: int, onward: tuple[int, int, float], distance_m: float, speed_mps: float, edge: int) -> Track:
        """Announces a vehicle.

        Args:
            key: its number.
            onward: approach, outcome there, and free travel time.
            distance_m: to that line.
            speed_mps: now.
            edge: that it leaves the light by.
        """
        made = Track(key, onward[0], NONE, distance_m, speed_mps, 0.0, onward[1])
        made.learns = [self._turns.entry(onward[0], edge)]
        made.place = (edge, NONE)
        self.turn_onward(made)
        self._of[onward[0]].append(made)
        return made

    def reach(self, edge: int, approach: int) -> Reach:
        """The way from an exit to an approach."""
        return next(one for one in self._views.ways[edge] if one.approach == approach)

    def withdraw(self, ghost: Track) -> None:
        """The vehicle does not come, or is seen itself from now on."""
        self._of[ghost.approach] = [one for one in self._of[ghost.approach] if one is not ghost]

    def meet(self, approach: int, distance_m: float) -> Track | None:
        """Somebody has come into view: the announced one who must be about there, if there is one."""
        best = min(self._of[approach], key=lambda ghost: abs(ghost.distance_m - distance_m), default=None)
        if best is None or abs(best.distance_m - distance_m) >= _MATCH_M:
            return None
        self.withdraw(best)
        edge = best.place[0]
        way = next(k for k, one in enumerate(self._views.ways[edge]) if one.approach == approach)
        self._turns.way(edge).learn(way)
        return best

    def next(self, link: int, light: int) -> tuple[int, int, float] | None:
        """The approach behind a link, what is believed to be done there, and the free time from line to line."""
        views = self._views
        edge = views.edge_behind[link]
        ways = views.ways[edge]
        way = self._turns.way(edge).deal()
        if way in (NONE, len(ways)):
            return None
        reach = ways[way]
        own_box = views.approaches[reach.approach].light == light or reach.beyond_m < self._figures.box_m
        if not self._figures.neighbours and not own_box:
            return None
        outcome = self._turns.entry(reach.approach, edge).deal()
        return reach.approach, outcome, views.link_m[link] / _INSIDE_MPS + reach.beyond_s

    def turn_onward(self, track: Track) -> None:
        """Deals anew what comes behind the light of a vehicle."""
        own = self._views.approaches[track.approach]
        link = own.outcomes[track.outcome][1]
        track.onward = None if link == NONE else self.next(link, own.light)

    def lead(self, beyond: BeyondView) -> None:
        """Those who are announced drive on, stand behind the tail of a queue, or are withdrawn."""
        for number, ghosts in enumerate(self._of):
            if ghosts:
                mouths = self._views.approaches[number].mouths
                hidden = any(beyond.hidden(beyond.number[number, lane]) for lane in mouths)
                self._of[number] = [ghost for ghost in ghosts if self._leads(ghost, hidden)]

    def _leads(self, ghost: Track, hidden: bool) -> bool:
        """One goes on; whether it is still believed to come."""
        edge = ghost.place[0]
        reach = self.reach(edge, ghost.approach)
        floor_m = reach.view_m - (0.0 if hidden else _LATE_M)
        if ghost.unseen_s > 0.0:
            ghost.speed_mps = min(_pace_mps(reach), ghost.speed_mps + _GAINS_MPS)
            ghost.distance_m = max(floor_m, ghost.distance_m - ghost.speed_mps)
        ghost.unseen_s += 1.0
        if ghost.distance_m > floor_m:
            return True
        ghost.stood_s += 1.0
        if ghost.stood_s <= (_HIDDEN_S if hidden else _LATE_S):
            return True
        ways = self._views.ways[edge]
        if self._views.leads_away[edge] or len(ways) > 1:
            self._turns.way(edge).learn(len(ways))
        return False

    def rows(self, row_of: RowOf) -> tuple[list[Row], list[int]]:
        """Their rows, and how many of them stand before the view of each approach."""
        rows: list[Row] = []
        waiting = [0] * len(self._of)
        for number, ghosts in enumerate(self._of):
            for ghost in ghosts:
                reach = self.reach(ghost.place[0], number)
                waiting[number] += int(ghost.distance_m <= reach.view_m)
                rows += row_of(ghost, _pace_mps(reach), False, NONE)
        return rows, waiting


def _pace_mps(reach: Reach) -> float:
    return max(_SLOWEST_MPS, reach.beyond_m / max(1.0, reach.beyond_s))
