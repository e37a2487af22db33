"""Fits the kernel's free parameters to what SUMO said of a few plans of one scenario, without any record of queues."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.queueing.network.physics import Settings
from nutgiao.simulation.calibrate import rank_correlation, search_factors
from nutgiao.simulation.queue_model import QueueScenario

FREE = (
    "after_full_s", "merge_s", "look_s", "headway", "gap_stand", "gap_move", "gap_box", "clear", "loss", "wave_s",
    "penalty_veh", "lane_change_veh",
)  # fmt: skip
"""What decides on capacity and differs most from street to street."""

_BOUNDS = (0.4, 2.5)
_STIFFNESS = 0.02
"""Cost of a parameter that is e times what was measured: a dozen plans do not tell much."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What SUMO said of some plans.

    Attributes:
        stage_s: ``(plans, stages)``.
        offset_s: ``(plans, lights)``.
        delay_s: ``(plans,)`` mean delay.
    """

    stage_s: NDArray[np.float64]
    offset_s: NDArray[np.float64]
    delay_s: NDArray[np.float64]


def learn(scenario: QueueScenario, heard: Heard, seed: int, evaluations: int = 250) -> Settings:
    """The parameters with which the kernel comes closest to SUMO on these plans.

    The cost is the mean relative error of the delay, its bias, and what is missing to the same order of plans.

    Args:
        scenario: the street.
        heard: SUMO's answers, of plans as good as those that are looked for.
        seed: of the fit.
        evaluations: sets of parameters to try.
    """
    usual = np.array([getattr(Settings(), name) for name in FREE])

    def settings(factors: NDArray[np.float64]) -> Settings:
        values = [float(value) for value in factors * usual]
        return replace(Settings(), **dict(zip(FREE, values, strict=True)))

    def misfit(factors: NDArray[np.float64]) -> float:
        told = scenario.model(settings(factors)).evaluate(heard.stage_s, heard.offset_s).delay_s[:, 0]
        error = (told - heard.delay_s) / heard.delay_s
        order = 1.0 - rank_correlation(told, heard.delay_s)
        return float(np.abs(error).mean() + 0.5 * abs(error.mean()) + 0.5 * order)

    found = search_factors(misfit, len(FREE), seed, evaluations, _BOUNDS, _STIFFNESS)
    return settings(found.factors)
