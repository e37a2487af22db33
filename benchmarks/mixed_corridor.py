"""How far the queue kernel is from SUMO's sublane model on the corridor full of motorcycles.

``python -m benchmarks.mixed_corridor`` judges on the reporting plans; ``--calibrate`` fits the parameters that were not
measured to the development plans first and keeps them in ``benchmarks/results/mixed-calibration.json``.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.comparison import compare
from benchmarks.mixed_reference import BEGIN_S, END_S, SETS, MixedReference, cache_folder, corridor, load
from benchmarks.resco import REPO
from benchmarks.result import as_json, target
from nutgiao.models.contracts.words import VehicleClass
from nutgiao.simulation.calibrate import rank_correlation, search_factors
from nutgiao.simulation.mixed_network import CLASSES, MixedSettings, MixedStreet, read_mixed_street

RESULT = REPO / "benchmarks" / "results" / "mixed-calibration.json"
RIVAL = "SUMO 1.28 sublane, mean of its seeds"

FREE = ("saturation_mcu_h_m", "lost_s", "amber_s", "filter_s", "turn_mcu", "drag", "merge_s")
"""Parameters that the development plans may move."""

_BOUNDS = (0.4, 3.5)
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

    def settings(factors: Floats) -> MixedSettings:
        usual = np.array([getattr(MixedSettings(), name) for name in FREE])
        return replace(MixedSettings(), **dict(zip(FREE, (factors * usual).tolist(), strict=True)))

    def misfit(factors: Floats) -> float:
        delay, _ = told(mixed, reference, settings(factors))
        error = (delay - true) / true
        return float(
            np.abs(error).mean()
            + 0.7 * abs(error.mean())
            + 1.0
            - np.corrcoef(delay, true)[0, 1]
            + 0.5 * (1.0 - rank_correlation(delay, true))
        )

    found = search_factors(misfit, len(FREE), SEARCH_SEED, EVALUATIONS, _BOUNDS, _STIFFNESS)
    return settings(found.factors), found.cost


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
    bikes, cars = VehicleClass.MOTORCYCLE, VehicleClass.CAR
    return {
        "scenario": "hanoi corridor, mixed traffic",
        "set": plan_set,
        "parameters": kind,
        "plans": len(delay),
        "seeds": reference.delay_s.shape[1],
        **compare(delay, reference.delay_s),
        "two_wheelers_s": float(by_class[:, CLASSES.index(bikes)].mean()),
        "two_wheelers_sumo_s": float(reference.by_class_s[bikes.value].mean()),
        "cars_s": float(by_class[:, CLASSES.index(cars)].mean()),
        "cars_sumo_s": float(reference.by_class_s[cars.value].mean()),
    }


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
            sys.stdout.write(json.dumps(as_json(row(on, development, "development", kind, settings))) + "\n")
    rows, targets = mixed(wanted.full)
    for one in (*rows, *targets):
        sys.stdout.write(json.dumps(as_json(one)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
