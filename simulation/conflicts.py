"""What each light of a scenario may show and who is in whose way there, as other orders and stages ask it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from nutgiao.simulation.link_conflicts import ConflictMatrix, read_matrices
from nutgiao.simulation.plan_space import crossing_need_s
from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.signal_programs import SignalProgram
from nutgiao.simulation.stage_order import Conflicts, Light, light_of


def read_lights_of(
    scenario: Scenario, programs: Sequence[SignalProgram], matrices: Mapping[str, ConflictMatrix] | None = None
) -> list[Light]:
    """The light of each program, with its conflicts and the time that walkers need.

    Args:
        scenario: with the network.
        programs: as shipped.
        matrices: conflicts of the network if they have been read.

    Raises:
        ConfigError: as `read_matrices`.
    """
    known = conflicts_of(read_matrices(scenario.net) if matrices is None else matrices)
    need_s = crossing_need_s(scenario)
    return [light_of(one, known.get(one.id, Conflicts({}, {})), need_s.get(one.id, {})) for one in programs]


def read_conflicts(scenario: Scenario) -> dict[str, Conflicts]:
    """Conflicts of each traffic light of the network, by light.

    Raises:
        ConfigError: as `read_matrices`.
    """
    return conflicts_of(read_matrices(scenario.net))


def conflicts_of(matrices: Mapping[str, ConflictMatrix]) -> dict[str, Conflicts]:
    """The same of matrices that have been read."""
    return {light: Conflicts(_sets(one.foes), _sets(one.yields)) for light, one in matrices.items()}


def _sets(pairs: NDArray[np.bool_]) -> dict[int, frozenset[int]]:
    """Row to the columns that are true, rows without one left out."""
    return {row: frozenset(np.flatnonzero(pairs[row]).tolist()) for row in np.flatnonzero(pairs.any(axis=1)).tolist()}
