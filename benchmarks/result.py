"""What every benchmark leaves behind: a table of its targets and a JSON file that says where and when."""

from __future__ import annotations

import argparse
import datetime
import json
import math
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

REPO = Path(__file__).resolve().parent.parent

_HOLDS = {"<=": lambda a, b: a <= b, ">=": lambda a, b: a >= b}


def target(name: str, value: float, op: str, limit: float, unit: str, rival: str) -> dict[str, Any]:
    """One figure that is asked for; a value that could not be had is a miss."""
    holds = math.isfinite(value) and _HOLDS[op](value, limit)
    shown = (round(value, 4) if abs(value) > 1e-4 else value) if math.isfinite(value) else None  # 1e-6 is a figure, too
    return {"name": name, "value": shown, "op": op, "target": limit, "unit": unit, "rival": rival, "pass": bool(holds)}


def as_json(row: dict[str, Any]) -> dict[str, Any]:
    """JSON knows no NaN: a figure that could not be had is null."""
    return {key: None if isinstance(value, float) and not math.isfinite(value) else value for key, value in row.items()}


def only_help(about: str | None, words: Sequence[str] | None = None) -> None:
    """For a benchmark that is told what to do by variables: ``--help`` says which, any other word is an error."""
    prog = f"python -m benchmarks.{Path(sys.argv[0]).stem}"
    raw = argparse.RawDescriptionHelpFormatter
    argparse.ArgumentParser(prog=prog, description=about, formatter_class=raw).parse_args(words)


def console() -> Console:
    """Wide enough for the tables where there is no terminal to ask."""
    wide = Console()
    return wide if wide.is_terminal else Console(width=150)


def machine() -> dict[str, Any]:
    """Processor, cores and Python."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [x.partition(":")[2].strip() for x in info.read_text().splitlines() if x.startswith("model name")]
        name = models[0] if models else name
    return {"cpu": name, "cores": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()}


class Result:
    """Figures of one run of a benchmark.

    Args:
        name: of the benchmark and of its file; "control/cologne1" goes into a folder.
        full: the whole protocol was run; the file goes to ``benchmarks/results`` too.
    """

    def __init__(self, name: str, full: bool) -> None:
        self.name, self.full = name, full
        self.rows: list[dict[str, Any]] = []
        self.targets: list[dict[str, Any]] = []
        self.seeds: Any = []
        self._load = [round(x, 2) for x in os.getloadavg()]

    def finish(self, console: Console) -> None:
        """Prints the targets and writes the file."""
        table = Table(title=f"{self.name}: what is asked, and what came out")
        for head in ("figure", "value", "", "target", "against", ""):
            table.add_column(head)
        for t in self.targets:
            value = "-" if t["value"] is None else f"{t['value']:.4g} {t['unit']}"
            row = (t["name"], value, t["op"], f"{t['target']:.4g}", t["rival"], "holds" if t["pass"] else "MISSED")
            table.add_row(*row, style="" if t["pass"] else "red")
        console.print(table)
        asked = ["git", "rev-parse", "--short", "HEAD"]
        commit = subprocess.run(asked, cwd=REPO, capture_output=True, text=True, check=False)
        text = json.dumps(
            {
                "benchmark": self.name,
                "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
                "commit": commit.stdout.strip(),
                "full": self.full,
                "machine": machine(),
                "load": {"before": self._load, "after": [round(x, 2) for x in os.getloadavg()]},
                "seeds": self.seeds,
                "rows": [as_json(row) for row in self.rows],
                "targets": self.targets,
            },
            indent=1,
            allow_nan=False,
            default=float,
        )
        places = [REPO / "out" / "bench"] + ([REPO / "benchmarks" / "results"] if self.full else [])
        for place in places:
            file = place / f"{self.name}.json"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text + "\n")
        held = sum(t["pass"] for t in self.targets)
        console.print(f"{held} of {len(self.targets)} targets hold; out/bench/{self.name}.json")
