"""Adaptive control at the edge on the demo's street, beside its time-of-day plans: ``python -m benchmarks.adaptive``.

The morning peak on the three junctions of the demo, the boxes' own code on what the virtual cameras see. Rows: the
plans; each box alone; boxes that announce to each other who comes. Quick by default (three seeds, eight minutes after
three of warm-up); ``FULL=1`` runs ten seeds and twenty minutes; ``SEEDS="4 5"`` and ``MINUTES=12`` say otherwise.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from benchmarks.adaptive_street import Box, LocalBoxes, broken_rules, crossing_reds_s, person_delay, run_street
from benchmarks.result import Result, console, only_help, target
from nutgiao.configs.loader import load_site
from nutgiao.models.jit import warm_up
from nutgiao.simulation.run import Job

PLANS, ALONE, ADAPTIVE = "time-of-day plans", "adaptive, each box alone", "adaptive"
SITES = ("demo-j1", "demo-j2", "demo-j3")
MIDNIGHT_S = 1_795_366_800.0
BEGIN_S, WARM_UP_S = 7 * 3600 + 180, 180
DECISION_MS = 20.0
"""Milliseconds of one core that 99 of 100 choices take at most at a junction with four approaches."""


def one_run(row: str, seed: int, minutes: float, folder: Path) -> dict[str, Any]:
    """One arm on one seed."""
    sites = tuple(load_site(name) for name in SITES)
    measure_s = BEGIN_S + WARM_UP_S
    job = Job(
        sites=sites, folder=str(folder), seed=seed, midnight_s=MIDNIGHT_S, begin_s=BEGIN_S, measure_s=measure_s,
        end_s=measure_s + round(60 * minutes), boxes=True,
    )  # fmt: skip
    boxes = {} if row == PLANS else {site.id: Box(site) for site in sites}
    link = LocalBoxes(boxes, neighbours=row == ADAPTIVE)
    result = run_street(job, link)
    delay = person_delay(folder / "tripinfo.xml", measure_s, job.end_s)
    decide_ms = [ms for box in boxes.values() for ms in box.decide_ms[60:]]
    reds_s = [max(crossing_reds_s(site, link.shown[site.id]).values()) for site in sites]
    return {
        "row": row,
        "seed": seed,
        "person_s": delay.mean_s,
        "vehicle_person_s": delay.vehicles_s,
        "crossing_s": delay.crossing_s,
        "by_origin_s": delay.origins_s,
        "mean_vehicle_s": result.metrics.mean_delay_s,
        "persons": delay.persons,
        "longest_crossing_red_s": max(reds_s),
        "collisions": result.metrics.collisions,
        "flashed": len(result.flashed),
        "broken_rules": sum(broken_rules(site, link.shown[site.id]) for site in sites),
        "decision_p50_ms": float(np.percentile(decide_ms, 50)) if decide_ms else 0.0,
        "decision_p99_ms": float(np.percentile(decide_ms, 99)) if decide_ms else 0.0,
    }


def main() -> None:
    """Runs all rows on the same seeds and says what holds."""
    full, screen = os.environ.get("FULL") == "1", console()
    seeds = [int(one) for one in os.environ.get("SEEDS", "1 2 3 4 5 6 7 8 9 10" if full else "1 2 3").split()]
    minutes = float(os.environ.get("MINUTES", "20" if full else "8"))
    result = Result("adaptive", full)
    result.seeds = seeds
    warm_up()
    for seed in seeds:
        for row in (PLANS, ALONE, ADAPTIVE):
            with tempfile.TemporaryDirectory() as folder:
                result.rows.append(one_run(row, seed, minutes, Path(folder)))
                told = result.rows[-1]
                screen.print(f"seed {seed}, {row}: {told['person_s']:.1f} s a person")
    screen.print(_table(result.rows))
    mean = {
        row: {key: _mean(result.rows, row, key) for key in ("person_s", "crossing_s", "broken_rules", "flashed")}
        for row in (PLANS, ALONE, ADAPTIVE)
    }
    own = mean[ADAPTIVE]
    origins = [_by_origin(result.rows, row) for row in (ADAPTIVE, PLANS)]
    worse = [s / origins[1][name] for name, s in origins[0].items() if name in origins[1]]
    slowest_ms = max(one["decision_p99_ms"] for one in result.rows if one["row"] == ADAPTIVE)
    unsafe = sum(one["broken_rules"] + one["flashed"] for one in mean.values())
    result.targets = [
        target("delay per person over the plans'", own["person_s"] / mean[PLANS]["person_s"], "<=", 0.7, "x", PLANS),
        target("worst approach over the plans'", max(worse), "<=", 1.1, "x", PLANS),
        target("wait on foot over the plans'", own["crossing_s"] / mean[PLANS]["crossing_s"], "<=", 1.1, "x", PLANS),
        target("99 of 100 choices within, slowest run", slowest_ms, "<=", DECISION_MS, "ms", "asked for"),
        target("seconds that break a rule, and trips", unsafe, "<=", 0.0, "", "asked for"),
    ]
    result.finish(screen)


def _mean(rows: list[dict[str, Any]], row: str, key: str) -> float:
    return float(np.mean([one[key] for one in rows if one["row"] == row]))


def _by_origin(rows: list[dict[str, Any]], row: str) -> dict[str, float]:
    """Delay per person by the street that they come from; buses are told apart in the table only."""
    own = [one["by_origin_s"] for one in rows if one["row"] == row]
    names = {name for one in own for name in one} - {"bus"}
    return {name: float(np.mean([one[name] for one in own if name in one])) for name in sorted(names)}


def _table(rows: list[dict[str, Any]]) -> Table:
    """Means over the seeds."""
    table = Table(title="morning peak on the demo's street: delay per person, seconds")
    origins = sorted({name for one in rows for name in one["by_origin_s"]})
    heads = ["row", "all", "in vehicles", "on foot", "longest red of a crossing", *origins, "p50 ms", "p99 ms"]
    for head in heads:
        table.add_column(head)
    for row in dict.fromkeys(one["row"] for one in rows):
        means = [_mean(rows, row, key) for key in ("person_s", "vehicle_person_s", "crossing_s")]
        longest = max(one["longest_crossing_red_s"] for one in rows if one["row"] == row)
        of_origins = [
            np.mean([one["by_origin_s"].get(name, np.nan) for one in rows if one["row"] == row]) for name in origins
        ]
        times = [_mean(rows, row, key) for key in ("decision_p50_ms", "decision_p99_ms")]
        cells = [f"{value:.1f}" for value in means] + [f"{longest}"] + [f"{value:.0f}" for value in of_origins]
        table.add_row(row, *cells, *(f"{value:.1f}" for value in times))
    return table


if __name__ == "__main__":
    only_help(__doc__)
    main()
