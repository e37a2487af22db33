"""Calibrates the queue kernel on the development plans of RESCO: ``python -m benchmarks.queue_calibration``.

The plans that are reported are others; whether it helped is seen there, beside the kernel as measured.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
from rich.progress import Progress

from benchmarks.reference import REPO, Reference, load, make
from benchmarks.resco import NAMES
from nutgiao.models.queueing.network.physics import Settings
from nutgiao.simulation.calibrate import QUEUE_FIGURES, Calibration, Observed, calibrate, misfit
from nutgiao.simulation.queue_model import QueueScenario, read_queue_scenario

RESULT = REPO / "benchmarks" / "results" / "queue-calibration.json"
PLANS, SEEDS = 24, (1, 2)
SLOW_PLANS = 8
"""Development plans of ingolstadt21, one run of which takes 20 s and more."""

SEARCH_SEED = 3
EVALUATIONS = 200


def observed(scenario: QueueScenario, reference: Reference) -> Observed:
    """SUMO's answers as the calibration takes them."""
    ready = [i for i in range(len(reference.plans)) if not np.isnan(reference.delay_s[i]).any()]
    if not ready:
        name = reference.scenario.name
        raise SystemExit(f"{name}: no development run is there; make some: python -m benchmarks.reference development")
    rows = [scenario.plan(reference.plans[i]) for i in ready]
    index = {lane: i for i, lane in enumerate(scenario.street.lane_ids)}
    return Observed(
        stage_s=np.array([stage for stage, _ in rows]),
        offset_s=np.array([offset for _, offset in rows]),
        delay_s=reference.delay_s[ready].mean(1),
        halting={
            ready.index(i): reference.halting[i].astype(np.float64).mean(0) for i in ready if i in reference.halting
        },
        lanes=np.array([index[lane] for lane in reference.lanes]),
    )


def calibration_of(name: str) -> tuple[Settings, dict[str, float]]:
    """What was found for a scenario; the defaults if nothing was."""
    found = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    if name not in found:
        return Settings(), dict(QUEUE_FIGURES)
    return Settings(**found[name]["settings"]), found[name]["queue"]


def main(arguments: list[str]) -> int:
    """Calibrates the scenarios that the command line names, or all of them."""
    about = (__doc__ or "").partition(":")[0] + "."
    parser = argparse.ArgumentParser(prog="python -m benchmarks.queue_calibration", description=about)
    parser.add_argument("names", nargs="*", default=[], metavar="NAME", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--evaluations", type=int, default=EVALUATIONS)
    chosen = parser.parse_args(arguments)
    for name in chosen.names or NAMES:
        plans = SLOW_PLANS if name == "ingolstadt21" else PLANS
        with Progress(transient=True) as bar:
            task = bar.add_task(f"{name}: SUMO", total=plans * len(SEEDS))
            for _ in make(name, "development", range(plans), SEEDS):
                bar.advance(task)
            scenario = read_queue_scenario(load(name, "development", SEEDS, plans).scenario)
            task = bar.add_task(f"{name}: fitting", total=chosen.evaluations)

            def show(done: int, cost: float, bar: Progress = bar, task: object = task, name: str = name) -> None:
                bar.update(task, completed=done, description=f"{name}: fitting, cost {cost:.3f}")  # type: ignore[arg-type]

            reference = load(name, "development", SEEDS, plans)
            seen = observed(scenario, reference)
            best = calibrate(scenario, seen, SEARCH_SEED, chosen.evaluations, show)
        before = misfit(scenario, seen, Settings(), QUEUE_FIGURES)
        after = misfit(scenario, seen, best.settings, best.queue)
        _keep(RESULT, name, best, plans, before, after)
        print(f"{name}: {best.evaluations} sets of parameters, misfit {before:.3f} -> {after:.3f}")
    return 0


def _keep(path: Path, name: str, best: Calibration, plans: int, before: float, after: float) -> None:
    found = json.loads(path.read_text()) if path.exists() else {}
    found[name] = {
        "settings": {key: round(value, 4) for key, value in asdict(best.settings).items()},
        "queue": {key: round(value, 4) for key, value in best.queue.items()},
        "plans": plans, "seeds": list(SEEDS), "evaluations": best.evaluations, "search_seed": SEARCH_SEED,
        "misfit_before": round(before, 4), "misfit_after": round(after, 4),
    }  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
