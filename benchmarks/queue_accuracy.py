"""How far the queue kernel is from SUMO on plans that nobody tuned to: ``make bench-queue-accuracy``.

Quick by default; ``FULL=1`` makes every SUMO run of the protocol (hours), ``CACHED=1`` judges by the runs there are.
"""

from __future__ import annotations

import os
import sys
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.progress import Progress
from rich.table import Table

from benchmarks import edge_queue, mixed_corridor
from benchmarks.comparison import compare
from benchmarks.reference import PLANS, Reference, load, make
from benchmarks.resco import NAMES
from benchmarks.result import Result, only_help, target
from benchmarks.result import console as wide_console
from nutgiao.simulation.calibrate import QUEUE_FIGURES
from nutgiao.simulation.queue_model import QueueScenario, read_queue_scenario

KERNEL_SEEDS = 5
"""Drivers' paces over which the kernel's answer is averaged; SUMO's is averaged over its own seeds."""

QUICK = {"ingolstadt21": (2, (1, 2)), "arterial4x4": (6, (1, 2)), "ingolstadt7": (8, (1, 2))}
QUICK_OTHERS = (12, (1, 2))
"""Plans and SUMO seeds of the quick protocol: about 10 minutes of CPU."""

Floats = NDArray[np.float64]


def protocol(name: str, full: bool) -> tuple[int, tuple[int, ...]]:
    """Number of reporting plans and SUMO's seeds."""
    if full:
        return PLANS, (1, 2, 3, 4, 5) if name == "ingolstadt21" else (1, 2, 3)
    return QUICK.get(name, QUICK_OTHERS)


def queues(scenario: QueueScenario, found: Reference) -> dict[str, float]:
    """Halting vehicles per controlled lane and second: kernel and another SUMO run, both against a SUMO run."""
    model, standing = scenario.model(), scenario.standing(**QUEUE_FIGURES)
    index = {lane: i for i, lane in enumerate(scenario.street.lane_ids)}
    lanes = [index[lane] for lane in found.lanes]
    kernel, sumo, length = [], [], []
    for number, halting in found.halting.items():
        runs = halting.astype(np.float64)
        plan = scenario.plan(found.plans[number])
        told = np.mean([model.standing(*plan, standing, seed)[:, lanes] for seed in range(1, KERNEL_SEEDS + 1)], axis=0)
        kernel.append(np.mean([np.abs(told - run).mean() for run in runs]))
        sumo += [np.abs(runs[a] - runs[b]).mean() for a, b in combinations(range(len(runs)), 2)]
        length.append(runs.mean())
    if not sumo:
        return dict.fromkeys(("halting", "halting_mae", "halting_sumo", "ratio"), float("nan"))
    mae, itself = float(np.mean(kernel)), float(np.mean(sumo))
    return {"halting": float(np.mean(length)), "halting_mae": mae, "halting_sumo": itself, "ratio": mae / itself}


def judge(name: str, plans: int, seeds: tuple[int, ...]) -> dict[str, Any] | None:
    """The row of one scenario; None if too few of SUMO's runs are there."""
    found = load(name, "reporting", seeds, plans)
    ready = ~np.isnan(found.delay_s).any(1)
    while not ready.sum() >= min(plans, 10) and len(seeds) > 1:  # what is there of a protocol that was cut short
        seeds = seeds[:-1]
        found = load(name, "reporting", seeds, plans)
        ready = ~np.isnan(found.delay_s).any(1)
    if ready.sum() < 3:
        return None
    scenario = read_queue_scenario(found.scenario)
    plan = [scenario.plan(found.plans[i]) for i in np.flatnonzero(ready)]
    stages, offsets = np.array([p[0] for p in plan]), np.array([p[1] for p in plan])
    told = scenario.model().evaluate(stages, offsets, KERNEL_SEEDS).delay_s.mean(1)
    return {
        "scenario": name,
        "plans": int(ready.sum()),
        "seeds": len(seeds),
        **compare(told, found.delay_s[ready]),
        **queues(scenario, found),
    }


def targets_of(row: dict[str, Any]) -> list[dict[str, Any]]:
    """What is asked of the kernel, with one set of parameters for every network."""
    name, rival = row["scenario"], "SUMO 1.28, mean of its seeds"
    ceiling = row["rho_sumo"]
    least = min(0.97, ceiling - 0.01) if np.isfinite(ceiling) else 0.97
    return [
        target(f"{name}: rank correlation", row["rho"], ">=", least, "", rival),
        target(f"{name}: rank correlation, better half", row["rho_good"], ">=", 0.85, "", rival),
        target(f"{name}: mean error of delay", row["mae_pct"], "<=", 10.0, "%", rival),
        target(f"{name}: bias of delay", abs(row["bias_pct"]), "<=", 5.0, "%", rival),
        target(f"{name}: best of five favourites", row["best5_pct"], "<=", 2.0, "%", rival),
        target(f"{name}: queues against SUMO's own noise", row["ratio"], "<=", 1.5, "x", "SUMO with another seed"),
    ]


def main() -> int:
    """Runs the benchmark."""
    full, cached = os.environ.get("FULL") == "1", os.environ.get("CACHED") == "1"
    result = Result("queue-accuracy", full)
    console = wide_console()
    with Progress(console=console, transient=True) as bar:
        for name in NAMES:
            plans, seeds = protocol(name, full or cached)
            if not cached:
                task = bar.add_task(f"{name}: SUMO", total=plans * len(seeds))
                for _ in make(name, "reporting", range(plans), seeds):
                    bar.advance(task)
            row = judge(name, plans, seeds)
            if row is not None:
                result.rows.append(row)
                result.targets += targets_of(row)
    result.seeds = {"sumo": [1, 2, 3, 4, 5], "kernel": list(range(1, KERNEL_SEEDS + 1)), "reporting plans": 202}
    console.print(_table(result.rows))
    for part in (mixed_corridor.mixed, edge_queue.accuracy):
        rows, targets = part(full)
        result.rows += rows
        result.targets += targets
    result.finish(console)
    return 0


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table(title="Queue kernel against SUMO, plans that nobody tuned to (in brackets: SUMO against itself)")
    for head in ("scenario", "plans x seeds", "rho", "good half", "error", "bias", "best of 5", "queues"):
        table.add_column(head, justify="left" if head == "scenario" else "right")
    for r in rows:
        table.add_row(
            r["scenario"], f"{r['plans']} x {r['seeds']}", f"{r['rho']:.3f} ({r['rho_sumo']:.3f})",
            f"{r['rho_good']:.3f} ({r['rho_good_sumo']:.3f})", f"{r['mae_pct']:.1f} % ({r['mae_sumo_pct']:.1f})",
            f"{r['bias_pct']:+.1f} %", f"{r['best5_pct']:.1f} %", f"{r['ratio']:.2f} x",
        )  # fmt: skip
    return table


if __name__ == "__main__":
    only_help(__doc__)
    sys.exit(main())
