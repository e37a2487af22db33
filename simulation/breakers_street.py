"""Any signalised network as a running street: its own programs set the lamps, its vehicles are ours."""

from __future__ import annotations

from pathlib import Path

from nutgiao.models.contracts.words import Indication
from nutgiao.simulation.breakers_sites import LAMP, PublicNetwork
from nutgiao.simulation.street import LATERAL_RESOLUTION_M, STEP_S, RoadUsers, Street

TELEPORT_S = 300
"""Who has stood for so long where no red holds him is put on: a public network may jam with our traffic."""


class PublicStreet(Street):
    """One simulation of a public network.

    Args:
        network: with its sites.
        routes: a demand with our vehicle types, see `nutgiao.simulation.breakers_demand.mixed_demand`.
        seed: of SUMO.
        begin_s: start, the network's seconds.

    Raises:
        SimulationFailed: if SUMO is missing, does not start, or already runs in this process.
    """

    def __init__(self, network: PublicNetwork, routes: Path, seed: int, begin_s: float) -> None:
        self.junctions = network.junctions
        self._letter_of = network.letter
        options = ["sumo", "--net-file", str(network.net), "--route-files", str(routes), "--begin", str(begin_s)]
        options += ["--step-length", str(STEP_S), "--seed", str(seed), "--time-to-teleport", str(TELEPORT_S)]
        options += ["--lateral-resolution", str(LATERAL_RESOLUTION_M), "--collision.action", "none"]
        options += ["--no-warnings", "true", "--no-step-log", "true", "--duration-log.disable", "true"]
        options += ["--ignore-route-errors", "true", "--max-depart-delay", "600"]
        self._begin(options, begin_s)
        self._read_lamps()

    def step(self) -> RoadUsers:
        """Advances by `nutgiao.simulation.street.STEP_S`; see there."""
        users = super().step()
        self._read_lamps()
        return users

    def _read_lamps(self) -> None:
        """What the lamps showed in the step that has just ended."""
        for name, places in self._letter_of.items():
            state = self._sumo.trafficlight.getRedYellowGreenState(name)
            self.shown[name] = {group: LAMP.get(state[place], Indication.UNKNOWN) for group, place in places.items()}
