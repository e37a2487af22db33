"""SUMO's own answers for random plans on the mixed corridor: made once, kept in a cache, loaded by the benchmark.

``python -m benchmarks.mixed_reference development`` makes what is missing (about 11 CPU seconds a run). It can be
stopped at any time and goes on where it was.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmarks.plan_sampler import whole_seconds
from benchmarks.reference import cache_folder as references_folder
from nutgiao.configs.loader import load_site
from nutgiao.models.contracts.plan import lost_time_s
from nutgiao.models.contracts.site import Signals
from nutgiao.models.contracts.transition import longest_greens, shortest_greens
from nutgiao.simulation.demand import WORKDAY, make_demand
from nutgiao.simulation.evaluate import never_due, sumo_options, trip_options
from nutgiao.simulation.networks.build import STOPS_FILE, build_network
from nutgiao.simulation.networks.network import read_network
from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.signal_programs import write_programs
from nutgiao.simulation.site_programs import PlanShape, plan_shape
from nutgiao.simulation.street import LATERAL_RESOLUTION_M, STEP_S
from nutgiao.simulation.sumo_process import run_tool
from nutgiao.simulation.vehicles import TYPES
from nutgiao.simulation.xml_elements import elements

BEGIN_S, END_S = 25_380, 26_280
"""07:03 to 07:18, the rise, the stand and the fall of the morning's peak; the street is empty at first."""

DEMAND_SEED = 11
"""Everybody's departure, route and type is drawn once and the same under all plans and seeds."""

SITES = ("demo-j1", "demo-j2", "demo-j3")
SETS = {"development": (301, 8, (1,)), "reporting": (402, 16, (1, 2))}
"""Seed of the sampler, number of plans, SUMO's seeds; the two sets share nothing."""

CONCENTRATIONS = (1.0, 3.0, 8.0)
"""Of the Dirichlet distribution that splits the spare green: from wild splits to nearly those of its mean."""

SHORTEST_CYCLE_S, LONGEST_CYCLE_S = 60, 120


@dataclass(frozen=True, slots=True)
class CorridorPlan:
    """Greens and offset of each junction."""

    green_s: dict[str, tuple[int, ...]]
    offset_s: dict[str, int]


class MixedRun(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one SUMO run.

    Attributes:
        delay_s: mean over all who were to set out, of the time lost on the road and the time waited to get in.
        by_class_s: the same by class.
        scheduled: how many were to set out.
        arrived: how many reached their end.
        cpu_s: of SUMO.
    """

    delay_s: float
    by_class_s: dict[str, float]
    scheduled: int
    arrived: int
    cpu_s: float


@dataclass(frozen=True, slots=True)
class MixedReference:
    """SUMO's answers for one set of plans.

    Attributes:
        scenario: with frozen demand.
        plans: of the set.
        delay_s: ``(plans, seeds)``, NaN where there is no run yet.
        by_class_s: the same by class.
        cpu_s: mean CPU time of a run.
    """

    scenario: Scenario
    plans: list[CorridorPlan]
    delay_s: NDArray[np.float64]
    by_class_s: dict[str, NDArray[np.float64]]
    cpu_s: float


def cache_folder() -> Path:
    """Where runs are kept: ``mixed`` in the environment's NUTGIAO_REFERENCES, or in ``out/cache/references``."""
    return references_folder() / "mixed"


def corridor(folder: Path) -> tuple[Scenario, dict[str, PlanShape], dict[str, Signals]]:
    """The corridor with its frozen demand, and its junctions' plans."""
    net = build_network(folder)
    routes = make_demand(DEMAND_SEED, BEGIN_S, END_S, WORKDAY, folder)
    options = (
        "--lateral-resolution", f"{LATERAL_RESOLUTION_M}", "--collision.action", "warn",
        "--collision.mingap-factor", "0", "--max-depart-delay", "-1",
    )  # fmt: skip
    scenario = Scenario("hanoi corridor", net, (routes,), BEGIN_S, END_S, (STOPS_FILE,), STEP_S, options)
    signals = {site.id: site.signals for site in map(load_site, SITES) if site.signals is not None}
    junctions = read_network(net)
    return scenario, {name: plan_shape(junctions[name], signals[name]) for name in signals}, signals


def sample_plan(signals: dict[str, Signals], seed: int, number: int) -> CorridorPlan:
    """Draws plan ``number`` of the set that ``seed`` names: a common cycle, free splits and offsets.

    Every green lies between the least and the longest that the site allows.
    """
    random = np.random.default_rng((seed, number))
    concentration = CONCENTRATIONS[number % len(CONCENTRATIONS)]
    around_table = number // len(CONCENTRATIONS) % 2 == 1
    needed = max(lost_time_s(one) + sum(shortest_greens(one)) for one in signals.values())
    cycle_s = int(random.integers(max(SHORTEST_CYCLE_S, needed), LONGEST_CYCLE_S + 1))
    greens, offsets = {}, {}
    for name, one in signals.items():
        least, most = np.array(shortest_greens(one)), np.array(longest_greens(one))
        spare = cycle_s - lost_time_s(one) - int(least.sum())
        mean = np.ones(len(least))
        if around_table:
            mean = np.maximum(0.5, np.array(one.time_of_day[1].green_s) - least)
        green = np.array(least)
        while True:
            green = least + whole_seconds(
                random.dirichlet(mean / mean.sum() * len(mean) * concentration) * spare, spare
            )
            if (green <= most).all():
                break
        greens[name] = tuple(int(g) for g in green)
        offsets[name] = int(random.integers(0, cycle_s))
    return CorridorPlan(greens, offsets)


def answer(scenario: Scenario, shapes: dict[str, PlanShape], plan: CorridorPlan, seed: int, folder: Path) -> MixedRun:
    """A run from the cache, or a fresh one that is kept."""
    path = _path(scenario, shapes, plan, seed, folder)
    if path.exists():
        return msgspec.json.decode(path.read_bytes(), type=MixedRun)
    programs = [shape.program(plan.green_s[name], plan.offset_s[name]) for name, shape in shapes.items()]
    with tempfile.TemporaryDirectory() as name:
        extra = write_programs(Path(name) / "programs.add.xml", programs)
        trips = Path(name) / "trips.xml"
        options = sumo_options(scenario, seed)
        options[options.index("--additional-files") + 1] += f",{extra}"
        cpu_s = run_tool("sumo", [*options, *trip_options(trips)], scenario.name)
        made = _summary(trips, cpu_s)
    half = path.with_suffix(".part")
    half.write_bytes(msgspec.json.encode(made))
    half.rename(path)
    return made


def _path(scenario: Scenario, shapes: dict[str, PlanShape], plan: CorridorPlan, seed: int, folder: Path) -> Path:
    digest = hashlib.sha256(importlib.metadata.version("eclipse-sumo").encode())
    for shape in shapes.values():
        digest.update(repr(shape.states).encode())
    digest.update(scenario.routes[0].read_bytes())
    digest.update(f"{scenario.begin_s} {scenario.end_s} {plan} {seed}".encode())
    return folder / f"{digest.hexdigest()[:24]}.json"


def _summary(trips: Path, cpu_s: float) -> MixedRun:
    delays: dict[str, list[float]] = {}
    arrived = 0
    for trip in elements(trips):
        if trip.tag != "tripinfo" or trip.attrib["id"].startswith("alley") or never_due(trip):
            continue
        on_road = max(0.0, float(trip.attrib["timeLoss"])) if float(trip.attrib["depart"]) >= 0.0 else 0.0
        delay = on_road + max(0.0, float(trip.attrib["departDelay"]))
        delays.setdefault(TYPES[trip.attrib["vType"]].vehicle_class.value, []).append(delay)
        arrived += float(trip.attrib["arrival"]) >= 0.0
    everyone = [d for one in delays.values() for d in one]
    return MixedRun(
        delay_s=float(np.mean(everyone)),
        by_class_s={name: float(np.mean(one)) for name, one in sorted(delays.items())},
        scheduled=len(everyone),
        arrived=arrived,
        cpu_s=cpu_s,
    )


def load(plan_set: str, *, make_missing: bool = False, limit: tuple[int, int] | None = None) -> MixedReference:
    """What the cache holds for a set of plans.

    Args:
        plan_set: "development" or "reporting".
        make_missing: runs SUMO for what is not there.
        limit: only so many plans and seeds.

    Raises:
        SimulationFailed: if SUMO is missing or gives up.
    """
    folder = cache_folder()
    scenario, shapes, signals = corridor(folder)
    sampler, count, seeds = SETS[plan_set]
    if limit is not None:
        count, seeds = limit[0], seeds[: limit[1]]
    plans = [sample_plan(signals, sampler, number) for number in range(count)]
    delay = np.full((count, len(seeds)), np.nan)
    by_class: dict[str, NDArray[np.float64]] = {}
    cpu = []
    for column, seed in enumerate(seeds):
        for row, plan in enumerate(plans):
            if not make_missing and not _path(scenario, shapes, plan, seed, folder).exists():
                continue
            run = answer(scenario, shapes, plan, seed, folder)
            delay[row, column] = run.delay_s
            for name, value in run.by_class_s.items():
                by_class.setdefault(name, np.full(delay.shape, np.nan))[row, column] = value
            cpu.append(run.cpu_s)
    return MixedReference(scenario, plans, delay, by_class, float(np.mean(cpu)) if cpu else float("nan"))


def main(arguments: list[str]) -> int:
    """Makes the runs that the command line asks for."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.mixed_reference", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("sets", nargs="+", choices=sorted(SETS))
    for name in parser.parse_args(arguments).sets:
        made = load(name, make_missing=True)
        sys.stdout.write(f"{name}: {made.delay_s.shape}, {made.cpu_s:.1f} CPU s a run\n{made.delay_s.round(1)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
