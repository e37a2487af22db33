"""Stops where nobody may stop, rides on the pavement and blocked exits, written into a demand of the corridor."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nutgiao.simulation.networks.build import LINE_SETBACK_M

_BOX = {"motorcycle": "motorcycle_box", "car": "car_box", "truck": "car_box"}
_DEPART = re.compile(r'depart="([\d.]+)"')


@dataclass(frozen=True, slots=True)
class Halts:
    """Vehicles that stop on one street.

    Attributes:
        name: first part of their ids.
        edges: their way.
        edge: where on it they stop.
        lane: SUMO's lane; 1 is the kerb's.
        kinds: types of vehicles, drawn evenly.
        every_s: mean time between two of them.
        before_line_m: they stop at one of these places, front upstream of the line.
        lasting_s: they stand for one of these times.
    """

    name: str
    edges: str
    edge: str
    kinds: tuple[str, ...]
    every_s: float
    before_line_m: tuple[float, ...]
    lasting_s: tuple[float, ...]
    lane: int = 1

    def vehicle(self, number: int, time_s: float, random: np.random.Generator) -> str:
        """The element of one of them."""
        kind = str(random.choice(self.kinds))
        end_m = float(random.choice(self.before_line_m)) + LINE_SETBACK_M
        lasting_s = float(random.choice(self.lasting_s))
        aside_m = -1.1 if kind.startswith("motorcycle") else -0.6  # near the kerb
        return (
            f'<vehicle id="{self.name}_{number}" type="{kind}" depart="{time_s:.1f}" departLane="{self.lane}" '
            f'departSpeed="desired"><route edges="{self.edges}"/><stop lane="{self.edge}_{self.lane}" '
            f'startPos="{-end_m - 15.0:.1f}" endPos="{-end_m:.1f}" duration="{lasting_s:.0f}" posLat="{aside_m}"/>'
            "</vehicle>"
        )


@dataclass(frozen=True, slots=True)
class Rides:
    """Riders on a pavement.

    Attributes:
        name: first part of their ids.
        edge: street whose pavement they ride on.
        every_s: mean time between two of them.
    """

    name: str
    edge: str
    every_s: float

    def vehicle(self, number: int, time_s: float, random: np.random.Generator) -> str:
        """The element of one of them; it comes from a gate and leaves by one before the junction."""
        start_m = random.uniform(85.0, 100.0) + LINE_SETBACK_M
        end_m = random.uniform(2.0, 6.0) + LINE_SETBACK_M
        return (
            f'<vehicle id="{self.name}_{number}" type="motorcycle_pavement" depart="{time_s:.1f}" departLane="0" '
            f'departPos="{-start_m:.1f}" arrivalPos="{-end_m:.1f}" arrivalLane="0"><route edges="{self.edge}"/>'
            "</vehicle>"
        )


@dataclass(frozen=True, slots=True)
class Jams:
    """Two buses that break down side by side behind a junction, and drivers who come in though nobody gets by.

    Attributes:
        name: first part of their ids.
        origin: first part of the ids of those who come in.
        edges: their way; the last street is the one that they block.
        every_s: mean time between two pairs.
        beyond_m: where on it they stand.
        lasting_s: how long.
    """

    name: str
    origin: str
    edges: str
    every_s: float
    beyond_m: float
    lasting_s: float

    def vehicle(self, number: int, time_s: float, random: np.random.Generator) -> str:
        """The elements of a pair."""
        edge = self.edges.split()[-1]
        return "\n".join(
            f'<vehicle id="{self.name}_{number}_{lane}" type="bus" depart="{time_s:.1f}" departLane="{lane}" '
            f'departSpeed="desired"><route edges="{self.edges}"/><stop lane="{edge}_{lane}" '
            f'startPos="{self.beyond_m - 5.0:.1f}" endPos="{self.beyond_m:.1f}" duration="{self.lasting_s:.0f}"/>'
            "</vehicle>"
            for lane in (1, 2)
        )


STOPPING = Halts(
    "halt_S2", "S2_j2 j2_N2", "S2_j2", ("car", "motorcycle", "truck"), 70.0, (22.0, 34.0, 46.0), (12.0, 60.0, 90.0)
)
PARKING = Halts("park_N1", "N1_j1 j1_S1", "N1_j1", ("car", "motorcycle"), 150.0, (25.0, 40.0), (280.0, 300.0))
PAVEMENT = Rides("ride_S3", "S3_j3", 45.0)
JAM = Jams("jam_N1", "S1_", "S1_j1 j1_N1", 300.0, 12.0, 150.0)
BREAKERS: tuple[Halts | Rides | Jams, ...] = (STOPPING, PARKING, PAVEMENT, JAM)


def with_stops(
    routes: Path, seed: int, begin_s: float, end_s: float, breakers: tuple[Halts | Rides | Jams, ...] = BREAKERS
) -> Path:
    """Writes breakers into a demand of `nutgiao.simulation.demand.make_demand`.

    Args:
        routes: the file, one road user a line; it is written again.
        seed: the same seed gives the same breakers.
        begin_s: start, seconds since midnight.
        end_s: end.
        breakers: who is added.

    Returns:
        The file.
    """
    random = np.random.default_rng((0x73746F70, seed))
    head: list[str] = []
    careless = tuple(f'<vehicle id="{one.origin}' for one in breakers if isinstance(one, Jams))
    trips: list[tuple[float, str]] = []
    for line in routes.read_text(encoding="utf-8").splitlines():
        found = _DEPART.search(line)
        if found:
            trips.append((float(found[1]), _come_in(line) if line.startswith(careless) else line))
        elif line != "</routes>":
            head.append(line)
    for one in breakers:
        time_s, number = begin_s + float(random.uniform(10.0, one.every_s)), 0
        while time_s < end_s:
            trips.append((time_s, one.vehicle(number, time_s, random)))
            time_s += one.every_s * float(random.uniform(0.6, 1.4))
            number += 1
    trips.sort(key=lambda trip: trip[0])
    routes.write_text("\n".join([*head, *(text for _, text in trips), "</routes>"]) + "\n", encoding="utf-8")
    return routes


def _come_in(vehicle: str) -> str:
    """A road user of any type as one who does not keep the junction clear: the first who does holds up the rest."""
    return re.sub(r'type="(motorcycle|car|truck)\w*"', lambda kind: f'type="{_BOX[kind[1]]}"', vehicle)
