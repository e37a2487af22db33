"""Fits the queue kernel's free parameters to SUMO runs of one scenario, within what drivers can do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import cma
import numpy as np
from numpy.typing import NDArray

from nutgiao.models.queueing.network.physics import Settings
from nutgiao.simulation.queue_model import QueueScenario

FREE = (
    "after_full_s", "merge_s", "penalty_veh", "look_s", "headway", "lane_change_veh", "lane_change_m", "wave_s",
    "gap_stand", "gap_move", "gap_box", "clear", "loss", "slots",
)  # fmt: skip
"""What could not be measured on its own, or differs from street to street; the rest of `Settings` stays as it is."""

_BOUNDS = (0.2, 3.0)
_STIFFNESS = 0.02
"""Cost of a parameter that is twice what was measured: what the runs do not tell stays where it was."""

Floats = NDArray[np.float64]

QUEUE_FIGURES = {"move_s": 5.0, "brake_s": 3.0, "launch_s": 1.0}
"""How a queue moves up, as in `Standing`; fitted with the rest."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What SUMO says of some plans.

    Attributes:
        stage_s: ``(plans, stages)``.
        offset_s: ``(plans, controllers)``.
        delay_s: ``(plans,)`` mean over SUMO's seeds.
        halting: number of a plan to ``(seconds, lanes)`` mean halting vehicles.
        lanes: the kernel's number of each of these lanes.
    """

    stage_s: NDArray[np.float64]
    offset_s: NDArray[np.float64]
    delay_s: NDArray[np.float64]
    halting: Mapping[int, NDArray[np.float64]]
    lanes: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Calibration:
    """Parameters of one scenario.

    Attributes:
        settings: of the kernel.
        queue: of `Standing`.
        cost: mean cost that is left.
        evaluations: how many sets of parameters were tried.
    """

    settings: Settings
    queue: dict[str, float]
    cost: float
    evaluations: int


def calibrate(
    scenario: QueueScenario,
    observed: Observed,
    seed: int,
    evaluations: int = 600,
    on_progress: Callable[[int, float], None] = lambda _done, _cost: None,
) -> Calibration:
    """Finds the parameters with which the kernel comes closest to SUMO.

    The cost is the mean relative error of the delay, its bias, what is missing to the same order of plans (over all and
    over the better half), the relative error of the queues, and the distance from the measured parameters. CMA-ES,
    because the kernel's answer jumps where a vehicle just makes a green.

    Args:
        scenario: to calibrate.
        observed: SUMO's answers; keep other plans to judge the result.
        seed: of the search.
        evaluations: sets of parameters to try.
        on_progress: told after each generation how many are done and the least cost so far.
    """
    usual = np.array([getattr(Settings(), name) for name in FREE] + list(QUEUE_FIGURES.values()))

    def parameters(factors: Floats) -> tuple[Settings, dict[str, float]]:
        values = [float(v) for v in factors * usual]
        return (
            replace(Settings(), **dict(zip(FREE, values[: len(FREE)], strict=True))),
            dict(zip(QUEUE_FIGURES, values[len(FREE) :], strict=True)),
        )

    found = search_factors(
        lambda factors: misfit(scenario, observed, *parameters(factors)),
        len(usual), seed, evaluations, _BOUNDS, _STIFFNESS, on_progress,
    )  # fmt: skip
    return Calibration(*parameters(found.factors), found.cost, found.evaluations)


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found.

    Attributes:
        factors: on the usual parameters.
        cost: of them.
        evaluations: how many sets were tried.
    """

    factors: Floats
    cost: float
    evaluations: int


def search_factors(
    misfit: Callable[[Floats], float],
    count: int,
    seed: int,
    evaluations: int,
    bounds: tuple[float, float],
    stiffness: float,
    on_progress: Callable[[int, float], None] = lambda _done, _cost: None,
) -> Found:
    """Finds the factors on parameters that fit best, by CMA-ES (Hansen), from 1 on.

    Args:
        misfit: of a set of factors.
        count: of parameters.
        seed: of the search.
        evaluations: sets to try.
        bounds: least and largest factor.
        stiffness: cost of a factor of e: what the runs do not tell stays where it was.
        on_progress: told after each generation how many are done and the least cost so far.
    """

    def cost(x: Floats) -> float:
        factors = np.clip(x, *bounds)
        return misfit(factors) + stiffness * float(np.sum(np.log(factors) ** 2))

    search = cma.CMAEvolutionStrategy(
        np.ones(count), 0.15, {"maxfevals": evaluations, "seed": seed, "verbose": -9, "bounds": list(bounds)}
    )
    while not search.stop():
        tried = search.ask()
        search.tell(tried, [cost(x) for x in tried])
        on_progress(int(search.countevals), float(search.best.f))
    return Found(np.clip(search.best.x, *bounds), float(search.best.f), int(search.countevals))


def misfit(scenario: QueueScenario, observed: Observed, settings: Settings, queue: Mapping[str, float]) -> float:
    """How far the kernel is from SUMO; see `calibrate`."""
    model = scenario.model(settings)
    told = model.evaluate(observed.stage_s, observed.offset_s).delay_s[:, 0]
    true = observed.delay_s
    error = (told - true) / true
    good = true <= np.median(true)
    queues = []
    standing = scenario.standing(**queue)
    for number, halting in observed.halting.items():
        kernel = model.standing(observed.stage_s[number], observed.offset_s[number], standing)[:, observed.lanes]
        queues.append(np.abs(kernel - halting).mean() / max(halting.mean(), 1e-9))
    return float(
        np.abs(error).mean()
        + 0.7 * abs(error.mean())
        + 2.0 * (1 - rank_correlation(told, true))
        + 0.5 * (1 - rank_correlation(told[good], true[good]))
        + 0.7 * (np.mean(queues) if queues else 0.0)
    )


def rank_correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Spearman's rho, equal values sharing their rank."""
    ranks = []
    for values in (a, b):
        _, inverse, count = np.unique(values, return_inverse=True, return_counts=True)
        ranks.append((np.cumsum(count) - (count - 1) / 2)[inverse])
    if np.ptp(ranks[0]) == 0 or np.ptp(ranks[1]) == 0:
        return 0.0
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])
