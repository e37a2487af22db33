"""How fast the queue kernels are, beside their rivals, in one run: ``python -m benchmarks.queue``.

Writes ``out/bench/queue.json``. With FULL=1 in the environment everything is repeated more often, and the same figures
go to ``benchmarks/results/queue.json`` too. Ratios are medians over pairs that ran back to back, because the machine
may have other work; its load is told.
"""

from __future__ import annotations

import gc
import importlib.metadata
import os
import sys
import tempfile
from pathlib import Path

import numba
import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks import c_twin, edge_queue
from benchmarks.first_call import first_call
from benchmarks.lane_case import sumo_case
from benchmarks.queue_city import city
from benchmarks.queue_rivals import CBuilds, Row, Target, against_python, against_sumo
from benchmarks.reference import cache_folder, frozen
from benchmarks.resco import NAMES
from benchmarks.result import Result, only_help

SEEDS = {"SUMO": 1, "drivers": 1, "city": 0, "city's offsets": 3}
PYTHON_NETWORK, PYTHON_S = "cologne1", 1800
"""Python needs some seconds for this half hour."""


def measure(console: Console, full: bool) -> tuple[list[Row], list[Target]]:
    """Every part, one after the other, in this process."""
    rows: list[Row] = []
    targets: list[Target] = []

    def take(found: tuple[Row | list[Row], list[Target]]) -> None:
        new = found[0] if isinstance(found[0], list) else [found[0]]
        rows.extend(new)
        targets.extend(found[1])
        for one in found[1]:
            console.print(f"  {_said(one)}", highlight=False)

    with tempfile.TemporaryDirectory() as name:
        console.print("builds of the C twin …")
        builds = CBuilds(Path(name))
        for network in NAMES:
            console.print(f"{network} …")
            scenario = frozen(network, cache_folder())
            case = sumo_case(scenario)
            pairs = 7 if full else 1 if network == "ingolstadt21" else 3
            take(against_sumo(scenario, case, pairs))
            take(builds.against(case, 40 if full else 10))
            if network == PYTHON_NETWORK:
                take(against_python(case, PYTHON_S))
                take(first_call(case, 11 if full else 5))
        console.print("city …")
        take(city(9 if full else 3, builds))
    console.print("edge estimator …")
    take(edge_queue.speed())
    return rows, targets


def versions() -> Row:
    """Of what was measured and of its rivals."""
    try:
        cc = c_twin.version()
    except c_twin.NoCompiler as error:
        cc = str(error)
    sumo = importlib.metadata.version("eclipse-sumo")
    return {"part": "versions", "numba": numba.__version__, "numpy": np.__version__, "sumo": sumo, "cc": cc}


def streets(rows: list[Row]) -> Table:
    """The networks' figures for people."""
    street = Table("network", "vehicles", "kernel ms", "ns/link", "SUMO s", "x SUMO", "with tripinfo", title="Networks")
    for column in street.columns[1:]:
        column.justify = "right"
    for name in ("C ms", "Numba/C", "best build"):
        street.add_column(name, justify="right")
    beside = {row["network"]: row for row in rows if row.get("part") == "C"}
    for row in (row for row in rows if row.get("part") in {"SUMO", "city"}):
        c = beside.get(row["network"], {})
        kernel_ms = row.get("kernel_ms", row.get("plan_ms"))
        sumo = (
            (f"{row['sumo_s']:.2f}", f"{row['times']:.0f}", f"{row['times_tripinfo']:.0f}")
            if "sumo_s" in row
            else ("",) * 3
        )
        built = (
            (f"{c['c_ms']:.2f}", f"{c['times']:.2f}", c["best_build"])
            if "c_ms" in c
            else ("", "", c.get("missing", ""))
        )
        street.add_row(
            row["network"], str(row["vehicles"]), f"{kernel_ms:.2f}", f"{row['ns_per_vehicle_link']:.0f}", *sumo, *built
        )
    return street


def main() -> int:
    """Measures, shows and writes."""
    full = os.environ.get("FULL") == "1"
    console = Console(width=None if sys.stdout.isatty() else 180)
    result = Result("queue", full)
    result.seeds = SEEDS
    gc.freeze()
    result.rows, result.targets = measure(console, full)
    result.rows.append(versions())
    console.print(streets(result.rows))
    result.finish(console)
    return 0


def _said(one: Target) -> str:
    value = "not measured" if one["value"] is None else f"{one['value']:.4g}"
    return (
        f"{'ok    ' if one['pass'] else 'MISSED'} {one['name']}: {value} {one['unit']} ({one['op']} {one['target']:g})"
    )


if __name__ == "__main__":
    only_help(__doc__)
    sys.exit(main())
