"""The demo's tables in the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from nutgiao.central.demo.report import interval_text


def print_tables(summary: Mapping[str, Any], console: Console) -> None:
    """Prints the result and the violations.

    Args:
        summary: from `nutgiao.central.demo.summary.make_summary`.
        console: where to.
    """
    seeds = ", ".join(map(str, summary["seeds"]))
    result = Table(title=f"Shipped plan and nutgiao, seeds {seeds}: mean [95 % interval]")
    for name in ("Measure", "Shipped", "nutgiao", "Difference", ""):
        result.add_column(name, justify="left" if name == "Measure" else "right")
    for row in summary["measures"]:
        change = row["difference"]
        style = "" if not change["significant"] else "green" if change["better"] else "red"
        percent = "" if change["percent"] is None else f"{change['percent']:+.1f} %"
        doubt = "" if change["significant"] else ", one seed" if change["low"] is None else ", within chance"
        result.add_row(
            row["label_en"],
            interval_text(row["shipped"], row["unit"]),
            interval_text(row["nutgiao"], row["unit"]),
            interval_text(change, row["unit"], sign=True),
            percent + doubt,
            style=style,
        )
    console.print(result)
    caught = Table(title="Violations against the recorded truth, all seeds")
    for name in ("Kind", "Happened", "Reported", "Right", "Precision", "Recall"):
        caught.add_column(name, justify="left" if name == "Kind" else "right")
    for row in summary["violations"]:
        kind = row["kind"].replace("_", " ") + ("" if row["rule"] else " (its rule is off)")
        shares = ("–" if row[key] is None else f"{100 * row[key]:.0f} %" for key in ("precision", "recall"))
        caught.add_row(kind, str(row["truth"]), str(row["reported"]), str(row["matched"]), *shares)
    console.print(caught)
    mishaps = [f"{run['arm']} {run['seed']}: {run['collisions']}" for run in summary["runs"]]
    console.print(f"Collisions in the simulator (sublane model): {', '.join(mishaps)}")
