"""Who is in whose way at each traffic light, as the choice of a stage order asks it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nutgiao.simulation.link_conflicts import read_matrices
from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.stage_order import Conflicts


def read_conflicts(scenario: Scenario) -> dict[str, Conflicts]:
    """Conflicts of each traffic light of the network, by light.

    Raises:
        ConfigError: as `read_matrices`.
    """
    matrices = read_matrices(scenario.net)
    return {light: Conflicts(_sets(one.foes), _sets(one.yields)) for light, one in matrices.items()}


def _sets(pairs: NDArray[np.bool_]) -> dict[int, frozenset[int]]:
    """Row to the columns that are true, rows without one left out."""
    return {row: frozenset(np.flatnonzero(pairs[row]).tolist()) for row in np.flatnonzero(pairs.any(axis=1)).tolist()}
