"""Ways to see who comes to a light, by name."""

from __future__ import annotations

import importlib
from typing import Any, Protocol

from nutgiao.models.contracts.errors import ConfigError
from nutgiao.models.queueing.junction.seen import Seen
from nutgiao.simulation.control.lights import Lights

DETECTIONS = {
    "perfect": "nutgiao.simulation.control.perfect:PerfectSight",
    "camera": "nutgiao.simulation.control.camera:CameraSight",
    "loops": "nutgiao.simulation.control.loops:LoopSight",
}
"""Name to module and class; each is made with ``libsumo`` and the lights of its network."""

SEEDED = frozenset({"camera"})
"""Those that miss by chance; they are made with a seed, too."""


class Sight(Protocol):
    """Looks at a running simulation."""

    def look(self) -> Seen:
        """Who is on the way to a light now; asked once a second."""


def module_of(detection: str) -> str:
    """The module of a detection.

    Raises:
        ConfigError: if there is none of that name.
    """
    if detection not in DETECTIONS:
        problem = f"there is no detection '{detection}'."
        raise ConfigError("control", None, "--detection", problem, f"Give one of {', '.join(DETECTIONS)}.")
    return DETECTIONS[detection].partition(":")[0]


def sight(detection: str, sumo: Any, lights: Lights, seed: int) -> Sight:
    """Begins to look at a simulation.

    Args:
        detection: one of `DETECTIONS`.
        sumo: ``libsumo`` with a running simulation.
        lights: of its network.
        seed: of what it misses by chance.

    Raises:
        ConfigError: if there is no such detection.
    """
    module = importlib.import_module(module_of(detection))
    kind = getattr(module, DETECTIONS[detection].partition(":")[2])
    made: Sight = kind(sumo, lights, seed) if detection in SEEDED else kind(sumo, lights)
    return made
