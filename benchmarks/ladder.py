"""The ladder's test log: everything that a junction rests on is cut in turn, and what its status messages then tell.

Runs one box with its virtual cabinet against a real broker, a centre and a neighbour. Prints the table and writes
``out/bench/ladder.json``; ``FULL=1`` keeps it in ``benchmarks/results`` too.
"""

from __future__ import annotations

import dataclasses
import os
import sys
import tempfile
import time
from pathlib import Path

from rich.table import Table

from benchmarks.result import Result, console, target
from tests.support.brokers import running
from tests.support.ladder_town import Town, every_cut


def main(broker: str = "iotcore") -> None:
    """Cuts, prints and writes.

    Args:
        broker: ``iotcore``, which comes with nutgiao, or ``mosquitto``.
    """
    out, screen, began = Result("ladder", full=bool(os.environ.get("FULL"))), console(), time.perf_counter()
    stood = cuts = 0
    with tempfile.TemporaryDirectory() as folder, running(broker, Path(folder)) as started:
        town = Town(started, Path(folder))
        try:
            for _, rung in every_cut(town):
                cuts, stood = cuts + 1, stood + (town.ladder.rungs.rung == rung)
            log = town.log()
        finally:
            town.close()
    table = Table(
        title=f"{len(town.lamps)} s of a junction, {broker}, {time.perf_counter() - began:.0f} s of wall time"
    )
    for head in ("second", "what is done to it", "rung", "why no better one", "plan"):
        table.add_column(head)
    for step in log:
        table.add_row(str(step.second), step.event, step.rung, step.reason, step.plan)
        out.rows.append(dataclasses.asdict(step))
    screen.print(table)
    out.seeds = {"broker": broker, "seconds": len(town.lamps)}
    out.targets.append(target("cuts and returns that led to the rung asked for", stood, ">=", cuts, "", "the rules"))
    out.targets.append(target("seconds that break a rule", len(town.broken()), "<=", 0, "", "an independent guard"))
    out.finish(screen)
    if not all(one["pass"] for one in out.targets):
        sys.exit(1)


if __name__ == "__main__":
    main(*sys.argv[1:2])
