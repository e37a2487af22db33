"""The figures by which fast delays are judged against SUMO's."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from nutgiao.simulation.calibrate import rank_correlation

Floats = NDArray[np.float64]


def compare(told: Floats, reference: Floats) -> dict[str, float]:
    """The figures of one scenario.

    Args:
        told: ``(plans,)`` the kernel's delays.
        reference: ``(plans, seeds)`` SUMO's.
    """
    true = reference.mean(1)
    good = true <= np.median(true)
    error = (told - true) / true
    favourites = np.argsort(told)[:5]
    pairs = list(combinations(range(reference.shape[1]), 2))
    itself = [rank_correlation(reference[:, a], reference[:, b]) for a, b in pairs]
    itself_good = [rank_correlation(reference[good, a], reference[good, b]) for a, b in pairs]
    apart = [np.abs(reference[:, a] / reference[:, b] - 1).mean() for a, b in pairs]
    return {
        "rho": rank_correlation(told, true),
        "rho_sumo": float(np.mean(itself)) if pairs else float("nan"),
        "rho_good": rank_correlation(told[good], true[good]),
        "rho_good_sumo": float(np.mean(itself_good)) if pairs else float("nan"),
        "mae_pct": 100 * float(np.abs(error).mean()),
        "mae_sumo_pct": 100 * float(np.mean(apart)) if pairs else float("nan"),
        "bias_pct": 100 * float(error.mean()),
        "best5_pct": 100 * float(true[favourites].min() / true.min() - 1),
    }
