"""The network kernel beside its rivals: SUMO's own process, the same loop in C and in Python; pairs back to back."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.c_twin import BUILDS, NoCompiler, Twin, build
from benchmarks.lane_case import Case, cpu_s
from benchmarks.result import REPO, target
from nutgiao.simulation import evaluate
from nutgiao.simulation.scenario import Scenario

Row = dict[str, Any]
Target = dict[str, Any]

NS_PER_LINK = 250.0
TIMES_SUMO = 800.0
TIMES_SUMO_MOST = {"cologne8": 1500.0, "grid4x4": 1500.0, "ingolstadt21": 1500.0}
TIMES_C = 1.15
SAME = 1e-6


def against_sumo(scenario: Scenario, case: Case, pairs: int) -> tuple[Row, list[Target]]:
    """SUMO's CPU time for the shipped plan over that of one kernel run, from empty street to delay.

    Args:
        scenario: with frozen routes.
        case: the same street.
        pairs: how often; in each, SUMO runs without any output, then with the output that tells the delay, then the
            kernel for a third of a second.
    """
    case.run()
    bare, telling, kernel = np.empty(pairs), np.empty(pairs), np.empty(pairs)
    for n in range(pairs):
        bare[n] = evaluate.bare_cpu_s(scenario)
        telling[n] = evaluate.run(scenario).cpu_s
        kernel[n] = cpu_s(case.run, least_s=0.3)
    ratio, ratio_telling = float(np.median(bare / kernel)), float(np.median(telling / kernel))
    ns = float(np.median(kernel)) * 1e9 / case.links
    row = {
        "part": "SUMO", "network": case.name, "pairs": pairs, "sumo_s": float(np.median(bare)),
        "sumo_tripinfo_s": float(np.median(telling)), "kernel_ms": float(np.median(kernel)) * 1e3, "times": ratio,
        "times_least": float((bare / kernel).min()), "times_most": float((bare / kernel).max()),
        "times_tripinfo": ratio_telling, "vehicles": len(case.demand.vehicles), "vehicle_links": case.links,
        "ns_per_vehicle_link": ns,
    }  # fmt: skip
    bound = TIMES_SUMO_MOST.get(case.name, TIMES_SUMO)
    return row, [
        target(f"{case.name}: SUMO's CPU time over the kernel's", ratio, ">=", bound, "x", "SUMO without output"),
        target(f"{case.name}: time per vehicle-link", ns, "<=", NS_PER_LINK, "ns", "-"),
    ]


class CBuilds:
    """Every build of the C twin, made once.

    Args:
        folder: for the libraries.
    """

    def __init__(self, folder: Path) -> None:
        self.libraries: dict[str, Path] = {}
        self.missing = ""
        try:
            self.libraries = {" ".join(options): build(options, folder) for options in BUILDS}
        except NoCompiler as error:
            self.missing = str(error)

    def against(self, case: Case, rounds: int, bound: float = TIMES_C) -> tuple[Row, list[Target]]:
        """The kernel's CPU time over that of the best build.

        Half of the rounds choose the best build, the others judge: chosen and judged by the same rounds, the luckiest
        of the builds would look better than it is.

        Args:
            case: the street.
            rounds: how often each build is timed, each time right after the kernel.
            bound: the target.
        """
        name = f"{case.name}: Numba's time over the best C build's"
        if self.missing:
            row = {"part": "C", "network": case.name, "missing": self.missing}
            return row, [target(name, np.nan, "<=", bound, "x", self.missing)]
        case.run()
        mine = case.figures()
        twins = {
            options: Twin(library, case.net, case.how, case.programs, case.demand, case.state)
            for options, library in self.libraries.items()
        }
        apart = 0.0
        for twin in twins.values():
            case.reset()
            twin.advance(case.stage_s, 0, case.seconds)
            apart = max(apart, float(np.abs(case.figures() - mine).max()))
        times = np.empty((rounds, len(twins), 2))
        for n in range(rounds):
            for b, twin in enumerate(twins.values()):
                times[n, b, 0] = cpu_s(case.advance, before=case.reset, least_s=0.02)
                times[n, b, 1] = cpu_s(
                    lambda twin=twin: twin.advance(case.stage_s, 0, case.seconds), before=case.reset, least_s=0.02
                )
        best = int(np.argmin(np.median(times[::2, :, 1], axis=0)))
        ratio = times[1::2, :, 0] / times[1::2, :, 1]
        row = {
            "part": "C", "network": case.name, "rounds": rounds, "numba_ms": float(np.median(times[1::2, :, 0])) * 1e3,
            "best_build": list(twins)[best], "c_ms": float(np.median(times[1::2, best, 1])) * 1e3,
            "times": float(np.median(ratio[:, best])), "largest_difference": apart,
            "builds": {
                options: {"ms": float(np.median(times[:, b, 1])) * 1e3, "times": float(np.median(ratio[:, b]))}
                for b, options in enumerate(twins)
            },
        }  # fmt: skip
        return row, [
            target(name, row["times"], "<=", bound, "x", f"cc {row['best_build']}"),
            target(f"{case.name}: largest difference from C, delays and counters", apart, "<=", SAME, "s", "C"),
        ]


def against_python(case: Case, seconds: int) -> tuple[Row, list[Target]]:
    """The same loop uncompiled, over the same NumPy arrays, in a process of its own."""
    short = case.shortened(seconds)
    with tempfile.TemporaryDirectory() as name:
        job, out = Path(name) / "case.pickle", Path(name) / "figures.npy"
        job.write_bytes(pickle.dumps(short))
        command = [sys.executable, "-m", "benchmarks.plain_python", str(job), str(out)]
        done = subprocess.run(
            command, cwd=REPO, env=os.environ | {"NUMBA_DISABLE_JIT": "1"}, check=True, capture_output=True, text=True
        )
        theirs = np.load(out)
    kernel_s, python_s = cpu_s(short.advance, before=short.reset, least_s=0.1), float(done.stdout)
    short.run()
    apart = float(np.abs(theirs - short.figures()).max())
    row = {
        "part": "Python", "network": case.name, "seconds": seconds, "python_s": python_s, "kernel_ms": kernel_s * 1e3,
        "times": python_s / kernel_s, "vehicle_links": short.links, "largest_difference": apart,
    }  # fmt: skip
    rival = f"Python over NumPy arrays, {python_s / kernel_s:.0f}x slower"
    return row, [target(f"{case.name}: largest difference from Python", apart, "<=", SAME, "s", rival)]
