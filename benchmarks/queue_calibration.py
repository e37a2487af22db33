"""Fits the queue kernel to the development plans of all RESCO scenarios: ``python -m benchmarks.queue_calibration``.

One set of parameters for every network; what it finds are the defaults of `Settings` and `QUEUE_FIGURES`. The plans
that are reported are others, and so is the mixed corridor.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict

import numpy as np
from rich.progress import Progress

from benchmarks.reference import REPO, Reference, load, make
from benchmarks.resco import NAMES
from nutgiao.models.queueing.network.physics import Settings
from nutgiao.simulation.calibrate import FREE, QUEUE_FIGURES, Case, Observed, calibrate, misfit, queue_misfit
from nutgiao.simulation.queue_model import QueueScenario, read_queue_scenario

RESULT = REPO / "benchmarks" / "results" / "queue-calibration.json"
PLANS, SEEDS = 24, (1, 2)
SLOW_PLANS = 8
"""Development plans of ingolstadt21, one run of which takes 20 s and more; SUMO's own seeds order them at random."""

SEARCH_SEED = 5
EVALUATIONS = 3000


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
        ranks=reference.scenario.name != "ingolstadt21",
    )


def case(name: str, bar: Progress) -> Case:
    """A scenario with SUMO's answers; runs that are missing are made."""
    plans = SLOW_PLANS if name == "ingolstadt21" else PLANS
    task = bar.add_task(f"{name}: SUMO", total=plans * len(SEEDS))
    for _ in make(name, "development", range(plans), SEEDS):
        bar.advance(task)
    reference = load(name, "development", SEEDS, plans)
    scenario = read_queue_scenario(reference.scenario)
    return scenario, observed(scenario, reference)


def main(arguments: list[str]) -> int:
    """Fits, prints what it found beside what it began with, and keeps it."""
    about = (__doc__ or "").partition(":")[0] + "."
    parser = argparse.ArgumentParser(prog="python -m benchmarks.queue_calibration", description=about)
    parser.add_argument("--evaluations", type=int, default=EVALUATIONS, help="sets of parameters to try")
    chosen = parser.parse_args(arguments)
    with Progress(transient=True) as bar:
        cases = {name: case(name, bar) for name in NAMES}
        task = bar.add_task("fitting", total=chosen.evaluations)

        def show(done: int, cost: float) -> None:
            bar.update(task, completed=done, description=f"fitting, cost {cost:.3f}")

        best = calibrate(list(cases.values()), SEARCH_SEED, chosen.evaluations, show)
    rows = {}
    for name, (scenario, seen) in cases.items():
        before = misfit(scenario, seen, Settings()), queue_misfit(scenario, seen, Settings(), QUEUE_FIGURES)
        after = misfit(scenario, seen, best.settings), queue_misfit(scenario, seen, best.settings, best.queue)
        rows[name] = {"before": [round(x, 4) for x in before], "after": [round(x, 4) for x in after]}
        print(f"{name:14} delay {before[0]:.3f} -> {after[0]:.3f}   queues {before[1]:.3f} -> {after[1]:.3f}")
    usual = asdict(Settings())
    found = {
        "settings": {name: round(getattr(best.settings, name), 3) for name in FREE},
        "before": {name: usual[name] for name in FREE},
        "queue": {name: round(value, 2) for name, value in best.queue.items()},
        "plans": PLANS, "seeds": list(SEEDS), "evaluations": best.evaluations, "search_seed": SEARCH_SEED,
        "misfit": rows,
    }  # fmt: skip
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(found, indent=1) + "\n")
    print(f"written to {RESULT}; the defaults of Settings and QUEUE_FIGURES are yours to change")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
