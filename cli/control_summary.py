"""What ``summary.json`` says of lights that are set second by second."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nutgiao.cli.compare import beside_delay, both_sides, delay_verdict, of_classes
from nutgiao.cli.control_priority import priority_body
from nutgiao.cli.control_run import Controlled
from nutgiao.simulation.control.decisions import EDGES_MS, total_counts
from nutgiao.simulation.control.drive import Drive
from nutgiao.simulation.vehicle_kinds import OCCUPANCY

FORMAT = 1
SHIPPED, CONTROLLED = "shipped", "controlled"


def summary_body(found: Controlled) -> dict[str, Any]:
    """What ``summary.json`` says; `README.md` of the simulation tells its fields."""
    task, runs, wish = found.task, found.runs, found.task.wish
    return {
        "format": FORMAT,
        "scenario": task.setup.scenario.name,
        "controller": wish.controller,
        "mode": task.mode,
        "detection": wish.detection,
        "amber_s": wish.rule.amber_s,
        "all_red_s": wish.rule.all_red_s,
        "min_green_s": wish.least_green_s,
        "more_stages": task.how.more_stages,
        "verdict": verdict(found),
        **both_sides(found.before, found.after, task.class_of, (SHIPPED, CONTROLLED)),
        "classes": _classes(found),
        "decisions": _decisions(list(found.drives.values())),
        "lights": _lights(found),
        "kept_shipped": list(next(iter(found.drives.values())).kept_shipped) if found.drives else [],
        "refused_wishes": found.refused,
        "priority": _priority(found),
        "notes": list(task.notes),
        "messages": found.messages,
        "failed_runs": runs.problems,
        "seeds": list(found.seeds),
        "stopped": found.stopped,
        "spent": {"sumo_runs": runs.made, "from_cache": runs.kept, "wall_s": found.wall_s},
    }


def verdict(found: Controlled) -> str:
    """What changes, in words, and whether that is more than chance."""
    wish = found.task.wish
    in_mode = f" in mode {found.task.mode}" if found.task.how.in_plan else ""
    what = f"Under {wish.controller}{in_mode} with {wish.detection} detection"
    if not found.pairs:
        return f"{what}: no run came to its end, so nothing can be said."
    said = [delay_verdict(what, found.pairs), *beside_delay(found.pairs, "as shipped")]
    hard = [sum(one.emergency_brakings for one in side) for side in zip(*found.pairs, strict=True)]
    if hard[1] > hard[0]:
        said.append(f"SUMO counts {hard[1]} emergency brakings instead of {hard[0]}.")
    return " ".join(said)


def _classes(found: Controlled) -> list[dict[str, Any]]:
    """Delay of each of SUMO's classes, over all pairs; all aboard a vehicle are delayed as it is."""
    sums = of_classes(found.task.class_of)
    sides = [[sums(one) for one in side] for side in zip(*found.pairs, strict=True)]
    rows = []
    for name in sorted({name for side in sides for one in side for name in one}):
        whole = [np.sum([one.get(name, (0.0, 0)) for one in side], axis=0) for side in sides]
        vehicles = float(whole[0][1]) / len(found.pairs)
        rows.append(
            {
                "class": name,
                "vehicles": vehicles,
                "persons": vehicles * OCCUPANCY.get(name, 1.0),
                **{
                    f"{key}_s": float(s) / max(1.0, float(n))
                    for key, (s, n) in zip((SHIPPED, CONTROLLED), whole, strict=True)
                },
            }
        )
    return rows


def _decisions(drives: Sequence[Drive]) -> dict[str, Any] | None:
    took = [one.decisions for one in drives]
    if not took:
        return None
    return {
        "lights": took[0].lights,
        "light_p50_ms": float(np.median([one.light_p50_ms for one in took])),
        "light_p99_ms": max(one.light_p99_ms for one in took),
        "all_p99_ms": max(one.p99_ms for one in took),
        "worst_ms": max(one.worst_ms for one in took),
        "edges_ms": list(EDGES_MS),
        "counts": total_counts(took),
    }


def _priority(found: Controlled) -> dict[str, Any] | None:
    radio = found.task.how.radio
    return priority_body(radio, found.unheard, found.drives, found.task.class_of) if radio is not None else None


def _lights(found: Controlled) -> list[dict[str, Any]]:
    scenario = found.task.setup.scenario
    hours = (scenario.end_s - scenario.begin_s) / 3600.0
    shown = next((one.shown for one in found.drives.values() if one.shown), {})
    rows = []
    for name, states in found.task.stages.items():
        switches = [one.switches[name] / hours for one in found.drives.values()]
        row = np.array(shown.get(name, ()), np.int64)
        share = [float(np.mean(row == stage)) for stage in range(len(states))] if len(row) else []
        rows.append(
            {
                "id": name,
                "stages": list(states),
                "switches_per_h": float(np.mean(switches)) if switches else None,
                "green_share": share,
            }
        )
    return rows
