"""How fast the queue kernels are, beside their rivals, in one run: ``python -m benchmarks.queue``.

Writes ``out/bench/queue.json``. With FULL=1 in the environment everything is repeated more often, and the same figures
go to ``benchmarks/results/queue.json`` too. Ratios are medians over pairs that ran back to back, because the machine
may have other work; its load is told.
"""

from __future__ import annotations

import datetime
import gc
import importlib.metadata
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import msgspec
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
from benchmarks.resco import NAMES, REPO

OUT = REPO / "out" / "bench" / "queue.json"
RESULTS = REPO / "benchmarks" / "results" / "queue.json"
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


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    cpu = platform.processor()
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line]
        cpu = models[0] if models else cpu
    try:
        cc = c_twin.version()
    except c_twin.NoCompiler as error:
        cc = str(error)
    return {
        "cpu": cpu, "cores": os.cpu_count(), "system": platform.platform(), "python": platform.python_version(),
        "numpy": np.__version__, "numba": numba.__version__, "sumo": importlib.metadata.version("eclipse-sumo"),
        "cc": cc,
    }  # fmt: skip


def commit() -> str:
    """Of the code, with a mark if there are changes on top of it."""
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=REPO, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"


def tables(rows: list[Row], targets: list[Target]) -> list[Table]:
    """The figures for people."""
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
    goals = Table("target", "value", "", "bound", "unit", "beside", "", title="Targets")
    for one in targets:
        value = "-" if one["value"] is None else f"{one['value']:.4g}"
        mark = "[green]met[/]" if one["pass"] else "[red]missed[/]"
        goals.add_row(one["name"], value, one["op"], f"{one['target']:g}", one["unit"], one["rival"], mark)
    return [street, goals]


def main() -> int:
    """Measures, shows and writes."""
    full = os.environ.get("FULL") == "1"
    console = Console(width=None if sys.stdout.isatty() else 180)
    before = os.getloadavg()
    gc.freeze()
    rows, targets = measure(console, full)
    found = {
        "machine": machine(), "load": {"before": before, "after": os.getloadavg()}, "full": full,
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"), "commit": commit(), "seeds": SEEDS,
        "rows": rows, "targets": targets,
    }  # fmt: skip
    for path in (OUT, RESULTS) if full else (OUT,):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    for table in tables(rows, targets):
        console.print(table)
    console.print(f"load before {before[0]:.1f}, after {os.getloadavg()[0]:.1f}; {OUT.relative_to(REPO)}")
    return 0


def _said(one: Target) -> str:
    value = "not measured" if one["value"] is None else f"{one['value']:.4g}"
    return (
        f"{'ok    ' if one['pass'] else 'MISSED'} {one['name']}: {value} {one['unit']} ({one['op']} {one['target']:g})"
    )


if __name__ == "__main__":
    sys.exit(main())
