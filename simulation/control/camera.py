"""Detection by roadside cameras: what boxes at lights know of who comes, without turning intentions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from nutgiao.models.queueing.junction.seen import Seen, free_s
from nutgiao.models.queueing.junction.tables import F8, NONE
from nutgiao.models.queueing.shares import Shares
from nutgiao.simulation.control.announced import Announced
from nutgiao.simulation.control.beyond_view import BeyondView
from nutgiao.simulation.control.detector import CameraFigures, Detector, Found
from nutgiao.simulation.control.lights import VEHICLE_M, Lights
from nutgiao.simulation.control.own_lamps import OwnLamps
from nutgiao.simulation.control.tracks import Row, Track, fits_veh, seen_of
from nutgiao.simulation.control.turns import Turns
from nutgiao.simulation.control.views import Views
from nutgiao.simulation.control.world import Body, World

_HALTS_MPS = 0.7
_STANDS_MPS = 1.0
_HEAD_M = 12.0  # who stands first and closer to the line than this has nobody before him
_TURNS_MPS = 3.0
_CROSSES_M = 30.0  # who was this near the line and is inside the junction has gone over it
_LIKELY = 0.05  # an outcome that is less likely at a new place is given up
_INSIDE_S = 90.0  # who is inside a junction for longer has been lost


@dataclass(slots=True)
class _Leaving:
    """Somebody inside the junction or in the view of an exit; what was known of him before, and who announces him."""

    key: int
    approach: int
    lane: int
    learns: list[Shares]
    ghost: Track | None
    edge: int = NONE
    since_s: float = 0.0


class CameraSight:
    """Looks every second.

    Args:
        sumo: ``libsumo`` with a running simulation.
        lights: of its network.
        seed: of misses and noise.
        figures: of the cameras.
    """

    def __init__(self, sumo: Any, lights: Lights, seed: int = 0, figures: CameraFigures | None = None) -> None:
        self._figures = figures or CameraFigures()
        self._lights = lights
        self.views = Views(lights, self._figures.view_m, sumo.lane.getShape)
        self.turns = Turns(self.views)
        self._world = World(sumo, lights.street.lane_ids)
        self._lamps = OwnLamps(sumo, lights)
        self._detector = Detector(self._figures, np.random.default_rng(seed))
        self._beyond = BeyondView(self.views)
        self._tracks: dict[tuple[int, str], Track] = {}
        self._leaving: dict[str, _Leaving] = {}
        self._announced = Announced(self.views, self.turns, self._figures)
        self._line: list[list[tuple[int, int]]] = [[] for _ in self._beyond.mouths]
        self._passed_s = np.full(len(lights.lanes), 100.0)
        self._exit_number = {int(lane): k for k, lane in enumerate(lights.exits.tolist())}
        self._room_veh = np.full(len(lights.exits), 100.0)
        self._keys = 0

    def look(self) -> Seen:
        """Who is on the way to a light now, as far as the boxes know."""
        bodies = self._world.read()
        self._passed_s += 1.0
        self._lamps.look()
        found, exits = self._find(bodies)
        self._beyond.begin()
        self._leave(exits, bodies)
        self._follow(found, bodies)
        self._settle()
        self._announced.lead(self._beyond)
        hidden = self._beyond.end()
        tails = [bodies[token].tail_lane for token in self._leaving if token in bodies]
        return self._seen(hidden, exits, tails)

    def _find(self, bodies: dict[str, Body]) -> tuple[dict[tuple[int, str], Found], dict[int, list[Body]]]:
        """Who is found before the lights, and who is in the view of exits, by lane."""
        views = self.views
        lanes: dict[tuple[int, int], list[tuple[float, Body]]] = {}
        exits: dict[int, list[Body]] = {}
        for body in bodies.values():
            lane = body.lane
            if lane == NONE:
                continue
            for number in views.watched.get(lane, ()):
                own = views.approaches[number]
                if body.pos_m >= own.from_m[lane]:
                    distance_m = own.end_m[lane] + views.length_m[lane] - body.pos_m
                    lanes.setdefault((number, lane), []).append((distance_m, body))
            if lane in self._exit_number and body.pos_m - body.length_m < self._figures.exit_view_m:
                exits.setdefault(lane, []).append(body)
        found = self._detector.find([(number, seen) for (number, _), seen in lanes.items()])
        if self._figures.neighbours:
            for (_, token), one in found.items():
                there = exits.get(one.body.lane, [])
                if one.body.lane in self._exit_number and all(body.token != token for body in there):
                    exits[one.body.lane] = [*there, one.body]
        return found, exits

    # who has crossed a line

    def _cross(self, token: str, track: Track) -> None:
        """A vehicle has gone over the line; its box tells the next one."""
        self._passed_s[self.views.before[track.lane]] = 0.5
        ghost = None
        if track.onward is not None:
            link = self.views.approaches[track.approach].outcomes[track.outcome][1]
            edge = self.views.edge_behind[link]
            distance_m = self._announced.reach(edge, track.onward[0]).beyond_m + self.views.link_m[link]
            ghost = self._announced.tell(track.key, track.onward, distance_m, track.speed_mps, edge)
        self._leaving[token] = _Leaving(track.key, track.approach, track.lane, track.learns, ghost)

    def _leave(self, exits: dict[int, list[Body]], bodies: dict[str, Body]) -> None:
        """Follows those inside junctions until they have left the view of the exit, and learns where they went."""
        views = self.views
        gone: dict[str, _Leaving] = self._leaving
        self._leaving = {}
        for lane, seen in exits.items():
            for body in seen:
                one = gone.pop(body.token, None)
                if one is None or body.pos_m - body.length_m >= self._figures.exit_view_m:
                    continue
                if one.edge == NONE:
                    self._turned(body, one, lane)
                if one.ghost is not None:
                    reach = self._announced.reach(one.edge, one.ghost.approach)
                    if views.edge[lane] == one.edge:
                        one.ghost.distance_m = reach.beyond_m - body.pos_m
                    one.ghost.speed_mps = body.speed_mps
                    one.ghost.unseen_s = 0.0
                self._leaving[body.token] = one
        for token, one in gone.items():
            one.since_s += 1.0
            inside = bodies.get(token)
            if one.edge == NONE and inside is not None and inside.lane == NONE and one.since_s < _INSIDE_S:
                if one.ghost is not None and inside.speed_mps < _STANDS_MPS:
                    one.ghost.speed_mps, one.ghost.unseen_s = inside.speed_mps, 0.0
                self._leaving[token] = one

    def _turned(self, body: Body, one: _Leaving, lane: int) -> None:
        """The exit that a vehicle has taken is seen."""
        views = self.views
        one.edge = views.edge[lane]
        own = views.approaches[one.approach]
        outcome = views.outcome_into(one.approach, one.lane, lane)
        if outcome != NONE:
            for shares in one.learns:
                shares.learn(outcome)
        ghost = one.ghost
        if ghost is not None and ghost.place[0] == one.edge:
            return
        if ghost is not None:
            self._announced.withdraw(ghost)
        one.ghost = None
        onward = None if outcome == NONE else self._announced.next(own.outcomes[outcome][1], own.light)
        if onward is not None:
            distance_m = self._announced.reach(one.edge, onward[0]).beyond_m - body.pos_m
            one.ghost = self._announced.tell(one.key, onward, distance_m, body.speed_mps, one.edge)

    # who is before a line

    def _follow(self, found: dict[tuple[int, str], Found], bodies: dict[str, Body]) -> None:
        views, figures = self.views, self._figures
        before, self._tracks = self._tracks, {}
        for (number, token), one in found.items():
            track = before.pop((number, token), None)
            if track is None:
                track = self._appear(number, one)
            lane = one.body.lane
            track.lane, track.distance_m, track.speed_mps = lane, max(0.0, one.distance_m), one.speed_mps
            track.stood_s = track.stood_s + 1.0 if one.speed_mps < _HALTS_MPS else 0.0
            track.unseen_s = 0.0
            self._place(track)
            self._tracks[number, token] = track
        for (number, token), track in before.items():
            body = bodies.get(token)
            at_line = views.before[track.lane] != NONE and track.distance_m < _CROSSES_M
            if at_line and body is not None and body.lane != track.lane and self._behind(body.lane):
                self._cross(token, track)
                continue
            track.unseen_s += 1.0
            stands = track.speed_mps < _HALTS_MPS
            if track.unseen_s > (figures.bridge_standing_s if stands else figures.bridge_s):
                continue
            if stands:
                track.stood_s += 1.0
            else:
                track.distance_m = max(0.0, track.distance_m - track.speed_mps)
            self._tracks[number, token] = track
        number_of = self._beyond.number
        for (number, _), track in self._tracks.items():
            mouth = number_of.get((number, track.lane))
            if mouth is not None:
                self._beyond.stands_or_goes(
                    mouth, track.distance_m, track.length_m, track.speed_mps, track.speed_mps < _HALTS_MPS
                )

    def _behind(self, lane: int) -> bool:
        """Whether a lane is behind a light; -1 is inside a junction."""
        return lane == NONE or lane in self._exit_number

    def _appear(self, number: int, one: Found) -> Track:
        """Somebody is seen for the first time: the one who was announced, or a stranger."""
        track = Track(NONE, number, one.body.lane, one.distance_m, one.speed_mps, one.body.length_m)
        mouth = self._beyond.number.get((number, one.body.lane))
        best = self._announced.meet(number, one.distance_m)
        if best is not None:
            track.key, track.outcome, track.onward, track.learns = best.key, best.outcome, best.onward, best.learns
            for leaving in self._leaving.values():
                if leaving.ghost is best:
                    leaving.ghost = None
        if mouth is not None and one.distance_m > self._beyond.mouths[mouth].end_m - 40.0:
            self._beyond.came(mouth)
            if self._line[mouth] and best is None:
                track.key, track.outcome = self._line[mouth].pop(0)
                self._announced.turn_onward(track)
        if track.key == NONE:
            track.key = self._number()
        return track

    def _place(self, track: Track) -> None:
        """Deals an outcome where a vehicle has come to, unless the one that it has is still likely."""
        zone = self.turns.zone(track.approach, track.lane, track.distance_m)
        if track.place == (zone, track.lane):
            return
        track.place = (zone, track.lane)
        spot = self.turns.spot(track.approach, track.lane, zone)
        if spot not in track.learns:
            track.learns.append(spot)
        own = self.views.approaches[track.approach]
        before = int(self.views.before[track.lane])
        allowed = None
        if zone == 0 and before != NONE:
            allowed = [k for k, one in enumerate(own.outcomes) if one[0] == before]
            if track.outcome in allowed:
                return
            same = own.outcome.get((before, own.outcomes[track.outcome][1])) if track.outcome != NONE else None
            if same is not None:
                track.outcome = same
                return
        if track.outcome == NONE or spot.shares(allowed)[track.outcome] < _LIKELY:
            track.outcome = spot.deal(allowed)
            self._announced.turn_onward(track)

    def _settle(self) -> None:
        """Who stands first in a green that gives way to nobody wants something else; who goes wants what is green."""
        views, lamps = self.views, self._lamps
        first: dict[int, Track] = {}
        for track in self._tracks.values():
            before = int(views.before[track.lane])
            if before == NONE or track.distance_m > _HEAD_M:
                continue
            if before not in first or track.distance_m < first[before].distance_m:
                first[before] = track
        for before, track in first.items():
            own = views.approaches[track.approach]
            link = own.outcomes[track.outcome][1]
            if lamps.refuted(link, track.stood_s):
                if self._room_veh[self._lights.link_exit[link]] < 1.0:
                    continue  # held up by those ahead
                allowed = [
                    own.outcome[before, k] for k in views.links_of[before] if not lamps.refuted(k, track.stood_s)
                ]
            elif track.speed_mps > _TURNS_MPS and lamps.red_s[link] > 2.0 and track.distance_m < 2.0 * track.speed_mps:
                allowed = [own.outcome[before, other] for other in views.links_of[before] if lamps.red_s[other] == 0.0]
            else:
                continue
            other = self.turns.spot(track.approach, track.lane, 0).deal(allowed)
            if other != NONE:
                track.outcome = other
                self._announced.turn_onward(track)

    def _number(self) -> int:
        self._keys += 1
        return self._keys - 1

    def _seen(self, hidden: list[float], exits: dict[int, list[Body]], tails: list[int]) -> Seen:
        views = self.views
        rows, waiting = self._announced.rows(self._row)
        inside_veh = np.zeros(len(self._lights.lanes))
        for _, lane, *_ in rows:  # who has left the light before takes his room, seen or not
            inside_veh[lane] += 1.0
        for track in self._tracks.values():
            before = int(views.before[track.lane])
            if before != NONE:
                inside_veh[before] += 1.0
            rows += self._row(track, views.speed_mps[track.lane], track.speed_mps < _HALTS_MPS, before)
        for lane in tails:
            if lane != NONE and views.before[lane] != NONE:
                inside_veh[views.before[lane]] += 1.0
        rows += self._hidden_rows(hidden, waiting, inside_veh)
        self._room_veh = self._room(exits)
        return seen_of(rows, self._room_veh, inside_veh, self._passed_s)

    def _row(self, track: Track, pace_mps: float, halted: bool, before: int) -> list[Row]:
        """The row of a vehicle; none if it is not believed to come to the light."""
        lane, link = self.views.approaches[track.approach].outcomes[track.outcome]
        if link == NONE:
            return []
        if before != NONE and link in self.views.links_of[before]:
            lane = before
        next_link, next_s = NONE, 0.0
        if track.onward is not None:
            next_link, next_s = self.views.approaches[track.onward[0]].outcomes[track.onward[1]][1], track.onward[2]
        arrive_s = free_s(track.distance_m, track.speed_mps, max(5.0, pace_mps))
        return [(track.key, lane, link, arrive_s, halted, next_link, next_s)]

    def _hidden_rows(self, hidden: list[float], waiting: list[int], inside_veh: F8) -> list[Row]:
        """Queues that go on behind the end of the view."""
        rows: list[Row] = []
        views = self.views
        for number, mouth in enumerate(self._beyond.mouths):
            stands = int(
                max(0.0, hidden[number] - waiting[mouth.approach] / len(views.approaches[mouth.approach].mouths))
            )
            pace_mps = views.speed_mps[mouth.lane]
            line = self._line[number]
            while len(line) < stands:
                zone = self.turns.zone(mouth.approach, mouth.lane, mouth.end_m)
                line.append((self._number(), self.turns.spot(mouth.approach, mouth.lane, zone).deal()))
            before = int(views.before[mouth.lane])
            for k, (key, outcome) in enumerate(line[:stands]):
                distance_m = mouth.end_m + VEHICLE_M * (k + 0.5)
                one = Track(key, mouth.approach, mouth.lane, distance_m, 0.0, 5.0, outcome)
                if before != NONE:
                    inside_veh[before] += 1.0
                rows += self._row(one, pace_mps, True, before)
        return rows

    def _room(self, exits: dict[int, list[Body]]) -> F8:
        """Vehicles that fit into each exit, by what is seen there."""
        lights = self._lights
        free_m = lights.street.lane_length_m[lights.exits] + 20.0
        for lane, bodies in exits.items():
            k = self._exit_number[lane]
            room_m = free_m[k] - 20.0 - (VEHICLE_M - 0.5) * len(bodies)
            standing_m = min((b.pos_m - b.length_m for b in bodies if b.speed_mps < _STANDS_MPS), default=room_m)
            free_m[k] = min(room_m, standing_m)
        return fits_veh(free_m)
