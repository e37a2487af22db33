"""Lights set second by second on SUMO 1.9.2, beside published learned controllers: ``make bench-control-old-sumo``.

The published figures of RESCO (Ault and Sharon 2021; IDQN, IPPO, MPLight, FMA2C) were made with that version, in which
the same programs lose up to a third more time than in today's. So this is the one place where ours stand beside them:
same version, same networks, same hour, their formula of delay. The arterial and the grid have one demand file here,
where RESCO had one for each episode. Quick by default: the first of five seeds; ``FULL=1`` runs all five.
``NAMES="cologne1 grid4x4"`` takes some scenarios only.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from rich.progress import Progress
from rich.table import Table

from benchmarks.old_sumo import Job, Outcome, packages
from benchmarks.reference import cache_folder
from benchmarks.resco import NAMES, REPO, fetch
from benchmarks.result import Result, console, only_help, target
from nutgiao.cli.controllers import kind_of
from nutgiao.models.intervals import interval
from nutgiao.simulation.code_digest import code_digest
from nutgiao.simulation.control.drive import loop

SHIPPED, PERFECT = "shipped", "nutgiao perfect"
ROWS = {SHIPPED: "", PERFECT: "horizon"}

BEST_LEARNED_S = {
    "cologne1": 26.1, "cologne3": 24.0, "cologne8": 21.6, "ingolstadt1": 20.9, "ingolstadt7": 31.2,
    "ingolstadt21": 59.6, "grid4x4": 33.0, "arterial4x4": 654.1,
}  # fmt: skip
"""The lowest published delay of the four learned controllers, each at its best training episode."""

SHIPPED_S = {
    "cologne1": 56.6, "cologne3": 46.4, "cologne8": 63.8, "ingolstadt1": 39.4, "ingolstadt7": 91.3,
    "ingolstadt21": 133.1,
}  # fmt: skip
"""Published delay under the shipped programs: what says whether this is the same experiment."""

SEEDS = (1, 2, 3, 4, 5)

OWN_CODE = ("benchmarks.old_sumo", "benchmarks.plan_free", "nutgiao.simulation.evaluate")
"""Decides what a run is like, also one under the shipped programs."""


@dataclass(frozen=True, slots=True)
class Run:
    """A job, and the file that its outcome is kept in."""

    job: Job
    kept: Path

    def outcome(self) -> Outcome | str:
        """From the file, or from a process of its own; what went wrong if it did not come to its end."""
        if self.kept.exists():
            return msgspec.json.decode(self.kept.read_bytes(), type=Outcome)
        folder = packages()
        with tempfile.TemporaryDirectory() as place:
            file = Path(place) / "job.json"
            file.write_bytes(msgspec.json.encode(self.job))
            paths = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
            made = subprocess.run(
                [sys.executable, "-m", "benchmarks.old_sumo", str(file)],
                cwd=REPO, capture_output=True, text=True, check=False,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "SUMO_HOME": str(folder / "sumo")},
            )  # fmt: skip
        if made.returncode:
            return f"{self.job.name}, seed {self.job.seed}: {made.stderr.strip()[-300:]}"
        line = made.stdout.strip().splitlines()[-1]
        self.kept.parent.mkdir(parents=True, exist_ok=True)
        self.kept.write_text(line)
        return msgspec.json.decode(line, type=Outcome)


def runs_of(name: str, row: str, seeds: tuple[int, ...]) -> list[Run]:
    """The runs of a row, each with a file named by all that its outcome depends on."""
    found, code, more = [], _own_digest(name), 0
    if ROWS[row]:
        kind = kind_of(ROWS[row])
        more = kind.more_stages
        code += loop(kind.make, [kind.module]).code[:12]
    for seed in seeds:
        job = Job(name, seed, ROWS[row], "perfect", more)
        key = "-".join(str(one) for one in (name, row.replace(" ", "-"), seed, more, code))
        found.append(Run(job, cache_folder() / "control-old-sumo" / f"{key}.json"))
    return found


def _own_digest(name: str) -> str:
    """Of what makes a run whoever sets the lights: this benchmark's code, the scenario's files and its hour."""
    scenario = fetch(name)
    whole = hashlib.sha256(code_digest(OWN_CODE, ()).encode())
    whole.update(f" {scenario.begin_s} {scenario.end_s} {scenario.step_s} {scenario.options}".encode())
    for path in (scenario.net, *scenario.routes, *scenario.additional):
        whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()[:12]


def main() -> int:
    """Runs the benchmark."""
    full, workers = os.environ.get("FULL") == "1", int(os.environ.get("WORKERS", os.cpu_count() or 1))
    names = os.environ.get("NAMES", " ".join(NAMES)).split()
    seeds = SEEDS if full else SEEDS[:1]
    result, out = Result("control-old-sumo", full and set(names) == set(NAMES)), console()
    packages()
    wanted = {(name, row): runs_of(name, row, seeds) for name in names for row in ROWS}
    with ThreadPoolExecutor(workers) as pool, Progress(console=out, transient=True) as bar:
        task = bar.add_task("runs on SUMO 1.9.2", total=sum(map(len, wanted.values())))
        waits = {key: [pool.submit(one.outcome) for one in runs] for key, runs in wanted.items()}
        for some in waits.values():
            for wait in some:
                wait.add_done_callback(lambda _: bar.advance(task))
        for (name, row), some in waits.items():
            said = [wait.result() for wait in some]
            for text in said:
                if isinstance(text, str):
                    out.print(f"failed: {text}")
            result.rows.append(row_of(name, row, seeds, [one for one in said if isinstance(one, Outcome)]))
    for name in names:
        one = Result(f"control-old-sumo/{name}", full)
        one.seeds, one.rows = list(seeds), [row for row in result.rows if row["scenario"] == name]
        one.targets = [_target(row) for row in one.rows if row["row"] == PERFECT]
        one.finish(out)
        result.targets += one.targets
    out.print(_table(result.rows))
    result.seeds = list(seeds)
    result.finish(out)
    return 0


def _target(row: dict[str, Any]) -> dict[str, Any]:
    name, complete = row["scenario"], row["seeds"] == row["seeds asked"]
    value = row["published_s"] if complete else float("nan")
    rival = f"best published of IDQN, IPPO, MPLight, FMA2C; true delay {row['true_s']:.1f} s"
    return target(f"{name}: delay as published", value, "<=", BEST_LEARNED_S[name], "s", rival)


def row_of(name: str, row: str, seeds: tuple[int, ...], outcomes: list[Outcome]) -> dict[str, Any]:
    """Figures of one way to set the lights."""
    mean = interval([one.published_s for one in outcomes]) if outcomes else None
    return {
        "scenario": name, "row": row, "seeds": len(outcomes), "seeds asked": len(seeds),
        "published_s": mean.mean if mean else float("nan"), "half_s": mean.half if mean else float("nan"),
        "true_s": float(np.mean([one.true_s for one in outcomes])) if outcomes else float("nan"),
        "published shipped_s": SHIPPED_S.get(name, float("nan")), "best learned_s": BEST_LEARNED_S[name],
        "by seed": [dict(msgspec.structs.asdict(one)) for one in outcomes],
    }  # fmt: skip


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table(title="SUMO 1.9.2, delay as published, s a vehicle")
    for head in (
        "scenario",
        "row",
        "seeds",
        "delay",
        "95 %",
        "true delay",
        "never in",
        "coll.",
        "em. st.",
        "published",
    ):
        table.add_column(head, justify="left" if head in ("scenario", "row") else "right")
    for r in rows:
        sums = [sum(one[key] for one in r["by seed"]) for key in ("never_in", "collisions", "emergency_stops")]
        known_s = r["published shipped_s"] if r["row"] == SHIPPED else r["best learned_s"]
        table.add_row(
            r["scenario"], r["row"], f"{r['seeds']}/{r['seeds asked']}", f"{r['published_s']:.1f}",
            f"± {r['half_s']:.1f}", f"{r['true_s']:.1f}", *map(str, sums), f"{known_s:.1f}",
        )  # fmt: skip
    return table


if __name__ == "__main__":
    only_help(__doc__)
    sys.exit(main())
