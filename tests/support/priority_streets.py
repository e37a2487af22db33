"""Streets with buses and an ambulance, for priority."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from nutgiao.simulation.scenario import Scenario
from tests.support.junction_nets import NORTH_IN, SOUTH_OUT, junction, scenario, vehicle

TYPES = (
    '<vType id="line" vClass="bus"/>',
    '<vType id="ambulance" vClass="emergency"/>',
)


def bus_street(folder: Path, end_s: float = 900.0, bus_every_s: int = 60, ambulances: int = 0) -> Scenario:
    """One junction: cars from the west and fewer from the north, by chance; buses and ambulances from the north."""
    random = np.random.default_rng(3)
    texts: list[tuple[float, str]] = []
    for way, gap_s, name in ((None, 4.0, "w"), (f"{NORTH_IN} {SOUTH_OUT}", 12.0, "n")):
        at_s = 0.0
        while at_s < end_s - 100.0:
            at_s += round(float(random.exponential(gap_s)), 1) + 0.5
            depart = f"{name}{len(texts)}", at_s
            texts.append((at_s, vehicle(*depart, way) if way else vehicle(*depart)))
    north = f"{NORTH_IN} {SOUTH_OUT}"
    for at_s in range(40, int(end_s) - 100, bus_every_s) if bus_every_s else ():
        texts.append((at_s, vehicle(f"bus{at_s}", at_s, north, 'type="line" line="1"')))
    for number in range(ambulances):
        at_s = 70.0 + 90.0 * number
        texts.append((at_s, vehicle(f"help{number}", at_s, north, 'type="ambulance"')))
    made = scenario(junction(folder), *TYPES, *(text for _, text in sorted(texts)), end_s=end_s)
    return replace(made, name="bus street")
