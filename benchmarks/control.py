"""How good lights that are set second by second are on the RESCO scenarios: ``make bench-control``.

Beside the shipped programs, SUMO's own actuated and delay-based control, max pressure and max wave, on the same seeds.
All that choose stages change them with the benchmark's yellow; ``ALLRED=1`` adds 1 s of all-red. Quick by default;
``FULL=1`` runs every seed, and each scenario that is done goes to ``benchmarks/results/control`` at once: all
eight take hours. ``NAMES="cologne1 grid4x4"`` takes some scenarios only, ``ROWS="shipped,max-wave"``
some rows, ``MORE=0`` leaves out stages that no program ships.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from math import isfinite, nan
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import Progress
from rich.table import Table

from benchmarks import plan_rivals as rivals
from benchmarks.plan_free import rule_of
from benchmarks.reference import cache_folder
from benchmarks.resco import NAMES, fetch
from benchmarks.result import Result, console, only_help, target
from nutgiao.cli.controllers import kind_of
from nutgiao.models.intervals import interval
from nutgiao.simulation.control.drive import Drive, Loop, loop
from nutgiao.simulation.control.drive_alone import drive_alone
from nutgiao.simulation.pools import LocalPool
from nutgiao.simulation.run_cache import RunCache
from nutgiao.simulation.setup_runs import Runs, Wanted
from nutgiao.simulation.signal_programs import shipped_programs
from nutgiao.simulation.trial import Trial, jammed_seeds, run_trial
from nutgiao.simulation.variant import Setup

SHIPPED, ACTUATED, DELAY_BASED = "shipped", "SUMO actuated 5/50", "SUMO delay_based 5/50"
PERFECT, CAMERA, LOOPS = "nutgiao perfect", "nutgiao camera", "nutgiao loops"

DRIVEN = {
    "max-pressure": ("max-pressure", "perfect"), "max-wave": ("max-wave", "perfect"), PERFECT: ("horizon", "perfect"),
    CAMERA: ("horizon", "camera"), LOOPS: ("horizon", "loops"),
}  # fmt: skip
"""Row to controller and detection."""

ROWS = (SHIPPED, ACTUATED, DELAY_BASED, *DRIVEN)

TARGETS_S = {
    "cologne1": 12.0, "cologne3": 14.0, "cologne8": 13.0, "ingolstadt1": 10.0, "ingolstadt7": 17.0,
    "ingolstadt21": 40.0, "grid4x4": 15.5, "arterial4x4": 550.0,
}  # fmt: skip
"""Mean true delay that is asked for with perfect detection and the benchmark's yellow, seconds a vehicle."""

EVERY_SEED = frozenset({"ingolstadt21"})
"""Here it is asked for on every seed: two junctions that lie close can lock each other."""

CAMERA_SHARE, DECISION_MS, FOUR_APPROACHES = 1.15, 20.0, "cologne1"
"""Delay with cameras over that with perfect detection; milliseconds of one core that 99 of 100 choices take at most for
a junction of four approaches, and the scenario that is one."""

SEEDS = tuple(range(1, 11))
QUICK_SEEDS = {"ingolstadt21": 1, "arterial4x4": 1, "ingolstadt7": 1, "grid4x4": 1}
QUICK_OTHERS = 2

ALL_RED_S = 1


def trial_of(setup: Setup, seed: int) -> Trial:
    """A run of a program of SUMO's own, without edge data, which make it up to twice as long."""
    return run_trial(setup.scenario, (), seed, edges=False)


def loops_of(rows: list[str], most: int) -> dict[str, Loop]:
    """Row to how its lights are driven, but for the rule.

    To be made before the first run: then the code that names the results is the code that makes them.

    Args:
        rows: that are asked for.
        most: further stages of a light at most.
    """
    found = {}
    for row in rows:
        if row in DRIVEN:
            controller, detection = DRIVEN[row]
            kind = kind_of(controller)
            found[row] = loop(kind.make, [kind.module], detection, edges=False, more_stages=min(most, kind.more_stages))
    return found


def wanted_of(
    name: str, rows: list[str], seeds: tuple[int, ...], loops: Mapping[str, Loop], runs: Runs, folder: Path
) -> dict[tuple[str, int], Wanted]:
    """Row and seed to the run that is wanted."""
    scenario = fetch(name)
    programs = shipped_programs(scenario)
    own: dict[str, tuple[Path, ...]] = {
        SHIPPED: (),
        ACTUATED: (rivals.actuated(programs, folder / "actuated.add.xml"),),
        DELAY_BASED: (rivals.actuated(programs, folder / "delay_based.add.xml", "delay_based"),),
    }
    found = {}
    for row in rows:
        for seed in seeds:
            what = f"{row}, seed {seed}"
            if row in own:
                setup = Setup(replace(scenario, additional=(*scenario.additional, *own[row])))
                found[row, seed] = runs.wanted(what, "trial without edges", Trial, trial_of, setup, seed)
            else:
                found[row, seed] = runs.wanted(what, "drive", Drive, drive_alone, Setup(scenario), seed, loops[row])
    return found


def row_of(name: str, row: str, seeds: tuple[int, ...], found: list[Any]) -> dict[str, Any]:
    """Figures of one way to set the lights; ``found`` has a `Trial` or `Drive` for each seed, or None."""
    drives = [one for one in found if isinstance(one, Drive)]
    trials = [one for one in found if isinstance(one, Trial)] + [one.trial for one in drives]
    mean = interval([one.delay_s for one in trials]) if trials else None
    made = {
        "scenario": name, "row": row, "seeds": len(trials), "seeds asked": len(seeds),
        "delay_s": mean.mean if mean else nan, "half_s": mean.half if mean else nan,
        "worst_s": max((one.delay_s for one in trials), default=nan),
        "delay_by_seed_s": {str(one.seed): one.delay_s for one in trials},
        "stops": float(np.mean([one.stops for one in trials])) if trials else nan,
        "collisions": sum(one.collisions for one in trials),
        "emergency_brakings": sum(one.emergency_brakings for one in trials), "gridlocked": len(jammed_seeds(trials)),
        "cpu_s": float(np.mean([one.cpu_s for one in trials])) if trials else nan,
    }  # fmt: skip
    if drives:
        made |= {
            "light_p50_ms": float(np.median([one.decisions.light_p50_ms for one in drives])),
            "light_p99_ms": max(one.decisions.light_p99_ms for one in drives),
            "switches": float(np.mean([sum(one.switches.values()) for one in drives])),
            "kept_shipped": list(drives[0].kept_shipped),
        }
    return made


def targets_of(name: str, rows: dict[str, dict[str, Any]], all_red: bool) -> list[dict[str, Any]]:
    """What is asked for in one scenario; a row that is missing, or lacks a seed, is a miss."""

    def value(row: str, key: str) -> float:
        one = rows.get(row)
        return float(one.get(key, nan)) if one and one["seeds"] == one["seeds asked"] else nan

    shipped = f"shipped {value(SHIPPED, 'delay_s'):.1f} s, actuated {value(ACTUATED, 'delay_s'):.1f} s"
    key = "worst_s" if name in EVERY_SEED else "delay_s"
    what = "worst seed" if name in EVERY_SEED else "delay"
    found = []
    if not all_red:
        found.append(target(f"{name}: {what}, perfect", value(PERFECT, key), "<=", TARGETS_S[name], "s", shipped))
    camera = value(CAMERA, "delay_s") / value(PERFECT, "delay_s")
    found += [
        target(f"{name}: camera over perfect", camera, "<=", CAMERA_SHARE, "", "1"),
        target(f"{name}: loops", value(LOOPS, "delay_s"), "<=", value(ACTUATED, "delay_s"), "s", "SUMO actuated"),
    ]
    for row in (PERFECT, CAMERA, LOOPS):
        bad = value(row, "collisions") + value(row, "gridlocked")
        found += [
            target(f"{name}: collisions and jams, {row}", bad, "<=", 0, "", "none"),
            target(
                f"{name}: emergency brakings, {row}", value(row, "emergency_brakings"), "<=",
                value(SHIPPED, "emergency_brakings"), "", "shipped",
            ),
        ]  # fmt: skip
    if name == FOUR_APPROACHES:
        took = value(PERFECT, "light_p99_ms")
        found.append(target("choice for four approaches, 99 %", took, "<=", DECISION_MS, "ms", "a second"))
    return found


def main() -> int:
    """Runs the benchmark."""
    full, all_red = os.environ.get("FULL") == "1", os.environ.get("ALLRED") == "1"
    workers = int(os.environ.get("WORKERS", os.cpu_count() or 1))
    names = os.environ.get("NAMES", " ".join(NAMES)).split()
    rows = os.environ.get("ROWS", ",".join(ROWS)).split(",")
    every_row = full and set(rows) == set(ROWS) and "MORE" not in os.environ
    benchmark = "control-allred" if all_red else "control"
    result, out = Result(benchmark, every_row and set(names) == set(NAMES)), console()
    loops, pool = loops_of(rows, int(os.environ.get("MORE", "99"))), LocalPool(workers)
    with Progress(console=out, transient=True) as bar, tempfile.TemporaryDirectory() as place:
        runs = Runs(pool, RunCache(cache_folder() / "control-runs", out.print))  # a stopped benchmark goes on
        for name in names:
            folder = Path(place) / name
            folder.mkdir()
            seeds = SEEDS if full else SEEDS[: QUICK_SEEDS.get(name, QUICK_OTHERS)]
            rule = replace(rule_of(name), all_red_s=ALL_RED_S if all_red else 0)
            driven = {row: replace(how, rule=rule) for row, how in loops.items()}
            wanted = wanted_of(name, rows, seeds, driven, runs, folder)
            task = bar.add_task(name, total=len(wanted))
            runs.on_run = lambda t=task: bar.advance(t)  # type: ignore[misc]
            known = len(runs.problems)
            found = dict(zip(wanted, runs.results(list(wanted.values())), strict=True))
            for problem in runs.problems[known:]:
                out.print(problem)
            made = {row: row_of(name, row, seeds, [found[row, seed] for seed in seeds]) for row in rows}
            bar.remove_task(task)
            out.print(_table(list(made.values())))
            one = Result(f"{benchmark}/{name}", every_row)
            one.seeds, one.rows, one.targets = list(seeds), list(made.values()), targets_of(name, made, all_red)
            one.finish(out)
            result.rows += one.rows
            result.targets += one.targets
    pool.close()
    result.seeds = list(SEEDS) if full else "the first of 1 to 10"
    result.finish(out)
    return 0


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table(title=f"{rows[0]['scenario']}: true delay in SUMO, s a vehicle" if rows else "")
    for head in (
        "row",
        "seeds",
        "delay",
        "95 %",
        "worst",
        "stops",
        "coll.",
        "em. br.",
        "jams",
        "p50 ms",
        "p99 ms",
        "CPU s",
    ):
        table.add_column(head, justify="left" if head == "row" else "right")
    for r in rows:
        half = f"± {r['half_s']:.1f}" if isfinite(r["half_s"]) else ""
        took = [f"{r[key]:.2f}" if key in r else "" for key in ("light_p50_ms", "light_p99_ms")]
        table.add_row(
            r["row"], f"{r['seeds']}/{r['seeds asked']}", f"{r['delay_s']:.1f}", half,
            f"{r['worst_s']:.1f}", f"{r['stops']:.2f}", str(r["collisions"]), str(r["emergency_brakings"]),
            str(r["gridlocked"]), *took, f"{r['cpu_s']:.0f}",
        )  # fmt: skip
    return table


if __name__ == "__main__":
    only_help(__doc__)
    sys.exit(main())
