"""Running streets for sensors: SUMO with the lights' shipped programs, looked at once a second."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import libsumo
import numpy as np

from nutgiao.models.queueing.junction.seen import Seen
from nutgiao.models.queueing.junction.tables import NONE
from nutgiao.simulation.control.detector import CameraFigures
from nutgiao.simulation.control.lights import Lights, read_lights
from nutgiao.simulation.evaluate import sumo_options
from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.stage_order import ChangeRule
from tests.support.junction_nets import EAST_OUT, NORTH_IN, SOUTH_OUT, WEST_IN, junction, scenario, square, vehicle

SHARP = CameraFigures(near_miss=0.0, far_miss=0.0, speed_noise_mps=0.0, speed_noise_share=0.0)
"""A camera that misses only who is hidden."""

THROUGH = f"{WEST_IN} {EAST_OUT}"
SHARES = {THROUGH: 0.6, f"{WEST_IN} A0bottom0": 0.3, f"{WEST_IN} A0top0": 0.1}
"""Where the vehicles of the turning street go."""


@contextmanager
def running(made: Scenario, lights: Lights | None = None) -> Iterator[tuple[Any, Lights]]:
    """SUMO with a scenario, and its lights."""
    lights = lights or read_lights(made, ChangeRule(3, 0))
    libsumo.start(["sumo", *sumo_options(made, 1)])
    try:
        yield libsumo, lights
    finally:
        libsumo.close()


def looks(sight: Any, seconds: int) -> list[Seen]:
    """What a sight tells, second by second."""
    found = []
    for _ in range(seconds):
        found.append(sight.look())
        libsumo.simulationStep()
    return found


def turning_street(folder: Path, every_s: int = 4, count: int = 225) -> Scenario:
    """One junction; vehicles from the west turn in the shares above, by chance."""
    random = np.random.default_rng(5)
    ways = random.choice(list(SHARES), count, p=list(SHARES.values()))
    texts = [vehicle(f"v{n}", every_s * n, str(way)) for n, way in enumerate(ways)]
    return scenario(junction(folder), *texts, end_s=every_s * count + 100.0)


def quiet_street(folder: Path, count: int = 20) -> Scenario:
    """One junction; every 15 s a vehicle from the west and one from the north, straight on."""
    texts = []
    for n in range(count):
        texts.append(vehicle(f"w{n}", 15 * n))
        texts.append(vehicle(f"n{n}", 15 * n + 7, f"{NORTH_IN} {SOUTH_OUT}"))
    return scenario(junction(folder), *texts, end_s=15.0 * count + 100.0)


def two_lights(folder: Path, turn: float = 0.0, count: int = 60) -> Scenario:
    """Four junctions in a square; every 5 s a vehicle from the west through A0, a share of them turns there."""
    random = np.random.default_rng(6)
    texts = []
    for n in range(count):
        turns = random.random() < turn
        texts.append(vehicle(f"v{n}", 5 * n, "left0A0 A0bottom0" if turns else "left0A0 A0B0 B0right0"))
    return scenario(square(folder), *texts, end_s=5.0 * count + 100.0)


def with_bare_light(lights: Lights) -> Lights:
    """The same with one light more that no lane leads to."""
    links = int(lights.light_link[-1])
    more = np.full((links, 4), NONE, np.int32)
    stages = len(lights.states)
    right = np.zeros((stages, 2 * links), np.int32)
    right[:, :links] = lights.right
    return replace(
        lights,
        ids=(*lights.ids, lights.ids[0]),
        light_link=np.append(lights.light_link, 2 * links).astype(np.int32),
        light_stage=np.append(lights.light_stage, stages).astype(np.int32),
        link_lane=np.concatenate([lights.link_lane, more]),
        link_exit=np.concatenate([lights.link_exit, more[:, 0]]),
        right=right,
        yields=lights.yields * 2,
        inside=np.tile(lights.inside, 2),
    )
