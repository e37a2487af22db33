"""The network kernel on a whole city: time and memory of a plan on one core, and what a second core brings."""

from __future__ import annotations

import time
from typing import Any

import numba
import numpy as np

from benchmarks.city import ACROSS, ALONG, city_case
from benchmarks.lane_case import NO_TRACE, Case, cpu_s
from benchmarks.queue_rivals import CBuilds, Row, Target
from benchmarks.result import target
from nutgiao.models.queueing.network.batch import run_batch
from nutgiao.models.queueing.network.run import new_state

SIZES = (6_000, 20_000, 40_000)
SIZE, PLAN_MS = 20_000, 60.0
"""The size that the target is told for."""
EFFICIENCY = 0.85
"""What counts as nearly linear."""


def city(rounds: int, builds: CBuilds) -> tuple[list[Row], list[Target]]:
    """Rows for each number of vehicles; the batch over one and two cores for `SIZE`.

    Args:
        rounds: how often each is timed.
        builds: C twins to compare with.
    """
    rows: list[Row] = []
    targets: list[Target] = []
    for vehicles in SIZES:
        case = city_case(vehicles)
        delay_s = case.run()
        taken_s = np.median([cpu_s(case.run, least_s=0.3) for _ in range(rounds)])
        rows.append({
            "part": "city", "network": case.name, "signals": ACROSS * ALONG, "lanes": len(case.net.lanes),
            "vehicles": vehicles, "plan_ms": 1e3 * float(taken_s), "vehicle_links": case.links,
            "ns_per_vehicle_link": 1e9 * float(taken_s) / case.links, "delay_s": delay_s / vehicles,
            "street_mb": _megabytes(case.state),
            "shared_mb": sum(_megabytes(getattr(case, table)) for table in ("net", "how", "programs", "demand")),
        })  # fmt: skip
        if vehicles == SIZE:
            name = f"city of {ACROSS * ALONG} signals, {vehicles} vehicles, 15 minutes: one plan on one core"
            targets.append(target(name, rows[-1]["plan_ms"], "<=", PLAN_MS, "ms", "-"))
            beside, apart = builds.against(case, 2 * rounds)
            scaled, efficient = scaling(case, 2 * rounds)
            rows += [beside, scaled]
            targets += [*apart, *efficient]
    return rows, targets


def scaling(case: Case, rounds: int, plans: int = 6) -> tuple[Row, list[Target]]:
    """Plans per second of wall time with one worker and with two, in turn."""
    random = np.random.default_rng(3)
    stage_s = np.repeat(case.stage_s[None], plans, axis=0)
    offset_s = random.uniform(0.0, 90.0, (plans, len(case.offset_s)))
    found, wall_s, used_s = [], np.empty((rounds, 2)), np.empty((rounds, 2))
    threads = min(2, numba.config.NUMBA_NUM_THREADS)
    streets = [new_state(case.net, case.programs, case.demand, case.seconds, workers) for workers in (1, 2)]
    for n in range(rounds):
        for w, workspace in enumerate(streets):
            numba.set_num_threads(min(w + 1, threads))
            delay_s, stops, left = np.zeros((plans, 1)), np.zeros((plans, 1)), np.zeros(plans, np.int32)
            started, used = time.perf_counter(), time.process_time()
            run_batch(
                case.net, case.how, case.programs, case.demand, stage_s, offset_s, case.pace[None], case.begin_s,
                case.seconds, workspace, NO_TRACE, delay_s, stops, left,
            )  # fmt: skip
            wall_s[n, w], used_s[n, w] = time.perf_counter() - started, time.process_time() - used
            found.append(np.concatenate([delay_s.ravel(), stops.ravel(), left]))
    apart = max(float(np.abs(one - found[0]).max()) for one in found)
    per_second = plans / np.median(wall_s, axis=0)
    efficiency = float(np.median(wall_s[:, 0] / wall_s[:, 1])) / 2
    row: dict[str, Any] = {
        "part": "cores", "network": case.name, "plans": plans, "threads": threads, "rounds": rounds,
        "plans_per_s": [float(x) for x in per_second], "efficiency": efficiency,
        "efficiency_best": float(wall_s[:, 0].min() / wall_s[:, 1].min()) / 2,
        "cpu_two_over_one": float(np.median(used_s[:, 1] / used_s[:, 0])), "largest_difference": apart,
    }  # fmt: skip
    rival = "wall clock: other work on the machine counts against it"
    dearer = row["cpu_two_over_one"]
    return row, [
        target("city: efficiency of two cores", efficiency, ">=", EFFICIENCY, "share", rival),
        target("city: CPU time of two workers over one's", dearer, "<=", 1 / EFFICIENCY, "x", "one worker"),
        target("city: largest difference between one core and two", apart, "<=", 0.0, "s", "serial"),
    ]


def _megabytes(table: Any) -> float:
    return float(sum(array.nbytes for array in table)) / 1e6
