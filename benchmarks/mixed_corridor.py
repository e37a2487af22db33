"""How far the queue kernel is from SUMO's sublane model on the corridor full of motorcycles.

``python -m benchmarks.mixed_corridor`` judges on the reporting plans; ``--calibrate`` fits the parameters that were not
measured to the development plans first and keeps them in ``benchmarks/results/mixed-calibration.json``.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, replace
from itertools import combinations
from typing import Any

import cma
import numpy as np
from numpy.typing import NDArray

from benchmarks.mixed_reference import BEGIN_S, END_S, SETS, MixedReference, cache_folder, corridor, load
from benchmarks.resco import REPO
from benchmarks.result import target
from nutgiao.models.contracts.words import VehicleClass
from nutgiao.simulation.calibrate import rank_correlation
from nutgiao.simulation.mixed_network import CLASSES, MixedSettings, MixedStreet, read_mixed_street

RESULT = REPO / "benchmarks" / "results" / "mixed-calibration.json"
RIVAL = "SUMO 1.28 sublane, mean of its seeds"

FREE = ("saturation_mcu_h_m", "lost_s", "amber_s", "filter_s", "turn_mcu", "drag", "merge_s")
"""Parameters that the development plans may move."""

_LEAST, _MOST = 0.4, 3.5
_STIFFNESS = 0.01
"""Cost of a parameter that is e times what was measured; eight plans do not tell much."""

SEARCH_SEED, EVALUATIONS = 3, 400

Floats = NDArray[np.float64]


def street() -> MixedStreet:
    """The corridor with its frozen demand, for the kernel."""
    scenario, shapes, _ = corridor(cache_folder())
    return read_mixed_street(scenario.net, scenario.routes[0], shapes, BEGIN_S, END_S)


def told(mixed: MixedStreet, reference: MixedReference, settings: MixedSettings) -> tuple[Floats, Floats]:
    """The kernel's delays, ``(plans,)``, and by class, ``(plans, classes)``."""
    plans = [mixed.plan(plan.green_s, plan.offset_s) for plan in reference.plans]
    found = mixed.model(settings).evaluate(np.array([a for a, _ in plans]), np.array([b for _, b in plans]))
    return found.delay_s[:, 0], found.group_delay_s[:, 0]


def calibrate(mixed: MixedStreet, reference: MixedReference) -> tuple[MixedSettings, float]:
    """Fits `FREE` to the development plans by CMA-ES: mean error, bias, and correlation of the delays."""
    true = np.nanmean(reference.delay_s, axis=1)
    usual = np.array([getattr(MixedSettings(), name) for name in FREE])

    def settings(x: Floats) -> MixedSettings:
        values = np.clip(x, _LEAST, _MOST) * usual
        return replace(MixedSettings(), **dict(zip(FREE, values.tolist(), strict=True)))

    def cost(x: Floats) -> float:
        delay, _ = told(mixed, reference, settings(x))
        error = (delay - true) / true
        away = float(np.sum(np.log(np.clip(x, _LEAST, _MOST)) ** 2))
        return float(
            np.abs(error).mean()
            + 0.7 * abs(error.mean())
            + 1.0
            - np.corrcoef(delay, true)[0, 1]
            + 0.5 * (1.0 - rank_correlation(delay, true))
            + _STIFFNESS * away
        )

    search = cma.CMAEvolutionStrategy(
        np.ones(len(FREE)), 0.15,
        {"maxfevals": EVALUATIONS, "seed": SEARCH_SEED, "verbose": -9, "bounds": [_LEAST, _MOST]},
    )  # fmt: skip
    while not search.stop():
        tried = search.ask()
        search.tell(tried, [cost(x) for x in tried])
    return settings(search.best.x), float(search.best.f)


def calibrated() -> MixedSettings:
    """The kept calibration; what was measured if there is none."""
    if not RESULT.exists():
        return MixedSettings()
    return replace(MixedSettings(), **json.loads(RESULT.read_text())["settings"])


def row(
    mixed: MixedStreet, reference: MixedReference, plan_set: str, kind: str, settings: MixedSettings
) -> dict[str, Any]:
    """Kernel against SUMO, and SUMO against itself."""
    ready = ~np.isnan(reference.delay_s.sum(axis=1))
    reference = replace(
        reference,
        plans=[plan for plan, there in zip(reference.plans, ready.tolist(), strict=True) if there],
        delay_s=reference.delay_s[ready],
        by_class_s={name: one[ready] for name, one in reference.by_class_s.items()},
    )
    delay, by_class = told(mixed, reference, settings)
    true = reference.delay_s.mean(axis=1)
    good = true <= np.median(true)
    error = (delay - true) / true
    pairs = list(combinations(range(reference.delay_s.shape[1]), 2))
    seeds = reference.delay_s
    bikes, cars = VehicleClass.MOTORCYCLE, VehicleClass.CAR
    return {
        "scenario": "hanoi corridor, mixed traffic",
        "set": plan_set,
        "parameters": kind,
        "plans": len(true),
        "seeds": seeds.shape[1],
        "rho": rank_correlation(delay, true),
        "rho_sumo": _mean(rank_correlation(seeds[:, a], seeds[:, b]) for a, b in pairs),
        "rho_good": rank_correlation(delay[good], true[good]),
        "rho_good_sumo": _mean(rank_correlation(seeds[good, a], seeds[good, b]) for a, b in pairs),
        "mae_pct": 100 * float(np.abs(error).mean()),
        "mae_sumo_pct": _mean(100 * np.abs(seeds[:, a] / seeds[:, b] - 1).mean() for a, b in pairs),
        "bias_pct": 100 * float(error.mean()),
        "best5_pct": 100 * float(true[np.argsort(delay)[:5]].min() / true.min() - 1),
        "two_wheelers_s": float(by_class[:, CLASSES.index(bikes)].mean()),
        "two_wheelers_sumo_s": float(reference.by_class_s[bikes.value].mean()),
        "cars_s": float(by_class[:, CLASSES.index(cars)].mean()),
        "cars_sumo_s": float(reference.by_class_s[cars.value].mean()),
    }


def _mean(values: Any) -> float | None:
    found = list(values)
    return float(np.mean(found)) if found else None


def mixed(full: bool) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows and targets for the accuracy benchmark.

    Args:
        full: makes the SUMO runs that are missing (eleven CPU seconds each); otherwise those in the cache are used, and
            if there are too few, one seed of half the plans is made.
    """
    reference = load("reporting", make_missing=full)
    if np.isfinite(reference.delay_s).all(axis=1).sum() < SETS["reporting"][1] // 2:
        reference = load("reporting", make_missing=True, limit=(SETS["reporting"][1] // 2, 1))
    on = street()
    rows = [
        row(on, reference, "reporting", kind, settings)
        for kind, settings in (("measured", MixedSettings()), ("calibrated", calibrated()))
    ]
    last = rows[-1]
    name = "mixed corridor"
    targets = [
        target(f"{name}: rank correlation", last["rho"], ">=", 0.95, "", RIVAL),
        target(f"{name}: mean error of delay", last["mae_pct"], "<=", 10.0, "%", RIVAL),
        target(f"{name}: bias of delay", abs(last["bias_pct"]), "<=", 5.0, "%", RIVAL),
        target(f"{name}: best of five favourites", last["best5_pct"], "<=", 2.0, "%", RIVAL),
    ]
    return rows, targets


def main(arguments: list[str]) -> int:
    """Calibrates if asked, and judges."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.mixed_corridor", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--calibrate", action="store_true", help="fit to the development plans first")
    parser.add_argument("--full", action="store_true", help="make missing SUMO runs")
    wanted = parser.parse_args(arguments)
    if wanted.calibrate:
        on, development = street(), load("development", make_missing=True)
        best, cost = calibrate(on, development)
        kept = {name: round(value, 4) for name, value in asdict(best).items() if name in FREE}
        RESULT.parent.mkdir(parents=True, exist_ok=True)
        RESULT.write_text(
            json.dumps({"settings": kept, "cost": round(cost, 4), "plans": len(development.plans)}, indent=1) + "\n"
        )
        for kind, settings in (("measured", MixedSettings()), ("calibrated", best)):
            sys.stdout.write(json.dumps(row(on, development, "development", kind, settings)) + "\n")
    rows, targets = mixed(wanted.full)
    for one in (*rows, *targets):
        sys.stdout.write(json.dumps(one) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
