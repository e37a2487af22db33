"""One SUMO run in a process of its own that writes down every departure over a signalised lane's end."""

from __future__ import annotations

import math
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import msgspec

from nutgiao.models.contracts.words import VehicleClass
from nutgiao.simulation.discharge import Departure, DischargeJob, Green

STANDING_MPS = 1.0
"""Slower is standing in the queue when green begins; SUMO's vehicles creep when they close up."""

LARGEST_GAP_M = 6.0
"""Gap between two that stand in one queue, and of the first to the line."""

_CLASSES = {
    "motorcycle": VehicleClass.MOTORCYCLE,
    "moped": VehicleClass.MOTORCYCLE,
    "bicycle": VehicleClass.BICYCLE,
    "bus": VehicleClass.BUS,
    "coach": VehicleClass.BUS,
    "truck": VehicleClass.TRUCK,
    "trailer": VehicleClass.TRUCK,
    "delivery": VehicleClass.TRUCK,
}
"""SUMO's classes by ours; the rest are cars."""


class _Watch:
    """Follows one simulation; everyone's last lane, position and speed are kept from step to step."""

    def __init__(self, sumo: Any) -> None:
        self._sumo = sumo
        constants = sumo.constants
        self._fields = (constants.VAR_LANE_ID, constants.VAR_LANEPOSITION, constants.VAR_SPEED)
        self._links: dict[str, dict[str, tuple[str, int, str]]] = {}  # lane -> edges beyond -> lights, index, turn
        for lights in sumo.trafficlight.getIDList():
            for index, ways in enumerate(sumo.trafficlight.getControlledLinks(lights)):
                for lane, _, via in ways:
                    self._link(lane, via, lights, index)
        self._length = {lane: sumo.lane.getLength(lane) for lane in self._links}
        self._letters: dict[str, str] = {}
        self._last: dict[str, tuple[str, float, float]] = {}
        self._body: dict[str, tuple[float, VehicleClass]] = {}  # length and class
        self._place: dict[str, tuple[str, int]] = {}  # lane and place in the queue of its last green
        self._open: dict[str, Green] = {}
        self.greens: dict[str, list[Green]] = defaultdict(list)

    def _link(self, lane: str, via: str, lights: str, index: int) -> None:
        """Notes the edges by which one can tell that a vehicle took this link: a quick one jumps the first of them."""
        turn = next((one[6] for one in self._sumo.lane.getLinks(lane) if one[4] == via), "s")
        piece = via
        while piece:
            self._links.setdefault(lane, {})[_edge(piece)] = (lights, index, turn)
            onward = self._sumo.lane.getLinks(piece)
            piece = (onward[0][4] or onward[0][0]) if onward and piece.startswith(":") else ""

    def step(self) -> None:
        """One step of SUMO and what it changed."""
        sumo = self._sumo
        before_s = sumo.simulation.getTime()
        sumo.simulationStep()
        after_s = sumo.simulation.getTime()
        for vehicle in sumo.simulation.getDepartedIDList():
            sumo.vehicle.subscribe(vehicle, self._fields)
            kind = _CLASSES.get(sumo.vehicle.getVehicleClass(vehicle), VehicleClass.CAR)
            self._body[vehicle] = (sumo.vehicle.getLength(vehicle), kind)
        self._look_at_lamps(before_s)
        lane_id, position, speed = self._fields
        for vehicle, seen in sumo.vehicle.getAllSubscriptionResults().items():
            now = (seen[lane_id], seen[position], seen[speed])
            last = self._last.get(vehicle)
            if last is not None and last[0] != now[0] and last[0] in self._open:
                self._leave(vehicle, last, now, before_s, after_s)
            self._last[vehicle] = now
        for vehicle in sumo.simulation.getArrivedIDList():
            for known in (self._last, self._body, self._place):
                known.pop(vehicle, None)

    def _look_at_lamps(self, time_s: float) -> None:
        """Greens begin and end with the lamps of the step that has just run; the queue is as it was before it."""
        letters = {
            lights: self._sumo.trafficlight.getRedYellowGreenState(lights)
            for lights in self._sumo.trafficlight.getIDList()
        }
        if letters == self._letters:
            return
        self._letters = letters
        for lane, ways in self._links.items():
            shown = {letters[lights][index] for lights, index, _ in ways.values()}
            green = self._open.get(lane)
            if shown & {"G", "g"}:
                if green is None:
                    self._begin(lane, time_s)
                elif not math.isnan(green.amber_s):  # amber, and green again: another queue by now
                    self._end(lane, time_s)
                    self._begin(lane, time_s)
            elif green is not None and math.isnan(green.amber_s):
                green.amber_s = time_s
            if green is not None and shown <= {"r", "u", "s"}:
                self._end(lane, time_s)

    def _begin(self, lane: str, time_s: float) -> None:
        queue = sorted(
            ((seen[1], vehicle, seen[2]) for vehicle, seen in self._last.items() if seen[0] == lane), reverse=True
        )
        self._open[lane] = Green(time_s)
        ahead = self._length[lane]
        for place, (position, vehicle, speed) in enumerate(queue, start=1):
            if speed > STANDING_MPS or ahead - position > LARGEST_GAP_M:
                break
            self._place[vehicle] = (lane, place)
            self._open[lane].stood = place
            ahead = position - self._body[vehicle][0]

    def _end(self, lane: str, time_s: float) -> None:
        green = self._open.pop(lane)
        green.red_s = time_s
        waiting = [vehicle for vehicle, place in self._place.items() if place[0] == lane]
        green.left = len(waiting)
        for vehicle in waiting:
            del self._place[vehicle]
        self.greens[lane].append(green)

    def _leave(
        self,
        vehicle: str,
        last: tuple[str, float, float],
        now: tuple[str, float, float],
        before_s: float,
        after_s: float,
    ) -> None:
        lane = last[0]
        way = self._links[lane].get(_edge(now[0]))
        lane_of, place = self._place.pop(vehicle, ("", 0))
        if way is None:  # it changed to another lane of the same street
            return
        lights, index, turn = way
        time_s = min(after_s, before_s + (self._length[lane] - last[1]) / max(now[2], 0.01))
        letter, kind = self._letters[lights][index], self._body[vehicle][1]
        place = place if lane_of == lane else 0
        self._open[lane].departures.append(Departure(time_s, kind, turn, letter, place, now[2]))


def _edge(lane: str) -> str:
    return lane.rsplit("_", 1)[0]


def watch(options: list[str], end_s: float) -> dict[str, list[Green]]:
    """Runs SUMO in this process and keeps every complete green of every signalised lane."""
    import libsumo  # one simulation a process: this module is its process

    libsumo.start(["sumo", *options])
    try:
        follower = _Watch(libsumo)
        while libsumo.simulation.getTime() < end_s:
            follower.step()
    finally:
        libsumo.close()
    for greens in follower.greens.values():
        for green in greens:
            green.departures.sort(key=lambda one: one.time_s)
    return dict(follower.greens)


def main(arguments: list[str]) -> int:
    """Runs the job that a file describes.

    Returns:
        Exit code: 0, or 2 if SUMO gave up; its message is on standard error.
    """
    import libsumo

    job = msgspec.json.decode(Path(arguments[0]).read_bytes(), type=DischargeJob)
    try:
        Path(job.out).write_bytes(msgspec.json.encode(watch(job.options, job.end_s)))
    except (libsumo.TraCIException, libsumo.FatalTraCIError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
