"""Fits the queue kernel's free parameters to SUMO runs of one scenario or many, within what drivers can do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace

import cma
import numpy as np
from numpy.typing import NDArray

from nutgiao.models.queueing.network.halting import Standing
from nutgiao.models.queueing.network.physics import Settings
from nutgiao.simulation.queue_model import QueueScenario

FREE = (
    "start_s", "after_gap_s", "after_full_s", "amber", "insert_s", "entry_loss_s", "merge_s", "patience_s",
    "yield_speed_mps", "after_box_s", "follow_box_s", "box_delay_s", "look_s", "reaction_s", "headway",
    "lane_change_veh", "lane_change_m", "penalty_veh", "wave_s", "short_wave_s", "gap_stand", "gap_move", "gap_box",
    "clear", "drag", "loss",
)  # fmt: skip
"""What is fitted; whole numbers and lengths of `Settings` stay as they are."""

_BOUNDS = (0.3, 2.0)
_STIFFNESS = 0.003
"""Cost of a parameter that is e times the one to begin with: what the runs do not tell stays where it was."""

_QUEUE_STIFFNESS = 0.02

Floats = NDArray[np.float64]

QUEUE_FIGURES = {one.name: float(one.default) for one in fields(Standing) if isinstance(one.default, float)}
"""How a queue moves up, as in `Standing`."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What SUMO says of some plans.

    Attributes:
        stage_s: ``(plans, stages)``.
        offset_s: ``(plans, controllers)``.
        delay_s: ``(plans,)`` mean over SUMO's seeds.
        halting: number of a plan to ``(seconds, lanes)`` mean halting vehicles.
        lanes: the kernel's number of each of these lanes.
        ranks: whether the order of the plans counts; not where SUMO's own seeds do not agree on it.
    """

    stage_s: NDArray[np.float64]
    offset_s: NDArray[np.float64]
    delay_s: NDArray[np.float64]
    halting: Mapping[int, NDArray[np.float64]]
    lanes: NDArray[np.int64]
    ranks: bool = True


Case = tuple[QueueScenario, Observed]


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was found.

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
    cases: Sequence[Case],
    seed: int,
    evaluations: int = 1000,
    on_progress: Callable[[int, float], None] = lambda _done, _cost: None,
) -> Calibration:
    """Finds the parameters with which the kernel comes closest to SUMO, one set for all scenarios.

    First those of the drivers by the delay of the plans, then those of a standing queue by the halting vehicles.
    CMA-ES, because the kernel's answer jumps where a vehicle just makes a green.

    Args:
        cases: scenarios with SUMO's answers; keep other plans to judge the result.
        seed: of the search.
        evaluations: sets of parameters to try; a tenth more for the queues.
        on_progress: told after each generation how many are done and the least cost so far.
    """
    usual = np.array([getattr(Settings(), name) for name in FREE])

    def settings(factors: Floats) -> Settings:
        values = [float(v) for v in factors * usual]
        return replace(Settings(), **dict(zip(FREE, values, strict=True)))

    def drivers(factors: Floats) -> float:
        chosen = settings(factors)
        return float(np.mean([misfit(scenario, observed, chosen) for scenario, observed in cases]))

    found = search_factors(drivers, len(usual), seed, evaluations, _BOUNDS, _STIFFNESS, on_progress)
    best = settings(found.factors)
    figures = np.array(list(QUEUE_FIGURES.values()))

    def queue(factors: Floats) -> dict[str, float]:
        return dict(zip(QUEUE_FIGURES, [float(v) for v in factors * figures], strict=True))

    def queues(factors: Floats) -> float:
        chosen = queue(factors)
        return float(np.mean([queue_misfit(scenario, observed, best, chosen) for scenario, observed in cases]))

    if not any(observed.halting for _, observed in cases):
        return Calibration(best, dict(QUEUE_FIGURES), found.cost, found.evaluations)
    of_queue = search_factors(queues, len(figures), seed, evaluations // 10, _BOUNDS, _QUEUE_STIFFNESS)
    return Calibration(best, queue(of_queue.factors), found.cost, found.evaluations + of_queue.evaluations)


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


def misfit(scenario: QueueScenario, observed: Observed, settings: Settings) -> float:
    """How far the kernel's delays are from SUMO's.

    The mean relative error, its bias, and what is missing to the same order of plans, over all and the better half.
    """
    told = scenario.model(settings).evaluate(observed.stage_s, observed.offset_s).delay_s[:, 0]
    true = observed.delay_s
    error = (told - true) / true
    cost = np.abs(error).mean() + 0.7 * abs(error.mean())
    if observed.ranks:
        good = true <= np.median(true)
        cost += 2.0 * (1 - rank_correlation(told, true)) + 0.5 * (1 - rank_correlation(told[good], true[good]))
    return float(cost)


def queue_misfit(scenario: QueueScenario, observed: Observed, settings: Settings, queue: Mapping[str, float]) -> float:
    """Mean error of the halting vehicles on a lane, relative to their mean; 0 where none were observed."""
    model, standing = scenario.model(settings), scenario.standing(**queue)
    found = []
    for number, halting in observed.halting.items():
        kernel = model.standing(observed.stage_s[number], observed.offset_s[number], standing)[:, observed.lanes]
        found.append(np.abs(kernel - halting).mean() / max(halting.mean(), 1e-9))
    return float(np.mean(found)) if found else 0.0


def rank_correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Spearman's rho, equal values sharing their rank."""
    ranks = []
    for values in (a, b):
        _, inverse, count = np.unique(values, return_inverse=True, return_counts=True)
        ranks.append((np.cumsum(count) - (count - 1) / 2)[inverse])
    if np.ptp(ranks[0]) == 0 or np.ptp(ranks[1]) == 0:
        return 0.0
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])
