"""How right the rules on violations are: SUMO's rule breakers and lawful traffic, real pixels, plates.

``make bench-violations`` takes some minutes of each street and writes ``out/bench/violations.json``; FULL=1 takes 20
simulated hours with breakers and 10 of lawful traffic, keeps each finished hour and goes on where it was stopped. JOBS
says how many simulations run at once (default: one a core); SUMO=0 leaves them out.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import math
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from benchmarks import plates, violations_real
from benchmarks.resco import REPO, data_folder, window_s
from benchmarks.result import Result, console, only_help, target
from benchmarks.violations_judge import judge, lawful_rows, rows_and_targets
from benchmarks.violations_outcome import Outcome, RunCase
from benchmarks.violations_run import run
from nutgiao.models.contracts.errors import ModelUnavailable
from nutgiao.simulation.code_digest import code_digest
from nutgiao.simulation.run_cache import RunCache

CACHE = REPO / "out" / "cache" / "violations"
PUBLIC = ("cologne3", "cologne8")
HOUR_S, QUICK_S, MORNING_S = 3600, 600, 25_200
MODULES = ("benchmarks.violations_run",)


def cases(full: bool) -> list[RunCase]:
    """What is run: the corridor at all times of the day, and the hour of each public network with several seeds."""
    if not full:
        quick = [RunCase(network="corridor", seed=1, begin_s=MORNING_S, seconds=QUICK_S, lawful=law) for law in _BOTH]
        return quick + [
            RunCase(network=name, seed=1, begin_s=window_s(name)[0], seconds=2 * QUICK_S, lawful=law)
            for name in PUBLIC
            for law in _BOTH
        ]
    found = []
    for lawful, corridor, public in ((False, 10, 5), (True, 4, 3)):
        for seed in range(1, corridor + 1):
            begin_s = (6 + 13 * seed // corridor) * HOUR_S
            found.append(RunCase(network="corridor", seed=seed, begin_s=begin_s, seconds=HOUR_S, lawful=lawful))
        for name in PUBLIC:
            found += [
                RunCase(network=name, seed=seed, begin_s=window_s(name)[0], seconds=HOUR_S, lawful=lawful)
                for seed in range(1, public + 1)
            ]
    return found


_BOTH = (False, True)


def outcomes(wanted: Sequence[RunCase], jobs: int, shown: Console) -> Iterator[Outcome]:
    """Runs cases, or takes them from the cache; each is kept when it is done."""
    cache = RunCache(CACHE, shown.print)
    digest = _digest()
    waiting = []
    for case in wanted:
        known = cache.get(_key(case, digest), Outcome)
        if known is None:
            waiting.append(case)
        else:
            yield known
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with (
        Progress(*columns, TimeRemainingColumn(), console=shown) as bar,
        ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool,
    ):
        task = bar.add_task("streets", total=len(wanted), completed=len(wanted) - len(waiting))
        running = {pool.submit(_run, case): case for case in waiting}
        for done in as_completed(running):
            outcome = done.result()
            cache.put(_key(running[done], digest), outcome)
            bar.advance(task)
            yield outcome


def _run(case: RunCase) -> Outcome:
    with tempfile.TemporaryDirectory() as folder:
        return run(case, Path(folder))


def _digest() -> str:
    """Of all code that takes part, of SUMO and of the corridor's sites."""
    whole = hashlib.sha256(code_digest(MODULES, ("nutgiao.", "benchmarks.")).encode())
    whole.update(importlib.metadata.version("eclipse-sumo").encode())
    for path in sorted((REPO / "configs" / "sites").glob("demo-*.yaml")):
        whole.update(path.read_bytes())
    return whole.hexdigest()


def _key(case: RunCase, digest: str) -> str:
    return hashlib.sha256(digest.encode() + msgspec.json.encode(case)).hexdigest()


def plate_part(result: Result) -> None:
    """The plate reader's own judge."""
    try:
        rows, targets = plates.measure()
    except (ModelUnavailable, FileNotFoundError) as error:
        rows = [{"missing": str(error)}]
        targets = [target("plates: answered", math.nan, ">=", 0.95, "", "")]
    result.rows += [{"part": "plates"} | row for row in rows]
    result.targets += [one | {"name": f"plates: {one['name'].removeprefix('plates: ')}"} for one in targets]


def main() -> int:
    """Prints the tables, writes the file and says whether all targets hold."""
    full, shown = os.environ.get("FULL") == "1", console()
    result = Result("violations", full)
    if os.environ.get("SUMO") != "0":
        jobs = int(os.environ.get("JOBS") or os.cpu_count() or 1)
        done = list(outcomes(cases(full), jobs, shown))
        breakers = [one for one in done if not one.case.lawful]
        for rows, targets in (
            rows_and_targets(judge(breakers)),
            lawful_rows([one for one in done if one.case.lawful]),
        ):
            result.rows += rows
            result.targets += targets
        for one in done:
            row = {"part": "runs", "crossings": one.crossings, "deeds": len(one.deeds), "cpu_s": one.cpu_s}
            result.rows.append(row | msgspec.to_builtins(one.case))
        result.seeds = sorted({one.case.seed for one in done})
    try:
        rows, targets = violations_real.measure(data_folder())
    except (ModelUnavailable, FileNotFoundError) as error:
        rows, targets = violations_real.unavailable(str(error))
    result.rows += rows
    result.targets += targets
    plate_part(result)
    for row in result.rows:
        told = {key: round(value, 4) if isinstance(value, float) else value for key, value in row.items()}
        shown.print("  ".join(f"{key} {value}" for key, value in told.items()), highlight=False)
    result.finish(shown)
    return 0 if all(one["pass"] for one in result.targets) else 1


if __name__ == "__main__":
    only_help(__doc__)
    sys.exit(main())
