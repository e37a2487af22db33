"""SUMO's own answers for random plans on the RESCO scenarios: made once, kept in a cache, loaded by the benchmarks.

``python -m benchmarks.reference development --plans 24 --seeds 1 2 cologne1 grid4x4`` makes what is missing. It can be
stopped at any time and goes on where it was; several may work on different scenarios at once.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from benchmarks.plan_sampler import SEEDS, Plan, sample_plans
from benchmarks.resco import NAMES, REPO, fetch
from nutgiao.models.contracts.errors import NutgiaoError
from nutgiao.simulation import evaluate
from nutgiao.simulation.frozen_routes import freeze
from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.signal_programs import controlled_lanes, shipped_programs, with_timings

PLANS = 40
"""Plans of a set."""

HALTING_EVERY = 4
"""Queues second by second are kept for every fourth plan: they take 30 times the room of the other figures."""


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one SUMO run, as in `evaluate.Evaluation`."""

    delay_s: float
    time_loss_s: float
    depart_delay_s: float
    scheduled: int
    departed: int
    arrived: int
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Reference:
    """SUMO's answers for one scenario and one set of plans.

    Attributes:
        scenario: with frozen routes.
        plans: all plans of the set.
        seeds: SUMO's seeds, the columns of ``delay_s``.
        delay_s: ``(plans, seeds)`` mean delay, NaN where there is no run yet.
        arrived: ``(plans, seeds)`` vehicles that reached their end, -1 where there is no run yet.
        lanes: ids of the controlled lanes.
        halting: plan number to ``(seeds, seconds, lanes)`` halting vehicles, for plans whose runs are all there. Row k
            is the state at the end of second ``begin_s`` + k.
    """

    scenario: Scenario
    plans: list[Plan]
    seeds: tuple[int, ...]
    delay_s: NDArray[np.float64]
    arrived: NDArray[np.int64]
    lanes: tuple[str, ...]
    halting: dict[int, NDArray[np.uint8]]


class References:
    """The cache of one scenario; a run is filed under the digest of everything that it depends on.

    Args:
        name: of the RESCO scenario.
        folder: of the cache.

    Raises:
        NutgiaoError: if the scenario cannot be had or SUMO refuses it.
    """

    def __init__(self, name: str, folder: Path) -> None:
        self.scenario = frozen(name, folder)
        self.programs = shipped_programs(self.scenario)
        self.lanes = tuple(controlled_lanes(self.scenario))
        self._folder = folder / name
        self._folder.mkdir(parents=True, exist_ok=True)
        self._digest = hashlib.sha256(importlib.metadata.version("eclipse-sumo").encode())
        for path in (self.scenario.net, *self.scenario.routes):
            self._digest.update(path.read_bytes())
        period = f"{self.scenario.begin_s:g} {self.scenario.end_s:g} {self.scenario.step_s:g}"
        self._digest.update(period.encode())

    def run(self, plan: Plan, seed: int, with_halting: bool) -> Run:
        """Gives a run from the cache, or makes it and keeps it."""
        path, known = self._path(plan, seed), self.known(plan, seed)
        if known is not None and (not with_halting or path.with_suffix(".npz").exists()):
            return known
        lanes = self.lanes if with_halting else ()
        found = evaluate.run(self.scenario, with_timings(self.programs, plan), seed, lanes)
        if found.halting is not None:
            half = path.with_suffix(".part.npz")
            np.savez_compressed(half, halting=found.halting)
            half.rename(path.with_suffix(".npz"))
        made = msgspec.convert(found, Run, from_attributes=True)
        half = path.with_suffix(".part")
        half.write_bytes(msgspec.json.encode(made))
        half.rename(path)
        return made

    def known(self, plan: Plan, seed: int) -> Run | None:
        """A run from the cache."""
        path = self._path(plan, seed)
        return msgspec.json.decode(path.read_bytes(), type=Run) if path.exists() else None

    def halting(self, plan: Plan, seed: int) -> NDArray[np.uint8] | None:
        """The halting vehicles of a run in the cache, ``(seconds, lanes)``."""
        path = self._path(plan, seed).with_suffix(".npz")
        if not path.exists():
            return None
        with np.load(path) as file:
            counts: NDArray[np.uint8] = file["halting"]
        return counts

    def _path(self, plan: Plan, seed: int) -> Path:
        digest = self._digest.copy()
        for name, (offset_s, durations_s) in sorted(plan.items()):
            digest.update(f"{name} {offset_s} {durations_s.tolist()}".encode())
        digest.update(f"seed {seed}".encode())
        return self._folder / f"{digest.hexdigest()[:24]}.json"


def cache_folder() -> Path:
    """Where runs are kept: the environment's NUTGIAO_REFERENCES, or ``out/cache/references``."""
    return Path(os.environ.get("NUTGIAO_REFERENCES", REPO / "out" / "cache" / "references"))


def frozen(name: str, folder: Path) -> Scenario:
    """A RESCO scenario with frozen routes; they are made the first time and kept in the cache."""
    scenario = fetch(name)
    routes = folder / "routes" / f"{name}.rou.xml"
    if not routes.exists():
        routes.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=routes.parent) as half:
            freeze(scenario, Path(half)).scenario.routes[0].rename(routes)
    return replace(scenario, routes=(routes,))


def make(
    name: str, plan_set: str, numbers: Sequence[int], seeds: Sequence[int], folder: Path | None = None
) -> Iterator[tuple[int, int, Run]]:
    """Makes the runs that are missing and yields each of the wanted ones when it is there.

    Args:
        name: of the RESCO scenario.
        plan_set: "development" or "reporting".
        numbers: of the plans.
        seeds: of SUMO.
        folder: of the cache.

    Yields:
        Number of the plan, seed and figures.
    """
    cache = References(name, folder or cache_folder())
    plans = sample_plans(cache.programs, plan_set, max(numbers) + 1)
    for seed in seeds:
        for number in numbers:
            yield number, seed, cache.run(plans[number], seed, with_halting=number % HALTING_EVERY == 0)


def load(
    name: str, plan_set: str, seeds: tuple[int, ...] = (1, 2, 3), plans: int = PLANS, folder: Path | None = None
) -> Reference:
    """Gives what the cache holds for a scenario and a set of plans; makes no run.

    Args:
        name: of the RESCO scenario.
        plan_set: "development" or "reporting".
        seeds: of SUMO.
        plans: how many of the set.
        folder: of the cache.
    """
    cache = References(name, folder or cache_folder())
    drawn = sample_plans(cache.programs, plan_set, plans)
    delay = np.full((plans, len(seeds)), np.nan)
    arrived = np.full((plans, len(seeds)), -1, np.int64)
    halting = {}
    for number, plan in enumerate(drawn):
        for column, seed in enumerate(seeds):
            known = cache.known(plan, seed)
            if known is not None:
                delay[number, column], arrived[number, column] = known.delay_s, known.arrived
        if number % HALTING_EVERY == 0:
            runs = [run for seed in seeds if (run := cache.halting(plan, seed)) is not None]
            if len(runs) == len(seeds):
                halting[number] = np.stack(runs)
    return Reference(cache.scenario, drawn, seeds, delay, arrived, cache.lanes, halting)


def main(arguments: list[str]) -> int:
    """Makes the runs that the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reference", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("set", choices=sorted(SEEDS))
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; all if none is given")
    parser.add_argument("--plans", type=int, default=PLANS, help=f"how many of the set (default {PLANS})")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3], help="of SUMO (default 1 2 3)")
    wanted = parser.parse_args(arguments)
    names = wanted.names or list(NAMES)
    columns = (
        TextColumn("{task.description:14}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        TimeRemainingColumn(), TextColumn("{task.fields[last]}"),
    )  # fmt: skip
    try:
        with Progress(*columns, console=Console(stderr=True)) as progress:
            for name in names:
                task = progress.add_task(name, total=wanted.plans * len(wanted.seeds), last="")
                for number, seed, run in make(name, wanted.set, range(wanted.plans), wanted.seeds):
                    progress.update(task, advance=1, last=f"plan {number} seed {seed}: {run.delay_s:.1f} s")
    except NutgiaoError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
